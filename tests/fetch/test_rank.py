"""Decay, and which candidates come into the context."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enplace.errors import UsageError
from enplace.fetch.decay import FLOOR_RATIO, decayed
from enplace.fetch.rank import RecallOptions, choose
from enplace.records.memory import Fact
from enplace.records.recollection import DroppedMemory, Match, RecalledMemory, Said

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
UNIT = st.floats(0.0, 1.0)
AGE_S = st.floats(-1e6, 1e10)
HALF_LIFE_S = st.floats(1.0, 1e9)


@given(UNIT, AGE_S, HALF_LIFE_S)
def test_decay_stays_between_its_floor_and_the_stored_confidence(
    confidence: float, age_s: float, half_life_s: float
) -> None:
    left = decayed(confidence, age_s, half_life_s)
    assert FLOOR_RATIO * confidence <= left * (1 + 1e-9)
    assert left <= confidence


@given(UNIT, AGE_S, AGE_S, HALF_LIFE_S)
def test_confidence_never_rises_with_age(
    confidence: float, one_s: float, other_s: float, half_life_s: float
) -> None:
    younger, older = sorted((one_s, other_s))
    assert decayed(confidence, older, half_life_s) <= decayed(confidence, younger, half_life_s)


@given(UNIT, UNIT, AGE_S, HALF_LIFE_S)
def test_decay_keeps_the_order_of_confidences(
    one: float, other: float, age_s: float, half_life_s: float
) -> None:
    less, more = sorted((one, other))
    assert decayed(less, age_s, half_life_s) <= decayed(more, age_s, half_life_s) + 1e-12


@pytest.mark.parametrize(
    ("age_s", "left"), [(-5, 1.0), (0, 1.0), (100, 0.6), (200, 0.4), (300, 0.3), (10**9, 0.2)]
)
def test_the_distance_to_the_floor_halves(age_s: float, left: float) -> None:
    assert decayed(1.0, age_s, 100.0) == pytest.approx(left)


@pytest.mark.parametrize("half_life_s", [0.0, -1.0])
def test_a_half_life_is_positive(half_life_s: float) -> None:
    with pytest.raises(UsageError):
        decayed(1.0, 1.0, half_life_s)


def fact(id_: str, sentence: str, score: float = 1.0, *, days: float = 0) -> Match:
    item = Fact(id=id_, sentence=sentence, recorded_at=NOW - timedelta(days=days))
    return Match(item=item, score=score)


def said(ordinal: int, text: str, *, days: float = 0) -> Match:
    item = Said(task_id="other", ordinal=ordinal, text=text, at=NOW - timedelta(days=days))
    return Match(item=item, score=0.0)


def choice(
    terms: str,
    *matches: Match,
    visible: tuple[str, ...] = (),
    options: RecallOptions | None = None,
) -> tuple[list[RecalledMemory], list[DroppedMemory]]:
    return choose(
        terms.split(),
        [match for match in matches if isinstance(match.item, Fact)],
        [match for match in matches if isinstance(match.item, Said)],
        visible=visible,
        now=NOW,
        options=options or RecallOptions(),
    )


def ids(found: tuple[list[RecalledMemory], list[DroppedMemory]]) -> tuple[list[str], list[str]]:
    """Chosen ids, and dropped ones as `id stage`."""
    chosen, dropped = found
    return [m.id for m in chosen], [f"{d.id} {d.stage}" for d in dropped]


def test_nothing_found_is_nothing_chosen() -> None:
    assert choice("parrot") == ([], [])


def test_more_shared_terms_come_first() -> None:
    found = choice(
        "parrot walnut",
        fact("f1", "Ada keeps a parrot."),
        fact("f2", "The parrot eats walnuts."),
    )
    assert ids(found) == (["f2", "f1"], [])
    assert found[0][0].why == "shares parrot, walnut"
    assert found[0][0].score == pytest.approx(1.0)


def test_what_is_visible_or_weak_or_said_twice_or_too_much_is_left_out() -> None:
    found = choice(
        "parrot walnut oslo bergen",
        fact("f1", "The parrot eats walnuts in Oslo and Bergen.", 4.0),
        fact("f2", "The parrot eats walnuts in Oslo.", 3.0),
        fact("f3", "the parrot eats WALNUTS in  Oslo.", 3.0, days=1),
        fact("f4", "The parrot eats walnuts.", 3.0),
        fact("f5", "The parrot eats.", 0.5),
        visible=("f1",),
        options=RecallOptions(limit=1),
    )
    assert ids(found) == (["f2"], ["f1 visible", "f3 duplicate", "f4 limit", "f5 gate"])


def test_the_gate_is_measured_from_the_best_though_it_is_visible() -> None:
    weak, strong = fact("f2", "A parrot.", 0.1), fact("f1", "The parrot eats walnuts.", 9.0)
    assert ids(choice("parrot walnut", weak, strong, visible=("f1",))) == (
        [],
        ["f1 visible", "f2 gate"],
    )


def test_an_old_fact_gives_way_to_a_new_one_and_is_not_forgotten() -> None:
    old, new = fact("f1", "A parrot.", days=3_650), fact("f2", "The parrot.", days=1)
    assert ids(choice("parrot", old, new)) == (["f2", "f1"], [])


def test_a_fact_beats_what_was_only_said() -> None:
    found = choice("parrot", said(3, "My parrot sings."), fact("f1", "Ada keeps a parrot."))
    assert ids(found) == (["f1", "said:other:3"], [])
    assert [m.kind for m in found[0]] == ["fact", "said"]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("My parrot is called Hopper.", "My parrot is called Hopper."),
        ("Hello. My parrot is called Hopper. Bye!", "My parrot is called Hopper."),
        ("What is my parrot called? It is a parrot.", "It is a parrot."),
        ("my parrot is called Hopper", "my parrot is called Hopper"),
        ("First line\nmy parrot sings", "my parrot sings"),
        ("What is my parrot called?", None),
        ("Is it a parrot??", None),
        ("What?! My parrot!", "My parrot!"),
    ],
)
def test_of_what_was_said_the_sentence_that_tells_is_quoted(text: str, quoted: str | None) -> None:
    chosen, _ = choice("parrot", said(3, text))
    assert [m.text for m in chosen] == ([quoted] if quoted else [])


def test_a_long_sentence_is_cut() -> None:
    chosen, _ = choice("parrot", said(3, "parrot " * 200))
    assert len(chosen[0].text) <= RecallOptions().said_characters


def test_what_is_said_a_second_time_is_a_duplicate_of_the_newer() -> None:
    older, newer = said(3, "My parrot sings.", days=2), said(9, "my parrot  sings.", days=1)
    assert ids(choice("parrot", older, newer)) == (["said:other:9"], ["said:other:3 duplicate"])


SENTENCES = st.lists(st.sampled_from(["parrot", "walnut", "oslo", "tea", "Ada"]), min_size=1).map(
    " ".join
)
MATCHES = st.lists(
    st.builds(
        fact,
        st.integers(0, 10**6).map("f{}".format),
        SENTENCES,
        st.sampled_from([0.0, 0.5, 1.0, 3.0]),
        days=st.integers(0, 400),
    )
    | st.builds(said, st.integers(1, 10**6), SENTENCES, days=st.integers(0, 400)),
    max_size=12,
    unique_by=lambda match: (
        match.item.id if isinstance(match.item, Fact) else str(match.item.ordinal)
    ),
)


@given(MATCHES, st.randoms(use_true_random=False), st.integers(1, 4))
def test_the_order_of_candidates_makes_no_difference(
    matches: list[Match], chance: random.Random, limit: int
) -> None:
    shuffled = chance.sample(matches, len(matches))
    options = RecallOptions(limit=limit)
    assert choice("parrot tea", *matches, options=options) == choice(
        "parrot tea", *shuffled, options=options
    )


@given(MATCHES, st.integers(1, 4), st.integers(0, 3))
def test_every_candidate_that_shares_a_term_is_chosen_or_accounted_for(
    matches: list[Match], limit: int, seen: int
) -> None:
    visible = tuple(m.item.id for m in matches if isinstance(m.item, Fact))[:seen]
    options = RecallOptions(limit=limit)
    chosen, dropped = choice("parrot tea", *matches, visible=visible, options=options)
    facts = {m.item.id for m in matches if isinstance(m.item, Fact)}
    accounted = [m.id for m in chosen] + [d.id for d in dropped]
    assert len(set(accounted)) == len(accounted)
    assert facts <= set(accounted)
    assert len(chosen) <= limit
    assert not set(visible) & {m.id for m in chosen}
    assert all(0 <= m.score <= 1 + 1e-9 for m in chosen)
    assert [m.score for m in chosen] == sorted((m.score for m in chosen), reverse=True)


@given(MATCHES)
def test_a_lower_gate_lets_in_no_less(matches: list[Match]) -> None:
    assume(matches)
    sizes = [
        len(choice("parrot tea", *matches, options=RecallOptions(limit=99, gate_ratio=gate))[0])
        for gate in (0.9, 0.5, 0.0)
    ]
    assert sizes == sorted(sizes)


def test_a_fact_with_less_confidence_comes_later() -> None:
    sure = fact("f2", "A parrot.")
    assert isinstance(sure.item, Fact)
    unsure = replace(sure, item=replace(sure.item, id="f1", sentence="The parrot.", confidence=0.3))
    assert ids(choice("parrot", unsure, sure)) == (["f2", "f1"], [])
