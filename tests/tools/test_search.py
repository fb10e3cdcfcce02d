"""Finding files by name and lines by pattern, within limits."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.tools.workspace import Desk

from enplace.errors import BadInput, OutsideRoots
from enplace.tools.roots import Roots
from enplace.tools.scan import Asked, matches
from enplace.tools.search import search, search_tools
from enplace.tools.walk import Glob, Walk

pytestmark = pytest.mark.anyio


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in ("a.py", "src/b.py", "src/deep/c.ts", "src/deep/d.tsx", ".git/config", "x/b.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"first of {name}\nneedle {name}\n")
    (tmp_path / "secret.py").write_text("needle outside\n")
    (root / "out").symlink_to("..")
    (root / "link.py").symlink_to("a.py")
    return root


@pytest.fixture
def desk(root: Path) -> Desk:
    return Desk(search_tools(Roots([root])))


def asked(root: Path, pattern: str, path: str = ".", **more: object) -> Asked:
    plain = Asked(
        roots=(str(root),),
        pattern=pattern,
        path=path,
        glob="",
        ignores_case=False,
        most=100,
        time_s=8.0,
        allows_hard_links=False,
    )
    return replace(plain, **more)


def scanned(wanted: Asked) -> list[str]:
    """What the process of a search finds, without the process."""
    return list(matches(wanted, Walk(time.monotonic() + 5), []))


# Globs


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("*.py", "a.py", True),
        ("*.py", "src/b.py", True),
        ("*.py", "src/b.pyc", False),
        ("src/*.py", "src/b.py", True),
        ("src/*.py", "src/deep/b.py", False),
        ("src/**/*.py", "src/b.py", True),
        ("src/**/*.py", "src/x/y/b.py", True),
        ("**", "src/x/y/b.py", True),
        ("**/deep/**", "src/deep/c.ts", True),
        ("*.{ts,tsx}", "src/deep/d.tsx", True),
        ("{src,x}/b.{py,pyi}", "x/b.py", True),
        ("{src,x}/b.{py,pyi}", "y/b.py", False),
        ("src/", "src/deep/c.ts", True),
        ("./a.py", "a.py", True),
        ("A.py", "a.py", False),
        ("?.py", "ab.py", False),
        ("[ab].py", "a.py", True),
        ("[!ab].py", "a.py", False),
        ("{a,b", "{a,b", True),
        ("a\\*", "a\\b", True),
    ],
)
def test_a_glob_means_paths(glob: str, path: str, *, fits: bool) -> None:
    assert Glob(glob).fits(path) is fits


@pytest.mark.parametrize("glob", ["/etc/*", "../*", "a/../../*", "**/.."])
def test_a_glob_stays_in_its_folder(glob: str) -> None:
    with pytest.raises(OutsideRoots):
        Glob(glob)


@pytest.mark.parametrize("glob", ["", "a\0", "{a,b}" * 7])
def test_a_glob_that_cannot_be_used_is_refused(glob: str) -> None:
    with pytest.raises(BadInput):
        Glob(glob)


def test_no_glob_takes_long() -> None:
    began = time.process_time()
    assert not Glob("*a" * 100 + "b").fits("a" * 250)
    assert not Glob("**/*a*/" * 60 + "b").fits("/".join(["aaa"] * 120))
    assert time.process_time() - began < 2.0


# Files


async def test_files_are_found_by_name(desk: Desk, root: Path) -> None:
    found = await desk.text("find_files", glob="*.py")
    assert found == "a.py\nsrc/b.py\nx/b.py\n[not looked into: .git; name a folder to look into it]"
    assert await desk.text("find_files", glob="*.ts", path="src") == "src/deep/c.ts"
    assert await desk.text("find_files", glob="deep/*", path=f"{root}/src") == (
        "src/deep/c.ts\nsrc/deep/d.tsx"
    )
    assert await desk.text("find_files", glob="*", path=".git") == ".git/config"
    assert await desk.text("find_files", glob="*.rs", path="src") == "No file is meant by that."


async def test_nothing_outside_is_found(desk: Desk) -> None:
    for path in ("..", "out", "out/root"):
        for tool, given in (("find_files", {"glob": "*"}), ("search_files", {"pattern": "n"})):
            with pytest.raises((OutsideRoots, BadInput), match=r"leads out|not allowed"):
                await desk.call(tool, path=path, **given)
    assert "secret" not in await desk.text("find_files", glob="**")


async def test_many_files_are_told_in_part(desk: Desk, root: Path) -> None:
    for n in range(505):
        (root / "x" / f"f{n:03}").touch()
    lines = (await desk.text("find_files", glob="f*", path="x")).split("\n")
    assert (len(lines), lines[-1]) == (501, "[more than 500 files; these are the first]")


def test_a_walk_ends_in_time(root: Path) -> None:
    walk = Walk(time.monotonic() - 1)
    assert list(walk.files(Roots([root]), ".")) == []
    assert "time was up" in " ".join(walk.notices)


# Lines


async def test_lines_are_found_by_a_pattern(desk: Desk) -> None:
    assert await desk.text("search_files", pattern=r"needle \w+/", glob="*.py") == (
        "src/b.py:2: needle src/b.py\nx/b.py:2: needle x/b.py\n"
        "[not looked into: .git; name a folder to look into it]\n"
        "[1 links, hard links and special files were left out]"
    )
    assert await desk.text("search_files", pattern="NEEDLE", path="a.py", ignore_case=True) == (
        "a.py:2: needle a.py"
    )
    with pytest.raises(BadInput, match="unterminated"):
        await desk.call("search_files", pattern="(")


def test_only_texts_are_searched(root: Path, tmp_path: Path) -> None:
    (root / "bin").write_bytes(b"needle\0")
    os.link(tmp_path / "secret.py", root / "hard.py")
    os.mkfifo(root / "fifo")
    (root / "latin").write_bytes(b"caf\xe9 needle\n")
    found = scanned(asked(root, "needle"))
    assert [line.split(":")[0] for line in found] == [
        *("a.py", "latin", "src/b.py", "src/deep/c.ts", "src/deep/d.tsx", "x/b.py"),
    ]
    assert len(scanned(asked(root, "needle outside", allows_hard_links=True))) == 1


def test_a_long_line_is_shown_around_what_was_found(root: Path) -> None:
    (root / "wide").write_text(f"{'a' * 5_000}needle{'b' * 5_000}\n")
    (line,) = scanned(asked(root, "needle", "wide"))
    assert "needle" in line
    assert len(line) < 330
    assert (line.count("…"), line[:9]) == (2, "wide:1: …")


async def test_many_lines_are_told_in_part(root: Path) -> None:
    (root / "many").write_text("needle\n" * 50)
    outcome = await search(asked(root, "needle", "many", most=10))
    lines = outcome.text.split("\n")
    assert (len(lines), lines[-1]) == (11, "[more than 10 lines were found; these are the first]")


async def test_a_pattern_that_would_take_for_ever_is_ended(root: Path) -> None:
    (root / "evil").write_text(f"needle\n{'a' * 60}!\n")
    began = time.monotonic()
    outcome = await search(asked(root, r"needle|(a+)+$", "evil", time_s=0.3))
    assert time.monotonic() - began < 6.0
    assert outcome.is_error
    assert outcome.text.startswith("evil:1: needle\n"), "what was found before is told"
    assert "took longer than 0.3 s" in outcome.text
