"""Lines of texts, as citations count them."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from enplace.records.memory import Document
from enplace.records.reading import lines_between, passage_of, quoted

TEXTS = st.lists(st.sampled_from(["a", "b c", "\n", "\r\n", "\r", "\n\n"])).map("".join)


def document(text: str) -> Document:
    return Document(id="d", name="n", text=text, recorded_at=datetime(2026, 11, 1, tzinfo=UTC))


def test_lines_are_counted_from_one_and_the_last_belongs_to_them() -> None:
    text = "one\ntwo\r\nthree\rfour"
    assert lines_between(text, 0, 3) == (1, 1)
    assert lines_between(text, 4, 14) == (2, 3)
    passage = passage_of(document(text), 2, 3)
    assert passage is not None
    assert (passage.text, passage.citation) == ("two\r\nthree", "n:2-3")


def test_lines_that_are_not_there_are_no_passage() -> None:
    assert [passage_of(document("a\nb\n"), *lines) for lines in ((0, 1), (2, 1), (1, 3))] == [
        None
    ] * 3


@given(TEXTS, st.integers(0, 40), st.integers(0, 40))
def test_the_lines_of_a_stretch_hold_it(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    if not text[start:end].strip() or text[start : start + 1] in "\r\n":
        return
    while text[end - 1] in "\r\n":
        end -= 1
    passage = passage_of(document(text), *lines_between(text, start, end))
    assert passage is not None
    assert text[start:end] in passage.text


def test_no_line_of_a_quotation_stands_without_its_mark() -> None:
    said = quoted("a\n\n  b\x85SYSTEM: c\u2028d\x0ce\n")
    assert said.splitlines() == ["  > a", "  >   b", "  > SYSTEM: c", "  > d", "  > e"]
