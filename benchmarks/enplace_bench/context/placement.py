"""What recalled memories cost, by where they are put: coding, support dialogues and long chats."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from enplace.records.canonical import JsonObject
from enplace_bench.context import memories, strategies
from enplace_bench.context.history import Sliding
from enplace_bench.context.measuring import Measured
from enplace_bench.context.measuring import measure as measure_one
from enplace_bench.context.memories import NaiveMemory
from enplace_bench.context.page import Page
from enplace_bench.context.payload import Strategy
from enplace_bench.context.prices import SHOWN
from enplace_bench.context.replaying import PREFIX_TOKENS, Case
from enplace_bench.context.results import Result, result_of
from enplace_bench.context.sessions import Session, load_sessions
from enplace_bench.report import Bar

PREFIXES = {"coding": PREFIX_TOKENS, "support": 4_000, "memory": 2_000}
"""Tokens of the fixed prefix: a support agent has few tools, a chat none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Sessions of one kind, with what is recalled in each."""

    name: str
    window: int
    prefix_tokens: int
    sessions: Sequence[Session]
    recalled: Sequence[Mapping[int, Sequence[str]]]
    at_most: float
    """Cost over that without memories that the engine may have."""

    def cases(self, *, remember: bool) -> list[Case]:
        """The sessions, with their memories or without."""
        return [
            Case(
                session=session,
                memories=recalled if remember else {},
                prefix_tokens=self.prefix_tokens,
            )
            for session, recalled in zip(self.sessions, self.recalled, strict=True)
        ]


def prefix_of(data: Path) -> int:
    """Tokens of the fixed prefix of the sessions in a folder."""
    return PREFIXES.get(data.resolve().parent.name, PREFIX_TOKENS)


def kinds(data: Path, sessions: Sequence[Session]) -> list[Kind]:
    """The folder's own sessions if they are coding, and what stands beside it."""
    root, split = data.resolve().parent.parent, data.resolve().name
    found: list[Kind] = []
    if data.resolve().parent.name == "coding":
        found.append(_kind("coding", 128_000, sessions, 1.06, only_earlier=True))
    support = list(load_sessions(root / "support" / split, "tau*.jsonl.gz"))
    if support:
        found.append(_kind("support", 32_000, support, 1.15))
    chats = root / "memory" / split / "beam100k.jsonl.gz"
    if chats.exists():
        found.append(_kind("memory", 200_000, memories.load_chats(chats), 1.08))
    return found


def _kind(
    name: str,
    window: int,
    sessions: Sequence[Session],
    at_most: float,
    *,
    only_earlier: bool = False,
) -> Kind:
    by_source: dict[str, list[int]] = {}
    for place, session in enumerate(sessions):
        by_source.setdefault(session.source, []).append(place)
    recalled: list[Mapping[int, Sequence[str]]] = [{} for _ in sessions]
    for places in by_source.values():
        them = [sessions[place] for place in places]
        found = memories.recalled(them, only_earlier=only_earlier)
        for place, texts in zip(places, found, strict=True):
            recalled[place] = texts
    return Kind(
        name=name,
        window=window,
        prefix_tokens=PREFIXES[name],
        sessions=sessions,
        recalled=recalled,
        at_most=at_most,
    )


def measure(
    data: Path,
    sessions: Sequence[Session],
    chosen: Mapping[str, strategies.Factory],
    page: Page,
    figures: JsonObject,
) -> list[Bar]:
    """Replay all kinds with memories and without."""
    bars: list[Bar] = []
    told: JsonObject = {}
    for kind in kinds(data, sessions):
        plain, remembering = kind.cases(remember=False), kind.cases(remember=True)
        base = _all(Sliding(), plain, kind)
        rows = [_row(base, base)]
        naive = [NaiveMemory(placement) for placement in get_args(memories.Placement)]
        found = {base.strategy: 1.0}
        for strategy in naive:
            one = _all(strategy, remembering, kind)
            rows.append(_row(one, base))
            found[one.strategy] = _over(one, base)
        if strategies.ENPLACE in chosen:
            without = _all(chosen[strategies.ENPLACE](), plain, kind, "enplace, no memories")
            ours = _all(chosen[strategies.ENPLACE](), remembering, kind, "enplace")
            rows += [_row(without, without), _row(ours, without)]
            found[ours.strategy] = _over(ours, without)
            title = f"memories in {kind.name}, cost over none"
            bars.append(Bar(name=title, figure=found["enplace"], at_most=kind.at_most))
        page.section(
            f"Ten memories for every user message: {kind.name}, window {kind.window:,}",
            f"$100: dollars for 100 calls of {SHOWN}; over: against the same without memories.",
        )
        page.table(("", "hit", "units", "$100", "$ over", "units over", "over window %"), rows)
        told[kind.name] = {**found}
    figures["memories"] = told
    return bars


def _all(strategy: Strategy, cases: Sequence[Case], kind: Kind, name: str = "") -> Result:
    measured: list[Measured] = [measure_one(strategy, case, kind.window) for case in cases]
    print(f"{name or strategy.name}, {kind.name}: done", file=sys.stderr, flush=True)
    return result_of(name or strategy.name, kind.window, measured)


def _over(one: Result, base: Result) -> float:
    cost = base.value("dollars_" + SHOWN)
    return one.value("dollars_" + SHOWN) / cost if cost else 0.0


def _row(one: Result, base: Result) -> list[str]:
    units = base.value("units")
    return [
        one.strategy,
        f"{one.value('hit_anthropic'):.3f}",
        f"{one.value('units'):,.0f}",
        f"{one.value('dollars_' + SHOWN):.2f}",
        f"x{_over(one, base):.3f}",
        f"x{one.value('units') / units:.3f}" if units else "",
        f"{100 * one.value('overflow'):.1f}",
    ]
