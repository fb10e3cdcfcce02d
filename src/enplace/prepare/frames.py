"""How soul, memories and notes read: dated, attributed data, never instructions.

A rendered text is stored by its digest, so a later release may word things anew without
touching what an open epoch sends.
"""

from collections.abc import Sequence
from typing import Literal

from enplace.records.memory import Note, SoulLine
from enplace.records.model import FrameStyle
from enplace.records.reading import quoted
from enplace.records.recollection import Correction, RecalledMemory

_HEADINGS = {"memory": "Background about the user:", "notes": "Notes for this task:"}

_TITLES = {
    "identity": "Who they are",
    "values": "What they value",
    "style": "How they like to be answered",
    "preferences": "Standing preferences",
    "patterns": "Learned patterns",
}


def soul_text(lines: Sequence[SoulLine]) -> str:
    """The owner's core identity; empty where nothing is known."""
    if not lines:
        return ""
    parts = ["About the user:"]
    for section, title in _TITLES.items():
        texts = [_one_line(line.text) for line in lines if line.section == section]
        parts += [f"{title}: {' '.join(texts)}"] if texts else []
    return "\n".join(parts)


def memory_text(memories: Sequence[RecalledMemory], style: FrameStyle) -> str:
    """A recall frame: what is remembered and not visible yet, best first."""
    return _framed("memory", [_remembered(memory, style) for memory in memories], style)


def correction_text(corrections: Sequence[Correction], style: FrameStyle) -> str:
    """Errata: what stands above and holds no longer."""
    lines = [
        f"No longer true: {_one_line(correction.text)}"
        + (f" Now: {_one_line(correction.successor)}" if correction.successor else "")
        for correction in corrections
    ]
    return _framed("memory", lines, style)


def notes_text(notes: Sequence[Note], style: FrameStyle) -> str:
    """Working memory, in the order given."""
    lines = [f"{_one_line(note.key)}: {_one_line(note.value)}" for note in notes]
    return _framed("notes", lines, style)


def _remembered(memory: RecalledMemory, style: FrameStyle) -> str:
    text = _one_line(memory.text)
    if memory.kind == "said":
        unnamed = "The assistant" if memory.role == "assistant" else "The user"
        who = _one_line(memory.speaker).title() or unnamed
        if style == "plain":
            return f'{who} said: "{text}"'
        return f'{who} said on {memory.at.date().isoformat()}: "{text}"'
    if memory.kind == "chunk":
        return _from_document(memory, style)
    if style == "plain":
        return text
    told = [memory.at.date().isoformat(), _one_line(memory.label), _one_line(memory.source)]
    return f"{text} ({', '.join(part for part in told if part)})"


def _from_document(memory: RecalledMemory, style: FrameStyle) -> str:
    """What a document says: quoted line by line, so that no order in it reads as anybody's."""
    source = _one_line(memory.source)
    if style == "plain":
        return f'The document {source} says: "{_one_line(memory.text)}"'
    day = memory.at.date().isoformat()
    return f"The document {source} says, as of {day}:\n{_unclosed(quoted(memory.text))}"


def _framed(tag: Literal["memory", "notes"], lines: Sequence[str], style: FrameStyle) -> str:
    body = "\n".join(f"- {line}" for line in lines)
    return f"<{tag}>\n{body}\n</{tag}>" if style == "fenced" else f"{_HEADINGS[tag]}\n{body}"


def _one_line(text: str) -> str:
    """White space folded, and no way to close the fence from inside."""
    return _unclosed(" ".join(text.split()))


def _unclosed(text: str) -> str:
    return text.replace("</", "<\\/")
