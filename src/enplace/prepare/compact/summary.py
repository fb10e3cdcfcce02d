"""Prose in a handoff: how a model is asked for it, and what of its answer may stand there. Pure."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from enplace.errors import ModelGarbled
from enplace.prepare.compact.identifiers import identifiers
from enplace.prepare.prefix import chain
from enplace.records.block import TextBlock
from enplace.records.context import Context, ContextBlock, ContextMessage
from enplace.records.message import Reply

PROSE_SHARE = 0.15
"""Of a handoff: most that a model's prose may have."""
WORDS_PER_TOKEN = 0.6
ASK = (
    "Pause the task; call no tool. Soon the events above are no longer shown to you. In at most"
    " {words} words of plain sentences tell whoever goes on: what the user wants, where the task"
    " stands, what was decided and why, and what is to be done next. Name paths, symbols and numbers"
    " exactly as they stand above; what you cannot name exactly, leave out. Answer with that text"
    " only."
)

_BREAK = re.compile(r"(?<=[.!?])\s+|\s*\n\s*")
_REFERENCE = re.compile(r"e(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """What a model wrote about a context. Good for a collapse while that context is a prefix."""

    text: str
    upto: int
    """Ordinal of the last event it knows of."""
    epoch: int
    branch: int
    model: str


def ask_for_prose(context: Context, most_tokens: int, count: Callable[[str], int]) -> Context:
    """A context that asks for prose: the same as was sent, and one message more.

    Args:
        context: As the model was sent it, so that its cache has all of it.
        most_tokens: Most that the answer should have.
        count: Counts tokens.
    """
    text = ASK.format(words=round(most_tokens * WORDS_PER_TOKEN))
    tokens = count(text)
    block = ContextBlock(
        block=TextBlock(text=text), segment="message", tokens=tokens, why="asks for a summary"
    )
    asks = ContextMessage(
        role="user", blocks=(block,), chain=chain(context.prefix, "user", (block,), None)
    )
    return replace(
        context,
        messages=(*context.messages, asks),
        manifest=tuple(
            replace(size, tokens=size.tokens + tokens, blocks=size.blocks + 1)
            if size.segment == "message"
            else size
            for size in context.manifest
        ),
        counted_tokens=context.counted_tokens + tokens,
        estimated_tokens=context.estimated_tokens + tokens,
    )


def last_shown(context: Context) -> int:
    """Ordinal of the last event that a context shows."""
    sources = (block.source or 0 for message in context.messages for block in message.blocks)
    return max(sources, default=0)


def prose_in(reply: Reply, known: Collection[str], upto: int, most_characters: int) -> str:
    """What may stand in a handoff of a model's answer: a line for each sentence, in its order.

    A sentence that names what the task never named is left out, and so is all that is too long.

    Args:
        reply: The answer.
        known: Identifiers of the task.
        upto: Largest ordinal that a reference may name.
        most_characters: Most characters.

    Raises:
        ModelGarbled: Nothing of it may; the message says why.
    """
    if reply.calls:
        raise ModelGarbled("it asked for a tool instead of answering")
    if reply.stop != "end":
        raise ModelGarbled(f"it was not finished ({reply.stop})")
    if not reply.text.strip():
        raise ModelGarbled("it is empty")
    lines: list[str] = []
    left = most_characters
    for sentence in _BREAK.split(reply.text.strip()):
        line = sentence.replace("</handoff", "<\\/handoff").strip()
        if not line or not all(_is_known(name, known, upto) for name, _ in identifiers(sentence)):
            continue
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
    if not any(character.isalnum() for line in lines for character in line):
        raise ModelGarbled("no sentence of it names only what the task named")
    return "\n".join(lines)


def _is_known(name: str, known: Collection[str], upto: int) -> bool:
    """Whether a task named it: as it is, as the end of a path, or as a reference to an event."""
    reference = _REFERENCE.fullmatch(name)
    if name in known or (reference is not None and int(reference[1]) <= upto):
        return True
    end = f"/{name.removeprefix('./')}"
    return any(one.endswith(end) for one in known)
