"""Every example runs and prints what it promises in its first lines."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


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
