"""Files that become documents, and what became of each."""

from dataclasses import dataclass
from typing import Literal

from enplace.records.memory import Document, Media


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that may become a document."""

    name: str
    """Of its document: the path from the folder's name on, with slashes. Citations show it."""
    path: str
    """Absolute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What lies in a place."""

    root: str
    """The folder's absolute path, or the file's."""
    files: tuple[SourceFile, ...] = ()
    """In order of their names."""
    passed_over: tuple[tuple[str, str], ...] = ()
    """Names of what is not read, each with why: links, folders that may not be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The text of a file."""

    text: str
    """With plain line ends: a line feed each."""
    media: Media
    fingerprint: str
    """Of the bytes that were read, as `Library.fingerprint` gives it."""
    remark: str = ""
    """What a person should know of it: `read as Latin-1, because it is not UTF-8`."""


FileOutcome = Literal["added", "superseded", "unchanged", "removed", "failed", "passed over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTold:
    """What became of one file."""

    name: str
    outcome: FileOutcome
    done: int
    """Files that were looked at so far, this one with them."""
    of: int
    """Files that there are to look at."""
    chunks: int = 0
    """Pieces that were written."""
    reason: str = ""
    """Why it failed or was passed over; what to know of how it was read."""
    document: str = ""
    """Id of the document, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingTold:
    """How far the vectors of what was written are."""

    done: int
    of: int
    """Items that had no vector when the first was told."""
    trouble: str = ""
    """Why no more are made; they are tried again with the next write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What a citation stands for: whole lines of a document."""

    document: str
    """Id of the document."""
    name: str
    first_line: int
    """From 1."""
    last_line: int
    """Belongs to it."""
    text: str
    """These lines, without the last one's end."""
    is_current: bool = True
    """Whether the document is the one that its name stands for now."""

    @property
    def citation(self) -> str:
        """`guide/setup.md:12-30`."""
        return cite(self.name, self.first_line, self.last_line)


def cite(name: str, first_line: int, last_line: int) -> str:
    """How lines of a document are named: `guide/setup.md:12-30`."""
    return f"{name}:{first_line}-{last_line}"


def quoted(text: str) -> str:
    """A document's words as what somebody else says: a mark before each line, none of them empty."""
    return "\n".join(f"  > {line.rstrip()}" for line in text.splitlines() if line.strip())


def lines_between(text: str, start: int, end: int) -> tuple[int, int]:
    """The lines that characters [start, end) of a text stand in: the first and the last, from 1."""
    first = _ends(text, start) + 1
    inside = text[start:end]
    tail = inside[:-1] if inside.endswith(("\n", "\r")) else inside
    return first, first + _ends(tail, len(tail))


def passage_of(document: Document, first_line: int, last_line: int) -> Passage | None:
    """Lines of a document; None where it has no such lines."""
    starts = [0]
    text, at = document.text, 0
    while (at := _next_line(text, at)) < len(text):
        starts.append(at)
    if not 1 <= first_line <= last_line <= len(starts):
        return None
    end = starts[last_line] if last_line < len(starts) else len(text)
    return Passage(
        document=document.id,
        name=document.name,
        first_line=first_line,
        last_line=last_line,
        text=text[starts[first_line - 1] : end].rstrip("\r\n"),
        is_current=document.state == "active",
    )


def _ends(text: str, end: int) -> int:
    """How many lines end within the first characters of a text."""
    pairs = text.count("\r\n", 0, end)
    return text.count("\n", 0, end) + text.count("\r", 0, end) - pairs


def _next_line(text: str, at: int) -> int:
    """Where the next line begins; the length of the text after the last one."""
    feed = text.find("\n", at)
    back = text.find("\r", at, feed if feed >= 0 else len(text))
    if back < 0:
        return feed + 1 if feed >= 0 else len(text)
    return back + 2 if text.startswith("\n", back + 1) else back + 1
