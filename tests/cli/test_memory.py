"""`enplace memory`: what each command does to a memory, and how it says so."""

import argparse
import json
import re
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from tests.cli.terminal import PROGRAM, Done, Terminal

from enplace.cli.main import build_parser

LISBON = ("Ada lives in Lisbon.", "--subject", "Ada", "--predicate", "lives_in")
WORDS_ALONE = {"EMBEDDING_PROVIDER": "none"}
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


class Ada:
    """Runs commands on Ada's memory."""

    def __init__(self, home: Path) -> None:
        self.terminal = Terminal(home=home)

    def run(self, *words: str) -> Done:
        """Run a command that succeeds."""
        done = self.terminal.run("memory", *words, "--owner", "ada", **WORDS_ALONE)
        assert (done.code, done.err) == (0, "")
        return done

    def json(self, *words: str) -> Any:
        """What a command prints for programs."""
        return self.run(*words, "--json").json

    def lines(self, *words: str) -> list[str]:
        return self.run(*words).out.splitlines()

    def fails(self, code: int, error: str, *words: str) -> str:
        """The message of a command that fails, and prints nothing else."""
        done = self.terminal.run("memory", *words, "--owner", "ada", **WORDS_ALONE)
        assert (done.code, done.out) == (code, "")
        assert done.err.startswith(f"enplace: {error}: ")
        assert done.err.count("\n") == 1
        return done.err


@pytest.fixture
def ada(tmp_path: Path) -> Ada:
    return Ada(tmp_path)


def test_a_fact_from_its_first_day_to_its_last(ada: Ada) -> None:
    first = ada.run("add", *LISBON, "--valid-from", "2020-01-01", "--tag", "home").out
    found = re.fullmatch(r"added (f[0-9a-f]{16}): Ada lives in Lisbon\.  \[write 1\]\n", first)
    assert found is not None
    lisbon = found[1]
    porto = ada.json("correct", lisbon, "Ada lives in Porto.", "--valid-from", "2024-05-31")
    assert (porto["outcome"], porto["closed"]) == ("superseded", [lisbon])
    assert porto["memory"]["subject"] == "Ada"
    assert porto["memory"]["predicate"] == "lives_in"
    assert porto["memory"]["tags"] == ["home"]
    id_ = porto["memory"]["id"]
    assert ada.run("confirm", id_).out == f"confirmed {id_}: Ada lives in Porto.  [write 3]\n"
    shown = ada.run("show", lisbon).out
    assert "valid_until   2024-05-31" in shown
    assert f"after      {id_}" in shown
    assert re.search(r"write 1 +recorded", shown)
    assert re.search(r"write 2 +closed", shown)
    history = ada.json("show", lisbon)
    assert [change["action"] for change in history["changes"]] == ["recorded", "closed"]
    assert history["after"]["id"] == id_
    assert ada.json("expire", id_, "--until", "2026-01-01")["outcome"] == "closed"
    assert ada.run("undo", "4").out.startswith(f"undone {id_}: ")
    assert ada.run("forget", id_).out.startswith(f"forgotten {id_}: ")
    listed = ada.lines("list", "--kind", "fact")
    assert [line.split()[0] for line in listed] == [lisbon]
    assert "until 2024-05-31" in listed[0]
    assert "[forgotten" in ada.lines("list", "--all")[1]
    writes = ada.lines("writes")
    assert [line.split()[0] for line in writes] == ["6", "5", "4", "3", "2", "1"]
    assert writes[2].endswith("[undone]")
    assert [write["outcome"] for write in ada.json("writes", "--limit", "2")] == [
        "forgotten",
        "undone",
    ]


def test_what_was_never_true_is_corrected(ada: Ada) -> None:
    wrong = ada.json("add", *LISBON)["memory"]["id"]
    right = ada.json("correct", wrong, "Ada lives in Faro.", "--never-true")
    assert right["closed"] == [wrong]
    assert ada.json("show", wrong)["memory"]["state"] == "retired"


def test_a_search_with_every_filter(ada: Ada) -> None:
    ada.run("add", *LISBON, "--valid-from", "2020-01-01", "--valid-until", "2024-01-01")
    ada.run("add", "Ada likes Lisbon's trams.", "--tag", "trams", "--subject", "Ada")
    trams, city = ("search", "Lisbon trams"), "Ada lives in Lisbon."

    def texts(*words: str) -> list[str]:
        return [memory["text"] for memory in ada.json(*trams, *words)["memories"]]

    likes = "Ada likes Lisbon's trams."
    assert texts() == [likes]
    assert texts("--at", "2021-01-01", "--not-tag", "trams") == [city]
    assert texts("--tag", "trams") == texts("--person", "ada") == texts("--kind", "fact") == [likes]
    assert texts("--tag", "other") == texts("--kind", "episode", "--kind", "said") == []
    assert texts("--since", "2020-06-01") == [likes]
    assert texts("--until", "2020-06-01", "--at", "2021-01-01") == [city]
    assert texts("--as-known", "2020-01-01") == []
    assert texts("--limit", "1") == [likes]
    explained = ada.run(*trams, "--explain").out
    assert re.match(r"1\.00  \d{4}-\d\d-\d\d  Ada likes Lisbon's trams\.  \[f[0-9a-f]+", explained)
    assert re.search(r"^      .*: own words \d", explained, re.MULTILINE)
    assert "dropped by" in explained
    assert len(ada.lines(*trams)) == 1
    assert ada.run("search", "quasar").out.strip()


def test_a_fact_in_dispute_is_released(ada: Ada) -> None:
    assert ada.run("disputes").out == "nothing is in dispute\n"
    held = ada.json("add", *LISBON, "--object", "Lisbon")["memory"]["id"]
    said = ada.json(
        *("add", "Ada lives in Rome.", "--subject", "Ada", "--predicate", "lives_in"),
        *("--object", "Rome", "--trust", "foreign"),
    )
    assert (said["outcome"], said["disputes"]) == ("disputed", [held])
    rome = said["memory"]["id"]
    first, second = ada.lines("disputes")
    assert first.startswith(f"{rome}  ")
    assert second.startswith(f"  against  {held}  ")
    assert ada.json("disputes")[0]["against"] == [held]
    assert ada.run("release", rome).out.startswith(f"released {rome}: ")
    assert ada.json("disputes") == []


def test_people_are_known_merged_split_and_related(ada: Ada) -> None:
    assert ada.run("people", "list").out == "nobody is known by name\n"
    assert ada.run("people", "know", "Grace", "--alias", "Amazing Grace").out.startswith("added p")
    ada.run("people", "know", "Hopper", "--kind", "person")
    ada.run("people", "relate", "Bo", "brother_of", "Hopper", "--valid-from", "2000-01-01")
    assert ada.run("people", "relations", "Grace").out == "no relation of Grace is known\n"
    assert ada.json("people", "merge", "Hopper", "Grace")["outcome"] == "merged"
    assert "Bo brother of Hopper." in ada.run("people", "relations", "Grace").out
    people = ada.lines("people", "list")
    assert [line.split("  ")[2] for line in people] == ["Grace, Amazing Grace", "Hopper"]
    assert "is p" in people[1]
    assert ada.run("people", "split", "Hopper").out.startswith("split p")
    assert ada.json("people", "relations", "Grace") == []
    assert len(ada.json("people", "relations", "Hopper", "--at", "2001-01-01")) == 1
    assert "nobody" in ada.fails(2, "MEMORY_NOT_FOUND", "people", "merge", "Nobody", "Grace")


def test_an_episode_is_kept(ada: Ada) -> None:
    done = ada.json(
        *("episodes", "add", "pipe burst", "A pipe burst in the cellar of the mill in Porto."),
        *("The plumber came at night and asked for 90 euros.", "--person", "Grace"),
        *("--started", "2026-03-01", "--ended", "2026-03-02", "--outcome", "It was mended."),
        *("--tag", "house", "--key", "k"),
    )
    assert (done["outcome"], done["memory"]["memory_kind"]) == ("added", "episode")
    assert done["memory"]["participants"] == ["Grace"]
    shown = ada.run("show", done["memory"]["id"]).out
    assert "participants  Grace\n" in shown
    found = ada.json("search", "plumber", "--kind", "episode", "--person", "Grace")
    assert len(found["memories"]) == 1


def test_a_document_is_kept_whole(ada: Ada, tmp_path: Path) -> None:
    page = tmp_path / "walks.md"
    page.write_text("# Walks\n\nThe long walk is nine miles.\n", encoding="utf-8")
    done = ada.json("documents", "add", str(page), "--tag", "legs")
    assert (done["memory"]["name"], done["memory"]["media"]) == (str(page), "text/markdown")
    assert ada.json("documents", "add", str(page), "--tag", "legs")["outcome"] == "duplicate"
    page.write_text("# Walks\n\nThe long walk is ten miles.\n", encoding="utf-8")
    assert ada.json("documents", "add", str(page))["outcome"] == "superseded"
    (line,) = ada.lines("documents", "list")
    assert f"{page} (37 characters, " in line
    ada.run("documents", "add", str(page), "--name", "walks")
    assert len(ada.json("documents", "list")) == 2
    page.write_bytes(b"\xff\xfe")
    assert "UTF-8" in ada.fails(2, "BAD_INPUT", "documents", "add", str(page))
    assert "cannot be read" in ada.fails(2, "BAD_INPUT", "documents", "add", str(tmp_path))


def test_a_memory_is_taken_elsewhere(ada: Ada, tmp_path: Path) -> None:
    ada.run("add", *LISBON, "--key", "k")
    ada.run("people", "know", "Zoë")
    file, other = tmp_path / "ada.jsonl", Ada(tmp_path / "other")
    assert ada.run("export", str(file)).out == f"6 records of ada are in {file}\n"
    assert ada.run("export", "-").out == file.read_text(encoding="utf-8")
    assert ada.json("export", str(file)) == {"file": str(file), "records": 6}
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []
    told = other.lines("import", str(file))
    assert told == ["added    2 write, 1 fact, 1 person, 2 change", "skipped  nothing"]
    assert other.run("export", "-").out == file.read_text(encoding="utf-8")
    done = other.json("import", str(file))
    assert (done["added"], sum(done["skipped"].values())) == ({}, 6)
    through = subprocess.run(
        [PROGRAM, "memory", "import", "-", "--json", "--owner", "third"],
        input=file.read_bytes(),
        env=ada.terminal.environment(WORDS_ALONE),
        capture_output=True,
        check=True,
    )
    assert sum(json.loads(through.stdout)["added"].values()) == 6


def test_a_damaged_file_is_refused(ada: Ada, tmp_path: Path) -> None:
    file = tmp_path / "ada.jsonl"
    ada.run("add", *LISBON)
    ada.run("export", str(file))
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    assert "line 4: " in ada.fails(2, "BAD_INPUT", "import", str(file))
    file.write_bytes(whole.replace(b"Lisbon", b"Lisb\xffn"))
    assert "line 2: no text in UTF-8" in ada.fails(2, "BAD_INPUT", "import", str(file))
    assert "cannot be read" in ada.fails(2, "BAD_INPUT", "import", str(tmp_path / "none"))
    assert "cannot be written" in ada.fails(2, "BAD_INPUT", "export", str(tmp_path / "no" / "x"))


def test_notes_are_swept(ada: Ada) -> None:
    assert ada.run("sweep").out == "0 expired notes are deleted\n"
    assert ada.json("sweep") == {"swept": 0}


def test_an_empty_memory_says_so(ada: Ada) -> None:
    assert ada.run("list").out == "nothing is remembered\n"
    assert ada.run("writes").out == "nothing was written\n"
    assert ada.run("documents", "list").out == "there is no document\n"
    assert ada.json("list") == ada.json("writes") == ada.json("people", "list") == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("show", "f0"), "MEMORY_NOT_FOUND"),
        (("confirm", "f0"), "MEMORY_NOT_FOUND"),
        (("correct", "f0", "Ada lives in Faro."), "MEMORY_NOT_FOUND"),
        (("undo", "7"), "MEMORY_NOT_FOUND"),
        (("add", " "), "BAD_INPUT"),
        (("search", ""), "BAD_INPUT"),
        (("search", "a", "--limit", "1001"), "BAD_INPUT"),
        (("episodes", "add", "chat", "we talked", "things"), "VAGUE_MEMORY"),
    ],
)
def test_what_cannot_be_done_is_said(ada: Ada, words: tuple[str, ...], error: str) -> None:
    ada.fails(2, error, *words)


@pytest.mark.parametrize(
    "words",
    [
        ("memory",),
        ("memory", "nothing"),
        ("memory", "people"),
        ("memory", "undo", "first"),
        ("memory", "undo", "0"),
        ("memory", "list", "--kind", "said"),
        ("memory", "search", "a", "--since", "yesterday"),
        ("memory", "expire", "f0", "--until", "99999-01-01"),
        ("memory", "add", "Ada walks.", "--trust", "nobody"),
    ],
)
def test_a_command_that_is_asked_wrongly(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = Terminal(home=tmp_path).run(*words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("usage: enplace memory")
    assert list(tmp_path.iterdir()) == []


def commands_of(parser: argparse.ArgumentParser, name: str) -> dict[str, argparse.ArgumentParser]:
    """All commands below a parser by their full names; argparse keeps them to itself."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        choices: object = action.choices
        if isinstance(choices, dict):
            inner = cast(dict[str, argparse.ArgumentParser], choices)
            for word, command in inner.items():
                found |= commands_of(command, f"{name} {word}") or {f"{name} {word}": command}
    return found


COMMANDS = {
    name: command
    for name, command in commands_of(build_parser(), "enplace").items()
    if name.startswith(("enplace memory ", "enplace learn ", "enplace review "))
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented_with_its_options(name: str) -> None:
    rows = PAGE.read_text(encoding="utf-8").splitlines()
    row = next(line for line in rows if re.match(rf"\| `{name}[ `]", line))
    options = set(re.findall(r"--[a-z-]+", COMMANDS[name].format_help()))
    assert {o for o in options - {"--help", "--json", "--owner"} if o not in row} == set()


def test_erasing_shows_what_goes_asks_and_tells_what_it_did(ada: Ada) -> None:
    ada.run("add", "Grace lives in Porto.", "--subject", "Grace")
    ada.run("add", "Ada likes tea.")
    before = ada.run("list").out

    plan = ada.json("erase", "--person", "Grace", "--dry-run")
    assert [each["text"] for each in plan["memories"]] == ["Grace lives in Porto."]
    assert len(plan["digest"]) == 64
    asked = ada.terminal.run("memory", "erase", "--person", "Grace", "--owner", "ada")
    assert asked.code == 1
    assert "erase this for good?" in asked.err
    assert ada.run("list").out == before

    told = ada.lines("erase", "--person", "Grace", "--yes")
    assert told[0] == "deleted   1 changes, 1 memories, 1 writes"
    assert told[-1].startswith("scan      1 words in ")
    assert "Grace" not in "\n".join(told)
    assert "Grace" not in ada.run("list", "--all").out
    ada.fails(2, "BAD_INPUT", "erase", "--yes")
    ada.fails(2, "MEMORY_NOT_FOUND", "erase", "f0")
    receipt = ada.json("erase", "--person", "Grace", "--yes")
    assert receipt["clean"]
