"""The lines of source code, and where they may be cut: between what it defines first."""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from enplace.upload.markdown import BLOCK, BOUND, ITEM, LINE, PART, Row, lines_of

WHOLE_CHARACTERS = 1_200
"""A class no longer than this is one section; of a longer one each method is."""
MOST_PARSED_CHARACTERS = 2_000_000
"""Longer Python is read as any other language is."""

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class _Section(NamedTuple):
    """Where a section begins, and its name; an empty one for what belongs to no definition."""

    line: int
    name: str


def python_rows(text: str) -> list[Row]:
    """The lines of Python: a section for each function, class and method, by its qualified name.

    What cannot be parsed, such as Python 2, is read as any other language is.
    """
    tree = _parsed(text)
    if tree is None:
        return code_rows(text)
    places = lines_of(text)
    lines = [line for _, _, line in places]
    begins = {each.line: each.name for each in _sections(tree.body, lines, 1, len(lines) + 1, "")}
    cuts = _statements(tree)
    rows: list[Row] = []
    for number, (start, end, line) in enumerate(places, start=1):
        blank = not line.strip()
        cut = BOUND if blank else cuts.get(number, BOUND)
        if cut == BOUND and line.lstrip().startswith("#"):
            cut = LINE
        level, title = (1, begins[number]) if number in begins else (0, "")
        kind = "blank" if blank and not level else "code"
        rows.append(Row(start, end, kind, BLOCK if level else cut, level, title))
    return rows


def _parsed(text: str) -> ast.Module | None:
    if len(text) > MOST_PARSED_CHARACTERS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its escapes, which are not ours
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _sections(
    body: Sequence[ast.stmt], lines: Sequence[str], first: int, end: int, owner: str
) -> Iterator[_Section]:
    """The sections of a module or a class whose lines are [first, end)."""
    free = first
    """The first line that belongs to nothing so far."""
    for node in body:
        if not isinstance(node, _Definition):
            continue
        begin = _with_comments(node, lines, free)
        stop = (node.end_lineno or node.lineno) + 1
        if free < begin and any(line.strip() for line in lines[free - 1 : begin - 1]):
            yield _Section(free, owner)
        name = f"{owner}.{node.name}" if owner else node.name
        if isinstance(node, ast.ClassDef) and _size(lines, begin, stop) > WHOLE_CHARACTERS:
            yield from _sections(node.body, lines, begin, stop, name)
        else:
            yield _Section(begin, name)
        free = stop
    if free < end:
        yield _Section(free, owner)


def _with_comments(node: _Definition, lines: Sequence[str], free: int) -> int:
    """The line where a definition begins with its decorators and what is said just above it."""
    begin = min((each.lineno for each in node.decorator_list), default=node.lineno)
    while begin > free and lines[begin - 2].lstrip().startswith("#"):
        begin -= 1
    return begin


def _size(lines: Sequence[str], begin: int, stop: int) -> int:
    return sum(len(line) + 1 for line in lines[begin - 1 : stop - 1])


def _statements(tree: ast.Module) -> dict[int, int]:
    """The lines on which a statement begins, with how gladly one cuts before it."""
    cuts: dict[int, int] = {}
    waiting: list[tuple[ast.AST, int]] = [(tree, -1)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, ast.stmt):
            line = min((n.lineno for n in getattr(node, "decorator_list", ())), default=node.lineno)
            cut = (ITEM, ITEM, PART)[depth] if depth < 3 else LINE
            cuts[line] = min(cut, cuts.get(line, BOUND))
        if not isinstance(node, ast.expr):
            inner = depth + isinstance(node, ast.stmt | ast.Module)
            waiting += [(child, inner) for child in ast.iter_child_nodes(node)]
    return cuts


# Other languages: by what stands at the beginning of a line, by empty lines and by indents.

_NAMED = re.compile(
    r"""\s*(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub
    (?:\([^)]*\))?|unsafe|extern|inline|virtual|override|sealed|partial|open|data|const|local
    |create(?:\ or\ replace)?)\s+)*
    (?:function|class|interface|struct|enum|trait|impl(?:<[^>]*>)?|fn|func|def|defmodule|defp?|type
    |module|namespace|sub|proc|procedure|object|record|protocol|extension|package|table|view
    |message|service|resource|contract|macro_rules!)(?=[\s(*])
    \s*(?:\([^)]*\)\s*)?\*?(?P<name>[\w$.:<>~-]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_CALLED = re.compile(r"[\w][\w\s*&:<>,~\[\]]*?[\s*&](?P<name>[\w:~]+)\s*\([^;]*$")
"""A function of C and its kin: a type, a name and an open bracket, and no semicolon."""
_COMMENT = re.compile(r"\s*(?://|/\*|\*|#(?!include|define|if|endif|pragma|else)|--|;|%|<!--|@\w)")
_NESTED_COLUMNS = 8
"""Definitions that stand further right are parts of others."""


def code_rows(text: str) -> list[Row]:
    """The lines of source code in any language: a section for each definition that is recognised."""
    places = lines_of(text)
    lines = [line for _, _, line in places]
    begins = _definitions(lines)
    rows: list[Row] = []
    after_blank, is_defining = True, False
    for number, (start, end, line) in enumerate(places):
        if not line.strip():
            rows.append(Row(start, end, "blank", BOUND))
            after_blank = True
            continue
        outside = not line[0].isspace() and line[0] not in "{}])"
        ended = is_defining and after_blank and outside
        level, title = begins.get(number, (1 if ended else 0, ""))
        is_defining = number in begins or (is_defining and not ended)
        cut = (BLOCK if outside else ITEM) if after_blank else PART if outside else LINE
        rows.append(Row(start, end, "code", BLOCK if level else cut, level, title))
        after_blank = False
    return rows


def _definitions(lines: Sequence[str]) -> dict[int, tuple[int, str]]:
    """Where definitions begin, the comments above them included; how deep they stand, their names."""
    found: dict[int, tuple[int, str]] = {}
    for number, line in enumerate(lines):
        indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
        if indent >= _NESTED_COLUMNS or _COMMENT.match(line):
            continue
        named = _NAMED.match(line) or (_CALLED.match(line) if indent == 0 else None)
        if named is None or line.rstrip().endswith(";"):
            continue
        begin = number
        while begin and begin - 1 not in found and _COMMENT.match(lines[begin - 1]):
            begin -= 1
        found[begin] = (1 + indent, named["name"].rstrip(":"))
    return found
