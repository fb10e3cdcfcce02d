"""`enplace agents`: listed, checked, copied."""

import json
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(home=tmp_path / "home")


def test_the_stock_agents_are_copied_checked_and_listed(terminal: Terminal, tmp_path: Path) -> None:
    catalog, work = tmp_path / "catalog", tmp_path / "work"
    work.mkdir()
    folder = catalog / "agents"
    done = terminal.run("agents", "copy", str(folder))
    assert done.out.startswith("copied analyst, coder, planner")
    assert terminal.run("agents", "copy", str(folder)).code == 2
    lacking = terminal.run("agents", "check", str(folder))
    assert lacking.code == 1
    assert "! agent coder: there is no tool read_file, write_file" in lacking.out
    roots = {"ALLOWED_ROOTS": str(work), "SHELL_ENABLED": "true"}
    checked = terminal.run("agents", "check", str(folder), "--json", **roots)
    assert (checked.code, checked.json["troubles"]) == (0, [])
    listed = terminal.run("agents", "list", CATALOG_DIR=str(catalog), **roots)
    assert listed.code == 0
    assert "    budget: 4,000,000 tokens, 60 model calls, 3600 s" in listed.out


def test_a_wrong_definition_is_told_with_its_file_and_key(
    terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "coder").mkdir()
    file = tmp_path / "coder" / "agent.json"
    file.write_text(json.dumps({"name": "coder", "tool": []}))
    done = terminal.run("agents", "check", str(tmp_path))
    assert done.code == 2
    assert f"{file}: " in done.err


def test_without_settings_there_are_no_agents(terminal: Terminal) -> None:
    done = terminal.run("agents", "list")
    assert (done.code, done.out) == (0, "no agents; CATALOG_DIR names a folder of them\n")
