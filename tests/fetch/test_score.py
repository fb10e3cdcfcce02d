"""What each signal is worth, and what it never does."""

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fetch.memories import NOW, compared, fact, gathered, query, said, standing

from enplace.fetch.beside import BESIDE, LONG_STEMS
from enplace.fetch.score import TRUST_FACTOR, Scored, Weights, rarity_of, score
from enplace.records.encoding import Encoding
from enplace.records.memory import Trust
from enplace.records.recollection import Candidate, Gathered, RecallQuery

USUAL = Weights()


def scores(asked: RecallQuery, *candidates: Candidate) -> dict[int, Scored]:
    """The candidates scored without vectors, by row."""
    return {each.candidate.row: each for each in scored(asked, gathered(asked, *candidates))}


def scored(asked: RecallQuery, found: Gathered, encoding: Encoding | None = None) -> list[Scored]:
    return score(asked, found, now=NOW, encoding=encoding)


def signal(name: str, asked: RecallQuery, *candidates: Candidate) -> list[float]:
    """One signal of each candidate, in the order given."""
    by_row = scores(asked, *candidates)
    return [by_row[each.row].signals.get(name, 0.0) for each in candidates]


# Words


def test_more_and_rarer_words_are_worth_more() -> None:
    asked = query("blue parrot")
    candidates = (
        fact(1, "a blue parrot"),
        fact(2, "a green parrot"),
        fact(3, "a blue table"),
        fact(4, "the blue sky"),
        fact(5, "a chair"),
    )
    both, rare, common, same, none = signal("words", asked, *candidates)
    assert both > rare > common == same > none == 0.0
    assert [each.candidate.row for each in scored(asked, gathered(asked, *candidates))] == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip


def test_a_word_said_again_counts_a_little_more_each_time() -> None:
    once, twice, often = signal(
        "words",
        query("parrot"),
        fact(1, "parrot apple table"),
        fact(2, "parrot parrot table"),
        fact(3, "parrot parrots parrot"),
    )
    assert once < twice < often < 2.2 * USUAL.words_alone
    assert often - twice < twice - once


def test_a_word_counts_more_in_a_short_text_and_half_around_it() -> None:
    short, long, around, both = signal(
        "words",
        query("parrot"),
        fact(1, "parrot"),
        fact(2, "parrot " + "apple " * 40),
        fact(3, "apple", context="parrot"),
        fact(4, "parrot", context="parrot"),
    )
    assert short == both > long > around == pytest.approx(0.5 * USUAL.words_alone)


def test_words_beside_each_other_count_together() -> None:
    asked = query("the blue parrot")
    beside, apart, turned = signal(
        "pairs",
        asked,
        fact(1, "a blue parrot"),
        fact(2, "blue as a big parrot"),
        fact(3, "parrot blue"),
    )
    assert 0 < beside <= 1.5 * USUAL.pairs_alone
    assert apart == turned == 0.0


def test_a_word_that_nothing_holds_is_as_rare_as_can_be() -> None:
    asked = query("parrot unicorn")
    rarity = rarity_of(asked, gathered(asked, fact(1, "parrot")))
    assert rarity["unicorn"] > rarity["parrot"] > 0
    assert rarity_of(query("parrot"), Gathered()) == {"parrot": pytest.approx(math.log(2))}


# Neighbours


@pytest.mark.parametrize("distance", [-3, -2, -1, 1, 2, 3])
def test_what_stands_beside_lends_by_its_distance(distance: int) -> None:
    asked = query("parrot")
    own, lent = signal(
        "words", asked, said(1, "a parrot!", spot=10 + distance), said(2, "It sings.", spot=10)
    )
    worth = BESIDE.get(distance, 0.0) / (1 + 1 / LONG_STEMS)
    assert lent == pytest.approx(worth * own)


def test_a_long_text_lends_less() -> None:
    asked = query("parrot")
    lent: list[float] = []
    for words in (1, 30, 300):
        text = "parrot " + "apple " * (words - 1)
        own, other = signal("words", asked, said(1, text, spot=1), said(2, "It sings.", spot=2))
        lent.append(other / own)
        assert other / own == pytest.approx(BESIDE[-1] / (1 + words / LONG_STEMS))
    assert lent == sorted(lent, reverse=True)


def test_only_what_stands_in_one_place_is_beside() -> None:
    asked = query("parrot")
    parrot = said(1, "a parrot!", spot=1)
    for other in (said(2, "It sings.", place=2, spot=2), fact(2, "It sings.")):
        assert signal("words", asked, parrot, other)[1] == 0.0


def test_a_loan_needs_no_rows_in_a_row() -> None:
    """Other tasks and memories are written between what two people say to each other."""
    asked = query("parrot")
    parrot, answer = said(1, "a parrot!", spot=1), said(9, "It sings.", spot=2)
    between = [said(2, "Hm.", place=2, spot=1), *(fact(row, "Bo sails.") for row in range(3, 9))]
    assert (
        signal("words", asked, parrot, answer)
        == signal("words", asked, parrot, answer, *between)[:2]
    )


def test_a_loan_is_no_more_than_what_is_held() -> None:
    asked = query("blue parrot")
    one, other = signal(
        "words", asked, said(1, "blue parrot", spot=1), said(2, "blue parrot", spot=2)
    )
    assert (
        one == other == pytest.approx(signal("words", asked, fact(1, "blue parrot"))[0], rel=0.01)
    )


# Vectors


def test_nearer_tokens_and_texts_are_worth_more() -> None:
    asked = query("parrot nest")
    found = gathered(asked, fact(1, "apple"), fact(2, "table"), fact(3, "chair"))
    found, encoding = compared(found, asked, {1: 0.2, 2: 0.8, 3: 0.5})
    ranked = scored(asked, found, encoding)
    assert [each.candidate.row for each in ranked] == [2, 3, 1]
    assert ranked[0].signals["likeness"] == pytest.approx(0.8 * USUAL.likeness)
    assert ranked[0].signals["meaning"] == pytest.approx(0.8 * USUAL.meaning)


def test_likeness_weighs_words_by_their_rarity() -> None:
    asked = query("blue parrot")
    found = gathered(asked, *(fact(row, "blue") for row in range(1, 9)), fact(9, "parrot"))
    found, encoding = compared(found, asked, {1: [0.9, 0.1], 2: [0.1, 0.9]})
    by_row = {each.candidate.row: each for each in scored(asked, found, encoding)}
    assert by_row[2].signals["likeness"] > by_row[1].signals["likeness"]


def test_a_piece_of_a_document_counts_by_its_whole_vector_first() -> None:
    asked = query("Where is the parrot?")
    found, encoding = compared(
        gathered(asked, fact(1, "parrot"), fact(2, "parrot", kind="chunk")), asked, {1: 0.5, 2: 0.5}
    )
    told, piece = (each.signals for each in sorted(scored(asked, found, encoding)))
    assert piece["meaning"] > told["meaning"]
    assert piece["likeness"] < told["likeness"]
    assert piece["words"] < told["words"]


def test_neighbours_lend_likeness_too() -> None:
    asked = query("parrot")
    found = gathered(asked, said(1, "owl", spot=1), said(2, "It sings.", spot=2))
    found, encoding = compared(found, asked, {1: 0.9, 2: 0.1})
    by_row = {each.candidate.row: each for each in scored(asked, found, encoding)}
    lent = 0.9 * BESIDE[-1] / (1 + 1 / LONG_STEMS)
    assert by_row[2].signals["likeness"] == pytest.approx(lent * USUAL.likeness)


def test_what_has_no_vector_yet_is_given_what_vectors_add_on_average() -> None:
    asked = query("parrot")
    found = gathered(asked, *(fact(row, "owl") for row in (1, 2, 3)))
    found, encoding = compared(found, asked, {1: 0.2, 2: 0.6})
    by_row = {each.candidate.row: each for each in scored(asked, found, encoding)}
    assert "likeness" not in by_row[3].signals
    added = [by_row[row].signals["likeness"] + by_row[row].signals["meaning"] for row in (1, 2)]
    assert by_row[3].signals["meaning"] == pytest.approx(sum(added) / 2)
    assert by_row[1].score < by_row[3].score < by_row[2].score


def test_an_embedder_of_whole_texts_only() -> None:
    asked = query("parrot")
    found = gathered(
        asked, fact(1, "owl", meaning=0.2), fact(2, "owl", meaning=0.6), fact(3, "owl")
    )
    ranked = scored(asked, found, Encoding(pooled=b""))
    assert [each.candidate.row for each in ranked] == [2, 3, 1]
    values = {each.candidate.row: each.signals["meaning"] for each in ranked}
    assert values[2] == pytest.approx(0.6 * USUAL.meaning_alone)
    assert values[3] == pytest.approx((values[1] + values[2]) / 2)


def test_without_an_encoding_what_is_known_of_vectors_counts_for_nothing() -> None:
    asked = query("parrot")
    found = gathered(asked, fact(1, "owl"), fact(2, "parrot"))
    with_vectors, _ = compared(found, asked, {1: 0.9, 2: 0.1})
    bare = replace(found, matches=with_vectors.matches)
    assert scored(asked, bare) == scored(asked, found)


# What else speaks for a memory


@pytest.mark.parametrize(
    ("message", "speaker", "counts"),
    [
        ("What does Ana eat?", "ana", True),
        ("What does Ana eat?", "bo", False),
        ("What does Ana eat?", "", False),
        ("What do Ana and Bo eat?", "ana", False),
        ("What does she eat?", "ana", False),
    ],
)
def test_said_by_the_one_who_is_named(message: str, speaker: str, counts: bool) -> None:
    asked = query(message, speakers=["ana", "bo"])
    (value,) = signal("speaker", asked, said(1, "Apples.", speaker=speaker))
    assert value == (USUAL.speaker if counts else 0.0)


@pytest.mark.parametrize(
    ("message", "malus"),
    [
        ("What do I eat?", USUAL.assistant),
        ("What did you recommend that I eat?", 0.0),
        ("What was your advice on apples?", 0.0),
    ],
)
def test_an_assistant_is_heard_where_it_is_asked_for(message: str, malus: float) -> None:
    user, assistant = said(1, "Apples."), said(2, "Apples.", role="assistant")
    assert signal("assistant", query(message), user, assistant) == [0.0, malus]


@pytest.mark.parametrize(
    ("text", "speaker", "signals"),
    [
        ("Always answer in verse.", "", {"standing": USUAL.standing}),
        ("I like my tea.", "", {}),
        ("I like my tea.", "ana", {"own words": USUAL.own_words * 2 / 3}),
        ("I like my tea, I do.", "ana", {"own words": USUAL.own_words}),
        ("Wow, tea.", "ana", {"reaction": USUAL.reaction}),
        ("Is it tea?", "ana", {"question": USUAL.question}),
        ("Always answer in verse.", "ana", {}),
    ],
)
def test_how_something_was_said(text: str, speaker: str, signals: dict[str, float]) -> None:
    names = ("standing", "own words", "reaction", "question")
    found = {name: signal(name, query("owl"), said(1, text, speaker=speaker))[0] for name in names}
    assert {name: value for name, value in found.items() if value} == pytest.approx(signals)


def test_what_says_when_answers_when() -> None:
    candidates = (said(1, "I sailed yesterday."), said(2, "I sailed."))
    assert signal("time", query("When did I sail?"), *candidates) == [USUAL.time, 0.0]
    assert signal("time", query("What did I sail?"), *candidates) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("month", "day", "hour", "worth"),
    [
        (4, 30, 23, 0.0),
        (5, 1, 0, 1.0),
        (5, 31, 23, 1.0),
        (6, 1, 0, 0.6),
        (6, 2, 23, 0.6),
        (6, 3, 0, 0.3),
        (6, 8, 23, 0.3),
        (6, 9, 0, 0.0),
    ],
)
def test_things_are_told_in_their_time_or_soon_after(
    month: int, day: int, hour: int, worth: float
) -> None:
    at = datetime(2023, month, day, hour, tzinfo=UTC)
    candidate = said(1, "We sailed.", at=at)
    (value,) = signal("date", query("What happened in May 2023?"), candidate)
    assert value == pytest.approx(worth * USUAL.date)


def test_of_several_times_the_nearest_counts() -> None:
    asked = query("Did I sail in May 2021 or in May 2023?")
    assert len(asked.spans) == 2
    candidate = said(1, "We sailed.", at=NOW.replace(year=2023, month=5))
    assert signal("date", asked, candidate) == [USUAL.date]


def test_relations_of_those_named() -> None:
    by_graph = fact(1, "Bo is a brother.", path=1.0)
    assert signal("graph", query("Ana"), by_graph, fact(2, "Bo.")) == [USUAL.graph, 0.0]


# Phrases


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("the blue parrots of Oslo", True),
        ("Blue! Parrots, of Oslo.", True),
        ("a blue parrot", False),
        ("parrots of Oslo, blue ones", False),
        ("blue parrots live in Oslo", False),
        ("deepblue parrots of Oslo", False),
    ],
)
def test_what_is_quoted_is_looked_for_word_for_word(text: str, holds: bool) -> None:
    asked = query('Who said "blue parrots of Oslo"?')
    assert signal("phrase", asked, fact(1, text)) == [USUAL.phrase if holds else 0.0]


def test_a_memory_that_holds_a_quoted_phrase_comes_first() -> None:
    asked = query('Which boat did Ana paint when she said "the blue parrot"?', speakers=["ana"])
    quoted = said(9, "Then somebody shouted: the blue parrot!", speaker="bo")
    others = (
        said(1, "I painted the boat, the parrot is blue.", speaker="ana"),
        said(2, "Ana: paint the boat, paint the boat.", speaker="ana"),
        fact(3, "Ana painted a boat.", sources=("words", "graph")),
    )
    found = gathered(asked, *others, quoted)
    assert scored(asked, found)[0].candidate == quoted
    found, encoding = compared(found, asked, {1: 0.6, 2: 0.6, 3: 0.7, 9: 0.3})
    assert scored(asked, found, encoding)[0].candidate.row == 9


def test_two_quoted_phrases_are_worth_no_more_than_one() -> None:
    asked = query('"blue parrot" or "walnut table"?')
    values = signal("phrase", asked, fact(1, "a blue parrot"), fact(2, "walnut table, blue parrot"))
    assert values == [USUAL.phrase] * 2


# Sessions


def test_a_session_where_more_answers_goes_before() -> None:
    asked = query("parrot")
    candidates = (
        said(1, "a parrot", place=1),
        said(2, "a table", place=1),
        said(3, "a parrot", place=2),
        said(4, "a parrot", place=2),
        fact(5, "a parrot"),
    )
    worse, _, best, same, none = signal("session", asked, *candidates)
    assert worse < best == same == none == 0.0


def test_a_session_counts_by_its_best_few_only() -> None:
    asked = query("parrot")
    best = [said(row, "a parrot", place=1) for row in (1, 2, 3)]
    chatter = [said(row, "a table", place=1) for row in range(4, 20)]
    other = said(30, "a parrot", place=2)
    assert signal("session", asked, *best, other, *chatter)[:4] == pytest.approx([0.0] * 4)


def test_sessions_count_less_where_the_answer_is_in_several() -> None:
    candidates = (said(1, "a parrot", place=1), said(2, "a table", place=2))
    (_, one), (_, many) = (
        signal("session", query(message), *candidates)
        for message in ("Where is the parrot?", "How many parrots?")
    )
    assert one / many == pytest.approx(USUAL.session / USUAL.session_many)


def test_a_hopeless_session_costs_a_bounded_amount() -> None:
    asked = query('the "blue parrot nests" in Oslo')
    candidates = (
        said(1, "the blue parrot nests in Oslo", place=1),
        said(2, "Hm.", place=2, role="assistant"),
    )
    assert signal("session", asked, *candidates)[1] == -5.0 * USUAL.session


# Trust and decay


@pytest.mark.parametrize(("trust", "factor"), TRUST_FACTOR.items())
@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0])
def test_trust_and_confidence_take_a_bounded_share(
    trust: Trust, factor: float, confidence: float
) -> None:
    assert 0.85 <= factor <= 1.0
    asked = query("parrot")
    stands = standing(confidence=confidence, trust=trust)
    both = scores(asked, fact(1, "parrot"), fact(2, "parrot", stands))
    assert both[2].score == pytest.approx(both[1].score * factor * (0.8 + 0.2 * confidence))


def test_what_was_long_not_confirmed_comes_later() -> None:
    asked = query("parrot")

    def value(days: float, confirmed_at: datetime | None = None) -> float:
        ago = NOW - timedelta(days=days)
        stands = standing(recorded_at=ago, confirmed_at=confirmed_at, half_life_s=86_400.0)
        return scores(asked, fact(1, "parrot", stands))[1].score

    fresh, older, oldest = value(0), value(1), value(10_000)
    assert fresh > older > oldest
    assert oldest == pytest.approx(fresh * 0.84), "a fifth of the confidence never fades"
    assert value(10_000, confirmed_at=NOW) == fresh
    assert value(-3) == fresh, "the future is as good as now"


def test_less_trust_makes_a_bad_score_no_better() -> None:
    asked = query("parrot")
    stands = standing(trust="foreign", confidence=0.0)
    weights = replace(USUAL, graph=-4.0)
    found = gathered(asked, fact(1, "parrot", path=1.0), fact(2, "parrot", stands, path=1.0))
    first, second = score(asked, found, now=NOW, weights=weights)
    assert (first.candidate.row, second.candidate.row) == (1, 2)
    assert second.score < first.score < 0


# Laws


def test_equal_ones_come_in_order_of_rows() -> None:
    asked = query("parrot")
    candidates = [fact(row, "a parrot") for row in (5, 2, 9, 1)]
    ranked = scored(asked, gathered(asked, *candidates))
    assert [each.candidate.row for each in ranked] == [1, 2, 5, 9]


def test_nothing_found_is_nothing_scored() -> None:
    assert scored(query("parrot"), Gathered()) == []


TEXTS = st.lists(
    st.sampled_from(["blue", "parrot", "nest", "table", "I", "Always", "wow", "yesterday", "?"]),
    max_size=6,
).map(" ".join)


@st.composite
def memories(draw: st.DrawFn) -> list[Candidate]:
    """Up to a dozen, of which some stand beside each other."""
    found: list[Candidate] = []
    for row in range(1, draw(st.integers(1, 12)) + 1):
        text = draw(TEXTS)
        if draw(st.booleans()):
            days = draw(st.integers(0, 400))
            stands = standing(recorded_at=NOW - timedelta(days=days), half_life_s=1e6)
            found.append(fact(row, text, stands, context=draw(TEXTS)))
        else:
            found.append(
                said(
                    row,
                    text,
                    place=draw(st.integers(1, 3)),
                    spot=row,
                    speaker=draw(st.sampled_from(["", "ana", "bo"])),
                    role=draw(st.sampled_from(["user", "assistant"])),
                )
            )
    return found


MESSAGES = st.sampled_from(
    [
        "What did Ana say of the blue parrot?",
        'the "blue parrot" nests',
        "When did you tell me of parrots last week?",
        "How many tables?",
    ]
)
NEAR = st.dictionaries(st.integers(1, 12), st.floats(0.1, 0.9))


@given(MESSAGES, memories(), NEAR, st.randoms(use_true_random=False))
def test_the_order_in_which_candidates_are_given_makes_no_difference(
    message: str, candidates: list[Candidate], near: dict[int, float], chance: random.Random
) -> None:
    asked = query(message, speakers=["ana", "bo"])
    found, encoding = compared(gathered(asked, *candidates), asked, near)
    order = chance.sample(range(len(candidates)), len(candidates))
    width = len(found.matches) // len(candidates)
    shuffled = replace(
        found,
        candidates=tuple(found.candidates[place] for place in order),
        matches=b"".join(found.matches[width * place : width * (place + 1)] for place in order),
    )
    for one, other in zip(
        scored(asked, found, encoding), scored(asked, shuffled, encoding), strict=True
    ):
        assert one.candidate == other.candidate
        assert one.score == pytest.approx(other.score)


@given(MESSAGES, memories(), st.sets(st.integers(1, 12)))
def test_looking_at_fewer_candidates_changes_no_signal_of_the_others(
    message: str, candidates: list[Candidate], left_out: set[int]
) -> None:
    """But for what neighbours lend and what a session is worth beside others."""
    asked = query(message, speakers=["ana", "bo"])
    everything = gathered(asked, *(each._replace(spot=10 * each.row) for each in candidates))
    kept = tuple(each for each in everything.candidates if each.row not in left_out)
    fewer = scored(asked, replace(everything, candidates=kept))
    whole = {each.candidate.row: each.signals for each in scored(asked, everything)}
    for each in fewer:
        before = {**whole[each.candidate.row], "session": 0.0}
        assert {**each.signals, "session": 0.0} == before


@given(MESSAGES, memories(), NEAR)
def test_a_score_is_the_sum_of_its_signals_less_a_bounded_share(
    message: str, candidates: list[Candidate], near: dict[int, float]
) -> None:
    asked = query(message, speakers=["ana", "bo"])
    found, encoding = compared(gathered(asked, *candidates), asked, near)
    ranked = scored(asked, found, encoding)
    assert sorted(each.candidate for each in ranked) == sorted(found.candidates)
    assert [each.score for each in ranked] == sorted((e.score for e in ranked), reverse=True)
    for each in ranked:
        assert all(math.isfinite(value) for value in each.signals.values())
        total = sum(each.signals.values())
        if each.candidate.standing is None:
            assert each.score == pytest.approx(total)
        elif total > 0:
            assert 0.85 * 0.84 * total <= each.score <= total
