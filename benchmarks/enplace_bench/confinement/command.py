"""Whether tools stay within the allowed folders, and within their limits.

Hostile paths on every file tool, while a thread swaps links in: none may show what lies outside or
change it. Then the same thread against what is being swapped, beside a naive reader that shows how
often such a race is lost. Then hostile commands in the sandbox, where one starts here; what holds
without one; and a turn of a real engine with a tool that prints 50 MB.
"""

import argparse
import asyncio
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from unittest.mock import patch

from enplace.records.canonical import Json, JsonObject
from enplace.tools.sandbox import find_sandbox
from enplace.tools.workspace import workspace_tools
from enplace_bench.confinement.commands import SECRET, attack_all, unsandboxed
from enplace_bench.confinement.grounds import MARK, Grounds
from enplace_bench.confinement.paths import Found, fuzz_paths, race
from enplace_bench.confinement.turns import cost_of_printing
from enplace_bench.report import Bar, Report

PATHS, RACE_S = 2_500, 20.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--paths", type=int, default=PATHS, help="hostile paths")
    parser.add_argument("--race", type=float, default=RACE_S, metavar="S", help="seconds of racing")
    parser.add_argument("--seed", type=int, default=0, help="of the paths")


def run(options: argparse.Namespace) -> Report:
    """Attack, and look."""
    with patch.dict(os.environ, {SECRET: MARK}):
        figures = asyncio.run(_measure(options.paths, options.race, options.seed))
    return Report(figures=figures, bars=_bars(figures, options.paths))


async def _measure(paths: int, race_s: float, seed: int) -> JsonObject:
    sandbox = find_sandbox()
    print(f"sandbox of the shell: {sandbox or 'none starts here, so each command asks a person'}")
    with tempfile.TemporaryDirectory() as made:
        grounds = Grounds(Path(made, "paths")).lay()
        tools = workspace_tools(grounds.roots)
        found = await fuzz_paths(grounds, tools, count=paths, seed=seed)
        _tell("paths", found)
        raced, naive = await race(grounds, tools, seconds=race_s)
        _tell("race", raced)
        print(f"a naive reader, which checks and then opens, was led out {naive} times\n")
        ran, escaped = 0, list[str]()
        if sandbox is not None:
            attacked = Grounds(Path(made, "commands")).lay()
            ran, escaped = await attack_all(attacked, sandbox)
            print(f"{ran} commands in {sandbox}, {len(escaped)} escaped\n", *escaped, sep="\n  ")
        allowed = Grounds(Path(made, "allowed")).lay()
        unlimited = await unsandboxed(allowed)
        print("commands without a sandbox:", unlimited or "limits hold, and none is left", "\n")
        cost = await cost_of_printing(allowed.root, sandbox)
    return {
        "sandbox": str(sandbox) if sandbox else None,
        "paths": found.paths,
        "calls": found.calls,
        "answered": found.answered,
        "leaked": len(found.leaked),
        "changed": len(found.changed),
        "failed": len(found.failed),
        "race_calls": raced.calls,
        "race_leaked": len(raced.leaked),
        "race_changed": len(raced.changed),
        "race_failed": len(raced.failed),
        "race_naive_leaked": naive,
        "commands": ran,
        "escaped": len(escaped),
        "escapes": list[Json](escaped),
        "unsandboxed_wrong": len(unlimited),
        "printing": {**asdict(cost), "share_of_cap": cost.context_tokens / cost.cap_tokens},
    }


def _tell(what: str, found: Found) -> None:
    refusals = ", ".join(f"{count} {kind}" for kind, count in found.refusals.most_common())
    print(
        f"{what}: {found.paths} paths, {found.calls} calls; {found.answered} answered, {refusals}"
    )
    for name, troubles in (
        ("LEAKED", found.leaked),
        ("CHANGED", found.changed),
        ("FAILED", found.failed),
    ):
        for trouble in troubles[:10]:
            print(f"  {name}  {trouble}")


def _bars(figures: JsonObject, paths: int) -> tuple[Bar, ...]:
    cost = figures["printing"]
    assert isinstance(cost, dict)  # it was made above
    none = ("leaked", "changed", "failed", "race_leaked", "race_changed", "race_failed")
    counted = {name: _number(figures[name]) for name in (*none, "escaped", "unsandboxed_wrong")}
    return (
        Bar(name="hostile paths", figure=_number(figures["paths"]), at_least=paths),
        *(Bar(name=name, figure=figure, at_most=0) for name, figure in counted.items()),
        Bar(name="50 MB, share of the cap", figure=_number(cost["share_of_cap"]), at_most=1.0),
        Bar(name="50 MB, memory grown", figure=_number(cost["grown_bytes"]), at_most=20e6),
    )


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
