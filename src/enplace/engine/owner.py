"""The engine as one owner sees it."""

import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from enplace.admission.open_turn import OpenTurn
from enplace.admission.verdict import Again, message_at
from enplace.desk import Asides, Asked, Station, ask_beside, last_context, search_memory
from enplace.engine.acceptance import accept_moment, accept_name, accept_text
from enplace.engine.catalogue import Catalogue
from enplace.engine.documents import Documents
from enplace.engine.encoding import Encoder
from enplace.engine.episodes import Episodes
from enplace.engine.erasure import Erasure
from enplace.engine.explaining import Explained, explain
from enplace.engine.learning import Learning
from enplace.engine.memory import MOST_SENTENCE_CHARACTERS, OwnerMemory
from enplace.engine.parts import EngineOptions, Ports
from enplace.engine.people import People
from enplace.engine.stations import Stations
from enplace.engine.studying import Study
from enplace.engine.turns import Rooms, Turns
from enplace.engine.writing import Writer
from enplace.errors import BadInput, MemoryNotFound, TaskNotFound, UsageError
from enplace.ports import Brain
from enplace.records.agent_event import PersonAsked, TaskSplit
from enplace.records.aside import Aside
from enplace.records.block import MediaBlock
from enplace.records.canonical import JsonObject, digest
from enplace.records.changeset import Changeset
from enplace.records.context import Context, History
from enplace.records.delegation import Delegation
from enplace.records.event import Compacted, Event, Framed, MessageHeard, NoteWritten
from enplace.records.filter import Filter
from enplace.records.learning import Utterance
from enplace.records.memory import Fact, Note, NoteKind, SoulLine, SoulSection, Span, expiry
from enplace.records.message import UserMessage
from enplace.records.question import Answer
from enplace.records.receipt import Reason, reason_in, receipt_of
from enplace.records.recollection import RecallPolicy, Recollection
from enplace.records.task import Session, TaskSummary
from enplace.records.tool import ToolCall
from enplace.records.write import Written
from enplace.upload.redact import Redactor

MOST_MEMORIES = 1_000
"""Most memories that one recall gives."""


class OwnerEngine:
    """Turns, tasks and memory of one owner. No call reaches another owner's."""

    def __init__(
        self, name: str, ports: Ports, options: EngineOptions, catalogue: Catalogue
    ) -> None:
        self.name = name
        self._ports = ports
        self._options = options
        self._asides = Asides()
        self._encoder = Encoder(ports.embedder)
        self._redactor = Redactor(is_on=options.redacts)
        writer = Writer(
            self._brain, ports.clock, options.memory, self._encoder.nudge, self._redactor
        )
        self.memory = OwnerMemory(writer, self.recall)
        """Facts, and what can be done with memories of any kind."""
        self.episodes = Episodes(writer)
        """What happened."""
        self.people = People(writer, self.memory)
        """Whom the owner knows."""
        self.documents = Documents(writer, ports.library, self._encoder)
        """Texts of the owner's own."""
        can_ask = ports.model.card.can_extract and options.learning.asks_model
        self.learning = Learning(
            writer, self.memory, name, options.learning, self._find_facts if can_ask else None
        )
        """What is learned from conversations, in the background or by hand."""
        self._stations = Stations(
            ports,
            options,
            catalogue,
            self.memory,
            asides=self._asides,
            redactor=self._redactor,
            session=self._session,
        )
        self._turns = Turns(
            Rooms(
                brain=self._brain,
                session=self._session,
                stations=self._stations,
                redactor=self._redactor,
                warm_tasks=options.warm_tasks,
                ended=self._turn_ended,
            )
        )
        self.erasure = Erasure(writer, self.recall, name, self._forget_logs)
        """Erases for good: by id, person, session, task or query."""
        jobs = ports.jobs
        self._study = Study(
            self.learning,
            options.learning,
            None if jobs is None else lambda: jobs.submit(name),
        )

    # Turns

    async def execute(
        self,
        task_id: str,
        message: str,
        *,
        media: Sequence[MediaBlock] = (),
        idempotency_key: str | None = None,
        replaces: int | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Carry a message to its answer, and yield every event as it happens.

        Args:
            task_id: An unknown task is created.
            message: What the person says.
            media: Images and files that come with it.
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
        said = UserMessage(
            text=message, media=tuple(media), idempotency_key=idempotency_key, replaces=replaces
        )
        _accept_message(task_id, said)
        async with aclosing(self._turns.carry(task_id, said)) as events:
            async for event in events:
                yield event

    async def retry(self, task_id: str, ordinal: int) -> AsyncGenerator[Event, None]:
        """Answer an earlier message again, as `execute` with the same text in its place.

        Raises:
            TaskNotFound: There is no such task.
            MessageNotFound: The message is not on the task's live branch.
            EnplaceError: As `execute`.
        """
        history = History(task_id=task_id, turn_id="", events=tuple(await self.log(task_id)))
        said = message_at(history, ordinal)
        again = self.execute(task_id, said.text, media=said.media, replaces=ordinal)
        async with aclosing(again) as events:
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
        _accept_message(task_id, said)
        async with self._turns.admitted(task_id, said) as turn:
            if isinstance(turn, Again):
                raise UsageError("the turn of this idempotency key has ended")
            yield turn

    async def respond(
        self, task_id: str, answer: str, *, request_id: str | None = None, feedback: str = ""
    ) -> AsyncGenerator[Event, None]:
        """Answer what a turn asks, and go on with it: it may end, or ask again.

        Args:
            task_id: The task that waits.
            answer: yes, no, one of the options or free text.
            request_id: Of the `hitl_request`; by default the oldest that is open.
            feedback: For the model, beside the answer.

        Raises:
            QuestionNotFound: The task waits for no such answer.
            QuestionClosed: The question was answered before, or it has expired.
            TaskBusy: The turn goes on already.
            UsageError: This engine has not the tool that asks; nothing was stored.
            EnplaceError: As `execute`.
        """
        accept_name(task_id, "task_id")
        accept_text(answer, "answer")
        said = Answer(text=answer, feedback=feedback and accept_text(feedback, "feedback"))
        async with aclosing(self._turns.respond(task_id, said, request_id)) as events:
            async for event in events:
                yield event

    async def questions(self) -> Sequence[PersonAsked]:
        """What people are asked in the owner's tasks and have not answered, oldest first."""
        return await self._turns.questions(self._ports.clock.now())

    async def cancel(self, task_id: str) -> bool:
        """Stop the turn of a task that runs in this process, waits for a person, or was broken.

        Its end is told as `CANCELLED`. Its idempotency key takes it up again.

        Returns:
            Whether there was one.

        Raises:
            TaskNotFound: There is no such task.
            TaskBusy: It runs in another process.
        """
        accept_name(task_id, "task_id")
        return await self._turns.cancel(task_id)

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
        return await last_context(await self._station(), task_id)

    async def compact(self, task_id: str, label: str = "") -> Compacted | None:
        """Close a part of a task: what stands so far becomes one handoff block.

        Nothing is deleted; what goes out of view can be reopened.

        Args:
            task_id: The task, between two turns.
            label: What ends here, in a few words; the block says it.

        Returns:
            What it did; None where nothing stands yet that could go.

        Raises:
            TaskNotFound: There is no such task.
            TaskBusy: A turn of it is running.
        """
        accept_name(task_id, "task_id")
        if label:
            label = self._redactor.text(accept_name(label, "label"))
        await self.log(task_id)
        closed = await self._turns.compact(task_id, label)
        self._study.nudge("compaction", at_once=True)
        return closed

    async def split(self, task_id: str, into: Sequence[str], label: str = "") -> TaskSplit:
        """Go on with a task in others: they inherit its notes, and nothing of its history.

        What was said is learned from at once, so that they remember it as any task does.

        Args:
            task_id: A task between two turns; it stays as it is.
            into: Ids of the new tasks.
            label: What they are about, in a few words.

        Raises:
            TaskNotFound: There is no such task.
            BadInput: A name is not acceptable, or there is such a task already.
            TaskBusy: A turn of one of them is running.
        """
        for name in (task_id, *into):
            accept_name(name, "task_id")
        if not into or len({task_id, *into}) != len(into) + 1:
            raise BadInput("into names one or more tasks, each once", into=list(into))
        label = label and self._redactor.text(accept_name(label, "label"))
        split = await self._turns.split(task_id, into, label)
        self._study.nudge("split", at_once=True)
        return split

    async def delegate(
        self,
        agent: str,
        brief: str,
        *,
        task_id: str,
        goes_on: str | None = None,
        key: str | None = None,
        answer: Answer | None = None,
        tell: Callable[[Event], object] = lambda _: None,
    ) -> Delegation:
        """Give a brief to a sub-agent, and wait for what it gives back.

        Args:
            agent: Name of its definition.
            brief: All that it needs to know.
            task_id: The task that it belongs to; its log tells of it.
            goes_on: Name of an earlier sub-agent, as its delegation gives it, that goes on.
            key: Names the delegation: the same again goes on with it, or gives it back again.
            answer: What a person said to the question that it asked under this key.
            tell: Gets every event as it happens.

        Raises:
            AgentNotFound: There is no such agent.
            BadInput: A value is not acceptable.
            TaskBusy: The sub-agent that is to go on is at work.
        """
        accept_name(task_id, "task_id")
        accept_text(brief, "brief")
        key = accept_name(key, "key") if key is not None else uuid.uuid4().hex
        given: JsonObject = {"brief": self._redactor.text(brief)}
        if goes_on is not None:
            given["goes_on"] = goes_on
        call = ToolCall(
            id=key,
            tool=agent,
            input=given,
            task_id=task_id,
            turn_id="",
            reference=f"e0.{digest(key)[:12]}",
            answer=answer,
        )
        return await self._turns.delegate(agent, call, tell)

    async def explain(self, task_id: str) -> Sequence[Explained]:
        """Why things stand in a task's context or went out of view, in money: call by call.

        Raises:
            TaskNotFound: There is no such task.
        """
        events = await self.log(task_id)
        return explain(events, (await self._station()).price())

    async def close_session(self) -> None:
        """End the current visit, if there is one; one that idled out ended at its last moment."""
        brain, now = await self._brain(), self._ports.clock.now()
        session = await brain.session()
        if session is not None:
            closed_at = session.last_at if self._is_over(session, now) else now
            await brain.commit(Changeset(at=now, session=replace(session, closed_at=closed_at)))
            self._study.nudge("session end", at_once=True)

    # Memory

    async def recall(
        self,
        text: str,
        *,
        policy: RecallPolicy = "search",
        limit: int | None = None,
        filter: Filter | None = None,
        at: datetime | None = None,
        as_known: datetime | None = None,
        history: bool = False,
        task_id: str = "",
    ) -> Recollection:
        """Look something up in long-term memory.

        Args:
            text: What to look for, as one would ask a person.
            policy: `search` gives all that is near; `inject` only what a turn would be given,
                which may be nothing.
            limit: Most memories.
            filter: Which may be found at all: `records.filter`.
            at: What was true then; now by default.
            as_known: As far as was believed then; now by default.
            history: Also what no longer holds, with its end.
            task_id: What was said in this task is left out, as far as no collapse took it out of
                view.

        Raises:
            BadInput: The text or a value is not acceptable.
        """
        accept_text(text, "text")
        if limit is not None and not 0 < limit <= MOST_MEMORIES:
            raise BadInput(f"limit is 1 to {MOST_MEMORIES}", limit=limit)
        asked = Asked(
            message=text,
            policy=policy,
            limit=limit,
            filter=filter,
            at=accept_moment(at, "at"),
            as_known=accept_moment(as_known, "as_known"),
            history=history,
            task_id=task_id,
            out_of_view=await self._gone(task_id) if task_id else 0,
        )
        return await search_memory(await self._station(), asked)

    async def why(self, memory_id: str, task_id: str, *, turn_id: str | None = None) -> Reason:
        """Why a memory was shown in a turn or was not, from what was stored then.

        Args:
            memory_id: As in a recollection.
            task_id: The turn's task.
            turn_id: The turn; by default the last one that looked for anything.

        Raises:
            TaskNotFound: There is no such task.
            MemoryNotFound: No such turn looked for anything.
        """
        framed = [
            event
            for event in await self.log(task_id)
            if isinstance(event, Framed)
            and event.receipt is not None
            and event.place is not None
            and turn_id in {None, event.place.turn_id}
        ]
        if not framed:
            raise MemoryNotFound(f"no such turn of {task_id!r} looked for anything")
        receipt, place = framed[-1].receipt or "", framed[-1].place
        texts = await (await self._brain()).log.texts([receipt])
        return reason_in(texts[receipt], memory_id, place.turn_id if place else "")

    async def why_not(self, text: str, message: str) -> Reason:
        """Why what a text says would not be shown for a message: which stage drops it.

        Args:
            text: What is remembered, in any words: the memory nearest to it is meant.
            message: What the user would say.

        Raises:
            MemoryNotFound: Nothing is remembered that comes near the text.
        """
        meant = (await self.recall(text, limit=1)).memories
        if not meant:
            raise MemoryNotFound(f"nothing like {text!r} is remembered")
        found = await self.recall(message, policy="inject")
        return reason_in(receipt_of(found), meant[0].id)

    async def remember(self, sentence: str, **values: Any) -> Written:
        """The same as `memory.remember`."""
        return await self.memory.remember(sentence, **values)

    async def facts(self, **values: Any) -> Sequence[Fact]:
        """The same as `memory.facts`."""
        return await self.memory.facts(**values)

    async def hear(self, task_id: str, said: Sequence[MessageHeard]) -> int:
        """Keep a conversation that was held elsewhere, to be recalled and learned from.

        It is no part of the task's context.

        Args:
            task_id: Names the conversation; created where it does not exist.
            said: In the order it was said.

        Returns:
            How many messages were kept.

        Raises:
            BadInput: A text, a name or a time is not acceptable; nothing was kept.
        """
        accept_name(task_id, "task_id")
        for message in said:
            accept_text(message.text, "text")
            accept_moment(message.said_at, "said_at")
            if message.speaker:
                accept_name(message.speaker, "speaker")
        brain = await self._brain()
        if said:
            change = Changeset(
                at=self._ports.clock.now(), task_id=task_id, events=tuple(said), due="heard"
            )
            await brain.commit(self._redactor.changeset(change))
            self._encoder.nudge(brain)
            self._study.nudge("heard")
        return len(said)

    async def encoded(self) -> str:
        """Wait until all that was written has vectors; why some have none, empty if all have."""
        brain = await self._brain()
        self._encoder.nudge(brain)
        await self._encoder.settled()
        return self._encoder.trouble

    async def learned(self) -> str:
        """Learn from what is due without waiting for a pause; why that failed, empty if it did not.

        Where learning is switched off this does nothing; `learning.run` learns all the same.
        """
        await self._study.settled()
        return self.learning.trouble

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
        note = self._redactor.note(note)
        written = NoteWritten(note=note, by="caller")
        await brain.commit(Changeset(at=now, task_id=task_id, events=(written,), notes=(note,)))
        return note

    async def notes(self, task_id: str) -> Sequence[Note]:
        """A task's working memory: highest priority first, expired notes absent."""
        return await (await self._brain()).notes.live(task_id, self._ports.clock.now())

    async def sweep(self) -> int:
        """Delete notes that have expired, of all tasks; how many there were."""
        return await (await self._brain()).notes.sweep(self._ports.clock.now())

    async def describe(
        self, section: SoulSection, key: str, text: str, *, evidence: Sequence[Span] = ()
    ) -> None:
        """Write a line of the soul; the next epoch of each task adopts it. Empty text removes it."""
        accept_name(key, "key")
        if text:
            accept_text(text, "text", most=MOST_SENTENCE_CHARACTERS)
        brain, now = await self._brain(), self._ports.clock.now()
        line = SoulLine(
            section=section, key=key, text=text, recorded_at=now, evidence=tuple(evidence)
        )
        await brain.commit(Changeset(at=now, soul=(self._redactor.soul(line),)))

    async def soul(self, *, history: bool = False) -> Sequence[SoulLine]:
        """The latest lines of the owner's core identity; with `history` all their versions."""
        return await (await self._brain()).memory.soul(history=history)

    async def aclose(self) -> None:
        """Stop what runs in the background."""
        await self._asides.aclose()
        await self._study.aclose()
        await self._encoder.aclose()

    # Behind them

    async def _gone(self, task_id: str) -> int:
        """The last event of a task that a collapse took out of view; 0 where none did."""
        events = await (await self._brain()).log.read(task_id)
        collapses = (e for e in events if isinstance(e, Compacted) and e.strategy == "summary")
        return max((each.upto for each in collapses), default=0)

    async def _forget_logs(self) -> None:
        """Read every task anew: what was held of its log was erased."""
        self._turns.forget()

    async def _brain(self) -> Brain:
        return await self._ports.brains.open(self.name)

    async def _find_facts(self, said: Sequence[Utterance]) -> Aside | None:
        return await ask_beside(await self._station(), said)

    async def _station(self) -> Station:
        return await self._stations.own(await self._brain())

    def _turn_ended(self, brain: Brain, reason: str) -> None:
        self._encoder.nudge(brain)
        self._study.nudge(reason)

    async def _session(self) -> Session:
        """The current visit, or a new one after too long a silence."""
        now, session = self._ports.clock.now(), await (await self._brain()).session()
        if session is None or self._is_over(session, now):
            return Session(id=uuid.uuid4().hex, opened_at=now, last_at=now)
        return session

    def _is_over(self, session: Session, now: datetime) -> bool:
        """Whether nothing was said for too long."""
        return now - session.last_at > timedelta(seconds=self._options.session_idle_s)


def _accept_message(task_id: str, message: UserMessage) -> None:
    accept_name(task_id, "task_id")
    accept_text(message.text, "message")
    if message.idempotency_key is not None:
        accept_name(message.idempotency_key, "idempotency_key")
