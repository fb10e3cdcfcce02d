"""What `import enplace` gives, and what it costs."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import enplace

# Third-party packages that the library uses anywhere; importing its face loads none of them.
THIRD_PARTY = (
    "filelock",
    "httpcore",
    "httpx",
    "httpx_sse",
    "numpy",
    "pydantic",
    "quicktok",
    "stamina",
    "xllamacpp",
)
LOADED = f"""
import sys
before = set(sys.modules)
import enplace
enplace.__all__, enplace.errors.BadInput
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(sorted(loaded & {set(THIRD_PARTY)!r}))
print(sorted(name for name in loaded - set(sys.stdlib_module_names) if name != "enplace"))
"""


def run(code: str, folder: Path) -> str:
    """What a fresh interpreter prints, started in an empty folder that is its home too."""
    home = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_face_loads_no_third_party_code_and_makes_no_file(tmp_path: Path) -> None:
    assert run(LOADED, tmp_path).splitlines() == ["[]", "[]"]
    assert list(tmp_path.rglob("*")) == []


def test_opening_an_engine_makes_no_file(tmp_path: Path) -> None:
    run("import enplace; enplace.open().owner('ada')", tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_every_public_name_can_be_imported_and_stands_in_one_table() -> None:
    assert sorted(enplace.__all__) == list(enplace.__all__)
    for name in enplace.__all__:
        assert getattr(enplace, name) is not None
    assert set(enplace.__all__) == {*homes(), "errors"}


def test_a_name_is_the_very_thing_of_its_home() -> None:
    for name, home in homes().items():
        module = importlib.import_module(f"enplace.{home}")
        assert getattr(enplace, name) is getattr(module, name)


def test_type_checkers_see_the_names_that_are_there() -> None:
    tree = ast.parse(Path(enplace.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname
        for branch in tree.body
        if isinstance(branch, ast.If)
        for line in branch.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }
    assert typed == set(enplace.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Enginge'"):
        _ = getattr(enplace, "Enginge")  # noqa: B009  the type checker knows better


def homes() -> dict[str, str]:
    """The lookup table of the face, as written."""
    tree = ast.parse(Path(enplace.__file__).read_text(encoding="utf-8"))
    for line in tree.body:
        match line:
            case ast.Assign(targets=[ast.Name(id="_HOMES")], value=value):
                return ast.literal_eval(value)
            case _:
                pass
    raise AssertionError("the face has no table")
