"""Reads memories of one brain file, as they stand and as they stood."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from enplace.records.memory import Change, Fact, Memory, MemoryState, Person, SoulLine
from enplace.records.people import names_beside
from enplace.records.standing import as_stood
from enplace.records.words import fold
from enplace.records.write import Woven, Write
from enplace.stores.moments import to_text
from enplace.stores.sqlite import memories
from enplace.stores.sqlite.file import BrainFile

Result = TypeVar("Result")


class Reader(Protocol):
    """Runs a query on the thread of a brain."""

    def reading(self, work: Callable[[BrainFile], Result]) -> Awaitable[Result]:
        """Run it, and wait for what it gives."""
        ...


class SqliteMemory:
    """Implements `ports.MemoryStore`."""

    def __init__(self, brain: Reader) -> None:
        self._brain = brain

    async def get(
        self, ids: Sequence[str], *, as_known: datetime | None = None
    ) -> Mapping[str, Memory]:
        """See `ports.MemoryStore`."""
        asked = {"ids": memories.ids_json(ids)}

        def read(file: BrainFile) -> list[Memory]:
            found = [memories.memory_of(row) for row in file.rows("memories_by_id", asked)]
            return found if as_known is None else _as_known(file, found, as_known)

        return {memory.id: memory for memory in await self._brain.reading(read)}

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

        def read(file: BrainFile) -> list[Memory]:
            names = None if subject is None else _names(file, subject, as_known)
            asked = {
                "subjects": None if names is None else json.dumps(names),
                "predicate": None if predicate is None else fold(predicate),
            }
            found = [memories.memory_of(row) for row in file.rows("all_facts", asked)]
            shown = [memory for memory in found if memory.state != "forgotten"]
            return shown if as_known is None else _as_known(file, shown, as_known)

        found = await self._brain.reading(read)
        return [
            memory
            for memory in found
            if isinstance(memory, Fact) and memory.state == state and memory.covers(at)
        ]

    async def closed(self, ids: Sequence[str], now: datetime) -> Mapping[str, Fact | None]:
        """See `ports.MemoryStore`."""
        asked = {"ids": memories.ids_json(ids), "now": to_text(now)}

        def read(file: BrainFile) -> dict[str, Fact | None]:
            pairs = dict(file.rows("closed_facts", asked))
            later = memories.ids_json([id_ for id_ in pairs.values() if id_])
            rows = file.rows("memories_by_id", {"ids": later})
            facts = {fact.id: fact for fact in map(memories.memory_of, rows)}
            return {id_: _fact(facts.get(after or "")) for id_, after in pairs.items()}

        return await self._brain.reading(read)

    async def all(
        self, kind: str = "", *, after: int = 0, limit: int, everything: bool = False
    ) -> Sequence[Memory]:
        """See `ports.MemoryStore`."""
        asked = {"kind": kind, "after": after, "limit": limit, "everything": everything}
        rows = await self._brain.reading(lambda file: file.rows("memories_of_kind", asked))
        return [memories.memory_of(row) for row in rows]

    async def named(self, kind: str, name: str) -> Memory | None:
        """See `ports.MemoryStore`."""
        asked = {"kind": kind, "folded": fold(name)}

        def read(file: BrainFile) -> Memory | None:
            if kind == "person":
                found = file.row("person_named", {"name": fold(name)})
            else:
                found = file.row("named", asked)
            if found is None:
                return None
            row = file.row("memories_by_id", {"ids": memories.ids_json([found[0]])})
            return memories.memory_of(row) if row else None

        return await self._brain.reading(read)

    async def changes(self, ids: Sequence[str]) -> Sequence[Change]:
        """See `ports.MemoryStore`."""
        asked = {"ids": memories.ids_json(ids)}
        rows = await self._brain.reading(lambda file: file.rows("changes_of", asked))
        return [memories.change_of(row) for row in rows]

    async def write(self, write_id: int) -> tuple[Write, Sequence[Change]] | None:
        """See `ports.MemoryStore`."""

        def read(file: BrainFile) -> tuple[Write, Sequence[Change]] | None:
            row = file.row("writes", {"ids": json.dumps([write_id])})
            if row is None:
                return None
            made = file.rows("changes_in", {"write_id": write_id})
            return memories.write_of(row), [memories.change_of(change) for change in made]

        return await self._brain.reading(read)

    async def writes(self, *, before: int | None = None, limit: int) -> Sequence[Write]:
        """See `ports.MemoryStore`."""
        asked = {"before": before if before is not None else 1 << 62, "limit": limit}
        rows = await self._brain.reading(lambda file: file.rows("last_writes", asked))
        return [memories.write_of(row) for row in rows]

    async def write_of_key(self, key: str) -> Write | None:
        """See `ports.MemoryStore`."""
        row = await self._brain.reading(lambda file: file.row("write_of_key", {"key": key}))
        return memories.write_of(row) if row else None

    async def woven(
        self, write_id: int = 0, *, subjects: Sequence[str] = (), holds_one: Callable[[str], bool]
    ) -> Woven:
        """See `ports.MemoryStore`."""
        return await self._brain.reading(
            lambda file: memories.woven(file, write_id, subjects, holds_one)
        )

    async def people(self) -> Sequence[Person]:
        """See `ports.MemoryStore`."""
        asked = {"kind": "person", "after": 0, "limit": -1, "everything": False}
        rows = await self._brain.reading(lambda file: file.rows("memories_of_kind", asked))
        found = [memories.memory_of(row) for row in rows]
        return [person for person in found if isinstance(person, Person)]

    async def soul(self, *, history: bool = False) -> Sequence[SoulLine]:
        """See `ports.MemoryStore`."""
        query = "soul_history" if history else "soul"
        rows = await self._brain.reading(lambda file: file.rows(query))
        return [memories.soul_line_of(row) for row in rows]


def _names(file: BrainFile, name: str, as_known: datetime | None) -> list[str]:
    """All names of whoever goes by this one, or was believed to."""
    if as_known is None:
        return memories.names_beside(file, name)
    asked = {"kind": "person", "after": 0, "limit": -1, "everything": True}
    everybody = [memories.memory_of(row) for row in file.rows("memories_of_kind", asked)]
    known = _as_known(file, everybody, as_known)
    return names_beside((p for p in known if isinstance(p, Person)), name)


def _as_known(file: BrainFile, found: Sequence[Memory], moment: datetime) -> list[Memory]:
    """These memories as they were believed to stand at a moment."""
    rows = file.rows("changes_of", {"ids": memories.ids_json([memory.id for memory in found])})
    return as_stood(found, [memories.change_of(row) for row in rows], moment)


def _fact(memory: Memory | None) -> Fact | None:
    return memory if isinstance(memory, Fact) else None
