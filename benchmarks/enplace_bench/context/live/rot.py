"""Whether a long history blunts the embedded model: asked behind all of it, and behind what is prepared.

Twenty things are told among chatter, evenly spread over a history of a given length. The model
itself answers while the history grows, and nothing is ever removed; then each question is asked on
a branch of its own: the raw curve. The same messages and the same answers are then put into a task
whose window is so small that it compacts, and asked there: our curve. Answers are greedy.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from enplace.records.canonical import JsonObject
from enplace_bench.context.live.talk import Talk, open_talk
from enplace_bench.context.live.told import TOLD, Told, chatter
from enplace_bench.context.page import Page
from enplace_bench.report import Bar

LENGTHS = (500, 1_000, 2_000, 4_000, 6_000)
"""Tokens of the history, by the model's own count."""
ASKED = 20
RAW_WINDOW, SMALL_WINDOW = 8_192, 1_024
AT_ONCE = 2
"""Things told in one message, so that all of them fit into the shortest history."""
TURN_TOKENS = 40
"""About what a message and its answer take; the question and its frame come on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Right answers behind a history of one length."""

    tokens: int
    """Of the history as it was."""
    raw: int
    ours: int
    ours_tokens: float
    """Of one of our requests, on average."""
    compactions: int


def measure(asked: int, lengths: Sequence[int], page: Page, figures: JsonObject) -> list[Bar]:
    """Ask behind histories of all lengths, both ways.

    The raw curve has fallen where fewer answers are right than behind a shorter history.
    """
    points = [asyncio.run(_point(TOLD[:asked], length)) for length in lengths]
    lower = max(point.raw - point.ours for point in points)
    fallen = [point for i, point in enumerate(points) if any(p.raw > point.raw for p in points[:i])]
    higher = sum(point.ours > point.raw for point in fallen)
    page.section(
        f"{asked} questions behind histories of growing length",
        "The embedded model, greedy: right answers behind the whole history, and behind what is "
        f"prepared of it for a window of {SMALL_WINDOW:,} tokens.",
    )
    page.table(
        ("tokens of history", "raw", "prepared", "tokens sent", "compactions"),
        [
            [f"{p.tokens:,}", str(p.raw), str(p.ours), f"{p.ours_tokens:,.0f}", str(p.compactions)]
            for p in points
        ],
    )
    figures["rot"] = {
        "asked": asked,
        "tokens": [point.tokens for point in points],
        "raw": [point.raw for point in points],
        "prepared": [point.ours for point in points],
        "prepared_tokens": [point.ours_tokens for point in points],
        "compactions": [point.compactions for point in points],
        "most_lower": lower,
        "fallen": len(fallen),
        "higher_where_fallen": higher,
        "not_higher_where_fallen": len(fallen) - higher,
    }
    return [
        Bar(name="rot: most questions lower than raw, at any length", figure=lower, at_most=1.0),
        Bar(
            name="rot: lengths where raw falls and prepared is not higher",
            figure=len(fallen) - higher,
            at_most=0.0,
        ),
    ]


async def _point(asked: Sequence[Told], length: int) -> Point:
    async with open_talk(RAW_WINDOW, compacts=False) as talk:
        history, ratio = await _grow(talk, asked, length)
        raw, tokens, _ = await _right(talk, asked)
    async with open_talk(SMALL_WINDOW) as talk:
        for text, answer in history:
            await talk.retell(text, answer, ratio)
        ours, ours_tokens, compactions = await _right(talk, asked)
    print(f"rot: {tokens:.0f} tokens, raw {raw}, prepared {ours}", file=sys.stderr, flush=True)
    return Point(
        tokens=round(tokens), raw=raw, ours=ours, ours_tokens=ours_tokens, compactions=compactions
    )


async def _right(talk: Talk, asked: Sequence[Told]) -> tuple[int, float, int]:
    """Right answers, mean tokens of a request, and the compactions of the task."""
    turns = [await talk.ask(told.question) for told in asked]
    right = sum(told.is_right(turn.answer) for told, turn in zip(asked, turns, strict=True))
    tokens = sum(turn.usages[-1].usage.input_tokens for turn in turns) / len(turns)
    return right, tokens, await talk.compactions()


async def _grow(
    talk: Talk, asked: Sequence[Told], length: int
) -> tuple[list[tuple[str, str]], float]:
    """Tell everything, with chatter spread evenly between, until the history has its length.

    Returns:
        The messages and their answers, and what the model reports for one counted token.
    """
    parts = [asked[i : i + AT_ONCE] for i in range(0, len(asked), AT_ONCE)]
    idle = chatter(5)
    history: list[tuple[str, str]] = []
    used = told = 0
    ratio = 1.0
    while used < length - TURN_TOKENS or told < len(parts):
        if told < len(parts) and used * len(parts) >= told * length:
            text = " ".join(one.said for one in parts[told])
            told += 1
        else:
            text = next(idle)
        turn = await talk.say(text)
        history.append((text, turn.answer))
        call = turn.usages[-1]
        used = call.usage.input_tokens + call.usage.output_tokens
        ratio = call.usage.input_tokens / call.counted_tokens
    return history, ratio
