"""What a killed process leaves behind.

In each round a process of its own carries a turn with tools and is killed (SIGKILL) at a random
moment; the moments are spread evenly over the whole turn. Then the same message with the same
idempotency key goes on, half of the time in a new process, and another turn follows. Counted are:
acknowledged events, and results of finished tools, that are gone (lost); effects, facts, results
or turns that are there twice (repeated); turns that took more than five seconds (late); turns
without an end (unfinished). Then many processes write to one brain at once, and rows are counted.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import IO

from enplace.errors import TaskBusy, TaskNotFound
from enplace.records.event import Event, TurnStarted, is_last
from enplace_bench import audit, learn_crash, voyage
from enplace_bench.report import Bar, Report, print_table
from enplace_bench.writers import Written, write_together

ROUNDS, WRITERS, WRITES = 50, 8, 1_000
ROUNDS_PER_TASK = 5
"""So that reading the log again, which grows with it, takes a small part of each turn."""
LATE_S = 5.0
BEFORE, AFTER = "before the turn", "after the turn"


@dataclass(slots=True)
class Tally:
    """What was seen over all rounds."""

    lost: int = 0
    late: int = 0
    slowest_s: float = 0.0
    moments: Counter[str] = field(default_factory=Counter[str])
    """Rounds by the last stored event of the killed turn."""

    @property
    def mid_turn(self) -> int:
        """Rounds in which the kill hit a running turn."""
        return self.moments.total() - self.moments[BEFORE] - self.moments[AFTER]

    def took(self, seconds: float) -> None:
        """Count a turn that followed a kill."""
        self.slowest_s = max(self.slowest_s, seconds)
        self.late += seconds > LATE_S


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="kills")
    parser.add_argument("--writers", type=int, default=WRITERS, help="processes writing at once")
    parser.add_argument("--writes", type=int, default=WRITES, help="commits of each writer")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--learn", action="store_true", help="instead, as `learn-crash`")
    parser.add_argument("--postgres", action="store_true", help="with --learn: jobs in PostgreSQL")


def run(options: argparse.Namespace) -> Report:
    """Kill, resume and count; then let the writers write."""
    if options.learn:
        return learn_crash.run(options)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "voyage"
        home.mkdir()
        tally = _kill_rounds(home, options.rounds, options.seed)
        found = asyncio.run(audit.audit(home))
        written = write_together(Path(folder) / "writers", options.writers, options.writes)
    rows = [[moment, str(count)] for moment, count in tally.moments.most_common()]
    print_table(["killed after", "rounds"], rows)
    print(f"{tally.mid_turn} of {options.rounds} kills hit a running turn;", end=" ")
    print(f"{found.unknown} tool calls ended as `outcome unknown`;", end=" ")
    print(f"the slowest turn after a kill took {tally.slowest_s:.2f} s")
    print(f"{written.rows} rows of {written.expected} by {options.writers} writers", end=" ")
    print(f"in {written.seconds:.1f} s, {written.errors} errors\n")
    return _report(options.rounds, tally, found, written)


def _report(rounds: int, tally: Tally, found: audit.Audit, written: Written) -> Report:
    lost = tally.lost + found.lost
    return Report(
        figures={
            "rounds": rounds,
            "mid_turn": tally.mid_turn,
            "lost": lost,
            "repeated": found.repeated,
            "late": tally.late,
            "unfinished": found.unfinished,
            "outcome_unknown": found.unknown,
            "slowest_s": tally.slowest_s,
            "writers": asdict(written),
        },
        bars=(
            Bar(name="kills in mid-turn", figure=tally.mid_turn, at_least=rounds / 2),
            Bar(name="lost", figure=lost, at_most=0),
            Bar(name="repeated", figure=found.repeated, at_most=0),
            Bar(name="late", figure=tally.late, at_most=0),
            Bar(name="unfinished", figure=found.unfinished, at_most=0),
            Bar(name="rows by all writers", figure=written.rows, at_least=written.expected),
            Bar(name="errors of writers", figure=written.errors, at_most=0),
        ),
    )


def _kill_rounds(home: Path, rounds: int, seed: int) -> Tally:
    luck = random.Random(seed)
    whole_s = median(_carry_whole(home, f"whole_{i}") for i in range(5))
    delays = [whole_s * (i + luck.random()) / rounds for i in range(rounds)]
    luck.shuffle(delays)
    tally = Tally()
    for number, delay in enumerate(delays):
        key = f"task{number // ROUNDS_PER_TASK}_{number}"
        told = _kill_after(home, key, delay)
        events = asyncio.run(_log(home, key))
        stored = {(event.place.ordinal, event.kind) for event in events if event.place}
        tally.lost += len(told - stored)
        tally.moments[_moment(events, key)] += 1
        if number % 2:
            tally.took(_carry_whole(home, key))
        else:
            tally.took(asyncio.run(_carry_here(home, key)))
        tally.took(asyncio.run(_carry_here(home, f"{key}_next")))
    return tally


def _start(home: Path, key: str) -> tuple[subprocess.Popen[str], IO[str]]:
    """A child that is about to begin its turn."""
    command = [sys.executable, "-m", "enplace_bench.voyage", str(home), key]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n", "the child could not open the brain"
    return child, child.stdout


def _kill_after(home: Path, key: str, delay_s: float) -> set[tuple[int, str]]:
    """Kill a child in its turn; the events it acknowledged, as (ordinal, kind)."""
    child, output = _start(home, key)
    with child:
        time.sleep(delay_s)
        child.kill()
        whole = [line for line in output if line.endswith("\n") and line != "done\n"]
    told = [line.split() for line in whole]  # a line that the kill cut off acknowledges nothing
    return {(int(ordinal), kind) for ordinal, kind in told}


def _carry_whole(home: Path, key: str) -> float:
    """Carry a turn in a process of its own; seconds from its begin to its end."""
    child, output = _start(home, key)
    start = time.perf_counter()
    with child:
        last = next((line for line in output if line == "done\n"), "")
        seconds = time.perf_counter() - start
    assert last, "a turn that nobody killed did not end"
    return seconds


async def _carry_here(home: Path, key: str) -> float:
    """Carry a turn in this process with an engine just opened; seconds until its end."""
    async with voyage.engine_of(home) as engine:
        start = time.perf_counter()
        while True:
            try:
                async for _ in voyage.carry(engine, key):
                    pass
            except TaskBusy:  # a dead process must hold nothing; waiting for it counts as time
                if time.perf_counter() - start > 60:
                    raise
                await asyncio.sleep(0.02)
            else:
                return time.perf_counter() - start


async def _log(home: Path, key: str) -> list[Event]:
    async with voyage.engine_of(home) as engine:
        try:
            return list(await engine.owner().log(voyage.task_of(key)))
        except TaskNotFound:
            return []


def _moment(events: list[Event], key: str) -> str:
    """How far the killed turn came, by its last stored event."""
    started = next(
        (e for e in events if isinstance(e, TurnStarted) and e.idempotency_key == key), None
    )
    if started is None:
        return BEFORE
    last = events[-1]
    return AFTER if is_last(last) else f"... {last.kind}"
