"""Gemini's generateContent: a context as a request, and the answer back. Pure.

Contents alternate between user and model and begin with the user; the results of one step stand
together in the content behind its calls.

The provider seals what its models thought with signatures that may stand on any part, and refuses
a call that lost its own. A seal is a thinking block directly before the block on whose part it
stands:

    text    signature  is_redacted
    told    sealed                  a thought that was told, with its own seal
    empty   sealed                  the seal on the part of the next block, a text or a call
    seal               yes          a part that is nothing but a seal
    seal    the same   yes          the same, marked as a thought

Source: ai.google.dev/gemini-api/docs/thought-signatures; python-genai 2026-08, `types.Part`.
"""

import json
from collections.abc import Mapping, Sequence
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
from enplace.records.canonical import Json, JsonObject, canonical, digest, json_object, well_formed
from enplace.records.context import Context, ContextMessage
from enplace.records.message import Reply, Stop, TextPiece
from enplace.records.usage import Usage
from enplace.wire.media import shown_as_text
from enplace.wire.untyped import a_thought, an_object, objects

_IMAGES = frozenset({"image/heic", "image/heif", "image/jpeg", "image/png", "image/webp"})

_UNLOOKED = "skip_thought_signature_validator"
"""What the provider takes in place of a seal that was lost."""

_NAMELESS = "nameless_"
"""How ids begin that calls without one are given; they are not sent."""

_OPENING = "(The conversation goes on.)"

_STOPS: dict[str, Stop] = {
    "STOP": "end",
    "MAX_TOKENS": "length",
    "SAFETY": "refusal",
    "RECITATION": "refusal",
    "LANGUAGE": "refusal",
    "BLOCKLIST": "refusal",
    "PROHIBITED_CONTENT": "refusal",
    "SPII": "refusal",
}
_BROKEN = {
    "MALFORMED_FUNCTION_CALL",
    "MALFORMED_RESPONSE",
    "MISSING_THOUGHT_SIGNATURE",
    "TOO_MANY_TOOL_CALLS",
    "UNEXPECTED_TOOL_CALL",
}


def to_gemini(context: Context, *, needs_seals: bool = True) -> JsonObject:
    """The body of a generateContent request; the model stands in its address.

    Args:
        context: What the model is given.
        needs_seals: Whether the model refuses calls without a seal, as Gemini 3 and later do. The
            first call of a step that lost its own then gets the provider's stand-in.
    """
    body: JsonObject = {"contents": cast(Json, _contents(context, needs_seals))}
    texts = [b.block.text for b in context.system if isinstance(b.block, TextBlock)]
    if any(texts):
        body["systemInstruction"] = {"parts": [{"text": text} for text in texts if text]}
    if context.tools:
        declared: list[Json] = [
            {
                "name": tool.name,
                "description": tool.description,
                "parametersJsonSchema": tool.schema,
            }
            for tool in context.tools
        ]
        body["tools"] = [{"functionDeclarations": declared}]
    body["generationConfig"] = {"maxOutputTokens": context.max_output_tokens}
    return body


def _contents(context: Context, needs_seals: bool) -> list[JsonObject]:
    """The messages, those of one role that follow each other as one."""
    contents: list[tuple[str, list[JsonObject]]] = []
    for message in context.messages:
        role = "model" if message.role == "assistant" else "user"
        parts = _parts(message, needs_seals)
        if parts and contents and contents[-1][0] == role:
            contents[-1][1].extend(parts)
        elif parts:
            contents.append((role, parts))
    if contents and contents[0][0] == "model":
        contents.insert(0, ("user", [{"text": _OPENING}]))
    return [{"role": role, "parts": cast(Json, parts)} for role, parts in contents]


def _parts(message: ContextMessage, needs_seals: bool) -> list[JsonObject]:
    """A message's parts, each with the seal that stood before its block."""
    parts: list[JsonObject] = []
    seal = ""
    for block in (b.block for b in message.blocks):
        if isinstance(block, ThinkingBlock) and not block.text:
            parts += _only_seal(seal)
            seal = block.signature
            continue
        part = _part(block)
        if part is None:
            continue
        if seal and ("functionCall" in part or isinstance(block, TextBlock)):
            part["thoughtSignature"] = seal
            seal = ""
        parts += _only_seal(seal)
        parts.append(part)
        seal = ""
    parts += _only_seal(seal)
    first = next((part for part in parts if "functionCall" in part), None)
    if needs_seals and first is not None:
        first.setdefault("thoughtSignature", _UNLOOKED)
    return parts


def _only_seal(seal: str) -> list[JsonObject]:
    return [{"text": "", "thoughtSignature": seal}] if seal else []


def _part(block: Block) -> JsonObject | None:
    """A block as the provider takes it; None for what it does not take, such as empty text."""
    match block:
        case TextBlock():
            return {"text": block.text} if block.text else None
        case ToolCallBlock():
            given = json_object(block.arguments) or {}  # what is none had an error as its result
            return {"functionCall": {**_id(block.id), "name": block.tool, "args": given}}
        case ToolResultBlock():
            response: JsonObject = {"error" if block.is_error else "output": block.text}
            named: JsonObject = {**_id(block.call_id), "name": block.tool, "response": response}
            return {"functionResponse": named}
        case ThinkingBlock():
            return _thought(block)
        case ImageBlock() | FileBlock() if (words := shown_as_text(block, _IMAGES)) is not None:
            return {"text": words}
        case ImageBlock() | FileBlock():
            return {"inlineData": {"mimeType": block.media_type, "data": block.data}}


def _thought(block: ThinkingBlock) -> JsonObject | None:
    if block.is_redacted:
        (part,) = _only_seal(block.text)
        return {**part, "thought": True} if block.signature else part
    if not block.signature:
        return None
    return {"text": block.text, "thought": True, "thoughtSignature": block.signature}


def _id(call_id: str) -> JsonObject:
    return {} if call_id.startswith(_NAMELESS) else {"id": call_id}


def from_gemini(response: Mapping[str, Any]) -> Reply:
    """The reply in a whole (not streamed) response.

    Raises:
        ModelGarbled: It is no response, or the model's call of a tool cannot be read.
    """
    stream = GeminiStream()
    stream.feed(response)
    return stream.reply()


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Tokens as ours: thoughts are output, and what was cached is inside the input."""
    return Usage(
        input_tokens=int(usage.get("promptTokenCount") or 0)
        + int(usage.get("toolUsePromptTokenCount") or 0),
        output_tokens=int(usage.get("candidatesTokenCount") or 0)
        + int(usage.get("thoughtsTokenCount") or 0),
        cache_hit_tokens=int(usage.get("cachedContentTokenCount") or 0),
    )


@dataclass(slots=True)
class GeminiStream:
    """Puts the chunks of a streamed answer together; a whole response is one chunk."""

    _parts: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    _usage: dict[str, Any] = field(default_factory=dict[str, Any])
    _stop: Stop | None = None
    _id: str = ""

    def feed(self, chunk: Mapping[str, Any]) -> TextPiece | None:
        """Take in one chunk; the text it adds, if any.

        Raises:
            ModelGarbled: It is no chunk of a response, or says that a call cannot be read.
        """
        try:
            return self._take(chunk)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ModelGarbled(f"no chunk of a response: {error!r}") from error

    def _take(self, chunk: Mapping[str, Any]) -> TextPiece | None:
        self._id = chunk.get("responseId") or self._id
        for name, value in an_object(chunk.get("usageMetadata")).items():
            self._usage[name] = self._usage.get(name) if value is None else value
        if an_object(chunk.get("promptFeedback")).get("blockReason"):
            self._stop = "refusal"
        added = ""
        for candidate in objects(chunk.get("candidates"))[:1]:
            parts = objects(an_object(candidate.get("content")).get("parts"))
            self._parts += parts
            texts = [part.get("text") or "" for part in parts if not part.get("thought")]
            added += well_formed("".join(texts))
            why = candidate.get("finishReason") or ""
            if why in _BROKEN:
                raise ModelGarbled(f"the model's answer is broken: {why}")
            if why:
                self._stop = _STOPS.get(why, "end")
        return TextPiece(text=added) if added else None

    def reply(self) -> Reply:
        """The whole answer.

        Raises:
            ModelGarbled: The stream broke off before it was finished.
        """
        if self._stop is None:
            raise ModelGarbled("the stream broke off before the answer was finished")
        try:
            usage = decode_usage(self._usage)
            blocks = tuple(_blocks(self._parts, self._nameless()))
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise ModelGarbled(f"no response: {error!r}") from error
        is_calling = any(isinstance(block, ToolCallBlock) for block in blocks)
        stop = "tool_calls" if is_calling and self._stop == "end" else self._stop
        return Reply(blocks=blocks, usage=usage, stop=stop)

    def _nameless(self) -> str:
        """How the ids of calls begin that have none: by the response, which no other one is."""
        told = self._id or digest(canonical([list[Any](self._parts), self._usage]))[:16]
        return f"{_NAMELESS}{told}"


def _blocks(parts: Sequence[Mapping[str, Any]], nameless: str) -> list[Block]:
    """Parts as blocks; texts without a seal that follow each other are one, as they were written.

    Parts of kinds that are not known are left out.
    """
    blocks: list[Block] = []
    calls = 0
    was_open = False
    for part in parts:
        seal: str = part.get("thoughtSignature") or ""
        text: str = part.get("text") or ""
        if part.get("functionCall"):
            calls += 1
            blocks += _sealed(seal, _call(part["functionCall"], f"{nameless}_{calls}"))
        elif not text and seal:
            is_thought = seal if part.get("thought") else ""
            blocks.append(ThinkingBlock(text=seal, signature=is_thought, is_redacted=True))
        elif text and not seal and was_open and _goes_on(blocks[-1], part):
            blocks[-1] = _more(blocks[-1], text)
        elif text and part.get("thought"):
            blocks.append(a_thought(text, seal))
        elif text:
            blocks += _sealed(seal, TextBlock(text=well_formed(text)))
        was_open = bool(text) and not seal
    return blocks


def _sealed(seal: str, block: Block) -> list[Block]:
    return [ThinkingBlock(text="", signature=seal), block] if seal else [block]


def _goes_on(block: Block, part: Mapping[str, Any]) -> bool:
    """Whether a part is more of the block before it."""
    return isinstance(block, ThinkingBlock if part.get("thought") else TextBlock)


def _more(block: Block, text: str) -> Block:
    if isinstance(block, ThinkingBlock):
        return a_thought(block.text + text)
    assert isinstance(block, TextBlock)
    return TextBlock(text=block.text + well_formed(text))


def _call(call: Mapping[str, Any], nameless: str) -> ToolCallBlock:
    """A call, its arguments in the model's order."""
    arguments = json.dumps(call.get("args") or {}, separators=(",", ":"), ensure_ascii=False)
    id_: str = call.get("id") or nameless
    return ToolCallBlock(id=id_, tool=call["name"], arguments=well_formed(arguments))


def wire_blocks(body: JsonObject) -> list[str]:
    """The blocks of a request as canonical JSON, in the order a provider caches them.

    System instruction, tools, then the parts of the contents. The prefix law speaks about this
    list.
    """
    contents = cast(list[dict[str, Any]], body["contents"])
    parts = [[content["role"], part] for content in contents for part in content["parts"]]
    head = [body.get("systemInstruction"), body.get("tools")]
    return [canonical(cast(Json, part)) for part in (*head, *parts)]
