"""What each hosted provider would answer, as bytes: the same answers on every wire."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.providers.endpoint import Events

from enplace.ports import Model
from enplace.providers.hosted import (
    AnthropicModel,
    GeminiModel,
    OpenAIChatModel,
    OpenAIResponsesModel,
)
from enplace.providers.scripted import CARD
from enplace.records.block import Block, TextBlock, ThinkingBlock, ToolCallBlock
from enplace.records.canonical import JsonObject
from enplace.records.usage import Usage
from enplace.wire import anthropic_messages, gemini, openai_chat, openai_responses

Body = Mapping[str, Any]

KEY = "a key"
USAGE = Usage(input_tokens=350, output_tokens=90, cache_hit_tokens=300)
"""What every answer says that it consumed."""
ARGUMENTS = '{"at":"sea"}'
CALLED = (
    TextBlock(text="I look."),
    ToolCallBlock(id="c1", tool="look", arguments=ARGUMENTS),
    ToolCallBlock(id="c2", tool="look", arguments=ARGUMENTS),
)


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One provider's way of speaking."""

    model: Callable[[str], Model]
    """By the address of its endpoint."""
    path: str
    key: tuple[str, str]
    """The header that carries the key."""
    says: Callable[[Sequence[str]], Events]
    """A stream that says these pieces and ends."""
    calls: Events
    """A stream that thinks, says something and calls two tools: `called`."""
    called: tuple[Block, ...]
    thoughts: Callable[[Body], Any]
    """What stands in a request of the thoughts in its second message."""
    thought: Any
    """What stood in `calls`, as it must stand there."""
    too_long: tuple[int, object]
    busy_inside: object
    """An event that says that the provider is too busy."""
    too_long_inside: object
    blocks: Callable[[JsonObject], list[str]]

    def inside(self, event: object) -> Events:
        """An event in the middle of a stream."""
        return Events(self.says(["Hel"])[: self._middle] + sse(event))

    @property
    def cut(self) -> Events:
        """A stream that breaks off."""
        return Events(self.says(["Hel"])[: self._middle])

    @property
    def _middle(self) -> int:
        said = self.says(["Hel"])
        return said.index(b"\n\n", said.index(b"Hel")) + 2


def sse(*events: object) -> Events:
    return Events("".join(f"data: {json.dumps(event)}\n\n" for event in events).encode())


# OpenAI chat


def _chunk(finish: str | None = None, **delta: Any) -> Body:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


_CHAT_USAGE: Body = {
    "choices": [],
    "usage": {
        "prompt_tokens": 350,
        "completion_tokens": 90,
        "prompt_tokens_details": {"cached_tokens": 300},
    },
}


def _chat_call(index: int) -> list[Body]:
    function = {"name": "look", "arguments": ""}
    return [
        _chunk(tool_calls=[{"index": index, "id": f"c{index + 1}", "function": function}]),
        _chunk(tool_calls=[{"index": index, "function": {"arguments": ARGUMENTS}}]),
    ]


OPENAI = Wire(
    model=lambda url: OpenAIChatModel(CARD, api_key=KEY, base_url=f"{url}/v1"),
    path="/v1/chat/completions",
    key=("authorization", f"Bearer {KEY}"),
    says=lambda pieces: Events(
        sse(*(_chunk(content=piece) for piece in pieces), _chunk("stop"), _CHAT_USAGE)
        + b"data: [DONE]\n\n"
    ),
    calls=sse(
        _chunk(role="assistant", content=None, reasoning_content=""),
        _chunk(reasoning_content="Far "),
        _chunk(reasoning_content="out."),
        _chunk(content="I look."),
        *_chat_call(0),
        *_chat_call(1),
        _chunk("tool_calls"),
        _CHAT_USAGE,
    ),
    called=(ThinkingBlock(text="Far out."), *CALLED),
    thoughts=lambda body: body["messages"][2].get("reasoning_content"),
    thought="Far out.",
    too_long=(400, {"error": {"message": "Too long.", "code": "context_length_exceeded"}}),
    busy_inside={"error": {"message": "Overloaded", "code": 529}},
    too_long_inside={"error": {"message": "maximum context length is 10 tokens", "code": 400}},
    blocks=openai_chat.wire_blocks,
)

# OpenAI responses

_SEALED = {
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Far out."}],
    "encrypted_content": "gAAAAAB-seal",
}


def _item(index: int, item: Body) -> Body:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def _message(text: str) -> Body:
    part: Body = {"type": "output_text", "text": text, "annotations": []}
    return {"id": "msg_1", "type": "message", "role": "assistant", "content": [part]}


def _function_call(n: int) -> Body:
    return {
        "id": f"fc_{n}",
        "type": "function_call",
        "call_id": f"c{n}",
        "name": "look",
        "arguments": ARGUMENTS,
    }


def _ended(*items: Body) -> Body:
    usage = {
        "input_tokens": 350,
        "input_tokens_details": {"cached_tokens": 300},
        "output_tokens": 90,
    }
    told = {"status": "completed", "error": None, "output": list(items), "usage": usage}
    return {"type": "response.completed", "response": told}


def _text_deltas(pieces: Sequence[str]) -> list[Body]:
    return [
        {"type": "response.output_text.delta", "output_index": 0, "delta": piece}
        for piece in pieces
    ]


RESPONSES = Wire(
    model=lambda url: OpenAIResponsesModel(CARD, api_key=KEY, base_url=f"{url}/v1/"),
    path="/v1/responses",
    key=("authorization", f"Bearer {KEY}"),
    says=lambda pieces: sse(
        {"type": "response.created", "response": {"status": "in_progress", "error": None}},
        *_text_deltas(pieces),
        _item(0, _message("".join(pieces))),
        _ended(_message("".join(pieces))),
    ),
    calls=sse(
        {"type": "response.created", "response": {"status": "in_progress", "error": None}},
        _item(0, {"id": "rs_1", **_SEALED}),
        *_text_deltas(["I ", "look."]),
        _item(1, _message("I look.")),
        _item(2, _function_call(1)),
        _item(3, _function_call(2)),
        _ended(),
    ),
    called=(ThinkingBlock(text="Far out.", signature="gAAAAAB-seal"), *CALLED),
    thoughts=lambda body: [item for item in body["input"] if item.get("type") == "reasoning"],
    thought=[_SEALED],
    too_long=(
        400,
        {
            "error": {
                "message": "Your input exceeds the context window of this model.",
                "code": "context_length_exceeded",
            }
        },
    ),
    busy_inside={
        "type": "response.failed",
        "response": {
            "status": "failed",
            "instructions": "Never say: prompt is too long.",
            "error": {"code": "server_error", "message": "An error occurred."},
        },
    },
    too_long_inside={
        "type": "error",
        "code": "context_length_exceeded",
        "message": "Your input exceeds the context window of this model.",
        "param": "input",
    },
    blocks=openai_responses.wire_blocks,
)

# Anthropic

_ANTHROPIC_START: Body = {
    "type": "message_start",
    "message": {"usage": {"input_tokens": 50, "cache_read_input_tokens": 300}},
}


def _whole_block(index: int, begun: Body, *deltas: Body) -> list[Body]:
    return [
        {"type": "content_block_start", "index": index, "content_block": begun},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _text_block(index: int, pieces: Sequence[str]) -> list[Body]:
    deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
    return _whole_block(index, {"type": "text", "text": ""}, *deltas)


def _tool_use(index: int, id_: str) -> list[Body]:
    begun: Body = {"type": "tool_use", "id": id_, "name": "look", "input": {}}
    return _whole_block(index, begun, {"type": "input_json_delta", "partial_json": ARGUMENTS})


def _message_end(stop: str) -> list[Body]:
    return [
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop},
            "usage": {"output_tokens": 90},
        },
        {"type": "message_stop"},
    ]


ANTHROPIC = Wire(
    model=lambda url: AnthropicModel(CARD, api_key=KEY, base_url=url),
    path="/v1/messages",
    key=("x-api-key", KEY),
    says=lambda pieces: sse(
        _ANTHROPIC_START, *_text_block(0, pieces), {"type": "ping"}, *_message_end("end_turn")
    ),
    calls=sse(
        _ANTHROPIC_START,
        *_whole_block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Far "},
            {"type": "thinking_delta", "thinking": "out."},
            {"type": "signature_delta", "signature": "EqQB+/=="},
        ),
        *_whole_block(1, {"type": "redacted_thinking", "data": "EmwK"}),
        *_text_block(2, ["I ", "look."]),
        *_tool_use(3, "c1"),
        *_tool_use(4, "c2"),
        *_message_end("tool_use"),
    ),
    called=(
        ThinkingBlock(text="Far out.", signature="EqQB+/=="),
        ThinkingBlock(text="EmwK", is_redacted=True),
        *CALLED,
    ),
    thoughts=lambda body: body["messages"][1]["content"][:2],
    thought=[
        {"type": "thinking", "thinking": "Far out.", "signature": "EqQB+/=="},
        {"type": "redacted_thinking", "data": "EmwK"},
    ],
    too_long=(
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "prompt is too long: 205477 tokens > 200000 maximum",
            },
        },
    ),
    busy_inside={"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    too_long_inside={
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8 maximum"},
    },
    blocks=anthropic_messages.wire_blocks,
)

# Gemini


def _parts(*parts: Body, finish: str | None = None) -> Body:
    content = {"role": "model", "parts": list(parts)}
    candidate = {"content": content, **({"finishReason": finish} if finish else {})}
    return {"candidates": [candidate], "responseId": "r1"}


_GEMINI_END: Body = {
    "candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}],
    "usageMetadata": {
        "promptTokenCount": 350,
        "cachedContentTokenCount": 300,
        "candidatesTokenCount": 30,
        "thoughtsTokenCount": 60,
    },
}


def _gemini_call(id_: str) -> Body:
    return {"functionCall": {"id": id_, "name": "look", "args": {"at": "sea"}}}


GEMINI = Wire(
    model=lambda url: GeminiModel(CARD, api_key=KEY, base_url=f"{url}/v1beta"),
    path="/v1beta/models/scripted:streamGenerateContent?alt=sse",
    key=("x-goog-api-key", KEY),
    says=lambda pieces: sse(*(_parts({"text": piece}) for piece in pieces), _GEMINI_END),
    calls=sse(
        _parts({"text": "I look.", "thoughtSignature": "c2VhbDE="}),
        _parts({**_gemini_call("c1"), "thoughtSignature": "c2VhbDI="}, _gemini_call("c2")),
        _GEMINI_END,
    ),
    called=(
        ThinkingBlock(text="", signature="c2VhbDE="),
        CALLED[0],
        ThinkingBlock(text="", signature="c2VhbDI="),
        *CALLED[1:],
    ),
    thoughts=lambda body: [part.get("thoughtSignature") for part in body["contents"][1]["parts"]],
    thought=["c2VhbDE=", "c2VhbDI=", None],
    too_long=(
        400,
        {
            "error": {
                "code": 400,
                "message": "The input token count (9) exceeds the maximum number of tokens"
                " allowed (8).",
                "status": "INVALID_ARGUMENT",
            }
        },
    ),
    busy_inside={
        "error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}
    },
    too_long_inside={
        "error": {
            "code": 400,
            "message": "The input token count exceeds the maximum number of tokens allowed 8.",
        }
    },
    blocks=gemini.wire_blocks,
)

WIRES = {"openai": OPENAI, "responses": RESPONSES, "anthropic": ANTHROPIC, "gemini": GEMINI}
