"""Brains that last as long as the process. Implements the same ports as the files do."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import log

from enplace.errors import LeaseLost, TaskBusy, UsageError
from enplace.records.canonical import digest
from enplace.records.changeset import Changeset, Commit, Lease
from enplace.records.event import Event, NoteWritten, Place, UserSpoke
from enplace.records.memory import Fact, Note, SoulLine
from enplace.records.recollection import Match, Said
from enplace.records.task import Due, Session, TaskSummary
from enplace.records.words import fold, words
from enplace.stores.names import file_name


@dataclass
class _Task:
    created_at: datetime
    updated_at: datetime
    head: int = 0
    dead: set[int] = field(default_factory=set[int])
    events: list[Event] = field(default_factory=list[Event])


@dataclass
class _State:
    """Everything one brain holds."""

    tasks: dict[str, _Task] = field(default_factory=dict[str, _Task])
    position: int = 0
    said: list[Said] = field(default_factory=list[Said])
    texts: dict[str, str] = field(default_factory=dict[str, str])
    facts: dict[str, Fact] = field(default_factory=dict[str, Fact])
    notes: dict[tuple[str, str], Note] = field(default_factory=dict[tuple[str, str], Note])
    soul: dict[tuple[str, str], SoulLine] = field(default_factory=dict[tuple[str, str], SoulLine])
    due: dict[str, Due] = field(default_factory=dict[str, Due])
    session: Session | None = None
    closed_sessions: set[str] = field(default_factory=set[str])
    fences: dict[str, int] = field(default_factory=dict[str, int])


class InMemoryBrain:
    """One owner's brain. Implements `ports.Brain`."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._state = _State()
        self._held: set[str] = set()
        self.log = InMemoryLog(self._state)
        self.notes = InMemoryNotes(self._state)
        self.memory = InMemoryMemory(self._state)

    async def session(self) -> Session | None:
        """See `ports.Brain`."""
        return self._state.session

    async def commit(self, changeset: Changeset) -> Commit:
        """See `ports.Brain`. Checks come first, and nothing after them can fail."""
        state, change = self._state, changeset
        lease = change.lease
        if lease is not None and state.fences.get(lease.task_id) != lease.fence:
            raise LeaseLost(task_id=lease.task_id)
        events = _append(state, change) if change.events else ()
        state.texts.update((digest(text), text) for text in change.texts)
        for fact in change.facts:
            _add_fact(state, fact)
        for note in change.notes:
            state.notes[note.task_id, note.key] = note
        for line in change.soul:
            before = state.soul.get((line.section, line.key))
            version = before.version + 1 if before else 1
            state.soul[line.section, line.key] = replace(line, version=version)
        if change.session is not None:
            _set_session(state, change.session)
        if change.due and events and events[-1].place is not None:
            at = events[-1].place
            state.due[at.task_id] = Due(task_id=at.task_id, position=at.position, reason=change.due)
        await asyncio.sleep(0)
        return Commit(events=events)

    def lease(self, task_id: str) -> AbstractAsyncContextManager[Lease]:
        """See `ports.Brain`."""
        return self._lease(task_id)

    @asynccontextmanager
    async def _lease(self, task_id: str) -> AsyncGenerator[Lease, None]:
        if task_id in self._held:
            raise TaskBusy(f"another turn of task {task_id!r} is running", task_id=task_id)
        self._held.add(task_id)
        try:
            fence = self._state.fences.get(task_id, 0) + 1
            self._state.fences[task_id] = fence
            yield Lease(task_id=task_id, fence=fence)
        finally:
            self._held.discard(task_id)


class InMemoryBrains:
    """Brains of one process. Implements `ports.Brains`."""

    def __init__(self) -> None:
        self._brains: dict[str, InMemoryBrain] = {}

    async def open(self, owner: str) -> InMemoryBrain:
        """See `ports.Brains`."""
        file_name(owner)  # the same names are refused everywhere
        return self._brains.setdefault(owner, InMemoryBrain(owner))

    async def aclose(self) -> None:
        """Nothing to close; what they hold stays until this object goes."""


class InMemoryLog:
    """Implements `ports.LogStore`."""

    def __init__(self, state: _State) -> None:
        self._state = state

    async def read(self, task_id: str, after: int = 0) -> Sequence[Event]:
        """See `ports.LogStore`."""
        task = self._state.tasks.get(task_id)
        return _chosen(task, after, dead=False) if task else []

    async def dead(self, task_id: str) -> Sequence[Event]:
        """See `ports.LogStore`."""
        task = self._state.tasks.get(task_id)
        return _chosen(task, 0, dead=True) if task else []

    async def texts(self, digests: Sequence[str]) -> Mapping[str, str]:
        """See `ports.LogStore`."""
        known = self._state.texts
        return {name: known[name] for name in digests if name in known}

    async def tasks(self) -> Sequence[TaskSummary]:
        """See `ports.LogStore`."""
        latest_first = sorted(
            sorted(self._state.tasks.items()), key=lambda row: row[1].updated_at, reverse=True
        )
        return [
            TaskSummary(
                task_id=task_id,
                head=task.head,
                created_at=task.created_at,
                updated_at=task.updated_at,
            )
            for task_id, task in latest_first
        ]

    async def search(self, terms: Sequence[str], *, limit: int, but_task: str) -> Sequence[Match]:
        """See `ports.LogStore`."""
        found = [
            Match(item=said, score=0.0)
            for said in reversed(self._state.said)
            if said.task_id != but_task
            and said.ordinal not in self._state.tasks[said.task_id].dead
            and _hits(terms, said.text)
        ]
        return found[:limit]

    async def due(self) -> Sequence[Due]:
        """See `ports.LogStore`."""
        return sorted(self._state.due.values(), key=lambda due: due.position)


class InMemoryNotes:
    """Implements `ports.NoteStore`."""

    def __init__(self, state: _State) -> None:
        self._state = state

    async def live(self, task_id: str, now: datetime) -> Sequence[Note]:
        """See `ports.NoteStore`."""
        live = [n for n in self._state.notes.values() if n.task_id == task_id and n.live(now)]
        return sorted(live, key=lambda note: (-note.priority, note.written_at, note.key))


class InMemoryMemory:
    """Implements `ports.MemoryStore`."""

    def __init__(self, state: _State) -> None:
        self._state = state

    async def search(self, terms: Sequence[str], *, limit: int, now: datetime) -> Sequence[Match]:
        """See `ports.MemoryStore`. A rare word counts for more than a common one."""
        facts = await self.facts(now)
        hits = {fact.id: _hits(terms, fact.sentence) for fact in facts}
        spread = {term: sum(term in hit for hit in hits.values()) for term in terms}
        scored = [
            Match(item=fact, score=sum(log(1 + len(facts) / spread[t]) for t in hits[fact.id]))
            for fact in facts
            if hits[fact.id]
        ]
        return sorted(scored, key=lambda match: -match.score)[:limit]

    async def get(self, ids: Sequence[str]) -> Mapping[str, Fact]:
        """See `ports.MemoryStore`."""
        return {id_: self._state.facts[id_] for id_ in ids if id_ in self._state.facts}

    async def closed(self, ids: Sequence[str], now: datetime) -> Mapping[str, Fact | None]:
        """See `ports.MemoryStore`."""
        successors = {f.supersedes: f for f in self._state.facts.values() if f.supersedes}
        known = await self.get(ids)
        return {id_: successors.get(id_) for id_, fact in known.items() if not _holds(fact, now)}

    async def same(self, sentence: str, now: datetime) -> Fact | None:
        """See `ports.MemoryStore`."""
        facts = await self.facts(now)
        return next((fact for fact in facts if fold(fact.sentence) == fold(sentence)), None)

    async def facts(self, now: datetime) -> Sequence[Fact]:
        """See `ports.MemoryStore`."""
        return [fact for fact in self._state.facts.values() if _holds(fact, now)]

    async def soul(self) -> Sequence[SoulLine]:
        """See `ports.MemoryStore`."""
        return [line for _, line in sorted(self._state.soul.items()) if line.text]


def _set_session(state: _State, session: Session) -> None:
    """A closed session stays closed, whatever a turn that still runs in it says."""
    if session.closed_at is not None:
        state.closed_sessions.add(session.id)
    current = state.session
    if session.id in state.closed_sessions:
        state.session = None if current and current.id == session.id else current
    else:
        state.session = session


def _append(state: _State, change: Changeset) -> tuple[Event, ...]:
    if change.task_id is None:
        raise UsageError("a changeset with events needs a task_id")
    task = state.tasks.setdefault(change.task_id, _Task(created_at=change.at, updated_at=change.at))
    parent: int | None = task.head or None
    if change.parent is not None and change.parent != task.head:
        _leave_branch(state, change.task_id, change.parent)
        parent = change.parent or None
    placed: list[Event] = []
    for event in change.events:
        state.position += 1
        ordinal = len(task.events) + 1
        place = Place(
            task_id=change.task_id,
            turn_id=change.turn_id,
            ordinal=ordinal,
            parent=parent,
            position=state.position,
            at=change.at,
        )
        event_there = replace(event, place=place)
        task.events.append(event_there)
        placed.append(event_there)
        if isinstance(event, UserSpoke):
            state.said.append(
                Said(task_id=change.task_id, ordinal=ordinal, text=event.text, at=change.at)
            )
        parent = ordinal
    task.head, task.updated_at = len(task.events), change.at
    return tuple(placed)


def _leave_branch(state: _State, task_id: str, parent: int) -> None:
    task = state.tasks[task_id]
    task.dead.update(range(parent + 1, len(task.events) + 1))
    state.notes = {key: note for key, note in state.notes.items() if key[0] != task_id}
    for event in _chosen(task, 0, dead=False):
        if isinstance(event, NoteWritten):
            state.notes[task_id, event.note.key] = event.note


def _chosen(task: _Task, after: int, *, dead: bool) -> list[Event]:
    numbered = enumerate(task.events[after:], start=after + 1)
    return [event for ordinal, event in numbered if (ordinal in task.dead) == dead]


def _add_fact(state: _State, fact: Fact) -> None:
    if fact.id in state.facts:
        return
    state.facts[fact.id] = fact
    before = state.facts.get(fact.supersedes or "")
    if before is not None and before.valid_until is None:
        closed_at = fact.valid_from or fact.recorded_at
        state.facts[before.id] = replace(before, valid_until=closed_at)


def _holds(fact: Fact, now: datetime) -> bool:
    return fact.valid_until is None or fact.valid_until > now


def _hits(terms: Sequence[str], text: str) -> set[str]:
    found = words(text)
    return {term for term in terms if any(word.startswith(term) for word in found)}
