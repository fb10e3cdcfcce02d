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


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingBlock:
    """What a model thought before it answered: given back word for word, or left out whole."""

    text: str
    signature: str = ""
    """The provider's seal over it; empty where it gives none. Changed by nobody."""
    is_redacted: bool = False
    """Whether `text` is the provider's cipher, which only it can read."""
    kind: Literal["thinking"] = "thinking"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBlock:
    """A picture."""

    media_type: str
    """For instance image/png."""
    data: str
    """Base64."""
    width: int = 0
    """Pixels; 0 where not known."""
    height: int = 0
    kind: Literal["image"] = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBlock:
    """A file given to the model as it is, for instance a PDF."""

    media_type: str
    data: str
    """Base64."""
    name: str = ""
    pages: int = 0
    """0 where not known."""
    kind: Literal["file"] = "file"


MediaBlock = ImageBlock | FileBlock
Block = TextBlock | ToolCallBlock | ToolResultBlock | ThinkingBlock | ImageBlock | FileBlock
