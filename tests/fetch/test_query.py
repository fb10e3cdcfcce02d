"""What a message makes the engine look for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.fetch.query import MOST_TERMS, make_query, stem
from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import words


@pytest.mark.parametrize(
    ("message", "before", "terms"),
    [
        ("What is my parrot called?", "", ("parrot", "call")),
        ("PARROT parrots Parrot's", "", ("parrot",)),
        ("Zoë visits Café Müller", "", ("zoe", "visit", "caf", "muller")),
        ("deploy v2 on port 8080", "", ("deploy", "v2", "port", "8080")),
        ("And the other one?", "Tell me about parrots", ()),
        ("And the colour?", "Tell me about parrots", ("colour", "parrot")),
        ("And the parrots?", "Tell me about a parrot in Oslo", ("parrot", "oslo")),
        ("The colour of walnuts?", "Tell me about parrots", ("colour", "walnut")),
        ("thanks!", "Tell me about parrots", ()),
        ("?!", "", ()),
        ("snake_case", "", ("snak", "cas")),
        ("日本 の 天気", "", ("日本", "天気")),
        (
            "\U0001d40f\U0001d41a\U0001d42b\U0001d42b\U0001d428\U0001d42d \uff2f\uff33\uff2c\uff2f",
            "",
            ("parrot", "oslo"),
        ),
    ],
)
def test_the_terms_of_a_message(message: str, before: str, terms: tuple[str, ...]) -> None:
    query = make_query(message, before)
    assert query.terms == terms
    assert bool(query.reason) == (not terms)


@pytest.mark.parametrize(
    ("word", "beginning"),
    [
        ("called", "call"),
        ("calling", "call"),
        ("calls", "call"),
        ("likes", "lik"),
        ("like", "lik"),
        ("liked", "lik"),
        ("stories", "stor"),
        ("story", "story"),
        ("glass", "glass"),
        ("bus", "bus"),
        ("sing", "sing"),
        ("bed", "bed"),
        ("tea", "tea"),
        ("one", "one"),
    ],
)
def test_a_stem_is_the_beginning_of_its_forms(word: str, beginning: str) -> None:
    assert stem(word) == beginning
    assert word.startswith(beginning)


@given(st.text(), st.text())
def test_a_query_is_short_and_plain_whatever_is_said(message: str, before: str) -> None:
    terms = make_query(message, before).terms
    assert len(terms) <= MOST_TERMS
    assert len(set(terms)) == len(terms)
    for term in terms:
        assert term
        assert words(term) == [term], "a term is one word, so no store has to quote it"
    own = make_query(message).terms
    assert terms[: len(own)] == own


@given(st.lists(st.sampled_from(sorted(STOP_WORDS))))
def test_stop_words_alone_look_for_nothing(said: list[str]) -> None:
    assert make_query(" ".join(said)).terms == ()


@given(st.text())
def test_a_word_is_found_by_its_own_stem(text: str) -> None:
    for word in words(text):
        assert word.startswith(stem(word))
