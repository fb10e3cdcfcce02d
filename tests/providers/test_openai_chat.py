"""A provider over HTTP: what it sends, what is read of it, and what becomes of its errors."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, cast

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
from enplace.providers.openai_chat import OpenAIChatModel
from enplace.providers.scripted import CARD
from enplace.records.block import TextBlock, ToolCallBlock
from enplace.records.context import Context
from enplace.records.message import Reply, TextPiece
from enplace.records.usage import Usage

Answer = httpx.Response | Exception


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Tries again at once, three times at most."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def sse(*chunks: object, done: bool = True) -> bytes:
    """Chunks as a stream carries them."""
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*lines, "data: [DONE]\n\n"] if done else lines).encode()


def delta(finish: str | None = None, **fields: object) -> dict[str, Any]:
    return {"id": "x", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


USAGE: dict[str, Any] = {
    "id": "x",
    "choices": [],
    "usage": {
        "prompt_tokens": 30,
        "completion_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": 16},
    },
}
HELLO = sse(delta(content="Hel"), delta(content="lo."), delta("stop"), USAGE)


class Pieces(httpx.AsyncByteStream):
    """A body that comes in the pieces given; the last may be an error."""

    def __init__(self, pieces: Sequence[bytes | Exception]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def streaming(body: bytes | Sequence[bytes | Exception], status: int = 200) -> httpx.Response:
    stream = Pieces([body] if isinstance(body, bytes) else body)
    return httpx.Response(status, headers={"content-type": "text/event-stream"}, stream=stream)


class Provider:
    """Answers requests in order, and keeps them."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def model_at(provider: Callable[[httpx.Request], httpx.Response]) -> OpenAIChatModel:
    client = httpx.AsyncClient(transport=httpx.MockTransport(provider))
    return OpenAIChatModel(CARD, api_key="secret", base_url="http://there/v1/", client=client)


async def ask(*answers: Answer) -> tuple[list[str], Reply, Provider]:
    """The pieces of text, the reply, and the provider with what it was asked."""
    provider = Provider(*answers)
    model = model_at(provider)
    pieces: list[str] = []
    reply: Reply | None = None
    async with aclosing(model.stream(await a_context())) as stream:
        async for piece in stream:
            assert reply is None, "nothing comes after the reply"
            if isinstance(piece, TextPiece):
                pieces.append(piece.text)
            else:
                reply = piece
    await model.aclose()
    assert reply is not None
    return pieces, reply, provider


async def a_context() -> Context:
    house = House(tools=[shout], system="Be brief.")
    await house.say("hello")
    return house.request


def shout(text: str) -> str:
    """Say it loudly."""
    return text.upper()


async def test_a_text_is_streamed_and_then_the_reply_comes() -> None:
    pieces, reply, provider = await ask(streaming(HELLO))
    assert pieces == ["Hel", "lo."]
    assert reply == Reply(
        blocks=(TextBlock(text="Hello."),),
        usage=Usage(input_tokens=30, output_tokens=4, cache_hit_tokens=16),
    )
    (request,) = provider.requests
    assert str(request.url) == "http://there/v1/chat/completions"
    assert request.headers["Authorization"] == "Bearer secret"
    body = cast(dict[str, Any], json.loads(request.content))
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["messages"][-1] == {"role": "user", "content": "hello"}


async def test_what_is_encoded_is_what_is_sent() -> None:
    _, _, provider = await ask(streaming(HELLO))
    encoded = model_at(provider).encode(await a_context())
    assert json.loads(provider.requests[0].content) == encoded


async def test_bytes_may_be_cut_anywhere() -> None:
    body = sse(delta(content="Grüße, 日本"), delta("stop"), USAGE)
    pieces, reply, _ = await ask(streaming([body[n : n + 1] for n in range(len(body))]))
    assert pieces == ["Grüße, 日本"]
    assert reply.usage.input_tokens == 30


async def test_comments_and_other_line_ends_are_understood() -> None:
    body = b": OPENROUTER PROCESSING\n\n" + HELLO.replace(b"\n", b"\r\n")
    pieces, _, _ = await ask(streaming(body))
    assert pieces == ["Hel", "lo."]


async def test_a_stream_may_end_without_a_last_word() -> None:
    body = sse(delta(content="Hello."), delta("stop"), USAGE, done=False)
    _, reply, _ = await ask(streaming(body))
    assert reply.text == "Hello."


async def test_tool_calls_are_put_together() -> None:
    function = {"name": "shout", "arguments": ""}
    body = sse(
        delta(role="assistant", content=None),
        delta(tool_calls=[{"index": 0, "id": "c1", "function": function}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"text":'}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '"a"}'}}]),
        delta("tool_calls"),
        USAGE,
    )
    pieces, reply, _ = await ask(streaming(body))
    assert pieces == []
    assert reply.blocks == (ToolCallBlock(id="c1", tool="shout", arguments='{"text":"a"}'),)
    assert reply.stop == "tool_calls"


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_a_busy_provider_is_asked_again(status: int) -> None:
    pieces, _, provider = await ask(httpx.Response(status, text="busy"), streaming(HELLO))
    assert pieces == ["Hel", "lo."]
    assert len(provider.requests) == 2
    assert provider.requests[0].content == provider.requests[1].content


async def test_a_provider_that_stays_busy_is_given_up() -> None:
    with pytest.raises(ModelUnavailable) as raised:
        await ask(*(httpx.Response(429, text="slow down") for _ in range(3)))
    assert raised.value.details == {"status": 429}
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (400, '{"error": {"code": "context_length_exceeded"}}', ContextOverflow),
        (413, "too large", ContextOverflow),
        (400, '{"error": {"message": "no such parameter"}}', ModelRefused),
        (401, "Incorrect API key provided", ModelRefused),
        (403, "forbidden", ModelRefused),
        (404, "no such model", ModelRefused),
        (422, "unprocessable", ModelRefused),
        (302, "elsewhere", ModelRefused),
    ],
)
async def test_a_refusal_is_not_tried_again(
    status: int, text: str, error: type[EnplaceError]
) -> None:
    provider = Provider(httpx.Response(status, text=text))
    model = model_at(provider)
    context = await a_context()
    with pytest.raises(error) as raised:
        async for _ in model.stream(context):
            pass
    assert raised.value.details["status"] == status
    assert text in raised.value.message
    assert not raised.value.retryable
    assert len(provider.requests) == 1
    assert "secret" not in f"{raised.value.message} {raised.value.details}"


async def test_an_error_text_that_is_no_utf_8_is_read_all_the_same() -> None:
    with pytest.raises(ModelRefused):
        await ask(httpx.Response(400, content=b"\xff\xfe no"))


async def test_what_cannot_be_reached_is_tried_again_and_then_unavailable() -> None:
    provider = Provider(*(httpx.ConnectError("no route") for _ in range(3)))
    context = await a_context()
    with pytest.raises(ModelUnavailable, match="no route"):
        async for _ in model_at(provider).stream(context):
            pass
    assert len(provider.requests) == 3


async def test_a_connection_that_breaks_in_the_middle_is_not_tried_again() -> None:
    provider = Provider(
        streaming([sse(delta(content="Hel"), done=False), httpx.ReadError("reset")])
    )
    context = await a_context()
    pieces: list[TextPiece | Reply] = []

    async def listen() -> None:
        async for piece in model_at(provider).stream(context):
            pieces.append(piece)  # noqa: PERF401  kept as far as they came

    with pytest.raises(ModelUnavailable):
        await listen()
    assert pieces == [TextPiece(text="Hel")]
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"message": "maximum context length is 10 tokens", "code": 400}, ContextOverflow),
        ({"message": "Overloaded", "code": 529}, ModelUnavailable),
        ({"message": "Provider returned error", "code": 502}, ModelUnavailable),
        ({"message": "invalid request", "code": 400}, ModelRefused),
        ({"message": "server_error", "type": "server_error", "code": None}, ModelUnavailable),
    ],
)
async def test_an_error_inside_the_stream_is_told_as_what_it_is(
    error: dict[str, Any], expected: type[EnplaceError]
) -> None:
    with pytest.raises(expected) as raised:
        await ask(streaming(sse(delta(content="Hel"), {"error": error}, done=False)))
    assert type(raised.value) is expected


async def test_an_empty_error_beside_a_chunk_is_none() -> None:
    chunk = {**delta(content="Hello."), "error": None}
    _, reply, _ = await ask(streaming(sse(chunk, delta("stop"), USAGE)))
    assert reply.text == "Hello."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        sse(),
        sse(delta(content="half an ans"), done=False),
        b"data: {not json}\n\n",
        b"data: [1, 2]\n\n",
        b"data: null\n\n",
        sse({"choices": "x"}),
    ],
)
async def test_a_stream_that_is_no_answer_is_garbled(body: bytes) -> None:
    with pytest.raises(ModelGarbled):
        await ask(streaming(body))


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"{}"])
async def test_a_page_instead_of_a_stream_is_an_error_of_the_model(body: bytes) -> None:
    page = httpx.Response(200, headers={"content-type": "text/html"}, content=body)
    with pytest.raises((ModelUnavailable, ModelGarbled, ModelRefused)):
        await ask(page)


async def test_closing_the_stream_early_closes_the_connection() -> None:
    response = streaming([HELLO[:60], HELLO[60:]])
    model = model_at(Provider(response))
    async with aclosing(model.stream(await a_context())) as stream:
        async for _ in stream:
            break
    assert response.is_closed


def every(kind: type[BaseException]) -> list[type[BaseException]]:
    """A class and all below it."""
    return [kind, *(below for child in kind.__subclasses__() for below in every(child))]


FOREIGN = sorted(
    {
        error
        for root in (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
        for error in every(root)
        if error.__module__.startswith("httpx")
    },
    key=lambda error: error.__name__,
)


def raised(error: type[BaseException]) -> Exception:
    """An instance, however the class wants to be made."""
    request = httpx.Request("POST", "http://there")
    if issubclass(error, httpx.HTTPStatusError):
        return error("broken", request=request, response=httpx.Response(500))
    if issubclass(error, httpx.StreamError) and error is not httpx.StreamError:
        return error()  # pyright: ignore[reportCallIssue]  each has its own words
    assert issubclass(error, Exception)
    return error("broken")


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: error.__name__)
async def test_every_error_of_the_transport_is_one_of_ours(error: type[BaseException]) -> None:
    with pytest.raises(EnplaceError) as while_asked:
        await ask(*(raised(error) for _ in range(3)))
    assert isinstance(while_asked.value.__cause__, error)
    with pytest.raises(EnplaceError) as while_read:
        await ask(streaming([HELLO[:20], raised(error)]))
    assert isinstance(while_read.value.__cause__, error)


@pytest.mark.parametrize("url", ["there/v1", "http://[::1", "ftp://there/v1", ""])
async def test_a_wrong_address_is_an_error_of_the_model(url: str) -> None:
    model = OpenAIChatModel(CARD, base_url=url)
    with pytest.raises(EnplaceError):
        async for _ in model.stream(await a_context()):
            pass
    await model.aclose()


@pytest.mark.parametrize("key", ["se\ncret", "schlüssel"])
async def test_a_key_that_no_header_can_carry_is_an_error_of_ours(key: str) -> None:
    context = await a_context()
    model = OpenAIChatModel(CARD, api_key=key, base_url="http://127.0.0.1:9/v1")
    with pytest.raises(EnplaceError):
        async for _ in model.stream(context):
            pass
    await model.aclose()
