"""What is known of files, against files that really change: never what does not stand there."""

from dataclasses import dataclass, field
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.prepare.compact.stories import often

from enplace.prepare.compact.file_tools import (
    Anything,
    Change,
    Delete,
    Edit,
    Read,
    Rename,
    Touch,
    Write,
)
from enplace.prepare.compact.files import FileBook

A, B = "/w/a.py", "/w/b.py"


def read(path: str, text: str, first: int = 1, count: int = 1_000) -> Read:
    lines = text.split("\n")[first - 1 : first - 1 + count]
    return Read(path, tuple(enumerate(lines, first)))


def known(book: FileBook, path: str = A) -> dict[int, str]:
    """Lines that are sure to stand in a file."""
    state = book.get(path)
    if state is None or state.is_deleted:
        return {}
    return {n: line.text for n, line in state.lines.items() if state.is_sure(line)}


def told(*touches: Touch) -> FileBook:
    book = FileBook()
    for ordinal, touch in enumerate(touches, 1):
        book.take([touch], ordinal)
    return book


# What is known after what


@pytest.mark.parametrize(
    ("touches", "lines"),
    [
        ([read(A, "a\nb\nc")], {1: "a", 2: "b", 3: "c"}),
        ([read(A, "a\nb\nc", 2, 1)], {2: "b"}),
        ([Write(A, "a\nb")], {1: "a", 2: "b"}),
        ([read(A, "a\nb\nc"), Edit(A, "b", "x\ny")], {1: "a", 2: "x", 3: "y", 4: "c"}),
        ([read(A, "a\nb\nc"), Edit(A, "a\nb\n", "")], {1: "c"}),
        ([read(A, "a\nb\nc"), Edit(A, "b\nc", "d")], {1: "a", 2: "d"}),
        ([read(A, "a b\nc"), Edit(A, "b\nc", "d")], {1: "a d"}),
        ([read(A, "a\nb\na"), Edit(A, "a", "x", everywhere=True)], {1: "x", 2: "b", 3: "x"}),
        ([read(A, "a a\nb"), Edit(A, "a", "x", everywhere=True)], {1: "x x", 2: "b"}),
        (
            [read(A, "a\na"), Edit(A, "a", "x\ny", everywhere=True)],
            {1: "x", 2: "y", 3: "x", 4: "y"},
        ),
        ([read(A, "a\nb\nc"), Edit(A, "z", "y")], {}),
        ([read(A, "a\nb\nc"), Change(A)], {}),
        ([read(A, "a\nb\nc"), Change(B)], {1: "a", 2: "b", 3: "c"}),
        ([read(A, "a\nb\nc"), Anything()], {}),
        ([read(A, "a\nb\nc", 1, 1), read(A, "a\nb\nc", 3, 1)], {1: "a", 3: "c"}),
        ([Write(A, "old\nlines\nhere"), Write(A, "new")], {1: "new"}),
    ],
)
def test_what_is_known_line_by_line(touches: list[Touch], lines: dict[int, str]) -> None:
    assert known(told(*touches)) == lines


def test_an_edit_in_lines_never_seen_leaves_nothing_sure() -> None:
    text = "\n".join(f"line {n}" for n in range(1, 30))
    book = told(read(A, text, 10, 5), Edit(A, "line 2", "line 2\nmore"))
    assert known(book) == {}


def test_a_replacement_everywhere_also_moves_lines_that_were_never_seen() -> None:
    """Two of three places stand above what was shown: what follows them is elsewhere now."""
    text = "x\nx\na\nx\nb"
    book = told(read(A, text, 3, 3), Edit(A, "x", "x\ny", everywhere=True))
    after = dict(enumerate(text.replace("x", "x\ny").split("\n"), 1))
    assert known(book).items() <= after.items()


def test_what_is_edited_in_doubt_is_not_sure_where_it_stands() -> None:
    """A command may have put lines in front of it."""
    text = "\n".join(f"line {n}" for n in range(1, 11))
    book = told(read(A, text), Anything(), Edit(A, "line 5", "line 55"))
    moved = "\n".join(["new", *text.replace("line 5", "line 55", 1).split("\n")])
    assert known(book).items() <= dict(enumerate(moved.split("\n"), 1)).items()


# Names


def test_a_renamed_file_keeps_what_is_known() -> None:
    book = told(read(A, "a\nb"), Rename(A, B))
    assert (known(book, A), known(book, B)) == ({}, {1: "a", 2: "b"})
    state = book.get(B)
    assert state is not None
    assert (state.was, state.changed_by) == (A, "model")
    assert book.get(A) is None


@pytest.mark.parametrize(
    ("path", "to", "becomes"),
    [
        ("/w/a.py", "/w/src", "/w/src/a.py"),
        ("/w/a.py", "/w/src/b.py", "/w/src/b.py"),
        ("/w/LICENSE", "/w/COPYING", "/w/COPYING"),
        ("/w/run", "/w/go", "/w/go"),
    ],
)
def test_where_a_renamed_file_goes(path: str, to: str, becomes: str) -> None:
    other = read("/w/src/other.py", "x")  # shows that /w/src is a folder
    book = told(other, read(path, "a\nb"), Rename(path, to))
    state = book.get(becomes)
    assert state is not None, [state.path for state in book.states()]
    assert known(book, becomes) == {1: "a", 2: "b"}


def test_the_files_of_a_folder_go_with_it() -> None:
    book = told(read("/w/src/a.py", "a"), Rename("/w/src", "/w/lib"))
    assert known(book, "/w/src/a.py") == {}
    book = told(read("/w/src/a.py", "a"), Delete("/w/src"))
    assert known(book, "/w/src/a.py") == {}


def test_a_copy_over_a_folder_changes_its_files() -> None:
    book = told(read("/w/old/a.py", "a"), Change("/w/old"))  # cp -r new/ old/
    assert known(book, "/w/old/a.py") == {}


def test_a_file_that_comes_back_under_another_name_is_the_same() -> None:
    text = "\n".join(f"line {n}" for n in range(1, 11))
    book = told(read(A, text), Delete(A), read(B, text))
    state = book.get(B)
    assert state is not None
    assert state.was == A


def test_of_a_file_that_came_back_only_what_was_seen_again_is_sure() -> None:
    """Whoever wrote it anew may have changed what was not shown."""
    text = "\n".join(f"line {n}" for n in range(1, 11))
    book = told(read(A, text), Delete(A), read(B, text, 1, 9))
    assert known(book, B).items() <= dict(enumerate(text.split("\n")[:9], 1)).items()


def test_a_deleted_file_is_told_as_deleted_until_it_is_there_again() -> None:
    book = told(read(A, "a"), Delete(A))
    state = book.get(A)
    assert state is not None
    assert state.is_deleted
    book.take([Write(A, "new")], 9)
    assert not state.is_deleted
    assert known(book) == {1: "new"}


@pytest.mark.parametrize(
    "touch", [Change(A), Delete(A), Rename(B, A), Edit(A, "x", "y"), Write(A, "x")]
)
def test_a_file_that_was_changed_unseen_is_listed(touch: Touch) -> None:
    """I9: modified files are among those listed, whatever tool changed them."""
    book = told(touch)
    state = book.get(A)
    assert state is not None
    assert state.changed_at == 1


def test_the_file_touched_last_comes_first() -> None:
    book = told(read(A, "a"), read(B, "b"), Edit(A, "a", "c"))
    assert [state.path for state in book.states()] == [A, B]


# What a later sight makes superfluous


@pytest.mark.parametrize(
    ("touches", "superseded"),
    [
        ([read(A, "a\nb"), read(A, "a\nb")], [1]),
        ([read(A, "a\nb"), Write(A, "c\nd")], [1]),
        ([read(A, "a\nb\nc", 1, 2), read(A, "a\nb\nc", 2, 2)], []),
        ([read(A, "a\nb\nc", 1, 2), read(A, "a\nb\nc", 2, 2), read(A, "a\nb\nc", 1, 1)], [1]),
        ([read(A, "a\nb"), Edit(A, "a", "x")], []),
        ([read(A, "a\nb"), Change(A), read(A, "a\nb")], []),
        ([read(A, "a\nb"), read(B, "a\nb")], []),
    ],
)
def test_what_is_superseded(touches: list[Touch], superseded: list[int]) -> None:
    book = FileBook()
    found = [o for at, touch in enumerate(touches, 1) for o in book.take([touch], at)]
    assert found == superseded


# A file that really changes


@dataclass
class Disk:
    """A file as it stands, and what was told of it."""

    text: str = "\n".join(f"line {n}" for n in range(1, 13))
    book: FileBook = field(default_factory=FileBook)
    ordinal: int = 0

    def tell(self, *touches: Touch) -> None:
        self.ordinal += 1
        self.book.take(touches, self.ordinal)

    def check(self) -> None:
        state = self.book.get(A)
        lines = dict(enumerate(self.text.split("\n"), 1))
        if state is not None:
            assert known(self.book).items() <= lines.items()
            assert all(line.seen_at <= self.ordinal for line in state.lines.values())


WORDS = st.sampled_from(["line 3", "line 1", "x", "x\ny", "", "line 3\nline 4", "a\n", "\nb", "}"])
PIECES = st.tuples(st.integers(0, 200), st.integers(1, 25))


@often(300)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("read"), st.integers(1, 12), st.integers(1, 8)),
            st.tuples(st.just("edit"), PIECES, WORDS),
            st.tuples(st.just("everywhere"), WORDS.filter(bool), WORDS),
            st.tuples(
                st.just("write"), st.lists(WORDS, min_size=1, max_size=6).map(tuple), st.just("")
            ),
            st.tuples(st.just("unseen"), st.integers(0, 11), WORDS),
            st.tuples(st.just("declared"), st.integers(0, 11), WORDS),
        ),
        max_size=14,
    )
)
def test_what_is_known_of_a_file_stands_in_it(happenings: list[tuple[str, object, object]]) -> None:
    disk = Disk()
    for what, one, other in happenings:
        _happen(disk, what, one, other)
        disk.check()


def _happen(disk: Disk, what: str, one: object, other: object) -> None:
    lines = disk.text.split("\n")
    match what, one, other:
        case "read", int(first), int(count) if first <= len(lines):
            disk.tell(read(A, disk.text, first, count))
        case "edit", (int(start), int(size)), str(new):
            old = disk.text[start : start + size]
            if old and disk.text.count(old) == 1:  # as every tool demands that replaces one place
                disk.text = disk.text.replace(old, new)
                disk.tell(Edit(A, old, new))
        case "everywhere", str(old), str(new) if old in disk.text:
            disk.text = disk.text.replace(old, new)
            disk.tell(Edit(A, old, new, everywhere=True))
        case "write", tuple(), _:
            disk.text = "\n".join(cast(tuple[str, ...], one))
            disk.tell(Write(A, disk.text))
        case (("unseen" | "declared"), int(at), str(new)):
            lines.insert(at % len(lines), new)
            disk.text = "\n".join(lines)
            disk.tell(Anything() if what == "unseen" else Change(A))
        case _:
            pass
