"""One model call: what is stored of it, and why a cache gave less than it should."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import pairwise

import pytest
from tests.engine.house import House, only

import enplace
from enplace.errors import EnplaceError, ModelGarbled, ModelRefused, ModelUnavailable
from enplace.invoke.call import answer_events, break_reason
from enplace.providers.scripted import CARD, ScriptedModel, say
from enplace.records.block import TextBlock
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.event import (
    AssistantSpoke,
    ErrorRaised,
    Event,
    TextStreamed,
    TurnErrored,
    UsageReported,
)
from enplace.records.message import Reply, TextPiece
from enplace.records.usage import Usage
from enplace.stores.inmemory import InMemoryBrains


@pytest.mark.parametrize(
    ("expected", "hit", "reason", "found"),
    [
        (0, 0, None, None),
        (10_000, 10_000, None, None),
        (10_000, 12_000, None, None),
        (10_000, 8_000, None, None),  # 2,000 short: not more than the smallest shortfall
        (10_000, 7_999, None, "provider"),
        (100_000, 97_000, None, None),  # 3 % short: providers cache in blocks
        (100_000, 95_000, None, None),
        (100_000, 94_999, None, "provider"),
        (0, 0, "ttl", "ttl"),
        (0, 10_000, "system", "system"),
    ],
)
async def test_a_short_hit_has_a_reason(
    expected: int, hit: int, reason: str | None, found: str | None
) -> None:
    house = House()
    await house.say("hello")
    context = replace(house.request, expected_hit_tokens=expected, break_reason=reason)
    assert break_reason(context, Usage(cache_hit_tokens=hit)) == found


async def test_an_answer_is_kept_with_what_it_consumed() -> None:
    house = House()
    await house.say("hello")
    usage = Usage(input_tokens=100, output_tokens=5, cache_hit_tokens=90, cache_write_tokens=10)
    reply = Reply(blocks=(TextBlock(text="Hi."),), usage=usage, stop="length", raw='{"say":"Hi."}')
    spoke, reported = answer_events(reply, house.request, "turn")
    assert spoke == AssistantSpoke(
        blocks=reply.blocks, stop="length", model="scripted", raw='{"say":"Hi."}'
    )
    assert isinstance(reported, UsageReported)
    assert reported.usage == usage
    assert reported.prefix == house.request.prefix
    assert reported.counted_tokens == house.request.counted_tokens


async def test_text_streams_before_the_answer_is_stored_and_is_not_stored_itself() -> None:
    house = House()
    turn = await house.say("hello", "Hello, dear Ada.")
    pieces = only(TextStreamed, turn)
    assert "".join(piece.text for piece in pieces) == "Hello, dear Ada."
    assert [piece.place.part for piece in pieces if piece.place] == [1, 2, 3]
    last_stored = only(AssistantSpoke, turn)[0].place
    assert last_stored is not None
    assert {piece.place.id for piece in pieces if piece.place} == {
        f"{last_stored.ordinal - 1}.{n}" for n in (1, 2, 3)
    }
    stored = await house.owner.log("t")
    assert stored == [event for event in turn if not isinstance(event, TextStreamed)]


class SilentModel(ScriptedModel):
    """Ends its stream without an answer."""

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        self.requests.append(context)
        yield TextPiece(text="well")


async def test_a_model_that_ends_without_an_answer_is_garbled() -> None:
    engine = enplace.open(model=SilentModel([]), brains=InMemoryBrains(), environment={})
    owner = engine.owner("ada")
    told: list[Event] = []

    async def carry() -> None:
        async for event in owner.execute("t", "hello"):
            told.append(event)  # noqa: PERF401  kept as far as it came

    with pytest.raises(ModelGarbled):
        await carry()
    assert only(ErrorRaised, told)[0].error == "LLM_GARBLED"
    assert only(TurnErrored, told)[0].error == "LLM_GARBLED"
    assert only(AssistantSpoke, await owner.log("t")) == []


@pytest.mark.parametrize(
    "error",
    [
        ModelRefused("invalid key", status=401),
        ModelUnavailable("overloaded", status=529),
        ModelGarbled("no JSON"),
        enplace.errors.ContextOverflow("too long", tokens=9),
    ],
)
async def test_an_error_of_the_model_closes_the_turn_and_is_raised(error: EnplaceError) -> None:
    house = House()
    with pytest.raises(type(error)) as raised:
        await house.say("hello", error)
    assert error in {raised.value, raised.value.__cause__}  # an overflow is told with our numbers
    *_, told, ended = await house.owner.log("t")
    assert isinstance(told, ErrorRaised)
    assert (told.error, told.message) == (error.code, error.message)
    assert told.details.items() >= error.details.items()
    assert isinstance(ended, TurnErrored)
    assert ended.error == error.code


async def test_a_failed_turn_is_tried_again_by_its_key() -> None:
    house = House()
    with pytest.raises(ModelUnavailable):
        await house.say("hello", ModelUnavailable(), key="k")
    turn = await house.say("hello", "Hello.", key="k")
    assert only(AssistantSpoke, turn)[-1].text == "Hello."
    assert [m["role"] for m in house.messages] == ["system", "user"]


async def test_the_cache_of_an_ideal_provider_holds_all_that_was_sent() -> None:
    house = House()
    hits: list[tuple[int, int]] = []
    for _ in range(4):
        turn = await house.say("go on", say("a longer answer " * 20))
        usage = only(UsageReported, turn)[0].usage
        hits.append((usage.cache_hit_tokens, usage.input_tokens))
    assert hits[0][0] == 0
    for (_, before), (hit, total) in pairwise(hits):
        assert before <= hit < total
    assert house.model.encode(house.request) == request_of(house)


def request_of(house: House) -> JsonObject:
    return enplace.to_openai(house.request)


def test_the_scripted_card_is_large() -> None:
    assert CARD.window_tokens >= 128_000
