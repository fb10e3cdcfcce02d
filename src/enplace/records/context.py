"""The context: what one model call sees, in segments, messages and blocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from enplace.records.agent_event import (
    PersonAsked,
    SubAgentEnded,
    SubAgentStarted,
    unanswered,
)
from enplace.records.block import Block, TextBlock, ToolCallBlock
from enplace.records.event import (
    AssistantSpoke,
    EpochOpened,
    Erased,
    Event,
    Framed,
    NoteWritten,
    ToolFinished,
    TurnStarted,
    UsageReported,
    is_last,
)
from enplace.records.tool import ToolSpec
from enplace.records.usage import Usage

Segment = Literal["system", "soul", "memory", "history", "notes", "tools", "message"]
SEGMENTS: tuple[Segment, ...] = (
    "system",
    "soul",
    "memory",
    "history",
    "notes",
    "tools",
    "message",
)
"""The seven parts of a context, in the order the manifest lists them."""

SNIPPED = "snipped"
"""Why a block says less than its event: the newest snip took the rest out of view."""

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextBlock:
    """One block where it stands in a context."""

    block: Block
    segment: Segment
    tokens: int
    """Estimated, uncalibrated."""
    source: int | None = None
    """Ordinal of the event it shows; None for what stands in no single event."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextMessage:
    """One message as sent. Final: once it stands in a request it never changes within its epoch."""

    role: Role
    blocks: tuple[ContextBlock, ...]
    chain: str
    """Digest of this message and all before it, so that equal chains mean equal prefixes."""
    raw: str | None = None
    """An assistant's own text where it differs from the blocks."""

    @property
    def text(self) -> str:
        """Its text blocks, an empty line between them."""
        texts = (b.block.text for b in self.blocks if isinstance(b.block, TextBlock))
        return "\n\n".join(texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSize:
    """One row of a context's manifest."""

    segment: Segment
    tokens: int
    blocks: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that one model call is given. Codecs in `wire/` turn it into a provider's request."""

    task_id: str
    turn_id: str
    model: str
    epoch: EpochOpened
    """The event that laid down the head, in its place."""
    tools: tuple[ToolSpec, ...]
    system: tuple[ContextBlock, ...]
    """System prompt, then soul."""
    messages: tuple[ContextMessage, ...]
    manifest: tuple[SegmentSize, ...]
    """Seven rows, in the order of SEGMENTS."""
    counted_tokens: int
    """Input tokens as the counter sees them: the sum of the manifest."""
    estimated_tokens: int
    """Input tokens: the last reported usage plus a calibrated estimate of what was added."""
    expected_hit_tokens: int
    """Input that the provider's cache should hold."""
    unbroken_tokens: int
    """What the cache would hold of an unbroken prefix: the request before and its answer."""
    break_reason: str | None
    """Why a request before it is not a prefix of this one; None where it is."""
    branch: int
    """Ordinal of the event with which the task's live branch began; 0 while it never branched."""
    head: str
    """Digest of model, tools, system prompt and soul, with which the chain of messages begins."""
    max_output_tokens: int

    @property
    def prefix(self) -> str:
        """Digest that names everything sent: head and all messages."""
        return self.messages[-1].chain if self.messages else self.head


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A task's live branch: every stored event, oldest first, with the texts they refer to."""

    task_id: str
    turn_id: str
    events: tuple[Event, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    """By digest."""

    def then(self, *events: Event) -> "History":
        """The same history with more of it; transient events leave no trace."""
        stored = tuple(event for event in events if event.place and not event.place.part)
        return replace(self, events=self.events + stored)

    @property
    def broken(self) -> str | None:
        """The turn that started last, if it has no end.

        One that failed and was taken up again by its key has an end only behind what it did then.
        """
        started = (e.turn_id for e in reversed(self.events) if isinstance(e, TurnStarted))
        turn_id = next(started, None)
        own = (event for event in reversed(self.events) if _turn_of(event) == turn_id)
        last = next(own, None)
        return None if turn_id is None or last is None or is_last(last) else turn_id

    @property
    def of_turn(self) -> tuple[Event, ...]:
        """The events of the current turn, oldest first, without what others put between."""
        own: list[Event] = []
        for event in reversed(self.events):
            turn_id = _turn_of(event)
            if turn_id == self.turn_id:
                own.append(event)
            elif turn_id and not isinstance(event, NoteWritten | Erased):
                break
        return tuple(reversed(own))

    @property
    def last_answer(self) -> AssistantSpoke | None:
        """The newest answer of the current turn."""
        spoken = (event for event in reversed(self.of_turn) if isinstance(event, AssistantSpoke))
        return next(spoken, None)

    @property
    def since_answer(self) -> tuple[Event, ...]:
        """What the turn did since its newest answer, oldest first."""
        events = self.of_turn
        spoken = (i for i in reversed(range(len(events))) if isinstance(events[i], AssistantSpoke))
        return events[next(spoken, len(events)) + 1 :]

    @property
    def open_calls(self) -> tuple[ToolCallBlock, ...]:
        """Tools that the turn's last answer asked for and that have not answered, in its order."""
        answer = self.last_answer
        if answer is None or not answer.calls:
            return ()
        done = {e.tool_call_id for e in self.since_answer if isinstance(e, ToolFinished)}
        return tuple(call for call in answer.calls if call.id not in done)

    @property
    def answered(self) -> bool:
        """Whether the turn has its final answer: one that asks for no tool."""
        answer = self.last_answer
        return answer is not None and not answer.calls

    @property
    def questions(self) -> tuple[PersonAsked, ...]:
        """What a person was asked by calls of the turn's last answer, and has not answered."""
        return unanswered(self.since_answer)

    @property
    def children(self) -> tuple[SubAgentStarted, ...]:
        """Sub-agents of the turn that have not ended, in the order they started."""
        events = self.of_turn
        ended = {event.child for event in events if isinstance(event, SubAgentEnded)}
        started = {e.child: e for e in events if isinstance(e, SubAgentStarted)}
        return tuple(event for child, event in started.items() if child not in ended)

    @property
    def framed(self) -> bool:
        """Whether memory was recalled for the turn already."""
        return any(isinstance(event, Framed) for event in self.of_turn)

    @property
    def usage(self) -> Usage:
        """Sum over the current turn's model calls, those of its sub-agents among them."""
        total = Usage()
        for event in self.of_turn:
            if isinstance(event, UsageReported | SubAgentEnded):
                total += event.usage
        return total


def _turn_of(event: Event) -> str | None:
    return event.place.turn_id if event.place else None
