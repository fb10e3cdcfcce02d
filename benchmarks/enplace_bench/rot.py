"""Context rot: twenty questions under a growing history, as it is and as the engine lays it out.

Four histories each begin with five facts that the owner tells; then comes noise: chatter, logs, and
facts of no concern. Whenever a history has grown to the next size, each of its facts is asked, on a
branch of its own. `raw` is the history whole, as every loop over a list of messages sends it, with
nothing recalled; `enplace` is what the engine makes of the same messages with its defaults. The
model is the embedded one, at temperature 0.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from time import perf_counter

import enplace
from enplace import Engine, EngineOptions, Settings, TurnOptions
from enplace.fetch.rank import RecallOptions
from enplace.records.canonical import JsonObject
from enplace.wiring import embedder_of
from enplace_bench.day import FACTS, Narrator, Told, ask, narrator, noise, tell, tokens_of
from enplace_bench.report import Bar, Report, print_table

QUESTIONS, EACH = 20, 5
"""Of all histories, and of one."""
SIZES = (500, 1_000, 2_000, 4_000, 6_000)
"""Tokens of the history when it is asked about."""
WINDOW_TOKENS, ANSWER_TOKENS = 8_192, 20
LOWER = 1
"""Bar: questions that the engine's context may be behind at any size; where the raw history has
lost more than this against its best, the engine must be ahead."""


@dataclass(slots=True)
class Curve:
    """What became of one way to lay out a history, at one size."""

    right: int = 0
    tokens: list[int] = field(default_factory=list[int])
    """Of the requests, as the model reported them."""
    wait_s: list[float] = field(default_factory=list[float])
    """From a question to its answer."""
    wrong: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


Curves = Mapping[int, Curve]
"""By size."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument(
        "--questions", type=int, choices=range(1, len(FACTS) + 1), default=QUESTIONS, metavar="N"
    )
    parser.add_argument("--most", type=int, default=SIZES[-1], help="largest history in tokens")


def run(options: argparse.Namespace) -> Report:
    """Ask under every size, in both layouts."""
    sizes = [size for size in SIZES if size <= options.most]
    facts = FACTS[: options.questions]
    raw = asyncio.run(_curve(facts, sizes, is_raw=True))
    ours = asyncio.run(_curve(facts, sizes, is_raw=False))
    heads = ["history", "raw right", "tokens", "wait s", "enplace right", "tokens", "wait s"]
    rows = [[f"{size}", *_cells(raw[size]), *_cells(ours[size])] for size in sizes]
    print(f"right of {len(facts)}")
    print_table(heads, rows)
    return Report(figures=_figures(len(facts), raw, ours), bars=_bars(raw, ours))


def _cells(curve: Curve) -> list[str]:
    return [str(curve.right), f"{mean(curve.tokens):.0f}", f"{mean(curve.wait_s):.1f}"]


def _figures(questions: int, raw: Curves, ours: Curves) -> JsonObject:
    figures: JsonObject = {"questions": questions, "sizes": [*raw]}
    for name, curves in (("raw", raw), ("enplace", ours)):
        figures[f"{name}_right"] = [curve.right for curve in curves.values()]
        figures[f"{name}_tokens"] = [mean(curve.tokens) for curve in curves.values()]
        figures[f"{name}_wait_s"] = [mean(curve.wait_s) for curve in curves.values()]
    return figures


def _bars(raw: Curves, ours: Curves) -> tuple[Bar, ...]:
    lead = {size: ours[size].right - raw[size].right for size in raw}
    best = max(curve.right for curve in raw.values())
    fallen = [size for size in raw if raw[size].right < best - LOWER]
    bars = [Bar(name="least lead at any size", figure=min(lead.values()), at_least=-LOWER)]
    if fallen:
        figure = min(lead[size] for size in fallen)
        bars.append(Bar(name="least lead where raw falls", figure=figure, at_least=1))
    return tuple(bars)


async def _curve(facts: Sequence[Told], sizes: Sequence[int], *, is_raw: bool) -> Curves:
    """Ask all facts under all sizes in one layout."""
    curves = {size: Curve() for size in sizes}
    model = narrator(window_tokens=WINDOW_TOKENS, output_tokens=ANSWER_TOKENS)
    with tempfile.TemporaryDirectory() as home:
        async with _engine(Path(home), model, is_raw=is_raw) as engine:
            for first in range(0, len(facts), EACH):
                await _history(engine, model, facts[first : first + EACH], first, curves)
    return curves


def _engine(home: Path, model: Narrator, *, is_raw: bool) -> Engine:
    settings = Settings.from_env({})
    if is_raw:
        turn = TurnOptions(compaction=None, recall=RecallOptions(limit=0))
        options = EngineOptions(turn=turn)
        return enplace.open(home, model=model, options=options, embedder=None, environment={})
    embedder = embedder_of(settings, settings.home)
    return enplace.open(home, model=model, embedder=embedder, environment={})


async def _history(
    engine: Engine, model: Narrator, facts: Sequence[Told], seed: int, curves: Curves
) -> None:
    """Tell the facts, then noise; ask at every size."""
    owner = engine.owner(f"owner-{seed}")
    exchanges = [(told.fact, told.heard) for told in facts]
    talk, tokens = noise(seed), sum(map(tokens_of, exchanges))
    at: int | None = None
    for size, curve in curves.items():
        while tokens < size:
            exchanges.append(next(talk))
            tokens += tokens_of(exchanges[-1])
        await tell(owner, model, "day", exchanges, replaces=at)
        await owner.encoded()
        at, exchanges = None, []
        for told in facts:
            start = perf_counter()
            answered = await ask(owner, "day", told.question, replaces=at)
            at = answered.ordinal
            curve.wait_s.append(perf_counter() - start)
            curve.tokens.append(answered.usage.usage.input_tokens)
            if told.is_in(answered.text):
                curve.right += 1
            else:
                curve.wrong.append((told.question, answered.text))
