"""A turn inside a turn: a sub-agent with its own brief, context, tools, budget and usage."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from enplace.admission.open_turn import Ground, OpenTurn, answered, resume, start
from enplace.admission.verdict import Again, Continue, admit, question_at
from enplace.desk import Station, warm_up
from enplace.errors import BadInput, BudgetExceeded, EnplaceError
from enplace.records.agent import AgentDefinition
from enplace.records.agent_event import SubAgentEnded, SubAgentOutcome, SubAgentStarted
from enplace.records.block import TextBlock
from enplace.records.changeset import Changeset, Lease
from enplace.records.context import History
from enplace.records.event import (
    AssistantSpoke,
    ErrorRaised,
    Event,
    NoteWritten,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
    UsageReported,
)
from enplace.records.message import UserMessage
from enplace.records.place import Child
from enplace.records.spending import cost_of_turn
from enplace.records.task import Session, child_task_id
from enplace.records.tool import FileEffect, ToolCall, ToolOutcome, ToolSpec
from enplace.turn import run_turn

MOST_STEPS = 100
"""Model calls of a sub-agent whose definition names no other number."""
_PREFIX = "delegate_to_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kitchen:
    """Where sub-agents work, as the engine gives it."""

    station: Callable[[AgentDefinition, ToolCall], Station]
    """Of an agent, for a call in its parent's task; with no larger budget than the call has left."""
    session: Callable[[], Awaitable[Session]]
    """The owner's visit."""


def tool_name(agent: str) -> str:
    """The tool that starts a sub-agent."""
    return _PREFIX + agent


class SubAgent:
    """An agent as a tool of its parent. Implements `ports.TellingTool`.

    Each call is one turn in a task of the sub-agent's own, which is named after the call: running
    the call again after a crash goes on with that turn. The parent's history holds the brief and
    what is given back; the rest stands in the child's log, where `reopen` reads it.
    """

    def __init__(self, definition: AgentDefinition, kitchen: Kitchen) -> None:
        self._definition = definition
        self._kitchen = kitchen
        self.spec = ToolSpec(
            name=tool_name(definition.name),
            description=f"{definition.description} It knows nothing of this conversation: its brief"
            " must hold all that it needs. It gives back a summary and references.",
            schema={
                "type": "object",
                "properties": {
                    "brief": {
                        "type": "string",
                        "description": "What to do, and how it is checked.",
                    },
                    "goes_on": {
                        "type": "string",
                        "description": "Name of an earlier sub-agent of this kind, as its result"
                        " gives it, that goes on with what it knows.",
                    },
                },
                "required": ["brief"],
                "additionalProperties": False,
            },
            idempotent=True,
        )

    async def run(self, call: ToolCall) -> ToolOutcome:
        """See `ports.Tool`."""
        async with aclosing(self.tell(call)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ToolOutcome):
                    return piece
        raise EOFError("a sub-agent always has an outcome")

    async def tell(self, call: ToolCall) -> AsyncGenerator[Event | ToolOutcome, None]:
        """See `ports.TellingTool`."""
        brief, name = self._brief(call), self.name_of(call)
        child = child_task_id(call.task_id, name)
        station = self._kitchen.station(self._definition, call)
        async with station.brain.lease(child) as lease:
            ground = await self._ground(station, child, lease)
            message = UserMessage(text=brief, idempotency_key=f"{call.turn_id} {call.reference}")
            now = station.clock.now()
            if call.answer is not None:
                question = question_at(ground.warm.history, None, now)
                turn = await answered(ground, question, call.answer)
            else:
                verdict = admit(ground.warm.history, message, now)
                if isinstance(verdict, Again):
                    turn_id = verdict.events[0].place.turn_id if verdict.events[0].place else ""
                    past = replace(ground.warm.history, turn_id=turn_id)
                    yield self._ended(call, child, past)  # a crash may have come before it was told
                    yield self._outcome(name, past)
                    return
                if isinstance(verdict, Continue):
                    turn = await resume(ground, message, verdict)
                else:
                    yield SubAgentStarted(
                        child=child, agent=self._definition.name, tool_call_id=call.id
                    )
                    if await self._hand_notes(station, call, child):
                        ground = await self._ground(station, child, lease)
                    turn = await start(ground, message, verdict)
            async with aclosing(self._carry(turn)) as events:
                async for event in events:
                    yield _named(event, child, self._definition.name)
            if not turn.history.questions:
                yield self._ended(call, child, turn.history)
            yield self._outcome(name, turn.history)

    async def _carry(self, turn: OpenTurn) -> AsyncGenerator[Event, None]:
        """The turn to its end. What goes wrong ends it, and is told in its result."""
        for event in turn.told:
            yield event
        try:
            async with aclosing(run_turn(turn.message, turn.history, turn.desk)) as events:
                async for event in events:
                    turn.history = turn.history.then(event)
                    yield event
        except EnplaceError as error:
            events = await turn.fail(error)
            turn.history = turn.history.then(*events)
            for event in events:
                yield event

    def _brief(self, call: ToolCall) -> str:
        brief = call.input.get("brief")
        if not isinstance(brief, str) or not brief.strip():
            raise BadInput("brief is a text that says what to do")
        return brief

    def name_of(self, call: ToolCall) -> str:
        """The sub-agent's name within its parent's task.

        Raises:
            BadInput: The call names an earlier one, and not as they are called.
        """
        agent, given = self._definition.name, call.input.get("goes_on")
        if given is None:
            return f"{agent}-{call.reference.removeprefix('e')}"
        if not isinstance(given, str) or not fnmatchcase(given, f"{agent}-[0-9]*"):
            raise BadInput(f"goes_on is the name of an earlier {agent}, such as {agent}-12.1")
        return given

    async def _ground(self, station: Station, child: str, lease: Lease) -> Ground:
        warm = await warm_up(station, child, None)
        session = await self._kitchen.session()
        return Ground(station=station, warm=warm, lease=lease, session=session)

    async def _hand_notes(self, station: Station, call: ToolCall, child: str) -> bool:
        """Copy those of the parent's notes that the definition names; whether there were any."""
        now = station.clock.now()
        live = await station.brain.notes.live(call.task_id, now)
        handed = tuple(
            replace(note, task_id=child)
            for note in live
            if any(fnmatchcase(note.key, pattern) for pattern in self._definition.notes)
        )
        if handed:
            told = tuple(NoteWritten(note=note, by="caller") for note in handed)
            await station.brain.commit(Changeset(at=now, task_id=child, events=told, notes=handed))
        return bool(handed)

    def _ended(self, call: ToolCall, child: str, history: History) -> SubAgentEnded:
        used = [e for e in history.of_turn if isinstance(e, UsageReported)]
        return SubAgentEnded(
            child=child,
            agent=self._definition.name,
            tool_call_id=call.id,
            outcome=_came_to(history)[0],
            usage=history.usage,
            cost=cost_of_turn(history),
            steps=len(used),
            context_tokens=max((event.usage.input_tokens for event in used), default=0),
        )

    def _outcome(self, name: str, history: History) -> ToolOutcome:
        """What the parent is given: a question of the child's, or what the child has."""
        agent = self._definition.name
        if history.questions:
            asked = history.questions[0].question
            return ToolOutcome(blocks=(), asks=replace(asked, text=f"{agent} asks: {asked.text}"))
        outcome, why = _came_to(history)
        said = [e.text for e in history.of_turn if isinstance(e, AssistantSpoke) and e.text.strip()]
        if outcome == "answered":
            text = said[-1] if said else "(it answered nothing)"
        else:
            text = f"It stopped: {why}. What it said so far:\n" + "\n".join(said or ["(nothing)"])
        changed = _changed(history.of_turn)
        told = (text, _reference(name, history, changed))
        return ToolOutcome(
            blocks=tuple(TextBlock(text=each) for each in told),
            is_error=outcome != "answered",
            effects=changed,
        )


def _named(event: Event, child: str, agent: str) -> Event:
    """An event with the name of the sub-agent that it is of; a grandchild's has its own."""
    if event.place is None or event.place.child is not None:
        return event
    named = Child(task_id=child, agent=agent, id=event.place.id)
    return replace(event, place=replace(event.place, child=named))


def _came_to(history: History) -> tuple[SubAgentOutcome, str]:
    """How a turn ended, and why where it has no answer."""
    for event in reversed(history.of_turn):
        if isinstance(event, TurnCompleted):  # it may have failed before, and was taken up again
            break
        if isinstance(event, TurnErrored):
            over = event.error == BudgetExceeded.code
            return ("over_budget" if over else "failed"), _trouble(history, event.error)
    return "answered", ""


def _trouble(history: History, code: str) -> str:
    for event in reversed(history.of_turn):
        if isinstance(event, ErrorRaised):
            return event.message
    return code


def _changed(events: Sequence[Event]) -> tuple[FileEffect, ...]:
    """Files that were changed, each once, as they were left."""
    effects = [
        effect
        for event in events
        if isinstance(event, ToolFinished)
        for effect in event.effects
        if effect.action != "read"
    ]
    return tuple({effect.path: effect for effect in effects}.values())


def _reference(name: str, history: History, changed: Sequence[FileEffect]) -> str:
    """One line on where the child's work is found."""
    places = [event.place.ordinal for event in history.of_turn if event.place is not None]
    files = ", ".join(f"{effect.path} ({effect.action})" for effect in changed)
    told = f"; files changed: {files}" if files else ""
    return f"[{name}{told}; reopen {name}/e{places[0]}-e{places[-1]} reads its work]"
