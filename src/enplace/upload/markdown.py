"""The lines of a document, and where it may be cut: before which lines, and how gladly."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

BLOCK, ITEM, PART, LINE, BOUND = range(1, 6)
"""A line begins a block, an item of a list, a part of an item or of a quotation, or nothing; or it
is bound to the line before: inside code and tables. A document is cut before the first kind first.
"""

Kind = Literal["blank", "text", "heading", "code", "table", "list", "quote", "rule"]


class Row(NamedTuple):
    """A line of a document."""

    start: int
    """Where it begins in the document, in characters."""
    end: int
    """Where the next one begins."""
    kind: Kind
    """Of the block it belongs to."""
    cut: int
    level: int = 0
    """Of the heading that begins with it; 0 for other lines."""
    title: str = ""


class _Block(NamedTuple):
    kind: Kind
    cuts: list[int]
    """One for each of its lines."""
    level: int = 0
    title: str = ""


_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t](.*))?")
_CLOSING = re.compile(r"(?:^|\s)#+$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")
_DELIMITER = re.compile(r"\s*:?-+:?\s*")
_MARKER = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
_BREAKING_MARKER = re.compile(r" {0,3}(?:[-*+]|1[.)])[ \t]+\S")
"""Begins a list also in the middle of a paragraph; "2023. " does not."""
_QUOTED = re.compile(r" {0,3}(?:>[ \t]?)+")


def plain_rows(text: str) -> list[Row]:
    """The lines of plain text: an empty one ends a paragraph."""
    rows: list[Row] = []
    cut = BLOCK
    for start, end, line in lines_of(text):
        blank = not line.strip()
        kind, here = ("blank", BOUND) if blank else ("text", cut)
        rows.append(Row(start, end, kind, here))
        cut = BLOCK if blank else LINE
    return rows


def markdown_rows(text: str) -> list[Row]:
    """The lines of Markdown, as CommonMark has them, with tables and front matter."""
    places = lines_of(text)
    lines = [line for _, _, line in places]
    rows: list[Row] = []
    titled = False
    while len(rows) < len(lines):
        block = _block(lines, len(rows))
        first, *others = block.cuts
        if titled and first == BLOCK:
            first = LINE  # a heading stays with what it is above
        start, end, _ = places[len(rows)]
        rows.append(Row(start, end, block.kind, first, block.level, block.title))
        for cut in others:
            start, end, _ = places[len(rows)]
            rows.append(Row(start, end, block.kind, cut))
        titled = block.kind == "heading" or (titled and block.kind == "blank")
    return rows


def lines_of(text: str) -> list[tuple[int, int, str]]:
    """Every line without its end, where it begins and where the next one does."""
    found = (line for line in _LINE.finditer(text) if line.start() < len(text))
    return [(line.start(), line.end(), line[1]) for line in found]


def _block(lines: Sequence[str], at: int) -> _Block:
    line = lines[at]
    if not line.strip():
        return _Block("blank", [BOUND])
    if at == 0 and (end := _front_matter(lines)):
        return _bound("code", end)
    if end := _code_end(lines, at, line):
        return _bound("code", end - at)
    if heading := _ATX.fullmatch(line):
        title = _CLOSING.sub("", (heading[2] or "").strip()).strip()
        return _Block("heading", [BLOCK], len(heading[1]), title)
    if _RULE.fullmatch(line):
        return _Block("rule", [BLOCK])
    if end := _table_end(lines, at, line):
        return _bound("table", end - at)
    if _QUOTED.match(line):
        return _quotation(lines, at)
    if _MARKER.match(line):
        return _list(lines, at)
    return _indented(lines, at) if _indent(line) >= 4 else _paragraph(lines, at)


def _bound(kind: Kind, count: int) -> _Block:
    return _Block(kind, [BLOCK] + [BOUND] * (count - 1))


def _front_matter(lines: Sequence[str]) -> int | None:
    """Where it ends: a rule at the very top is none unless something follows at once."""
    mark = lines[0].rstrip()
    if mark not in ("---", "+++") or len(lines) < 2 or not lines[1].strip():
        return None
    ends = {mark, "..."}
    return next((at + 1 for at in range(1, len(lines)) if lines[at].rstrip() in ends), None)


def _whole_end(lines: Sequence[str], at: int, first: str | None = None) -> int | None:
    """Where fenced code or a table ends that begins here; with `first` instead of the first line."""
    line = lines[at] if first is None else first
    return _code_end(lines, at, line) or _table_end(lines, at, line)


def _code_end(lines: Sequence[str], at: int, first: str) -> int | None:
    """With as long a fence as the first, or with the document."""
    opening = _FENCE.fullmatch(first)
    if opening is None or (opening[1][0] == "`" and "`" in opening[2]):
        return None
    fence = opening[1]
    for end in range(at + 1, len(lines)):
        mark = lines[end].strip()
        if mark.startswith(fence) and not mark.strip(fence[0]):
            return end + 1
    return len(lines)


def _table_end(lines: Sequence[str], at: int, first: str) -> int | None:
    if "|" not in first or at + 1 >= len(lines) or "|" not in lines[at + 1]:
        return None
    delimiters = lines[at + 1].strip().strip("|").split("|")
    if not all(_DELIMITER.fullmatch(cell) for cell in delimiters):
        return None
    return next((end for end in range(at + 2, len(lines)) if "|" not in lines[end]), len(lines))


def _quotation(lines: Sequence[str], at: int) -> _Block:
    end = at
    while end < len(lines) and _QUOTED.match(lines[end]):
        end += 1
    said = [_QUOTED.sub("", line, count=1) for line in lines[at:end]]
    cuts: list[int] = []
    cut = BLOCK
    while len(cuts) < len(said):
        if not said[len(cuts)].strip():
            cuts.append(BOUND if cuts else BLOCK)
            cut = PART
            continue
        whole = _whole_end(said, len(cuts)) or len(cuts) + 1
        cuts += [cut] + [BOUND] * (whole - len(cuts) - 1)
        cut = LINE
    return _Block("quote", cuts)


def _list(lines: Sequence[str], at: int) -> _Block:
    """All items with what is indented below them, also after empty lines."""
    base = _indent(lines[at])
    cuts: list[int] = []
    after_blank = False
    while (here := at + len(cuts)) < len(lines):
        line = lines[here]
        if not line.strip():
            cuts.append(BOUND)
            after_blank = True
            continue
        inside = _indent(line) > base
        item = bool(_MARKER.match(line)) and not _RULE.fullmatch(line)
        if not (item or inside) and (after_blank or _breaks(lines, here)):
            break
        cut = PART if item or after_blank else LINE
        if item and not inside:
            cut = ITEM if cuts else BLOCK
        bare = _MARKER.sub("", line, count=1) if item else line
        cuts += [cut] + [BOUND] * ((_whole_end(lines, here, bare) or here + 1) - here - 1)
        after_blank = False
    return _Block("list", cuts)


def _breaks(lines: Sequence[str], at: int) -> bool:
    """Whether a line that could go on with a paragraph begins something else."""
    line = lines[at]
    return bool(
        not line.strip()
        or _ATX.fullmatch(line)
        or _RULE.fullmatch(line)
        or _QUOTED.match(line)
        or _BREAKING_MARKER.match(line)
        or _whole_end(lines, at)
    )


def _indented(lines: Sequence[str], at: int) -> _Block:
    end = at
    while end < len(lines) and lines[end].strip() and _indent(lines[end]) >= 4:
        end += 1
    return _Block("code", [BLOCK] + [LINE] * (end - at - 1))


def _paragraph(lines: Sequence[str], at: int) -> _Block:
    """A paragraph, or a heading where it is underlined."""
    end = at + 1
    while end < len(lines):
        if underline := _UNDERLINE.fullmatch(lines[end]):
            title = " ".join(line.strip() for line in lines[at:end])
            cuts = [BLOCK] + [BOUND] * (end - at)
            return _Block("heading", cuts, 1 if underline[1][0] == "=" else 2, title)
        if _breaks(lines, end):
            break
        end += 1
    return _Block("text", [BLOCK] + [LINE] * (end - at - 1))


def _indent(line: str) -> int:
    line = line.expandtabs(4)
    return len(line) - len(line.lstrip())
