"""A provider of Anthropic messages over HTTP: real bytes in pieces, retries and errors."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any

import httpx
import pytest
import stamina
from tests.engine.house import House

from enplace.errors import (
    ContextOverflow,
    EnplaceError,
    ModelGarbled,
    ModelRefused,
    ModelUnavailable,
)
from enplace.providers.anthropic_messages import AnthropicModel
from enplace.providers.scripted import CARD
from enplace.records.block import TextBlock, ToolCallBlock
from enplace.records.context import Context
from enplace.records.message import Reply
from enplace.records.usage import Usage
from enplace.wire.anthropic_messages import to_anthropic

Answer = httpx.Response | Exception


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Tries again at once, three times at most."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


HELLO = b"""\
event: message_start
data: {"type":"message_start","message":{"model":"claude","id":"msg_01","type":"message",\
"role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":\
{"input_tokens":3,"cache_creation_input_tokens":12,"cache_read_input_tokens":1500,\
"cache_creation":{"ephemeral_5m_input_tokens":12,"ephemeral_1h_input_tokens":0},\
"output_tokens":1,"service_tier":"standard"}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"S\xc3\xa9e"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" you."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use",\
"id":"toolu_01","name":"look","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",\
"partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",\
"partial_json":"{\\"at\\": "}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",\
"partial_json":"\\"sea\\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},\
"usage":{"output_tokens":89}}

event: message_stop
data: {"type":"message_stop"}

"""
REPLY = Reply(
    blocks=(
        TextBlock(text="Sée you."),
        ToolCallBlock(id="toolu_01", tool="look", arguments='{"at": "sea"}'),
    ),
    usage=Usage(input_tokens=1515, output_tokens=89, cache_hit_tokens=1500, cache_write_tokens=12),
    stop="tool_calls",
)


def problem(status: int, type_: str, message: str) -> httpx.Response:
    error = {"type": "error", "error": {"type": type_, "message": message}}
    return httpx.Response(status, json=error)


OVERLOADED = problem(529, "overloaded_error", "Overloaded")


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces of some bytes."""

    def __init__(self, body: bytes, size: int) -> None:
        self._pieces = [body[at : at + size] for at in range(0, len(body), size)]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def stream(body: bytes = HELLO, size: int = 1_000) -> httpx.Response:
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    return httpx.Response(200, headers=headers, stream=Pieces(body, size))


class Provider:
    """Answers in order; keeps what it was asked."""

    def __init__(self, *answers: Answer | Callable[[], Answer], **named: Any) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.model = AnthropicModel(CARD, client=client, **named)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ask(self, context: Context) -> tuple[list[str], Reply]:
        """The pieces of an answer, and the whole of it."""
        pieces: list[str] = []
        async with aclosing(self.model.stream(context)) as answer:
            async for piece in answer:
                if isinstance(piece, Reply):
                    return pieces, piece
                pieces.append(piece.text)
        raise AssertionError("no reply")


@pytest.fixture
async def context() -> Context:
    house = House()
    await house.say("hello")
    return house.request


async def test_a_request_has_its_headers_and_the_codec_s_body(context: Context) -> None:
    provider = Provider(stream(), api_key="key", base_url="https://example.org/")
    await provider.ask(context)
    (asked,) = provider.asked
    assert str(asked.url) == "https://example.org/v1/messages"
    assert asked.headers["x-api-key"] == "key"
    assert asked.headers["anthropic-version"] == "2023-06-01"
    assert json.loads(asked.content) == {**to_anthropic(context), "stream": True}


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
async def test_a_stream_is_read_however_its_bytes_come(context: Context, size: int) -> None:
    assert await Provider(stream(size=size)).ask(context) == (["Sée", " you."], REPLY)


async def test_line_ends_of_windows_are_read_as_well(context: Context) -> None:
    _, reply = await Provider(stream(HELLO.replace(b"\n", b"\r\n"))).ask(context)
    assert reply == REPLY


BUSY: dict[str, Sequence[Answer]] = {
    "overloaded": [OVERLOADED],
    "overloaded twice": [OVERLOADED, OVERLOADED],
    "rate": [problem(429, "rate_limit_error", "50,000 input tokens per minute")],
    "internal": [problem(500, "api_error", "Internal server error")],
    "no route": [httpx.ConnectError("no route")],
}


@pytest.mark.parametrize("failures", BUSY.values(), ids=BUSY.keys())
async def test_a_busy_provider_is_asked_again(context: Context, failures: Sequence[Answer]) -> None:
    provider = Provider(*failures, stream())
    _, reply = await provider.ask(context)
    assert reply == REPLY
    assert len({request.content for request in provider.asked}) == 1
    assert len(provider.asked) == len(failures) + 1


async def test_a_provider_that_stays_busy_is_given_up(context: Context) -> None:
    provider = Provider(*[OVERLOADED] * 3)
    with pytest.raises(ModelUnavailable) as failed:
        await provider.ask(context)
    assert failed.value.details["status"] == 529
    assert len(provider.asked) == 3


TOO_LONG = "prompt is too long: 205477 tokens > 200000 maximum"
REFUSED: dict[str, tuple[httpx.Response, type[EnplaceError]]] = {
    "too long": (problem(400, "invalid_request_error", TOO_LONG), ContextOverflow),
    "too large": (problem(413, "request_too_large", "Request too large"), ContextOverflow),
    "invalid": (problem(400, "invalid_request_error", "messages: empty"), ModelRefused),
    "key": (problem(401, "authentication_error", "invalid x-api-key"), ModelRefused),
    "no JSON": (httpx.Response(404, text="<html>"), ModelRefused),
}


@pytest.mark.parametrize(("answer", "error"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_refusal_is_not_tried_again(
    context: Context, answer: httpx.Response, error: type[EnplaceError]
) -> None:
    provider = Provider(answer)
    with pytest.raises(error):
        await provider.ask(context)
    assert len(provider.asked) == 1


def error_event(type_: str, message: str) -> bytes:
    body = {"type": "error", "error": {"type": type_, "message": message}}
    return f"event: error\ndata: {json.dumps(body)}\n\n".encode()


HALF = HELLO[: HELLO.index(b"event: content_block_stop")]


@pytest.mark.parametrize(
    ("type_", "message", "error"),
    [
        ("overloaded_error", "Overloaded", ModelUnavailable),
        ("api_error", "Internal server error", ModelUnavailable),
        ("invalid_request_error", TOO_LONG, ContextOverflow),
        ("invalid_request_error", "no", ModelRefused),
    ],
)
@pytest.mark.parametrize("before", [b"", HALF], ids=["at once", "in the middle"])
async def test_an_error_inside_a_stream(
    context: Context, before: bytes, type_: str, message: str, error: type[EnplaceError]
) -> None:
    provider = Provider(stream(before + error_event(type_, message)))
    with pytest.raises(error):
        await provider.ask(context)
    assert len(provider.asked) == 1, "what was streamed already would come twice"


CUT: dict[str, bytes] = {
    "nothing": b"",
    "the first half": HALF,
    "no last event": HELLO[: HELLO.index(b"event: message_stop")],
    "no JSON": HALF + b"event: content_block_delta\ndata: {nothing\n\n",
    "no object": HALF + b"event: content_block_delta\ndata: [1]\n\n",
}


@pytest.mark.parametrize("body", CUT.values(), ids=CUT.keys())
async def test_a_stream_that_is_cut_is_garbled(context: Context, body: bytes) -> None:
    with pytest.raises(ModelGarbled):
        await Provider(stream(body)).ask(context)


async def test_no_event_stream_is_no_answer(context: Context) -> None:
    with pytest.raises(ModelUnavailable):
        await Provider(httpx.Response(200, json={"content": []})).ask(context)


async def test_a_key_that_no_header_can_carry_is_refused(context: Context) -> None:
    with pytest.raises(ModelRefused):
        await Provider(stream(), api_key="schlüssel\u2028").ask(context)
