"""Blocks: the smallest pieces of which messages are made."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """Plain text."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallBlock:
    """A model's wish to run a tool."""

    id: str
    """The provider's name for the call; unique within a task."""
    tool: str
    arguments: str
    """JSON text exactly as the model wrote it, so that a replay sends the same bytes."""
    kind: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResultBlock:
    """What a tool answered to the call of the same id."""

    call_id: str
    tool: str
    text: str
    is_error: bool = False
    kind: Literal["tool_result"] = "tool_result"


Block = TextBlock | ToolCallBlock | ToolResultBlock
