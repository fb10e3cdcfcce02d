"""What learning in the same process costs those who wait for an answer.

Two engines take the same turns side by side, one after the other, so that the machine is the same
for both: one learns in the background after every few turns, as it comes, the other never. Apart,
how long the event loop stood still: the longest gap of a task that asks for the time every
millisecond, in those turns and while a long log is learned from.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import enplace
from enplace.engine import EngineOptions, OwnerEngine
from enplace.engine.parts import LearningOptions
from enplace.providers.scripted import ScriptedModel
from enplace.records.event import MessageHeard
from enplace_bench.learn.gold import SEEN, load
from enplace_bench.learn.telling import BEGIN, BY_HAND

TURNS, TURNS_OF_TASK, WARM = 360, 20, 20
LONG = 640
"""Messages of the long log."""
PAUSE_S, TICK_S = 0.02, 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Wall-clock milliseconds."""

    turns: int
    with_ms: tuple[float, float]
    """Median and p95 of a turn, with learning."""
    without_ms: tuple[float, float]
    batches: int
    """What was learned meanwhile."""
    stall_ms: float
    """Longest standstill of the loop during the turns that learn."""
    stall_without_ms: float
    """During those that do not."""
    long_stall_ms: float
    """While the long log was learned from."""

    @property
    def ratio(self) -> float:
        """P95 with learning over p95 without."""
        return self.with_ms[1] / self.without_ms[1]


@dataclass(slots=True)
class _Watch:
    """The longest standstill that was seen, in seconds."""

    longest_s: float = 0.0


async def measure(home: Path, turns: int = TURNS, long: int = LONG) -> Latency:
    """Take the turns, and learn from the long log."""
    said = [one.text for name in SEEN for case in load(name) for one in case.said]
    said = [text for text in said if text.strip()]
    learning = EngineOptions(learning=LearningOptions(idle_s=0.5))
    async with _opened(home / "with", learning) as one, _opened(home / "without", BY_HAND) as other:
        owners = (one.owner(), other.owner())
        took: tuple[list[float], list[float]] = ([], [])
        watches = (_Watch(), _Watch())
        for number in range(turns + WARM):
            order = (0, 1) if number % 2 else (1, 0)
            for which in order:
                async with _watched(watches[which] if number >= WARM else _Watch()):
                    start = perf_counter()
                    await _take(owners[which], number, said[number % len(said)])
                    took[which].append(1e3 * (perf_counter() - start))
                    await asyncio.sleep(PAUSE_S)
        await asyncio.sleep(1.0)
        batches = len(await owners[0].learning.batches(limit=1_000_000))
        watch = _Watch()
        heard = [
            MessageHeard(speaker=owners[1].name, text=said[n % len(said)], said_at=BEGIN)
            for n in range(long)
        ]
        await owners[1].hear("long", heard)
        async with _watched(watch):
            await owners[1].learning.run()
    return Latency(
        turns=turns,
        with_ms=_median_and_p95(took[0][WARM:]),
        without_ms=_median_and_p95(took[1][WARM:]),
        batches=batches,
        stall_ms=1e3 * watches[0].longest_s,
        stall_without_ms=1e3 * watches[1].longest_s,
        long_stall_ms=1e3 * watch.longest_s,
    )


def _opened(home: Path, options: EngineOptions) -> enplace.Engine:
    model = ScriptedModel(lambda _: "All right, I have made a note of it.")
    return enplace.open(home, model=model, embedder=None, options=options, environment={})


async def _take(owner: OwnerEngine, number: int, text: str) -> None:
    async for _ in owner.execute(f"task{number // TURNS_OF_TASK}", text):
        pass


@asynccontextmanager
async def _watched(watch: _Watch) -> AsyncGenerator[None]:
    """Watch the loop."""
    ticking = asyncio.create_task(_tick(watch))
    try:
        yield
    finally:
        ticking.cancel()


async def _tick(watch: _Watch) -> None:
    last = perf_counter()
    while True:
        await asyncio.sleep(TICK_S)
        now = perf_counter()
        watch.longest_s = max(watch.longest_s, now - last - TICK_S)
        last = now


def _median_and_p95(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))]
