"""The simulated prefix caches: what holds for any requests, and what providers document."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace_bench.context.payload import Block, breakpoints_of
from enplace_bench.context.simulator import (
    HOUR_1,
    LOOK_BACK,
    Anthropic,
    Cache,
    OpenAI,
    PlainPrefix,
    Prefixes,
    Slot,
)

CACHES: dict[str, Callable[[], Cache]] = {
    "anthropic": Anthropic,
    "anthropic, 1 h": lambda: Anthropic(ttl_s=HOUR_1, minimum=4_096),
    "openai": OpenAI,
    "plain": PlainPrefix,
    "slot": Slot,
}
NAMES = st.sampled_from("abc")
SIZES = st.sampled_from([1, 100, 127, 128, 1_000, 5_000])
BLOCKS = st.lists(
    st.tuples(NAMES, SIZES).map(lambda made: block(f"{made[0]}/{made[1]}", made[1])),
    min_size=1,
    max_size=30,
)
REQUESTS = st.lists(st.tuples(st.integers(0, 700), BLOCKS), min_size=1, max_size=8)


def block(text: str, tokens: int = 2_000) -> Block:
    return Block(text, tokens, "user")


def blocks(count: int, tokens: int = 2_000) -> list[Block]:
    return [block(f"b{i}", tokens) for i in range(count)]


@pytest.mark.parametrize("name", CACHES)
@given(requests=REQUESTS)
def test_every_token_is_counted_once_and_as_one_thing(
    name: str, requests: Sequence[tuple[int, list[Block]]]
) -> None:
    cache, prefixes, at_s = CACHES[name](), Prefixes(), 0
    before: Sequence[Block] = ()
    for gap_s, sent in requests:
        at_s += gap_s
        request = prefixes.request(at_s, sent, breakpoints_of(sent, before))
        for counted in (cache.ask(request), cache.send(request)):
            assert min(counted.hit, counted.written, counted.uncached) >= 0
            assert counted.tokens == request.tokens == sum(one.tokens for one in sent)
        before = sent


@pytest.mark.parametrize("name", CACHES)
@given(first=BLOCKS, more=BLOCKS, gap_s=st.integers(0, 300))
def test_what_extends_a_request_hits_all_of_it_that_may_be_cached(
    name: str, first: list[Block], more: list[Block], gap_s: int
) -> None:
    cache, prefixes = CACHES[name](), Prefixes()
    cache.send(prefixes.request(0, first, (0, len(first) - 1)))
    sent = [*first, *more]
    counted = cache.send(prefixes.request(gap_s, sent, breakpoints_of(sent, first)))
    whole = sum(one.tokens for one in first)
    assert counted.hit >= {
        "anthropic": whole if whole >= 1_024 else 0,
        "anthropic, 1 h": whole if whole >= 4_096 else 0,
        "openai": whole // 128 * 128 if whole >= 1_024 else 0,
    }.get(name, whole)


@pytest.mark.parametrize("name", CACHES)
@given(requests=REQUESTS, last=BLOCKS)
def test_asking_leaves_nothing_new_behind(
    name: str, requests: Sequence[tuple[int, list[Block]]], last: list[Block]
) -> None:
    cache, prefixes = CACHES[name](), Prefixes()
    for _, sent in requests:
        cache.send(prefixes.request(0, sent, (len(sent) - 1,)))
    request = prefixes.request(0, last, (len(last) - 1,))
    assert cache.ask(request).hit == cache.ask(request).hit == cache.send(request).hit


@given(first=BLOCKS, second=BLOCKS)
def test_equal_prefixes_and_no_others_have_equal_numbers(
    first: list[Block], second: list[Block]
) -> None:
    prefixes = Prefixes()
    one, two = prefixes.path(first), prefixes.path(second)
    for i in range(min(len(one), len(two))):
        same = [b.text for b in first[: i + 1]] == [b.text for b in second[: i + 1]]
        assert (one[i] == two[i]) == same


def test_anthropic_looks_back_twenty_positions_and_no_further() -> None:
    for further, hit in ((LOOK_BACK - 1, 2_000), (LOOK_BACK, 0), (LOOK_BACK + 1, 0)):
        cache, prefixes = Anthropic(), Prefixes()
        cache.send(prefixes.request(0, blocks(1), (0,)))
        sent = blocks(1 + further)
        assert cache.send(prefixes.request(1, sent, (further,))).hit == hit


def test_a_second_breakpoint_finds_what_the_last_one_is_too_far_from() -> None:
    cache, prefixes = Anthropic(), Prefixes()
    cache.send(prefixes.request(0, blocks(3), (2,)))
    counted = cache.send(prefixes.request(1, blocks(40), (2, 39)))
    assert (counted.hit, counted.written, counted.uncached) == (6_000, 74_000, 0)


def test_anthropic_reads_only_where_a_request_had_a_breakpoint() -> None:
    cache, prefixes = Anthropic(), Prefixes()
    cache.send(prefixes.request(0, blocks(6), (5,)))
    changed = [*blocks(4), block("other")]
    assert cache.send(prefixes.request(1, changed, (4,))).hit == 0


def test_what_is_behind_the_last_breakpoint_is_neither_read_nor_written() -> None:
    cache, prefixes = Anthropic(), Prefixes()
    counted = cache.send(prefixes.request(0, blocks(3), (1,)))
    assert (counted.hit, counted.written, counted.uncached) == (0, 4_000, 2_000)


def test_a_prefix_below_the_minimum_is_not_cached() -> None:
    cache, prefixes = Anthropic(minimum=4_096), Prefixes()
    for at_s in (0, 1):
        counted = cache.send(prefixes.request(at_s, blocks(2), (1,)))
        assert (counted.hit, counted.written, counted.uncached) == (0, 0, 4_000)


def test_a_fifth_breakpoint_is_refused() -> None:
    with pytest.raises(ValueError, match="5 breakpoints"):
        Anthropic().send(Prefixes().request(0, blocks(6), (0, 1, 2, 3, 4)))


@pytest.mark.parametrize(
    ("cache", "ttl_s"), [(Anthropic(), 300), (Anthropic(ttl_s=HOUR_1), 3_600), (OpenAI(), 600)]
)
def test_an_entry_lives_until_its_time_is_over_and_use_renews_it(cache: Cache, ttl_s: int) -> None:
    prefixes = Prefixes()

    def hit_at(at_s: float) -> bool:
        return cache.send(prefixes.request(at_s, blocks(2, 2_048), (1,))).hit == 4_096

    assert [hit_at(at) for at in (0, ttl_s, 2 * ttl_s, 3 * ttl_s + 1)] == [False, True, True, False]


def test_openai_hits_from_1024_tokens_on_in_steps_of_128() -> None:
    for tokens, hit in ((1_023, 0), (1_024, 1_024), (1_151, 1_024), (1_152, 1_152)):
        cache, prefixes = OpenAI(), Prefixes()
        cache.send(prefixes.request(0, [block("a", tokens)]))
        assert cache.send(prefixes.request(1, [block("a", tokens), block("b")])).hit == hit


def test_a_slot_holds_the_last_request_alone() -> None:
    cache, prefixes = Slot(), Prefixes()
    for sent, hit in (("a", 0), ("ab", 2_000), ("x", 0), ("ab", 0)):
        request = prefixes.request(0, [block(text) for text in sent])
        assert cache.send(request).hit == hit
