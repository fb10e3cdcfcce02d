"""`enplace documents`: files are kept, listed, shown and taken out; a stop is taken up again."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from tests.cli.terminal import PROGRAM, Terminal

from enplace.cli.main import main

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; its exit code and what it prints."""
    monkeypatch.setenv("ENPLACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EMBEDDING_PROVIDER", "none")

    def command(*words: str) -> tuple[int, str]:
        code = main(["documents", *words])
        return code, capsys.readouterr().out

    return command


def notes(folder: Path, count: int = 2) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"f{number}.md").write_text(f"# Flower {number}\n\nIt is number {number}.\n")
    return folder


def test_files_are_kept_listed_shown_and_removed(run: Run, tmp_path: Path) -> None:
    folder = notes(tmp_path / "notes")
    (folder / "bad.md").write_bytes(b"\x00")
    code, out = run("add", str(folder), "--tag", "garden")
    assert code == 1, "a file could not be read"
    assert out.splitlines() == [
        "failed      notes/bad.md: it is binary, and of no format that can be read",
        "1 failed, 2 added",
    ]
    code, out = run("add", str(folder), "--exclude", "bad*", "--json")
    assert (code, json.loads(out)["counts"]) == (0, {"unchanged": 2})
    assert run("show", "notes/f1.md:1-3 (Flower 1)") == (0, "# Flower 1\n\nIt is number 1.\n")
    code, out = run("remove", "notes/f1.md")
    assert (code, out.split()[0]) == (0, "forgotten")
    assert run("remove", "notes/f1.md")[0] == 2
    assert [line.split()[-1] for line in run("list")[1].splitlines()] == ["notes/f0.md"]
    assert [each["name"] for each in json.loads(run("list", "--json")[1])] == ["notes/f0.md"]
    assert run("add", str(tmp_path / "gone"))[0] == 2


def test_ctrl_c_stops_and_the_same_command_goes_on(tmp_path: Path) -> None:
    folder, terminal = notes(tmp_path / "notes", 20), Terminal(home=tmp_path / "home")
    watch = [PROGRAM, "documents", "watch", str(folder), "--json"]
    environment = terminal.environment({})
    with subprocess.Popen(watch, env=environment, stdout=subprocess.PIPE, text=True) as working:
        kept = [json.loads(line_of(working.stdout, "/f")) for _ in range(3)]
        working.send_signal(signal.SIGINT)
        assert working.wait(30) == 130
    done = terminal.run("documents", "add", str(folder), "--json")
    outcomes = {each["name"]: each["outcome"] for each in done.json["files"]}
    assert [outcomes[each["name"]] for each in kept] == ["unchanged"] * 3
    assert (len(outcomes), done.code) == (20, 0)


def line_of(stream: IO[str] | None, word: str) -> str:
    """The next line with a word."""
    assert stream is not None
    return next(line for line in stream if f"{word}" in line and line.startswith("{"))
