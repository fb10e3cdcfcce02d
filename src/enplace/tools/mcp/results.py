"""What a server answered to a call, as a tool's outcome: text, and a line for what is none."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from enplace.records.block import TextBlock
from enplace.records.canonical import canonical
from enplace.records.tool import ToolOutcome

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock, EmbeddedResource

MOST_CHARACTERS = 4_000_000
"""Of one result; no context holds so much, but a log would."""
NO_OUTPUT = "(the tool gave no output)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The connection ended, and there is no answer."""

    reason: str = ""
    """In words; empty where there is nothing to say beyond that it ended."""
    reached: bool = True
    """Whether the call may have reached the server, so that it may have had its effect."""


def outcome_of(result: "CallToolResult") -> ToolOutcome:
    """All that a result holds, in its order; structured content last, unless it was said before."""
    told = [_told(block) for block in result.content]
    if result.structured_content is not None:
        plain = [block.text for block in result.content if block.type == "text"]
        if not _repeats(plain, result.structured_content):
            told.append(_written(result.structured_content))
    texts = tuple(_within(told or [NO_OUTPUT]))
    return ToolOutcome(
        blocks=tuple(TextBlock(text=text) for text in texts), is_error=result.is_error
    )


def failed(text: str) -> ToolOutcome:
    """An error, in words."""
    return ToolOutcome(blocks=(TextBlock(text=text),), is_error=True)


def _told(block: "ContentBlock") -> str:
    match block.type:
        case "text":
            return block.text
        case "image" | "audio":
            return _left_out(block.type, block.mime_type, block.data)
        case "resource":
            return _resource(block)
        case "resource_link":
            about = f" ({block.description})" if block.description else ""
            return f"[link] {block.name}: {block.uri}{about}"


def _resource(block: "EmbeddedResource") -> str:
    resource = block.resource
    blob = getattr(resource, "blob", None)
    if isinstance(blob, str):
        return _left_out(f"resource {resource.uri}", resource.mime_type, blob)
    return f"[resource {resource.uri}]\n{getattr(resource, 'text', '')}"


def _left_out(what: str, media_type: str | None, data: str) -> str:
    of_type = f" of type {media_type}" if media_type else ""
    size = len(data) * 3 // 4 - data[-2:].count("=")  # it is written in base64
    return f"[{what}{of_type}, {size} bytes: left out, since it is no text]"


def _repeats(texts: list[str], structured: Any) -> bool:
    """Whether texts say the same as structured content, as servers do for clients without it.

    A value that is no object may stand there as `{"result": value}`; a list may be told one item
    a text.
    """
    values = [_read(text) for text in texts]
    same = [structured]
    if isinstance(structured, dict) and structured.keys() == {"result"}:
        same.append(structured["result"])
    return bool(texts) and any(
        value in (texts, values) or [value] in (texts, values) for value in same
    )


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _written(value: Any) -> str:
    try:
        return canonical(value)
    except (ValueError, RecursionError):
        return "[structured content: left out, since it is nested too deeply]"


def _within(texts: list[str]) -> Iterator[str]:
    """The texts, cut at the most that is taken."""
    room = MOST_CHARACTERS
    for text in texts:
        yield text[:room]
        room -= len(text)
        if room < 0:
            break
    left = sum(map(len, texts)) - MOST_CHARACTERS
    if left > 0:
        yield f"[{left} characters more: left out]"
