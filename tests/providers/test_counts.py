"""Token counters: pure, never negative, and more text is never fewer tokens by characters."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.ports import TextKind, TokenCounter
from enplace.providers.counts import CharacterCounter, QuicktokCounter, best_counter

COUNTERS: list[TokenCounter] = [CharacterCounter(), QuicktokCounter()]
KINDS = st.sampled_from(get_args(TextKind))


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: type(counter).__name__)
@given(text=st.text(), kind=KINDS)
def test_only_an_empty_text_has_no_tokens(counter: TokenCounter, text: str, kind: TextKind) -> None:
    tokens = counter.count(text, kind)
    assert (tokens > 0) == bool(text)
    assert tokens <= 4 * len(text)
    assert counter.count(text, kind) == tokens


@given(st.text(), st.text(), KINDS)
def test_characters_add_up(before: str, after: str, kind: TextKind) -> None:
    count = CharacterCounter().count
    both = count(before + after, kind)
    assert count(before, kind) <= both <= count(before, kind) + count(after, kind)


def test_the_kind_of_a_text_makes_a_difference_by_characters() -> None:
    counter = CharacterCounter()
    text = "x" * 1_000
    assert counter.count(text, "json") > counter.count(text, "code") > counter.count(text, "prose")


@pytest.mark.parametrize(
    ("text", "tokens"), [("hello world", 2), ("<|endoftext|>", 7), (" " * 100, 2)]
)
def test_the_tokenizer_counts_as_its_vocabulary_does(text: str, tokens: int) -> None:
    assert QuicktokCounter().count(text) == tokens


def test_the_tokenizer_is_taken_where_it_is_installed() -> None:
    assert isinstance(best_counter(), QuicktokCounter)
