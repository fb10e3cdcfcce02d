"""Price books, on the real data of the locked release of `genai-prices`."""

import re
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from timeit import timeit
from typing import Any

import genai_prices
import pytest
from genai_prices.data import providers
from hypothesis import given
from hypothesis import strategies as st

from enplace.ports import PriceBook
from enplace.providers.prices import RELEASED, FixedPrices, GenaiPrices
from enplace.records.price import Price, rates_of
from enplace.records.usage import Usage

ROOT = Path(__file__).parents[2]
BOOK: PriceBook = GenaiPrices()
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CURRENT = (
    "claude-opus-5-5",
    "claude-haiku-5-5",
    "gpt-6.1-sol",
    "gpt-5.5",
    "gemini-3.8-flash",
    "deepseek-v4-pro",
    "grok-4.7",
    "mistral-large-4",
    "kimi-k3.1-pro",
    "glm-5.3",
)
SIZES = st.integers(0, 200_000)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    hits, writes = draw(SIZES), draw(SIZES)
    return Usage(
        input_tokens=draw(SIZES) + hits + writes,
        output_tokens=draw(SIZES),
        cache_hit_tokens=hits,
        cache_write_tokens=writes,
    )


def told(model: str, at: datetime = NOW, *, input_tokens: int = 0) -> Price:
    price = BOOK.price(model, at, input_tokens=input_tokens)
    assert price is not None, model
    return price


def amounts(price: Price) -> tuple[str, ...]:
    """Input, output, hit, write, write for longer."""
    numbers = (price.input, price.output, price.hit, price.write, price.write_1h)
    return tuple(f"{number.normalize():f}" for number in numbers)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-opus-5-5", ("4", "20", "0.2", "5", "8")),
        ("claude-fable-5-1", ("10", "50", "0.25", "12.5", "20")),
        ("gpt-6.1-sol", ("2", "10", "0.1", "2.5", "5")),  # 12 hours: from our table, 2.5x
        ("gpt-5.5", ("5", "30", "0.5", "5", "5")),  # writes are free
        ("grok-4.7", ("2", "6", "0.5", "2", "2")),
        ("kimi-k3.1-pro", ("2", "10", "0.2", "2", "4")),
        ("gpt-4o-2024-05-13", ("5", "15", "5", "5", "5")),  # hits have no price of their own
        ("gpt-oss-120b", ("0.039", "0.18", "0.039", "0.039", "0.039")),  # in none of our rows
    ],
)
def test_prices_are_those_of_the_list_with_writes_from_our_table(
    model: str, expected: tuple[str, ...]
) -> None:
    assert amounts(told(model)) == expected


@pytest.mark.parametrize(
    ("model", "start", "below", "above"),
    [
        ("gpt-6.1-sol", 272_000, ("2", "10", "0.1", "2.5", "5"), ("4", "15", "0.2", "5", "10")),
        ("gpt-5.5", 272_000, ("5", "30", "0.5", "5", "5"), ("10", "45", "1", "10", "10")),
        (
            "claude-haiku-5-5",
            100_000,
            ("0.1", "0.5", "0.01", "0.125", "0.2"),
            ("0.5", "2.5", "0.05", "0.625", "1"),
        ),
        ("grok-4.7", 199_999, ("2", "6", "0.5", "2", "2"), ("4", "12", "1", "4", "4")),
    ],
)
def test_above_its_tier_a_whole_call_is_dearer(
    model: str, start: int, below: tuple[str, ...], above: tuple[str, ...]
) -> None:
    at, beyond = told(model, input_tokens=start), told(model, input_tokens=start + 1)
    assert (amounts(at), at.tier_above) == (below, start)
    assert (amounts(beyond), beyond.tier_above) == (above, 0)


def test_there_may_be_several_tiers() -> None:
    model = "openrouter/qwen/qwen3-coder-flash"
    tiers = [told(model, input_tokens=size) for size in (32_000, 32_001, 128_001)]
    assert [price.tier_above for price in tiers] == [32_000, 128_000, 0]
    assert tiers[0].input < tiers[1].input < tiers[2].input


@pytest.mark.parametrize(
    ("hour", "peak", "until"),
    [(0, False, 1), (1, True, 4), (3, True, 4), (4, False, 6), (6, True, 10), (10, False, 25)],
)
def test_deepseek_costs_half_outside_of_peak_hours(hour: int, peak: bool, until: int) -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    price = told("deepseek-v4-pro", monday + timedelta(hours=hour))
    assert price.input == Decimal("1.32" if peak else "0.66")
    assert price.hit == Decimal("0.044" if peak else "0.022")
    assert price.valid_until == monday + timedelta(hours=until)


def test_a_price_that_changes_on_a_day_says_so_and_changes() -> None:
    december = datetime(2026, 12, 1, tzinfo=UTC)
    before = told("gemini-4-argon", december - timedelta(microseconds=1))
    assert (before.input, before.valid_until) == (2, december)
    after = told("gemini-4-argon", december)
    assert (after.input, after.valid_until) == (4, None)
    assert told("gemini-4-argon", NOW) == before  # asked backwards, too


def test_a_price_of_the_past_is_found() -> None:
    assert told("claude-sonnet-4-6", datetime(2026, 3, 1, tzinfo=UTC)).tier_above == 200_000
    assert told("claude-sonnet-4-6").tier_above == 0


def test_another_time_zone_is_the_same_moment() -> None:
    peak = datetime.fromisoformat("2026-11-23T10:00:00+08:00")  # 02:00 UTC
    assert told("deepseek-v4-pro", peak).input == Decimal("1.32")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("claude-opus-5-5-20261001", "anthropic/claude-opus-5-5"),
        ("claude-opus-5-5@20261001", "anthropic/claude-opus-5-5"),
        ("anthropic/claude-opus-5-5", "anthropic/claude-opus-5-5"),
        ("litellm_proxy/anthropic/claude-opus-5-5", "anthropic/claude-opus-5-5"),
        ("vertex_ai/claude-opus-5-5", "google/claude-opus-5-5"),
        ("openrouter/anthropic/claude-opus-5.5", "openrouter/anthropic/claude-opus-5.5"),
        ("openrouter/google/gemini-2.0-flash-001", "openrouter/google/gemini-2.0-flash-001"),
        ("openai/gpt-6.1-sol", "openai/gpt-6.1-sol"),
        ("gpt-6.1-sol-2026-09-29", "openai/gpt-6.1-sol"),
        ("GPT-5.5", "openai/gpt-5.5"),
        ("azure/gpt-6-sol", "azure/gpt-6-sol"),
        ("models/gemini-4-argon", "google/gemini-4-argon"),
        ("xai/grok-4.7", "x-ai/grok-4.7"),
        ("deepseek/deepseek-v4-pro", "deepseek/deepseek-v4-pro"),
    ],
)
def test_a_model_is_found_with_a_provider_before_its_name_and_a_day_behind(
    name: str, model: str
) -> None:
    assert told(name).model == model


def test_a_region_of_bedrock_has_its_own_price() -> None:
    name = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert told(name).input == told(f"bedrock/{name}").input == Decimal("3.3")


@pytest.mark.parametrize(
    "model",
    [
        "",
        "/",
        "scripted",
        "claude-of-next-year",
        "ollama/gpt-oss:20b",
        "Qwen/Qwen3-8B",
        "whisper-1",
    ],
)
def test_what_is_in_no_book_has_no_price_and_usual_rates(model: str) -> None:
    assert BOOK.price(model, NOW) is None
    assert rates_of(BOOK.price(model, NOW)).hit == 0.1


def test_a_host_asks_its_own_prices() -> None:
    groq = GenaiPrices("https://api.groq.com/openai/v1")
    price = groq.price("openai/gpt-oss-20b", NOW)
    assert price is not None
    assert price.model == "groq/openai/gpt-oss-20b"
    assert groq.price("claude-opus-5-5", NOW) is None  # it does not sell that


def test_behind_an_unknown_address_a_name_leads_to_its_maker() -> None:
    price = GenaiPrices("http://localhost:4000").price("claude-opus-5-5", NOW)
    assert price == told("claude-opus-5-5")


def test_the_book_has_its_release_and_its_day() -> None:
    release = version("genai-prices")
    assert told("gpt-5.5").book == f"genai-prices {release} ({RELEASED[release]})"


def test_without_the_package_there_are_no_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)  # as if it could not be imported
    book = GenaiPrices()
    assert not book.load()
    assert book.price("claude-opus-5-5", NOW) is None


def test_no_model_of_the_book_makes_trouble() -> None:
    book = GenaiPrices()
    for provider in providers:
        for model in provider.models:
            price = book.price(f"{provider.id}/{model.id}", NOW, input_tokens=250_000)
            assert price is None or 0 <= price.hit <= price.input * 2


@given(st.sampled_from(CURRENT), st.integers(0, 24 * 200), usages())
def test_a_call_costs_what_the_library_makes_of_it(model: str, hours: int, usage: Usage) -> None:
    at = datetime(2026, 9, 1, 0, 30, tzinfo=UTC) + timedelta(hours=hours)
    theirs = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cache_hit_tokens,
            cache_write_tokens=usage.cache_write_tokens,
        ),
        model,
        genai_request_timestamp=at,
    )
    ours = told(model, at, input_tokens=usage.input_tokens).cost(usage)
    assert Decimal(ours.amount) == theirs.total_price


def test_asking_again_takes_microseconds() -> None:
    told("deepseek-v4-pro")
    once = timeit(lambda: BOOK.price("deepseek-v4-pro", NOW, input_tokens=9), number=1_000) / 1_000
    assert once < 50e-6


MARCH, MAY = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
OLD = Price.of("own", input=1, output=2, valid_until=MARCH)
NEW = Price.of("own", input=3, output=4, valid_until=MAY)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (MARCH - timedelta(days=1), OLD),
        (MARCH, NEW),
        (MAY - timedelta(seconds=1), NEW),
        (MAY, None),  # a price is not used past its day
    ],
)
def test_own_prices_follow_upon_each_other(at: datetime, expected: Price | None) -> None:
    assert FixedPrices({"own": (OLD, NEW)}).price("own", at) == expected


def test_own_prices_stand_before_those_of_another_book() -> None:
    mine = Price.of("gpt-5.5", input="0.5", output=3, book="our contract")
    book = FixedPrices({"gpt-5.5": mine}, otherwise=BOOK)
    assert book.price("gpt-5.5", NOW) == mine
    assert book.price("gpt-6-sol", NOW) == told("gpt-6-sol")
    assert FixedPrices({"gpt-5.5": mine}).price("gpt-6-sol", NOW) is None


def test_the_page_on_own_prices_is_right() -> None:
    page = (ROOT / "docs" / "reference" / "prices.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], names)
    book: PriceBook = names["prices"]
    assert book.price("our-model", NOW) == names["until_may"]
    assert book.price("our-model", NOW + timedelta(days=365)) == names["from_may"]
    assert book.price("gpt-5.5", NOW) == told("gpt-5.5")
