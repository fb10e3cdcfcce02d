"""Leaves secrets out of what becomes part of a brain: events, notes, memories, lines of the soul."""

import json
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar, cast

from enplace.records.agent_event import PersonAnswered, PersonAsked, TaskSplit
from enplace.records.block import Block, TextBlock, ThinkingBlock, ToolCallBlock, ToolResultBlock
from enplace.records.canonical import Json, JsonObject, canonical, digest
from enplace.records.changeset import Changeset
from enplace.records.event import (
    AdviceGiven,
    AssistantSpoke,
    Compacted,
    Degraded,
    ErrorRaised,
    Event,
    Framed,
    MessageHeard,
    NoteWritten,
    ToolCalled,
    ToolFinished,
    UserSpoke,
)
from enplace.records.laid import renamed
from enplace.records.memory import Document, Episode, Fact, Memory, Note, Person, SoulLine
from enplace.records.question import Answer
from enplace.records.secrets import redacted, redacted_value, secrets_in
from enplace.records.write import Operation, Remember

_log = logging.getLogger("enplace.upload")

_AnyMemory = TypeVar("_AnyMemory", bound=Memory)
_AnyOperation = TypeVar("_AnyOperation", bound=Operation)


class Redactor:
    """Puts `[redacted kind]` in place of secrets, and tells the log how many it found.

    What only names things stays as it is: ids, names of tasks, idempotency keys, digests; so do
    images and files, and what a provider sealed or enciphered.

    Args:
        is_on: Whether it does anything at all.
    """

    def __init__(self, *, is_on: bool = True) -> None:
        self.is_on = is_on

    def text(self, text: str) -> str:
        """A text without its secrets."""
        found = secrets_in(text) if self.is_on else ()
        if not found:
            return text
        kinds = Counter(secret.kind for secret in found)
        _log.info(
            "%d secrets were left out of what is kept",
            len(found),
            extra={"action": "redact", "kinds": dict(kinds)},
        )
        return redacted(text)

    def texts(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Each of them without its secrets."""
        return tuple(self.text(text) for text in texts)

    def json(self, value: Json, name: str = "") -> Json:
        """A JSON value without secrets; names of fields tell of them as they do in a text."""
        match value:
            case str():
                kept = self.text(value)
                known = redacted_value(name, kept) if name and self.is_on else kept
                return kept if known == kept else known
            case list():
                return [self.json(each, name) for each in value]
            case dict():
                return {self.text(key): self.json(each, key) for key, each in value.items()}
            case _:
                return value

    def rendered(self, text: str) -> str:
        """A text that a context may show; one in JSON stays JSON."""
        if not self.is_on or text[:1] not in {"{", "["}:
            return self.text(text)
        try:
            value = cast(Json, json.loads(text))
        except (ValueError, RecursionError):
            return self.text(text)
        kept = self.json(value)
        return text if kept == value else canonical(kept)

    # Records

    def event(self, event: Event) -> Event:
        """An event as the log may hold it. Digests are those of texts that were redacted before."""
        match event:
            case UserSpoke() | MessageHeard():
                return replace(event, text=self.text(event.text))
            case AssistantSpoke():
                raw = None if event.raw is None else self.text(event.raw)
                return replace(event, blocks=self._answer(event.blocks), raw=raw)
            case ToolCalled():
                return replace(event, input=cast(JsonObject, self.json(event.input)))
            case PersonAsked() | PersonAnswered() | TaskSplit():
                return self._of_agents(event)
            case ToolFinished():
                blocks = (replace(block, text=self.text(block.text)) for block in event.blocks)
                effects = (replace(e, path=self.text(e.path)) for e in event.effects)
                return replace(event, blocks=tuple(blocks), effects=tuple(effects))
            case NoteWritten():
                return replace(event, note=self.note(event.note))
            case Framed():
                return replace(event, why=self.text(event.why))
            case Compacted():
                return replace(event, label=self.text(event.label))
            case Degraded():
                return replace(event, reason=self.text(event.reason))
            case AdviceGiven():
                return replace(event, excerpt=self.text(event.excerpt))
            case ErrorRaised():
                details = cast(JsonObject, self.json(event.details))
                return replace(event, message=self.text(event.message), details=details)
            case _:
                return event  # has no words

    def _of_agents(self, event: PersonAsked | PersonAnswered | TaskSplit) -> Event:
        match event:
            case PersonAsked():
                asked = event.question
                options = self.texts(asked.options)
                question = replace(asked, text=self.text(asked.text), options=options)
                given = cast(JsonObject, self.json(event.input))
                return replace(event, question=question, input=given)
            case PersonAnswered():
                return replace(event, answer=event.answer and self._said(event.answer))
            case TaskSplit():
                return replace(event, label=self.text(event.label))

    def _said(self, answer: Answer) -> Answer:
        text, feedback = self.texts((answer.text, answer.feedback))
        return replace(answer, text=text, feedback=feedback)

    def note(self, note: Note) -> Note:
        """A note as it may be kept."""
        return replace(note, key=self.text(note.key), value=self._named(note.key, note.value))

    def soul(self, line: SoulLine) -> SoulLine:
        """A line of the soul as it may be kept."""
        return replace(line, key=self.text(line.key), text=self.text(line.text))

    def memory(self, memory: _AnyMemory) -> _AnyMemory:
        """A memory as it may be kept. A document's pieces must have been cut after its redaction."""
        return cast(_AnyMemory, self._memory(memory)) if self.is_on else memory

    def operation(self, operation: _AnyOperation) -> _AnyOperation:
        """An operation as it may be kept."""
        if isinstance(operation, Remember):
            fact = self.memory(operation.fact)
            return cast(_AnyOperation, replace(operation, fact=fact))
        return operation

    def changeset(self, changeset: Changeset) -> Changeset:
        """A changeset as it may be written. Its `texts` have digests and so were redacted before."""
        if not self.is_on:
            return changeset
        write = changeset.write
        return replace(
            changeset,
            events=tuple(map(self.event, changeset.events)),
            memories=tuple(map(self.memory, changeset.memories)),
            write=write and replace(write, operation=self.operation(write.operation)),
            notes=tuple(map(self.note, changeset.notes)),
            soul=tuple(map(self.soul, changeset.soul)),
        )

    def laid(
        self, events: Iterable[Event], texts: Iterable[str]
    ) -> tuple[tuple[Event, ...], tuple[str, ...]]:
        """Events that lay texts into a context, and the texts, whose digests are made anew.

        What is written now has no secrets; an older brain's memory, notes and messages may.
        """
        before = tuple(texts)
        if not self.is_on:
            return tuple(events), before
        after = tuple(map(self.rendered, before))
        names = {digest(a): digest(b) for a, b in zip(before, after, strict=True) if a != b}
        return tuple(renamed(event, names) if names else event for event in events), after

    def _named(self, name: str, value: str) -> str:
        kept = self.text(value)
        return redacted_value(name, kept) if self.is_on else kept

    def _answer(self, blocks: Iterable[Block]) -> tuple[Block, ...]:
        """The blocks of an answer. Sealed thoughts go back word for word, or none of them does."""
        before = tuple(blocks)
        after = tuple(map(self._block, before))
        broken = any(
            isinstance(b, ThinkingBlock) and b.signature and b != a
            for b, a in zip(before, after, strict=True)
        )
        return tuple(b for b in after if not (broken and isinstance(b, ThinkingBlock) and b.text))

    def _block(self, block: Block) -> Block:
        match block:
            case TextBlock() | ToolResultBlock():
                return replace(block, text=self.text(block.text))
            case ToolCallBlock():
                return replace(block, arguments=self._arguments(block.arguments))
            case ThinkingBlock() if not block.is_redacted:
                return replace(block, text=self.text(block.text))
            case _:
                return block

    def _arguments(self, text: str) -> str:
        """Arguments of a call: the bytes as they were where nothing is left out."""
        try:
            value = cast(Json, json.loads(text)) if self.is_on else None
        except (ValueError, RecursionError):
            return self.text(text)
        kept = self.json(value)
        return text if kept == value else json.dumps(kept, ensure_ascii=False)

    def _memory(self, memory: Memory) -> Memory:
        text, tags = self.text, self.texts(memory.tags)
        match memory:
            case Fact():
                return replace(
                    memory,
                    sentence=text(memory.sentence),
                    subject=memory.subject and text(memory.subject),
                    predicate=memory.predicate and text(memory.predicate),
                    object=memory.object and self._named(memory.predicate or "", memory.object),
                    tags=tags,
                )
            case Episode():
                return replace(
                    memory,
                    key=text(memory.key),
                    description=text(memory.description),
                    value=text(memory.value),
                    outcome=text(memory.outcome),
                    participants=self.texts(memory.participants),
                    tags=tags,
                )
            case Person():
                aliases = self.texts(memory.aliases)
                return replace(memory, name=text(memory.name), aliases=aliases, tags=tags)
            case Document():
                chunks = (
                    replace(chunk, text=text(chunk.text), heading=self.texts(chunk.heading))
                    for chunk in memory.chunks
                )
                return replace(
                    memory,
                    name=text(memory.name),
                    text=text(memory.text),
                    chunks=tuple(chunks),
                    tags=tags,
                )
