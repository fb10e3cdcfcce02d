"""Events of agents at work: questions to a person, sub-agents, and tasks that are split."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from enplace.records.canonical import JsonObject
from enplace.records.place import Place
from enplace.records.question import Answer, Question
from enplace.records.usage import Cost, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAsked:
    """A call waits for what a person says. The turn waits with it, over any restart."""

    request_id: str
    tool_call_id: str
    tool: str
    input: JsonObject
    question: Question
    by: Literal["rule", "tool"]
    """A permission rule asked before the call ran, or the tool itself when it ran."""
    expires_at: datetime
    """When it is taken for a no."""
    agent: str = ""
    """Sub-agent that asks. Its parent's question is the one to be answered; empty there."""
    kind: Literal["hitl_request"] = "hitl_request"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAnswered:
    """A question was answered, or nobody will answer it any more."""

    request_id: str
    tool_call_id: str
    answer: Answer | None = None
    """None: it expired, or its turn was closed."""
    kind: Literal["hitl_resolved"] = "hitl_resolved"
    place: Place | None = None


SubAgentOutcome = Literal["answered", "over_budget", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAgentStarted:
    """A sub-agent was given a brief."""

    child: str
    """Id of its task."""
    agent: str
    tool_call_id: str
    phase: Literal["started"] = "started"
    kind: Literal["subagent_lifecycle"] = "subagent_lifecycle"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAgentEnded:
    """A sub-agent gave back what it has."""

    child: str
    agent: str
    tool_call_id: str
    outcome: SubAgentOutcome
    usage: Usage
    """Sum over its model calls, those of its own sub-agents among them."""
    cost: Cost | None = None
    """Of these calls; None where nobody knows."""
    steps: int = 0
    """Its own model calls."""
    context_tokens: int = 0
    """Input of its largest call."""
    phase: Literal["ended"] = "ended"
    kind: Literal["subagent_lifecycle"] = "subagent_lifecycle"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSplit:
    """A task went on in others, which inherit its notes and nothing of its history."""

    source: str
    into: tuple[str, ...]
    label: str = ""
    """What the others are about, in a few words."""
    kind: Literal["task_split"] = "task_split"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueReloaded:
    """The definitions of tools or agents changed. A task takes them at its next epoch."""

    catalogue: str
    """Digest of the head that waits."""
    added: tuple[str, ...] = ()
    """Names of tools."""
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kind: Literal["catalogue_reloaded"] = "catalogue_reloaded"
    place: Place | None = None


Delegating: TypeAlias = SubAgentStarted | SubAgentEnded
AgentEvent: TypeAlias = PersonAsked | PersonAnswered | Delegating | TaskSplit | CatalogueReloaded


def was_told(event: object, before: Iterable[object]) -> bool:
    """Whether a sub-agent's start or end stands among these events already."""
    if not isinstance(event, SubAgentStarted | SubAgentEnded):
        return False
    name = (event.kind, event.phase, event.child, event.tool_call_id)
    return any(
        (each.kind, each.phase, each.child, each.tool_call_id) == name
        for each in before
        if isinstance(each, SubAgentStarted | SubAgentEnded)
    )


def unanswered(events: Iterable[object]) -> tuple[PersonAsked, ...]:
    """Of events the questions that have no answer among them, in their order."""
    asked: dict[str, PersonAsked] = {}
    for event in events:
        if isinstance(event, PersonAsked):
            asked[event.request_id] = event
        elif isinstance(event, PersonAnswered):
            asked.pop(event.request_id, None)
    return tuple(asked.values())
