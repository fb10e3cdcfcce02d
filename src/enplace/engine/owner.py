"""The engine as one owner sees it."""

import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from enplace.desk import Station, Warm, branch_off, last_context, search_memory, warm_up
from enplace.engine.acceptance import accept_name, accept_text
from enplace.engine.admission import Again, Continue, New, admit, message_at
from enplace.engine.parts import EngineOptions, Ports
from enplace.engine.turns import Ground, OpenTurn, resume, start
from enplace.errors import EnplaceError, TaskNotFound, UsageError
from enplace.ports import Brain
from enplace.records.changeset import Changeset
from enplace.records.context import Context, History
from enplace.records.event import Event, NoteWritten
from enplace.records.memory import Fact, Note, NoteKind, SoulLine, SoulSection, expiry
from enplace.records.message import UserMessage
from enplace.records.recollection import Recollection
from enplace.records.task import Session, TaskSummary
from enplace.turn import run_turn

MOST_SENTENCE_CHARACTERS = 2_000
"""A fact is a sentence; longer texts are documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What became of an explicit write."""

    outcome: Literal["added", "duplicate", "superseded"]
    fact: Fact
    """The fact that holds now: the new one, or the one that said the same before."""


class OwnerEngine:
    """Turns, tasks and memory of one owner. No call reaches another owner's."""

    def __init__(self, name: str, ports: Ports, options: EngineOptions) -> None:
        self.name = name
        self._ports = ports
        self._options = options
        self._warm: OrderedDict[str, Warm] = OrderedDict()
        self._station: Station | None = None

    # Turns

    async def execute(
        self,
        task_id: str,
        message: str,
        *,
        idempotency_key: str | None = None,
        replaces: int | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Carry a message to its answer, and yield every event as it happens.

        Args:
            task_id: An unknown task is created.
            message: What the person says.
            idempotency_key: A turn of this key that was broken goes on where it stopped, and one
                that ended is told again. Without a key every call is a new turn.
            replaces: Ordinal of an earlier message, which is edited: the log branches before it.
                The other branch stays, marked as dead.

        Raises:
            TaskBusy: Another turn of the task is running.
            BadInput: The message or a name is not acceptable; nothing was stored.
            IdempotencyConflict: The key was used for another message.
            MessageNotFound: The message to replace is not on the task's live branch.
            ContextOverflow: The context does not fit the model's window.
            ModelError: The model failed. Told as `error` and `thread_lifecycle` events first.
        """
        said = UserMessage(text=message, idempotency_key=idempotency_key, replaces=replaces)
        async with self._admitted(task_id, said) as turn:
            if isinstance(turn, Again):
                for event in turn.events:
                    yield event
                return
            for event in turn.told:
                yield event
            try:
                async with aclosing(run_turn(turn.message, turn.history, turn.desk)) as events:
                    async for event in events:
                        turn.history = turn.history.then(event)
                        yield event
            except EnplaceError as error:
                for event in await turn.fail(error):
                    yield event
                raise

    async def retry(self, task_id: str, ordinal: int) -> AsyncGenerator[Event, None]:
        """Answer an earlier message again, as `execute` with the same text in its place.

        Raises:
            TaskNotFound: There is no such task.
            MessageNotFound: The message is not on the task's live branch.
            EnplaceError: As `execute`.
        """
        history = History(task_id=task_id, turn_id="", events=tuple(await self.log(task_id)))
        text = message_at(history, ordinal).text
        async with aclosing(self.execute(task_id, text, replaces=ordinal)) as events:
            async for event in events:
                yield event

    @asynccontextmanager
    async def turn(
        self, task_id: str, message: str, *, idempotency_key: str | None = None
    ) -> AsyncGenerator[OpenTurn, None]:
        """The four steps one by one, for those who call the model themselves.

        Raises:
            UsageError: As `execute`; also when the key's turn has ended already.
        """
        said = UserMessage(text=message, idempotency_key=idempotency_key)
        async with self._admitted(task_id, said) as turn:
            if isinstance(turn, Again):
                raise UsageError("the turn of this idempotency key has ended")
            yield turn

    # Tasks

    async def tasks(self) -> Sequence[TaskSummary]:
        """All tasks, the one changed last first."""
        return await (await self._brain()).log.tasks()

    async def log(self, task_id: str, *, after: int = 0) -> Sequence[Event]:
        """The events of a task's live branch with a larger ordinal, in order.

        Raises:
            TaskNotFound: There is no such task.
        """
        log = (await self._brain()).log
        events = await log.read(task_id, after)
        if not events and not await log.read(task_id):
            raise TaskNotFound(f"there is no task {task_id!r}", task_id=task_id)
        return events

    async def dead_branches(self, task_id: str) -> Sequence[Event]:
        """The events that edits and retries left behind, in order of ordinals."""
        return await (await self._brain()).log.dead(task_id)

    async def context(self, task_id: str) -> Context:
        """The context exactly as the task's last model call saw it, made anew from the log.

        Raises:
            TaskNotFound: No model was called in such a task.
        """
        return await last_context(
            self._station_of(await self._brain()), task_id, self._ports.counter
        )

    async def close_session(self) -> None:
        """End the current visit, if there is one."""
        brain, now = await self._brain(), self._ports.clock.now()
        session = await brain.session()
        if session is not None:
            await brain.commit(Changeset(at=now, session=replace(session, closed_at=now)))

    # Memory

    async def remember(
        self,
        sentence: str,
        *,
        subject: str | None = None,
        predicate: str | None = None,
        object: str | None = None,
        supersedes: str | None = None,
    ) -> Remembered:
        """Store a fact, at once, and say what became of it.

        Args:
            sentence: In the third person, readable without its surroundings.
            subject: Whom it is about.
            predicate: What it says about them.
            object: What it says it is.
            supersedes: Id of the fact that no longer holds because of this one.

        Raises:
            BadInput: Empty, longer than 2,000 characters, or no valid text.
            UsageError: There is no fact of the id to supersede, it was closed before, or another
                fact says the same as its successor would; nothing was changed.
        """
        accept_text(sentence, "sentence", most=MOST_SENTENCE_CHARACTERS)
        brain, now = await self._brain(), self._ports.clock.now()
        same = await brain.memory.same(sentence, now)
        if same is not None and supersedes not in {None, same.id}:
            raise UsageError(
                f"{same.id} says this already; {supersedes} was not superseded", id=same.id
            )
        if same is not None:
            return Remembered(outcome="duplicate", fact=same)
        if supersedes is not None:
            before = (await brain.memory.get([supersedes])).get(supersedes)
            if before is None or before.valid_until is not None:
                raise UsageError(f"no fact {supersedes!r} holds now", id=supersedes)
        fact = Fact(
            id=f"f{uuid.uuid4().hex[:16]}",
            sentence=sentence.strip(),
            recorded_at=now,
            subject=subject,
            predicate=predicate,
            object=object,
            supersedes=supersedes,
        )
        await brain.commit(Changeset(at=now, facts=(fact,)))
        return Remembered(outcome="superseded" if supersedes else "added", fact=fact)

    async def recall(self, text: str) -> Recollection:
        """Look something up in long-term memory."""
        return await search_memory(self._station_of(await self._brain()), accept_text(text, "text"))

    async def facts(self) -> Sequence[Fact]:
        """Every fact that holds now, oldest first."""
        return await (await self._brain()).memory.facts(self._ports.clock.now())

    async def note(
        self,
        task_id: str,
        key: str,
        value: str,
        *,
        kind: NoteKind = "note",
        priority: int = 0,
        ttl_s: float | None = None,
    ) -> Note:
        """Write to a task's working memory. The model sees it with the next message.

        Args:
            task_id: Created where it does not exist.
            key: Writing a key again replaces its note.
            value: The text.
            kind: note, observation or summary.
            priority: Higher comes first.
            ttl_s: Seconds until it expires, > 0; None for as long as the task lasts.

        Raises:
            BadInput: A text is not acceptable, or the TTL is not positive.
        """
        accept_name(task_id, "task_id")
        accept_name(key, "key")
        accept_text(value, "value", most=MOST_SENTENCE_CHARACTERS)
        brain, now = await self._brain(), self._ports.clock.now()
        note = Note(
            task_id=task_id,
            key=key,
            value=value,
            written_at=now,
            note_kind=kind,
            priority=priority,
            expires_at=expiry(now, ttl_s),
        )
        written = NoteWritten(note=note, by="caller")
        await brain.commit(Changeset(at=now, task_id=task_id, events=(written,), notes=(note,)))
        return note

    async def notes(self, task_id: str) -> Sequence[Note]:
        """A task's working memory: highest priority first, expired notes absent."""
        return await (await self._brain()).notes.live(task_id, self._ports.clock.now())

    async def describe(self, section: SoulSection, key: str, text: str) -> None:
        """Write a line of the soul; the next epoch of each task adopts it. Empty text removes it."""
        accept_name(key, "key")
        if text:
            accept_text(text, "text", most=MOST_SENTENCE_CHARACTERS)
        brain, now = await self._brain(), self._ports.clock.now()
        line = SoulLine(section=section, key=key, text=text, recorded_at=now)
        await brain.commit(Changeset(at=now, soul=(line,)))

    async def soul(self) -> Sequence[SoulLine]:
        """The latest lines of the owner's core identity."""
        return await (await self._brain()).memory.soul()

    # Behind them

    async def _brain(self) -> Brain:
        return await self._ports.brains.open(self.name)

    def _station_of(self, brain: Brain) -> Station:
        """The brain with the model and all tools that the model can use; made once."""
        if self._station is not None and self._station.brain is brain:
            return self._station
        ports = self._ports
        bare = Station(
            brain=brain, model=ports.model, tools={}, clock=ports.clock, options=self._options.turn
        )
        tools = list(ports.tools)
        if ports.engine_tools is not None and ports.model.card.uses_engine_tools:
            tools += ports.engine_tools(brain, lambda text: search_memory(bare, text), ports.clock)
        self._station = replace(bare, tools={tool.spec.name: tool for tool in tools})
        return self._station

    @asynccontextmanager
    async def _admitted(
        self, task_id: str, message: UserMessage
    ) -> AsyncGenerator[OpenTurn | Again, None]:
        accept_name(task_id, "task_id")
        accept_text(message.text, "message")
        if message.idempotency_key is not None:
            accept_name(message.idempotency_key, "idempotency_key")
        brain = await self._brain()
        station = self._station_of(brain)
        async with brain.lease(task_id) as lease:
            warm = await self._warm_up(brain, task_id)
            verdict = admit(warm.history, message)
            if isinstance(verdict, New) and verdict.parent is not None:
                counter = self._ports.counter
                warm = await branch_off(brain, task_id, verdict.parent, counter=counter)
                self._warm[task_id] = warm
            if isinstance(verdict, Again):
                yield verdict
                return
            ground = Ground(
                station=station, warm=warm, lease=lease, session=await self._session(brain)
            )
            if isinstance(verdict, Continue):
                yield resume(ground, message, verdict)
            else:
                yield await start(ground, message, verdict)

    async def _warm_up(self, brain: Brain, task_id: str) -> Warm:
        known = self._warm.pop(task_id, None)
        warm = await warm_up(brain, task_id, counter=self._ports.counter, known=known)
        self._warm[task_id] = warm
        while len(self._warm) > self._options.warm_tasks:
            self._warm.popitem(last=False)
        return warm

    async def _session(self, brain: Brain) -> Session:
        """The current visit, or a new one after too long a silence."""
        now, session = self._ports.clock.now(), await brain.session()
        if session is None or now - session.last_at > timedelta(
            seconds=self._options.session_idle_s
        ):
            return Session(id=uuid.uuid4().hex, opened_at=now, last_at=now)
        return session
