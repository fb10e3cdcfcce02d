"""Erasing for good: what would go is planned and shown, then carried out and proved."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from enplace.engine.acceptance import accept_name, accept_text
from enplace.engine.writing import Writer
from enplace.errors import BadInput, MemoryNotFound, TaskNotFound, UsageError
from enplace.ports import Brain, Erasing, Recall
from enplace.records.agent_event import SubAgentStarted
from enplace.records.erasure import Chosen, ErasurePlan, ErasureReceipt, Needles
from enplace.records.event import Event
from enplace.records.laid import digests_of
from enplace.records.memory import Document, Memory, Person
from enplace.upload.erasing import (
    Draft,
    Kept,
    document_of,
    of_ids,
    of_person,
    of_places,
    of_session,
)

LEAST_NAME_CHARACTERS = 2


class Erasure:
    """Erases what is kept of one owner. What is erased cannot be brought back.

    `memory.forget` is the other way: it hides a memory, and can be undone.
    """

    def __init__(
        self, writer: Writer, recall: Recall, owner: str, erased: Callable[[], Awaitable[None]]
    ) -> None:
        self._writer = writer
        self._recall = recall
        self._owner = owner
        self._erased = erased
        """Told when the logs of tasks were changed."""

    async def plan(
        self,
        *,
        ids: Sequence[str] = (),
        person: str | None = None,
        session: str | None = None,
        task: str | None = None,
        query: str | None = None,
    ) -> ErasurePlan:
        """What would go. Nothing is changed.

        Args:
            ids: Of memories of any kind, and of messages and pieces as a recall names them. The id
                of a person means the person.
            person: A name: everything about or naming whoever goes by it, and all their names.
            session: Id of a visit: everything that was said in it.
            task: Everything that was said in it, and its notes.
            query: What a recall finds for it: look at the plan before it is carried out.

        Raises:
            BadInput: Not one of these was given, or a value is not acceptable.
            MemoryNotFound: There is no such memory or session.
            TaskNotFound: There is no such task.
        """
        given = {"person": person, "session": session, "task": task, "query": query}
        chosen = [name for name, value in given.items() if value is not None]
        if len(chosen) + bool(ids) != 1:
            raise BadInput("choose by ids, or a person, a session, a task or a query")
        if query is not None:
            accept_text(query, "query")
            found = (await self._recall(query)).memories
            ids = [memory.id for memory in found]
        kept = await _kept(await self._writer.brain())
        if person is not None:
            return self._of_person(kept, person)
        if session is not None or task is not None:
            return self._of_places(kept, session, task)
        return self._of_ids(kept, ids, "ids" if query is None else "query")

    async def execute(self, plan: ErasurePlan) -> ErasureReceipt:
        """Carry out a plan: whole or not at all. The same plan may be carried out again.

        Every task whose log it changes is held meanwhile, and opens a new epoch at its next turn.

        Raises:
            TaskBusy: A turn of such a task is running; nothing was erased.
            UsageError: The brain's store cannot erase.
            StoreError: Nothing was erased.
        """
        brain = await self._writer.brain()
        if not isinstance(brain, Erasing):
            raise UsageError("nothing can be erased out of brains of this store")
        async with AsyncExitStack() as held:
            for task_id in await _touched(brain, plan):
                await held.enter_async_context(brain.lease(task_id))
            receipt = await brain.erase(plan, self._writer.clock.now())
        await self._erased()
        self._writer.written(brain)
        return receipt

    def _of_person(self, kept: Kept, name: str) -> ErasurePlan:
        accept_name(name, "person")
        if len(name.strip()) < LEAST_NAME_CHARACTERS:
            raise BadInput(f"a name has {LEAST_NAME_CHARACTERS} characters or more")
        plan = of_person(kept, name).plan("person")
        if Needles((), plan.names).found(self._owner):
            raise BadInput("the owner's own name stays: delete the owner's brain instead")
        return plan

    def _of_places(self, kept: Kept, session: str | None, task: str | None) -> ErasurePlan:
        if session is not None:
            accept_name(session, "session")
            places, notes = of_session(kept, session)
            if not places:
                raise MemoryNotFound(f"nothing was said in a session {session!r}", id=session)
            return of_places(kept, places, notes).plan("session")
        task = accept_name(task or "", "task")
        tasks = _with_children(kept, task)
        places = [place for place in kept.events if place[0] in tasks]
        if not places:
            raise TaskNotFound(f"there is no task {task!r}", task_id=task)
        notes = [(task_id, key) for task_id, key, _ in kept.notes if task_id in tasks]
        return of_places(kept, places, notes).plan("task")

    def _of_ids(self, kept: Kept, ids: Sequence[str], by: Chosen) -> ErasurePlan:
        for id_ in ids:
            _require(kept, id_)
        people = [each for each in map(kept.memories.get, ids) if isinstance(each, Person)]
        if by == "ids" and people:
            if len(ids) > 1:
                raise BadInput("a person is erased alone", id=people[0].id)
            return self._of_person(kept, people[0].name)
        draft: Draft = of_ids(kept, list(dict.fromkeys(ids)))
        return draft.plan(by)


def _with_children(kept: Kept, task_id: str) -> set[str]:
    """A task and those of all its sub-agents."""
    found, waiting = {task_id}, [task_id]
    while waiting:
        parent = waiting.pop()
        for (task, _), event in kept.events.items():
            if task == parent and isinstance(event, SubAgentStarted) and event.child not in found:
                found.add(event.child)
                waiting.append(event.child)
    return found


def _require(kept: Kept, id_: str) -> None:
    if id_.startswith("said:"):
        task, _, ordinal = id_.removeprefix("said:").rpartition(":")
        is_there = ordinal.isdecimal() and (task, int(ordinal)) in kept.events
    else:
        is_there = document_of(id_) in kept.memories
    if not is_there:
        raise MemoryNotFound(f"there is no memory {id_!r}", id=id_)


async def _kept(brain: Brain) -> Kept:
    memories = await brain.memory.all(limit=1 << 30, everything=True)
    evidence = {
        memory.id: await brain.lessons.evidence(memory.id)
        for memory in memories
        if _has_evidence(memory)
    }
    events: dict[tuple[str, int], Event] = {}
    notes: list[tuple[str, str, str]] = []
    always = datetime(1, 1, 2, tzinfo=UTC)
    for task in await brain.log.tasks():
        for event in await _log_of(brain, task.task_id):
            if event.place is not None:
                events[task.task_id, event.place.ordinal] = event
        live = await brain.notes.live(task.task_id, always)
        notes += [(note.task_id, note.key, note.value) for note in live]
    return Kept(
        memories={memory.id: memory for memory in memories},
        evidence=evidence,
        events=events,
        soul=await brain.memory.soul(history=True),
        notes=notes,
    )


def _has_evidence(memory: Memory) -> bool:
    return not isinstance(memory, Document) and bool(memory.evidence)


async def _log_of(brain: Brain, task_id: str) -> list[Event]:
    events = [*await brain.log.read(task_id), *await brain.log.dead(task_id)]
    return sorted(events, key=lambda event: event.place.ordinal if event.place else 0)


async def _touched(brain: Brain, plan: ErasurePlan) -> list[str]:
    """Tasks whose logs a plan changes, in order."""
    needles = Needles(plan.words, plan.names)
    found = {cutout.span.task_id for cutout in plan.cutouts}
    for task in await brain.log.tasks():
        if task.task_id not in found and await _names(brain, task.task_id, needles):
            found.add(task.task_id)
    return sorted(found)


async def _names(brain: Brain, task_id: str, needles: Needles) -> bool:
    events = await _log_of(brain, task_id)
    if needles.found(task_id) or any(needles.found(repr(event)) for event in events):
        return True
    texts = await brain.log.texts(sorted({name for each in events for name in digests_of(each)}))
    return any(needles.cuts(text, clipped=True) for text in texts.values())
