"""Messages: what the person says, and what a model answers."""

from dataclasses import dataclass
from typing import Literal

from enplace.records.block import Block, MediaBlock, TextBlock, ToolCallBlock
from enplace.records.canonical import canonical, digest
from enplace.records.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMessage:
    """What starts a turn."""

    text: str
    idempotency_key: str | None = None
    """Names the turn: the same key again continues or replays it, and never repeats it."""
    media: tuple[MediaBlock, ...] = ()
    """Images and files that come with it; they stand in front of the text."""
    replaces: int | None = None
    """Ordinal of an earlier message of the task, which this one replaces: the log branches."""

    @property
    def digest(self) -> str:
        """Names what it says and brings."""
        if not self.media:
            return digest(self.text)
        return digest(canonical([self.text, *(digest(block.data) for block in self.media)]))


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
