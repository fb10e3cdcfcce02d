"""The engine's own tools: remember, recall, forget, note."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from enplace.errors import BadInput
from enplace.ports import LongTerm, Tool
from enplace.records.block import TextBlock
from enplace.records.memory import Fact, Note, expiry
from enplace.records.reading import quoted
from enplace.records.recollection import RecalledMemory
from enplace.records.tool import ToolCall, ToolOutcome
from enplace.tools.function import FunctionTool
from enplace.tools.keys import call_key

MEMORY_TOOLS = ("remember", "recall", "forget", "note")
MOST_CHARACTERS = 2_000
_ANSWERS: Mapping[str, str] = {
    "added": "Remembered: {text}",
    "superseded": "Remembered, in the place of what held before: {text}",
    "confirmed": "Known already, and confirmed: {text}",
    "duplicate": "Known already: {text}",
    "disputed": "Kept as disputed, since what the user said holds: {text}",
}


def memory_tools(memory: LongTerm) -> tuple[Tool, ...]:
    """The tools of one owner.

    What they write is written once: the key of a write is made from the call's, so that running
    a call again after a crash changes nothing.
    """

    async def remember(  # noqa: PLR0917 - a tool's input is by name
        sentence: str,
        call: ToolCall,
        subject: str | None = None,
        predicate: str | None = None,
        object: str | None = None,
        supersedes: str | None = None,
    ) -> ToolOutcome:
        """Store one lasting fact for later tasks: a full sentence in the third person.

        Give subject, predicate and object where they are clear, and in supersedes the id of a
        remembered fact that is no longer true.
        """
        done = await memory.remember(
            sentence,
            subject=subject,
            predicate=predicate,
            object=object,
            supersedes=supersedes,
            trust="inference",
            idempotency_key=call_key(call),
        )
        text = done.memory.sentence if isinstance(done.memory, Fact) else sentence
        return _told(_ANSWERS[done.outcome].format(text=text))

    async def recall(query: str, call: ToolCall) -> ToolOutcome:
        """Search long-term memory: facts, episodes, people, documents and earlier talks."""
        found = await memory.recall(query, task_id=call.task_id)
        lines = [_line(each) for each in found.memories]
        lines += [f"(incomplete: {lost.reason})" for lost in found.lost]
        return _told("\n".join(lines) or "Nothing relevant is remembered.")

    async def forget(memory_id: str, call: ToolCall) -> ToolOutcome:
        """Show a remembered memory to nobody any more; only when the user asks for it."""
        await memory.forget(memory_id, idempotency_key=call_key(call))
        return _told(f"Forgotten: {memory_id}")

    async def note(
        key: str,
        value: str,
        call: ToolCall,
        kind: Literal["note", "observation", "summary"] = "note",
        ttl_s: float | None = None,
    ) -> ToolOutcome:
        """Write to this task's working memory; the same key again replaces the note."""
        _require_short(key)
        _require_short(value)
        now = memory.now()
        written = Note(
            task_id=call.task_id,
            key=key,
            value=value,
            written_at=now,
            note_kind=kind,
            expires_at=expiry(now, ttl_s),
        )
        return _told(f"Noted under {key!r}.", written)

    functions: tuple[Callable[..., Any], ...] = (remember, recall, forget, note)
    return tuple(FunctionTool(function, idempotent=True) for function in functions)


def _require_short(text: str) -> None:
    if not 0 < len(text.strip()) <= MOST_CHARACTERS:
        raise BadInput(f"1 to {MOST_CHARACTERS} characters are accepted, not {len(text)}")


def _line(memory: RecalledMemory) -> str:
    label = f", {memory.label}" if memory.label else ""
    speaker = f"{memory.speaker}: " if memory.speaker else ""
    day = memory.at.date().isoformat()
    if memory.kind == "chunk":
        said = quoted(memory.text)
        return f"- the document {memory.source} says, as of {day} [{memory.id}]:\n{said}"
    return f"- {speaker}{memory.text} ({day}{label}) [{memory.id}]"


def _told(text: str, *writes: Note) -> ToolOutcome:
    return ToolOutcome(blocks=(TextBlock(text=text),), writes=writes)
