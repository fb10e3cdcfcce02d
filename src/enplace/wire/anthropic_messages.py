"""Anthropic messages: a context as a request, and the answer back. Pure.

Cache markers stand where they are needed and nowhere else: at the end of the head, at the end of
the request before (so its entry is found however many blocks a step added: the provider looks back
only 20 blocks from a marker), and at the end of this one. Three of the four that are allowed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from enplace.errors import ModelGarbled
from enplace.records.block import Block, TextBlock, ToolCallBlock, ToolResultBlock
from enplace.records.canonical import Json, JsonObject, canonical, json_object, well_formed
from enplace.records.context import Context, ContextMessage
from enplace.records.message import Reply, Stop, TextPiece
from enplace.records.usage import Usage
from enplace.wire.untyped import an_object

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
    system = [_block(b.block) for b in context.system if _says_something(b.block)]
    if system:
        body["system"] = cast(Json, system)
    messages = [(_role(message), _content(message)) for message in context.messages]
    body["messages"] = [
        {"role": role, "content": cast(Json, content)} for role, content in messages if content
    ]
    head = system or cast(list[JsonObject], body.get("tools") or [])
    if head:
        head[-1]["cache_control"] = _marker(head_ttl)
    for content in _tails(messages):
        content[-1]["cache_control"] = _marker("5m")
    return body


def _tails(messages: Sequence[tuple[str, list[JsonObject]]]) -> list[list[JsonObject]]:
    """The last messages of this request and of the one before, which ended before the answer."""
    sent = [(role, content) for role, content in messages if content]
    answers = [i for i, (role, _) in enumerate(sent) if role == "assistant"]
    ends = ([answers[-1] - 1] if answers else []) + [len(sent) - 1]
    return [sent[i][1] for i in dict.fromkeys(ends) if i >= 0]


def _marker(ttl: HeadTtl) -> JsonObject:
    return {"type": "ephemeral"} if ttl == "5m" else {"type": "ephemeral", "ttl": ttl}


def _role(message: ContextMessage) -> str:
    return "assistant" if message.role == "assistant" else "user"


def _content(message: ContextMessage) -> list[JsonObject]:
    """Blocks of a message; the provider takes no empty text."""
    return [_block(b.block) for b in message.blocks if _says_something(b.block)]


def _says_something(block: Block) -> bool:
    return not isinstance(block, TextBlock) or bool(block.text.strip())


def _block(block: Block) -> JsonObject:
    match block:
        case TextBlock():
            return {"type": "text", "text": block.text}
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
                    text=block.get("text") or _given(block),
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
        return None

    def reply(self) -> Reply:
        """The whole answer.

        Raises:
            ModelGarbled: The stream broke off before it was finished.
        """
        if self._stop is None or not self._ended:
            raise ModelGarbled("the stream broke off before the answer was finished")
        blocks: list[Block] = []
        for _, part in sorted(self._parts.items()):
            if part.kind == "text" and part.text:
                blocks.append(TextBlock(text=part.text))
            elif part.kind == "tool_use":
                blocks.append(_call(part.id, part.tool, part.text))
        try:
            usage = decode_usage(self._usage)
        except (TypeError, ValueError) as error:
            raise ModelGarbled(f"no usage: {error!r}") from error
        return Reply(blocks=tuple(blocks), usage=usage, stop=self._stop)


def _given(block: Mapping[str, Any]) -> str:
    """The input of a call that came whole with its start; mostly it is empty, and deltas follow."""
    return canonical(block["input"]) if block.get("input") else ""


def wire_blocks(body: JsonObject) -> list[str]:
    """The blocks of a request as canonical JSON, in the order the provider caches them.

    Tools, system, then the content blocks of the messages, without cache markers: they say where
    something is cached, and may move. The prefix law speaks about this list.
    """
    parts = [*_parts(body.get("tools")), *_parts(body.get("system"))]
    for message in _parts(body["messages"]):
        content = _parts(message.get("content"))
        parts += [{"role": message["role"], "block": cast(Json, part)} for part in content]
    return [canonical(part) for part in parts]


def _parts(value: Json) -> list[JsonObject]:
    listed = cast(list[JsonObject], value or [])
    return [{k: v for k, v in part.items() if k != "cache_control"} for part in listed]
