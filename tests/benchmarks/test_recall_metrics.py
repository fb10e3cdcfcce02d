"""The measures of the recall benchmark: by hand, and what holds for any list."""

from collections.abc import Sequence
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace_bench.recall.conversations import Conversation, Question, Turn
from enplace_bench.recall.metrics import (
    ALL,
    all_at,
    any_at,
    by_kind,
    difference,
    mean,
    means,
    ndcg_at,
    recall_at,
    reciprocal_rank,
    score,
    within,
)

IDS = [f"D1:{number}" for number in range(30)]
LIST = st.lists(st.sampled_from(IDS), unique=True)
GOLD = st.sets(st.sampled_from(IDS), min_size=1)
K = st.integers(1, 40)
VALUES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)


def conversation(
    evidence: Sequence[tuple[str, Sequence[str]]], session_ids: Sequence[str] = ()
) -> Conversation:
    """Sessions 1 to 3 with 4 turns of 40 characters each, `D1:1` to `D3:4`; questions by kind."""
    return Conversation(
        set_name="made",
        id="c",
        turns=tuple(
            Turn(
                id=f"D{session}:{number}",
                session=session,
                at=None,
                speaker="Ada",
                role=None,
                text="x" * 40,
            )
            for session in (1, 2, 3)
            for number in (1, 2, 3, 4)
        ),
        questions=tuple(
            Question(index=index, text="?", kind=kind, evidence=tuple(ids))
            for index, (kind, ids) in enumerate(evidence)
        ),
        session_ids=tuple(session_ids),
    )


# By hand


def test_one_list_by_hand() -> None:
    ranked = ["a", "b", "c", "d", "e", "f"]
    gold = {"b", "f", "z"}
    assert recall_at(ranked, gold, 5) == pytest.approx(1 / 3)
    assert recall_at(ranked, gold, 6) == pytest.approx(2 / 3)
    assert (any_at(ranked, gold, 1), any_at(ranked, gold, 2)) == (0.0, 1.0)
    assert all_at(ranked, gold, 6) == 0.0
    assert all_at(ranked, {"b", "f"}, 6) == 1.0
    assert reciprocal_rank(ranked, gold) == 0.5
    assert reciprocal_rank(ranked, {"z"}) == 0.0
    best = 1 + 1 / log2(3) + 1 / 2
    assert ndcg_at(ranked, gold, 10) == pytest.approx((1 / log2(3) + 1 / log2(7)) / best)
    assert ndcg_at(ranked, gold, 2) == pytest.approx((1 / log2(3)) / (1 + 1 / log2(3)))


def test_a_budget_ends_at_the_first_turn_that_does_not_fit() -> None:
    tokens = {"a": 10.0, "b": 95.0, "c": 5.0}
    assert within(["a", "b", "c"], tokens, 100) == 1
    assert within(["a", "c", "b"], tokens, 100) == 2
    assert within(["a", "b"], tokens, 105) == 2
    assert within(["b"], tokens, 1) == 0
    assert within([], tokens, 1) == 0


def test_a_conversation_by_hand() -> None:
    made = conversation([("hop", ["D2:1", "D3:4"]), ("hop", []), ("time", ["D1:1"])])
    ranked = ["D2:2", "D2:1", "D2:1", "D1:3", "D1:4", "D1:2", "D3:4"]
    hop, time = score(made, {0: ranked})
    assert (hop.question, hop.kind, time.question) == (0, "hop", 2)
    assert hop.figures["recall@5"] == 0.5  # the second D2:1 counts for nothing
    assert hop.figures["recall@10"] == hop.figures["all@10"] == 1.0
    assert hop.figures["mrr"] == 0.5
    assert hop.figures["session_recall@5"] == 1.0
    assert hop.figures["budget_recall@500"] == 1.0
    assert set(time.figures.values()) == {0.0}  # it got no list


def test_a_session_ranks_as_its_best_turn_does() -> None:
    names = [f"s{number}" for number in range(1, 4)]
    made = conversation([("hop", ["s3"]), ("hop", ["s1", "D2:1"])], names)
    whole, mixed = score(made, {0: ["D1:1", "D1:2", "D3:1"], 1: ["D1:1"]})
    assert whole.figures["session_any@5"] == 1.0
    assert mixed.figures["session_recall@5"] == 0.5
    assert "recall@5" not in whole.figures
    assert "recall@5" not in mixed.figures
    assert means([whole, mixed], ["recall@5"]) == {}
    assert means([whole, mixed], ["session_recall@5"])["session_recall@5"].value == 0.75


def test_a_turn_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        score(conversation([("hop", ["D1:1"])]), {0: ["D7:1"]})


def test_kinds_that_ask_for_what_was_not_said_stay_apart() -> None:
    made = conversation([("time", ["D1:1"]), ("adversarial", ["D1:1"]), ("hop", ["D1:1"])])
    groups = by_kind(score(made, {}))
    assert list(groups) == [ALL, "adversarial", "hop", "time"]
    assert [one.kind for one in groups[ALL]] == ["time", "hop"]


def test_a_difference_is_taken_question_by_question() -> None:
    made = conversation([("hop", ["D1:1"]), ("hop", ["D1:2"])])
    ours = score(made, {0: ["D1:1"], 1: ["D1:2"]})
    theirs = score(made, {0: ["D1:1"]})
    found = difference(ours, theirs, "recall@5")
    assert (found.value, found.count) == (0.5, 2)
    assert difference(ours[1:], theirs, "recall@5").value == 1.0
    with pytest.raises(ValueError, match="no values"):
        difference(ours, [], "recall@5")


def test_a_mean_and_its_interval() -> None:
    found = mean([0.0, 1.0] * 50)
    assert found.value == 0.5
    assert 0.38 < found.low < 0.44  # .5 -+ 1.96 * .05 is .402 to .598
    assert 0.56 < found.high < 0.62
    assert str(mean([0.25])) == "25.0 [25.0, 25.0]"


# For any list


@given(LIST, GOLD, K)
def test_all_is_at_most_recall_and_recall_at_most_any(
    ranked: list[str], gold: set[str], k: int
) -> None:
    recall = recall_at(ranked, gold, k)
    assert 0 <= all_at(ranked, gold, k) <= recall <= any_at(ranked, gold, k) <= 1
    assert 0 <= ndcg_at(ranked, gold, k) <= 1 + 1e-9
    assert (reciprocal_rank(ranked, gold) >= 1 / k) == (any_at(ranked, gold, k) == 1)


@given(LIST, GOLD, K)
def test_a_deeper_look_never_finds_less(ranked: list[str], gold: set[str], k: int) -> None:
    for at in (recall_at, any_at, all_at):
        assert at(ranked, gold, k) <= at(ranked, gold, k + 1)


@given(LIST, GOLD, K)
def test_gold_first_is_the_best_list(ranked: list[str], gold: set[str], k: int) -> None:
    best = [*sorted(gold), *(one for one in ranked if one not in gold)]
    assert ndcg_at(best, gold, k) == pytest.approx(1)
    assert reciprocal_rank(best, gold) == 1
    for at in (recall_at, any_at, all_at, ndcg_at):
        assert at(ranked, gold, k) <= at(best, gold, k) + 1e-9


@given(LIST, st.floats(0, 1_000), st.floats(0, 1_000))
def test_a_larger_budget_never_holds_less(ranked: list[str], one: float, more: float) -> None:
    tokens = {name: 10.0 + place for place, name in enumerate(IDS)}
    count = within(ranked, tokens, one)
    assert count <= within(ranked, tokens, one + more)
    assert sum(tokens[name] for name in ranked[:count]) <= one + 1e-6


@given(VALUES, st.integers(0, 9))
def test_an_interval_lies_among_the_values_and_is_told_the_same_again(
    values: list[float], seed: int
) -> None:
    found = mean(values, seed)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found == mean(values, seed)
    assert found.count == len(values)
