"""Commands: what they print, as text and as JSON, and how they end."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.terminal import Done, Terminal

from enplace.cli.doctor import Finding, workspace
from enplace.config import Settings
from enplace.tools.sandbox import find_sandbox

FACT = "Ada's parrot is called Hopper."
HOSTED = {"LLM_PROVIDER": "openai", "LLM_MODEL": "some-model", "LLM_BASE_URL": "http://127.0.0.1:9"}
"""A provider where nobody listens."""


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(home=tmp_path)


def check_failed(done: Done, code: int, error: str) -> None:
    """A command that failed says why on one line, and prints nothing else."""
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"enplace: {error}: ")
    assert done.err.count("\n") == 1


# Memory


def test_what_is_remembered_is_recalled(terminal: Terminal) -> None:
    done = terminal.run("remember", FACT)
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(rf"added f[0-9a-f]{{16}}: {re.escape(FACT)}  \[write 1\]\n", done.out)
    done = terminal.run("recall", "Which parrot?")
    assert (done.code, done.err) == (0, "")
    assert FACT in done.out
    assert "shares parrot" in done.out
    assert FACT not in terminal.run("recall", "Which parrot?", "--owner", "grace").out


def test_a_fact_takes_the_place_of_another(terminal: Terminal) -> None:
    first = terminal.run("remember", FACT, "--json").json
    assert (first["outcome"], first["write"]) == ("added", 1)
    assert first["memory"]["sentence"] == FACT
    assert first["fact"] == first["memory"], "the name that release 0.2 gave it"
    again = terminal.run("remember", FACT.upper(), "--json").json
    assert (again["outcome"], again["memory"]["id"]) == ("duplicate", first["memory"]["id"])
    assert FACT in terminal.run("remember", FACT.upper()).out, "what is known, as it was told"
    id_ = first["memory"]["id"]
    instead = terminal.run(
        "remember", "Ada's parrot is called Grace.", "--supersedes", id_, "--json"
    )
    assert (instead.json["outcome"], instead.json["closed"]) == ("superseded", [id_])
    found = terminal.run("recall", "parrot", "--json").json
    assert [memory["text"] for memory in found["memories"]] == ["Ada's parrot is called Grace."]
    check_failed(terminal.run("remember", "Ada walks.", "--supersedes", id_), 2, "USAGE")


@pytest.mark.parametrize("text", ["", "  ", "x" * 2_001])
def test_a_bad_sentence_is_refused(terminal: Terminal, text: str) -> None:
    check_failed(terminal.run("remember", text), 2, "BAD_INPUT")


def test_arguments_that_are_no_text_are_refused(terminal: Terminal) -> None:
    check_failed(terminal.run("remember", "a\udcffb"), 2, "BAD_INPUT")


def test_nothing_is_recalled_from_an_empty_memory(terminal: Terminal) -> None:
    done = terminal.run("recall", "Which parrot?")
    assert done.code == 0
    assert done.out.strip()
    assert terminal.run("recall", "Which parrot?", "--json").json["memories"] == []


# Tasks


def test_no_task_yet(terminal: Terminal) -> None:
    assert terminal.run("tasks").out == "default has no task yet\n"
    assert terminal.run("tasks", "--json").json == []
    check_failed(terminal.run("context", "cli"), 2, "TASK_NOT_FOUND")


def test_a_turn_whose_provider_cannot_be_reached_fails(terminal: Terminal) -> None:
    check_failed(terminal.run("ask", "hello", **HOSTED), 1, "LLM_UNAVAILABLE")
    (task,) = terminal.run("tasks", "--json").json
    assert task["task_id"] == "cli"
    assert re.search(rf"{task['head']} events  cli\n", terminal.run("tasks").out)
    check_failed(terminal.run("context", "cli"), 2, "TASK_NOT_FOUND")


def test_a_turn_and_what_the_model_saw(terminal: Terminal) -> None:
    terminal.share_weights()
    terminal.run("remember", FACT)
    asked = ("ask", "What is the name of Ada's parrot?", "--task", "birds", "--key", "k")
    done = terminal.run(*asked)
    assert (done.code, done.err) == (0, "")
    assert "Hopper" in done.out
    kinds = re.findall(r'"kind": ?"(\w+)"', terminal.run(*asked, "--json").out)
    assert [kinds[0], kinds[-1]] == ["thread_lifecycle", "thread_lifecycle"]
    assert "text_delta" not in kinds, "the same key tells the stored turn again"
    shown = terminal.run("context", "birds").out
    assert shown.startswith("task birds, model smollm2-135m-instruct, epoch e3 (task_start)")
    assert FACT in shown
    manifest = terminal.run("context", "birds", "--json").json["manifest"]
    assert [size["segment"] for size in manifest] == [
        "system",
        "soul",
        "memory",
        "history",
        "notes",
        "tools",
        "message",
    ]
    wire = terminal.run("context", "birds", "--wire", "--json").json
    assert FACT in wire["messages"][-1]["content"]
    assert terminal.run("context", "birds", "--wire").json == wire


# Models and misuse


def test_the_model_that_the_settings_name(terminal: Terminal) -> None:
    assert terminal.run("models").out.startswith("smollm2-135m-instruct (provider local)\n")
    card = terminal.run("models", "--json", MAX_TOKENS="99", **HOSTED).json
    assert (card["name"], card["provider"], card["output_tokens"]) == ("some-model", "openai", 99)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nothing",),
        ("remember",),
        ("recall", "a", "b"),
        ("tasks", "--nonsense"),
        ("serve", "--port", "x"),
        ("chat", "--json"),
    ],
)
def test_a_command_that_is_asked_wrongly(terminal: Terminal, words: tuple[str, ...]) -> None:
    done = terminal.run(*words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("usage: enplace")
    assert list(terminal.home.iterdir()) == []


@pytest.mark.parametrize("command", [("tasks",), ("models",), ("remember", FACT), ("chat",)])
def test_a_bad_setting_is_named(terminal: Terminal, command: tuple[str, ...]) -> None:
    check_failed(terminal.run(*command, LLM_PROVIDER="nobody"), 2, "CONFIG")


def test_a_home_that_is_a_file(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = terminal.run("tasks", ENPLACE_HOME=str(tmp_path / "file"))
    assert done.code == 1
    assert "Traceback" not in done.err


# The doctor


def findings(terminal: Terminal, **settings: str) -> tuple[int, dict[str, tuple[bool, str, str]]]:
    done = terminal.run("doctor", "--json", **settings)
    found = {f["check"]: (f["ok"], f["found"], f["advice"]) for f in done.json}
    text = terminal.run("doctor", **settings)
    assert text.code == done.code
    assert text.out.count("FAIL") == sum(not ok for ok, _, _ in found.values())
    return done.code, found


def troubles(found: dict[str, tuple[bool, str, str]]) -> list[str]:
    assert all(advice for ok, _, advice in found.values() if not ok)
    return [check for check, (ok, _, _) in found.items() if not ok]


def test_a_healthy_house(terminal: Terminal) -> None:
    terminal.share_weights()
    terminal.run("remember", FACT)
    code, found = findings(terminal)
    assert (code, troubles(found)) == (0, [])
    assert found["brains"][1].startswith("1 in ")
    assert found["weights"][1].endswith(".gguf")


@pytest.mark.parametrize(
    "settings",
    [
        {"LLM_PROVIDER": "nobody"},
        {"LLM_PROVIDER": "openai"},
        {"MAX_TOKENS": "many"},
        {"ENGINE_KEY_HASH": "short"},
    ],
)
def test_the_doctor_finds_a_bad_setting(terminal: Terminal, settings: dict[str, str]) -> None:
    code, found = findings(terminal, **settings)
    assert (code, troubles(found)) == (1, ["settings"])
    assert any(name in found["settings"][1] for name in (*settings, "LLM_MODEL"))


def test_the_doctor_finds_a_missing_key(terminal: Terminal) -> None:
    code, found = findings(terminal, LLM_PROVIDER="anthropic", LLM_MODEL="some-model")
    assert (code, troubles(found)) == (1, ["key"])
    code, found = findings(terminal, **HOSTED)
    assert (code, troubles(found)) == (0, [])


def test_the_doctor_finds_missing_weights(terminal: Terminal) -> None:
    code, found = findings(terminal, ENPLACE_LOCAL_MODEL=str(terminal.home / "none.gguf"))
    assert (code, troubles(found)) == (1, ["weights"])
    assert "none.gguf" in found["weights"][1]


def test_the_doctor_finds_a_home_that_cannot_be_written(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, found = findings(terminal, ENPLACE_HOME=str(tmp_path / "file" / "home"), **HOSTED)
    assert (code, troubles(found)) == (1, ["home"])


def overwrite_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4_096 * 2)
        file.write(b"\xa5" * 4_096 * 4)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def empty_tables(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("create table t (a)")
    connection.close()


def write_nonsense(path: Path) -> None:
    path.write_bytes(b"no brain at all" * 99)


@pytest.mark.parametrize("damage", [overwrite_middle, cut, empty_tables, write_nonsense])
def test_the_doctor_finds_a_damaged_brain(
    terminal: Terminal, damage: Callable[[Path], None]
) -> None:
    for number in range(3):
        terminal.run("remember", f"Fact number {number} is here.", "--owner", "hurt")
    terminal.run("remember", FACT, "--owner", "well")
    (path,) = (terminal.home / "brains").glob("hurt*.db")
    damage(path)
    code, found = findings(terminal, **HOSTED)
    assert (code, troubles(found)) == (1, ["brain"])
    assert str(path) in found["brain"][1]
    done = terminal.run("remember", FACT, "--owner", "well")
    assert done.code == 0


def test_what_models_prints_is_strict_json(terminal: Terminal) -> None:
    done = terminal.run("models", "--json")
    assert "Infinity" not in done.out
    assert done.json["cache"]["ttl_s"] is None


def test_the_doctor_tells_where_tools_may_work_and_in_which_sandbox(tmp_path: Path) -> None:
    def found(**environment: str) -> Finding:
        return workspace(Settings.from_env(environment))

    assert found().found == "no folder is allowed"
    allowed = {"ALLOWED_ROOTS": str(tmp_path)}
    assert found(**allowed).found == f"files in {tmp_path}; no shell"
    with_shell, sandbox = found(**allowed, SHELL_ENABLED="true"), find_sandbox()
    assert with_shell.ok == (sandbox is not None)
    assert (f"in {sandbox}" if sandbox else "a person is asked") in with_shell.found
    missing = found(ALLOWED_ROOTS=str(tmp_path / "none"))
    assert not missing.ok
    assert "none is not a folder" in missing.found


def test_the_doctor_says_when_secrets_are_kept(terminal: Terminal) -> None:
    terminal.share_weights()
    assert findings(terminal)[1]["secrets"][0]
    code, found = findings(terminal, REDACT_SECRETS="false")
    assert (code, troubles(found)) == (1, ["secrets"])
    assert "switched off" in found["secrets"][1]
