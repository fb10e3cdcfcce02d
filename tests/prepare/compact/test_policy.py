"""What is decided about a context: every trigger, what holds it back, and what it may cost."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.prepare.compact.driven import Task, only
from tests.prepare.compact.stories import Turn, checks, happen, often

from enplace.prepare.compact.meter import Meter
from enplace.prepare.compact.policy import Account, CompactionOptions, Old, State, decide
from enplace.records.compaction import Collapse, Decision, Keep, Overflow, Snip
from enplace.records.event import Compacted, UsageReported
from enplace.records.price import Rates
from enplace.records.usage import Usage

USUAL = Rates(hit=0.1, write=1.25)
OPTIONS = CompactionOptions()
LONG_PAST = Account(hit=10_000_000, written=0, full_hit=20_000_000, full_written=0)
"""Of a task that has saved so much that the guard allows everything."""
PRICES = [
    Rates(hit=hit, write=write)
    for hit, write in [
        (0.25, 1),
        (0.1, 1.25),
        (0.1, 1),
        (0.1, 2),
        (0.05, 1.25),
        (0.05, 1),
        (0.033, 1),
        (0.025, 1.25),
        (0.02, 1),
    ]
]
"""Those that the benchmark names."""


def state(used: int = 50_000, **given: object) -> State:
    """Half full, with something to collapse that has not paid yet."""
    plain = State(
        used=used,
        room=100_000,
        head=5_000,
        after=20_000,
        block=10_000,
        upto=40,
        account=LONG_PAST,
    )
    return replace(plain, **given)


def old(count: int, tokens: int) -> tuple[Old, ...]:
    """Results of the same size, one behind the other."""
    return tuple(Old(n + 1, tokens, (count - n) * tokens) for n in range(count))


# Triggers


PAID = 1_000_000.0
"""Token-calls that are worth any collapse of these tests."""


@pytest.mark.parametrize(
    ("given", "decided", "trigger"),
    [
        (state(), Keep, None),
        (state(carried=PAID), Keep, None),
        (state(70_000), Keep, None),
        (state(70_000, carried=PAID), Collapse, "rent"),
        (state(86_000), Collapse, "window"),
        (state(44_000, is_cold=True), Keep, None),
        (state(46_000, is_cold=True), Collapse, "cold_cache"),
        (state(60_000, tier_above=65_000), Collapse, "tier"),
        (state(50_000, tier_above=65_000), Keep, None),
        (state(60_000, after=58_000, tier_above=57_000), Keep, None),
        (state(asked=True), Collapse, "boundary"),
        (state(refused=True), Collapse, "provider"),
        (state(10_000, after=9_900, asked=True), Collapse, "boundary"),
        (state(10_000, after=10_000, asked=True), Keep, None),
        (state(asked=True, upto=0), Keep, None),
        (state(refused=True, upto=0), Overflow, None),
        (state(86_000, upto=0), Keep, None),
        (state(100_001, upto=0), Overflow, None),
        (state(100_001, after=99_000), Collapse, "window"),
        (state(100_002, after=100_001), Overflow, None),
        (state(99_000, after=98_000), Keep, None),
        (state(dead=5_001, dead_behind=100, dead_carried=PAID, dead_ordinals=(3,)), Snip, "rent"),
        (state(dead=4_999, dead_behind=100, dead_carried=PAID, dead_ordinals=(3,)), Keep, None),
        (state(dead=5_001, dead_behind=1_000, dead_ordinals=(3,)), Keep, None),
        (
            state(44_000, dead=5_001, dead_behind=10**6, dead_ordinals=(3,), is_cold=True),
            Snip,
            "cold_cache",
        ),
        (state(86_000, upto=0, old=lambda: old(5, 9_000)), Snip, "window"),
        (state(100_001, upto=0, old=lambda: old(5, 9_000)), Snip, "window"),
        (state(100_001, upto=0, old=lambda: old(5, 100)), Overflow, None),
        (state(refused=True, upto=0, old=lambda: old(5, 9_000)), Snip, "provider"),
        (state(asked=True, upto=0, old=lambda: old(5, 9_000)), Keep, None),
    ],
)
def test_every_trigger(given: State, decided: type[Decision], trigger: str | None) -> None:
    decision = decide(given, USUAL, OPTIONS)
    assert isinstance(decision, decided), decision
    assert getattr(decision, "trigger", None) == trigger
    assert decision.reason


@pytest.mark.parametrize(
    "given",
    [
        state(99_000, asked=True),
        state(99_000, refused=True),
        state(150_000),
        state(70_000, carried=PAID, is_cold=True),
        state(dead=40_000, dead_carried=PAID, dead_ordinals=(3,)),
    ],
)
def test_nothing_moves_within_a_step(given: State) -> None:
    assert isinstance(decide(replace(given, within_step=True), USUAL, OPTIONS), Keep)


@pytest.mark.parametrize(
    "given", [state(86_000), state(asked=True), state(refused=True), state(70_000, carried=PAID)]
)
def test_no_collapse_where_it_is_switched_off(given: State) -> None:
    for options in (
        replace(OPTIONS, collapses=False),
        replace(OPTIONS, collapses=False, snips=False),
    ):
        decision = decide(replace(given, old=lambda: old(5, 9_000)), USUAL, options)
        assert not isinstance(decision, Collapse)
        if not options.snips:
            assert not isinstance(decision, Snip)


def test_no_snip_where_it_is_switched_off() -> None:
    options = replace(OPTIONS, snips=False)
    dead = state(dead=40_000, dead_carried=PAID, dead_ordinals=(3,), is_cold=True, used=44_000)
    assert isinstance(decide(dead, USUAL, OPTIONS), Snip)
    assert isinstance(decide(dead, USUAL, options), Keep)


# What holds it back


def test_nothing_is_bought_before_its_rent_was_paid() -> None:
    price = (USUAL.write - USUAL.hit) * (20_000 - 5_000)
    just = price / USUAL.hit
    assert isinstance(decide(state(70_000, carried=just - 1), USUAL, OPTIONS), Keep)
    decision = decide(state(70_000, carried=just + 1), USUAL, OPTIONS)
    assert isinstance(decision, Collapse)
    assert decision.price_tokens == pytest.approx(price)
    assert decision.saving_tokens == pytest.approx(USUAL.hit * 50_000)
    assert decision.break_even_calls == pytest.approx(price / (USUAL.hit * 50_000))


def test_the_guard_waits_where_it_would_be_dearer_than_doing_nothing() -> None:
    price = (USUAL.write - USUAL.hit) * (20_000 - 5_000)
    nothing = price / OPTIONS.most_extra / USUAL.write
    enough = Account(written=nothing * 1.01, full_written=nothing * 1.01)
    scarce = Account(written=nothing * 0.99, full_written=nothing * 0.99)
    paid = state(70_000, carried=PAID)
    assert isinstance(decide(replace(paid, account=enough), USUAL, OPTIONS), Collapse)
    assert isinstance(decide(replace(paid, account=scarce), USUAL, OPTIONS), Keep)
    tier = state(60_000, tier_above=65_000)
    assert isinstance(decide(replace(tier, account=scarce), USUAL, OPTIONS), Keep)


def test_after_two_failures_only_the_window_and_people_force_one() -> None:
    tired = [
        state(70_000, carried=PAID),
        state(46_000, is_cold=True),
        state(60_000, tier_above=65_000),
    ]
    for before in tired:
        assert isinstance(decide(replace(before, failures=1), USUAL, OPTIONS), Collapse)
        assert isinstance(decide(replace(before, failures=2), USUAL, OPTIONS), Keep)
    for before in (state(86_000), state(asked=True), state(refused=True)):
        assert isinstance(decide(replace(before, failures=2), USUAL, OPTIONS), Collapse)


@given(
    used=st.integers(10_000, 120_000),
    after=st.integers(6_000, 80_000),
    cold=st.booleans(),
    carried=st.floats(0, 1e7),
    rates=st.sampled_from(PRICES),
)
def test_what_was_just_collapsed_is_not_collapsed_again(
    used: int, after: int, cold: bool, carried: float, rates: Rates
) -> None:
    """I16 and I21: what comes out is below what brings another one about."""
    before = state(used, after=after, is_cold=cold, carried=carried)
    decision = decide(before, rates, OPTIONS)
    if isinstance(decision, Collapse) and after < OPTIONS.soft_ratio * before.room:
        now = replace(before, used=after, after=after, upto=0, carried=0.0, is_cold=False)
        assert isinstance(decide(now, rates, OPTIONS), Keep)


@given(
    given=st.builds(
        state,
        st.integers(0, 200_000),
        after=st.integers(5_000, 100_000),
        upto=st.integers(0, 3),
        carried=st.floats(0, 1e7),
        dead=st.integers(0, 50_000),
        dead_behind=st.integers(0, 50_000),
        dead_carried=st.floats(0, 1e7),
        is_cold=st.booleans(),
        asked=st.booleans(),
        refused=st.booleans(),
        tier_above=st.sampled_from([0, 60_000]),
        failures=st.integers(0, 3),
        account=st.sampled_from([Account(), LONG_PAST]),
    ),
    rates=st.sampled_from(PRICES),
)
def test_no_collapse_without_a_gain(given: State, rates: Rates) -> None:
    """I14 and I15, of what is foreseen."""
    decision = decide(given, rates, OPTIONS)
    gain = given.used - given.after
    if isinstance(decision, Collapse):
        assert given.upto > 0
        assert gain > 0
        if decision.trigger not in {"boundary", "provider"} and given.used <= given.room:
            assert gain >= OPTIONS.least_gain * given.used
    if isinstance(decision, Overflow):
        assert given.refused or given.used > given.room


# What it costs


@dataclass(frozen=True)
class Call:
    added: int
    cold: bool = False


CALLS = st.lists(
    st.builds(Call, added=st.integers(100, 8_000), cold=st.sampled_from([False] * 15 + [True])),
    min_size=20,
    max_size=120,
)


def ratios(
    calls: list[Call], rates: Rates, room: int, options: CompactionOptions
) -> Iterator[float]:
    """What each stopping point has cost, as a multiple of what doing nothing would have."""
    meter, head, history, full, sent = Meter(), 5_000, 0, 0, 0
    for number, call in enumerate(calls):
        history += call.added
        full += call.added
        used, tail = head + history, min(history, 2_000)
        block = min(15_000, history - tail)
        after = head + tail + block
        account = meter.account
        decision = decide(
            State(
                used=used,
                room=room,
                head=head,
                after=after,
                block=block,
                upto=number,
                carried=max(meter.carried - meter.calls * (after - head), 0.0),
                is_cold=call.cold,
                account=account,
                failures=meter.failures,
            ),
            rates,
            options,
        )
        hit = 0 if call.cold else sent
        if isinstance(decision, Collapse):
            meter.compacted(used - after)
            history, hit = after - head, 0 if call.cold else head
        sent = head + history
        usage = Usage(input_tokens=sent, cache_hit_tokens=hit, cache_write_tokens=sent - hit)
        event = UsageReported(
            usage=usage, purpose="turn", model="m", counted_tokens=sent, expected_hit_tokens=hit
        )
        meter.called(event, history)
        yield meter.account.spent(rates) / meter.account.of_nothing(rates)


@often(60)
@given(CALLS, st.sampled_from(PRICES))
def test_what_nothing_forces_never_costs_a_tenth_more_than_doing_nothing(
    calls: list[Call], rates: Rates
) -> None:
    """At any stopping point, with the window too far away to force anything."""
    far = replace(OPTIONS, hard_ratio=1e9, soft_ratio=0.2, cold_ratio=0.2)
    assert max(ratios(calls, rates, 200_000, far)) <= 1.10


def test_the_stories_of_calls_do_collapse() -> None:
    far = replace(OPTIONS, hard_ratio=1e9, soft_ratio=0.2, cold_ratio=0.2)
    calls = [Call(4_000) for _ in range(120)]
    assert min(ratios(calls, USUAL, 200_000, far)) < 0.8


@often(12)
@given(
    st.lists(
        st.builds(
            Turn,
            text=st.just("Go on, {n}."),
            steps=st.lists(
                st.tuples(st.builds(checks, st.sampled_from([0.02, 0.03]))),
                min_size=5,
                max_size=10,
            ).map(tuple),
        ),
        min_size=15,
        max_size=20,
    ),
    st.sampled_from(PRICES),
)
def test_a_driven_task_never_costs_a_tenth_more_than_doing_nothing(
    turns: list[Turn], rates: Rates
) -> None:
    """The real way, in steps as small as recorded ones, against the same task left alone."""
    task = Task(window=16_000, rates=rates)
    alone = Task(window=10**7, rates=rates, options=None)
    alone.calls_room = task.room
    for turn in turns:
        happen(task, turn)
        happen(alone, turn)
    assert only(Compacted, task.log)
    spent, nothing = 0.0, 0.0
    for one, other in zip(
        only(UsageReported, task.log), only(UsageReported, alone.log), strict=True
    ):
        spent += paid(one.usage, rates)
        nothing += paid(other.usage, rates)
        assert spent <= 1.10 * nothing


def paid(usage: Usage, rates: Rates) -> float:
    return rates.hit * usage.cache_hit_tokens + rates.write * usage.cache_write_tokens
