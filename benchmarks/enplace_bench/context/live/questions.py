"""Questions about what was said before a collapse, to the embedded model: once before it, once behind.

Forty things are told in one task, and some chatter; then each question is asked on a branch of its
own, so that none sees another. A boundary takes everything told out of view, and each is asked
again. Answers are greedy, and without the prompt cache, so that a request's answer depends on
nothing but the request. Every answer must moreover stand in the context of its question, or behind
a reference in it that `reopen` opens.
"""

import asyncio
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace_bench.context.live.talk import TASK, Talk, open_talk
from enplace_bench.context.live.told import TOLD, Told, chatter
from enplace_bench.context.page import Page
from enplace_bench.report import Bar

WINDOW_PER_QUESTION, LEAST_WINDOW = 64, 768
"""Holds all that is told below the limit at which a collapse happens by itself."""
CHATTER = 8
"""Messages behind what is asked for: a collapse leaves the newest steps as they are."""
MOST_LOST = 2
_REFERENCE = re.compile(r"\[(e\d+(?:-e\d+)?)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question once before the collapse and once behind it."""

    told: Told
    before: str
    after: str
    before_tokens: int
    after_tokens: int
    """Of the requests."""
    gone: bool
    """Whether what was said is out of view."""
    stands: bool
    """Whether the answer stands in the context behind the collapse."""
    reachable: bool
    """Whether it stands there or behind a reference of it."""


def measure(asked: int, page: Page, figures: JsonObject) -> list[Bar]:
    """Tell, ask, collapse and ask again.

    Args:
        asked: How many questions, the first ones.
        page: Takes the tables.
        figures: Takes the figures.
    """
    found = asyncio.run(_carry(TOLD[:asked]))
    before = sum(one.told.is_right(one.before) for one in found)
    after = sum(one.told.is_right(one.after) for one in found)
    told: JsonObject = {
        "asked": asked,
        "gone": sum(one.gone for one in found),
        "right_before": before,
        "right_after": after,
        "fewer_right": before - after,
        "stands": sum(one.stands for one in found),
        "reachable": sum(one.reachable for one in found),
        "tokens_before": _mean([one.before_tokens for one in found]),
        "tokens_after": _mean([one.after_tokens for one in found]),
    }
    page.section(
        f"{asked} questions about what was said before a collapse",
        "The embedded model, greedy, without its prompt cache. stands: the answer is in the context "
        "behind the collapse; reachable: or one `reopen` away.",
    )
    page.table(
        ("", "right", "tokens of a request", "stands", "reachable"),
        [
            ["before", str(before), f"{told['tokens_before']:,.0f}", "", ""],
            [
                "behind",
                str(after),
                f"{told['tokens_after']:,.0f}",
                str(told["stands"]),
                str(told["reachable"]),
            ],
        ],
    )
    wrong = [one for one in found if not one.told.is_right(one.after)]
    if wrong:
        page.table(
            ("wrong behind it", "before", "behind"),
            [[one.told.question, _short(one.before), _short(one.after)] for one in wrong],
        )
    figures["questions"] = told
    return [
        Bar(
            name="questions: fewer right behind a collapse",
            figure=before - after,
            at_most=MOST_LOST,
        ),
        Bar(
            name="questions: out of view before they are asked again",
            figure=sum(one.gone for one in found),
            at_least=asked,
        ),
        Bar(
            name="questions: answer in view or one reference away",
            figure=sum(one.reachable for one in found),
            at_least=asked,
        ),
    ]


async def _carry(asked: Sequence[Told]) -> list[Answered]:
    async with open_talk(max(WINDOW_PER_QUESTION * len(asked), LEAST_WINDOW)) as talk:
        idle = chatter(3)
        said_at = [(await talk.say(told.said)).asked_at for told in asked]
        for _ in range(CHATTER):
            await talk.say(next(idle))
        print("questions: told", file=sys.stderr, flush=True)
        talk.model.caches = False
        before = [await _ask(talk, told) for told in asked]
        await talk.go_on(next(idle))
        print("questions: asked before", file=sys.stderr, flush=True)
        done = await talk.owner.compact(TASK, "what was told")
        upto = done.upto if done else 0
        found: list[Answered] = []
        for told, at, (was, was_tokens) in zip(asked, said_at, before, strict=True):
            answer, tokens = await _ask(talk, told)
            shown = _text(talk.model.shown)
            stands = told.is_right(shown)
            found.append(
                Answered(
                    told=told,
                    before=was,
                    after=answer,
                    before_tokens=was_tokens,
                    after_tokens=tokens,
                    gone=at <= upto,
                    stands=stands,
                    reachable=stands or await _reaches(talk, shown, told),
                )
            )
    return found


async def _ask(talk: Talk, told: Told) -> tuple[str, int]:
    """The answer, and the tokens of the request."""
    turn = await talk.ask(told.question)
    return turn.answer, turn.usages[-1].usage.input_tokens


async def _reaches(talk: Talk, shown: str, told: Told) -> bool:
    """Whether the answer stands behind a reference of a context."""
    for reference in dict.fromkeys(_REFERENCE.findall(shown)):
        if told.is_right(await talk.reopen(reference)):
            return True
    return False


def _text(context: Context | None) -> str:
    return "\n".join(message.text for message in context.messages) if context else ""


def _mean(tokens: Sequence[int]) -> float:
    return sum(tokens) / len(tokens) if tokens else 0.0


def _short(answer: str) -> str:
    return " ".join(answer.split())[:60]
