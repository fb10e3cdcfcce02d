"""A task of hundreds of turns in a window that holds a few dozen, with the model's real cache.

The model's own count of each request is held against the window. What a compaction blocks is all
of the time that the turn waits for its context: deciding, making the handoff, storing it, and
laying out the context, on a brain in a file. The cached share is that of `enplace-bench prefix`,
over all calls: what compactions rewrite counts against it.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from enplace.errors import ContextOverflow
from enplace.prepare.budget import room_tokens
from enplace.records.canonical import JsonObject
from enplace.records.event import Compacted, UsageReported
from enplace_bench.context.live.talk import Turn, card_of, open_talk
from enplace_bench.context.live.told import TOLD, chatter
from enplace_bench.context.page import Page
from enplace_bench.context.shares import percentile
from enplace_bench.report import Bar

TURNS, WINDOW = 300, 1_024
BLOCKED_MS = 20.0
TURNS_PER_COMPACTION = 60
"""At least so often a soak has to compact, or it shows nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What a soak came to."""

    turns: Sequence[Turn]
    refused: int
    """Turns that ended because no context fitted."""
    room: int
    """Most input tokens."""

    @property
    def calls(self) -> list[UsageReported]:
        """All calls, in order."""
        return [usage for turn in self.turns for usage in turn.usages]

    @property
    def compactions(self) -> list[Compacted]:
        """All of them, in order."""
        return [each for turn in self.turns for each in turn.compactions]

    @property
    def over_window(self) -> int:
        """Requests that the model refused or counted as more than the window leaves for input."""
        over = sum(call.usage.input_tokens > self.room for call in self.calls)
        by_model = sum(each.trigger == "provider" for each in self.compactions)
        return over + by_model + self.refused

    @property
    def cached_share(self) -> float:
        """Cached tokens over what the cache could hold, first call left out, at most 1."""
        usages = [call.usage for call in self.calls]
        could = sum(usage.input_tokens + usage.output_tokens for usage in usages[:-1])
        held = sum(usage.cache_hit_tokens for usage in usages[1:])
        return min(1.0, held / could) if could else 0.0

    @property
    def kept_promise(self) -> float:
        """Cached tokens over those that the engine said the cache would hold, at most 1."""
        said = sum(call.expected_hit_tokens for call in self.calls)
        held = sum(min(c.usage.cache_hit_tokens, c.expected_hit_tokens) for c in self.calls)
        return held / said if said else 0.0

    def prepare_ms(self, *, compacting: bool) -> list[float]:
        """Milliseconds that turns waited for their contexts, with and without a compaction."""
        return [1e3 * t.prepare_s for t in self.turns if bool(t.compactions) == compacting]

    def as_json(self) -> JsonObject:
        """All figures."""
        blocked, usual = self.prepare_ms(compacting=True), self.prepare_ms(compacting=False)
        return {
            "turns": len(self.turns),
            "calls": len(self.calls),
            "room_tokens": self.room,
            "largest_tokens": max((call.usage.input_tokens for call in self.calls), default=0),
            "over_window": self.over_window,
            "compactions": len(self.compactions),
            "cached_share": self.cached_share,
            "cached_of_expected": self.kept_promise,
            "blocked_p50_ms": percentile(blocked, 0.5),
            "blocked_p95_ms": percentile(blocked, 0.95),
            "blocked_most_ms": max(blocked, default=0.0),
            "usual_p50_ms": percentile(usual, 0.5),
            "usual_p95_ms": percentile(usual, 0.95),
        }


def measure(turns: int, window: int, page: Page, figures: JsonObject) -> list[Bar]:
    """Carry the task."""
    soaked = asyncio.run(_carry(turns, window))
    told = soaked.as_json()
    page.section(
        f"A task of {turns} turns in a window of {window:,} tokens",
        "The embedded model with its own cache; blocked: the turn waits for a context that is "
        "compacted first; usual: for one that is not.",
    )
    rows = [
        [name.replace("_", " "), f"{value:,.4g}"]
        for name, value in told.items()
        if isinstance(value, int | float)
    ]
    page.table(("", ""), rows)
    figures["soak"] = told
    return [
        Bar(name="soak: requests over the window", figure=soaked.over_window, at_most=0.0),
        Bar(
            name="soak: blocked by a compaction, p95 ms",
            figure=percentile(soaked.prepare_ms(compacting=True), 0.95),
            at_most=BLOCKED_MS,
        ),
        Bar(
            name="soak: compactions",
            figure=len(soaked.compactions),
            at_least=turns // TURNS_PER_COMPACTION,
        ),
    ]


async def _carry(turns: int, window: int) -> Soaked:
    done: list[Turn] = []
    refused = 0
    async with open_talk(window) as talk:
        for number, message in zip(range(turns), messages(), strict=False):
            try:
                done.append(await talk.say(message))
            except ContextOverflow:
                refused += 1
            if number % 50 == 49:
                print(f"soak: {number + 1} turns", file=sys.stderr, flush=True)
    return Soaked(turns=done, refused=refused, room=room_tokens(card_of(window)))


def messages(seed: int = 7) -> Iterator[str]:
    """Messages without end: mostly chatter; now and then something of note, and later asked for."""
    idle = chatter(seed)
    for number in count():
        topic = TOLD[number // 6 % len(TOLD)]
        match number % 6:
            case 0:
                yield topic.said
            case 4:
                yield TOLD[(number // 6 - 8) % len(TOLD)].question
            case _:
                yield next(idle)
