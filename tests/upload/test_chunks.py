"""How a document breaks into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.errors import UsageError
from enplace.upload.chunks import Media, Piece, split
from enplace.upload.markdown import markdown_rows

GUIDE = """\
---
title: Guide
---
# Guide

A word before.

## Setup #

Install it:

```sh
# no heading
make

make install
```

- one
- two, which
  goes on

  ```
  a

  b
  ```
- three

Sub
title
-----

| a | b |
|---|---|
| 1 | 2 |
end of the section

###### Deep

> quoted

# Next
"""


def texts(text: str, media: Media = "text/markdown", most: int = 1_200) -> list[str]:
    return [piece.text for piece in split(text, media, most_characters=most)]


def test_a_piece_knows_the_headings_above_it() -> None:
    pieces = split(GUIDE, "text/markdown")
    assert [(piece.heading, piece.text.split("\n")[0]) for piece in pieces] == [
        ((), "---"),
        (("Guide",), "# Guide"),
        (("Guide", "Setup"), "## Setup #"),
        (("Guide", "Sub title"), "Sub"),
        (("Guide", "Sub title", "Deep"), "###### Deep"),
        (("Next",), "# Next"),
    ]


def test_headings_that_follow_each_other_go_together() -> None:
    (piece,) = split("# A\n\n## B\n\ntext", "text/markdown")
    assert piece == Piece(text="# A\n\n## B\n\ntext", start=0, end=15, heading=("A", "B"))


@pytest.mark.parametrize(
    ("text", "most", "pieces"),
    [
        ("", 9, []),
        (" \n\t\r\n", 9, []),
        ("a", 1, ["a"]),
        ("one two three", 8, ["one two", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("One. Two! Three?", 9, ["One. Two!", "Three?"]),
        ("Dr. Who knows, e.g. That. So", 25, ["Dr. Who knows, e.g. That.", "So"]),
        ("これは文です。次の文です。", 8, ["これは文です。", "次の文です。"]),
        ("One.\n\nTwo.\n\nThree.", 12, ["One.\n\nTwo.", "Three."]),
        ("One\ntwo\nthree\nfour", 9, ["One\ntwo", "three", "four"]),
        ("\n\n  indented\n", 20, ["  indented"]),
        ("a\r\n\r\nb\r\n\r\nc", 6, ["a\r\n\r\nb", "c"]),
        ("# no heading\n\nin plain text", 14, ["# no heading", "in plain text"]),
    ],
)
def test_plain_text(text: str, most: int, pieces: list[str]) -> None:
    assert texts(text, "text/plain", most) == pieces


@pytest.mark.parametrize(
    ("text", "most", "pieces"),
    [
        ("a b c\n\n```\nd\n\ne\n```\nf", 12, ["a b c", "```\nd\n\ne\n```", "f"]),
        ("```\nabc\ndef\n```", 8, ["```\nabc", "def\n```"]),
        ("````\n```\na\n```\n````\nb", 19, ["````\n```\na\n```\n````", "b"]),
        ("~~~\n```\n~~~\n# A", 12, ["~~~\n```\n~~~", "# A"]),
        ("```\nnever\n\n# closed", 99, ["```\nnever\n\n# closed"]),
        ("``` a`b\n\n# A", 8, ["``` a`b", "# A"]),
        ("x\n\n|a|b|\n|-|-|\n|1|2|\n\ny", 18, ["x", "|a|b|\n|-|-|\n|1|2|", "y"]),
        ("x y z\n- a\n- b\n\n  c\n- d", 17, ["x y z", "- a\n- b\n\n  c\n- d"]),
        ("- a\n- b\n\n  c\n- d", 10, ["- a", "- b\n\n  c", "- d"]),
        ("- a\n  - b\n  - c\n- d", 9, ["- a\n  - b", "  - c\n- d"]),
        ("1. a\n   ```\n   b\n   ```\n2. c", 18, ["1. a", "   ```\n   b\n   ```", "2. c"]),
        ("# A\nOne two. Three.", 12, ["# A\nOne two.", "Three."]),
        ("> a\n>\n> ```\n> b\n>\n> c\n> ```", 27, ["> a\n>\n> ```\n> b\n>\n> c\n> ```"]),
        ("> a\n>\n> ```\n> b\n>\n> c\n> ```", 23, ["> a\n>", "> ```\n> b\n>\n> c\n> ```"]),
        ("a\n\n***\n\nb", 8, ["a\n\n***", "b"]),
        ("    code\n    more", 9, ["    code", "    more"]),
    ],
)
def test_markdown(text: str, most: int, pieces: list[str]) -> None:
    assert texts(text, "text/markdown", most) == pieces


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("# A #\n## B##\n###\n#C\n\\# D", [(1, "A"), (2, "B##"), (3, "")]),
        ("   # A\n    # code", [(1, "A")]),
        ("A\n===\n\nB\nb\n--\n\n---\n\n===", [(1, "A"), (2, "B b")]),
        ("```\n# A\n```\n~~~\nB\n---\n~~~", []),
        ("---\na: b\n---\n# A", [(1, "A")]),
        ("---\n\n# A\n\n---", [(1, "A")]),
        ("- a\n---\n# A", [(1, "A")]),
        ("|a|b|\n|-|-|\n# A", [(1, "A")]),
        ("> # quoted\n\n- # in a list", []),
    ],
)
def test_what_is_a_heading(text: str, titles: list[tuple[int, str]]) -> None:
    assert [(row.level, row.title) for row in markdown_rows(text) if row.level] == titles


def test_a_piece_needs_room_for_a_character() -> None:
    with pytest.raises(UsageError):
        split("a", "text/plain", most_characters=0)


CODE = (
    st.text("ab `#-\n", max_size=30)
    .filter(lambda code: "````" not in code)
    .map(lambda code: f"````\n{code}\n````")
)
BLOCKS = st.lists(
    st.sampled_from([*GUIDE.split("\n\n"), "- a\n- b", "Some text. More of it.", "***", "> q\n> r"])
    | CODE
    | st.text(max_size=40),
    max_size=10,
)
DOCUMENTS = (
    BLOCKS.map("\n\n".join) | BLOCKS.map("\n".join) | st.text("#-=`>|. \n\r\tab", max_size=60)
)


@given(
    DOCUMENTS | st.text(st.characters()),
    st.sampled_from(["text/plain", "text/markdown"]),
    st.integers(1, 80),
)
def test_pieces_cover_the_document_and_fit(text: str, media: Media, most: int) -> None:
    at = 0
    for piece in split(text, media, most_characters=most):
        assert not text[at : piece.start].strip()
        assert piece.text == text[piece.start : piece.end]
        assert piece.text == piece.text.rstrip()
        assert 0 < len(piece.text) <= most
        at = piece.end
    assert not text[at:].strip()


@given(st.lists(CODE, min_size=1), st.integers(1, 80))
def test_code_that_fits_is_whole(codes: list[str], most: int) -> None:
    pieces = texts("\n\nText. Text.\n\n".join(codes), most=most)
    for code in codes:
        assert len(code) > most or any(code in piece for piece in pieces)


@given(BLOCKS.map("\n".join))
def test_line_ends_make_no_difference(text: str) -> None:
    text = text.replace("\r", "")
    pieces = split(text, "text/markdown", most_characters=10_000)
    other = split(text.replace("\n", "\r\n"), "text/markdown", most_characters=10_000)
    assert [(piece.heading, piece.text) for piece in pieces] == [
        (piece.heading, piece.text.replace("\r\n", "\n")) for piece in other
    ]


@given(DOCUMENTS)
def test_a_line_end_at_the_end_makes_no_difference(text: str) -> None:
    text = text.rstrip()
    assert split(text, "text/markdown") == split(f"{text}\n", "text/markdown")
