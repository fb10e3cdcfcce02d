"""Reads and writes memories of one brain in memory, as they stand and as they stood."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from enplace.errors import StaleMemory, StoreError
from enplace.records.changeset import Changeset
from enplace.records.memory import (
    Change,
    Document,
    Episode,
    Fact,
    Memory,
    MemoryState,
    Person,
    SoulLine,
)
from enplace.records.people import keys_of, names_beside
from enplace.records.standing import as_stood, kind_of, standing_of, stood
from enplace.records.words import fold
from enplace.records.write import Surroundings, Undo, Woven, Write
from enplace.stores.inmemory.index import changed, show
from enplace.stores.inmemory.state import State

_HIDDEN: frozenset[MemoryState] = frozenset({"forgotten", "retired"})


class InMemoryMemory:
    """Implements `ports.MemoryStore`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def get(
        self, ids: Sequence[str], *, as_known: datetime | None = None
    ) -> Mapping[str, Memory]:
        """See `ports.MemoryStore`."""
        known = self._state.memories
        found = [known[id_] for id_ in dict.fromkeys(ids) if id_ in known]
        if as_known is not None:
            found = as_stood(found, self._state.changes, as_known)
        return {memory.id: memory for memory in found}

    def surroundings(self, fact: Fact, ids: Sequence[str], key: str | None) -> Surroundings:
        """What a fact must be weighed against: its own place, and that of those it names."""
        known = self._state.memories
        named = [known[id_] for id_ in ids if id_ in known]
        about = [fact, *(memory for memory in named if isinstance(memory, Fact))]
        near = self._near(about) | {fact.supersedes for fact in about if fact.supersedes}
        return Surroundings(
            revision=self._state.revision,
            facts=tuple(other for other in self._state.facts if other.id in near),
            names=frozenset(() if fact.subject is None else self._names(fact.subject)),
            earlier=self._write_of_key(key),
        )

    async def facts(
        self,
        at: datetime,
        *,
        as_known: datetime | None = None,
        subject: str | None = None,
        predicate: str | None = None,
        state: MemoryState = "active",
    ) -> Sequence[Fact]:
        """See `ports.MemoryStore`."""
        names = None if subject is None else self._names(subject, as_known)
        found: Sequence[Memory] = [
            fact
            for fact in self._state.facts
            if fact.state != "forgotten"
            and (names is None or _folded(fact.subject) in names)
            and (predicate is None or _same(fact.predicate, predicate))
        ]
        if as_known is not None:
            found = as_stood(found, self._state.changes, as_known)
        return [
            fact
            for fact in found
            if isinstance(fact, Fact) and fact.state == state and fact.covers(at)
        ]

    async def closed(self, ids: Sequence[str], now: datetime) -> Mapping[str, Fact | None]:
        """See `ports.MemoryStore`."""
        state = self._state
        changed_by = {change.target: change.by for change in state.changes}
        successors = {f.supersedes: f.id for f in state.facts if f.supersedes}
        found: dict[str, Fact | None] = {}
        for fact in state.facts:
            over = fact.valid_until is not None and fact.valid_until <= now
            if fact.id in ids and (over or fact.state != "active"):
                after = state.memories.get(changed_by[fact.id] or successors.get(fact.id, ""))
                found[fact.id] = after if isinstance(after, Fact) else None
        return found

    async def all(
        self, kind: str = "", *, after: int = 0, limit: int, everything: bool = False
    ) -> Sequence[Memory]:
        """See `ports.MemoryStore`."""
        shown = [
            memory
            for memory in self._state.memories.values()
            if kind in {"", kind_of(memory)} and (everything or memory.state not in _HIDDEN)
        ]
        return shown[after : after + limit]

    async def named(self, kind: str, name: str) -> Memory | None:
        """See `ports.MemoryStore`."""
        folded = fold(name)
        if kind == "person":
            people = (person for person in self._state.people if person.state == "active")
            return next((p for p in people if folded in map(fold, p.names)), None)
        newest_first = reversed(self._state.memories.values())
        known = (m for m in newest_first if kind_of(m) == kind and m.state not in _HIDDEN)
        return next((memory for memory in known if fold(_title(memory)) == folded), None)

    async def changes(self, ids: Sequence[str]) -> Sequence[Change]:
        """See `ports.MemoryStore`."""
        return [change for change in self._state.changes if change.target in ids]

    async def write(self, write_id: int) -> tuple[Write, Sequence[Change]] | None:
        """See `ports.MemoryStore`."""
        if not 0 < write_id <= len(self._state.writes):
            return None
        made = [change for change in self._state.changes if change.write == write_id]
        return self._state.writes[write_id - 1], made

    async def writes(self, *, before: int | None = None, limit: int) -> Sequence[Write]:
        """See `ports.MemoryStore`."""
        writes = self._state.writes
        earlier = writes if before is None else writes[: max(0, before - 1)]
        return list(reversed(earlier))[:limit]

    async def write_of_key(self, key: str) -> Write | None:
        """See `ports.MemoryStore`."""
        return self._write_of_key(key)

    async def woven(
        self, write_id: int = 0, *, subjects: Sequence[str] = (), holds_one: Callable[[str], bool]
    ) -> Woven:
        """See `ports.MemoryStore`."""
        state = self._state
        names = {other for name in subjects for other in self._names(name)}
        writes = {write_id} - {0}
        targets = {fact.id for fact in state.facts if _folded(fact.subject) in names}
        size = -1
        while size != len(writes) + len(targets):
            size = len(writes) + len(targets)
            targets |= {change.target for change in state.changes if change.write in writes}
            targets |= self._near([fact for fact in state.facts if fact.id in targets])
            writes |= {change.write for change in state.changes if change.target in targets} - {0}
        return Woven(
            revision=state.revision,
            writes=tuple(write for write in state.writes if write.id in writes),
            facts=tuple(fact for fact in state.facts if fact.id in targets),
        )

    async def people(self) -> Sequence[Person]:
        """See `ports.MemoryStore`."""
        return [person for person in self._state.people if person.state not in _HIDDEN]

    async def soul(self, *, history: bool = False) -> Sequence[SoulLine]:
        """See `ports.MemoryStore`."""
        lines = sorted(self._state.soul, key=lambda line: (line.section, line.key, line.version))
        if history:
            return lines
        return [line for line in {(x.section, x.key): x for x in lines}.values() if line.text]

    def _write_of_key(self, key: str | None) -> Write | None:
        if key is None:
            return None
        return next((write for write in self._state.writes if write.key == key), None)

    def _names(self, name: str, as_known: datetime | None = None) -> list[str]:
        """All folded names of whoever goes by this one, or was believed to."""
        people: Sequence[Memory] = self._state.people
        if as_known is not None:
            people = as_stood(people, self._state.changes, as_known)
        return names_beside((p for p in people if isinstance(p, Person)), name)

    def _near(self, about: Iterable[Fact]) -> set[str]:
        """Ids of facts about the same subjects that fill the same places or say the same."""
        keys = keys_of(self._state.people)
        wanted = {trait for fact in about for trait in _traits(fact, keys)}
        facts = self._state.facts
        return {fact.id for fact in facts if not wanted.isdisjoint(_traits(fact, keys))}


def require_writable(state: State, change: Changeset) -> None:
    """Refuse what cannot be written.

    Raises:
        StaleMemory: Something was written since the revision that the changeset builds on.
        StoreError: A memory that is there already, a change of one that is not, or a key that was
            used before.
    """
    if change.revision is not None and change.revision != state.revision:
        raise StaleMemory
    known = set(state.memories)
    for memory in change.memories:
        if memory.id in known:
            raise StoreError(f"there is a memory {memory.id!r} already", id=memory.id)
        known.add(memory.id)
    for made in change.changes:
        if made.target not in known:
            raise StoreError(f"there is no memory {made.target!r} to change", id=made.target)
    key = change.write.key if change.write is not None else None
    if key is not None and any(write.key == key for write in state.writes):
        raise StoreError(f"there is a write under the key {key!r} already", key=key)


def write_memories(state: State, change: Changeset) -> int:
    """Write what a changeset says of memories; the id of its write, 0 without one."""
    write_id = 0 if change.write is None else _add_write(state, change.at, change.write)
    for memory in change.memories:
        first = standing_of(memory)
        state.memories[memory.id] = stood(memory, first, 1)
        state.changes.append(replace(first, at=change.at, write=write_id))
        show(state, state.memories[memory.id])
    for made in change.changes:
        before = state.memories[made.target]
        after = state.memories[made.target] = stood(before, made, before.version + 1)
        state.changes.append(replace(made, at=change.at, write=write_id))
        changed(state, before, after)
    return write_id


def _add_write(state: State, at: datetime, write: Write) -> int:
    if isinstance(write.operation, Undo) and 0 < write.operation.write <= len(state.writes):
        undone = write.operation.write - 1
        state.writes[undone] = replace(state.writes[undone], undone=True)
    write_id = len(state.writes) + 1
    state.writes.append(replace(write, id=write_id, at=at, undone=False))
    return write_id


def _title(memory: Memory) -> str:
    match memory:
        case Fact():
            return memory.sentence
        case Episode():
            return memory.key
        case Person() | Document():
            return memory.name


def _traits(fact: Fact, keys: Mapping[str, str]) -> list[tuple[str | None, str, str]]:
    """Two facts are near to each other where they share one of these."""
    subject = None if fact.subject is None else keys.get(fold(fact.subject), fold(fact.subject))
    traits = [(subject, "says", fold(fact.sentence))]
    if subject is not None and fact.predicate is not None:
        traits.append((subject, "fills", fold(fact.predicate)))
    return traits


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and fold(one) == fold(other)


def _folded(text: str | None) -> str | None:
    return None if text is None else fold(text)
