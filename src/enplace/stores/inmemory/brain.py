"""Brains in memory: the log, working memory, sessions and leases, and changesets."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import datetime

from enplace.errors import LeaseLost, StoreError, TaskBusy, UsageError
from enplace.records.agent_event import PersonAsked, unanswered
from enplace.records.canonical import digest
from enplace.records.changeset import Changeset, Commit, Lease
from enplace.records.erasure import ErasurePlan, ErasureReceipt
from enplace.records.event import Erased, Event, MessageHeard, NoteWritten, Place
from enplace.records.learning import Batch, Proposal
from enplace.records.memory import Fact, Note, SoulLine
from enplace.records.task import Due, Session, TaskSummary
from enplace.records.write import Surroundings
from enplace.stores.entries import said_entry
from enplace.stores.erasing import LESSON_ERASED
from enplace.stores.inmemory.erasing import erase, scan
from enplace.stores.inmemory.index import InMemoryIndex, add, hide
from enplace.stores.inmemory.lessons import InMemoryLessons
from enplace.stores.inmemory.memory import InMemoryMemory, require_writable, write_memories
from enplace.stores.inmemory.state import State, Task
from enplace.stores.lessons import looks_back, of_batch, place_of, reported
from enplace.stores.moments import to_text
from enplace.stores.names import file_name


class InMemoryBrain:
    """One owner's brain. Implements `ports.Brain` and `ports.Erasing`."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._state = State()
        self._held: set[str] = set()
        self.log = InMemoryLog(self._state)
        self.notes = InMemoryNotes(self._state)
        self.memory = InMemoryMemory(self._state)
        self.index = InMemoryIndex(self._state)
        self.lessons = InMemoryLessons(self._state)

    async def session(self) -> Session | None:
        """See `ports.Brain`."""
        sessions = self._state.sessions.values()
        return next((session for session in sessions if session.closed_at is None), None)

    async def commit(self, changeset: Changeset) -> Commit:
        """See `ports.Brain`."""
        done = self._write(changeset)
        await asyncio.sleep(0)
        return done

    def _write(self, change: Changeset) -> Commit:
        """Checks come first, and nothing after them can fail."""
        state = self._state
        lease = change.lease
        if lease is not None and state.fences.get(lease.task_id) != lease.fence:
            raise LeaseLost(task_id=lease.task_id)
        require_writable(state, change)
        events = _append(state, change) if change.events else ()
        state.texts.update((digest(text), text) for text in change.texts)
        write_id = write_memories(state, change)
        state.notes.update(((note.task_id, note.key), note) for note in change.notes)
        for line in change.soul:
            _add_soul_line(state, line)
        if change.session is not None:
            _set_session(state, change.session)
        if change.due and events and events[-1].place is not None:
            at = events[-1].place
            state.due[at.task_id] = Due(task_id=at.task_id, position=at.position, reason=change.due)
        return Commit(events=events, write=write_id)

    async def weigh(
        self,
        fact: Fact,
        decide: Callable[[Surroundings], Changeset | None],
        *,
        holds_one: bool,
        ids: Sequence[str] = (),
        key: str | None = None,
    ) -> Commit | None:
        """See `ports.Brain`. What is near is all of a place: a little more than needed."""
        changeset = decide(self.memory.surroundings(fact, ids, key))
        return None if changeset is None else await self.commit(changeset)

    async def learn(
        self,
        batch: Batch,
        proposals: Sequence[Proposal],
        decide: Callable[[Proposal, Surroundings], Sequence[Changeset]],
        *,
        dry: bool = False,
    ) -> Commit | None:
        """See `ports.Brain`. What was there before is put back where it is not to be written."""
        state = self._state
        if batch.upto <= batch.after or state.cursors.get(batch.task_id, 0) != batch.after:
            return None
        tried = state.attempts.get((batch.task_id, batch.after))
        if tried is not None and tried.trouble == LESSON_ERASED:
            return None
        before = deepcopy(state)
        try:
            done = self._learn(batch, proposals, decide)
        except BaseException:
            state.put_back(before)
            raise
        if dry:
            state.put_back(before)
            return Commit()
        await asyncio.sleep(0)
        return done

    async def erase(self, plan: ErasurePlan, at: datetime) -> ErasureReceipt:
        """See `ports.Erasing`. There is no file to be searched, so all that is held is."""
        before = deepcopy(self._state)
        try:
            tally = erase(self._state, plan)
            for task_id, count in sorted(tally.events_by_task.items()):
                told = Erased(events=count)
                self._write(Changeset(at=at, task_id=task_id, events=(told,)))
        except BaseException:
            self._state.put_back(before)
            raise
        await asyncio.sleep(0)
        return tally.receipt(plan, scan(self._state, plan))

    def _learn(
        self,
        batch: Batch,
        proposals: Sequence[Proposal],
        decide: Callable[[Proposal, Surroundings], Sequence[Changeset]],
    ) -> Commit:
        written: list[Changeset] = []
        last = 0
        for proposal in proposals:
            for decided in decide(proposal, self._near(proposal)):
                changeset = of_batch(decided, batch)
                last = self._write(changeset).write or last
                written.append(changeset)
        state = self._state
        if batch.id in state.batches:
            raise StoreError(f"there is a batch {batch.id!r} already", id=batch.id)
        state.batches[batch.id] = reported(batch, written)
        state.cursors[batch.task_id] = batch.upto
        for task_id, after in list(state.attempts):
            if task_id == batch.task_id and after < batch.upto:
                del state.attempts[task_id, after]
        return Commit(write=last)

    def _near(self, proposal: Proposal) -> Surroundings:
        """What a proposal must be weighed against."""
        about = place_of(proposal)
        if about is None:
            return Surroundings(revision=self._state.revision, facts=())
        near = self.memory.surroundings(about, (), None)
        if looks_back(proposal):
            near = self.memory.surroundings(about, [fact.id for fact in near.facts], None)
        return near

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

    def __init__(self, state: State) -> None:
        self._state = state

    async def read(self, task_id: str, after: int = 0) -> Sequence[Event]:
        """See `ports.LogStore`."""
        task = self._state.tasks.get(task_id)
        return list(task.branch(after, dead=False)) if task else []

    async def dead(self, task_id: str) -> Sequence[Event]:
        """See `ports.LogStore`."""
        task = self._state.tasks.get(task_id)
        return list(task.branch(0, dead=True)) if task else []

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

    async def due(self) -> Sequence[Due]:
        """See `ports.LogStore`."""
        return sorted(self._state.due.values(), key=lambda due: due.position)

    async def questions(self) -> Sequence[PersonAsked]:
        """See `ports.LogStore`."""
        tasks = self._state.tasks.values()
        live: list[Event] = [event for task in tasks for event in task.branch(0, dead=False)]
        live.sort(key=lambda event: event.place.position if event.place else 0)
        return unanswered(live)


class InMemoryNotes:
    """Implements `ports.NoteStore`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def live(self, task_id: str, now: datetime) -> Sequence[Note]:
        """See `ports.NoteStore`."""
        live = [n for n in self._state.notes.values() if n.task_id == task_id and n.live(now)]
        return sorted(live, key=lambda note: (-note.priority, note.written_at, note.key))

    async def sweep(self, now: datetime) -> int:
        """See `ports.NoteStore`."""
        before = self._state.notes
        self._state.notes = {key: note for key, note in before.items() if note.live(now)}
        return len(before) - len(self._state.notes)


def _append(state: State, change: Changeset) -> tuple[Event, ...]:
    if change.task_id is None:
        raise UsageError("a changeset with events needs a task_id")
    task = state.tasks.setdefault(change.task_id, Task(created_at=change.at, updated_at=change.at))
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
        entry = said_entry(event, change.task_id, ordinal, to_text(change.at))
        if entry is not None:
            session = event.session if isinstance(event, MessageHeard) else ""
            add(state, entry, change.task_id, session)
        parent = ordinal
    task.head, task.updated_at = len(task.events), change.at
    return tuple(placed)


def _leave_branch(state: State, task_id: str, parent: int) -> None:
    """Everything after `parent` is on a dead branch now, and so are the notes written there."""
    task = state.tasks[task_id]
    left = range(parent + 1, len(task.events) + 1)
    hide(state.index, (f"{task_id} {ordinal}" for ordinal in left))
    task.dead.update(left)
    state.notes = {key: note for key, note in state.notes.items() if key[0] != task_id}
    for event in task.branch(0, dead=False):
        if isinstance(event, NoteWritten):
            state.notes[event.note.task_id, event.note.key] = event.note


def _add_soul_line(state: State, line: SoulLine) -> None:
    known = (x.version for x in state.soul if (x.section, x.key) == (line.section, line.key))
    state.soul.append(replace(line, version=max(known, default=0) + 1))


def _set_session(state: State, session: Session) -> None:
    """A closed session stays closed, whatever a turn that still runs in it says."""
    known = state.sessions.get(session.id)
    if known is None:
        for other in state.sessions.values():
            if other.closed_at is None:
                state.sessions[other.id] = replace(other, closed_at=other.last_at)
        state.sessions[session.id] = session
    else:
        closed_at = known.closed_at or session.closed_at
        state.sessions[session.id] = replace(known, last_at=session.last_at, closed_at=closed_at)
