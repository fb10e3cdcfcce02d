"""OpenAI chat completions: a context as a request, and the answer back. Pure.

Any compatible endpoint understands it. Contents are plain strings, since many endpoints take
nothing else; blocks of one message stand in one string with an empty line between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from enplace.errors import ModelGarbled
from enplace.records.block import Block, TextBlock, ToolCallBlock, ToolResultBlock
from enplace.records.canonical import Json, JsonObject, canonical, well_formed
from enplace.records.context import Context, ContextMessage
from enplace.records.message import Reply, Stop, TextPiece
from enplace.records.usage import Usage
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
        return [{"role": "user", "content": message.text}]
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
    return [body]


def from_openai(response: Mapping[str, Any]) -> Reply:
    """The reply in a whole (not streamed) response.

    Raises:
        ModelGarbled: It is no chat completion.
    """
    try:
        choice = response["choices"][0]
        message = choice["message"]
        blocks: list[Block] = []
        if message.get("content"):
            blocks.append(TextBlock(text=well_formed(message["content"])))
        for call in objects(message.get("tool_calls")):
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
        blocks: list[Block] = [TextBlock(text=text)] if text else []
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
