"""The lines of reStructuredText and of tables of values, and where they may be cut."""

import re

from enplace.upload.markdown import BLOCK, BOUND, LINE, PART, Row, lines_of

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*")
MOST_HEAD_CHARACTERS = 200


def rst_rows(text: str) -> list[Row]:
    """The lines of reStructuredText: titles with lines of signs below or around them, paragraphs.

    How deep a title stands follows from its sign: the first to appear is the highest.
    """
    places = lines_of(text)
    lines = [line for _, _, line in places]
    levels: dict[str, int] = {}
    rows: list[Row] = []
    cut = BLOCK
    while (at := len(rows)) < len(lines):
        start, end, line = places[at]
        title = _title(lines, at)
        if title is not None:
            style, height, words = title
            level = levels.setdefault(style, len(levels) + 1)
            rows.append(Row(start, end, "heading", BLOCK, level, words))
            rows += [Row(*places[at + step][:2], "heading", BOUND) for step in range(1, height)]
            cut = LINE  # a title stays with what it is above
            continue
        blank = not line.strip()
        inside = line[:1].isspace()  # code, notes, items
        here = BOUND if blank else max(cut, PART) if inside else cut
        rows.append(Row(start, end, "blank" if blank else "text", here))
        if not blank:
            cut = LINE
        elif not at or rows[at - 1].kind != "heading":
            cut = BLOCK
    return rows


def _title(lines: list[str], at: int) -> tuple[str, int, str] | None:
    """How a title that begins here is adorned, how many lines it has, and what it says."""
    line, below = lines[at], lines[at + 1] if at + 1 < len(lines) else ""
    if _ADORNMENT.fullmatch(line):
        mark = lines[at + 2] if at + 2 < len(lines) else ""
        if below.strip() and mark.rstrip() == line.rstrip() and not _ADORNMENT.fullmatch(below):
            return f"{line[0]}{line[0]}", 3, below.strip()
        return None
    if not line.strip() or line[0].isspace() or not _ADORNMENT.fullmatch(below):
        return None
    return (below[0], 2, line.strip()) if len(below.rstrip()) >= len(line.rstrip()) else None


def table_rows(text: str) -> list[Row]:
    """The lines of a table of values: its first line, which names the columns, is above all."""
    rows: list[Row] = []
    for number, (start, end, line) in enumerate(lines_of(text)):
        if number == 0:
            title = " ".join(line.split())[:MOST_HEAD_CHARACTERS]
            rows.append(Row(start, end, "code", BLOCK, 1, title))
        else:
            rows.append(Row(start, end, "code", LINE))
    return rows
