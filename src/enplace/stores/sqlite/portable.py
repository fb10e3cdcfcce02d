"""A brain file as lines of JSON, and lines of JSON into a brain file."""

import asyncio
import heapq
import json
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from enplace.records.canonical import digest
from enplace.records.event import Event, Place
from enplace.records.exchange import Imported
from enplace.records.learning import Batch
from enplace.records.memory import Change, Note, SoulLine
from enplace.records.write import Undo, Write
from enplace.stores.codec import (
    decode_event,
    decode_memory,
    decode_operation,
    encode_operation,
)
from enplace.stores.exchange import (
    CursorLine,
    DueLine,
    Parcel,
    Record,
    header,
    line_of,
    read_parcel,
)
from enplace.stores.merging import Fresh, Known, merge
from enplace.stores.moments import to_text, to_time
from enplace.stores.sqlite import commit, lessons, memories
from enplace.stores.sqlite.file import BrainFile, Row
from enplace.stores.sqlite.recall import Hopper

PAGE = 500
"""Records read in one hop, so that an export holds up nobody for long."""


# Out


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extent:
    """What was there when the export began. Beyond these numbers nothing is read."""

    head: str
    digests: tuple[str, ...]
    events: int
    writes: int
    memories: int
    changes: int
    undone: frozenset[int]
    rest: tuple[Record, ...]
    """Soul, notes, what is due, batches and cursors: small, and rewritten by others, so read at
    once."""


async def lines_of(brain: Hopper) -> AsyncGenerator[str, None]:
    """See `ports.Portable`."""
    extent = await brain.writing(_extent)  # a transaction: nobody writes between its queries
    yield extent.head
    for start in range(0, len(extent.digests), PAGE):
        wanted = extent.digests[start : start + PAGE]
        for line in await brain.reading(lambda file, some=wanted: _texts(file, some)):
            yield line

    def write(row: Row) -> Record:
        return replace(memories.write_of(row), undone=row[0] in extent.undone)

    pages: tuple[tuple[str, int, Callable[[Row], Record]], ...] = (
        ("page_of_events", extent.events, event_of),
        ("page_of_writes", extent.writes, write),
        ("page_of_memories", extent.memories, lambda row: decode_memory(row[1], row[2])),
        ("page_of_changes", extent.changes, lambda row: memories.change_of(row[1:])),
    )
    for query, last, record_of in pages:
        after = 0
        while after < last:
            asked = {"after": after, "last": last, "limit": PAGE}
            rows = await brain.reading(lambda file, q=query, a=asked: file.rows(q, a))
            for row in rows:
                yield line_of(record_of(row))
            after = rows[-1][0] if rows else last
    for record in extent.rest:
        yield line_of(record)


def _extent(file: BrainFile) -> _Extent:
    row = file.row("last_numbers")
    assert row is not None  # aggregates give one row
    events, last_event, writes, last_write, last_row, changes, last_change = row
    digests = tuple(found[0] for found in file.rows("digests"))
    soul, notes, due = list(_soul(file)), list(all_notes(file)), list(_due(file))
    batches, cursors = list(_batches(file)), list(_cursors(file))
    counts = {
        "text": len(digests),
        "event": events,
        "write": writes,
        **dict(file.rows("counts_of_memories")),
        "change": changes,
        "soul": len(soul),
        "note": len(notes),
        "due": len(due),
        "batch": len(batches),
        "cursor": len(cursors),
    }
    return _Extent(
        head=header(counts),
        digests=digests,
        events=last_event,
        writes=last_write,
        memories=last_row,
        changes=last_change,
        undone=frozenset(_undone(file)),
        rest=(*soul, *notes, *due, *batches, *cursors),
    )


def _undone(file: BrainFile) -> Iterator[int]:
    for row in file.rows("undos"):
        operation = decode_operation(row[0])
        if isinstance(operation, Undo):
            yield operation.write


def _texts(file: BrainFile, digests: Collection[str]) -> list[str]:
    found = dict(file.rows("texts", {"digests": json.dumps(digests)}))
    return [line_of(str(found[digest_])) for digest_ in digests]


def event_of(row: Row) -> Event:
    """The event of a row, in its place."""
    position, task_id, ordinal, parent, turn_id, at, body = row
    place = Place(
        task_id=task_id,
        turn_id=turn_id,
        ordinal=ordinal,
        parent=parent,
        position=position,
        at=to_time(str(at)),
    )
    return decode_event(body, place)


def _soul(file: BrainFile) -> Iterator[SoulLine]:
    return map(memories.soul_line_of, file.rows("soul_history"))


def all_notes(file: BrainFile) -> Iterator[Note]:
    """All notes, expired ones among them."""
    for task, key, value, kind, priority, written, expires in file.rows("all_notes"):
        yield Note(
            task_id=task,
            key=key,
            value=value,
            note_kind=kind,
            priority=priority,
            written_at=to_time(str(written)),
            expires_at=to_time(str(expires)) if expires else None,
        )


def _due(file: BrainFile) -> Iterator[DueLine]:
    for task_id, ordinal, reason in file.rows("all_due"):
        yield DueLine(task_id=task_id, ordinal=ordinal, reason=reason)


def _batches(file: BrainFile) -> Iterator[Batch]:
    for *row, after, upto in file.rows("all_batches"):
        yield replace(lessons.batch_of(tuple(row)), after=after, upto=upto)


def _cursors(file: BrainFile) -> Iterator[CursorLine]:
    for task_id, ordinal in file.rows("all_cursors"):
        yield CursorLine(task_id=task_id, ordinal=ordinal)


# In


async def take_in(brain: Hopper, lines: Iterable[str]) -> Imported:
    """See `ports.Portable`."""
    parcel = await asyncio.to_thread(read_parcel, lines)

    def write(file: BrainFile) -> Imported:
        fresh = merge(parcel, _known(file, parcel))
        _write(file, fresh)
        return fresh.told(parcel)

    return await brain.writing(write)


def _known(file: BrainFile, parcel: Parcel) -> Known:
    """What the brain has of that which a parcel speaks of."""

    def rows(query: str, name: str, values: Iterable[object]) -> list[Row]:
        asked = json.dumps(list(values), ensure_ascii=False)
        return file.rows(query, {name: asked})

    events: dict[str, list[Event]] = {}
    for row in rows("events_of_tasks", "tasks", parcel.events):
        events.setdefault(row[1], []).append(event_of(row))
    changes: dict[str, list[Change]] = {}
    for row in rows("changes_of", "ids", parcel.memories):
        changes.setdefault(row[0], []).append(memories.change_of(row))
    soul: dict[tuple[str, str], list[SoulLine]] = {}
    for line in _soul(file):
        soul.setdefault((line.section, line.key), []).append(line)
    moments = sorted({to_text(write.at) for write in parcel.writes.values()})
    keys = [write.key for write in parcel.writes.values() if write.key]
    recorded = [decode_memory(*row) for row in rows("recorded", "ids", parcel.memories)]
    digests = rows("known_texts", "digests", map(digest, parcel.texts))
    return Known(
        texts=frozenset(row[0] for row in digests),
        events=events,
        writes=[memories.write_of(row) for row in rows("writes_of_moments", "moments", moments)],
        last_write=(file.row("last_write") or (0,))[0],
        keys=frozenset(row[0] for row in rows("known_keys", "keys", keys)),
        memories={memory.id: memory for memory in recorded},
        erased=frozenset(row[0] for row in file.rows("erased_ids")),
        changes=changes,
        soul=soul,
        notes={(note.task_id, note.key): note for note in all_notes(file)},
        due={due.task_id: due.ordinal for due in _due(file)},
        batches={batch.id: batch for batch in _batches(file)},
        cursors={cursor.task_id: cursor.ordinal for cursor in _cursors(file)},
    )


def _write(file: BrainFile, fresh: Fresh) -> None:
    """Write what is new; events and changes in the order of time, as they were written first."""
    for text in fresh.texts:
        file.run("add_text", {"digest": digest(text), "text": text})
    for write in fresh.writes:
        _put_write(file, write)
    unknown = _fence(file, {event.place.task_id for event in fresh.events if event.place})
    new = {memory.id: memory for memory in fresh.memories}
    steps = heapq.merge(fresh.events, fresh.changes, key=_moment)
    for step in steps:
        if not isinstance(step, Change):
            commit.append_placed(file, step)
            continue
        memory = new.pop(step.target, None)
        if memory is None:
            memories.alter(file, step, _moment(step), step.write)
        else:
            memories.add(file, memory, step, _moment(step), step.write)
    for task_id in unknown:  # a branch that was left brought notes back that expired since
        file.run("drop_notes", {"task_id": task_id})
    for line in fresh.soul:
        commit.add_soul_line(file, line)
    for note in fresh.notes:
        commit.set_note(file, note)
    for due in fresh.due:
        file.run("put_due", asdict(due))
    for batch in fresh.batches:
        file.run("put_batch", lessons.columns_of(batch))
    for cursor in fresh.cursors:
        file.run("put_cursor", asdict(cursor))


def _put_write(file: BrainFile, write: Write) -> None:
    file.run(
        "put_write",
        {
            "write_id": write.id,
            "at": to_text(write.at),
            "key": write.key,
            "request": write.request,
            "operation": encode_operation(write.operation),
            "outcome": write.outcome,
            "target": write.target,
            "batch": write.batch,
            "undone": write.undone,
        },
    )
    if isinstance(write.operation, Undo):
        file.run("mark_undone", {"write_id": write.operation.write})


def _fence(file: BrainFile, tasks: Iterable[str]) -> list[str]:
    """Stop turns that are running in tasks that went on elsewhere; the tasks that are new here."""
    unknown: list[str] = []
    for task_id in sorted(tasks):
        if file.row("task", {"task_id": task_id}) is None:
            unknown.append(task_id)
        else:
            file.rows("raise_fence", {"task_id": task_id})
    return unknown


def _moment(step: Event | Change) -> datetime:
    at = step.at if isinstance(step, Change) else step.place.at if step.place else None
    assert at is not None  # checked when it was read
    return at
