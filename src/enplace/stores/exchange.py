"""A brain as lines of JSON, and back: the same text for every store.

The first line is a header that counts the records of each kind. Every other line is one record,
`{"kind": ..., "record": ...}`, in the order of `KINDS`, memories of all kinds as they were
recorded. What can be made anew is left out: vectors, the index, and how a memory stands, which its
changes say. Events are named by their ordinals, since positions are a brain's own: in a file a
batch's `after` and `upto` are ordinals of its task. Lines end with a line feed; no other character
ends one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from enplace.errors import BadInput, BrainDamaged, StoreError
from enplace.records.event import Event
from enplace.records.learning import Batch
from enplace.records.memory import (
    Change,
    Document,
    Episode,
    Fact,
    Memory,
    Note,
    Person,
    SoulLine,
)
from enplace.records.standing import kind_of
from enplace.records.write import Erase, Remember, Undo, Write
from enplace.stores.codec import decode_event, encode_event

FORMAT = "enplace-memory/1"
KINDS = (
    "text",
    "event",
    "write",
    "fact",
    "episode",
    "person",
    "document",
    "change",
    "soul",
    "note",
    "due",
    "batch",
    "cursor",
)
MOST_NAME_CHARACTERS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLine:
    """What waits to be learned from: a task's events up to and including `ordinal`."""

    task_id: str
    ordinal: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorLine:
    """How far a task was learned from: its events up to and including `ordinal`."""

    task_id: str
    ordinal: int


Record = str | Event | Write | Memory | Change | SoulLine | Note | DueLine | Batch | CursorLine


@dataclass(slots=True, kw_only=True)
class Parcel:
    """Everything that a file holds, checked: each part in the order of the file."""

    texts: list[str] = field(default_factory=list[str])
    events: dict[str, list[Event]] = field(default_factory=dict[str, list[Event]])
    """By task, each in its place; `position` counts the events of the file."""
    writes: dict[int, Write] = field(default_factory=dict[int, Write])
    memories: dict[str, Memory] = field(default_factory=dict[str, Memory])
    changes: list[Change] = field(default_factory=list[Change])
    """Of each memory one at least; those of one memory oldest first."""
    soul: dict[tuple[str, str], list[SoulLine]] = field(
        default_factory=dict[tuple[str, str], list[SoulLine]]
    )
    notes: dict[tuple[str, str], Note] = field(default_factory=dict[tuple[str, str], Note])
    due: dict[str, DueLine] = field(default_factory=dict[str, DueLine])
    batches: dict[str, Batch] = field(default_factory=dict[str, Batch])
    cursors: dict[str, CursorLine] = field(default_factory=dict[str, CursorLine])


# Writing


def header(counts: Mapping[str, int]) -> str:
    """The first line."""
    told = {kind: counts[kind] for kind in KINDS if counts.get(kind)}
    return to_json({"format": FORMAT, "counts": told}).decode()


def line_of(record: Record) -> str:
    """The line of a record: the same record is always the same text.

    Raises:
        StoreError: It holds what JSON cannot.
    """
    kind = kind_of_record(record)
    if kind == "event":
        event = cast(Event, record)
        assert event.place is not None  # what is stored has one
        text = encode_event(replace(event, place=replace(event.place, position=0)))
        return f'{{"kind":"event","record":{text}}}'
    try:
        text = to_json(record, inf_nan_mode="strings").decode()
    except PydanticSerializationError as error:
        raise StoreError(f"a {kind} cannot be written: {error}") from error
    return f'{{"kind":"{kind}","record":{text}}}'


def kind_of_record(record: Record) -> str:
    """The kind of a record, as lines name it."""
    match record:
        case str():
            return "text"
        case Fact() | Episode() | Person() | Document():
            return kind_of(record)
        case Write():
            return "write"
        case Change():
            return "change"
        case SoulLine():
            return "soul"
        case Note():
            return "note"
        case DueLine():
            return "due"
        case Batch():
            return "batch"
        case CursorLine():
            return "cursor"
        case _:
            return "event"


# Reading


def read_parcel(lines: Iterable[str]) -> Parcel:
    """Read a file and check all of it.

    Raises:
        BadInput: It is none of ours, or damaged; the error names the line, counted from 1.
    """
    parcel, counts, counted = Parcel(), dict[str, int](), Counter[str]()
    number = 0
    for number, line in enumerate(lines, start=1):
        try:
            if number == 1:
                counts = _header(line)
                continue
            kind, record = _record(line)
            _check_values(record)
            counted[kind] += 1
            _put(parcel, record, counted["event"])
        except _Wrong as error:
            raise BadInput(f"line {number}: {error}", line=number) from error
    if number == 0:
        raise BadInput("line 1: there is no header", line=1)
    for kind in (*counts, *counted):
        if counted[kind] != counts.get(kind, 0):
            raise BadInput(
                f"line {number}: the header counts {counts.get(kind, 0)} records of the kind"
                f" {kind}, and there are {counted[kind]}",
                line=number,
            )
    wrong = _incomplete(parcel)
    if wrong:
        raise BadInput(f"line {number}: {wrong}", line=number)
    return parcel


def _incomplete(parcel: Parcel) -> str:
    """What is missing in a file that was read to its end; empty where nothing is."""
    changed = {change.target for change in parcel.changes}
    bare = next((id_ for id_ in parcel.memories if id_ not in changed), None)
    if bare is not None:
        return f"no change says how {bare} stands"
    writes = parcel.writes.values()
    undone = {w.operation.write for w in writes if isinstance(w.operation, Undo)}
    wrong = next((write.id for write in writes if write.undone != (write.id in undone)), None)
    if wrong is not None:
        return f"write {wrong} and the writes that undo others do not agree"
    lost = next(
        (w.id for w in writes if _needs_target(w) and w.target not in parcel.memories), None
    )
    return "" if lost is None else f"the memory that write {lost} is about is missing"


def _needs_target(write: Write) -> bool:
    """Whether the memory that a write is about must be there: not where it was erased."""
    return not isinstance(write.operation, Erase | Undo)


class _Wrong(Exception):
    """What is wrong with a line."""


def _header(line: str) -> dict[str, int]:
    value = _json(line)
    found = value.get("format")
    if found != FORMAT:
        raise _Wrong(f"the format is {found!r}, and this release reads {FORMAT!r}")
    counts = value.get("counts")
    if not isinstance(counts, dict):
        raise _Wrong("the header has no counts")
    read = cast(dict[str, object], counts)
    if any(kind not in KINDS for kind in read):
        raise _Wrong("the header counts a kind that this release does not know")
    if any(not isinstance(count, int) or isinstance(count, bool) for count in read.values()):
        raise _Wrong("a count is no number")
    return cast(dict[str, int], read)


def _record(line: str) -> tuple[str, Record]:
    value = _json(line)
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _Wrong(f"{kind!r} is no kind of record")
    if set(value) != {"kind", "record"}:
        raise _Wrong("a line has a kind and a record, and nothing else")
    try:
        if kind == "event":
            return kind, decode_event(to_json(value["record"]))
        return kind, _adapters()[kind].validate_python(value["record"])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _Wrong(f"{where or kind}: {first['msg']}") from error
    except (BrainDamaged, PydanticSerializationError) as error:
        raise _Wrong(str(error)) from error


def _json(line: str) -> dict[str, Any]:
    try:
        value: object = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        raise _Wrong(f"no JSON: {error}") from error
    if not isinstance(value, dict):
        raise _Wrong("a line is a JSON object")
    return cast(dict[str, Any], value)


@cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    kinds: dict[str, Any] = {
        "text": str,
        "write": Write,
        "fact": Fact,
        "episode": Episode,
        "person": Person,
        "document": Document,
        "change": Change,
        "soul": SoulLine,
        "note": Note,
        "due": DueLine,
        "batch": Batch,
        "cursor": CursorLine,
    }
    return {kind: TypeAdapter(type_) for kind, type_ in kinds.items()}


def _check_values(record: Record) -> None:
    """Values that no caller could have written, and that stores could not carry."""
    if any(moment.tzinfo is None for moment in _moments(record)):
        raise _Wrong("a time does not say in which time zone it is")
    for fact in _facts(record):
        if not 0 <= fact.confidence <= 1 or not fact.half_life_s > 0:
            raise _Wrong("a confidence is 0 to 1, and a half-life is positive")
    if isinstance(record, Change) and not 0 <= record.confidence <= 1:
        raise _Wrong("a confidence is 0 to 1")
    for name in _names(record):
        if not 0 < len(name) <= MOST_NAME_CHARACTERS or not name.isprintable():
            raise _Wrong(f"a name has 1 to {MOST_NAME_CHARACTERS} printable characters")


def _facts(record: Record) -> Iterator[Fact]:
    if isinstance(record, Fact):
        yield record
    elif isinstance(record, Write) and isinstance(record.operation, Remember):
        yield record.operation.fact


def _names(record: Record) -> Iterator[str]:
    match record:
        case Fact() | Episode() | Person() | Document():
            yield record.id
        case Note():
            yield from (record.task_id, record.key)
        case SoulLine():
            yield record.key
        case Write() if record.key is not None:
            yield record.key
        case Batch():
            yield record.id
        case str() | Write() | Change() | DueLine() | CursorLine():
            pass
        case _ if record.place is not None:
            yield record.place.task_id
        case _:
            pass


def _moments(value: object) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, tuple):
        for inner in cast(tuple[object, ...], value):
            yield from _moments(inner)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _moments(getattr(value, each.name))


def _put(parcel: Parcel, record: Record, position: int) -> None:
    """Put a record into the parcel, where what it refers to must be already."""
    match record:
        case str():
            parcel.texts.append(record)
        case Fact() | Episode() | Person() | Document():
            _require(record.id not in parcel.memories, f"{record.id} is there twice")
            parcel.memories[record.id] = record
        case Write():
            _put_write(parcel, record)
        case Change():
            _put_change(parcel, record)
        case SoulLine():
            lines = parcel.soul.setdefault((record.section, record.key), [])
            before = lines[-1].version if lines else 0
            _require(record.version == before + 1, f"version {before + 1} of {record.key} is due")
            lines.append(record)
        case Note():
            place = (record.task_id, record.key)
            _require(place not in parcel.notes, f"the note {record.key!r} is there twice")
            parcel.notes[place] = record
        case DueLine():
            _require_event(parcel, record.task_id, record.ordinal)
            _require(record.task_id not in parcel.due, "the task is there twice")
            parcel.due[record.task_id] = record
        case Batch():
            _require_event(parcel, record.task_id, record.after, or_none=True)
            _require_event(parcel, record.task_id, record.upto, or_none=True)
            _require(record.id not in parcel.batches, f"{record.id} is there twice")
            parcel.batches[record.id] = record
        case CursorLine():
            _require_event(parcel, record.task_id, record.ordinal, or_none=True)
            _require(record.task_id not in parcel.cursors, "the task is there twice")
            parcel.cursors[record.task_id] = record
        case _:
            _put_event(parcel, record, position)


def _require_event(parcel: Parcel, task_id: str, ordinal: int, *, or_none: bool = False) -> None:
    """Require an event of a task; with `or_none` 0 stands for the time before the first."""
    last = len(parcel.events.get(task_id, ()))  # their ordinals have no gaps
    there = (0 if or_none else 1) <= ordinal <= last
    _require(there, f"task {task_id!r} has no event {ordinal}")


def _put_event(parcel: Parcel, event: Event, position: int) -> None:
    place = event.place
    if place is None:
        raise _Wrong("an event has a place")
    events = parcel.events.setdefault(place.task_id, [])
    last = events[-1].place.ordinal if events and events[-1].place else 0
    _require(place.ordinal == last + 1 and place.part == 0, f"event {last + 1} of the task is due")
    _require(place.parent is None or 0 < place.parent <= last, "its parent comes before an event")
    events.append(replace(event, place=replace(place, position=position)))


def _put_write(parcel: Parcel, write: Write) -> None:
    last = next(reversed(parcel.writes), 0)
    _require(write.id > last, f"write {write.id} comes after write {last}")
    if isinstance(write.operation, Undo):
        undone = write.operation.write
        _require(undone in parcel.writes, f"there is no write {undone} to undo")
    parcel.writes[write.id] = write


def _put_change(parcel: Parcel, change: Change) -> None:
    _require(change.target in parcel.memories, f"there is no memory {change.target!r}")
    _require(change.at is not None, "a change has a time")
    known = change.write == 0 or change.write in parcel.writes
    _require(known, f"there is no write {change.write}")
    parcel.changes.append(change)


def _require(holds: bool, why_not: str) -> None:
    if not holds:
        raise _Wrong(why_not)
