"""A tool output that is too long: its beginning, its end, and what is left out between them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.prepare.compact.excerpt import excerpt
from enplace.providers.counts import CharacterCounter
from enplace.records.compaction import excerpted

COUNTER = CharacterCounter()
GAP = re.compile(
    r"\n\[\.\.\. lines (\d+) to (\d+) of (\d+) are left out, (\d+) characters; \[e7\] holds all of"
    r" it, `reopen` reads any lines \.\.\.\]\n"
)


def shown(text: str, most_tokens: int) -> str:
    return excerpted(text, excerpt(text, most_tokens, COUNTER), 7)


def lines(count: int, width: int = 20) -> str:
    return "\n".join(f"{n:0{width}}" for n in range(1, count + 1))


def test_what_fits_is_shown_whole() -> None:
    text = "x" * 300  # a hundred tokens of code
    assert excerpt(text, 100, COUNTER) is None
    assert excerpt(text, 99, COUNTER) is not None
    assert excerpted(text, None, 7) == text


def test_the_gap_tells_what_is_left_out_and_where_all_of_it_is() -> None:
    text = lines(1_000)
    found = GAP.search(shown(text, 1_000))
    assert found is not None
    first, last, of, characters = (int(group) for group in found.groups())
    given = shown(text, 1_000)
    head, tail = given[: found.start()].split("\n"), given[found.end() :].split("\n")
    assert of == 1_000
    assert [int(line) for line in head if line] == list(range(1, first))
    assert [int(line) for line in tail] == list(range(last + 1, 1_001))
    assert characters == len(text) - (len(given) - len(found.group()))


def test_the_beginning_gets_more_than_the_end() -> None:
    made = excerpt(lines(1_000), 1_000, COUNTER)
    assert made is not None
    assert 1.5 < made.head / made.tail < 2.5


def test_lines_are_cut_at_their_ends() -> None:
    made = excerpt(lines(1_000), 1_000, COUNTER)
    assert made is not None
    text = lines(1_000)
    assert text[made.head] == "\n" or text[made.head - 1] == "\n"
    assert text[len(text) - made.tail - 1] == "\n"


@pytest.mark.parametrize("text", ["x" * 50_000, "x" * 25_000 + "\n" + "y" * 25_000])
def test_one_endless_line_is_cut_within(text: str) -> None:
    given = shown(text, 1_000)
    assert text.startswith(given.split("\n[...", 1)[0])
    assert text.endswith(given.rsplit("...]\n", 1)[1])
    assert COUNTER.count(given, "code") <= 1_000


@given(
    text=st.one_of(
        st.builds(lines, st.integers(1, 500), st.integers(4, 60)),
        st.text(st.sampled_from("ab \n"), min_size=1, max_size=3_000),
        st.text(min_size=1, max_size=600),
    ),
    most=st.integers(1, 1_500),
)
def test_what_is_shown_is_a_beginning_and_an_end_of_it(text: str, most: int) -> None:
    made = excerpt(text, most, COUNTER)
    if made is None:
        assert COUNTER.count(text, "code") <= most or len(text) <= 200, "too short to be cut"
        return
    assert made.head >= 0
    assert made.tail >= 0
    assert made.head + made.tail <= len(text), "nothing is shown twice"
    given = excerpted(text, made, 7)
    assert given.startswith(text[: made.head])
    assert given.endswith(text[len(text) - made.tail :])


@given(st.integers(50, 3_000), st.integers(1, 2_000), st.integers(4, 100))
def test_what_is_shown_is_within_the_cap(most: int, count: int, width: int) -> None:
    """But for a cap that the line about the gap alone would fill."""
    given = shown(lines(count, width), most)
    assert COUNTER.count(given, "code") <= max(most, 140)


@given(st.text(min_size=1, max_size=2_000), st.integers(1, 400))
def test_an_excerpt_is_never_longer_than_what_it_stands_for(text: str, most: int) -> None:
    assert len(shown(text, most)) <= max(len(text), 400)


def test_every_line_stands_somewhere_or_is_counted() -> None:
    for count in (30, 31, 57, 400):
        text = lines(count, 50)
        given = shown(text, 200)
        found = GAP.search(given)
        assert found is not None
        told = int(found[2]) - int(found[1]) + 1
        whole = [line for line in given.split("\n") if re.fullmatch(r"\d{50}", line)]
        assert len(whole) + told == count
