"""The contract of every hosted model, over real HTTP to an endpoint on this machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise
from typing import Any

import anyio
import pytest
import stamina
from tests.providers.endpoint import Answer, Endpoint, Events, endpoint
from tests.providers.wires import USAGE, WIRES, Wire
from tests.wire.contexts import answered, context_of, user

import enplace
from enplace.errors import (
    ContextOverflow,
    EnplaceError,
    ModelGarbled,
    ModelRefused,
    ModelUnavailable,
)
from enplace.ports import Model
from enplace.providers.gemini import GeminiModel
from enplace.providers.scripted import CARD
from enplace.records.context import Context
from enplace.records.event import TurnCompleted
from enplace.records.message import Reply

ASKED = context_of(user("How is the sea?"))


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Tries again at once, three times at most."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture(params=WIRES.values(), ids=list(WIRES))
def wire(request: pytest.FixtureRequest) -> Wire:
    return request.param


def in_order(*answers: tuple[int, object]) -> Answer:
    """One answer after the other; the last one stays."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def always(status: int, told: object) -> Answer:
    return lambda _: (status, told)


async def ask(model: Model, context: Context = ASKED) -> tuple[list[str], Reply]:
    """The pieces of an answer, and the whole of it, after which nothing comes."""
    pieces: list[str] = []
    reply: Reply | None = None
    async with aclosing(model.stream(context)) as answer:
        async for piece in answer:
            assert reply is None
            if isinstance(piece, Reply):
                reply = piece
            else:
                pieces.append(piece.text)
    assert reply is not None
    return pieces, reply


async def ask_once(
    wire: Wire, answer: Answer, check: Callable[[Endpoint], None] = lambda _: None
) -> tuple[list[str], Reply]:
    with endpoint(answer) as server:
        model = wire.model(server.url)
        try:
            return await ask(model)
        finally:
            check(server)
            await model.aclose()


def asked_times(times: int) -> Callable[[Endpoint], None]:
    def check(server: Endpoint) -> None:
        assert len(server.requests) == times

    return check


async def test_a_text_is_streamed_and_then_the_reply_comes(wire: Wire) -> None:
    said = ["Grüße ", "vom ", "Meer 🌊."]
    pieces, reply = await ask_once(wire, always(200, wire.says(said)))
    assert "".join(pieces) == reply.text == "".join(said)
    assert (reply.usage, reply.stop, reply.calls, reply.raw) == (USAGE, "end", (), None)


async def test_what_is_encoded_is_what_is_sent(wire: Wire) -> None:
    with endpoint(always(200, wire.says(["Hello."]))) as server:
        model = wire.model(server.url)
        await ask(model)
        await model.aclose()
        ((path, headers, body),) = server.requests
    assert path == wire.path
    assert body == model.encode(ASKED)
    name, value = wire.key
    assert {k.lower(): v for k, v in headers.items()}[name] == value


async def test_calls_come_after_what_was_thought_and_said(wire: Wire) -> None:
    pieces, reply = await ask_once(wire, always(200, wire.calls))
    assert "".join(pieces) == "I look." == reply.text
    assert reply.blocks == wire.called
    assert (reply.usage, reply.stop) == (USAGE, "tool_calls")


async def test_what_was_thought_goes_back_as_it_came(wire: Wire) -> None:
    stages = in_order((200, wire.calls), (200, wire.calls), (200, wire.says(["Calm."])))
    with endpoint(stages) as server:
        model = wire.model(server.url)
        context = ASKED
        for _ in range(2):
            _, reply = await ask(model, context)
            context = answered(context, reply)
        _, reply = await ask(model, context)
        await model.aclose()
        first, second, third = (dict(body) for _, _, body in server.requests)
    assert reply.text == "Calm."
    assert wire.thoughts(second) == wire.thought
    for earlier, later in ((first, second), (second, third)):
        before, after = wire.blocks(earlier), wire.blocks(later)
        assert after[: len(before)] == before


def look(at: str) -> str:
    """Look somewhere."""
    return f"The {at} is calm."


async def test_the_engine_carries_a_turn_and_its_thoughts(wire: Wire) -> None:
    answers = in_order((200, wire.calls), (200, wire.says(["Calm."])))
    with endpoint(answers) as server:
        engine = enplace.open(
            "unused",
            model=wire.model(server.url),
            tools=[look],
            brains=enplace.InMemoryBrains(),
            embedder=None,
            environment={},
        )
        async with engine:
            owner = engine.owner()
            for message in ("How is the sea?", "And now?"):
                events = [event async for event in owner.execute("t", message)]
                assert isinstance(events[-1], TurnCompleted)
        bodies = [dict(body) for _, _, body in server.requests]
    assert wire.thoughts(bodies[1]) == wire.thoughts(bodies[2]) == wire.thought
    for earlier, later in pairwise(bodies):
        before, after = wire.blocks(earlier), wire.blocks(later)
        assert after[: len(before)] == before


async def test_a_busy_provider_is_asked_again(wire: Wire) -> None:
    answers = in_order((503, {}), (429, {}), (200, wire.says(["Hello."])))
    _, reply = await ask_once(wire, answers, asked_times(3))
    assert reply.text == "Hello."


async def test_a_provider_that_stays_busy_is_given_up(wire: Wire) -> None:
    with pytest.raises(ModelUnavailable):
        await ask_once(wire, always(503, {}), asked_times(3))


async def test_a_context_that_is_too_long_is_said_to_be(wire: Wire) -> None:
    with pytest.raises(ContextOverflow):
        await ask_once(wire, always(*wire.too_long), asked_times(1))


@pytest.mark.parametrize("status", [413, 429])
async def test_a_rate_limit_is_no_context_that_is_too_long(wire: Wire, status: int) -> None:
    told = {"error": {"message": "Too large on tokens per minute (TPM): Limit 10, Requested 20"}}
    with pytest.raises((ModelRefused, ModelUnavailable)):
        await ask_once(wire, always(status, told))


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_not_tried_again(wire: Wire, status: int) -> None:
    with pytest.raises(ModelRefused) as refused:
        await ask_once(wire, always(status, {"error": {"message": "no"}}), asked_times(1))
    assert "a key" not in f"{refused.value.message} {refused.value.details}"


async def test_an_error_inside_a_stream_is_told_as_what_it_is(wire: Wire) -> None:
    for event, expected in (
        (wire.busy_inside, ModelUnavailable),
        (wire.too_long_inside, ContextOverflow),
    ):
        with pytest.raises(EnplaceError) as raised:
            await ask_once(wire, always(200, wire.inside(event)), asked_times(1))
        assert type(raised.value) is expected, "what was streamed already would come twice"


async def test_a_stream_that_breaks_off_is_garbled(wire: Wire) -> None:
    with pytest.raises(ModelGarbled):
        await ask_once(wire, always(200, wire.cut))


GARBAGE: Sequence[bytes] = [b"", b"data: {no JSON\n\n", b"data: [1]\n\n", b"data: null\n\n"]


@pytest.mark.parametrize("body", GARBAGE)
async def test_a_stream_of_something_else_is_garbled(wire: Wire, body: bytes) -> None:
    with pytest.raises(ModelGarbled):
        await ask_once(wire, always(200, Events(body)))


async def test_an_answer_that_is_no_stream_is_an_error_of_the_model(wire: Wire) -> None:
    with pytest.raises(ModelUnavailable):
        await ask_once(wire, always(200, {"content": []}))


async def test_an_endpoint_that_is_not_there_is_unavailable(wire: Wire) -> None:
    with endpoint(always(200, {})) as server:
        gone = server.url
    model = wire.model(gone)
    with pytest.raises(ModelUnavailable):
        await ask(model)
    await model.aclose()


async def test_two_questions_at_once_have_two_answers(wire: Wire) -> None:
    def echo(body: Mapping[str, Any]) -> tuple[int, object]:
        return 200, wire.says([next(word for word in ("sea", "sky") if word in str(body))])

    heard: dict[str, str] = {}
    with endpoint(echo) as server:
        model = wire.model(server.url)

        async def one(word: str) -> None:
            _, reply = await ask(model, context_of(user(f"The {word}?"), tools=()))
            heard[word] = reply.text

        async with anyio.create_task_group() as group:
            group.start_soon(one, "sea")
            group.start_soon(one, "sky")
        await model.aclose()
    assert heard == {"sea": "sea", "sky": "sky"}


async def test_a_listener_may_leave_early(wire: Wire) -> None:
    with endpoint(always(200, wire.says(["Hel", "lo."]))) as server:
        model = wire.model(server.url)
        async with aclosing(model.stream(ASKED)) as answer:
            async for _ in answer:
                break
        _, reply = await ask(model)
        await model.aclose()
    assert reply.text == "Hello."


async def test_gemini_takes_a_path_as_the_name_of_a_model() -> None:
    card = replace(CARD, name="tunedModels/mine")
    with endpoint(always(200, WIRES["gemini"].says(["Hello."]))) as server:
        model = GeminiModel(card, base_url=server.url)
        await ask(model)
        await model.aclose()
        ((path, _, _),) = server.requests
    assert path == "/tunedModels/mine:streamGenerateContent?alt=sse"
