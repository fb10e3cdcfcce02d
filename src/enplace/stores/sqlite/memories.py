"""Memories, their changes and the writes that made them. Runs on the brain's thread."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from enplace.errors import StaleMemory, StoreError
from enplace.records.changeset import Changeset
from enplace.records.memory import Change, Document, Fact, Memory, Person, SoulLine, Span
from enplace.records.standing import kind_of, moment_of, standing_of, stood
from enplace.records.words import fold
from enplace.records.write import Surroundings, Undo, Woven, Write
from enplace.stores.codec import (
    decode_memory,
    decode_operation,
    encode_memory,
    encode_operation,
)
from enplace.stores.entries import entries_of
from enplace.stores.moments import to_text, to_time
from enplace.stores.sqlite import index
from enplace.stores.sqlite.file import BrainFile, Row


def write_memories(file: BrainFile, change: Changeset) -> int:
    """Write what a changeset says of memories; the id of its write, 0 without one.

    Raises:
        StaleMemory: Something was written since the revision that the changeset builds on.
        StoreError: A change of a memory that is not there.
    """
    if change.revision is not None and change.revision != revision(file):
        raise StaleMemory
    write_id = _add_write(file, change.at, change.write) if change.write is not None else 0
    for memory in change.memories:
        add(file, memory, standing_of(memory), change.at, write_id)
    for made in change.changes:
        alter(file, made, change.at, write_id)
    return write_id


def revision(file: BrainFile) -> int:
    """Grows with every change of any memory."""
    row = file.row("revision")
    return int(row[0]) if row else 0


def names_beside(file: BrainFile, name: str) -> list[str]:
    """All folded names of whoever goes by this one; itself, where nobody does."""
    folded = fold(name)
    return [row[0] for row in file.rows("names_beside", {"name": folded})] or [folded]


def surroundings(
    file: BrainFile, fact: Fact, ids: Collection[str], key: str | None, *, holds_one: bool
) -> Surroundings:
    """What a fact must be weighed against: its own place, and what stands for those it names."""
    earlier = file.row("write_of_key", {"key": key}) if key is not None else None
    known = _facts_by_id(file, ids)
    named = [other for other in known.values() if other.id != fact.id]
    start = to_text(min(other.start for other in (fact, *named)))
    place = _Place(
        names=_names_of(file, fact.subject),
        predicate=_folded(fact.predicate),
        object=_folded(fact.object),
        folded=fold(fact.sentence),
        holds_one=holds_one,
    )
    near = _near(file, place, start)
    for other in named:  # what carries one on says the same
        says = _Place(names=_names_of(file, other.subject), folded=fold(other.sentence))
        near += _near(file, says, start)
    known |= {memory.id: memory for memory in map(memory_of, near) if isinstance(memory, Fact)}
    roots = {other.continues for other in known.values()}
    before = {other.supersedes for other in named}
    known |= _facts_by_id(file, {id_ for id_ in roots | before if id_} - known.keys())
    return Surroundings(
        revision=revision(file),
        facts=tuple(sorted(known.values(), key=lambda other: (other.recorded_at, other.id))),
        names=frozenset(place.names),
        earlier=write_of(earlier) if earlier else None,
    )


def _facts_by_id(file: BrainFile, ids: Collection[str]) -> dict[str, Fact]:
    rows = (file.row("memory_by_id", {"id": id_}) for id_ in ids)
    found = [memory_of(row) for row in rows if row is not None]
    return {memory.id: memory for memory in found if isinstance(memory, Fact)}


class _Place(NamedTuple):
    """What makes facts near to each other."""

    names: Sequence[str]
    """Of the subject; none where there is no subject."""
    folded: str
    predicate: str | None = None
    object: str | None = None
    holds_one: bool = False
    """Of the predicate: whether those with another object are near as well."""


def _names_of(file: BrainFile, subject: str | None) -> Sequence[str]:
    return () if subject is None else names_beside(file, subject)


def _near(file: BrainFile, place: _Place, start: str = "") -> list[Row]:
    """Rows of the facts near to a place; with `start` those that count then or later."""
    asked = {**place._asdict(), "names": ids_json(place.names), "start": start}
    return file.rows("facts_near", asked)


def memory_of(row: Row) -> Memory:
    """The memory of a row, as it stands."""
    (id_, kind, body, state, start, end, confidence, confirmed, trust, aliases, merged,
     version) = row  # fmt: skip
    standing = Change(
        target=id_,
        action="restated",
        state=state,
        valid_from=_time(start),
        valid_until=_time(end),
        confidence=confidence,
        confirmed_at=_time(confirmed),
        trust=trust,
        aliases=_aliases(aliases),
        merged_into=merged,
    )
    return stood(decode_memory(kind, body), standing, version)


def change_of(row: Row) -> Change:
    """The change of a row."""
    (target, action, state, start, end, confidence, confirmed, trust, aliases, merged, by, reason,
     at, write) = row  # fmt: skip
    return Change(
        target=target,
        action=action,
        state=state,
        valid_from=_time(start),
        valid_until=_time(end),
        confidence=confidence,
        confirmed_at=_time(confirmed),
        trust=trust,
        aliases=_aliases(aliases),
        merged_into=merged,
        by=by,
        reason=reason,
        at=to_time(str(at)),
        write=write,
    )


def write_of(row: Row) -> Write:
    """The write of a row."""
    write_id, at, operation, outcome, target, key, request, batch, undone = row
    return Write(
        id=write_id,
        at=to_time(str(at)),
        operation=decode_operation(operation),
        outcome=outcome,
        target=target,
        key=key,
        request=request,
        batch=batch,
        undone=bool(undone),
    )


def soul_line_of(row: Row) -> SoulLine:
    """The line of the soul of a row."""
    section, key, version, text, at, evidence, batch = row
    return SoulLine(
        section=section,
        key=key,
        version=version,
        text=text,
        recorded_at=to_time(str(at)),
        evidence=tuple(Span(**span) for span in json.loads(evidence)),
        batch=batch,
    )


def woven(
    file: BrainFile, write_id: int, subjects: Collection[str], holds_one: Callable[[str], bool]
) -> Woven:
    """Every write whose effect may depend on one, or on whose names belong together."""
    writes = {write_id} if write_id else set[int]()
    names = {other for name in subjects for other in names_beside(file, name)}
    targets = _column(file, "facts_about", names)
    mated: set[str] = set()
    while True:
        found = _column(file, "targets_of", writes) | targets
        fresh = found - mated
        mated |= fresh
        found |= _mates(file, fresh, holds_one)
        beside = writes | _column(file, "writes_on", found)
        if found == targets and beside == writes:
            break
        writes, targets = beside, found
    rows = file.rows("writes", {"ids": json.dumps(sorted(writes))})
    known = map(memory_of, file.rows("memories_by_id", {"ids": json.dumps(sorted(targets))}))
    return Woven(
        revision=revision(file),
        writes=tuple(write_of(row) for row in rows),
        facts=tuple(fact for fact in known if isinstance(fact, Fact)),
    )


def _mates(file: BrainFile, ids: Iterable[str], holds_one: Callable[[str], bool]) -> set[str]:
    """Ids of facts that fill the same places as these or say the same."""
    known: dict[str | None, Sequence[str]] = {}
    found: set[str] = set()
    asked = {"ids": ids_json(list(ids))}
    for subject, predicate, value, folded in file.rows("places_of", asked):
        if subject not in known:
            known[subject] = _names_of(file, subject)
        one = predicate is not None and holds_one(predicate)
        place = _Place(known[subject], folded, predicate, value, one)
        found.update(row[0] for row in _near(file, place))
    return found


def _column(file: BrainFile, query: str, ids: Iterable[Any]) -> set[Any]:
    asked = {"ids": json.dumps(list(ids), ensure_ascii=False)}
    return {row[0] for row in file.rows(query, asked)}


def _add_write(file: BrainFile, at: datetime, write: Write) -> int:
    if isinstance(write.operation, Undo):
        file.run("mark_undone", {"write_id": write.operation.write})
    return file.run(
        "add_write",
        {
            "at": to_text(at),
            "key": write.key,
            "request": write.request,
            "operation": encode_operation(write.operation),
            "outcome": write.outcome,
            "target": write.target,
            "batch": write.batch,
        },
    )


def add(file: BrainFile, memory: Memory, first: Change, at: datetime, write_id: int) -> None:
    """Add a memory with its first change."""
    file.run("add_memory", {**_recorded(memory), **_columns(first)})
    file.run("add_change", {**_columns(first), **_told(first, at, write_id)})
    stands = stood(memory, first, 1)
    if isinstance(stands, Person):
        _name(file, stands)
    _show(file, stands)


def rewrite(file: BrainFile, row: int, memory: Memory, stands: Change) -> Memory:
    """Put other words into a memory that is there; how it stands now."""
    aliases = {"aliases": _columns(stands)["aliases"], "merged_into": stands.merged_into}
    file.run("rewrite_memory", {"row": row, **_recorded(memory), **aliases})
    after = _stored(file, memory.id)
    if isinstance(after, Person):
        _name(file, after)
    return after


def _recorded(memory: Memory) -> dict[str, object]:
    """A memory as the columns that no change ever touches."""
    fact = memory if isinstance(memory, Fact) else None
    return {
        "id": memory.id,
        "kind": kind_of(memory),
        "recorded_at": to_text(memory.recorded_at),
        "folded": fold(_title(memory)),
        "subject": _folded(fact.subject) if fact else None,
        "predicate": _folded(fact.predicate) if fact else None,
        "object": _folded(fact.object) if fact else None,
        "supersedes": fact.supersedes if fact else None,
        "half_life_s": fact.half_life_s if fact else None,
        "body": encode_memory(memory),
    }


def alter(file: BrainFile, made: Change, at: datetime, write_id: int) -> None:
    """Give a memory that is there another standing."""
    before = _stored(file, made.target)
    file.run("change_memory", {**_columns(made), "target": made.target, "changed_by": made.by})
    file.run("add_change", {**_columns(made), **_told(made, at, write_id)})
    after = _stored(file, made.target)
    if isinstance(after, Person):
        _name(file, after)
    if _shown(before) != _shown(after):
        index.hide(file, before)
        _show(file, after)


def _stored(file: BrainFile, id_: str) -> Memory:
    row = file.row("memory_by_id", {"id": id_})
    if row is None:
        raise StoreError(f"there is no memory {id_!r} to change", id=id_)
    return memory_of(row)


def _show(file: BrainFile, memory: Memory) -> None:
    for entry in entries_of(memory, to_text(moment_of(memory))):
        place = memory.id if isinstance(memory, Document) else None
        index.add(file, entry, place)


def _shown(memory: Memory) -> list[object]:
    return list(entries_of(memory, to_text(moment_of(memory))))


def _name(file: BrainFile, person: Person) -> None:
    file.run("drop_names", {"person": person.id})
    if person.state != "active":
        return
    for name in person.names:
        file.run("add_name", {"name": fold(name), "person": person.id})


def _title(memory: Memory) -> str:
    match memory:
        case Fact():
            return memory.sentence
        case Person() | Document():
            return memory.name
        case _:
            return memory.key


def _columns(change: Change) -> dict[str, object]:
    """A standing as the columns that both tables share."""
    return {
        "state": change.state,
        "valid_from": to_text(change.valid_from),
        "valid_until": to_text(change.valid_until),
        "confidence": change.confidence,
        "confirmed_at": to_text(change.confirmed_at),
        "trust": change.trust,
        "aliases": json.dumps(change.aliases, ensure_ascii=False),
        "merged_into": change.merged_into,
    }


def _told(change: Change, at: datetime, write_id: int) -> dict[str, object]:
    return {
        "write_id": write_id,
        "target": change.target,
        "action": change.action,
        "at": to_text(at),
        "changed_by": change.by,
        "reason": change.reason,
    }


def _folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


def _time(text: str | None) -> datetime | None:
    return to_time(text) if text else None


def _aliases(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(json.loads(text))


def ids_json(ids: Sequence[str]) -> str:
    """Ids as a query takes them."""
    return json.dumps(list(ids), ensure_ascii=False)
