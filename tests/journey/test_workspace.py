"""Tools of a workspace in whole turns: files are read, changed, and known behind a collapse."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.house import BARE, House, only

from enplace.providers.scripted import call
from enplace.records.agent_event import PersonAsked
from enplace.records.event import ToolFinished
from enplace.tools.roots import Roots
from enplace.tools.shell import shell_tool
from enplace.tools.workspace import workspace_tools

pytestmark = pytest.mark.anyio

CODE = "".join(f"def part_{n}():\n    return {n}\n\n\n" for n in range(30))


def listing(name: str) -> str:
    """A listing that fills a tenth of the window."""
    return f"row of {name}\n" * 300


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "code.py").write_text(CODE)
    return root


async def test_a_file_that_was_read_and_edited_is_known_behind_a_collapse(root: Path) -> None:
    card = replace(BARE, window_tokens=12_000, output_tokens=1_000)
    house = House(card=card, tools=[*workspace_tools([root]), listing])
    edit = {"path": "code.py", "old": "return 7\n", "new": "return 77\n"}
    await house.say(
        "Correct part 7.",
        call(("c1", "read_file", {"path": "code.py"})),
        call(("c2", "edit_file", edit)),
        "Part 7 is right now.",
    )
    for n in range(3):
        await house.say(f"List {n}.", call((f"l{n}", "listing", {"name": f"n{n}"})), "Listed.")
    assert await house.owner.compact("t", "the correction") is not None
    await house.say("What does part 7 return?")
    handoff = str(house.messages[1]["content"])
    assert handoff.startswith("<handoff>")
    (shown,) = re.findall(r'<file path="code.py" as_of="e\d+">\n(.*?)</file>', handoff, re.DOTALL)
    assert "return 77" in shown
    assert "def part_7()" in shown
    assert "return 7\n" not in shown
    assert (root / "code.py").read_text() == CODE.replace("return 7\n", "return 77\n")


async def test_what_is_refused_comes_back_in_words_and_the_turn_goes_on(root: Path) -> None:
    house = House(tools=workspace_tools([root]))
    asked = call(
        ("c1", "read_file", {"path": "/etc/passwd"}),
        ("c2", "write_file", {"path": "../x", "content": "x"}),
        ("c3", "search_files", {"pattern": "("}),
        ("c4", "list_files", {}),
    )
    results = only(ToolFinished, await house.say("Look around.", asked, "I may not."))
    told = {result.tool_call_id: (result.is_error, result.output) for result in results}
    assert told["c1"][0]
    assert told["c1"][1].startswith("OutsideRoots: /etc/passwd lies outside")
    assert told["c2"] == (True, "OutsideRoots: `..` is not allowed in a path: ../x")
    assert "unterminated" in told["c3"][1]
    assert told["c4"] == (False, f"code.py {len(CODE)}")


async def test_a_command_without_a_sandbox_runs_only_with_a_person_s_yes(root: Path) -> None:
    house = House(tools=[shell_tool(Roots([root]), sandbox=None)])
    asked = call(("c1", "shell", {"command": "echo made > b.txt; echo done"}))
    for answer, told in (("no", "permission_denied"), ("yes", "Exit code: 0\nOutput:\ndone\n")):
        (question,) = only(PersonAsked, await house.say("Make it.", asked))
        assert "echo made > b.txt" in question.question.text
        assert not (root / "b.txt").exists()
        rest = [event async for event in house.owner.respond("t", answer)]
        (result,) = only(ToolFinished, rest)
        assert result.output.startswith(told)
    assert (root / "b.txt").read_text() == "made\n"
