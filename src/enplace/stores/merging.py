"""What a parcel from another brain adds to a brain, and what it does not. Pure."""

from collections import Counter
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from enplace.errors import BadInput
from enplace.records.canonical import digest
from enplace.records.erasure import MARK
from enplace.records.event import Event, NoteWritten
from enplace.records.exchange import Imported
from enplace.records.laid import digests_of
from enplace.records.learning import Batch
from enplace.records.memory import Change, Document, Memory, Note, SoulLine
from enplace.records.standing import kind_of
from enplace.records.write import Erase, Operation, Undo, Write
from enplace.stores.exchange import (
    KINDS,
    CursorLine,
    DueLine,
    Parcel,
    Record,
    kind_of_record,
)

Thing = TypeVar("Thing", Change, Event, SoulLine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a brain has of that which a parcel speaks of."""

    texts: frozenset[str] = frozenset()
    """Digests."""
    events: Mapping[str, Sequence[Event]] = field(default_factory=dict[str, Sequence[Event]])
    """By task."""
    writes: Sequence[Write] = ()
    """Those made at the same moments as the parcel's."""
    last_write: int = 0
    keys: frozenset[str] = frozenset()
    """Idempotency keys that are taken."""
    memories: Mapping[str, Memory] = field(default_factory=dict[str, Memory])
    """As they were recorded."""
    erased: frozenset[str] = frozenset()
    """Ids of memories that were erased: they do not come back."""
    changes: Mapping[str, Sequence[Change]] = field(default_factory=dict[str, Sequence[Change]])
    """By memory, oldest first."""
    soul: Mapping[tuple[str, str], Sequence[SoulLine]] = field(
        default_factory=dict[tuple[str, str], Sequence[SoulLine]]
    )
    notes: Mapping[tuple[str, str], Note] = field(default_factory=dict[tuple[str, str], Note])
    due: Mapping[str, int] = field(default_factory=dict[str, int])
    """By task the last ordinal that waits."""
    batches: Mapping[str, Batch] = field(default_factory=dict[str, Batch])
    """Of any task, with ordinals for positions."""
    cursors: Mapping[str, int] = field(default_factory=dict[str, int])
    """By task the last ordinal that was learned from."""


@dataclass(slots=True, kw_only=True)
class Fresh:
    """What is new, in the order to be written."""

    texts: list[str] = field(default_factory=list[str])
    events: list[Event] = field(default_factory=list[Event])
    writes: list[Write] = field(default_factory=list[Write])
    """Under the numbers that they have here."""
    memories: list[Memory] = field(default_factory=list[Memory])
    changes: list[Change] = field(default_factory=list[Change])
    soul: list[SoulLine] = field(default_factory=list[SoulLine])
    notes: list[Note] = field(default_factory=list[Note])
    due: list[DueLine] = field(default_factory=list[DueLine])
    batches: list[Batch] = field(default_factory=list[Batch])
    """New ones, and those that were rolled back since."""
    cursors: list[CursorLine] = field(default_factory=list[CursorLine])
    diverged: list[str] = field(default_factory=list[str])
    keys: list[str] = field(default_factory=list[str])

    def told(self, parcel: Parcel) -> Imported:
        """What the import of a parcel did."""
        added = _counted(
            self.texts,
            self.events,
            self.writes,
            self.memories,
            self.changes,
            self.soul,
            self.notes,
            self.due,
            self.batches,
            self.cursors,
        )
        there = _counted(
            parcel.texts,
            *parcel.events.values(),
            parcel.writes.values(),
            parcel.memories.values(),
            parcel.changes,
            *parcel.soul.values(),
            parcel.notes.values(),
            parcel.due.values(),
            parcel.batches.values(),
            parcel.cursors.values(),
        )
        return Imported(
            added={kind: added[kind] for kind in KINDS if added[kind]},
            skipped={kind: n for kind in KINDS if (n := there[kind] - added[kind])},
            diverged=tuple(self.diverged),
            keys=tuple(self.keys),
        )


def merge(parcel: Parcel, known: Known) -> Fresh:
    """What of a parcel is new.

    What grows only at its end, such as a task or the changes of a memory, is taken further where
    ours is the beginning of theirs; where the two went on in different ways, ours stands.

    Raises:
        BadInput: An id names another memory here.
    """
    parcel = _without(parcel, known.erased)
    fresh = Fresh(texts=[text for text in parcel.texts if digest(text) not in known.texts])
    for task_id, theirs in parcel.events.items():
        fresh.events += _further(known.events.get(task_id, ()), theirs, f"task:{task_id}", fresh)
    fresh.events.sort(key=_position)
    fresh.texts = list(_needed(parcel, fresh))
    numbers = _writes(parcel, known, fresh)
    for memory in parcel.memories.values():
        ours = known.memories.get(memory.id)
        if ours is None:
            fresh.memories.append(memory)
        elif ours != memory and _was_erased_in(ours, memory):
            fresh.diverged.append(f"memory:{memory.id}")
        elif ours != memory:
            raise BadInput(f"{memory.id} is another {kind_of(ours)} here", id=memory.id)
    _changes(parcel, known, fresh, numbers)
    for (section, key), theirs in parcel.soul.items():
        ours = known.soul.get((section, key), ())
        fresh.soul += _further(ours, theirs, f"soul:{section}:{key}", fresh)
    _notes(parcel, known, fresh)
    apart = {name.removeprefix("task:") for name in fresh.diverged if name.startswith("task:")}
    fresh.due = [
        due
        for task_id, due in parcel.due.items()
        if due.ordinal > known.due.get(task_id, 0) and task_id not in apart
    ]
    _lessons(parcel, known, fresh, apart)
    return fresh


def _needed(parcel: Parcel, fresh: Fresh) -> Iterator[str]:
    """The new texts but for those of events that stay as they are here: one may be erased."""
    there = {name for events in parcel.events.values() for e in events for name in digests_of(e)}
    needed = {name for event in fresh.events for name in digests_of(event)}
    for text in fresh.texts:
        name = digest(text)
        if name in needed or name not in there:
            yield text


def _without(parcel: Parcel, erased: frozenset[str]) -> Parcel:
    """What a parcel holds but for memories that were erased here, and what was done to them."""
    if not erased & parcel.memories.keys():
        return parcel
    return replace(
        parcel,
        writes={id_: _bared(write, erased) for id_, write in parcel.writes.items()},
        memories={id_: m for id_, m in parcel.memories.items() if id_ not in erased},
        changes=[change for change in parcel.changes if change.target not in erased],
    )


def _bared(write: Write, erased: frozenset[str]) -> Write:
    if write.target not in erased or isinstance(write.operation, Undo | Erase):
        return write
    return replace(write, operation=Erase(target=write.target), outcome="erased", request="")


def _was_erased_in(ours: Memory, theirs: Memory) -> bool:
    """Whether ours is theirs, with something in it erased."""
    if kind_of(ours) != kind_of(theirs) or ours.recorded_at != theirs.recorded_at:
        return False
    return MARK in repr(ours) or _bare(ours) == _bare(theirs)


def _bare(memory: Memory) -> Memory:
    return memory if isinstance(memory, Document) else replace(memory, evidence=())


def _further(
    ours: Sequence[Thing], theirs: Sequence[Thing], name: str, fresh: Fresh
) -> Sequence[Thing]:
    """What theirs has beyond ours."""
    for our, their in zip(ours, theirs, strict=False):
        if _without_numbers(our) != _without_numbers(their):
            fresh.diverged.append(name)
            return ()
    return theirs[len(ours) :]


def _without_numbers(thing: Change | Event | SoulLine) -> object:
    """A record but for the numbers that are a brain's own."""
    if isinstance(thing, Change):
        return replace(thing, write=0)
    if isinstance(thing, SoulLine) or thing.place is None:
        return thing
    return replace(thing, place=replace(thing.place, position=0))


def _writes(parcel: Parcel, known: Known, fresh: Fresh) -> dict[int, int]:
    """The number that each write of the parcel has here.

    New ones keep theirs where all of them come after ours, else they are counted on from ours:
    their order among each other says what was believed when.
    """
    ours = {_mark(write, write.operation): write.id for write in known.writes}
    numbers, new = {0: 0}, list[Write]()
    for write in parcel.writes.values():
        operation = write.operation
        if isinstance(operation, Undo):
            operation = Undo(write=numbers.get(operation.write, -1))
        there = ours.get(_mark(write, operation))
        if there is None:
            new.append(write)
        else:
            numbers[write.id] = there
    shift = bool(new) and new[0].id <= known.last_write
    for count, write in enumerate(new, start=1):
        numbers[write.id] = known.last_write + count if shift else write.id
        operation = write.operation
        if isinstance(operation, Undo):
            operation = Undo(write=numbers[operation.write])
        taken = write.key in known.keys
        if taken and write.key is not None:
            fresh.keys.append(write.key)
        fresh.writes.append(
            replace(
                write,
                id=numbers[write.id],
                operation=operation,
                key=None if taken else write.key,
                request="" if taken else write.request,
            )
        )
    return numbers


def _mark(write: Write, operation: Operation) -> Hashable:
    """What two brains agree on of the same write. One that was erased did nothing else then."""
    if isinstance(operation, Erase):
        return (write.at, write.target, "erased")
    return (write.at, write.target, write.outcome, operation)


def _changes(parcel: Parcel, known: Known, fresh: Fresh, numbers: Mapping[int, int]) -> None:
    theirs: dict[str, list[Change]] = {}
    for change in parcel.changes:
        theirs.setdefault(change.target, []).append(change)
    new: set[int] = set()
    for id_, made in theirs.items():
        new.update(map(id, _further(known.changes.get(id_, ()), made, id_, fresh)))
    for change in parcel.changes:
        if id(change) in new:
            fresh.changes.append(replace(change, write=numbers[change.write]))


def _notes(parcel: Parcel, known: Known, fresh: Fresh) -> None:
    """A note is new where the event that wrote it is.

    Where that event is here already, the note was here, and whatever became of it since stands: it
    may have been written anew, or expired and been swept.
    """
    new = set(_written(fresh.events))
    there = {
        (note.task_id, note.key) for events in parcel.events.values() for note in _written(events)
    }
    for place, note in parcel.notes.items():
        ours = known.notes.get(place)
        if ours == note:
            continue
        if note in new or (ours is None and place not in there):
            fresh.notes.append(note)
        elif place not in there:
            fresh.diverged.append(f"note:{note.task_id}:{note.key}")


def _written(events: Iterable[Event]) -> Iterator[Note]:
    return (event.note for event in events if isinstance(event, NoteWritten))


def _lessons(parcel: Parcel, known: Known, fresh: Fresh, apart: Container[str]) -> None:
    """Batches that are new here, and the cursors of tasks that were learned from further there.

    A cursor goes back when a batch is taken back, so that the larger one need not be the later.
    Whoever has a batch that the other has not, or took one back, is ahead.
    """
    ahead_here = {b.task_id for id_, b in known.batches.items() if id_ not in parcel.batches}
    ahead_there: set[str] = set()
    for batch in parcel.batches.values():
        ours = known.batches.get(batch.id)
        if batch.task_id in apart or ours == batch:
            continue
        if ours is not None and replace(ours, state=batch.state) != batch:
            fresh.diverged.append(f"batch:{batch.id}")
        elif ours is not None and ours.state == "rolled_back":
            ahead_here.add(batch.task_id)
        else:
            fresh.batches.append(batch)
            ahead_there.add(batch.task_id)
    for task_id, cursor in parcel.cursors.items():
        ours = known.cursors.get(task_id)
        if task_id in apart or cursor.ordinal == ours:
            continue
        is_further = ours is None or (task_id in ahead_there and cursor.ordinal > ours)
        if is_further or task_id in ahead_there - ahead_here:
            fresh.cursors.append(cursor)


def _position(event: Event) -> int:
    assert event.place is not None  # checked when it was read
    return event.place.position


def _counted(*records: Iterable[Record]) -> Counter[str]:
    return Counter(kind_of_record(record) for part in records for record in part)
