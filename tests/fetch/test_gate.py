"""Whether anything that was found is worth showing unasked."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fetch.memories import NOW, compared, fact, gathered, query, said

from enplace.fetch.gate import LEAST, LEAST_WITH_VECTORS, RATIO_OF_BEST, Verdict, judge
from enplace.fetch.score import Scored, score
from enplace.records.recollection import Candidate, Gathered, RecallQuery

NOTHING = "nothing that is remembered shares anything with it"
NO_TOPIC = "the message asks for nothing that could be looked up"


def verdict(asked: RecallQuery, *candidates: Candidate, **known: int) -> Verdict:
    """What the gate says without vectors.

    Args:
        asked: The message.
        candidates: What was found.
        known: For words that other memories hold, how many do.
    """
    found = gathered(asked, *candidates)
    found = replace(found, frequencies={**found.frequencies, **known})
    return judge(asked, found, score(asked, found, now=NOW), None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ana keeps a blue parrot in the kitchen.", True),
        ("Ana keeps a parrot in the kitchen.", True),
        ("The kitchen is blue.", True),
        ("The parrot sings.", False),
        ("Ana sails.", False),
    ],
)
def test_evidence_must_cover_enough_of_what_is_asked(text: str, shown: bool) -> None:
    asked = query("Does a blue parrot live in the kitchen of my landlord?")
    found = verdict(asked, fact(1, text), blue=9, parrot=9, kitchen=9, landlord=9)
    assert (found.covered >= LEAST) == shown == (not found.silence)


def test_the_silence_says_how_much_was_covered() -> None:
    found = verdict(query("parrot kitchen landlord?"), fact(1, "landlord"), parrot=1, kitchen=1)
    assert 0 < found.covered < 1
    wanted = f"what was found covers {found.covered:.0%} of what is asked; {LEAST:.0%} is needed"
    assert found.silence == (wanted if found.covered < LEAST else "")


def test_all_of_it_may_be_covered() -> None:
    found = verdict(query("Where is the parrot?"), fact(1, "the parrot"))
    assert (found.silence, found.covered) == ("", 1.0)


def test_nothing_found_is_silence() -> None:
    assert verdict(query("Where is the parrot?")) == Verdict(silence=NOTHING, covered=0.0)


@pytest.mark.parametrize(
    "message", ["good morning", "haha nice one", "What did you like best?", "last week?"]
)
def test_a_message_without_a_topic_is_answered_with_silence(message: str) -> None:
    asked = query(message)
    found = verdict(asked, fact(1, f"{message} {message}"))
    assert found == Verdict(silence=NO_TOPIC, covered=0.0)


@pytest.mark.parametrize(
    ("message", "silence"),
    [
        ("I saw an owl", NO_TOPIC),
        ("Nice owl, have a good night!", NO_TOPIC),
        ("Do you like owls?", NO_TOPIC),
        ("owl", ""),
        ("I saw an owl at the lighthouse", ""),
        ("Where did I see an owl?", ""),
    ],
)
def test_small_talk_needs_more_than_one_word_to_go_by(message: str, silence: str) -> None:
    owl = fact(1, "The owl lives at the lighthouse, as far as Bo saw.")
    assert verdict(query(message), owl).silence == silence


@pytest.mark.parametrize(
    ("message", "silence"),
    [
        ("owl", ""),
        ("the owls, please", ""),
        ("tower", "nothing that was found says 'tower'"),
        ("Where do I live?", ""),
        ("What do I work as?", "nothing that was found says 'work'"),
    ],
)
def test_a_message_of_one_thing_is_met_by_the_very_word(message: str, silence: str) -> None:
    """Some vector is always near."""
    asked = query(message)
    owl = fact(1, "The owl lives at the lighthouse.")
    found, encoding = compared(gathered(asked, owl), asked, {1: 0.9})
    decided = judge(asked, found, score(asked, found, now=NOW, encoding=encoding), encoding)
    assert decided.silence == silence


def test_in_a_small_memory_it_tells_little_that_a_word_was_never_said() -> None:
    asked = query("Which instrument do I play?")
    cello = fact(1, "Ana plays the cello.")
    small, large = (gathered(asked, cello, items=items) for items in (6, 600))
    few, many = (judge(asked, g, score(asked, g, now=NOW), None) for g in (small, large))
    assert few.covered > LEAST
    assert many.covered < few.covered


@pytest.mark.parametrize(
    "message", ["Xqzrt blorp fnord?", "What about the flurbish of zzyzx owls?"]
)
def test_gibberish_is_answered_with_silence(message: str) -> None:
    """A word that was never said counts for more than one that is merely rare."""
    found = verdict(query(message), fact(1, "The owl lives at the lighthouse."))
    assert found.silence
    assert found.covered < LEAST


def test_a_question_by_name_alone_asks_for_anything_of_theirs() -> None:
    asked = query("What does Ana do?", speakers=["ana"])
    assert asked.terms == ()
    found = verdict(asked, said(1, "I sail.", speaker="ana"))
    assert (found.silence, found.covered) == ("", 1.0)
    other = verdict(query("What does Ana like to do?", speakers=["ana"]), said(1, "I sail."))
    assert not other.silence, "words of the frame are no topic"


def test_a_question_that_nobody_is_named_in_needs_a_topic() -> None:
    assert verdict(query("What do I like to do?"), said(1, "I like it.")).silence == NO_TOPIC


def test_a_memory_is_evidence_together_with_what_stands_beside_it() -> None:
    asked = query("Where does the parrot of my landlord nest?")
    one, other = said(1, "The parrot nests?", spot=1), said(2, "My landlord's, up there.", spot=2)
    assert verdict(asked, one, other).covered == 1.0
    for apart in (other._replace(spot=4), other._replace(place=2)):
        assert verdict(asked, one, apart).covered < 1.0


def test_evidence_is_short() -> None:
    """Of many words some always match."""
    asked = query("Where does the parrot of my landlord nest?")
    one = said(1, "The parrot nests?", spot=1)
    other = said(2, "My landlord's. " + "apple " * 90, spot=2)
    assert verdict(asked, one, other).covered < 1.0


def test_what_frames_a_question_counts_little() -> None:
    asked = query("What sort of place did I visit in 2023 to feed a parrot?")
    assert asked.roles == ("frame", "frame", "date", "topic", "topic")
    topic = verdict(asked, fact(1, "parrot"), place=9, visit=9, feed=9)
    assert topic.covered > LEAST
    frame = verdict(asked, fact(1, "a place to visit in 2023"), parrot=9, feed=9)
    assert frame.covered < LEAST


# Vectors


@pytest.mark.parametrize(
    ("near", "shown"), [([0.7, 0.7], True), ([0.6, 0.1], False), ([0.2, 0.2], False)]
)
def test_nearness_covers_too(near: list[float], shown: bool) -> None:
    asked = query("Where do parrots nest?")
    found, encoding = compared(
        gathered(asked, fact(1, "owls breed in the old tower beside our little house")),
        asked,
        {1: near},
    )
    found = replace(found, frequencies={"parrot": 9, "nest": 9})
    decided = judge(asked, found, score(asked, found, now=NOW, encoding=encoding), encoding)
    assert (not decided.silence) == shown
    assert decided.covered == pytest.approx(sum(near) / 2, abs=0.11)


def test_the_very_word_counts_on_top() -> None:
    asked = query("Where do parrots nest?")
    covered: list[float] = []
    for text in ("owls breed", "parrots breed", "parrots nest"):
        found, encoding = compared(gathered(asked, fact(1, text)), asked, {1: 0.3})
        found = replace(found, frequencies={"parrot": 9, "nest": 9})
        ranked = score(asked, found, now=NOW, encoding=encoding)
        covered.append(judge(asked, found, ranked, encoding).covered)
    assert covered == sorted(set(covered))
    assert covered[0] < LEAST_WITH_VECTORS < covered[2]


def test_long_evidence_comes_near_by_chance() -> None:
    asked = query("Where do parrots nest?")
    covered: list[float] = []
    for words in (8, 60, 80):
        found = gathered(asked, fact(1, "owl " * words))
        found, encoding = compared(found, asked, {1: 0.5})
        ranked = score(asked, found, now=NOW, encoding=encoding)
        covered.append(judge(asked, found, ranked, encoding).covered)
    assert covered == sorted(set(covered), reverse=True)


def test_what_has_no_vector_yet_is_judged_by_its_words() -> None:
    asked = query("Where do the parrots of my landlord nest?")
    new = fact(1, "The parrots of the landlord nest in the tower.")
    found, encoding = compared(gathered(asked, new, fact(2, "Bo sails.")), asked, {2: 0.1})
    ranked = score(asked, found, now=NOW, encoding=encoding)
    assert judge(asked, found, ranked, encoding) == judge(asked, found, ranked, None)
    assert not judge(asked, found, ranked, encoding).silence


# What comes with the best


def _scored(row: int, value: float) -> Scored:
    return Scored(fact(row, "parrot"), value, {})


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ([4.0, 2.0, 1.9], [True, True, False]),
        ([0.0, -0.1], [True, False]),
        ([-1.0, -1.5, -1.6], [True, True, False]),
    ],
)
def test_what_is_much_worse_than_the_best_is_not_shown_beside_it(
    values: list[float], accepted: list[bool]
) -> None:
    assert RATIO_OF_BEST == 0.5
    asked = query("Where is the parrot?")
    ranked = [_scored(row, value) for row, value in enumerate(values)]
    decided = judge(asked, gathered(asked, *(each.candidate for each in ranked)), ranked, None)
    assert [decided.accepts(each) for each in ranked] == accepted


def test_silence_accepts_nothing() -> None:
    assert not Verdict(silence="because").accepts(_scored(1, 9.0))


WORDS = ["parrot", "landlord", "kitchen", "tower", "lighthouse", "sail"]
TEXTS = st.lists(st.sampled_from([*WORDS, "owl", "table"]), max_size=5).map(" ".join)


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, unique=True),
    st.lists(TEXTS, min_size=1, max_size=8),
    st.sampled_from(WORDS),
)
def test_evidence_that_holds_another_word_of_the_question_covers_no_less(
    asked_for: list[str], texts: list[str], word: str
) -> None:
    asked = query(f"Where is the {' '.join(asked_for)}?")
    frequencies = dict.fromkeys(asked.terms, 3)

    def covered(*texts: str) -> float:
        found = gathered(asked, *(fact(row, text) for row, text in enumerate(texts)))
        found = replace(found, frequencies=frequencies)
        return judge(asked, found, score(asked, found, now=NOW), None).covered

    before, after = covered(*texts), covered(*(f"{text} {word}" for text in texts))
    assert 0.0 <= before <= after <= 1.0 + 1e-9


@given(st.lists(TEXTS, max_size=8), TEXTS)
def test_silence_is_told_with_its_reason_and_nothing_else(texts: list[str], message: str) -> None:
    asked = query(f"{message}?")
    found = gathered(asked, *(fact(row, text) for row, text in enumerate(texts)))
    ranked = score(asked, found, now=NOW)
    decided = judge(asked, found, ranked, None)
    assert decided == judge(asked, found, ranked, None)
    if not decided.silence:
        assert decided.accepts(ranked[0])
        assert decided.covered >= LEAST
    assert judge(asked, Gathered(), [], None).silence == NOTHING
