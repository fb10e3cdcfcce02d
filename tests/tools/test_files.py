"""Files in the allowed folders: read, written, edited and listed, and what is known of them."""

import asyncio
import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.tools.workspace import Desk

from enplace.errors import BadInput, OutsideRoots
from enplace.prepare.compact.file_tools import Edit, Read, Write, touches
from enplace.prepare.compact.files import FileBook
from enplace.records.tool import FileEffect
from enplace.tools import files
from enplace.tools.files import file_tools
from enplace.tools.roots import Roots

pytestmark = pytest.mark.anyio

TEXT = "one\ntwo\nthree\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_text(TEXT)
    (tmp_path / "secret.txt").write_text("secret\n")
    return root


@pytest.fixture
def desk(root: Path) -> Desk:
    return Desk(file_tools(Roots([root])))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def all_below(folder: Path) -> list[str]:
    """All that is no folder."""
    found = (p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    return sorted(str(p.relative_to(folder)) for p in found)


async def refused(desk: Desk, tool: str, why: str, **given: Any) -> None:
    with pytest.raises(BadInput, match=why):
        await desk.call(tool, **given)


# Reading


async def test_lines_come_with_their_numbers(desk: Desk) -> None:
    assert await desk.text("read_file", path="a.txt") == "1\tone\n2\ttwo\n3\tthree"
    assert await desk.text("read_file", path="a.txt", first_line=3) == "3\tthree"
    assert await desk.text("read_file", path="a.txt", last_line=1) == "1\tone"
    assert await desk.text("read_file", path="a.txt", first_line=2, last_line=99) == (
        "2\ttwo\n3\tthree"
    )


async def test_what_was_read_is_declared(desk: Desk) -> None:
    whole = await desk.call("read_file", path="./a.txt")
    some = await desk.call("read_file", path="a.txt", first_line=2, last_line=2)
    hash_ = sha(TEXT.encode())
    assert whole.effects == (FileEffect(path="a.txt", action="read", hash=hash_),)
    assert some.effects == (FileEffect(path="a.txt", action="read", lines=(2, 2), hash=hash_),)


@pytest.mark.parametrize(("first", "last"), [(0, 2), (3, 2), (4, 4), (-1, None), (2, 0)])
async def test_lines_that_are_not_there_are_refused(
    desk: Desk, first: int, last: int | None
) -> None:
    await refused(desk, "read_file", "has 3 lines", path="a.txt", first_line=first, last_line=last)


async def test_a_long_file_is_shown_in_parts(desk: Desk, root: Path) -> None:
    (root / "long").write_text("".join(f"line {n}\n" for n in range(1, 5_001)))
    shown = await desk.call("read_file", path="long")
    assert shown.text.endswith("\n[lines 1 to 2000 of 5000; first_line=2001 shows more]")
    assert shown.effects[0].lines == (1, 2_000)
    rest = await desk.text("read_file", path="long", first_line=4_999)
    assert rest == "4999\tline 4999\n5000\tline 5000"


async def test_long_lines_and_many_letters_are_cut(desk: Desk, root: Path) -> None:
    (root / "wide").write_text(f"{'x' * 3_000}\nend\n")
    lines = (await desk.text("read_file", path="wide")).split("\n")
    assert lines[0] == f"1\t{'x' * 2_000}… (1,000 characters more)"
    assert lines[1] == "2\tend"
    (root / "much").write_text("".join(f"{'y' * 1_999}\n" for _ in range(500)))
    text = await desk.text("read_file", path="much")
    assert len(text) < 300_000
    assert "of 500; first_line=" in text


async def test_an_empty_file_and_other_line_ends(desk: Desk, root: Path) -> None:
    (root / "empty").write_text("")
    assert await desk.text("read_file", path="empty") == "1\t\n[the file is empty]"
    (root / "dos").write_bytes(b"one\r\ntwo\r\n")
    assert await desk.text("read_file", path="dos") == "1\tone\n2\ttwo\n[its lines end with CRLF]"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\0\0", b"caf\xe9", b"a\0b"])
async def test_what_is_no_text_is_refused_in_words(desk: Desk, root: Path, data: bytes) -> None:
    (root / "data").write_bytes(data)
    await refused(desk, "read_file", f"not a text in UTF-8, but {len(data)} bytes", path="data")
    await refused(desk, "edit_file", "not a text", path="data", old="a", new="b")
    assert (root / "data").read_bytes() == data


async def test_a_file_that_is_too_large_is_refused(desk: Desk, root: Path) -> None:
    with (root / "huge").open("wb") as huge:
        huge.truncate(files.MOST_FILE_BYTES + 1)
    await refused(desk, "read_file", "at most 20,000,000 are read", path="huge")
    content = "x" * (files.MOST_FILE_BYTES + 1)
    await refused(desk, "write_file", "at most 20,000,000 bytes", path="new", content=content)


# Writing


async def test_a_file_is_written_whole_and_declared(desk: Desk, root: Path) -> None:
    made = await desk.call("write_file", path="new/deep/b.txt", content="ä\nb")
    assert made.text == "Made new/deep/b.txt: 2 lines, 4 bytes."
    assert (root / "new" / "deep" / "b.txt").read_text() == "ä\nb"
    hash_ = sha("ä\nb".encode())
    assert made.effects == (FileEffect(path="new/deep/b.txt", action="write", hash=hash_),)
    assert (await desk.text("write_file", path="a.txt", content="")).startswith("Wrote a.txt: 0")
    assert all_below(root) == ["a.txt", "new/deep/b.txt"], "no temporary file is left"


async def test_the_mode_of_a_file_stays(desk: Desk, root: Path) -> None:
    (root / "a.txt").chmod(0o750)
    await desk.text("write_file", path="a.txt", content="new")
    await desk.text("edit_file", path="a.txt", old="new", new="newer")
    assert (root / "a.txt").stat().st_mode & 0o7777 == 0o750


async def test_another_name_of_a_written_file_keeps_what_it_held(
    desk: Desk, root: Path, tmp_path: Path
) -> None:
    os.link(tmp_path / "secret.txt", root / "hard")
    await refused(desk, "edit_file", "2 names", path="hard", old="secret", new="x")
    await desk.text("write_file", path="hard", content="mine")
    assert (root / "hard").read_text() == "mine"
    assert (tmp_path / "secret.txt").read_text() == "secret\n"


async def test_a_link_inside_stays_a_link(desk: Desk, root: Path) -> None:
    (root / "link").symlink_to("a.txt")
    written = await desk.call("write_file", path="link", content="new")
    assert written.effects[0].path == "a.txt"
    assert (root / "link").is_symlink()
    assert (root / "a.txt").read_text() == "new"


@pytest.mark.parametrize("path", [".", "folder", "fifo", "a.txt/b"])
async def test_only_files_are_written(desk: Desk, root: Path, path: str) -> None:
    (root / "folder").mkdir()
    os.mkfifo(root / "fifo")
    with pytest.raises(BadInput):
        await desk.call("write_file", path=path, content="x")
    assert all_below(root) == ["a.txt", "fifo"]


async def test_nothing_is_written_outside(desk: Desk, root: Path, tmp_path: Path) -> None:
    (root / "out").symlink_to("..")
    (root / "hanging").symlink_to("../made.txt")
    for path in ("../secret.txt", "out/secret.txt", "hanging", "out/made.txt", "out/new/made.txt"):
        for tool, given in (
            ("write_file", {"content": "x"}),
            ("edit_file", {"old": "secret", "new": "x"}),
            ("read_file", {}),
            ("list_files", {}),
        ):
            with pytest.raises(OutsideRoots):
                await desk.call(tool, path=path, **given)
    assert all_below(tmp_path) == ["root/a.txt", "root/hanging", "root/out", "secret.txt"]
    assert (tmp_path / "secret.txt").read_text() == "secret\n"


# Editing


async def test_an_edit_is_exact_and_declared(desk: Desk, root: Path) -> None:
    edited = await desk.call("edit_file", path="a.txt", old="two\n", new="zwei\ndrei\n")
    assert edited.text == "Edited a.txt, now lines 2 to 3."
    assert (root / "a.txt").read_text() == "one\nzwei\ndrei\nthree\n"
    hash_ = sha(b"one\nzwei\ndrei\nthree\n")
    assert edited.effects == (FileEffect(path="a.txt", action="edit", lines=(2, 3), hash=hash_),)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("four", "x", "does not stand in a.txt"),
        ("1\tone", "x", "without line numbers"),
        ("o", "x", "stands in a.txt 2 times, in lines 1, 2"),
        ("", "x", "old is empty"),
        ("one", "one", "the same as new"),
        ("one", "\ud800", "no UTF-8"),
    ],
)
async def test_an_edit_that_is_not_clear_changes_nothing(
    desk: Desk, root: Path, old: str, new: str, why: str
) -> None:
    await refused(desk, "edit_file", why, path="a.txt", old=old, new=new)
    assert (root / "a.txt").read_text() == TEXT


async def test_places_that_overlap_are_two(desk: Desk, root: Path) -> None:
    (root / "b.txt").write_text("aaa")
    await refused(desk, "edit_file", "2 times", path="b.txt", old="aa", new="b")


async def test_line_ends_of_a_file_stay(desk: Desk, root: Path) -> None:
    (root / "dos").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    await desk.text("edit_file", path="dos", old="one\ntwo", new="1\n2")
    assert (root / "dos").read_bytes() == b"1\r\n2\r\nthree\r\n"


async def test_edits_side_by_side_all_hold(desk: Desk, root: Path) -> None:
    (root / "b.txt").write_text("".join(f"<{n}>\n" for n in range(20)))
    await asyncio.gather(
        *(desk.text("edit_file", path="b.txt", old=f"<{n}>", new=f"[{n}]") for n in range(20))
    )
    assert (root / "b.txt").read_text() == "".join(f"[{n}]\n" for n in range(20))


async def test_a_file_that_others_change_meanwhile_is_never_half_of_both(
    desk: Desk, root: Path
) -> None:
    """Another writer replaces the file all the time: an edit hits one of its versions, or none."""
    versions = ["x" * 50_000 + "\nold\n", "y" * 90_000 + "\nold\n"]
    ends, hits, refusals = threading.Event(), 0, set[str]()

    def rewrite() -> None:
        while not ends.is_set():
            for version in versions:
                (root / "new").write_text(version)
                (root / "new").rename(root / "b.txt")

    (root / "b.txt").write_text(versions[0])
    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(60):
            try:
                edited = await desk.call("edit_file", path="b.txt", old="\nold", new="\nnew")
            except BadInput as error:  # that of another version, or replaced meanwhile
                refusals.add(error.message.partition(" ")[2][:12])
            else:
                hits += 1
                wanted = {sha(version.replace("old", "new").encode()) for version in versions}
                assert edited.effects[0].hash in wanted
    finally:
        ends.set()
        writer.join()
    assert hits
    assert refusals <= {"was changed ", "does not sta"}


# Listing


async def test_a_folder_is_listed(desk: Desk, root: Path) -> None:
    (root / "sub").mkdir()
    (root / "link").symlink_to("/etc")
    os.mkfifo(root / "pipe")
    (root / "odd\nname").write_text("x")
    assert await desk.text("list_files") == (
        "a.txt 14\nlink (link)\nodd\\nname 1\npipe (no ordinary file)\nsub/"
    )
    assert await desk.text("list_files", path="sub") == "sub is empty."
    await refused(desk, "list_files", "no folder", path="a.txt")


async def test_a_full_folder_is_listed_in_part(desk: Desk, root: Path) -> None:
    for n in range(1_005):
        (root / f"f{n:04}").touch()
    lines = (await desk.text("list_files")).split("\n")
    assert len(lines) == 1_001
    assert lines[-1] == "[6 more; find_files finds names by a pattern]"


# What they say of themselves


def test_the_model_is_told_which_folders_there_are(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    tools = Desk(file_tools(Roots([root, other]))).tools
    assert f"{root}, {other}" in tools["list_files"].spec.description
    assert [name for name, tool in tools.items() if not tool.spec.idempotent] == ["edit_file"]


async def test_input_that_does_not_fit_is_refused(desk: Desk) -> None:
    for given in ({}, {"path": 3}, {"path": "a.txt", "first": 1}):
        with pytest.raises(ValidationError):
            await desk.call("read_file", **given)


# What the context knows of files afterwards


async def told(desk: Desk, book: FileBook, ordinal: int, tool: str, **given: Any) -> Any:
    outcome = await desk.call(tool, **given)
    done = touches(tool, given, outcome.text, is_error=outcome.is_error, effects=outcome.effects)
    book.take(done, ordinal)
    return done


async def test_what_the_tools_did_is_known_line_by_line(desk: Desk, root: Path) -> None:
    book = FileBook()
    (read,) = await told(desk, book, 1, "read_file", path=f"{root}/a.txt")
    assert read == Read("a.txt", ((1, "one"), (2, "two"), (3, "three")), to_end=True)
    (edit,) = await told(desk, book, 2, "edit_file", path="a.txt", old="two", new="2\n2b")
    assert edit == Edit("a.txt", "two", "2\n2b")
    state = book.get("a.txt")
    assert state is not None
    assert {n: line.text for n, line in state.lines.items()} == {
        1: "one",
        2: "2",
        3: "2b",
        4: "three",
    }
    assert (state.changed_by, state.lines[3].seen_at, state.lines[4].seen_at) == ("model", 2, 1)
    (write,) = await told(desk, book, 3, "write_file", path="./a.txt", content="new\n")
    assert write == Write("a.txt", "new\n")
    assert state.lines[1].text == "new"
    (root / "a.txt").write_text("other\n")
    await told(desk, book, 4, "read_file", path="a.txt")
    assert {n: line.text for n, line in state.lines.items()} == {1: "other"}


async def test_lines_that_look_numbered_are_read_as_they_are(desk: Desk, root: Path) -> None:
    book = FileBook()
    lines = ["7: seven", "1\tone", "3| x", "  5→y"]
    (root / "odd").write_text("\n".join(lines) + "\n")
    await told(desk, book, 1, "read_file", path="odd")
    state = book.get("odd")
    assert state is not None
    assert [line.text for _, line in sorted(state.lines.items())] == lines
