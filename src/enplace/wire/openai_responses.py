"""OpenAI responses: a context as a request, and the answer back. Pure.

Nothing is stored at the provider: every request carries the whole context, and what the model
thought comes back sealed, to be sent again where it stood. Items go without their ids, which the
provider would look up among what it stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
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
from enplace.wire.untyped import a_thought, an_object, objects

_CUT_SHORT: dict[str, Stop] = {"max_output_tokens": "length", "content_filter": "refusal"}


def to_openai_responses(context: Context, *, is_reasoning: bool = True) -> JsonObject:
    """The body of a request: `client.responses.create(**to_openai_responses(context))`.

    Args:
        context: What the model is given.
        is_reasoning: Whether the model thinks. One that does not refuses to be asked for its
            sealed thoughts.
    """
    items = [item for message in context.messages for item in _items(message)]
    body: JsonObject = {
        "model": context.model,
        "input": cast(Json, items),
        "max_output_tokens": context.max_output_tokens,
        "store": False,
        "prompt_cache_key": context.head,  # sends those with equal beginnings to one machine
    }
    instructions = "\n\n".join(
        b.block.text for b in context.system if isinstance(b.block, TextBlock)
    )
    if instructions:
        body["instructions"] = instructions
    if is_reasoning:
        body["include"] = ["reasoning.encrypted_content"]
    if context.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.schema,
                "strict": False,  # else every parameter is required
            }
            for tool in context.tools
        ]
    return body


def _items(message: ContextMessage) -> list[JsonObject]:
    blocks = [b.block for b in message.blocks]
    match message.role:
        case "assistant":
            return _said(blocks)
        case "tool":
            return [
                {"type": "function_call_output", "call_id": block.call_id, "output": block.text}
                for block in blocks
                if isinstance(block, ToolResultBlock)
            ]
        case "user" | "system":
            return [{"role": message.role, "content": _content(message)}]


def _said(blocks: Sequence[Block]) -> list[JsonObject]:
    """An answer's items, in the order of its blocks."""
    items: list[JsonObject] = []
    for seal, together in groupby(blocks, key=_seal):
        if seal:
            texts = [block.text for block in together if isinstance(block, ThinkingBlock)]
            items.append(_reasoning(texts, seal))
            continue
        for block in together:
            if isinstance(block, TextBlock) and block.text:
                items.append({"role": "assistant", "content": block.text})
            elif isinstance(block, ToolCallBlock):
                items.append(
                    {
                        "type": "function_call",
                        "call_id": block.id,
                        "name": block.tool,
                        "arguments": block.arguments,
                    }
                )
    return items


def _seal(block: Block) -> str:
    """What a thought is sealed with: the parts of one item's summary are blocks under one seal."""
    return block.signature if isinstance(block, ThinkingBlock) else ""


def _reasoning(texts: Sequence[str], seal: str) -> JsonObject:
    summary: list[Json] = [{"type": "summary_text", "text": text} for text in texts if text]
    return {"type": "reasoning", "summary": summary, "encrypted_content": seal}


def _content(message: ContextMessage) -> Json:
    """What a person said: a text, or parts where an image or a file is among it."""
    blocks = [b.block for b in message.blocks]
    if not any(isinstance(block, ImageBlock | FileBlock) for block in blocks):
        return message.text
    return [part for block in blocks if (part := _part(block))]


def _part(block: Block) -> JsonObject | None:
    match block:
        case TextBlock():
            return {"type": "input_text", "text": block.text} if block.text else None
        case ImageBlock() | FileBlock() if (words := shown_as_text(block)) is not None:
            return {"type": "input_text", "text": words}
        case ImageBlock():
            # Of high detail: otherwise the newest models spend up to 14,000 tokens on a photo.
            return {"type": "input_image", "image_url": data_url(block), "detail": "high"}
        case FileBlock():
            name = block.name or "file"
            return {"type": "input_file", "filename": name, "file_data": data_url(block)}
        case _:
            return None


def from_openai_responses(response: Mapping[str, Any]) -> Reply:
    """The reply in a whole (not streamed) response.

    Raises:
        ModelGarbled: It is no response, or one that failed.
    """
    try:
        if response.get("status") == "failed":
            raise ModelGarbled(f"the response failed: {response.get('error')!r}")
        return _reply(response["output"], response)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelGarbled(f"no response: {error!r}") from error


def _reply(output: Sequence[Mapping[str, Any]], response: Mapping[str, Any]) -> Reply:
    blocks = [block for item in output for block in _blocks(item)]
    stop: Stop = "end"
    if response.get("status") == "incomplete":
        why = an_object(response.get("incomplete_details")).get("reason") or ""
        stop = _CUT_SHORT.get(why, "length")
    elif any(isinstance(block, ToolCallBlock) for block in blocks):
        stop = "tool_calls"
    elif any(part["type"] == "refusal" for item in output for part in objects(_parts(item))):
        stop = "refusal"
    usage = decode_usage(an_object(response.get("usage")))
    return Reply(blocks=tuple(blocks), usage=usage, stop=stop)


def _parts(item: Mapping[str, Any]) -> Any:
    return item.get("content") if item["type"] == "message" else ()


def _blocks(item: Mapping[str, Any]) -> list[Block]:
    """An item as blocks; none for those of tools that only the provider runs."""
    match item["type"]:
        case "message":
            texts = [part.get("text") or part.get("refusal") or "" for part in item["content"]]
            return [TextBlock(text=well_formed(text)) for text in texts if text]
        case "function_call":
            arguments = well_formed(item["arguments"]) or "{}"
            return [ToolCallBlock(id=item["call_id"], tool=item["name"], arguments=arguments)]
        case "reasoning":
            return _thoughts(item)
        case _:
            return []


def _thoughts(item: Mapping[str, Any]) -> list[Block]:
    """Each part of a summary, under the item's seal; a seal without a summary is an empty thought.

    Open models tell their thoughts themselves, unsealed.
    """
    seal = item.get("encrypted_content") or ""
    told = objects(item.get("summary")) or (() if seal else objects(item.get("content")))
    texts = [part["text"] for part in told] or ([""] if seal else [])
    thoughts = [a_thought(text, seal) for text in texts]
    if any(thought.signature != seal for thought in thoughts):
        return [ThinkingBlock(text=thought.text) for thought in thoughts]
    return list[Block](thoughts)


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Tokens as the provider reports them; hits and writes are inside the input."""
    details = an_object(usage.get("input_tokens_details"))
    return Usage(
        input_tokens=int(usage.get("input_tokens") or 0),
        output_tokens=int(usage.get("output_tokens") or 0),
        cache_hit_tokens=int(details.get("cached_tokens") or 0),
        cache_write_tokens=int(details.get("cache_write_tokens") or 0),
    )


@dataclass(slots=True)
class ResponseStream:
    """Puts the events of a streamed answer together."""

    _items: dict[int, Mapping[str, Any]] = field(default_factory=dict[int, Mapping[str, Any]])
    _response: Mapping[str, Any] | None = None

    def feed(self, event: Mapping[str, Any]) -> TextPiece | None:
        """Take in one event; the text it adds, if any.

        Raises:
            ModelGarbled: It is no event of a response.
        """
        try:
            match event["type"]:
                case "response.output_text.delta" | "response.refusal.delta":
                    added = well_formed(event["delta"])
                    return TextPiece(text=added) if added else None
                case "response.output_item.done":
                    self._items[int(event["output_index"])] = event["item"]
                case "response.completed" | "response.incomplete":
                    self._response = event["response"]
                case _:
                    pass  # what is done in between, and events that later versions add
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ModelGarbled(f"no event of a response: {error!r}") from error
        return None

    def reply(self) -> Reply:
        """The whole answer.

        Raises:
            ModelGarbled: The stream broke off before it was finished.
        """
        if self._response is None:
            raise ModelGarbled("the stream broke off before the answer was finished")
        gathered = [item for _, item in sorted(self._items.items())]
        try:
            # Some endpoints leave the items out of the last event, some tell them nowhere else.
            output = max(gathered, objects(self._response.get("output")), key=len)
        except (TypeError, AttributeError) as error:
            raise ModelGarbled(f"no response: {error!r}") from error
        return from_openai_responses({**self._response, "output": output})


def wire_blocks(body: JsonObject) -> list[str]:
    """The blocks of a request as canonical JSON, in the order a provider caches them.

    Tools, instructions, then the items of the input. The prefix law speaks about this list.
    """
    head = [*cast(list[Json], body.get("tools") or []), body.get("instructions")]
    return [canonical(part) for part in (*head, *cast(list[Json], body["input"]))]
