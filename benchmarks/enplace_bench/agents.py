"""A planner, coders and testers mend a failing test; then one agent makes the same calls of tools.

Runs `examples/agents/fix_failing_test.py`: the answers are recorded, while tools, files and runs of
pytest are real. `--embedded` lets the model that ships do a smaller job by itself.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from enplace_bench.report import Bar, Report

EXAMPLE = Path(__file__).parents[2] / "examples" / "agents" / "fix_failing_test.py"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model answers."""
    parser.add_argument("--embedded", action="store_true", help="the model that ships answers")


def run(options: argparse.Namespace) -> Report:
    """Run the example in a folder that is thrown away, and read its last line."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(EXAMPLE), folder, "--json"]
        if options.embedded:
            command.append("--embedded")
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    *told, last = done.stdout.splitlines()
    print("\n".join(told))
    figures: dict[str, Any] = json.loads(last)
    if options.embedded:
        return Report(figures=figures)
    return Report(
        figures=figures,
        bars=(
            Bar(name="the test is mended", figure=float(figures["fixed"]), at_least=1),
            Bar(
                name="largest child over one agent",
                figure=figures["largest_child_share"],
                at_most=0.25,
            ),
            Bar(
                name="growth of the parent that is neither brief, result nor its own words",
                figure=figures["parent"]["rest"],
                at_most=0,
            ),
        ),
    )
