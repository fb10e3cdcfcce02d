"""What a call costs, and why a cache gave less than it should, as the `usage` event has it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.conftest import StandingClock
from tests.engine.house import House

from enplace.invoke.call import answer_events, break_reason, cost_by
from enplace.ports import CostOf
from enplace.providers.prices import FixedPrices
from enplace.records.block import TextBlock
from enplace.records.event import UsageReported
from enplace.records.message import Reply
from enplace.records.price import Price
from enplace.records.usage import Cost, Usage

USAGE = Usage(input_tokens=1_000_000, output_tokens=1_000, cache_hit_tokens=900_000)
REPLY = Reply(blocks=(TextBlock(text="Hi."),), usage=USAGE)


async def reported(cost_of: CostOf | None) -> UsageReported:
    house = House()
    await house.say("hello")
    _, usage = answer_events(REPLY, house.request, "turn", cost_of=cost_of)
    assert isinstance(usage, UsageReported)
    return usage


async def test_a_usage_event_carries_its_cost(clock: StandingClock) -> None:
    price = Price.of("scripted", input=2, output=10, hit="0.1", book="list")
    cost_of = cost_by(FixedPrices({"scripted": price}), clock)
    assert (await reported(cost_of)).cost == Cost(amount="0.3", book="list")


async def test_a_model_in_no_book_has_no_cost(clock: StandingClock) -> None:
    assert (await reported(cost_by(FixedPrices({}), clock))).cost is None
    assert (await reported(None)).cost is None


def test_a_call_costs_what_holds_when_it_ends(clock: StandingClock) -> None:
    change = clock.now() + timedelta(minutes=1)
    before = Price.of("m", input=1, output=1, valid_until=change)
    after = Price.of("m", input=2, output=1)
    cost_of = cost_by(FixedPrices({"m": (before, after)}), clock)
    assert cost_of("m", Usage(input_tokens=1_000_000)) == Cost(amount="1", book="own")
    clock.move(60)
    assert cost_of("m", Usage(input_tokens=1_000_000)) == Cost(amount="2", book="own")


@pytest.mark.parametrize(
    ("unbroken", "expected", "hit", "foreseen", "found"),
    [
        (10_000, 10_000, 10_000, None, None),
        (10_000, 10_000, 12_000, None, None),  # more than expected is no break
        (10_000, 10_000, 8_000, None, None),  # 2,000 short: not more than the smallest shortfall
        (100_000, 100_000, 95_000, None, None),  # 5 % short: nor that
        (10_000, 10_000, 7_999, None, "provider"),
        (10_000, 0, 0, "ttl", "ttl"),
        (10_000, 0, 12_000, "ttl", None),  # kept for longer than promised
        (100_000, 0, 20_000, "ttl", "ttl"),  # the head was kept for an hour, the tail was not
        (10_000, 0, 0, "model", "model"),
        (10_000, 0, 0, "tools", "tools"),
        (10_000, 2_000, 4_000, "system", "system"),
        (0, 0, 0, "system", "system"),
    ],
)
async def test_a_short_hit_has_its_reason(
    unbroken: int, expected: int, hit: int, foreseen: str | None, found: str | None
) -> None:
    house = House()
    await house.say("hello")
    context = replace(
        house.request,
        break_reason=foreseen,
        unbroken_tokens=unbroken,
        expected_hit_tokens=expected,
    )
    assert break_reason(context, Usage(cache_hit_tokens=hit)) == found
