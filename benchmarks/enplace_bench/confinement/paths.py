"""Hostile paths on every file tool, and the same tools against a thread that swaps links in."""

import asyncio
import random
import string
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from enplace.errors import UsageError
from enplace.ports import Tool
from enplace.records.canonical import JsonObject
from enplace.records.tool import ToolCall
from enplace.tools.function import FunctionTool
from enplace.tools.scan import Asked, matches
from enplace.tools.walk import Walk
from enplace_bench.confinement.grounds import CHAIN, MARK, Grounds, Swapper

CALL_S = 30.0
"""A call that takes longer hangs."""
LOOK_EVERY = 200
"""Calls between two looks at what lies outside."""

_LIKE_DOTS = (
    *("\u2024\u2024", "\u2025", "\uff0e\uff0e", "\u3002\u3002", "..\u200b", "\u202e.."),
    *(".\u0307", "..\u00a0", "\u05bf.."),
)
_LIKE_SLASH = ("\u2215", "\u2044", "\uff0f", "\u29f8", "\\", "\u00a5", "\u2571")
_CODED = ("%2e%2e", "%2e.", "%252e%252e", "..%00", "%c0%ae%c0%ae", "\\x2e\\x2e", "&#46;&#46;")
_CODED_SLASH = ("%2f", "%252f", "%5c", "%c0%af", "\\u002f", "%ef%bc%8f")
_CONTROLS = ("\0", "\n", "\r", "\x1b[2J", "\x7f", "\u0085", "\ud800", "\t")
_ENDS = (".", " ", "..", ". .", "/", "//", "/.", "::$DATA", "~", "\u200b", ";", "#", "?x")


@dataclass(slots=True)
class Found:
    """What came of the calls."""

    paths: int = 0
    calls: int = 0
    answered: int = 0
    """Calls that did something, inside of the folders."""
    refusals: Counter[str] = field(default_factory=Counter[str])
    leaked: list[str] = field(default_factory=list[str])
    """Calls whose answer held the mark of the canary."""
    changed: list[str] = field(default_factory=list[str])
    """What lies outside and is not as it was."""
    failed: list[str] = field(default_factory=list[str])
    """Calls that failed in a way that no tool should, or hang."""


class Fuzz:
    """Calls tools with hostile input and looks at what comes of it."""

    def __init__(self, grounds: Grounds, tools: Sequence[Tool]) -> None:
        self._grounds = grounds
        self._tools = {tool.spec.name: tool for tool in tools}
        self._before = grounds.look()
        self.found = Found()

    async def try_path(self, path: str, *, searches: bool) -> None:
        """Give one path to every tool."""
        self.found.paths += 1
        await self.call("read_file", path=path)
        await self.call("list_files", path=path)
        await self.call("edit_file", path=path, old=f"{MARK} one", new="overwritten")
        await self.call("edit_file", path=path, old="two", new="overwritten two")
        await self.call("find_files", path=path, glob="*")
        await self.call("find_files", path=".", glob=path)
        await self.call("write_file", path=path, content="overwritten\n")
        await self.search(path)
        if searches:
            await self.call("search_files", path=path, pattern="C.NARY")
            await self.call("search_files", path=".", glob=path, pattern="C.NARY")

    async def search(self, path: str) -> None:
        """What search_files does in its own process, here."""
        asked = Asked(
            roots=tuple(map(str, self._grounds.roots)),
            pattern="C.NARY",
            path=path,
            glob="",
            ignores_case=False,
            most=100,
            time_s=CALL_S,
            allows_hard_links=False,
        )

        def run(path: str) -> str:
            return "\n".join(matches(asked, Walk(time.monotonic() + CALL_S), []))

        await self._try(f"search {path!r}", FunctionTool(run), {"path": path})

    async def call(self, tool: str, **given: Any) -> None:
        """Make one call."""
        await self._try(f"{tool} {given!r}"[:300], self._tools[tool], given)

    async def _try(self, what: str, tool: Tool, given: JsonObject) -> None:
        self.found.calls += 1
        call = ToolCall(id="c", tool=tool.spec.name, input=given, task_id="t", turn_id="u")
        try:
            outcome = await asyncio.wait_for(tool.run(call), CALL_S)
            told = outcome.text
            self.found.answered += not outcome.is_error
        except (UsageError, OSError, ValidationError) as error:
            told = str(error)
            if isinstance(error, TimeoutError):
                self.found.failed.append(f"{what}: hangs")
            self.found.refusals[type(error).__name__] += 1
        except Exception as error:  # noqa: BLE001  whatever it is, it is counted and told
            told = str(error)
            self.found.failed.append(f"{what}: {type(error).__name__}: {error}")
        if MARK in told:
            self.found.leaked.append(what)
        if self.found.calls % LOOK_EVERY == 0:
            self.look(what)

    def look(self, what: str) -> None:
        """See whether anything outside has changed."""
        now = self._grounds.look()
        for path in self._before.keys() | now.keys():
            if self._before.get(path) != now.get(path):
                self.found.changed.append(f"{path}, by {what} or shortly before")
        self._before = now


async def fuzz_paths(
    grounds: Grounds, tools: Sequence[Tool], *, count: int, seed: int, search_every: int = 20
) -> Found:
    """Try so many different hostile paths, while links are swapped.

    Args:
        grounds: Laid.
        tools: The file tools.
        count: Of paths.
        seed: Of the paths.
        search_every: Searches, each with a process of its own, see every so manieth path.
    """
    fuzz = Fuzz(grounds, tools)
    with Swapper(grounds):
        for i, path in enumerate(hostile_paths(grounds, count=count, seed=seed)):
            await fuzz.try_path(path, searches=i % search_every == 0)
    fuzz.look("the last call")
    return fuzz.found


async def race(grounds: Grounds, tools: Sequence[Tool], *, seconds: float) -> tuple[Found, int]:
    """Try what is being swapped, again and again; and how often a naive reader was led out."""
    fuzz = Fuzz(grounds, tools)
    naive = 0
    loop = asyncio.get_running_loop()
    with Swapper(grounds):
        until = loop.time() + seconds
        while loop.time() < until:
            for path in ("swap/secret.txt", "swap-file", "swap/deeper/secret.txt"):
                await fuzz.call("read_file", path=path)
                await fuzz.call("write_file", path=path, content="one\ntwo\n")
                await fuzz.call("edit_file", path=path, old="one", new="two one")
            await fuzz.call("list_files", path="swap")
            await fuzz.call("find_files", glob="secret*", path="swap")
            naive += sum(
                _naive_read(grounds.root, name) for name in ("swap/secret.txt", "swap-file") * 20
            )
        await fuzz.call("search_files", pattern="C.NARY", path=".")
    fuzz.look("the race")
    return fuzz.found, naive


def _naive_read(root: Path, name: str) -> bool:
    """Whether a reader that checks a path and then opens it shows what it must not."""
    path = root / name
    try:
        if not path.resolve().is_relative_to(root):
            return False
        return MARK in path.read_text()
    except OSError:
        return False


def hostile_paths(grounds: Grounds, *, count: int, seed: int) -> Iterator[str]:
    """Different paths, the same for the same seed: all well-known ones first, then mixtures."""
    luck = random.Random(seed)
    seen: set[str] = set()
    for path in _known(grounds):
        if path not in seen and len(seen) < count:
            seen.add(path)
            yield path
    pieces = sorted(seen)
    while len(seen) < count:
        path = _mixed(luck, pieces)
        if path not in seen:
            seen.add(path)
            yield path


def _known(grounds: Grounds) -> Iterator[str]:
    root, canary = str(grounds.root), str(grounds.canary)
    goals = ("canary/secret.txt", "canary/new.txt", "canary", "root-twin/secret.txt")
    for goal in goals:
        for way in ("..", "src/../..", "./..", "deep/er/../../..", "nowhere/../..", "../root/.."):
            yield f"{way}/{goal}"
        for dots in (*_LIKE_DOTS, *_CODED, "...", "....", ". .", "..;", ".."):
            yield f"{dots}/{goal}"
        for slash in (*_LIKE_SLASH, *_CODED_SLASH):
            yield f"..{slash}{goal.replace('/', slash)}"
        yield f"{'../' * 40}{grounds.base}/{goal}"
        yield f"{grounds.base}/{goal}"
        yield f"//{grounds.base}/{goal}"
        yield f"{root}/../{goal}"
        yield f"{root}//..//{goal}"
        yield f"file://{grounds.base}/{goal}"
    for link in ("dir-out", "abs-out", "up/canary", "in-and-out", "deep/out", "proc", "proc/self"):
        for name in ("", "/secret.txt", "/new.txt", "/deeper/secret.txt", f"/{canary}/secret.txt"):
            yield f"{link}{name}"
    yield from (
        "link-out",
        "dangling-out",
        "loop-a",
        "loop-a/x",
        "self",
        "etc/passwd",
        "up",
        "hard",
    )
    yield from (f"chain-{n}" for n in range(CHAIN + 1))
    yield from ("fifo", "sock", "device", "fifo/x", "notes.txt/x", ".", "./", "", " ", "link-in")
    yield from ("swap/secret.txt", "swap-file", "swap/deeper/secret.txt", "swap", "to-other")
    yield from (f"/proc/self/{way}{canary}/secret.txt" for way in ("root", "cwd", "task/1/root"))
    yield from (f"/proc/self/fd/{n}" for n in range(12))
    yield from (
        "/dev/stdin",
        "/dev/fd/0",
        "/dev/zero",
        "/etc/passwd",
        "/etc/shadow",
        "/",
        "//",
        "/..",
    )
    yield from (
        "~/.ssh/id_rsa",
        "~root/x",
        "$HOME/x",
        "${HOME}",
        "`pwd`",
        "$(pwd)",
        "../*",
        "*/../*",
    )
    yield from (
        "{..,.}/canary/secret.txt",
        "[.][.]/canary",
        "**/../canary/*",
        "C:\\x",
        "\\\\h\\s\\x",
    )
    yield from (root.upper(), f"{root.title()}/notes.txt", "SRC/../../canary", "Link-Out", "ROOT")
    yield from (f"notes.txt{control}/../../canary" for control in _CONTROLS)
    yield from (
        f"{name}{end}" for name in ("notes.txt", "..", "link-out", "dir-out") for end in _ENDS
    )
    yield from ("a" * 255, "a" * 256, "ä" * 200, "a/" * 2_000, "../" * 1_400, "x/" * 60 + "y")


def _mixed(luck: random.Random, pieces: Sequence[str]) -> str:
    """A path made of others, with some of its letters changed."""
    path = luck.choice(("/", "//", "/./", "", "/../")).join(luck.sample(pieces, luck.randint(1, 3)))
    for _ in range(luck.randint(0, 4)):
        at = luck.randint(0, len(path))
        change = luck.randrange(6)
        if change == 0:
            path = path[:at] + luck.choice((*_LIKE_DOTS, *_CODED, "..", "../")) + path[at:]
        elif change == 1:
            path = path.replace("/", luck.choice((*_LIKE_SLASH, *_CODED_SLASH, "//")), 1)
        elif change == 2:
            path = path[:at] + luck.choice((*_CONTROLS, *_ENDS)) + path[at:]
        elif change == 3:
            path = path[:at].swapcase() + path[at:]
        elif change == 4:
            path = path[:at] + luck.choice(string.printable) + path[at + 1 :]
        else:
            path = path[:at] + path[at:].lstrip("/")
    return path
