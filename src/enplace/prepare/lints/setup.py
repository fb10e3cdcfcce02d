"""Lints of what stands in the prefix: the system prompt and the tool definitions."""

from collections.abc import Iterator, Sequence

from enplace.prepare.lints.knowledge import knowledge_in
from enplace.prepare.lints.varying import varying_in
from enplace.records.canonical import Json
from enplace.records.lint import Lint
from enplace.records.tool import ToolSpec

MOST_EXCERPT = 120
"""Characters of an excerpt."""


def lint_setup(system: str, tools: Sequence[ToolSpec] = ()) -> tuple[Lint, ...]:
    """Lint what every request of a task begins with.

    Args:
        system: The system prompt.
        tools: As the model sees them; also the descriptions of their inputs are looked at.
    """
    found = list(_lint_text(system, "system prompt"))
    for tool in tools:
        described = "\n\n".join((tool.description, *_described(tool.schema)))
        found += _lint_text(described, f"tool {tool.name}")
    return tuple(found)


def clipped(text: str) -> str:
    """A text on one line, short enough for an excerpt."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_EXCERPT else f"{line[: MOST_EXCERPT - 1]}…"


def _lint_text(text: str, where: str) -> Iterator[Lint]:
    knowledge = knowledge_in(text)
    if knowledge.is_long:
        excerpt = clipped(f"{knowledge.characters} characters: {knowledge.begins}")
        yield Lint(code="static_text", where=where, excerpt=excerpt)
    varying = varying_in(text)
    if varying:
        yield Lint(code="varying_prefix", where=where, excerpt=clipped(varying))


def _described(schema: Json) -> Iterator[str]:
    """The descriptions inside a JSON Schema."""
    inner = list(schema.values()) if isinstance(schema, dict) else schema
    if isinstance(schema, dict) and isinstance(told := schema.get("description"), str):
        yield told
    if isinstance(inner, list):
        for each in inner:
            yield from _described(each)
