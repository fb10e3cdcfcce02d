"""Agents repair a repository whose test fails, beside one agent that does all of it in one task.

`examples/agents/fix_failing_test.py` in a process of its own: a planner, coders and testers (stock
definitions) with a recorded plan, real tools on real files, real test runs; then the same calls of
tools by one agent in one task. With `--embedded` a job that the model which ships can do as well:
readers that each answer one question about one paragraph, beside one reader that gets all of them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from enplace.records.canonical import JsonObject
from enplace_bench.report import Bar, Report

SCRIPT = Path(__file__).parents[2] / "examples" / "agents" / "fix_failing_test.py"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument(
        "--embedded", action="store_true", help="the embedded model at its simpler job as well"
    )


def run(options: argparse.Namespace) -> Report:
    """The repair, and where it is asked for the job of the embedded model."""
    told = _told()
    figures: JsonObject = dict(told)
    parent = cast(Mapping[str, Any], told["parent"])
    bars = [
        Bar(name="repaired", figure=told["fixed"], at_least=1),
        Bar(name="largest child's share", figure=told["largest_child_share"], at_most=0.25),
        Bar(
            name="in the planner beside briefs, results and words",
            figure=parent["rest"],
            at_most=0,
        ),
        Bar(name="compactions", figure=told["compactions"], at_most=0),
    ]
    if options.embedded:
        embedded = _told("--embedded")
        figures["embedded"] = dict(embedded)
        bars.append(Bar(name="right of 8, embedded", figure=embedded["right"], at_least=7))
    return Report(figures=figures, bars=tuple(bars))


def _told(*options: str) -> Mapping[str, Any]:
    """What the example prints at the end; all of it is shown."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), folder, *options, "--json"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    *shown, last = done.stdout.strip().splitlines()
    print("\n".join(shown) + "\n")
    return json.loads(last)
