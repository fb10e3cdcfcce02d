"""`enplace documents`: files are kept, listed, shown and taken out; a stop is taken up again."""

import json
import signal
import subprocess
from pathlib import Path
from typing import IO

import pytest
from tests.cli.terminal import PROGRAM, Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(home=tmp_path / "home")


def notes(folder: Path, count: int = 2) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"f{number}.md").write_text(f"# Flower {number}\n\nIt is number {number}.\n")
    return folder


def test_files_are_kept_listed_shown_and_removed(terminal: Terminal, tmp_path: Path) -> None:
    folder = notes(tmp_path / "notes")
    (folder / "bad.md").write_bytes(b"\x00")
    done = terminal.run("documents", "add", str(folder), "--tag", "garden")
    assert done.code == 1, "a file could not be read"
    assert done.out.splitlines() == [
        "failed      notes/bad.md: it is binary, and of no format that can be read",
        "1 failed, 2 added",
    ]
    shown = terminal.run("documents", "show", "notes/f1.md:1-3 (Flower 1)")
    assert shown.out == "# Flower 1\n\nIt is number 1.\n"
    assert terminal.run("documents", "remove", "notes/f1.md").out.startswith("forgotten")
    assert [each["name"] for each in terminal.run("documents", "list", "--json").json] == [
        "notes/f0.md"
    ]


def test_ctrl_c_stops_and_the_same_command_goes_on(terminal: Terminal, tmp_path: Path) -> None:
    folder = notes(tmp_path / "notes", 60)
    add = [PROGRAM, "documents", "watch", str(folder), "--json"]
    environment = terminal.environment({})
    with subprocess.Popen(add, env=environment, stdout=subprocess.PIPE, text=True) as working:
        kept = [json.loads(line_of(working.stdout, "f")) for _ in range(5)]
        working.send_signal(signal.SIGINT)
        assert working.wait(30) == 130
    done = terminal.run("documents", "add", str(folder), "--json")
    outcomes = {each["name"]: each["outcome"] for each in done.json["files"]}
    assert [outcomes[each["name"]] for each in kept] == ["unchanged"] * 5
    assert (len(outcomes), done.code) == (60, 0)


def line_of(stream: IO[str] | None, word: str) -> str:
    """The next line with a word."""
    assert stream is not None
    return next(line for line in stream if f'"{word}' in line or f"/{word}" in line)
