"""Jupyter notebooks as Markdown: their cells in order, code in fences, what it printed below."""

import json
from collections.abc import Iterator
from typing import Any, cast

from enplace.errors import UnreadableFile

MOST_OUTPUT_CHARACTERS = 2_000
"""Of what a cell printed; the rest is left out, and a line says so."""


def notebook_text(text: str) -> str:
    """A notebook, nbformat 3 or 4, as Markdown.

    Raises:
        UnreadableFile: It is no notebook.
    """
    try:
        book: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"it is no notebook: {error}") from error
    cells = _cells(book)
    if cells is None:
        raise UnreadableFile("it is no notebook: it has no cells")
    language = _at(book, "metadata", "language_info", "name") or "python"
    parts = (part for cell in cells for part in _cell(cell, str(language)))
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def _cells(book: object) -> list[object] | None:
    found = _at(book, "cells")
    if isinstance(found, list):
        return cast(list[object], found)
    sheets = _at(book, "worksheets")
    if not isinstance(sheets, list):
        return None
    known = (_at(sheet, "cells") for sheet in cast(list[object], sheets))
    return [
        cell for cells in known if isinstance(cells, list) for cell in cast(list[object], cells)
    ]


def _cell(cell: object, language: str) -> Iterator[str]:
    kind, said = _at(cell, "cell_type"), _joined(_at(cell, "source") or _at(cell, "input"))
    if kind == "code":
        yield _fenced(said, language)
        yield from map(_printed, _outputs(cell))
    elif kind == "heading":
        yield f"{'#' * int(str(_at(cell, 'level') or 1))} {said}"
    else:
        yield said


def _outputs(cell: object) -> Iterator[str]:
    outputs = _at(cell, "outputs")
    for output in cast(list[object], outputs) if isinstance(outputs, list) else ():
        yield _joined(_at(output, "text") or _at(output, "data", "text/plain"))


def _printed(text: str) -> str:
    if not text.strip():
        return ""
    if len(text) > MOST_OUTPUT_CHARACTERS:
        text = f"{text[:MOST_OUTPUT_CHARACTERS]}\n[{len(text) - MOST_OUTPUT_CHARACTERS} more characters]"
    return _fenced(text, "text")


def _fenced(text: str, language: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _joined(value: object) -> str:
    lines = cast(list[object], value) if isinstance(value, list) else [value]
    return "".join(line for line in lines if isinstance(line, str))


def _at(value: object, *path: str) -> object:
    for name in path:
        if not isinstance(value, dict):
            return None
        value = cast(dict[str, object], value).get(name)
    return value
