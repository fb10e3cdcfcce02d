"""Searches files for a pattern, in a process of its own that can be ended at any moment.

`tools/search.py` starts it with a request, and reads what it prints: a line of JSON for each line
found, and one for the end.
"""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass

from enplace.errors import UsageError
from enplace.records.canonical import JsonObject
from enplace.tools.roots import Roots, open_file, shown
from enplace.tools.walk import Glob, Walk

MOST_SEARCHED_BYTES = 5_000_000
"""Of a file; larger ones are left out and told."""
MOST_LINE_CHARACTERS = 300
MOST_MEMORY_BYTES = 1_500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to search for, and where."""

    roots: tuple[str, ...]
    pattern: str
    path: str
    glob: str
    ignores_case: bool
    most: int
    time_s: float
    allows_hard_links: bool

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def main(request: str) -> int:
    """Search, and print."""
    asked = Asked(**json.loads(request))
    import resource  # not on every system that imports this module

    with suppress(OSError, ValueError):  # not every system can limit it
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
        seconds = round(asked.time_s) + 10  # for the case that nobody is left who would end it
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    found = 0
    left_out: list[str] = []
    try:
        walk = Walk(time.monotonic() + asked.time_s)
        for line in matches(asked, walk, left_out):
            if found == asked.most:
                left_out.append(f"more than {asked.most} lines were found; these are the first")
                break
            found += 1
            _tell({"line": line})
    except (UsageError, re.error, RecursionError, OverflowError) as error:
        _tell({"error": f"{type(error).__name__}: {error}"})
        return 1
    _tell({"notices": [*walk.notices, *left_out]})
    return 0


def _tell(row: JsonObject) -> None:
    sys.stdout.write(f"{json.dumps(row)}\n")
    sys.stdout.flush()


def matches(asked: Asked, walk: Walk, left_out: list[str]) -> Iterator[str]:
    """The lines that are found, as they are shown.

    Args:
        asked: What, and where.
        walk: Says afterwards what it did not see.
        left_out: Gets what else was not searched, in words.

    Raises:
        UsageError: The path or the glob cannot be used.
        re.error: The pattern cannot be used.
    """
    pattern = re.compile(asked.pattern, re.IGNORECASE if asked.ignores_case else 0)
    roots = Roots(asked.roots, allows_hard_links=asked.allows_hard_links)
    glob = Glob(asked.glob) if asked.glob else None
    skipped = 0
    for way, reached, _ in walk.files(roots, asked.path):
        if glob is not None and not glob.fits(way):
            continue
        try:
            file, _ = open_file(reached, allows_hard_links=roots.allows_hard_links)
        except UsageError:  # a link, a pipe, a device; a second name
            skipped += 1
            continue
        with os.fdopen(file, "rb") as stream:
            data = stream.read(MOST_SEARCHED_BYTES + 1)
        if len(data) > MOST_SEARCHED_BYTES:
            left_out.append(f"{shown(reached.path)} is too large to be searched")
        elif b"\0" not in data[:8_192]:
            yield from _lines(shown(reached.path), data.decode("utf-8", "replace"), pattern)
    if skipped:
        left_out.append(f"{skipped} links, hard links and special files were left out")


def _lines(path: str, text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        found = pattern.search(line)
        if found is None:
            continue
        begin = max(0, found.start() - MOST_LINE_CHARACTERS // 2)
        part = line[begin : begin + MOST_LINE_CHARACTERS].strip()
        cut = "…" if begin else "", "…" if begin + MOST_LINE_CHARACTERS < len(line) else ""
        yield f"{path}:{number}: {cut[0]}{part}{cut[1]}"
