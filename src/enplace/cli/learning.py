"""What `enplace learn ...` and `enplace review ...` do."""

import argparse
import json
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict

from enplace.cli.show import (
    batch_line,
    jsonable,
    memory_json,
    memory_line,
    quote_line,
    status_lines,
    told_lines,
    written_json,
    written_lines,
)
from enplace.engine import OwnerEngine
from enplace.records.learning import Batch
from enplace.records.telling import Told, told_of
from enplace.records.write import Written
from enplace.wiring import open as open_engine


@asynccontextmanager
async def _owner(asked: argparse.Namespace) -> AsyncGenerator[OwnerEngine, None]:
    async with open_engine() as engine:
        yield engine.owner(asked.owner)


# Learning


async def status(asked: argparse.Namespace) -> int:
    """Show how far the log was learned from, and what came of it."""
    async with _owner(asked) as owner:
        found = await owner.learning.status()
    if asked.json:
        print(json.dumps({**jsonable(asdict(found)), "confirmed_ratio": found.confirmed_ratio}))
    else:
        print("\n".join(status_lines(found)))
    return 0


async def run(asked: argparse.Namespace) -> int:
    """Learn from all that is due; exit code 1 where some of it failed."""
    async with _owner(asked) as owner:
        done = await owner.learning.run()
        return await _tell(asked, owner, done)


async def dry_run(asked: argparse.Namespace) -> int:
    """Show what learning would do, and write nothing."""
    async with _owner(asked) as owner:
        found = await owner.learning.dry_run()
    _print(asked, [(learned.batch, list(told_of(learned))) for learned in found])
    return 0


async def rollback(asked: argparse.Namespace) -> int:
    """Take back all that a batch wrote."""
    async with _owner(asked) as owner:
        done = await owner.learning.rollback(asked.batch, rewind=asked.rewind)
    if asked.json:
        print(json.dumps(jsonable(asdict(done))))
    else:
        again = "; its events are due again" if asked.rewind else ""
        print(f"taken back {done.id} of {done.task_id}{again}")
    return 0


async def replay(asked: argparse.Namespace) -> int:
    """Learn anew from what was learned from before."""
    async with _owner(asked) as owner:
        done = await owner.learning.replay(asked.since, force=asked.force)
        return await _tell(asked, owner, done)


async def batches(asked: argparse.Namespace) -> int:
    """List batches, the last first."""
    async with _owner(asked) as owner:
        found = await owner.learning.batches(limit=asked.limit)
    if asked.json:
        print(json.dumps([jsonable(asdict(batch)) for batch in found]))
        return 0
    for batch in found:
        print(batch_line(batch))
    if not found:
        print("nothing was learned yet")
    return 0


async def _tell(asked: argparse.Namespace, owner: OwnerEngine, done: Sequence[Batch]) -> int:
    """What was learned, and what failed."""
    _print(asked, [(batch, await owner.learning.told(batch.id)) for batch in done])
    failing = (await owner.learning.status()).failing
    if not asked.json:
        for attempt in failing:
            print(f"failed: {attempt.task_id}: {attempt.trouble}")
    return 1 if failing else 0


def _print(asked: argparse.Namespace, done: Iterable[tuple[Batch, Sequence[Told]]]) -> None:
    found = list(done)
    if asked.json:
        told = [
            {"batch": jsonable(asdict(batch)), "told": [jsonable(asdict(each)) for each in events]}
            for batch, events in found
        ]
        print(json.dumps(told))
        return
    for batch, events in found:
        print("\n".join(told_lines(batch, events)))
    if not found:
        print("nothing waits to be learned from")


# Review


async def review(asked: argparse.Namespace) -> int:
    """List what waits for a person, with what was said for it."""
    async with _owner(asked) as owner:
        found = await owner.learning.review()
        said = [await owner.learning.quotes(fact.id) for fact in found]
    if asked.json:
        pairs = zip(found, said, strict=True)
        told = [
            {**memory_json(fact), "said": [jsonable(asdict(quote)) for quote in quotes]}
            for fact, quotes in pairs
        ]
        print(json.dumps(told))
        return 0
    for fact, quotes in zip(found, said, strict=True):
        print(memory_line(fact))
        for quote in quotes:
            print(f"  {quote_line(quote)}")
    if not found:
        print("nothing waits for you")
    return 0


async def approve(asked: argparse.Namespace) -> int:
    """Believe what waits."""
    async with _owner(asked) as owner:
        done = await owner.learning.approve(asked.id)
    return _print_written(asked, done)


async def decline(asked: argparse.Namespace) -> int:
    """Show what waits to nobody."""
    async with _owner(asked) as owner:
        done = await owner.learning.decline(asked.id)
    return _print_written(asked, done)


def _print_written(asked: argparse.Namespace, done: Written) -> int:
    print(json.dumps(written_json(done)) if asked.json else "\n".join(written_lines(done)))
    return 0
