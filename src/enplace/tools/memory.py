"""The engine's own tools: remember, recall, note."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from enplace.errors import BadInput
from enplace.ports import Brain, Clock, Tool
from enplace.records.block import TextBlock
from enplace.records.canonical import digest
from enplace.records.memory import Fact, Note, expiry
from enplace.records.recollection import Recollection
from enplace.records.tool import ToolCall, ToolOutcome
from enplace.tools.function import FunctionTool

MOST_CHARACTERS = 2_000


def memory_tools(
    brain: Brain, search: Callable[[str], Awaitable[Recollection]], clock: Clock
) -> tuple[Tool, ...]:
    """The tools of one owner.

    What they write is stored in the same transaction as their result, under an id made from the
    call's, so that running a call again after a crash writes nothing twice.
    """

    async def remember(sentence: str, call: ToolCall) -> ToolOutcome:
        """Store one lasting fact for later tasks: a full sentence in the third person."""
        _require_short(sentence)
        now = clock.now()
        same = await brain.memory.same(sentence, now)
        if same is not None:
            return _told(f"Known already: {same.sentence}")
        fact = Fact(
            # Some providers count the calls of every answer anew, so the id alone is not enough.
            id=f"f{digest(f'{call.task_id} {call.turn_id} {call.id} {sentence}')[:16]}",
            sentence=sentence.strip(),
            recorded_at=now,
            trust="inference",
        )
        return _told(f"Remembered: {fact.sentence}", fact)

    async def recall(query: str) -> ToolOutcome:
        """Search long-term memory by keywords."""
        found = await search(query)
        lines = [f"- {m.text} ({m.at.date().isoformat()})" for m in found.memories]
        lines += [f"(incomplete: {lost.reason})" for lost in found.lost]
        return _told("\n".join(lines) or "Nothing relevant is remembered.")

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
        now = clock.now()
        written = Note(
            task_id=call.task_id,
            key=key,
            value=value,
            written_at=now,
            note_kind=kind,
            expires_at=expiry(now, ttl_s),
        )
        return _told(f"Noted under {key!r}.", written)

    functions: tuple[Callable[..., Any], ...] = (remember, recall, note)
    return tuple(FunctionTool(function, idempotent=True) for function in functions)


def _require_short(text: str) -> None:
    if not 0 < len(text.strip()) <= MOST_CHARACTERS:
        raise BadInput(f"1 to {MOST_CHARACTERS} characters are accepted, not {len(text)}")


def _told(text: str, *writes: Fact | Note) -> ToolOutcome:
    return ToolOutcome(blocks=(TextBlock(text=text),), writes=writes)
