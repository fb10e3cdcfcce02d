"""What the documents say is run, or compared with the code."""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

import httpx
import pytest
from tests.server.hall import KEY, Hall, told_in
from tests.tools.mcp_boxes import raw

import enplace
from enplace import EngineOptions, ScriptedModel
from enplace.cli.main import build_parser
from enplace.config import Settings
from enplace.providers import weights
from enplace.providers.scripted import call
from enplace.readers.agents import read_agents
from enplace.records.event import KINDS
from enplace.records.telling import ToldName

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide" / "first-steps.md"
LEARNING = ROOT / "docs" / "guide" / "learning.md"
WORKSPACE = ROOT / "docs" / "guide" / "workspace.md"
MCP = ROOT / "docs" / "guide" / "mcp.md"
DOCUMENTS = ROOT / "docs" / "guide" / "documents.md"
AGENTS = ROOT / "docs" / "guide" / "agents.md"
PEOPLE = ROOT / "docs" / "guide" / "people-in-the-loop.md"


def code_blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def run_block(block: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(block, str(GUIDE), "exec"), names)
    return names


def test_the_program_of_the_readme_prints_what_its_comment_says(tmp_path: Path) -> None:
    models = weights.SMOLLM2.find_or_pull(Settings.from_env().home).parent
    (tmp_path / "models").symlink_to(models, target_is_directory=True)
    block = code_blocks(ROOT / "README.md")[0]
    done = subprocess.run(
        [sys.executable, "-c", block],
        env={**os.environ, "ENPLACE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    said = re.search(r"# (Ada's dog .*)", block)
    assert said is not None
    assert done.stdout.strip() == said[1]


async def test_a_turn_tells_its_events(tmp_path: Path) -> None:
    kinds = await run_block(code_blocks(GUIDE)[0])["main"](tmp_path)
    assert kinds[0] == kinds[-1] == "thread_lifecycle"
    assert "text_delta" in kinds


async def test_a_function_is_a_tool(tmp_path: Path) -> None:
    assert await run_block(code_blocks(GUIDE)[1])["main"](tmp_path) == "3"


async def test_a_fact_is_superseded(tmp_path: Path) -> None:
    done = await run_block(code_blocks(GUIDE)[2])["main"](tmp_path)
    assert done == ("superseded", ["Ada lives in Porto."])


async def test_the_four_steps_can_be_taken_one_by_one(tmp_path: Path) -> None:
    asked: list[Mapping[str, Any]] = []

    async def client(**body: Any) -> Mapping[str, Any]:
        asked.append(body)
        return {
            "choices": [{"message": {"content": "Hello, Ada."}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3},
        }

    events = await run_block(code_blocks(GUIDE)[3])["main"](tmp_path, client)
    assert asked[0]["messages"][-1] == {"role": "user", "content": "Hello!"}
    assert [event.usage.input_tokens for event in events] == [9]


def test_programs_without_asyncio_are_served(tmp_path: Path) -> None:
    assert run_block(code_blocks(GUIDE)[4])["main"](tmp_path) == ["Hello, Ada."]


async def test_what_was_learned_is_explained_and_taken_back(tmp_path: Path) -> None:
    sentence, said, told, left = await run_block(code_blocks(LEARNING)[0])["main"](tmp_path)
    assert "Porto" in sentence
    assert (said, left) == ("I live in Porto", [])
    assert (told[0], told[-1]) == ("memory.added", "learn.batch.finished")


async def test_files_are_read_and_changed_in_an_allowed_folder(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "greet.py").write_text('print("Helo")\n')
    (tmp_path / "secret.txt").write_text("secret")
    told = await run_block(code_blocks(WORKSPACE)[0])["main"](tmp_path / "home", folder)
    assert told[:2] == ['1\tprint("Helo")', "Edited greet.py, now line 1."]
    assert told[2].startswith("OutsideRoots: `..` is not allowed")
    assert (folder / "greet.py").read_text() == 'print("Hello")\n'


async def test_a_server_is_a_box_of_tools(tmp_path: Path) -> None:
    pytest.importorskip("mcp", reason="the extra `mcp` is not installed")
    kinds = await run_block(code_blocks(MCP)[0])["main"](tmp_path, raw("good"))
    assert "tool_result" in kinds


async def test_files_are_kept_and_cited(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "house.md").write_text("# House\n\n## Keys\nThe spare key hangs behind the door.\n")
    (notes / "draft.md").write_text("The spare key is lost.\n")
    source, text = await run_block(code_blocks(DOCUMENTS)[0])["main"](tmp_path / "home", notes)
    assert source == "notes/house.md:1-4 (House > Keys)"
    assert text.endswith("The spare key hangs behind the door.")


async def test_a_turn_waits_for_people_and_goes_on_with_what_they_say(tmp_path: Path) -> None:
    said = await run_block(code_blocks(PEOPLE)[0])["main"](tmp_path)
    page = " ".join(PEOPLE.read_text(encoding="utf-8").split())
    assert said == [
        "tmp/a is gone",
        "permission_denied: it is needed until May",
        "IC 12: window seat booked",
    ]
    assert all(f"`{text}`" in page for text in said)


async def test_questions_are_answered_over_http(capsys: pytest.CaptureFixture[str]) -> None:
    rules = (enplace.PermissionRule(tool="pay", verdict="ask"),)

    def pay(bill: str) -> str:
        """Pay a bill."""
        return f"{bill} is paid"

    options = EngineOptions(turn=enplace.TurnOptions(permissions=rules))
    hall = Hall(
        model=ScriptedModel([call(("c1", "pay", {"bill": "7"})), "Paid."]),
        tools=[pay],
        options=options,
    )
    _ = [event async for event in hall.owner.execute("bills", "Pay it.")]
    transport = httpx.ASGITransport(hall.app)
    headers = {"X-Engine-Key": KEY}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://hall", headers=headers
    ) as client:
        answer_all = run_block(code_blocks(PEOPLE)[1])["answer_all"]
        assert await answer_all(client, "yes") == ["bills"]
        assert await answer_all(client, "yes") == []
    assert "bills: May pay run with" in capsys.readouterr().out
    response = await hall.ask("GET", "/execute/replay?task_id=bills")
    assert told_in(response.text)[-1].data["phase"] == "completed"


def test_no_block_of_the_guide_is_left_untested() -> None:
    pages = (GUIDE, LEARNING, WORKSPACE, MCP, DOCUMENTS, AGENTS, PEOPLE)
    assert [len(code_blocks(page)) for page in pages] == [5, 1, 1, 1, 1, 1, 2]


async def test_an_agent_gives_work_to_another(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "greet.py").write_text("def greet():\n    return 'Hello'\n")
    (given_back,) = await run_block(code_blocks(AGENTS)[0])["main"](tmp_path / "home", folder)
    assert given_back.startswith("greet() gives back 'Hello' (greet.py, line 2).\n[coder-")


def test_the_definition_in_the_guide_is_one(tmp_path: Path) -> None:
    text = AGENTS.read_text(encoding="utf-8")
    (found,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (tmp_path / "coder").mkdir()
    (tmp_path / "coder" / "agent.json").write_text(found)
    (tmp_path / "coder" / "system.md").write_text("You read and change code.")
    (coder,) = read_agents(tmp_path)
    assert {f"`{key}`" for key in json.loads(found)} <= set(re.findall(r"`\w+`", text))
    assert coder.budget.cost == "0.50"


def test_the_table_of_events_is_the_one_in_the_code() -> None:
    page = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (yes|no) \| (\w+) \|", page, re.MULTILINE)
    coded = [(k.name, k.record.__name__, "yes" if k.stored else "no", k.by) for k in KINDS]
    assert rows == coded


def test_the_table_of_what_is_told_is_the_one_in_the_code() -> None:
    page = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+\.[\w.]+)` \|", page, re.MULTILINE)
    assert sorted(rows) == sorted(get_args(ToldName))


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    source = (ROOT / "src" / "enplace" / "config.py").read_text(encoding="utf-8")
    named = set(
        re.findall(
            r"\b(?:ENPLACE|LLM|EMBEDDING|ENGINE|REACTIVE|FEATURE|LEARNING|REDACT|ALLOWED|SHELL|MCP|CATALOG)_[A-Z_]+\b|\bMAX_TOKENS\b",
            source,
        )
    )
    assert named == set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands, which argparse keeps to itself."""
    (action,) = (action for action in parser._actions if isinstance(action.choices, dict))
    return cast(dict[str, argparse.ArgumentParser], action.choices)


@pytest.mark.parametrize("name", sorted(subcommands(build_parser())))
def test_every_command_is_documented_with_its_options(name: str) -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| `enplace {name}"))
    help_text = subcommands(build_parser())[name].format_help()
    options = set(re.findall(r"--[a-z-]+", help_text)) - {"--help", "--json"}
    assert {option for option in options if option not in row} == set()


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in sorted(folder.glob("0*.md")) if p.name not in index] == []


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
