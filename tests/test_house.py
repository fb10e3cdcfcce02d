"""Rules of the house that neither the linter nor the import contracts can tell."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "enplace"

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}

# file -> why it may touch the environment
MAY_TOUCH_ENVIRONMENT = {
    "config.py": "reads it once, into option objects",
    "providers/embedded.py": "sets OMP_WAIT_POLICY, which the runtime reads when it is imported",
}


def environment_lines(source: str) -> list[int]:
    """Lines that name the process environment, in order, each once."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name):
                if name in ENVIRONMENT:
                    lines.add(node.lineno)
            case _:
                pass
    return sorted(lines)


def test_only_config_touches_the_environment() -> None:
    found = [
        f"src/enplace/{name}:{line}"
        for path in sorted(SRC.rglob("*.py"))
        if (name := path.relative_to(SRC).as_posix()) not in MAY_TOUCH_ENVIRONMENT
        for line in environment_lines(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nkey = os.environ['KEY']",
        "import os as o\no.environ.setdefault('A', 'b')",
        "import os\nkey = os.getenv('KEY')",
        "from enum import Enum\nfrom os import environ as e",
    ],
)
def test_a_use_of_the_environment_is_found_on_its_line(source: str) -> None:
    assert environment_lines(source) == [2]


def test_the_word_in_a_text_is_no_use() -> None:
    assert environment_lines("'''reads os.environ'''  # os.getenv") == []


def test_the_core_installs_fifteen_packages_at_most() -> None:
    lock = (SRC.parents[1] / "requirements.lock").read_text(encoding="utf-8")
    names = {line.partition("==")[0] for line in lock.splitlines() if "==" in line}
    beside = {"flit-core", "xllamacpp"}  # the build backend, and the extra `local`
    assert beside < names
    assert len(names - beside) <= 15
