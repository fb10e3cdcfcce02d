"""OpenAI chat completions: a context as a request, and the answer back. Pure.

Any compatible endpoint understands it. Contents are plain strings, since many endpoints take
nothing else; blocks of one message stand in one string with an empty line between them. Only a
message with an image or a file is a list of parts.

What came as `reasoning_content` goes back under that name, on messages that call tools and on no
others: DeepSeek refuses such a message without it, also in every later turn, and makes nothing of
it elsewhere (api-docs.deepseek.com/guides/thinking_mode). Thoughts that another provider sealed are
not sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

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
from enplace.records.canonical import Json, JsonObject, canonical, well_formed
from enplace.records.context import Context, ContextMessage
from enplace.records.message import Reply, Stop, TextPiece
from enplace.records.usage import Usage
from enplace.wire.media import data_url, shown_as_text
from enplace.wire.untyped import an_object, objects

_STOPS: dict[str, Stop] = {
    "stop": "end",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "content_filter": "refusal",
}


def to_openai(context: Context) -> JsonObject:
    """The body of a chat completions request: `client.chat.completions.create(**to_openai(c))`."""
    messages: list[Json] = []
    if context.system:
        text = "\n\n".join(b.block.text for b in context.system if isinstance(b.block, TextBlock))
        if text:
            messages.append({"role": "system", "content": text})
    for message in context.messages:
        messages += _messages(message)
    body: JsonObject = {
        "model": context.model,
        "messages": messages,
        "max_completion_tokens": context.max_output_tokens,
    }
    if context.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.schema,
                },
            }
            for tool in context.tools
        ]
    return body


def _messages(message: ContextMessage) -> list[Json]:
    """One of ours is one of theirs, but for tool results: each of them is a message."""
    if message.role == "tool":
        results = [b.block for b in message.blocks if isinstance(b.block, ToolResultBlock)]
        return [
            {"role": "tool", "tool_call_id": result.call_id, "content": result.text}
            for result in results
        ]
    if message.role == "user":
        return [{"role": "user", "content": _content(message)}]
    calls = [b.block for b in message.blocks if isinstance(b.block, ToolCallBlock)]
    spoken = message.raw if message.raw is not None else message.text
    body: JsonObject = {"role": "assistant", "content": spoken or (None if calls else "")}
    if calls:
        body["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.tool, "arguments": call.arguments},
            }
            for call in calls
        ]
        blocks = [b.block for b in message.blocks]
        thoughts = [b.text for b in blocks if isinstance(b, ThinkingBlock) and _is_open(b)]
        if thoughts:
            body["reasoning_content"] = "".join(thoughts)
    return [body]


def _is_open(thought: ThinkingBlock) -> bool:
    """Whether it is no other provider's: sealed, or in a cipher."""
    return not thought.signature and not thought.is_redacted


def _content(message: ContextMessage) -> Json:
    """What a person said: a text, or parts where an image or a file is among it."""
    blocks = [b.block for b in message.blocks]
    if not any(isinstance(block, ImageBlock | FileBlock) for block in blocks):
        return message.text
    return [part for block in blocks if (part := _part(block))]


def _part(block: Block) -> JsonObject | None:
    match block:
        case TextBlock():
            return {"type": "text", "text": block.text} if block.text else None
        case ImageBlock() | FileBlock() if (words := shown_as_text(block)) is not None:
            return {"type": "text", "text": words}
        case ImageBlock():
            # Of high detail: otherwise the newest models spend up to 14,000 tokens on a photo.
            return {"type": "image_url", "image_url": {"url": data_url(block), "detail": "high"}}
        case FileBlock():
            file: JsonObject = {"filename": block.name or "file", "file_data": data_url(block)}
            return {"type": "file", "file": file}
        case _:
            return None


def from_openai(response: Mapping[str, Any]) -> Reply:
    """The reply in a whole (not streamed) response.

    Raises:
        ModelGarbled: It is no chat completion.
    """
    try:
        choice = response["choices"][0]
        message = choice["message"]
        calls = objects(message.get("tool_calls"))
        blocks = _thoughts(message.get("reasoning_content"), is_calling=bool(calls))
        if message.get("content"):
            blocks.append(TextBlock(text=well_formed(message["content"])))
        for call in calls:
            function = call["function"]
            blocks.append(
                ToolCallBlock(
                    id=call["id"],
                    tool=function["name"],
                    arguments=well_formed(function["arguments"]),
                )
            )
        return Reply(
            blocks=tuple(blocks),
            usage=decode_usage(an_object(response.get("usage"))),
            stop=_STOPS.get(choice.get("finish_reason") or "stop", "end"),
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ModelGarbled(f"no chat completion: {error!r}") from error


def _thoughts(told: str | None, *, is_calling: bool) -> list[Block]:
    """What was thought; nothing at all is kept too where tools are called, since it must go back."""
    if told is None or not (told or is_calling):
        return []
    return [ThinkingBlock(text=well_formed(told))]


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Tokens as the provider reports them; hits and writes are inside the input."""
    details = an_object(usage.get("prompt_tokens_details"))
    return Usage(
        input_tokens=int(usage.get("prompt_tokens") or 0),
        output_tokens=int(usage.get("completion_tokens") or 0),
        # DeepSeek reports hits beside the details, not in them.
        cache_hit_tokens=int(
            details.get("cached_tokens") or usage.get("prompt_cache_hit_tokens") or 0
        ),
        cache_write_tokens=int(details.get("cache_write_tokens") or 0),
    )


@dataclass(slots=True)
class _Call:
    id: str = ""
    tool: str = ""
    arguments: str = ""


@dataclass(slots=True)
class ChatStream:
    """Puts the chunks of a streamed answer together."""

    _text: list[str] = field(default_factory=list[str])
    _thought: str | None = None
    _calls: dict[int, _Call] = field(default_factory=dict[int, _Call])
    _stop: Stop | None = None
    _usage: Usage = field(default_factory=Usage)

    def feed(self, chunk: Mapping[str, Any]) -> TextPiece | None:
        """Take in one chunk; the text it adds, if any.

        Raises:
            ModelGarbled: It is no chunk of a chat completion.
        """
        try:
            if chunk.get("usage"):
                self._usage = decode_usage(chunk["usage"])
            added = ""
            for choice in objects(chunk.get("choices")):
                added += self._take(choice)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ModelGarbled(f"no chunk of a chat completion: {error!r}") from error
        return TextPiece(text=added) if added else None

    def _take(self, choice: Mapping[str, Any]) -> str:
        delta = an_object(choice.get("delta"))
        added = well_formed(str(delta.get("content") or ""))
        if added:
            self._text.append(added)
        if delta.get("reasoning_content") is not None:
            self._thought = (self._thought or "") + delta["reasoning_content"]
        for piece in objects(delta.get("tool_calls")):
            call = self._calls.setdefault(int(piece.get("index", 0)), _Call())
            function = an_object(piece.get("function"))
            call.id = piece.get("id") or call.id
            call.tool += function.get("name") or ""
            call.arguments += well_formed(function.get("arguments") or "")
        if choice.get("finish_reason"):
            self._stop = _STOPS.get(choice["finish_reason"], "end")
        return added

    def reply(self) -> Reply:
        """The whole answer.

        Raises:
            ModelGarbled: The stream broke off before it was finished.
        """
        if self._stop is None:
            raise ModelGarbled("the stream broke off before the answer was finished")
        text = "".join(self._text)
        blocks = _thoughts(self._thought, is_calling=bool(self._calls))
        if text:
            blocks.append(TextBlock(text=text))
        for _, call in sorted(self._calls.items()):
            if not call.id or not call.tool:
                raise ModelGarbled("a tool call came without its id or name")
            blocks.append(ToolCallBlock(id=call.id, tool=call.tool, arguments=call.arguments))
        return Reply(blocks=tuple(blocks), usage=self._usage, stop=self._stop)


def wire_blocks(body: JsonObject) -> list[str]:
    """The blocks of a request as canonical JSON, in the order a provider caches them.

    Tools first, then system and messages. The prefix law speaks about this list.
    """
    parts = [*cast(list[Json], body.get("tools") or []), *cast(list[Json], body["messages"])]
    return [canonical(part) for part in parts]
