"""The embedded model with its real weights: fetched once, loaded once, one thread."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import StandingClock
from tests.engine.house import House, only

import enplace
from enplace.errors import ContextOverflow
from enplace.providers.embedded import EmbeddedModel, default_card
from enplace.providers.weights import SMOLLM2
from enplace.records.context import Context
from enplace.records.event import AssistantSpoke, Event, TextStreamed, UsageReported
from enplace.records.message import Reply, TextPiece


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for the model that all tests here share."""
    return "asyncio"


@pytest.fixture(scope="session")
async def model(anyio_backend: str) -> AsyncGenerator[EmbeddedModel, None]:
    """The default model with short answers."""
    card = replace(default_card(output_tokens=24), window_tokens=1_024)
    model = EmbeddedModel(lambda: SMOLLM2.find_or_pull(Path.home() / ".enplace"), card)
    yield model
    await model.aclose()


def owner_of(model: EmbeddedModel, *tools: Callable[..., Any]) -> enplace.OwnerEngine:
    engine = enplace.open(
        model=model,
        tools=tools,
        brains=enplace.InMemoryBrains(),
        clock=StandingClock(),
        environment={},
    )
    return engine.owner("ada")


async def carry(owner: enplace.OwnerEngine, text: str) -> list[Event]:
    return [event async for event in owner.execute("t", text)]


async def ask(model: EmbeddedModel, context: Context) -> tuple[list[str], Reply]:
    pieces: list[str] = []
    async with aclosing(model.stream(context)) as stream:
        async for piece in stream:
            if isinstance(piece, Reply):
                return pieces, piece
            pieces.append(piece.text)
    raise AssertionError("no reply")


async def test_a_recalled_fact_is_in_the_answer(model: EmbeddedModel) -> None:
    owner = owner_of(model)
    await owner.remember("Ada's parrot is called Hopper.")
    turn = await carry(owner, "What is the name of Ada's parrot?")
    (answer,) = only(AssistantSpoke, turn)
    assert "Hopper" in answer.text
    assert "".join(piece.text for piece in only(TextStreamed, turn)) == answer.text
    assert len(only(TextStreamed, turn)) > 1


async def test_the_cache_grows_with_a_task(model: EmbeddedModel) -> None:
    owner = owner_of(model)
    reports: list[UsageReported] = []
    for text in ("Hello.", "Name a colour.", "Name another.", "Thanks."):
        reports += only(UsageReported, await carry(owner, text))
    assert [report.break_reason for report in reports] == [None] * 4
    for before, report in pairwise(reports):
        usage = report.usage
        assert before.usage.input_tokens <= usage.cache_hit_tokens < usage.input_tokens
        assert 0 < usage.output_tokens <= model.card.output_tokens


async def test_an_envelope_holds_a_call_or_says_something(model: EmbeddedModel) -> None:
    def weather(city: str) -> str:
        """Tell the weather of a city."""
        return f"It is sunny in {city}."

    house = House(card=replace(model.card, output_tokens=96), tools=[weather])
    await house.say("Use the tool weather for the city of Oslo.")
    pieces, reply = await ask(model, house.request)
    assert reply.raw is not None
    said = json.loads(reply.raw)
    if reply.calls:
        (asked,) = reply.calls
        assert asked.tool == "weather"
        assert list(json.loads(asked.arguments)) == ["city"]
        assert (pieces, reply.stop) == ([], "tool_calls")
    else:
        assert pieces == [said["say"]] == [reply.text]


async def test_a_context_beyond_the_window_is_an_overflow(model: EmbeddedModel) -> None:
    house = House()
    await house.say("word " * 1_200)
    with pytest.raises(ContextOverflow) as refused:
        await ask(model, house.request)
    assert refused.value.details["window_tokens"] == 1_024
    tokens = refused.value.details["tokens"]
    assert isinstance(tokens, int)
    assert tokens > 1_024


async def test_a_stream_that_is_closed_early_leaves_the_model_usable(
    model: EmbeddedModel,
) -> None:
    house = House(system="Count.")
    await house.say("Count from one to fifty.")
    async with aclosing(model.stream(house.request)) as stream:
        async for piece in stream:
            assert isinstance(piece, TextPiece)
            break
    _, reply = await ask(model, house.request)
    assert reply.text
    _, again = await ask(model, house.request)
    assert again.text == reply.text


async def test_a_model_that_was_closed_loads_again(model: EmbeddedModel) -> None:
    house = House()
    await house.say("Hello.")
    _, before = await ask(model, house.request)
    await model.aclose()
    _, after = await ask(model, house.request)
    assert after.text == before.text
