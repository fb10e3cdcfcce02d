"""The turns of one owner's tasks: admitted, carried on, answered by a person, stopped."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from enplace.admission.open_turn import Ground, OpenTurn, answered, close, resume, start
from enplace.admission.verdict import (
    Again,
    Continue,
    New,
    admit,
    question_at,
)
from enplace.desk import Station, Warm, branch_off, close_part, warm_up
from enplace.engine.stations import Stations
from enplace.engine.stopping import Stop
from enplace.errors import (
    BadInput,
    EnplaceError,
    QuestionNotFound,
    TaskNotFound,
    TurnCancelled,
    UsageError,
)
from enplace.ports import Brain
from enplace.records.agent_event import PersonAsked, SubAgentEnded, TaskSplit, was_told
from enplace.records.changeset import Changeset, Lease
from enplace.records.delegation import Delegation
from enplace.records.event import Compacted, Event, NoteWritten
from enplace.records.message import UserMessage
from enplace.records.question import Answer
from enplace.records.task import Session
from enplace.records.tool import ToolCall, ToolOutcome
from enplace.turn import run_turn
from enplace.upload.redact import Redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the turns of an owner need of the engine."""

    brain: Callable[[], Awaitable[Brain]]
    session: Callable[[], Awaitable[Session]]
    stations: Stations
    redactor: Redactor
    warm_tasks: int
    ended: Callable[[Brain, str], None]
    """Told when a turn has let go of its task, and why others might have work now."""


class Turns:
    """All turns of one owner. Tasks that were at work lately are kept warm."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._warm: OrderedDict[str, Warm] = OrderedDict()
        self._stops: dict[str, Stop] = {}
        """Of the turns that run in this process, by task."""

    async def carry(self, task_id: str, message: UserMessage) -> AsyncGenerator[Event, None]:
        """A message to its answer, or to a question that a person must answer first."""
        async with self.admitted(task_id, message) as turn:
            if isinstance(turn, Again):
                for event in turn.events:
                    yield event
                return
            async with aclosing(self._run(task_id, turn)) as events:
                async for event in events:
                    yield event

    async def respond(
        self, task_id: str, answer: Answer, request_id: str | None
    ) -> AsyncGenerator[Event, None]:
        """A person's answer, and the turn that waited for it."""
        brain = await self._rooms.brain()
        async with self._leased(brain, task_id) as (lease, warm):
            station = await self._rooms.stations.own(brain)
            question = question_at(warm.history, request_id, station.clock.now())
            if question.agent:
                raise QuestionNotFound("a sub-agent asks; answer the question of its parent")
            if question.tool not in station.tools:  # the answer would be lost
                text = f"this engine has no tool {question.tool!r}: answer where it is, or cancel"
                raise UsageError(text, tool=question.tool, request_id=question.request_id)
            ground = await self._ground(station, warm, lease)
            turn = await answered(ground, question, answer)
            try:
                async with aclosing(self._run(task_id, turn)) as events:
                    async for event in events:
                        yield event
            finally:
                self._rooms.ended(brain, "turn completed")

    async def cancel(self, task_id: str) -> bool:
        """End the turn that runs or waits in a task; False where there is none."""
        stop = self._stops.get(task_id)
        if stop is not None:
            if stop.ask():
                await stop.ended.wait()
            return True
        brain = await self._rooms.brain()
        async with self._leased(brain, task_id) as (lease, warm):
            if not warm.history.events:
                raise TaskNotFound(f"there is no task {task_id!r}", task_id=task_id)
            broken = warm.history.broken
            if broken is None:
                return False
            station = await self._rooms.stations.own(brain)
            await close(await self._ground(station, warm, lease), broken, TurnCancelled.code)
            return True

    async def compact(self, task_id: str, label: str) -> Compacted | None:
        """Close a part of a task."""
        brain = await self._rooms.brain()
        async with self._leased(brain, task_id) as (lease, warm):
            session = await self._rooms.session()
            station = await self._rooms.stations.own(brain)
            return await close_part(station, warm, lease, session, label)

    async def questions(self, now: datetime) -> Sequence[PersonAsked]:
        """What people are asked in the owner's tasks and have not answered, oldest first."""
        asked = await (await self._rooms.brain()).log.questions()
        return [each for each in asked if not each.agent and each.expires_at > now]

    async def split(self, task_id: str, into: Sequence[str], label: str) -> TaskSplit:
        """Tasks that go on with the notes of one, and without its history."""
        brain, now = await self._rooms.brain(), (await self._station()).clock.now()
        async with AsyncExitStack() as leases:
            for name in sorted({task_id, *into}):  # in one order, so that nobody waits in a ring
                await leases.enter_async_context(brain.lease(name))
            if not await brain.log.read(task_id):
                raise TaskNotFound(f"there is no task {task_id!r}", task_id=task_id)
            for name in into:
                if await brain.log.read(name):
                    raise BadInput(f"task {name!r} exists already", task_id=name)
            notes = await brain.notes.live(task_id, now)
            split = TaskSplit(source=task_id, into=tuple(into), label=label)
            for name in into:
                own = tuple(replace(note, task_id=name) for note in notes)
                told = tuple(NoteWritten(note=note, by="caller") for note in own)
                await brain.commit(
                    Changeset(at=now, task_id=name, events=(split, *told), notes=own)
                )
            # last, so that a source that tells of a split has all its parts
            done = await brain.commit(Changeset(at=now, task_id=task_id, events=(split,)))
        told_at = done.events[0].place
        return replace(split, place=told_at)

    async def delegate(
        self, agent: str, call: ToolCall, tell: Callable[[Event], object]
    ) -> Delegation:
        """A sub-agent that nobody's model asked for; the log of its parent's task tells of it."""
        brain = await self._rooms.brain()
        sub_agent = await self._rooms.stations.sub_agent(brain, agent)
        ended: SubAgentEnded | None = None
        outcome: ToolOutcome | None = None
        async with aclosing(sub_agent.tell(call)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ToolOutcome):
                    outcome = piece
                    continue
                event: Event = piece
                if isinstance(event, SubAgentEnded) and event.tool_call_id == call.id:
                    ended = event
                if event.place is None:
                    if was_told(event, await brain.log.read(call.task_id)):
                        continue
                    at = (await self._station()).clock.now()
                    change = Changeset(at=at, task_id=call.task_id, events=(event,))
                    (event,) = (await brain.commit(change)).events
                tell(event)
        assert outcome is not None  # a sub-agent always has one
        return Delegation(name=sub_agent.name_of(call), outcome=outcome, ended=ended)

    async def _station(self) -> Station:
        return await self._rooms.stations.own(await self._rooms.brain())

    def forget(self) -> None:
        """Read every task anew."""
        self._warm.clear()

    @asynccontextmanager
    async def admitted(
        self, task_id: str, message: UserMessage
    ) -> AsyncGenerator[OpenTurn | Again, None]:
        """The turn of a message, under the lease of its task."""
        message = replace(message, text=self._rooms.redactor.text(message.text))
        brain = await self._rooms.brain()
        station = await self._rooms.stations.own(brain)
        async with self._leased(brain, task_id) as (lease, found):
            warm, verdict = found, admit(found.history, message, station.clock.now())
            if isinstance(verdict, New) and verdict.parent is not None:
                warm = self._warm[task_id] = await branch_off(station, task_id, verdict.parent)
            if isinstance(verdict, Again):
                yield verdict
                return
            ground = await self._ground(station, warm, lease)
            try:
                if isinstance(verdict, Continue):
                    yield await resume(ground, message, verdict)
                else:
                    yield await start(ground, message, verdict)
            finally:
                self._rooms.ended(brain, "turn completed")

    async def _run(self, task_id: str, turn: OpenTurn) -> AsyncGenerator[Event, None]:
        """An open turn to its end."""
        stop = self._stops[task_id] = Stop()
        try:
            for event in turn.told:
                yield event
            steps = run_turn(turn.message, turn.history, turn.desk)
            async with aclosing(steps), aclosing(stop.watch(steps)) as events:
                async for event in events:
                    turn.history = turn.history.then(event)
                    yield event
        except EnplaceError as error:
            for event in await turn.fail(error):
                yield event
            raise
        finally:
            del self._stops[task_id]
            stop.ended.set()

    @asynccontextmanager
    async def _leased(self, brain: Brain, task_id: str) -> AsyncGenerator[tuple[Lease, Warm], None]:
        async with brain.lease(task_id) as lease:
            known = self._warm.pop(task_id, None)
            warm = await warm_up(await self._rooms.stations.own(brain), task_id, known)
            self._warm[task_id] = warm
            while len(self._warm) > self._rooms.warm_tasks:
                self._warm.popitem(last=False)
            yield lease, warm

    async def _ground(self, station: Station, warm: Warm, lease: Lease) -> Ground:
        session = await self._rooms.session()
        return Ground(station=station, warm=warm, lease=lease, session=session)
