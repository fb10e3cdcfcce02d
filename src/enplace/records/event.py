"""Events: what happened, in the past tense. The stored log and the stream are the same sequence.

`KINDS` is the one table of them. A kind is the name published on the stream and in the log;
once released it can never be renamed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from enplace.records.agent_event import (
    AgentEvent,
    CatalogueReloaded,
    PersonAnswered,
    PersonAsked,
    SubAgentEnded,
    SubAgentStarted,
    TaskSplit,
)
from enplace.records.block import Block, MediaBlock, TextBlock, ToolCallBlock
from enplace.records.canonical import JsonObject
from enplace.records.compaction import Excerpt, Strategy, Trigger
from enplace.records.lint import LintCode
from enplace.records.memory import Note
from enplace.records.message import Stop
from enplace.records.place import Place
from enplace.records.tool import FileEffect
from enplace.records.usage import Cost, Purpose, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStarted:
    """A message was accepted."""

    turn_id: str
    session_id: str
    message_digest: str
    idempotency_key: str | None = None
    replaces: int | None = None
    """Ordinal of the message, on a branch that is dead now, in whose place this one stands."""
    phase: Literal["started"] = "started"
    kind: Literal["thread_lifecycle"] = "thread_lifecycle"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCompleted:
    """The answer is whole. Always the last event of its turn."""

    turn_id: str
    usage: Usage
    """Sum over the turn's model calls."""
    phase: Literal["completed"] = "completed"
    kind: Literal["thread_lifecycle"] = "thread_lifecycle"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnErrored:
    """The turn ended without an answer. Always the last event of its turn."""

    turn_id: str
    error: str
    """Stable code of `errors.py`, or ABANDONED where a later message closed a broken turn."""
    phase: Literal["errored"] = "errored"
    kind: Literal["thread_lifecycle"] = "thread_lifecycle"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSpoke:
    """The message, word for word."""

    text: str
    media: tuple[MediaBlock, ...] = ()
    """Images and files that came with it, in order."""
    agent: str = ""
    """Sub-agent whose brief it is: then no person said it."""
    kind: Literal["user_message"] = "user_message"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHeard:
    """Somebody said something outside of any turn: a conversation held elsewhere, kept for recall.

    It is no part of its task's context.
    """

    speaker: str
    text: str
    said_at: datetime
    role: Literal["user", "assistant"] = "user"
    """`user` for people, the owner among them."""
    session: str = ""
    """Names the visit in which it was said; empty: what is said within half an hour is one."""
    kind: Literal["message_heard"] = "message_heard"
    place: Place | None = None


EpochReason = Literal[
    "task_start",
    "model",
    "system",
    "tools",
    "cold_cache",
    "boundary",
    "layout",
    "compaction",
    "snip",
    "erasure",
]
"""Why a new head was laid down; `docs/reference/events.md` explains each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochOpened:
    """A new head was laid down; from here on the context only grows, until the next epoch."""

    reason: EpochReason
    model: str
    system: str
    """Digest of the system prompt's text."""
    tools: str
    """Digest of the canonical JSON of the tool definitions."""
    soul: str | None = None
    """Digest of the soul snapshot's text; None where the owner has no soul yet."""
    kind: Literal["epoch_opened"] = "epoch_opened"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A block of data laid in front of a message."""

    segment: Literal["memory", "notes"]
    text: str
    """Digest of the text as rendered."""
    shows: tuple[str, ...] = ()
    """Ids of the memories, or keys of the notes, that it makes visible."""
    corrects: tuple[str, ...] = ()
    """Ids of visible memories that it declares no longer valid."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """Memory was recalled, once for the turn, and what was new was laid in front of its message."""

    frames: tuple[Frame, ...]
    why: str = ""
    """What the recall looked for and left out."""
    receipt: str | None = None
    """Digest of all that was shown and dropped (`records/receipt.py`); None where nothing was
    looked for."""
    kind: Literal["context_frame"] = "context_frame"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """Some of what stood in the context went out of view. An epoch opens right behind it.

    Nothing is deleted: every event keeps its place in the log and can be reopened.
    """

    strategy: Strategy
    trigger: Trigger
    reason: str
    """In words, with the figures it was decided by."""
    before_tokens: int
    """Estimated, of the whole context."""
    after_tokens: int
    """Of the context right behind it, by the same counter."""
    expected_saving: float
    """Input-equivalent tokens saved by each later call."""
    price_tokens: float = 0.0
    """Input-equivalent tokens that it costs once."""
    upto: int = 0
    """Ordinal of the last event that a handoff block stands for; 0 for a snip."""
    texts: tuple[str, ...] = ()
    """Digests: of the blocks of a handoff, or of the lines that stand for what was snipped, which
    are one JSON object by ordinal."""
    frames: tuple[Frame, ...] = ()
    """Notes that a collapse in mid-turn lays anew."""
    label: str = ""
    """What somebody who asked for it called the part of the task that ended."""
    kind: Literal["compaction_event"] = "compaction_event"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStreamed:
    """More text of an answer that is being written. Transient."""

    text: str
    kind: Literal["text_delta"] = "text_delta"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantSpoke:
    """A model's whole answer of one step."""

    blocks: tuple[Block, ...]
    stop: Stop
    model: str
    raw: str | None = None
    """The model's own text where it differs from the blocks; sent back as it is."""
    agent: str = ""
    """Sub-agent that said it to its parent; empty where the owner was answered."""
    kind: Literal["assistant_message"] = "assistant_message"
    place: Place | None = None

    @property
    def text(self) -> str:
        """What the person reads."""
        return "".join(block.text for block in self.blocks if isinstance(block, TextBlock))

    @property
    def calls(self) -> tuple[ToolCallBlock, ...]:
        """The tools it asks for, in its order."""
        return tuple(block for block in self.blocks if isinstance(block, ToolCallBlock))


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReported:
    """What a model call consumed; one after every call."""

    usage: Usage
    purpose: Purpose
    model: str
    counted_tokens: int
    """What the engine had counted before the call, uncalibrated; calibrates later estimates."""
    expected_hit_tokens: int
    """Input that the cache should have held: the last request of the branch and its answer."""
    break_reason: str | None = None
    """Why the hit fell short of what an unbroken prefix gives; None where it did not."""
    prefix: str = ""
    """Digest that names everything sent, block by block (`prepare/prefix.py`)."""
    cost: Cost | None = None
    kind: Literal["usage"] = "usage"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled:
    """A tool is about to run. Stored before it starts."""

    tool_call_id: str
    tool: str
    input: JsonObject
    kind: Literal["tool_call"] = "tool_call"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """A tool answered; what it wrote to memory was stored in the same transaction."""

    tool_call_id: str
    tool: str
    blocks: tuple[TextBlock, ...]
    is_error: bool = False
    effects: tuple[FileEffect, ...] = ()
    excerpt: Excerpt | None = None
    """How it is shown, where it is too long to be shown whole; the event holds all of it."""
    kind: Literal["tool_result"] = "tool_result"
    place: Place | None = None

    @property
    def output(self) -> str:
        """All blocks as one text, a newline between them."""
        return "\n".join(block.text for block in self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWritten:
    """Working memory changed."""

    note: Note
    by: Literal["model", "caller"]
    """The model's own notes are visible in its tool call; a caller's are shown in a frame."""
    kind: Literal["working_memory_update"] = "working_memory_update"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Events of this task were erased: `[forgotten]` stands in their texts from now on.

    What was sent before cannot be made anew, so the next call opens an epoch.
    """

    events: int
    """How many."""
    kind: Literal["erasure"] = "erasure"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Degraded:
    """Something was left out or replaced, and the turn went on without it."""

    segment: str
    reason: str
    kind: Literal["degraded"] = "degraded"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceGiven:
    """Something is set up in a way that is seldom meant so. At most once per code in a task."""

    code: LintCode
    advice: str
    where: str
    """`system prompt`, `tool NAME`, `message`, or `task`."""
    excerpt: str = ""
    """What gave rise to it."""
    kind: Literal["advice"] = "advice"
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRaised:
    """The turn cannot go on."""

    error: str
    """Stable code of `errors.py`."""
    message: str
    details: JsonObject
    kind: Literal["error"] = "error"
    place: Place | None = None


Lifecycle: TypeAlias = TurnStarted | TurnCompleted | TurnErrored
Event: TypeAlias = (
    Lifecycle
    | UserSpoke
    | MessageHeard
    | EpochOpened
    | Framed
    | Compacted
    | TextStreamed
    | AssistantSpoke
    | UsageReported
    | ToolCalled
    | ToolFinished
    | NoteWritten
    | AgentEvent
    | Erased
    | Degraded
    | AdviceGiven
    | ErrorRaised
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the table of events."""

    name: str
    """As published."""
    record: type[Event]
    stored: bool
    by: str
    """The room that appends it."""


KINDS: tuple[Kind, ...] = (
    Kind(name="thread_lifecycle", record=TurnStarted, stored=True, by="turn"),
    Kind(name="thread_lifecycle", record=TurnCompleted, stored=True, by="upload"),
    Kind(name="thread_lifecycle", record=TurnErrored, stored=True, by="engine"),
    Kind(name="user_message", record=UserSpoke, stored=True, by="turn"),
    Kind(name="message_heard", record=MessageHeard, stored=True, by="engine"),
    Kind(name="epoch_opened", record=EpochOpened, stored=True, by="prepare"),
    Kind(name="context_frame", record=Framed, stored=True, by="prepare"),
    Kind(name="compaction_event", record=Compacted, stored=True, by="prepare"),
    Kind(name="text_delta", record=TextStreamed, stored=False, by="invoke"),
    Kind(name="assistant_message", record=AssistantSpoke, stored=True, by="invoke"),
    Kind(name="usage", record=UsageReported, stored=True, by="invoke"),
    Kind(name="tool_call", record=ToolCalled, stored=True, by="invoke"),
    Kind(name="tool_result", record=ToolFinished, stored=True, by="invoke"),
    Kind(name="working_memory_update", record=NoteWritten, stored=True, by="invoke"),
    Kind(name="hitl_request", record=PersonAsked, stored=True, by="invoke"),
    Kind(name="hitl_resolved", record=PersonAnswered, stored=True, by="engine"),
    Kind(name="subagent_lifecycle", record=SubAgentStarted, stored=True, by="subagent"),
    Kind(name="subagent_lifecycle", record=SubAgentEnded, stored=True, by="subagent"),
    Kind(name="task_split", record=TaskSplit, stored=True, by="engine"),
    Kind(name="catalogue_reloaded", record=CatalogueReloaded, stored=True, by="prepare"),
    Kind(name="erasure", record=Erased, stored=True, by="engine"),
    Kind(name="degraded", record=Degraded, stored=True, by="prepare"),
    Kind(name="advice", record=AdviceGiven, stored=True, by="prepare"),
    Kind(name="error", record=ErrorRaised, stored=True, by="engine"),
)
"""Every kind of event; see also `docs/reference/events.md`."""


def is_last(event: Event) -> bool:
    """Whether a turn ends with this event."""
    return isinstance(event, TurnCompleted | TurnErrored)
