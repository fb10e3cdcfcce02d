"""Where the words of an erasure stand in a text, and where the rest is afterwards."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.records.erasure import MARK, Needles, edited, forms


def gone(text: str, *words: str, names: tuple[str, ...] = (), clipped: bool = False) -> str:
    return edited(text, Needles(words, names).cuts(text, clipped=clipped)).text


@pytest.mark.parametrize(
    ("text", "word", "left"),
    [
        ("Ana eats.", "ana", f"{MARK} eats."),
        ("ANA's banana, Anas", "Ana", f"{MARK}'s banana, Anas"),
        ("sister_of_ana and ana.txt", "Ana", f"sister_of_{MARK} and {MARK}.txt"),
        ("It is\n  fine  today, yes", "It is fine today", f"{MARK}, yes"),
        ("José, JOSÉ and Jose\u0301", "José", f"{MARK}, {MARK} and {MARK}"),
        ("O\u2019Brien and O'Brien", "O'Brien", f"{MARK} and {MARK}"),
        ("<\\/memory> a", "</memory> a", MARK),
        ("4711 and 47110", "4711", f"{MARK} and 47110"),
        ("C:\\nadia\\ana", "nadia", f"C:\\{MARK}\\ana"),
        ("+49 30 1234", "+49 30 1234", MARK),
        ("小明去学校", "小明去学校", MARK),
    ],
)
def test_words_are_found_as_they_are_written(text: str, word: str, left: str) -> None:
    assert gone(text, word) == left


def test_a_name_is_found_with_an_s_at_its_end() -> None:
    assert gone("Martas Garten", names=("Marta",)) == f"{MARK} Garten"
    assert gone("Martas Garten", "Marta") == "Martas Garten"


def test_a_sentence_that_was_cut_short_is_found_where_that_is_asked() -> None:
    sentence = "The treasure lies under the oak tree"
    assert gone("- The treasure lies un… (e4)", sentence, clipped=True) == f"- {MARK} (e4)"
    assert gone("- The treasure lies un… (e4)", sentence) == "- The treasure lies un… (e4)"
    assert gone("- The… (e4)", sentence, clipped=True) == "- The… (e4)"


WORDS = st.text(st.sampled_from("aäßé小\"'\\/ 1\n"), min_size=1, max_size=8).filter(
    lambda word: word.strip() == word and any(map(str.isalnum, word))
)


@given(WORDS, st.integers(0, 3), st.booleans())
def test_words_are_found_in_json_at_any_depth(word: str, depth: int, is_ascii: bool) -> None:
    text = f"- {word} -"
    for _ in range(depth):
        text = json.dumps({"t": text}, ensure_ascii=is_ascii)
    assert MARK in gone(text, word)
    if depth < 2:
        assert any(form in text.lower() for form in forms(word))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4))
def test_what_stays_is_where_it_is_told_to_be(cuts: list[tuple[int, int]]) -> None:
    text = "".join(chr(0x4E00 + at) for at in range(31))
    edit = edited(text, [(min(pair), max(pair)) for pair in cuts])
    for at, character in enumerate(text):
        if not any(start <= at < end for start, end in edit.cuts):
            assert edit.text[edit.place(at)] == character
            assert edit.text[edit.place(at + 1, ends=True) - 1] == character
