"""Many processes that write to one owner's brain at the same time.

Started as `python -m enplace_bench.writers HOME NUMBER COUNT`: prints `ready`, waits for a line,
commits, and prints how many commits failed. Even numbers write notes, odd ones remember facts.
"""

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import enplace
from enplace import Engine, ScriptedModel
from enplace.errors import EnplaceError

TASK = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of all commits."""

    expected: int
    rows: int
    """Notes and facts that are there afterwards."""
    errors: int
    """Commits that raised, and writers that died."""
    seconds: float
    """Wall clock, from the common start to the end of the last writer."""


def write_together(home: Path, writers: int, count: int) -> Written:
    """Start the writers, let them go at once, and count what is there afterwards."""
    command = [sys.executable, "-m", "enplace_bench.writers", str(home)]
    started = [
        subprocess.Popen(
            [*command, str(number), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(writers)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    start = time.perf_counter()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate()[0] for process in started]
    seconds = time.perf_counter() - start
    errors = sum(int(text) if text.strip() else count for text in told)
    rows = asyncio.run(_rows(home))
    return Written(expected=writers * count, rows=rows, errors=errors, seconds=seconds)


def _engine(home: Path) -> Engine:
    return enplace.open(home, model=ScriptedModel(()), embedder=None, environment={})


async def _rows(home: Path) -> int:
    async with _engine(home) as engine:
        owner = engine.owner()
        return len(await owner.notes(TASK)) + len(await owner.facts())


async def _write(home: Path, number: int, count: int) -> int:
    errors = 0
    async with _engine(home) as engine:
        owner = engine.owner()
        await owner.tasks()  # opens the brain
        print("ready", flush=True)
        sys.stdin.readline()
        for i in range(count):
            try:
                if number % 2:
                    await owner.remember(f"Writer {number} stored sentence {i}.")
                else:
                    await owner.note(TASK, f"{number}-{i}", f"value {i}")
            except EnplaceError as error:
                errors += 1
                print(f"writer {number}: {error.code} {error}", file=sys.stderr)
    return errors


if __name__ == "__main__":
    print(asyncio.run(_write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
