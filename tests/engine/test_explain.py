"""Why a context is as it is, and what that costs: `OwnerEngine.explain`."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.engine.house import BARE, House, only

from enplace.engine.explaining import Explained, explain
from enplace.errors import TaskNotFound
from enplace.providers.scripted import call
from enplace.records.event import (
    Compacted,
    Degraded,
    EpochOpened,
    Event,
    Framed,
    Place,
    UsageReported,
    UserSpoke,
)
from enplace.records.price import Price
from enplace.records.usage import Cost, Usage

PRICE = Price.of("scripted", input=2, output=10, hit="0.2", write="2.5")


def listing(name: str) -> str:
    """A listing that fills a tenth of the window."""
    return f"row of {name}\n" * 300


def placed(*events: Event) -> list[Event]:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return [
        replace(event, place=Place(task_id="t", turn_id="x", ordinal=n, at=now))
        for n, event in enumerate(events, 1)
    ]


COMPACTED = Compacted(
    strategy="summary",
    trigger="rent",
    reason="9000 tokens that could go",
    before_tokens=20_000,
    after_tokens=5_000,
    expected_saving=1_500.0,
    price_tokens=3_000.0,
    upto=7,
)
CALLED = UsageReported(
    usage=Usage(input_tokens=900, output_tokens=10, cache_hit_tokens=300, cache_write_tokens=600),
    purpose="turn",
    model="scripted",
    counted_tokens=900,
    expected_hit_tokens=800,
    break_reason="ttl",
    cost=Cost(amount="0.0021", currency="USD"),
)


def test_a_compaction_is_told_with_its_reason_and_its_price() -> None:
    (told,) = explain(placed(COMPACTED), PRICE)
    assert (told.ordinal, told.what) == (1, "collapsed")
    assert told.why == (
        "rent: 9000 tokens that could go; each later call saves 1500 input-equivalent tokens,"
        " even after 2.0 calls"
    )
    assert (told.tokens, told.saved_tokens) == (5_000, 15_000)
    assert (Decimal(told.cost), told.currency) == (Decimal("0.006"), "USD")


def test_a_snip_is_told_as_one() -> None:
    (told,) = explain(placed(replace(COMPACTED, strategy="snip")))
    assert told.what == "snipped"


def test_without_a_price_nothing_is_told_in_money() -> None:
    (told,) = explain(placed(COMPACTED))
    assert (told.cost, told.currency) == ("", "")


def test_what_saves_nothing_is_even_never_or_at_once() -> None:
    (told,) = explain(placed(replace(COMPACTED, expected_saving=0.0, price_tokens=0.0)))
    assert "even after 0.0 calls" in told.why


def test_a_call_is_told_with_its_hit_and_why_it_fell_short() -> None:
    (told,) = explain(placed(CALLED), PRICE)
    assert told == Explained(
        ordinal=1,
        what="call",
        why="turn by scripted; the cache broke (ttl), 500 tokens short",
        tokens=900,
        saved_tokens=300,
        cost="0.0021",
        currency="USD",
    )


def test_a_call_whose_hit_was_as_expected_gives_no_reason() -> None:
    whole = replace(CALLED, break_reason=None, cost=None)
    (told,) = explain(placed(whole))
    assert (told.why, told.cost) == ("turn by scripted", "")


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (EpochOpened(reason="model", model="m", system="s", tools=""), [("epoch", "model")]),
        (Framed(frames=(), why="nothing to look for"), [("frame", "nothing to look for")]),
        (Framed(frames=()), []),
        (UserSpoke(text="hello"), []),
        (Degraded(segment="memory", reason="late"), []),
    ],
)
def test_what_shapes_a_context_is_told_and_nothing_else(
    event: Event, told: list[tuple[str, str]]
) -> None:
    assert [(one.what, one.why) for one in explain(placed(event))] == told


async def test_the_whole_of_a_task_in_order() -> None:
    house = House(card=replace(BARE, window_tokens=12_000, output_tokens=1_000), tools=[listing])
    for n in range(3):
        await house.say(f"message {n}", call((f"c{n}", "listing", {"name": f"part_{n}"})), "done")
    await house.owner.compact("t", "the listings")
    await house.say("and now?")
    told = await house.owner.explain("t")
    log = await house.owner.log("t")
    assert [one.ordinal for one in told] == sorted(one.ordinal for one in told)
    assert sum(one.what == "call" for one in told) == len(only(UsageReported, log)) == 7
    assert sum(one.what == "epoch" for one in told) == len(only(EpochOpened, log)) == 2
    (collapsed,) = (one for one in told if one.what == "collapsed")
    assert collapsed.why.startswith("boundary: a boundary was asked for; ")
    assert collapsed.saved_tokens > 0
    broken = [one for one in told if one.what == "call" and "the cache broke (boundary)" in one.why]
    assert [one.ordinal > collapsed.ordinal for one in broken] == [True]


async def test_prices_of_the_engine_s_book_are_told() -> None:
    """The book is asked for the model at hand."""

    class Book:
        def price(self, model: str, at: datetime, *, input_tokens: int = 0) -> Price | None:
            assert model == "scripted"
            return PRICE

    import enplace
    from enplace.providers.counts import CharacterCounter
    from enplace.providers.scripted import ScriptedModel
    from enplace.stores.inmemory import InMemoryBrains

    engine = enplace.open(
        model=ScriptedModel(["one", "two"]),
        brains=InMemoryBrains(),
        embedder=None,
        counter=CharacterCounter(),
        prices=Book(),
        environment={},
    )
    ada = engine.owner("ada")
    _ = [event async for event in ada.execute("t", "hello")]
    told = await ada.explain("t")
    (one,) = (one for one in told if one.what == "call")
    assert Decimal(one.cost) > 0
    assert one.currency == "USD"


async def test_a_task_that_does_not_exist() -> None:
    with pytest.raises(TaskNotFound):
        await House().owner.explain("none")
