"""What `enplace memory ...` does."""

import argparse
import json
import os
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from enplace.cli.show import (
    change_line,
    found_lines,
    jsonable,
    memory_json,
    memory_line,
    memory_lines,
    quote_line,
    write_line,
    written_json,
    written_lines,
)
from enplace.engine import OwnerEngine
from enplace.errors import BadInput
from enplace.records.filter import About, AllOf, During, Filter, Not, OfKind, Tagged
from enplace.records.memory import Fact, Memory
from enplace.records.write import Written
from enplace.wiring import open as open_engine

MARKDOWN = {".md", ".markdown"}


@asynccontextmanager
async def owner_of(asked: argparse.Namespace) -> AsyncGenerator[OwnerEngine, None]:
    """The owner whom a command names, with an engine for as long as it runs."""
    async with open_engine() as engine:
        yield engine.owner(asked.owner)


# Reading


async def list_all(asked: argparse.Namespace) -> int:
    """List memories."""
    async with owner_of(asked) as owner:
        found = await owner.memory.all(asked.kind, limit=asked.limit, everything=asked.all)
    return _print_all(asked, found, "nothing is remembered")


async def show(asked: argparse.Namespace) -> int:
    """Show a memory, what it took the place of, and everything that became of it."""
    async with owner_of(asked) as owner:
        history = await owner.memory.history(asked.id)
        memory = history.memory
        if asked.as_known is not None:
            memory = await owner.memory.get(asked.id, as_known=asked.as_known)
        said = await owner.learning.quotes(asked.id)
    if asked.json:
        known = {"memory": memory, "before": history.before, "after": history.after}
        told = {name: memory_json(each) if each else None for name, each in known.items()}
        changes = [jsonable(asdict(change)) for change in history.changes]
        quoted = [jsonable(asdict(quote)) for quote in said]
        print(json.dumps({**told, "changes": changes, "said": quoted}))
        return 0
    print("\n".join(memory_lines(memory)))
    if history.before is not None:
        print(f"before     {memory_line(history.before)}")
    if history.after is not None:
        print(f"after      {memory_line(history.after)}")
    for quote in said:
        print(quote_line(quote))
    for change in history.changes:
        print(change_line(change))
    return 0


async def search(asked: argparse.Namespace) -> int:
    """Search what is remembered, best first."""
    async with owner_of(asked) as owner:
        found = await owner.recall(
            asked.text,
            limit=asked.limit,
            filter=_filter(asked),
            at=asked.at,
            as_known=asked.as_known,
        )
    if asked.json:
        print(json.dumps(jsonable(asdict(found))))
        return 0
    print("\n".join(found_lines(found, explain=asked.explain)))
    return 0


def _filter(asked: argparse.Namespace) -> Filter | None:
    """All conditions that the options name; None without any."""
    parts: list[Filter] = []
    if asked.kind:
        parts.append(OfKind(tuple(asked.kind)))
    if asked.since or asked.until:
        parts.append(During(start=asked.since, end=asked.until))
    if asked.person:
        parts.append(About(tuple(asked.person)))
    if asked.tag:
        parts.append(Tagged(tuple(asked.tag)))
    if asked.not_tag:
        parts.append(Not(Tagged(tuple(asked.not_tag))))
    return AllOf(tuple(parts)) if parts else None


async def writes(asked: argparse.Namespace) -> int:
    """List what was written, the last first."""
    async with owner_of(asked) as owner:
        found = await owner.memory.writes(limit=asked.limit)
    if asked.json:
        print(json.dumps([jsonable(asdict(write)) for write in found]))
        return 0
    for write in found:
        print(write_line(write))
    if not found:
        print("nothing was written")
    return 0


async def disputes(asked: argparse.Namespace) -> int:
    """List facts in dispute, each with what it contradicts."""
    async with owner_of(asked) as owner:
        found = await owner.memory.facts(disputed=True)
        against = [await _against(owner, fact) for fact in found]
    if asked.json:
        pairs = zip(found, against, strict=True)
        print(
            json.dumps([{**memory_json(f), "against": [g.id for g in held]} for f, held in pairs])
        )
        return 0
    for fact, held in zip(found, against, strict=True):
        print(memory_line(fact))
        for other in held:
            print(f"  against  {memory_line(other)}")
    if not found:
        print("nothing is in dispute")
    return 0


async def _against(owner: OwnerEngine, fact: Fact) -> Sequence[Fact]:
    if fact.predicate is None:
        return ()
    return await owner.memory.facts(subject=fact.subject, predicate=fact.predicate)


# Writing


async def add(asked: argparse.Namespace) -> int:
    """Hold a sentence true."""
    async with owner_of(asked) as owner:
        done = await owner.memory.remember(asked.sentence, **_fact_values(asked))
    return _print_written(asked, done)


async def correct(asked: argparse.Namespace) -> int:
    """Put a sentence in the place of a fact, about the same subject unless told otherwise."""
    place = "corrects" if asked.never_true else "supersedes"
    async with owner_of(asked) as owner:
        old = await owner.memory.get(asked.id)
        about: dict[str, Any] = {}
        if isinstance(old, Fact):
            about = {"subject": old.subject, "predicate": old.predicate, "kind": old.fact_kind}
            about["tags"] = old.tags
        values = {**about, **_fact_values(asked), place: asked.id}
        done = await owner.memory.remember(asked.sentence, **values)
    return _print_written(asked, done)


def _fact_values(asked: argparse.Namespace) -> dict[str, Any]:
    """The values of a fact that were given."""
    values = {
        "subject": asked.subject,
        "predicate": asked.predicate,
        "object": asked.object,
        "kind": asked.kind,
        "valid_from": asked.valid_from,
        "valid_until": asked.valid_until,
        "trust": asked.trust,
        "tags": asked.tag,
        "idempotency_key": asked.key,
    }
    return {name: value for name, value in values.items() if value is not None}


async def confirm(asked: argparse.Namespace) -> int:
    """Say that a fact is still true."""
    async with owner_of(asked) as owner:
        done = await owner.memory.confirm(asked.id)
    return _print_written(asked, done)


async def expire(asked: argparse.Namespace) -> int:
    """Say that a fact holds no longer."""
    async with owner_of(asked) as owner:
        done = await owner.memory.close(asked.id, until=asked.until)
    return _print_written(asked, done)


async def forget(asked: argparse.Namespace) -> int:
    """Show a memory to nobody any more."""
    async with owner_of(asked) as owner:
        done = await owner.memory.forget(asked.id)
    return _print_written(asked, done)


async def release(asked: argparse.Namespace) -> int:
    """Believe a fact that was held back."""
    async with owner_of(asked) as owner:
        done = await owner.memory.release(asked.id)
    return _print_written(asked, done)


async def undo(asked: argparse.Namespace) -> int:
    """Take a write back."""
    async with owner_of(asked) as owner:
        done = await owner.memory.undo(asked.write)
    return _print_written(asked, done)


# People, episodes and documents


async def people(asked: argparse.Namespace) -> int:
    """List everybody who is known."""
    async with owner_of(asked) as owner:
        found = await owner.people.all()
    return _print_all(asked, found, "nobody is known by name")


async def know(asked: argparse.Namespace) -> int:
    """Know somebody."""
    async with owner_of(asked) as owner:
        done = await owner.people.know(
            asked.name, aliases=asked.alias or (), kind=asked.kind, idempotency_key=asked.key
        )
    return _print_written(asked, done)


async def merge(asked: argparse.Namespace) -> int:
    """Say that two people are one."""
    async with owner_of(asked) as owner:
        done = await owner.people.merge(asked.name, asked.into)
    return _print_written(asked, done)


async def split(asked: argparse.Namespace) -> int:
    """Take a merge back."""
    async with owner_of(asked) as owner:
        done = await owner.people.split(asked.name)
    return _print_written(asked, done)


async def relate(asked: argparse.Namespace) -> int:
    """Say how one is related to another."""
    async with owner_of(asked) as owner:
        done = await owner.people.relate(
            asked.source,
            asked.relation,
            asked.target,
            sentence=asked.sentence,
            valid_from=asked.valid_from,
            valid_until=asked.valid_until,
            idempotency_key=asked.key,
        )
    return _print_written(asked, done)


async def relations(asked: argparse.Namespace) -> int:
    """List how somebody is related to others."""
    async with owner_of(asked) as owner:
        found = await owner.people.relations(asked.name, at=asked.at)
    return _print_all(asked, found, f"no relation of {asked.name} is known")


async def add_episode(asked: argparse.Namespace) -> int:
    """Keep something that happened."""
    async with owner_of(asked) as owner:
        done = await owner.episodes.remember(
            asked.name,
            asked.description,
            asked.value,
            outcome=asked.outcome,
            started_at=asked.started,
            ended_at=asked.ended,
            participants=asked.person or (),
            tags=asked.tag or (),
            idempotency_key=asked.key,
        )
    return _print_written(asked, done)


async def documents(asked: argparse.Namespace) -> int:
    """List all current documents."""
    async with owner_of(asked) as owner:
        found = await owner.documents.all()
    return _print_all(asked, found, "there is no document")


async def add_document(asked: argparse.Namespace) -> int:
    """Keep a text."""
    text = b"".join(_read(asked.file))
    media: Literal["text/markdown", "text/plain"] = "text/plain"
    if Path(asked.file).suffix.lower() in MARKDOWN:
        media = "text/markdown"
    try:
        said = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{asked.file} is no text in UTF-8") from error
    async with owner_of(asked) as owner:
        done = await owner.documents.add(
            asked.name or asked.file,
            said,
            media=media,
            tags=asked.tag or (),
            idempotency_key=asked.key,
        )
        await _encode(owner)
    return _print_written(asked, done)


# All of it


async def export(asked: argparse.Namespace) -> int:
    """Write all that is kept to a file, which is there whole or not at all."""
    async with owner_of(asked) as owner:
        if asked.file == "-":
            async for line in owner.memory.export():
                sys.stdout.buffer.write(f"{line}\n".encode())
            sys.stdout.buffer.flush()
            return 0
        target = Path(asked.file)
        partial = target.with_name(f"{target.name}.{os.getpid()}.part")
        records = -1  # the header is none
        try:
            with partial.open("xb") as file:
                async for line in owner.memory.export():
                    file.write(f"{line}\n".encode())
                    records += 1
            partial.replace(target)
        except OSError as error:
            raise BadInput(f"{target} cannot be written: {error.strerror}") from error
        finally:
            partial.unlink(missing_ok=True)
    if asked.json:
        print(json.dumps({"file": asked.file, "records": records}))
    else:
        print(f"{records} records of {asked.owner} are in {asked.file}")
    return 0


async def import_(asked: argparse.Namespace) -> int:
    """Add what a file has and this memory has not."""
    async with owner_of(asked) as owner:
        done = await owner.memory.import_(_lines(asked.file))
        await _encode(owner)
    if asked.json:
        print(json.dumps(jsonable(asdict(done))))
        return 0
    for what, counts in (("added", done.added), ("skipped", done.skipped)):
        told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        print(f"{what:<8} {told or 'nothing'}")
    for name in done.diverged:
        print(f"went on in another way here, and stays: {name}")
    for key in done.keys:
        print(f"the idempotency key is taken, and was left out: {key}")
    return 0


async def sweep(asked: argparse.Namespace) -> int:
    """Delete notes that have expired."""
    async with owner_of(asked) as owner:
        count = await owner.sweep()
    print(json.dumps({"swept": count}) if asked.json else f"{count} expired notes are deleted")
    return 0


async def _encode(owner: OwnerEngine) -> None:
    """Wait for vectors: the next command may never write, and so never make them."""
    trouble = await owner.encoded()
    if trouble:
        print(f"enplace: found by words alone for now: {trouble}", file=sys.stderr)


def _lines(file: str) -> Iterator[str]:
    for number, line in enumerate(_read(file), start=1):
        try:
            yield line.rstrip(b"\r\n").decode()
        except UnicodeDecodeError as error:
            raise BadInput(f"line {number}: no text in UTF-8", line=number) from error


def _read(file: str) -> Iterator[bytes]:
    """The lines of a file with their ends.

    Raises:
        BadInput: It cannot be read.
    """
    if file == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as opened:
            yield from opened
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error


# What is told


def _print_written(asked: argparse.Namespace, done: Written) -> int:
    if asked.json:
        print(json.dumps(written_json(done)))
        return 0
    print("\n".join(written_lines(done)))
    return 0


def _print_all(asked: argparse.Namespace, found: Sequence[Memory], nothing: str) -> int:
    if asked.json:
        print(json.dumps([memory_json(memory) for memory in found]))
        return 0
    for memory in found:
        print(memory_line(memory))
    if not found:
        print(nothing)
    return 0
