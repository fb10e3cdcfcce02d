"""What killed learners leave behind.

Two processes learn from what owners hear, with durable jobs. In each round something is said, and
one of the two is killed (SIGKILL) at a random moment or at a named point of its work, or is stopped
for longer than it takes to count as dead and then goes on beside whoever took over. Nobody submits
anything again. Counted are: messages and batches whose effects are gone (lost) or there twice
(repeated), and owners and jobs that are not done in the end (stuck).
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from enplace_bench import postgres
from enplace_bench.report import Bar, Report, print_table

ROUNDS = 50


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="kills and stops")
    parser.add_argument("--postgres", action="store_true", help="jobs in PostgreSQL, not in SQLite")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")


def run(options: argparse.Namespace) -> Report:
    """Say, kill, and count."""
    from enplace_bench.learn_rounds import Crash

    with tempfile.TemporaryDirectory(prefix="enplace-learn-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # for the server, which runs as somebody else
        with _database(folder, in_postgres=options.postgres) as url:
            crash = Crash(folder / "home", url, random.Random(options.seed))
            started = time.monotonic()
            tally = asyncio.run(crash.run(options.rounds))
            seconds = time.monotonic() - started
    print_table(["fate", "rounds", "in a run"], tally.rows())
    print(f"{tally.messages} messages in {tally.batches} batches,", end=" ")
    print(f"{tally.slowest_s:.1f} s until the last was learned from, {seconds:.0f} s in all\n")
    figures = {
        "rounds": options.rounds,
        "lost": tally.lost,
        "repeated": tally.repeated,
        "stuck": tally.stuck,
        "in_a_run": tally.in_a_run.total(),
        "messages": tally.messages,
        "batches": tally.batches,
        "database": "postgresql" if options.postgres else "sqlite",
    }
    bars = (
        Bar(name="hit a run", figure=tally.in_a_run.total(), at_least=options.rounds / 2),
        Bar(name="lost", figure=tally.lost, at_most=0),
        Bar(name="repeated", figure=tally.repeated, at_most=0),
        Bar(name="stuck", figure=tally.stuck, at_most=0),
    )
    return Report(figures=figures, bars=bars)


@contextmanager
def _database(folder: Path, *, in_postgres: bool) -> Generator[str, None, None]:
    if in_postgres:
        with postgres.server(folder) as url:
            yield url
    else:
        yield f"sqlite:///{folder}/jobs.db"
