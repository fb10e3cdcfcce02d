"""What a call costs: exact, with hits and writes inside the input."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.records.price import CONSERVATIVE, Price, Rates, rates_of
from enplace.records.usage import Cost, Usage

SOL = Price.of("sol", input=2, output=10, hit="0.1", write="2.5", write_1h=5, book="list")

TOKENS = st.integers(0, 2_000_000)
AMOUNTS = st.decimals(0, 100, places=4)


@st.composite
def prices(draw: st.DrawFn) -> Price:
    """Hits cost no more than input, writes no less: as every provider has it."""
    hit, plain, write = sorted(draw(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS)))
    return Price.of("any", input=plain, output=draw(AMOUNTS), hit=hit, write=write)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    hits, writes, plain = draw(st.tuples(TOKENS, TOKENS, TOKENS))
    return Usage(
        input_tokens=hits + writes + plain,
        output_tokens=draw(TOKENS),
        cache_hit_tokens=hits,
        cache_write_tokens=writes,
    )


def amount(price: Price, usage: Usage) -> Decimal:
    return Decimal(price.cost(usage).amount)


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        (Usage(), "0"),
        (Usage(input_tokens=1_000_000), "2"),
        (Usage(output_tokens=1_000_000), "10"),
        (Usage(input_tokens=1_000_000, cache_hit_tokens=1_000_000), "0.1"),
        (Usage(input_tokens=1_000_000, cache_write_tokens=1_000_000), "2.5"),
        # 100 plain, 700 hits, 200 writes, 10 out
        (
            Usage(
                input_tokens=1_000,
                cache_hit_tokens=700,
                cache_write_tokens=200,
                output_tokens=10,
            ),
            "0.00087",
        ),
        (Usage(input_tokens=1), "0.000002"),
        (Usage(input_tokens=3, cache_hit_tokens=3), "0.0000003"),
        (Usage(input_tokens=50_000_000), "100"),
    ],
)
def test_a_call_costs_the_sum_of_its_kinds_of_tokens(usage: Usage, told: str) -> None:
    assert SOL.cost(usage) == Cost(amount=told, currency="USD", book="list")


def test_a_provider_that_counts_more_cached_tokens_than_input_makes_no_call_cheaper() -> None:
    assert amount(SOL, Usage(input_tokens=10, cache_write_tokens=1_000_000)) == Decimal("2.5")


def test_no_cent_is_lost_to_binary_fractions() -> None:
    price = replace(SOL, input=Decimal("0.1"))
    tenth = amount(price, Usage(input_tokens=1_000_000))
    assert tenth + tenth + tenth == Decimal("0.3")


@given(prices(), usages(), TOKENS)
def test_more_tokens_of_any_kind_never_cost_less(price: Price, usage: Usage, more: int) -> None:
    cost = amount(price, usage)
    for kind in (
        replace(usage, input_tokens=usage.input_tokens + more),
        replace(usage, output_tokens=usage.output_tokens + more),
        replace(
            usage,
            input_tokens=usage.input_tokens + more,
            cache_hit_tokens=usage.cache_hit_tokens + more,
        ),
        replace(
            usage,
            input_tokens=usage.input_tokens + more,
            cache_write_tokens=usage.cache_write_tokens + more,
        ),
    ):
        assert amount(price, kind) >= cost


@given(prices(), usages())
def test_a_cache_that_gives_something_never_makes_a_call_dearer(price: Price, usage: Usage) -> None:
    without = replace(usage, cache_hit_tokens=0)
    assert amount(price, usage) <= amount(price, without)


@given(prices(), usages(), usages())
def test_two_calls_cost_what_they_cost_together(price: Price, one: Usage, other: Usage) -> None:
    assert amount(price, one) + amount(price, other) == amount(price, one + other)


def test_rates_are_multiples_of_the_price_of_input() -> None:
    assert SOL.rates == Rates(hit=0.05, write=1.25, output=5.0)
    assert rates_of(SOL) == SOL.rates


def test_without_a_price_rates_are_those_of_most_providers() -> None:
    assert rates_of(None) == CONSERVATIVE
    assert Price.of("free", input=0, output=0).rates == CONSERVATIVE


def test_what_an_own_price_leaves_out_costs_what_input_does() -> None:
    price = Price.of("own", input="1.5", output=6)
    assert (price.hit, price.write, price.write_1h) == (price.input, price.input, price.input)
    assert Price.of("own", input=1, output=1, write=2).write_1h == 2
