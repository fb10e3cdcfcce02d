"""What becomes of each call that an answer asks for. Pure: it is decided before anything runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from enplace.ports import Tool
from enplace.records.agent import Budget
from enplace.records.agent_event import PersonAnswered, PersonAsked
from enplace.records.block import ToolCallBlock
from enplace.records.canonical import JsonObject, canonical, json_object
from enplace.records.event import Event, ToolCalled
from enplace.records.permission import PermissionRule, verdict
from enplace.records.question import Question
from enplace.records.secrets import MARK
from enplace.records.tool import ToolCall

OUTCOME_UNKNOWN = (
    "The outcome of this call is unknown: the process ended while the tool was running, and the"
    " tool may or may not have had its effect. Check before calling it again."
)
SECRET_GONE = (
    "This call did not run: its turn was broken off, and its arguments held a secret, which is not"
    " kept. Call it again with the secret if it is still needed."
)
DENIED = "permission_denied"
"""With this word begins the result of a call that a rule or a person refused."""
MOST_SHOWN_CHARACTERS = 2_000
"""Of a call's input, in the question whether it may run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """It runs now."""

    tool: Tool
    call: ToolCall
    is_told: bool = False
    """Whether the log tells of this start already: a crash came behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """It is answered without running."""

    call: ToolCallBlock
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A person is asked first."""

    call: ToolCall
    question: Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A person was asked, and has not answered."""

    call: ToolCallBlock


Fate: TypeAlias = Run | Refuse | Ask | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An answer that asks for tools, and what its calls came to so far."""

    calls: Sequence[ToolCallBlock]
    """Those without a result, in the order they were asked."""
    task_id: str
    turn_id: str
    answer: int
    """Ordinal of the answer."""
    order: Sequence[str] = ()
    """Ids of all calls of the answer, in their order; empty where `calls` are all."""
    so_far: Sequence[Event] = ()
    """What was stored of the calls."""
    is_from_log: bool = False
    """Whether the calls were read from the log, which holds no secrets."""
    left: Budget = field(default_factory=Budget)
    """What the turn has left."""

    def call(self, block: ToolCallBlock, given: JsonObject) -> ToolCall:
        """A call as it is handed to its tool."""
        ids = list(self.order) or [call.id for call in self.calls]
        return ToolCall(
            id=block.id,
            tool=block.tool,
            input=given,
            task_id=self.task_id,
            turn_id=self.turn_id,
            reference=f"e{self.answer}.{ids.index(block.id) + 1}",
            left=self.left,
        )


def plan(
    asked: Asked, tools: Mapping[str, Tool], rules: Iterable[PermissionRule]
) -> tuple[Fate, ...]:
    """Decide on every call.

    Args:
        asked: The calls.
        tools: By name.
        rules: Of permissions.
    """
    rules = tuple(rules)
    return tuple(_fate(call, asked, tools, rules) for call in asked.calls)


def _fate(
    block: ToolCallBlock,
    asked: Asked,
    tools: Mapping[str, Tool],
    rules: tuple[PermissionRule, ...],
) -> Fate:
    tool, given = tools.get(block.tool), json_object(block.arguments)
    trace = [event for event in asked.so_far if _is_about(event, block.id)]
    if isinstance(trace[-1] if trace else None, PersonAsked):
        return Wait(call=block)
    if tool is None:
        is_unknown = any(isinstance(event, ToolCalled) for event in trace)
        names = ", ".join(sorted(tools)) or "none"
        text = f"There is no tool {block.tool!r}. Tools: {names}."
        return Refuse(call=block, text=OUTCOME_UNKNOWN if is_unknown else text)
    if trace and isinstance(trace[-1], ToolCalled) and not tool.spec.idempotent:
        return Refuse(call=block, text=OUTCOME_UNKNOWN)
    if given is None:
        return Refuse(call=block, text="The arguments are not a JSON object.")
    if asked.is_from_log and MARK in block.arguments:
        return Refuse(call=block, text=SECRET_GONE)
    call = asked.call(block, given)
    is_told = bool(trace) and isinstance(trace[-1], ToolCalled)
    if any(isinstance(event, PersonAnswered) for event in trace):
        fate = _answered(block, call, tool, trace)
        return replace(fate, is_told=is_told) if isinstance(fate, Run) else fate
    if is_told:
        return Run(tool=tool, call=call, is_told=True)
    match verdict(rules, tool.spec, given):
        case "allow":
            return Run(tool=tool, call=call)
        case "deny":
            return Refuse(call=block, text=f"{DENIED}: a rule forbids this call.")
        case "ask":
            shown = canonical(given)[:MOST_SHOWN_CHARACTERS]
            text = f"May {block.tool} run with {shown}?"
            question = Question(text=text, question_kind="permission", options=("yes", "no"))
            return Ask(call=call, question=question)


def _answered(
    block: ToolCallBlock, call: ToolCall, tool: Tool, trace: Sequence[Event]
) -> Run | Refuse:
    """What a person's answers make of a call: every permission that was asked needs its yes."""
    questions = {event.request_id: event for event in trace if isinstance(event, PersonAsked)}
    for event in trace:
        if not isinstance(event, PersonAnswered) or event.request_id not in questions:
            continue
        question, answer = questions[event.request_id], event.answer
        if answer is None:
            return Refuse(call=block, text=f"{DENIED}: nobody answered in time.")
        if question.question.question_kind == "permission" and not answer.grants:
            said = answer.text if answer.text.strip().casefold() not in {"", "no", "n"} else ""
            why = "; ".join(text for text in (said, answer.feedback) if text.strip())
            return Refuse(call=block, text=f"{DENIED}: {why or 'a person said no.'}")
        if question.by == "tool":
            call = replace(call, answer=answer)
    return Run(tool=tool, call=call)


def _is_about(event: Event, call_id: str) -> bool:
    match event:
        case ToolCalled() | PersonAsked() | PersonAnswered():
            return event.tool_call_id == call_id
        case _:
            return False
