"""The engine's own tools for a task's log: what went out of view is read again, and searched."""

import re
from collections.abc import Iterator, Sequence

from enplace.ports import LogStore, Tool
from enplace.records.block import TextBlock
from enplace.records.canonical import JsonObject
from enplace.records.event import AssistantSpoke, Event, ToolFinished, UserSpoke
from enplace.records.task import child_task_id
from enplace.records.tool import ToolCall, ToolOutcome, ToolSpec

_REFERENCE = re.compile(r"\[?(?:([^\s\[\]]+)/)?e?(\d+)(?:-e?(\d+))?\]?")
LOG_TOOLS = ("reopen", "search_log", "compact")
MOST_FOUND = 20
"""Most lines that one search of a log gives."""


def log_tools(log: LogStore) -> Sequence[Tool]:
    """Reopen, search_log and compact, on one owner's logs."""
    return (Reopen(log), SearchLog(log), Compact())


class Reopen:
    """Reads events of the task word for word."""

    spec = ToolSpec(
        name="reopen",
        description="Read again what is no longer shown: give a reference such as e12 or e40-e52 as"
        " it stands in the text, or coder-12.1/e3-e20 for the work of a sub-agent. `lines` such as"
        " 100-180 reads only these lines of it.",
        schema={
            "type": "object",
            "properties": {"ref": {"type": "string"}, "lines": {"type": "string"}},
            "required": ["ref"],
            "additionalProperties": False,
        },
        idempotent=True,
    )

    def __init__(self, log: LogStore) -> None:
        self._log = log

    async def run(self, call: ToolCall) -> ToolOutcome:
        """See `ports.Tool`."""
        found = _REFERENCE.fullmatch(str(call.input.get("ref", "")).strip())
        if found is None:
            return _failed("ref is a reference such as e12 or e40-e52")
        child, first, last = found[1], int(found[2]), int(found[3] or found[2])
        task_id = child_task_id(call.task_id, child) if child else call.task_id
        events = await self._log.read(task_id, first - 1)
        told = [text for event in events if _at(event) <= last for text in _told(event)]
        if not told:
            return _failed(f"nothing was said between e{first} and e{last} in this task")
        text = told[0][1] if len(told) == 1 else "\n\n".join(f"[e{n}] {text}" for n, text in told)
        return _shown(text, call.input)


class SearchLog:
    """Finds words in everything the task holds, shown or not."""

    spec = ToolSpec(
        name="search_log",
        description="Search everything said and done in this task, also what is no longer shown."
        " Gives the lines that hold all words, with their references for `reopen`.",
        schema={
            "type": "object",
            "properties": {"query": {"type": "string"}},
            "required": ["query"],
            "additionalProperties": False,
        },
        idempotent=True,
    )

    def __init__(self, log: LogStore) -> None:
        self._log = log

    async def run(self, call: ToolCall) -> ToolOutcome:
        """See `ports.Tool`."""
        words = str(call.input.get("query", "")).casefold().split()
        if not words:
            return _failed("query is empty")
        found = list(_lines(await self._log.read(call.task_id), words))
        if not found:
            return _told_nothing(words)
        newest = found[-MOST_FOUND:]
        left = len(found) - len(newest)
        head = [f"({left} older lines are left out)"] if left else []
        return ToolOutcome(blocks=(TextBlock(text="\n".join([*head, *newest])),))


class Compact:
    """Asks for a boundary."""

    spec = ToolSpec(
        name="compact",
        description="Close a finished part of the task: what stands so far becomes one short block"
        " before your next step. Nothing is lost; `reopen` reads it again. Say what ends here.",
        schema={
            "type": "object",
            "properties": {"label": {"type": "string"}},
            "required": ["label"],
            "additionalProperties": False,
        },
        idempotent=True,
    )

    async def run(self, call: ToolCall) -> ToolOutcome:
        """See `ports.Tool`. The engine lays the boundary in front of the next model call."""
        label = " ".join(str(call.input.get("label", "")).split())
        return ToolOutcome(blocks=(TextBlock(text=label or "a part of the task"),))


def _told(event: Event) -> Iterator[tuple[int, str]]:
    match event:
        case UserSpoke():
            yield _at(event), event.text
        case AssistantSpoke():
            calls = [f"{call.tool} {call.arguments}" for call in event.calls]
            yield _at(event), "\n".join([*([event.text] if event.text else []), *calls])
        case ToolFinished():
            yield _at(event), event.output
        case _:
            return


def _lines(events: Sequence[Event], words: Sequence[str]) -> Iterator[str]:
    for event in events:
        for ordinal, text in _told(event):
            for number, line in enumerate(text.split("\n"), 1):
                folded = line.casefold()
                if all(word in folded for word in words):
                    yield f"[e{ordinal}] line {number}: {line.strip()[:240]}"


def _shown(text: str, given: JsonObject) -> ToolOutcome:
    """A text, or those of its lines that were asked for."""
    asked = given.get("lines")
    if asked is None:
        return ToolOutcome(blocks=(TextBlock(text=text),))
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", str(asked).strip())
    if found is None:
        return _failed("lines are a range such as 100-180")
    first, last = int(found[1]), int(found[2] or found[1])
    lines = text.split("\n")
    if not 1 <= first <= last or first > len(lines):
        return _failed(f"it has {len(lines)} lines")
    return ToolOutcome(blocks=(TextBlock(text="\n".join(lines[first - 1 : last])),))


def _told_nothing(words: Sequence[str]) -> ToolOutcome:
    return ToolOutcome(blocks=(TextBlock(text=f"No line holds {' '.join(words)!r}."),))


def _failed(text: str) -> ToolOutcome:
    return ToolOutcome(blocks=(TextBlock(text=text),), is_error=True)


def _at(event: Event) -> int:
    return event.place.ordinal if event.place else 0
