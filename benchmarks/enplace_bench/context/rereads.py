"""Files that recorded agents read again, and whether a request already had what came back."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from enplace_bench.context.history import arguments_of
from enplace_bench.context.payload import Block
from enplace_bench.context.scoring import backed_refs
from enplace_bench.context.sessions import Recorded, RecordedCall, Session
from enplace_bench.context.shares import Share

_NUMBERED = re.compile(r"\s*(\d+)(?:→|\t|\||: ?)(.*)\Z", re.DOTALL)
_PI_REST = re.compile(r"\n+\[\d+ more lines in file\. Use offset=\d+ to continue\]\s*\Z")
_SED = re.compile(r"sed -n '?(\d+),(\d+)p'?")
_PLAIN_PATH = r"([\w@%+=:,./~-]+)"
_SHELL_READ = re.compile(
    rf"\s*(?:{_SED.pattern}\s+{_PLAIN_PATH}|cat\s+{_PLAIN_PATH}"
    rf"|nl -ba\s+{_PLAIN_PATH}(?:\s*\|\s*{_SED.pattern})?)\s*\Z"
)
EDITING = frozenset({"Edit", "MultiEdit", "Write", "edit", "write"})
_FILE = re.compile(r'<file\s+path="([^"]*)"([^>]*)>\n?(.*?)</file>', re.DOTALL)
_FROM_LINE = re.compile(r'(?:lines|from)="(\d+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a recorded tool gave of a file."""

    call: int
    """The assistant event that asked."""
    event: int
    """The result."""
    path: str
    """Absolute where the session's folder is known, without dots."""
    lines: Mapping[int, str]
    """By number, from 1 on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A read of a file that was read before, seen from what had come back by then."""

    read: Read
    seen: Mapping[str, frozenset[int]]
    """Lines of it that stood in an earlier read of the file, with the events that hold them."""
    changed: frozenset[int] = frozenset()
    """Earlier assistant events that called an editing tool with the file's path."""

    @property
    def seen_chars(self) -> int:
        """Of all its lines that were seen before."""
        return sum(len(line) for line in self.read.lines.values() if line in self.seen)


def reads_of(session: Session) -> Iterator[Read]:
    """Reads that brought lines: `Read` of Claude Code, `read` of pi, `sed -n`, `cat` and `nl`."""
    asked: dict[str, tuple[int, RecordedCall]] = {}
    for event in session.events:
        for call in event.calls:
            asked[call.id] = (event.index, call)
        if event.role == "tool" and event.call_id in asked and not event.is_error:
            index, call = asked[event.call_id]
            found = _read(call, event)
            if found and found[1]:
                path = posixpath.normpath(posixpath.join(session.cwd, found[0]))
                yield Read(call=index, event=event.index, path=path, lines=found[1])


def _read(call: RecordedCall, event: Recorded) -> tuple[str, dict[int, str]] | None:
    given = arguments_of(call.arguments)
    if call.tool == "Read":
        return str(given.get("file_path", "")), _numbered(event.text)
    if call.tool == "read":
        text = _PI_REST.sub("\n", event.text)
        return str(given.get("path", "")), _counted(text, _number(given.get("offset"), 1))
    if call.tool == "exec_command":
        return _shell(given, event.text)
    return None


def _shell(given: Mapping[str, Any], text: str) -> tuple[str, dict[int, str]] | None:
    match = _SHELL_READ.match(str(given.get("cmd", "")))
    head, found, output = text.partition("\nOutput:\n")
    if match is None or not found or output.startswith("Warning: truncated output"):
        return None
    if "exited with code 0" not in head:
        return None
    first, _, of_sed, of_cat, of_nl, *_ = match.groups()
    path = posixpath.join(str(given.get("workdir", "")), of_sed or of_cat or of_nl)
    if of_nl:
        return path, _numbered(output)
    return path, _counted(output, int(first or 1))


def _number(given: Any, otherwise: int) -> int:
    return given if isinstance(given, int) and given > 0 else otherwise


def _numbered(text: str) -> dict[int, str]:
    matches = [_NUMBERED.match(line) for line in text.split("\n")]
    return {int(match[1]): match[2].rstrip() for match in matches if match}


def _counted(text: str, first: int) -> dict[int, str]:
    lines = text.removesuffix("\n").split("\n")
    return {first + i: line.rstrip() for i, line in enumerate(lines)}


def rereads_of(session: Session) -> dict[int, list[Reread]]:
    """Reads of files read before, by the assistant event that asked for them."""
    held: dict[str, dict[str, set[int]]] = {}
    found: dict[int, list[Reread]] = {}
    edits = _edits_of(session)
    waiting: list[Read] = []
    for read in reads_of(session):
        while waiting and waiting[0].event < read.call:
            _hold(held, waiting.pop(0))
        waiting.append(read)
        before = held.get(read.path)
        if before is None:
            continue
        seen = {
            line: frozenset(before[line])
            for line in read.lines.values()
            if line.strip() and line in before
        }
        changed = frozenset(at for at, path in edits if path == read.path and at < read.call)
        reread = Reread(read=read, seen=seen, changed=changed)
        found.setdefault(read.call, []).append(reread)
    return found


def _edits_of(session: Session) -> list[tuple[int, str]]:
    return [
        (event.index, posixpath.normpath(posixpath.join(session.cwd, str(named))))
        for event in session.events
        for call in event.calls
        if call.tool in EDITING
        for given in [arguments_of(call.arguments)]
        for named in [given.get("file_path") or given.get("path")]
        if named
    ]


def _hold(held: dict[str, dict[str, set[int]]], read: Read) -> None:
    lines = held.setdefault(read.path, {})
    for line in read.lines.values():
        lines.setdefault(line, set()).add(read.event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a request had of a re-read, in characters of lines seen before."""

    current: Share
    """Stands in the request, as it came back."""
    reachable: Share
    """That, or in an event that a reference in the request makes recoverable."""
    in_file_state: Share
    """The request says what the file holds, and has the line."""
    stale: Share
    """The request claims another line to be the file's current one there, over all that came."""
    stale_lines: int
    stale_unchanged: int
    """Of these, those behind whose claim no edit of the file stands in the request."""


def answered(reread: Reread, blocks: Iterable[Block], cwd: str) -> Answered:
    """Look a re-read up in the request before it."""
    blocks = tuple(blocks)
    read = reread.read
    names = {read.path, posixpath.relpath(read.path, cwd) if cwd else read.path}
    events = frozenset[int]().union(*reread.seen.values())
    standing: set[str] = set()
    for block in blocks:
        if not events.isdisjoint(block.source) or any(name in block.text for name in names):
            standing |= reread.seen.keys() & lines_of(block.text)
    refs = backed_refs(blocks)
    reachable = {line for line, held in reread.seen.items() if not refs.isdisjoint(held)}
    total = reread.seen_chars
    shown = shown_of(blocks, read.path)
    stale = [
        (line, shown[number].place)
        for number, line in read.lines.items()
        if number in shown and line != shown[number].line
    ]
    behind = (i for i, b in enumerate(blocks) if not reread.changed.isdisjoint(b.source))
    edited = max(behind, default=-1)
    state = {one.line for one in shown.values()}
    return Answered(
        current=Share(_chars(read, standing), total),
        reachable=Share(_chars(read, standing | reachable), total),
        in_file_state=Share(_chars(read, reread.seen.keys() & state), total),
        stale=Share(sum(len(line) for line, _ in stale), sum(map(len, read.lines.values()))),
        stale_lines=len(stale),
        stale_unchanged=sum(edited <= place for _, place in stale),
    )


def unanswered(reread: Reread) -> Answered:
    """A call that was not sent had nothing."""
    total = Share(0, reread.seen_chars)
    return Answered(
        current=total,
        reachable=total,
        in_file_state=total,
        stale=Share(),
        stale_lines=0,
        stale_unchanged=0,
    )


def _chars(read: Read, lines: set[str]) -> int:
    return sum(len(line) for line in read.lines.values() if line in lines)


@lru_cache(maxsize=2_048)
def lines_of(text: str) -> frozenset[str]:
    r"""The lines of a text, with and without a number in front, and those inside JSON strings."""
    found: set[str] = set()
    if "\\n" in text:
        text += "\n" + text.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    for line in text.split("\n"):
        found.add(line.rstrip())
        match = _NUMBERED.match(line)
        if match:
            found.add(match[2].rstrip())
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Shown:
    """A line that a request claims to be current."""

    line: str
    place: int
    """Of its block."""


def shown_of(blocks: Iterable[Block], path: str) -> dict[int, Shown]:
    """The lines that a request claims to be current in a file: `<file path="...">` blocks.

    Where no line has a number in front, they count from `lines="<first>-..."` on, or from 1.
    """
    shown: dict[int, Shown] = {}
    for place, block in enumerate(blocks):
        if '<file path="' not in block.text:
            continue
        for match in _FILE.finditer(block.text):
            if _same(match[1], path):
                start = _FROM_LINE.search(match[2])
                lines = _numbered(match[3]) or _counted(match[3], int(start[1]) if start else 1)
                shown |= {number: Shown(line, place) for number, line in lines.items()}
    return shown


def _same(named: str, path: str) -> bool:
    named = posixpath.normpath(named)
    return named == path or path.endswith("/" + named.removeprefix("/"))
