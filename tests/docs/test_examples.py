"""Every example runs and prints what it promises in its first lines."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_promises(example: Path, tmp_path: Path) -> None:
    promised = [
        line.removeprefix("#   ")
        for line in example.read_text(encoding="utf-8").splitlines()
        if line.startswith("#   ")
    ]
    done = subprocess.run(
        [sys.executable, str(example), str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == promised
    assert promised


def test_agents_repair_a_repository_each_in_a_narrow_context(tmp_path: Path) -> None:
    script = FOLDER / "agents" / "fix_failing_test.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["fixed"]
    assert (told["failing_before"], told["failing_after"]) == (1, 0)
    assert told["largest_child_share"] <= 0.25
    assert told["parent"]["rest"] == 0
    assert told["compactions"] == 0
    assert {child["outcome"] for child in told["children"]} == {"answered"}
    assert {child["agent"] for child in told["children"]} == {"coder", "tester"}
