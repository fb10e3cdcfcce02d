"""Walks through the files of a folder, and knows which ones a glob means."""

import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import TypeAlias

from enplace.errors import BadInput, OutsideRoots
from enplace.tools.roots import Reached, Roots, accept, open_below

MOST_DEPTH = 64
"""Folders inside each other that are walked through; each holds a descriptor open."""
MOST_ALTERNATIVES = 64
_MADE_BY_OTHERS = """
.git .hg .svn .jj node_modules __pycache__ .venv venv .tox .nox .mypy_cache .ruff_cache
.pytest_cache .hypothesis .gradle .terraform
"""
PASSED_OVER = frozenset(_MADE_BY_OTHERS.split())
"""Folders that are searched only when they are named."""

Seen: TypeAlias = tuple[str, Reached, os.stat_result]
"""A file: its way from where the walk began, where it stands, what it is."""


@dataclass(slots=True)
class Walk:
    """One walk, and what it did not see."""

    until: float
    """By `time.monotonic`."""
    passed: set[str] = field(default_factory=set[str])
    """Paths of folders that were passed over."""
    is_late: bool = False

    @property
    def notices(self) -> Sequence[str]:
        """What was not looked at, in words."""
        told: list[str] = []
        if self.passed:
            some = ", ".join(sorted(self.passed)[:5])
            more = f" and {len(self.passed) - 5} more" if len(self.passed) > 5 else ""
            told.append(f"not looked into: {some}{more}; name a folder to look into it")
        if self.is_late:
            told.append("the time was up before everything was looked at; name a smaller folder")
        return told

    def files(self, roots: Roots, path: str) -> Iterator[Seen]:
        """Every file below a folder, or the file itself: folder by folder, in order of names.

        Links are told and not followed. What is swapped or deleted meanwhile is left out.

        Raises:
            OutsideRoots: The path leads out.
            BadInput: It leads nowhere.
        """
        with roots.reach(path) as reached:
            found = reached.stat()
            if found is None:
                raise BadInput(f"{reached.path}: there is no such file or folder")
            if not stat.S_ISDIR(found.st_mode):
                yield reached.name, reached, found
                return
            folder = open_below(reached.folder, reached.name, path)
            try:
                yield from self._below(folder, "" if reached.path == "." else reached.path, ())
            finally:
                os.close(folder)

    def _below(self, folder: int, path: str, way: tuple[str, ...]) -> Iterator[Seen]:
        for name in self._names(folder, path):
            if time.monotonic() > self.until:
                self.is_late = True
                return
            reached = Reached(folder=folder, name=name, path=f"{path}/{name}" if path else name)
            found = reached.stat()
            if found is None:
                continue
            if not stat.S_ISDIR(found.st_mode):
                yield "/".join((*way, name)), reached, found
            elif name in PASSED_OVER or len(way) == MOST_DEPTH:
                self.passed.add(reached.path)
            else:
                try:
                    inner = open_below(folder, name, reached.path)
                except BadInput:  # may not be read, or is a link by now
                    self.passed.add(reached.path)
                    continue
                try:
                    yield from self._below(inner, reached.path, (*way, name))
                finally:
                    os.close(inner)

    def _names(self, folder: int, path: str) -> list[str]:
        try:
            return sorted(os.listdir(folder))
        except OSError:  # gone, or not to be read
            self.passed.add(path or ".")
            return []


class Glob:
    """A pattern of paths: `*` and `?` within a name, `**` any folders, `{a,b}` alternatives.

    Without a slash it is about names, in whatever folder. Letter case counts.

    Raises:
        BadInput: It is no usable pattern.
        OutsideRoots: It would leave the folder.
    """

    def __init__(self, pattern: str) -> None:
        accept(pattern)
        if pattern.startswith("/") or ".." in pattern.split("/"):
            raise OutsideRoots(f"a glob starts in a folder and stays in it: {pattern}")
        self._ways = [_parts(one) for one in _alternatives(pattern)]

    def fits(self, path: str) -> bool:
        """Whether a path, relative to the folder, is meant."""
        names = path.split("/")
        return any(_fits(way, names) for way in self._ways)


def _parts(pattern: str) -> list[str]:
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    if "/" not in pattern:
        return ["**", *parts]
    return [*parts, "**", "*"] if pattern.endswith("/") else parts


def _fits(parts: Sequence[str], names: Sequence[str]) -> bool:
    """In time of parts x names: no pattern can take longer."""
    can = [True] + [False] * len(names)
    for part in parts:
        if part == "**":
            for i in range(len(names)):
                can[i + 1] = can[i + 1] or can[i]
            continue
        name_fits = _of_name(part)
        can = [False] + [
            can[i] and name_fits.match(name) is not None for i, name in enumerate(names)
        ]
    return can[-1]


@lru_cache(maxsize=256)
def _of_name(part: str) -> re.Pattern[str]:
    return re.compile(translate(part))


def _alternatives(pattern: str) -> list[str]:
    """Every pattern that one with braces stands for."""
    made = [pattern]
    while True:
        opened = next((one for one in made if re.search(r"\{[^{}]*\}", one)), None)
        if opened is None:
            return made
        found = re.search(r"\{([^{}]*)\}", opened)
        assert found is not None  # it was found a moment ago
        head, tail = opened[: found.start()], opened[found.end() :]
        made.remove(opened)
        made += [head + each + tail for each in found[1].split(",")]
        if len(made) > MOST_ALTERNATIVES:
            raise BadInput(f"a glob stands for at most {MOST_ALTERNATIVES} patterns")
