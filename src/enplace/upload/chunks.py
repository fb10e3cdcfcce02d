"""How a document breaks into pieces that can be found and shown on their own."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from enplace.errors import UsageError
from enplace.records.memory import Media
from enplace.upload.code import code_rows, python_rows
from enplace.upload.markdown import (
    BLOCK,
    BOUND,
    ITEM,
    LINE,
    PART,
    Row,
    markdown_rows,
    plain_rows,
)
from enplace.upload.rst import rst_rows, table_rows

ROWS: Mapping[Media, Callable[[str], Sequence[Row]]] = {
    "text/plain": plain_rows,
    "text/markdown": markdown_rows,
    "text/x-rst": rst_rows,
    "text/csv": table_rows,
    "text/x-python": python_rows,
    "text/x-code": code_rows,
}
"""The lines of a text, by how it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a document."""

    text: str
    """As it stands in the document."""
    start: int
    """Where it begins in the document, in characters."""
    end: int
    """Where it ends; this character belongs to it no longer."""
    heading: tuple[str, ...]
    """Headings above it, the outermost first, its own the last."""


def split(text: str, media: Media, *, most_characters: int = 1_200) -> tuple[Piece, ...]:
    """Break a document into pieces, in its order, without a rest and without overlap.

    A piece belongs to one section. Blocks stay whole where they fit: code, tables, lists and
    paragraphs. A list that does not fit is cut between its items, a paragraph between its
    sentences, code between its lines; what is still too long between words, at last anywhere.

    Args:
        text: The document.
        media: How it is written: where its sections begin, and what belongs together.
        most_characters: Of a piece, >= 1.

    Raises:
        UsageError: `most_characters` < 1.
    """
    if most_characters < 1:
        raise UsageError("most_characters must be positive", most_characters=most_characters)
    rows = ROWS[media](text)
    return tuple(
        Piece(text=text[start:end], start=start, end=end, heading=heading)
        for heading, section in _sections(rows)
        for start, end in _Section(text, section, most_characters).pieces()
    )


def _sections(rows: Sequence[Row]) -> Iterator[tuple[tuple[str, ...], list[Row]]]:
    """The rows below each heading, with it; headings that follow each other go together."""
    path: list[tuple[int, str]] = []
    section: list[Row] = []
    for row in rows:
        if row.level:
            if any(above.kind not in ("heading", "blank") for above in section):
                yield tuple(title for _, title in path if title), section
                section = []
            path = [above for above in path if above[0] < row.level]
            path.append((row.level, row.title))
        section.append(row)
    if section:
        yield tuple(title for _, title in path if title), section


_Stretch = tuple[int, int]
_Cutter = Callable[["_Section", int, int], Iterable[int]]
"""Where a stretch may be cut, in order."""


class _Section:
    """The lines below a heading, to be broken into pieces that fit."""

    def __init__(self, text: str, rows: Sequence[Row], most: int) -> None:
        self.text = text
        self.rows = rows
        self.starts = [row.start for row in rows]
        self.most = most

    def pieces(self) -> list[_Stretch]:
        return self._fitted(self.rows[0].start, self.rows[-1].end, _COARSE)

    def _fitted(self, start: int, end: int, cutters: Sequence[_Cutter]) -> list[_Stretch]:
        """Cut as gladly as possible, and put together again what fits together."""
        start, end = _trimmed(self.text, start, end)
        if end - start <= self.most:
            return [(start, end)] if start < end else []
        cut, *others = cutters or self._fine(start, end)
        places = [start, *(place for place in cut(self, start, end) if start < place < end), end]
        return self._packed(
            stretch
            for here, there in pairwise(places)
            for stretch in self._fitted(here, there, others)
        )

    def _packed(self, stretches: Iterable[_Stretch]) -> list[_Stretch]:
        packed: list[_Stretch] = []
        for start, end in stretches:
            if packed and end - packed[-1][0] <= self.most:
                packed[-1] = (packed[-1][0], end)
            else:
                packed.append((start, end))
        return packed

    def _fine(self, start: int, end: int) -> Sequence[_Cutter]:
        """Sentences are looked for where lines mean nothing."""
        prose = all(row.kind in ("text", "heading", "blank") for row in self.rows_in(start, end))
        return _FINE_PROSE if prose else _FINE

    def rows_in(self, start: int, end: int) -> Sequence[Row]:
        """The rows of a stretch, also the one in the midst of which it begins."""
        first = bisect_right(self.starts, start) - 1
        return self.rows[first : bisect_left(self.starts, end)]


# Not after an initial or what is commonly shortened; in Chinese and Japanese no space follows.
_SENTENCE = re.compile(
    r"(?<=[.!?\u2026])(?<!\b[A-Z]\.)(?<!\b[DM]r\.)(?<!\bMrs\.)(?<!\be\.g\.)(?<!\bi\.e\.)"
    r"[\"')\]\u201d\u2019]*\s+(?=[^a-z\s])|(?<=[\u3002\uff01\uff1f])[\u201d\u300d\u300f]*\s*"
)
_SPACE = re.compile(r"\s+")


def _before_rows(gladness: int) -> _Cutter:
    def cut(section: _Section, start: int, end: int) -> Iterable[int]:
        return (row.start for row in section.rows_in(start, end) if row.cut <= gladness)

    return cut


def _after(pattern: re.Pattern[str]) -> _Cutter:
    def cut(section: _Section, start: int, end: int) -> Iterable[int]:
        return (found.end() for found in pattern.finditer(section.text, start, end))

    return cut


def _anywhere(section: _Section, start: int, end: int) -> Iterable[int]:
    return range(start + section.most, end, section.most)


_COARSE = [_before_rows(BLOCK), _before_rows(ITEM), _before_rows(PART)]
_FINEST = [_after(_SPACE), _anywhere]
_FINE_PROSE = [_after(_SENTENCE), _before_rows(BOUND), *_FINEST]
_FINE = [_before_rows(LINE), _before_rows(BOUND), _after(_SENTENCE), *_FINEST]


def _trimmed(text: str, start: int, end: int) -> _Stretch:
    """Without empty lines at the beginning and spaces at the end; an indent stays."""
    found = _EMPTY_LINES.match(text, start, end)
    start = found.end() if found else start
    return start, start + len(text[start:end].rstrip())


_EMPTY_LINES = re.compile(r"(?:[^\S\r\n]*[\r\n]+)+")
