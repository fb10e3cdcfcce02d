"""How source code, reStructuredText and tables of values break into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.records.memory import Media
from enplace.upload.chunks import ROWS, split
from enplace.upload.rst import rst_rows

PYTHON = '''"""A shop."""

import os

LIMIT = 3


# Opens at nine.
@cached
def opening(day):
    """Nine."""

    def inner():
        return 9

    return inner()


class Small:
    price = 1

    def cost(self):
        return self.price


print(opening(1))
'''
RUST = """use std::fmt;

/// A shop.
pub struct Shop {
    name: String,
}

impl Shop {
    pub fn open(&self) -> bool {
        true
    }
}

const LIMIT: u32 = 3;
"""
C = """#include <stdio.h>

/* Adds. */
static int add(int a, int b)
{
    return a + b;
}

int puts(const char *s);
"""
RST = """=====
Guide
=====

Words before.

Setup
-----
Install it::

    make

On Linux
~~~~~~~~

As root.

Next
----

----

Done.
"""


def named(text: str, media: Media, most: int = 1_200) -> list[tuple[str, str]]:
    """The headings of each piece, and its first line."""
    pieces = split(text, media, most_characters=most)
    return [(" > ".join(p.heading), p.text.splitlines()[0]) for p in pieces]


def test_each_function_and_class_of_python_is_a_piece_with_its_comments() -> None:
    assert named(PYTHON, "text/x-python") == [
        ("", '"""A shop."""'),
        ("opening", "# Opens at nine."),
        ("Small", "class Small:"),
        ("", "print(opening(1))"),
    ]


def test_the_methods_of_a_long_class_are_pieces_by_their_qualified_names() -> None:
    methods = "".join(
        f"    def m{n}(self):\n        return '{'x' * 500}'\n\n    k{n} = {n}\n\n" for n in range(3)
    )
    assert named(f"class Long:\n    '''Long.'''\n\n{methods}", "text/x-python") == [
        ("Long", "class Long:"),
        ("Long.m0", "    def m0(self):"),
        ("Long", "    k0 = 0"),
        ("Long.m1", "    def m1(self):"),
        ("Long", "    k1 = 1"),
        ("Long.m2", "    def m2(self):"),
        ("Long", "    k2 = 2"),
    ]


def test_a_long_function_is_cut_between_its_statements() -> None:
    body = "".join(f"    if a{n}:\n        call(\n            {n},\n        )\n" for n in range(9))
    pieces = split(f"def long():\n{body}", "text/x-python", most_characters=120)
    assert all(p.text.splitlines()[0].startswith(("def", "    if")) for p in pieces)
    assert {p.heading for p in pieces} == {("long",)}


@pytest.mark.parametrize("text", ["print 'two'\n\ndef f():\n  pass\n", "def f(:\n  pass\n"])
def test_python_that_cannot_be_parsed_is_still_cut_by_its_definitions(text: str) -> None:
    assert ("f" in {heading for heading, _ in named(text, "text/x-python")}) is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RUST, ["", "Shop", "Shop", "Shop > open", ""]),
        (C, ["", "add", ""]),
        ("const a = 1\n\nexport async function run(x) {\n  go()\n}\n", ["", "run"]),
        ("create table people (\n  id int\n);\n", ["people"]),
        ("module.exports = a\n", [""]),
    ],
)
def test_definitions_of_other_languages_are_recognised(text: str, expected: list[str]) -> None:
    assert [heading for heading, _ in named(text, "text/x-code")] == expected


def test_the_titles_of_restructured_text_are_its_headings() -> None:
    assert named(RST, "text/x-rst") == [
        ("Guide", "====="),
        ("Guide > Setup", "Setup"),
        ("Guide > Setup > On Linux", "On Linux"),
        ("Guide > Next", "Next"),
    ]
    assert [row.title for row in rst_rows(RST) if row.level] == [
        "Guide",
        "Setup",
        "On Linux",
        "Next",
    ]


def test_every_piece_of_a_table_of_values_knows_the_names_of_its_columns() -> None:
    table = "name,price\n" + "".join(f"tool {n},{n}\n" for n in range(40))
    pieces = split(table, "text/csv", most_characters=100)
    assert {p.heading for p in pieces} == {("name,price",)}
    assert all(p.text.startswith(("name", "tool")) for p in pieces)


@given(
    st.lists(
        st.sampled_from([*"ab \n#:=-~(){}\"'", "def f():", "class A:", "    ", "\n\n", "fn x"])
    ).map("".join),
    st.sampled_from([*ROWS]),
    st.integers(1, 60),
)
def test_pieces_hold_all_that_is_written_in_its_order(text: str, media: Media, most: int) -> None:
    pieces = split(text, media, most_characters=most)
    assert all(text[p.start : p.end] == p.text and 0 < len(p.text) <= most for p in pieces)
    assert "".join("".join(p.text.split()) for p in pieces) == "".join(text.split())
