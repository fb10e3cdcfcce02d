"""Tools: what a model may ask for, and what came of it."""

from dataclasses import dataclass, field
from typing import Literal

from enplace.records.agent import Budget
from enplace.records.block import TextBlock
from enplace.records.canonical import JsonObject
from enplace.records.memory import Note
from enplace.records.question import Answer, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as the model sees it, and how the engine may treat its calls."""

    name: str
    description: str
    schema: JsonObject
    """JSON Schema of the input, an object."""
    idempotent: bool = False
    """Running a call again under the same call id changes nothing more (decision 0007)."""
    asks: bool = False
    """A person is asked before every call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call of a tool, as handed to it."""

    id: str
    """The idempotency key of the call: the same when a broken turn runs it again."""
    tool: str
    input: JsonObject
    task_id: str
    turn_id: str
    reference: str = ""
    """`e12.1`: the first call of the answer e12. No other call of the task has it."""
    left: Budget = field(default_factory=Budget)
    """What the turn may still use up."""
    answer: Answer | None = None
    """What a person said to the question that this call asked when it ran before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEffect:
    """What a tool did with a file."""

    path: str
    action: Literal["read", "write", "edit", "delete", "rename"]
    lines: tuple[int, int] | None = None
    """First and last line, 1-based and inclusive; None for the whole file."""
    hash: str = ""
    """SHA-256 of the file's bytes afterwards; empty where it was not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutcome:
    """What a tool gave back."""

    blocks: tuple[TextBlock, ...]
    is_error: bool = False
    effects: tuple[FileEffect, ...] = ()
    writes: tuple[Note, ...] = field(default=())
    """Notes to be written in the same transaction as the result: both stand or neither."""
    asks: Question | None = None
    """A person is asked before there is a result: the tool ends without an effect, the turn waits,
    and the call is run again with the answer."""

    @property
    def text(self) -> str:
        """All blocks as one text, a newline between them."""
        return "\n".join(block.text for block in self.blocks)
