"""Definitions of agents in a folder: what is read, and what is refused with its file and key."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from enplace.errors import ConfigError
from enplace.readers.agents import MOST_BYTES, STOCK, read_agents
from enplace.records.agent import AgentDefinition, Budget
from enplace.wiring import ENGINE_TOOL_NAMES

WORKSPACE = {
    "read_file",
    "write_file",
    "edit_file",
    "list_files",
    "find_files",
    "search_files",
    "shell",
}
CODER = {"name": "coder", "description": "Writes code.", "system_prompt_path": "system.md"}


def write(
    folder: Path, entry: Mapping[str, Any] | str, *, name: str = "coder", prompt: str = "Code."
) -> Path:
    """An agent's folder; its definition."""
    own = folder / name
    own.mkdir()
    (own / "system.md").write_text(prompt, encoding="utf-8")
    file = own / "agent.json"
    file.write_text(entry if isinstance(entry, str) else json.dumps(entry), encoding="utf-8")
    return file


def test_a_definition_has_its_prompt_from_its_own_folder(tmp_path: Path) -> None:
    entry = {
        **CODER,
        "model": "large",
        "tools": ["read_file", "time__*"],
        "agents": ["tester"],
        "notes": ["style*"],
        "budget": {"tokens": 1000, "cost": "0.50", "steps": 3, "seconds": 60},
    }
    write(tmp_path, entry, prompt="\nYou are the coder.\nBe brief.\n\n")
    assert read_agents(tmp_path) == (
        AgentDefinition(
            name="coder",
            description="Writes code.",
            system="You are the coder.\nBe brief.",
            model="large",
            tools=("read_file", "time__*"),
            agents=("tester",),
            notes=("style*",),
            budget=Budget(tokens=1000, cost="0.50", steps=3, seconds=60.0),
        ),
    )


def test_agents_come_in_the_order_of_their_folders_and_what_lies_beside_is_nobodys(
    tmp_path: Path,
) -> None:
    write(tmp_path, {**CODER, "name": "b"}, name="second")
    write(tmp_path, {**CODER, "name": "a"}, name="third")
    (tmp_path / "README.md").write_text("Our agents.")
    (tmp_path / ".git").mkdir()
    (tmp_path / "__pycache__").mkdir()
    assert [agent.name for agent in read_agents(tmp_path)] == ["b", "a"]


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({**CODER, "tool": []}, "tool"),
        ({**CODER, "tools": "read_file"}, "tools"),
        ({**CODER, "tools": [1]}, "tools.0"),
        ({**CODER, "tools": ["read file"]}, "tools.0"),
        ({**CODER, "name": 7}, "name"),
        ({**CODER, "name": "Coder"}, "name"),
        ({**CODER, "name": "co-der"}, "name"),
        ({**CODER, "name": "7coder"}, "name"),
        ({**CODER, "name": "c" * 41}, "name"),
        ({**CODER, "name": "coder\n"}, "name"),
        ({**CODER, "description": " "}, "description"),
        ({**CODER, "budget": {"token": 1}}, "budget.token"),
        ({**CODER, "budget": {"tokens": 0}}, "budget.tokens"),
        ({**CODER, "budget": {"tokens": True}}, "budget.tokens"),
        ({**CODER, "budget": {"steps": 1.5}}, "budget.steps"),
        ({**CODER, "budget": {"seconds": -1}}, "budget.seconds"),
        ({**CODER, "budget": {"cost": 0.5}}, "budget.cost"),
        ({**CODER, "budget": {"cost": "much"}}, "budget.cost"),
        ({**CODER, "budget": {"cost": "0.0"}}, "budget.cost"),
        ({**CODER, "notes": [None]}, "notes.0"),
        ({**CODER, "system_prompt_path": "../system.md"}, "system_prompt_path"),
        ({**CODER, "system_prompt_path": "/etc/hostname"}, "system_prompt_path"),
        ({**CODER, "system_prompt_path": "missing.md"}, "system_prompt_path"),
        ({**CODER, "system_prompt_path": "sys\0.md"}, "system_prompt_path"),
        ({"name": "coder", "description": "C."}, "system_prompt_path"),
        ([CODER], "the file"),
        ('{"name": "a", "name": "b"}', "the file"),
        ("{name: coder}", "the file"),
        ("[" * 100_000, "the file"),
    ],
)
def test_what_is_wrong_is_refused_with_its_file_and_key(
    tmp_path: Path, entry: Any, key: str
) -> None:
    file = write(tmp_path, entry)
    with pytest.raises(ConfigError) as error:
        read_agents(tmp_path)
    assert error.value.message.startswith(f"{file}: {key}: ")


def test_a_prompt_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, CODER)
    outside = tmp_path / "secret.md"
    outside.write_text("A secret.")
    (file.parent / "system.md").unlink()
    (file.parent / "system.md").symlink_to(outside)
    with pytest.raises(ConfigError, match=r"system_prompt_path: .* leads out"):
        read_agents(tmp_path)


@pytest.mark.parametrize(
    ("prompt", "what"),
    [(b" \n", "is empty"), (b"\xff\xfe", "no text in UTF-8"), (b"x" * (MOST_BYTES + 1), "bytes")],
)
def test_a_prompt_is_a_text_of_reasonable_size(tmp_path: Path, prompt: bytes, what: str) -> None:
    file = write(tmp_path, CODER)
    (file.parent / "system.md").write_bytes(prompt)
    with pytest.raises(ConfigError, match=what) as error:
        read_agents(tmp_path)
    assert str(file.parent) in error.value.message


def test_two_agents_of_one_name_are_refused_with_both_files(tmp_path: Path) -> None:
    first, second = write(tmp_path, CODER, name="one"), write(tmp_path, CODER, name="two")
    with pytest.raises(ConfigError) as error:
        read_agents(tmp_path)
    assert error.value.message.startswith(f"{second}: name: {first} has the same name")


def test_a_folder_without_a_definition_and_a_folder_that_is_not_there_are_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "coder").mkdir()
    with pytest.raises(ConfigError, match=r"coder/agent\.json: it cannot be read"):
        read_agents(tmp_path)
    with pytest.raises(ConfigError, match="the agents cannot be read"):
        read_agents(tmp_path / "nowhere")


def test_the_stock_agents_name_only_tools_and_agents_that_exist() -> None:
    agents = {agent.name: agent for agent in read_agents(STOCK)}
    assert set(agents) == {"planner", "researcher", "coder", "tester", "analyst", "writer"}
    known = WORKSPACE | ENGINE_TOOL_NAMES
    for agent in agents.values():
        assert set(agent.tools) <= known
        assert len(set(agent.tools)) == len(agent.tools)
        assert set(agent.agents) <= set(agents) - {agent.name}
        assert agent.budget.steps
        assert agent.budget.tokens
        assert agent.budget.seconds
    assert set(agents["planner"].agents) == set(agents) - {"planner"}
    assert not set(agents["planner"].tools) & WORKSPACE
    assert not {"write_file", "edit_file"} & set(agents["researcher"].tools)


def test_the_prompts_of_stock_agents_are_short_and_say_what_to_give_back() -> None:
    for agent in read_agents(STOCK):
        assert len(agent.system) < 2_500
        assert "Give back" in agent.system or "In the end give" in agent.system
