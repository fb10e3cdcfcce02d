"""Anthropic messages: a context as a request, and the answer back. Pure.

Cache markers stand where they are needed and nowhere else: at the end of the head, at the end of
the request before (so its entry is found however many blocks a step added: the provider looks back
only 20 blocks from a marker), and at the end of this one. The fourth stands where a snip left the
prefix as it was, whose entries lie too far back otherwise; or at the end of a request before that
got no answer, since nobody knows whether the provider kept it.

What the model thought goes back word for word where it stood, or not at all: unsealed thoughts are
not sent, nor those that a message ends with, which the provider refuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from enplace.errors import ModelGarbled
from enplace.records.block import (
    Block,
    FileBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from enplace.records.canonical import Json, JsonObject, canonical, json_object, well_formed
from enplace.records.context import SNIPPED, Context, ContextMessage
from enplace.records.media import file_text
from enplace.records.message import Reply, Stop, TextPiece
from enplace.records.usage import Usage
from enplace.wire.media import shown_as_text
from enplace.wire.untyped import a_thought, an_object

HeadTtl = Literal["5m", "1h"]

_STOPS: dict[str, Stop] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "pause_turn": "end",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


def to_anthropic(context: Context, *, head_ttl: HeadTtl = "5m") -> JsonObject:
    """The body of a messages request: `client.messages.create(**to_anthropic(context))`.

    Args:
        context: What the model is given.
        head_ttl: How long tools, system prompt and soul stay cached. An hour costs more to write
            and pays where people pause; the tail is always kept for five minutes, since a longer
            time must stand before a shorter one.
    """
    body: JsonObject = {"model": context.model, "max_tokens": context.max_output_tokens}
    if context.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
            for tool in context.tools
        ]
    system = [made for b in context.system if (made := _block(b.block))]
    if system:
        body["system"] = cast(Json, system)
    messages = [(_role(message), _content(message)) for message in context.messages]
    body["messages"] = [
        {"role": role, "content": cast(Json, content)} for role, content in messages if content
    ]
    head = system or cast(list[JsonObject], body.get("tools") or [])
    if head:
        head[-1]["cache_control"] = _marker(head_ttl)
    for at in _tails(messages, _first_snipped(context)):
        messages[at][1][-1]["cache_control"] = _marker("5m")
    return body


def breakpoints(context: Context) -> tuple[int, ...]:
    """Where cache markers stand in a context's request: positions in `wire_blocks`, ascending."""
    wire = _wire(to_anthropic(context))
    return tuple(at for at, (_, block) in enumerate(wire) if "cache_control" in block)


def _tails(messages: Sequence[tuple[str, list[JsonObject]]], snipped: int) -> list[int]:
    """Messages with which requests ended: this one, the last answered one, and one more at most.

    A request ends with a message of the user, whether or not an answer came.
    """
    ends = [i for i, (role, content) in enumerate(messages) if role == "user" and content]
    answers = [i for i, (role, _) in enumerate(messages) if role == "assistant"]
    last = [i for i, (_, content) in enumerate(messages) if content]
    answered = [i for i in ends if answers and i < answers[-1]]
    kept = [i for i in ends if i < snipped] if snipped < len(messages) else []
    return list(dict.fromkeys((*last[-1:], *answered[-1:], *kept[-1:], *ends[-2:-1])))[:3]


def _first_snipped(context: Context) -> int:
    """Index of the first message of which something was snipped; behind all where nothing was."""
    snipped = (i for i, m in enumerate(context.messages) if any(b.why == SNIPPED for b in m.blocks))
    return next(snipped, len(context.messages))


def _marker(ttl: HeadTtl) -> JsonObject:
    return {"type": "ephemeral"} if ttl == "5m" else {"type": "ephemeral", "ttl": ttl}


def _role(message: ContextMessage) -> str:
    return "assistant" if message.role == "assistant" else "user"


def _content(message: ContextMessage) -> list[JsonObject]:
    content = [made for b in message.blocks if (made := _block(b.block))]
    while content and content[-1]["type"] in {"thinking", "redacted_thinking"}:
        content.pop()
    return content


def _block(block: Block) -> JsonObject | None:
    """A block as the provider takes it; None for what it does not take, such as empty text."""
    match block:
        case TextBlock():
            return {"type": "text", "text": block.text} if block.text.strip() else None
        case ToolCallBlock():
            given = json_object(block.arguments) or {}  # what is none had an error as its result
            return {"type": "tool_use", "id": block.id, "name": block.tool, "input": given}
        case ToolResultBlock():
            result: JsonObject = {
                "type": "tool_result",
                "tool_use_id": block.call_id,
                "content": block.text,
            }
            return {**result, "is_error": True} if block.is_error else result
        case ThinkingBlock():
            return _thinking(block)
        case ImageBlock():
            return _image(block)
        case FileBlock():
            return _file(block)


def _thinking(block: ThinkingBlock) -> JsonObject | None:
    if block.is_redacted:
        return {"type": "redacted_thinking", "data": block.text}
    if not block.signature:
        return None
    return {"type": "thinking", "thinking": block.text, "signature": block.signature}


def _image(block: ImageBlock) -> JsonObject:
    words = shown_as_text(block)
    if words is not None:
        return {"type": "text", "text": words}
    source: JsonObject = {"type": "base64", "media_type": block.media_type, "data": block.data}
    return {"type": "image", "source": source}


def _file(block: FileBlock) -> JsonObject:
    text = file_text(block)
    if text is not None and text.strip():
        source: JsonObject = {"type": "text", "media_type": "text/plain", "data": text}
    elif (words := shown_as_text(block)) is not None:
        return {"type": "text", "text": words}
    else:
        source = {"type": "base64", "media_type": block.media_type, "data": block.data}
    title: JsonObject = {"title": block.name} if block.name else {}
    return {"type": "document", "source": source, **title}


def from_anthropic(response: Mapping[str, Any]) -> Reply:
    """The reply in a whole (not streamed) response.

    Raises:
        ModelGarbled: It is no message.
    """
    try:
        blocks: list[Block] = []
        for part in response["content"]:
            if part["type"] == "text":
                blocks.append(TextBlock(text=well_formed(part["text"])))
            elif part["type"] == "tool_use":
                blocks.append(_call(part["id"], part["name"], canonical(part["input"])))
            elif part["type"] == "thinking":
                blocks.append(a_thought(part["thinking"], part.get("signature") or ""))
            elif part["type"] == "redacted_thinking":
                blocks.append(ThinkingBlock(text=well_formed(part["data"]), is_redacted=True))
        return Reply(
            blocks=tuple(blocks),
            usage=decode_usage(an_object(response.get("usage"))),
            stop=_STOPS.get(response.get("stop_reason") or "end_turn", "end"),
        )
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ModelGarbled(f"no message: {error!r}") from error


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Tokens as ours: the provider counts hits and writes beside the input, we inside."""
    hit = int(usage.get("cache_read_input_tokens") or 0)
    written = int(usage.get("cache_creation_input_tokens") or 0)
    return Usage(
        input_tokens=int(usage.get("input_tokens") or 0) + hit + written,
        output_tokens=int(usage.get("output_tokens") or 0),
        cache_hit_tokens=hit,
        cache_write_tokens=written,
    )


def _call(id_: str, tool: str, arguments: str) -> ToolCallBlock:
    return ToolCallBlock(id=id_, tool=tool, arguments=well_formed(arguments) or "{}")


@dataclass(slots=True)
class _Part:
    """A content block that is still being written."""

    kind: str
    id: str = ""
    tool: str = ""
    text: str = ""
    signature: str = ""


@dataclass(slots=True)
class MessageStream:
    """Puts the events of a streamed answer together."""

    _parts: dict[int, _Part] = field(default_factory=dict[int, _Part])
    _usage: dict[str, Any] = field(default_factory=dict[str, Any])
    _stop: Stop | None = None
    _ended: bool = False

    def feed(self, event: Mapping[str, Any]) -> TextPiece | None:
        """Take in one event; the text it adds, if any.

        Raises:
            ModelGarbled: It is no event of a message.
        """
        try:
            return self._take(event)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ModelGarbled(f"no event of a message: {error!r}") from error

    def _take(self, event: Mapping[str, Any]) -> TextPiece | None:
        match event["type"]:
            case "message_start":
                self._usage.update(an_object(event["message"].get("usage")))
            case "content_block_start":
                block = event["content_block"]
                self._parts[int(event["index"])] = _Part(
                    kind=block["type"],
                    id=block.get("id") or "",
                    tool=block.get("name") or "",
                    text=_given(block),
                    signature=block.get("signature") or "",
                )
            case "content_block_delta":
                return self._grow(self._parts[int(event["index"])], event["delta"])
            case "message_delta":
                self._stop = _STOPS.get(event["delta"].get("stop_reason") or "", "end")
                for name, value in an_object(event.get("usage")).items():
                    self._usage[name] = self._usage.get(name) if value is None else value
            case "message_stop":
                self._ended = True
            case _:
                pass  # pings, and events that later versions add
        return None

    def _grow(self, part: _Part, delta: Mapping[str, Any]) -> TextPiece | None:
        if delta["type"] == "text_delta":
            added = well_formed(delta["text"])
            part.text += added
            return TextPiece(text=added) if added else None
        if delta["type"] == "input_json_delta":
            part.text += delta["partial_json"]
        elif delta["type"] == "thinking_delta":
            part.text += delta["thinking"]
        elif delta["type"] == "signature_delta":
            part.signature += delta["signature"]
        return None

    def reply(self) -> Reply:
        """The whole answer.

        Raises:
            ModelGarbled: The stream broke off before it was finished.
        """
        if self._stop is None or not self._ended:
            raise ModelGarbled("the stream broke off before the answer was finished")
        parts = [part for _, part in sorted(self._parts.items())]
        blocks = tuple(block for part in parts if (block := _finished(part)))
        try:
            usage = decode_usage(self._usage)
        except (TypeError, ValueError) as error:
            raise ModelGarbled(f"no usage: {error!r}") from error
        return Reply(blocks=blocks, usage=usage, stop=self._stop)


def _given(block: Mapping[str, Any]) -> str:
    """What came with a block's start; mostly it is empty, and deltas follow."""
    if block.get("input"):
        return canonical(block["input"])
    return block.get("text") or block.get("thinking") or block.get("data") or ""


def _finished(part: _Part) -> Block | None:
    """A part as a block; None for one that says nothing, or of a kind that is not known."""
    match part.kind:
        case "text":
            return TextBlock(text=part.text) if part.text else None
        case "tool_use":
            return _call(part.id, part.tool, part.text)
        case "thinking":
            return a_thought(part.text, part.signature)
        case "redacted_thinking":
            return ThinkingBlock(text=well_formed(part.text), is_redacted=True)
        case _:
            return None


def wire_blocks(body: JsonObject) -> list[str]:
    """The blocks of a request as canonical JSON, in the order the provider caches them.

    Tools, system, then the content blocks of the messages, without cache markers: they say where
    something is cached, and may move. The prefix law speaks about this list.
    """
    blocks: list[str] = []
    for role, block in _wire(body):
        bare = {name: value for name, value in block.items() if name != "cache_control"}
        blocks.append(canonical({"role": role, "block": bare} if role else bare))
    return blocks


def _wire(body: JsonObject) -> list[tuple[str, JsonObject]]:
    """Every block with the role of its message, which is empty for tools and system."""
    wire = [("", block) for block in (*_listed(body.get("tools")), *_listed(body.get("system")))]
    for message in _listed(body["messages"]):
        wire += [(str(message["role"]), block) for block in _listed(message.get("content"))]
    return wire


def _listed(value: Json) -> list[JsonObject]:
    return cast(list[JsonObject], value or [])
