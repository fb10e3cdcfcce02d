"""Messages: what the person says, and what a model answers."""

from dataclasses import dataclass
from typing import Literal

from enplace.records.block import Block, TextBlock, ToolCallBlock
from enplace.records.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMessage:
    """What starts a turn."""

    text: str
    idempotency_key: str | None = None
    """Names the turn: the same key again continues or replays it, and never repeats it."""
    replaces: int | None = None
    """Ordinal of an earlier message of the task, which this one replaces: the log branches."""


Stop = Literal["end", "tool_calls", "length", "refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPiece:
    """Some more text of an answer that is still being written."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A model's whole answer to one context."""

    blocks: tuple[Block, ...]
    usage: Usage
    stop: Stop = "end"
    raw: str | None = None
    """The model's own text where it differs from the blocks; sent back as it is."""

    @property
    def text(self) -> str:
        """What the person reads."""
        return "".join(block.text for block in self.blocks if isinstance(block, TextBlock))

    @property
    def calls(self) -> tuple[ToolCallBlock, ...]:
        """The tools it asks for, in its order."""
        return tuple(block for block in self.blocks if isinstance(block, ToolCallBlock))
