"""Finds files by name and lines by pattern in the allowed folders."""

import asyncio
import json
import stat
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from enplace.errors import BadInput
from enplace.ports import Tool
from enplace.records.block import TextBlock
from enplace.records.tool import ToolOutcome
from enplace.tools.function import FunctionTool
from enplace.tools.program import Limits, Ran, run_program
from enplace.tools.roots import Roots, shown
from enplace.tools.scan import Asked
from enplace.tools.walk import Glob, Walk

SEARCH_S = 8.0
"""Most time for one search."""
MOST_FOUND_FILES = 500
MOST_FOUND_LINES = 200
MOST_PATTERN_CHARACTERS = 2_000
_START_S = 2.0
"""What the process of a search may need beside its time."""
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from enplace.tools.scan import main;"
    " sys.exit(main(sys.argv[2]))"
)


def search_tools(roots: Roots) -> tuple[Tool, ...]:
    """The tools of one set of allowed folders."""

    async def find_files(glob: str, path: str = ".") -> ToolOutcome:
        """Find files by a pattern of their paths below a folder, such as `*.py` or `src/**/*.ts`.

        `*` and `?` stay within a name, `**` is any folders, `{a,b}` one of them. A pattern without
        a slash is about names in any folder.
        """
        return await asyncio.to_thread(_find, roots, glob, path)

    async def search_files(
        pattern: str, path: str = ".", glob: str = "", ignore_case: bool = False
    ) -> ToolOutcome:
        """Find lines that a regular expression (Python's) matches, in files below a folder.

        `glob` keeps to some files, as in find_files. Gives path, number and text of each line.
        """
        asked = Asked(
            roots=tuple(map(str, roots.folders)),
            pattern=pattern,
            path=path,
            glob=glob,
            ignores_case=ignore_case,
            most=MOST_FOUND_LINES,
            time_s=SEARCH_S,
            allows_hard_links=roots.allows_hard_links,
        )
        return await search(asked)

    return (
        FunctionTool(find_files, idempotent=True),
        FunctionTool(search_files, idempotent=True),
    )


def _find(roots: Roots, glob: str, path: str) -> ToolOutcome:
    wanted, walk = Glob(glob), Walk(time.monotonic() + SEARCH_S)
    found: list[str] = []
    for way, reached, what in walk.files(roots, path):
        if stat.S_ISREG(what.st_mode) and wanted.fits(way):
            found.append(shown(reached.path))
            if len(found) > MOST_FOUND_FILES:
                break
    notices = list(walk.notices)
    if len(found) > MOST_FOUND_FILES:
        notices.append(f"more than {MOST_FOUND_FILES} files; these are the first")
    return _told(found[:MOST_FOUND_FILES] or ["No file is meant by that."], notices)


async def search(asked: Asked) -> ToolOutcome:
    """Search in a process of its own: nothing else ends a pattern that would take for ever.

    Raises:
        BadInput: The pattern or the path cannot be used.
    """
    if not asked.pattern or len(asked.pattern) > MOST_PATTERN_CHARACTERS:
        raise BadInput(f"a pattern has 1 to {MOST_PATTERN_CHARACTERS} characters")
    home = str(Path(__file__).parents[2])  # where this package lies, installed or not
    ran = await run_program(
        [sys.executable, "-I", "-S", "-c", _BOOT, home, asked.as_json()],
        Limits(
            time_s=asked.time_s + _START_S,
            head_bytes=1_000_000,
            tail_bytes=0,
            printed_bytes=1_000_000,
        ),
        folder="/",
        environment={"LANG": "C.UTF-8"},
    )
    return _answer(asked, ran)


def _answer(asked: Asked, ran: Ran) -> ToolOutcome:
    lines: list[str] = []
    notices: list[str] = []
    is_whole = False
    for row in ran.head.splitlines():
        told = _object(row)
        if "error" in told:
            raise BadInput(str(told["error"]))
        lines += [told["line"]] if "line" in told else []
        notices += told.get("notices", ())
        is_whole = is_whole or "notices" in told
    if not is_whole:
        late = ran.ended == "time"
        why = f"it took longer than {asked.time_s:g} s" if late else "it needed too much memory"
        notices.append(f"the search was ended: {why}; a simpler pattern or a smaller folder helps")
    return _told(lines or ["No line matches."], notices, is_error=not is_whole)


def _object(row: bytes) -> dict[str, Any]:
    """A line that the process printed; nothing where it is not of its making."""
    try:
        return dict(json.loads(row))
    except ValueError:
        return {}


def _told(rows: Sequence[str], notices: Sequence[str], *, is_error: bool = False) -> ToolOutcome:
    text = "\n".join((*rows, *(f"[{notice}]" for notice in notices)))
    return ToolOutcome(blocks=(TextBlock(text=text),), is_error=is_error)
