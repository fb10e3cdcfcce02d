"""An open turn: the lease is held, the message is in the log, the desk is set."""

import uuid
from dataclasses import dataclass, replace

from enplace.admission.verdict import ABANDONED, Continue, New
from enplace.desk import Station, Warm, open_journal, record_reply, set_desk
from enplace.errors import EnplaceError, UsageError
from enplace.ports import CostOf, Journal
from enplace.records.agent_event import (
    PersonAnswered,
    PersonAsked,
    SubAgentEnded,
    SubAgentStarted,
)
from enplace.records.block import TextBlock
from enplace.records.canonical import well_formed
from enplace.records.changeset import Lease
from enplace.records.context import Context, History
from enplace.records.event import (
    Degraded,
    ErrorRaised,
    Event,
    ToolFinished,
    TurnErrored,
    TurnStarted,
    UserSpoke,
)
from enplace.records.message import Reply, UserMessage
from enplace.records.question import Answer
from enplace.records.recollection import Recollection
from enplace.records.task import Session
from enplace.records.usage import Usage
from enplace.turn import Desk

OUTCOME_UNKNOWN = "The outcome of this call is unknown: its turn ended before the tool did."


@dataclass(slots=True, kw_only=True)
class OpenTurn:
    """A turn that is running. Its steps may be taken one by one, in order.

    `fetch`, then `prepare` and `record` until there is an answer, then `upload`.
    """

    message: UserMessage
    history: History
    desk: Desk
    journal: Journal
    cost_of: CostOf | None = None
    """What a call costs; None where nobody knows."""
    told: tuple[Event, ...] = ()
    """What happened so far: the message's arrival, or all that a broken turn came to."""

    async def fetch(self) -> Recollection:
        """Step 1: what long-term memory has for this message."""
        return await self.desk.recall(self.message, self.history)

    async def prepare(self, found: Recollection) -> Context:
        """Step 2: the context of the next model call.

        Raises:
            ContextOverflow: It does not fit the model's window.
            UsageError: A tool call has no result yet.
        """
        if self.history.open_calls:
            open_ids = ", ".join(call.id for call in self.history.open_calls)
            raise UsageError(f"record a result first for: {open_ids}")
        prepared = await self.desk.prepare(self.history, found)
        self.history = self.history.then(*prepared.changes)
        return prepared.context

    async def record(self, reply: Reply, context: Context) -> tuple[Event, ...]:
        """Step 3, first half: the answer that your own model gave to a context."""
        events = await record_reply(reply, context, self.journal, self.cost_of)
        self.history = self.history.then(*events)
        return events

    async def record_result(
        self, call_id: str, text: str, *, is_error: bool = False
    ) -> tuple[Event, ...]:
        """Step 3, second half: what a tool answered. Every call needs exactly one result.

        Raises:
            UsageError: No such call is open.
        """
        call = next((call for call in self.history.open_calls if call.id == call_id), None)
        if call is None:
            raise UsageError(f"no open tool call {call_id!r}", call_id=call_id)
        result = ToolFinished(
            tool_call_id=call_id,
            tool=call.tool,
            blocks=(TextBlock(text=well_formed(text)),),
            is_error=is_error,
        )
        events = await self.journal.append([result])
        self.history = self.history.then(*events)
        return events

    async def upload(self) -> tuple[Event, ...]:
        """Step 4: the turn is over; what it holds now waits to be learned from.

        Raises:
            UsageError: The turn has no final answer yet.
        """
        if not self.history.answered:
            raise UsageError("record the final answer before the turn is uploaded")
        events = await self.desk.upload(self.history)
        self.history = self.history.then(*events)
        return events

    async def fail(self, error: EnplaceError) -> tuple[Event, ...]:
        """Close the turn with an error that people can see."""
        return await self.journal.append(
            [
                *closing(self.history),
                ErrorRaised(error=error.code, message=error.message, details=error.details),
                TurnErrored(turn_id=self.history.turn_id, error=error.code),
            ],
            due="turn errored",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """On what a turn is opened."""

    station: Station
    warm: Warm
    lease: Lease
    session: Session

    def journal(
        self, turn_id: str, *, parent: int | None = None, last: Event | None = None
    ) -> Journal:
        """Writes a turn's events; with `parent` as a new branch, with `last` behind that event."""
        return open_journal(
            self.station, self.lease, turn_id, self.session, parent=parent, last=last
        )


async def start(ground: Ground, message: UserMessage, verdict: New) -> OpenTurn:
    """Put a message into the log, after closing a turn that was broken.

    To a sub-agent's station it is a brief.

    Raises:
        ContextOverflow: The message cannot fit behind what stands; nothing was stored.
    """
    station, warm = ground.station, ground.warm
    warm.preparer.require_room_for(message, station.wanted)
    told: tuple[Event, ...] = ()
    if verdict.broken is not None:
        told = await close(ground, verdict.broken, ABANDONED)
    turn_id = uuid.uuid4().hex
    journal = ground.journal(turn_id, parent=verdict.parent)
    started = TurnStarted(
        turn_id=turn_id,
        session_id=ground.session.id,
        message_digest=message.digest,
        idempotency_key=message.idempotency_key,
        replaces=message.replaces,
    )
    spoke = UserSpoke(text=message.text, media=message.media, agent=station.agent)
    told += await journal.append([started, spoke, *_lost_tools(station, warm.history)])
    return OpenTurn(
        message=message,
        history=replace(warm.history, turn_id=turn_id).then(*told),
        desk=set_desk(station, warm.preparer, journal),
        journal=journal,
        cost_of=station.cost_of,
        told=told,
    )


def _lost_tools(station: Station, history: History) -> list[Degraded]:
    if not station.troubles:
        return []
    told = {event.reason for event in history.events if isinstance(event, Degraded)}
    return [Degraded(segment="tools", reason=why) for why in station.troubles if why not in told]


async def resume(ground: Ground, message: UserMessage, verdict: Continue) -> OpenTurn:
    """Take up a turn that was broken. Questions that have expired are closed."""
    history = replace(ground.warm.history, turn_id=verdict.turn_id)
    journal = ground.journal(verdict.turn_id, last=history.events[-1])
    now = ground.station.clock.now()
    expired = [question for question in history.questions if question.expires_at <= now]
    told = await journal.append([_unanswered(each) for each in expired]) if expired else ()
    return _taken_up(ground, message, history.then(*told), journal, (*verdict.so_far, *told))


async def answered(ground: Ground, question: PersonAsked, answer: Answer) -> OpenTurn:
    """Put a person's answer into the log, and take up the turn that waits for it."""
    history = ground.warm.history
    turn_id = question.place.turn_id if question.place else ""
    history = replace(history, turn_id=turn_id)
    journal = ground.journal(turn_id, last=history.events[-1])
    said = PersonAnswered(
        request_id=question.request_id, tool_call_id=question.tool_call_id, answer=answer
    )
    told = await journal.append([said])
    spoke = next(event for event in history.of_turn if isinstance(event, UserSpoke))
    message = UserMessage(text=spoke.text, media=spoke.media)
    return _taken_up(ground, message, history.then(*told), journal, told)


def _taken_up(
    ground: Ground,
    message: UserMessage,
    history: History,
    journal: Journal,
    told: tuple[Event, ...],
) -> OpenTurn:
    return OpenTurn(
        message=message,
        history=history,
        desk=set_desk(ground.station, ground.warm.preparer, journal),
        journal=journal,
        cost_of=ground.station.cost_of,
        told=told,
    )


async def close(ground: Ground, turn_id: str, code: str) -> tuple[Event, ...]:
    """Close a broken turn, so that every call has its result and every turn its end."""
    open_ends = closing(replace(ground.warm.history, turn_id=turn_id))
    ended = TurnErrored(turn_id=turn_id, error=code)
    return await ground.journal(turn_id).append([*open_ends, ended])


def closing(history: History) -> list[Event]:
    """Ends for what a turn leaves open: questions, sub-agents, and calls."""
    ends: list[Event] = [_unanswered(question) for question in history.questions]
    ends += [_cancelled(child) for child in history.children]
    return ends + [
        ToolFinished(
            tool_call_id=call.id,
            tool=call.tool,
            blocks=(TextBlock(text=OUTCOME_UNKNOWN),),
            is_error=True,
        )
        for call in history.open_calls
    ]


def _unanswered(question: PersonAsked) -> PersonAnswered:
    return PersonAnswered(request_id=question.request_id, tool_call_id=question.tool_call_id)


def _cancelled(child: SubAgentStarted) -> SubAgentEnded:
    return SubAgentEnded(
        child=child.child,
        agent=child.agent,
        tool_call_id=child.tool_call_id,
        outcome="cancelled",
        usage=Usage(),
    )
