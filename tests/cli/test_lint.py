"""`enplace lint`: of files and of tasks."""

from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

import enplace
from enplace.providers.scripted import ScriptedModel


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(home=tmp_path)


async def talk(home: Path, system: str, *messages: str) -> None:
    """Turns in the task `talk`."""
    model = ScriptedModel(["ok"] * len(messages))
    async with enplace.open(
        home, model=model, system=system, embedder=None, environment={}
    ) as engine:
        for message in messages:
            async for _ in engine.owner("default").execute("talk", message):
                pass


def test_a_file_is_linted_and_the_exit_code_tells(terminal: Terminal) -> None:
    prompt = terminal.home / "prompt.txt"
    prompt.write_text("You are kind.\nSession ID: 48213-77\n")
    done = terminal.run("lint", str(prompt))
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith(f"{prompt}, system prompt: varying_prefix\n  Session ID: 48213-77\n")
    assert "  -> Take out what" in done.out
    prompt.write_text("You are kind.\n")
    done = terminal.run("lint", str(prompt))
    assert (done.code, done.out) == (0, "nothing to advise\n")


async def test_tasks_are_linted(terminal: Terminal) -> None:
    assert terminal.run("lint").out == "nothing to advise\n"
    pasted = "User: hi\nAssistant: hello\nUser: how are you?"
    await talk(terminal.home, "Today is 2026-11-22.", "Hello!", pasted)
    done = terminal.run("lint", "--task", "talk", "--json")
    assert done.code == 1
    assert [(row["in"], row["code"], row["where"][:7]) for row in done.json] == [
        ("task talk", "varying_prefix", "system "),
        ("task talk", "pasted_history", "message"),
    ]
    assert all(row["advice"] for row in done.json)


@pytest.mark.parametrize("words", [["nowhere.txt"], ["prompt.txt", "--task", "t"]])
def test_what_cannot_be_linted_is_refused(terminal: Terminal, words: list[str]) -> None:
    done = terminal.run("lint", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("enplace: BAD_INPUT: ")


def test_an_unknown_task_is_an_error(terminal: Terminal) -> None:
    done = terminal.run("lint", "--task", "nowhere")
    assert done.out == ""
    assert done.err.startswith("enplace: TASK_NOT_FOUND: ")
