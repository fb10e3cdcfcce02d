"""The engine's own cost of a turn, in tasks of 10 to 5,000 stored events.

Measured is the CPU time (`time.process_time`, so the brain's thread is in it) of fetch and prepare,
warm: the task's projection is in memory, the brain is a SQLite file with some hundred facts and
another task's messages, the model is scripted, and recall is by words. Each turn has a fresh
message, and the median over the turns counts. Apart: the request as JSON (`to_openai` and
`json.dumps`), all journal writes of a turn, and the first turn after the brain was opened again,
with the reading of the log.
Small tasks would grow while they are measured, so they are measured in several copies.

CPU time still depends on what else the machine does, by half and more. So all sizes are measured
several times over and the quietest block counts (the lowest median, as `timeit` takes the lowest
time); and before each turn a fixed piece of plain Python, the reference, tells how quiet it was.
"""

import argparse
import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from time import process_time

import enplace
from enplace import Engine, OwnerEngine, ScriptedModel
from enplace.providers.scripted import CARD, say
from enplace.records.canonical import JsonObject
from enplace_bench import story
from enplace_bench.report import Bar, Report, print_table
from enplace_bench.timed import TimedBrains

SIZES = "10,100,1000,5000"
TURNS = 40
BLOCKS = 3
FACTS = 400
OTHER_EVENTS = 300
"""Stored events of another task, whose messages recall finds as well."""
BASE, LARGE = 100, 5_000
CPU_MS, GROWTH = 2.0, 2.0
"""Bars: CPU of a turn at BASE events, and how much more it may be at LARGE."""


@dataclass(slots=True)
class Samples:
    """CPU milliseconds, one entry per turn."""

    assembly: list[float] = field(default_factory=list[float])
    """Fetch and prepare, the journal write of the frame included."""
    fetch: list[float] = field(default_factory=list[float])
    encode: list[float] = field(default_factory=list[float])
    journal: list[float] = field(default_factory=list[float])
    """All commits of the turn."""
    reference: list[float] = field(default_factory=list[float])
    cold: list[float] = field(default_factory=list[float])
    """Opening the turn, fetch and prepare, after the brain was opened again."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--events", default=SIZES, help=f"sizes of tasks (default {SIZES})")
    parser.add_argument("--turns", type=int, default=TURNS, help="turns of each block")
    parser.add_argument("--blocks", type=int, default=BLOCKS, help="blocks; the quietest counts")


def run(options: argparse.Namespace) -> Report:
    """Measure every size."""
    sizes = [int(size) for size in options.events.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_prepare_home(Path(folder) / "model"))
        blocks = [
            {size: asyncio.run(_measure(Path(folder), size, options.turns)) for size in sizes}
            for _ in range(options.blocks)
        ]
    found = {size: min((block[size] for block in blocks), key=_cost) for size in sizes}
    heads = ["fetch+prepare", "of it fetch", "journal", "encode", "cold replay", "reference"]
    rows = [_row(f"{size} events", samples) for size, samples in found.items()]
    print_table(["CPU ms per turn", *heads], rows)
    cost = {size: _cost(samples) for size, samples in found.items()}
    return Report(figures=_figures(found, cost), bars=_bars(cost))


def _bars(cost: Mapping[int, float]) -> tuple[Bar, ...]:
    """Those that the sizes asked for allow."""
    bars: list[Bar] = []
    if BASE in cost:
        bars.append(Bar(name=f"CPU ms at {BASE} events", figure=cost[BASE], at_most=CPU_MS))
    if {BASE, LARGE} <= cost.keys():
        growth = cost[LARGE] / cost[BASE]
        bars.append(Bar(name=f"{LARGE} events over {BASE}", figure=growth, at_most=GROWTH))
    return tuple(bars)


def _figures(found: Mapping[int, Samples], cost: Mapping[int, float]) -> JsonObject:
    base, large = cost.get(BASE), cost.get(LARGE)
    return {
        "events": [*found],
        "cpu_ms": [*cost.values()],
        "cpu_ms_at_100": base,
        "ratio_5000_to_100": large / base if large and base else None,
        "fetch_cpu_ms": [median(samples.fetch) for samples in found.values()],
        "encode_cpu_ms": [median(samples.encode) for samples in found.values()],
        "journal_cpu_ms": [median(samples.journal) for samples in found.values()],
        "cold_replay_cpu_ms": [median(samples.cold) for samples in found.values()],
        "reference_cpu_ms": [median(samples.reference) for samples in found.values()],
    }


def _cost(samples: Samples) -> float:
    """What the bars are about: the median of fetch and prepare."""
    return median(samples.assembly)


def _row(name: str, samples: Samples) -> list[str]:
    whole, part = (samples.assembly, samples.fetch), (samples.journal, samples.encode)
    columns = (*whole, *part, samples.cold, samples.reference)
    return [name, *(f"{median(column):.2f}" for column in columns)]


def _engine(brains: TimedBrains, seed: int) -> Engine:
    """The window is wide, so that a long task is not compacted away."""
    card = replace(CARD, window_tokens=10_000_000)
    model = ScriptedModel(story.Replies(seed), card=card)
    return enplace.open(
        model=model, tools=story.TOOLS, brains=brains, embedder=None, environment={}
    )


async def _prepare_home(home: Path) -> None:
    """What every brain has before its task: facts and another task."""
    async with _engine(TimedBrains(home), seed=1) as engine:
        owner = engine.owner()
        for sentence in story.facts(FACTS, seed=2):
            await owner.remember(sentence)
        await story.grow(owner, "other", OTHER_EVENTS, story.messages(seed=3))


async def _measure(folder: Path, size: int, turns: int) -> Samples:
    """Turns of tasks of one size: as few in each task as keep its size, as many tasks as needed."""
    samples = Samples()
    each = max(3, min(turns, size // 30))
    for number in range(-(-turns // each)):
        home = folder / f"{size}-{number}"
        shutil.copytree(folder / "model", home)
        said = story.messages(seed=size + number)
        brains = TimedBrains(home)
        async with _engine(brains, seed=size + number) as engine:
            owner = engine.owner()
            await story.grow(owner, "task", size, said)
            for _ in range(each):
                await _warm_turn(owner, brains, said, samples)
        again = TimedBrains(home)
        async with _engine(again, seed=0) as engine:
            samples.cold.append(await _cold_turn(engine.owner(), next(said)))
        shutil.rmtree(home)
    return samples


async def _warm_turn(
    owner: OwnerEngine, brains: TimedBrains, said: Iterator[str], samples: Samples
) -> None:
    """One turn, taken step by step."""
    brains.commit_s = 0.0
    samples.reference.append(_reference())
    async with owner.turn("task", next(said)) as turn:
        start = process_time()
        found = await turn.fetch()
        fetched = process_time()
        context = await turn.prepare(found)
        prepared = process_time()
        json.dumps(enplace.to_openai(context))
        encoded = process_time()
        reply = say("That is all I know about it, and the rest is in the file.")
        usage = replace(reply.usage, input_tokens=context.estimated_tokens, output_tokens=15)
        await turn.record(replace(reply, usage=usage), context)
        await turn.upload()
    samples.fetch.append(1e3 * (fetched - start))
    samples.assembly.append(1e3 * (prepared - start))
    samples.encode.append(1e3 * (encoded - prepared))
    samples.journal.append(1e3 * brains.commit_s)


def _reference() -> float:
    """CPU milliseconds of a fixed piece of work."""
    start = process_time()
    for number in range(60):
        json.loads(json.dumps({"words": story.PLACES, "number": number}))
    return 1e3 * (process_time() - start)


async def _cold_turn(owner: OwnerEngine, message: str) -> float:
    """CPU milliseconds from asking for a turn until its context is there, nothing in memory."""
    start = process_time()
    async with owner.turn("task", message) as turn:
        await turn.prepare(await turn.fetch())
        return 1e3 * (process_time() - start)
