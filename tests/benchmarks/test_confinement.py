"""The benchmark of confinement at a small size: traps, hostile paths and commands, and its judge."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from enplace.records.block import TextBlock
from enplace.records.tool import ToolOutcome
from enplace.tools.function import FunctionTool
from enplace.tools.sandbox import Sandbox, find_sandbox
from enplace.tools.workspace import workspace_tools
from enplace_bench.confinement.commands import attack_all, attacks_on, unsandboxed
from enplace_bench.confinement.grounds import Grounds
from enplace_bench.confinement.paths import Fuzz, fuzz_paths, hostile_paths, race
from enplace_bench.confinement.turns import cost_of_printing

pytestmark = pytest.mark.anyio

QUICK = (
    "write beside",
    "read the canary",
    "make a link",
    "connect",
    "kill the parent",
    "stay behind in a session",
    "settings of the kernel",
)
"""Attacks that are over in a moment."""


@pytest.fixture
def grounds(tmp_path: Path) -> Grounds:
    return Grounds(tmp_path).lay()


def test_hostile_paths_are_many_different_and_the_same_again(grounds: Grounds) -> None:
    paths = list(hostile_paths(grounds, count=2_000, seed=1))
    assert len(set(paths)) == len(paths) == 2_000
    assert paths == list(hostile_paths(grounds, count=2_000, seed=1))
    assert paths != list(hostile_paths(grounds, count=2_000, seed=2))


async def test_hostile_paths_lead_nowhere(grounds: Grounds) -> None:
    tools = workspace_tools([grounds.root, grounds.other])
    found = await fuzz_paths(grounds, tools, count=160, seed=3, search_every=80)
    assert (found.paths, found.leaked, found.changed, found.failed) == (160, [], [], [])
    assert found.answered > 100, "some of them are names of files, and are used"
    assert found.refusals["OutsideRoots"] > 200


async def test_what_is_swapped_leads_nowhere(grounds: Grounds) -> None:
    tools = workspace_tools([grounds.root])
    found, _ = await race(grounds, tools, seconds=0.7)
    assert (found.leaked, found.changed, found.failed) == ([], [], [])
    assert found.calls > 20


async def test_a_tool_that_lets_things_out_is_caught(grounds: Grounds) -> None:
    def read_file(path: str) -> ToolOutcome:
        """Read anything."""
        return ToolOutcome(blocks=(TextBlock(text=(grounds.root / path).read_text()),))

    def write_file(path: str, content: str) -> str:
        """Write anything."""
        (grounds.root / path).write_text(content)
        return "done"

    def list_files(path: str) -> str:
        """Fail as no tool should."""
        raise KeyError(path)

    fuzz = Fuzz(grounds, [FunctionTool(tool) for tool in (read_file, write_file, list_files)])
    await fuzz.call("read_file", path="../canary/secret.txt")
    await fuzz.call("write_file", path="dir-out/made.txt", content="x")
    await fuzz.call("list_files", path=".")
    fuzz.look("the end")
    assert len(fuzz.found.leaked) == 1
    assert any("made.txt" in change for change in fuzz.found.changed)
    assert len(fuzz.found.failed) == 1


async def test_hostile_commands_stay_in_the_sandbox(grounds: Grounds) -> None:
    sandbox = find_sandbox()
    if sandbox is None:
        pytest.skip("no sandbox starts here")
    ran, escaped = await attack_all(grounds, sandbox, only=QUICK)
    assert (ran, escaped) == (len(QUICK), [])
    assert {attack.name for attack in attacks_on(grounds, 1)} >= set(QUICK)


class Leaky(Sandbox):
    """Shows the canary, and lets commands write there and reach the network."""

    def wrap(self, command: Sequence[str], *, writes: Sequence[Path], **more: Any) -> list[str]:
        more["has_network"] = True
        return super().wrap(command, writes=[*writes, writes[0].parent / "canary"], **more)


async def test_commands_that_escape_are_caught(grounds: Grounds) -> None:
    sandbox = find_sandbox()
    if sandbox is None:
        pytest.skip("no sandbox starts here")
    only = ("write beside", "read the canary", "connect")
    _, escaped = await attack_all(grounds, Leaky(**asdict(sandbox)), only=only)
    assert sorted(escaped) == [
        "connect: reaches the network",
        "read the canary: shows the canary",
        "write beside: changes what lies outside",
    ]


async def test_limits_hold_without_a_sandbox(grounds: Grounds) -> None:
    assert await unsandboxed(grounds) == []


async def test_50_mb_cost_a_turn_no_more_than_the_cap(grounds: Grounds) -> None:
    cost = await cost_of_printing(grounds.root, find_sandbox())
    assert 0 < cost.context_tokens <= cost.cap_tokens
    assert cost.kept_characters < 300_000
    assert cost.grown_bytes < 40_000_000
