"""How records read once a plan was carried out: the same in every store. Pure.

Everything that is text is rewritten; what only names things gets another name where a word stands
in it, the same one everywhere; kinds, states, digests, models and media stay as they are.
"""

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from enplace.records.agent_event import PersonAnswered, PersonAsked, TaskSplit
from enplace.records.block import Block, TextBlock, ThinkingBlock, ToolCallBlock
from enplace.records.canonical import Json, canonical
from enplace.records.erasure import (
    MARK,
    Cutout,
    Edited,
    ErasurePlan,
    ErasureReceipt,
    Needles,
    Scan,
    edited,
)
from enplace.records.event import (
    AdviceGiven,
    AssistantSpoke,
    Compacted,
    Degraded,
    ErrorRaised,
    Event,
    Frame,
    Framed,
    MessageHeard,
    NoteWritten,
    ToolCalled,
    ToolFinished,
    TurnStarted,
    UserSpoke,
)
from enplace.records.laid import said_parts
from enplace.records.memory import Change, Chunk, Document, Fact, Memory, Note, SoulLine, Span
from enplace.records.message import UserMessage
from enplace.records.place import Place
from enplace.records.question import Answer
from enplace.records.words import fold
from enplace.records.write import Erase, Operation, Remember, Undo, Write

Record = TypeVar("Record")

NAMES = frozenset({
    "id", "task_id", "turn_id", "session_id", "session", "idempotency_key", "tool_call_id",
    "call_id", "batch", "target", "by", "supersedes", "continues", "merged_into", "corrects",
    "into", "shows",
})  # fmt: skip
"""Fields whose values name something."""
KEPT = frozenset({
    "model", "error", "extractor", "media_type", "data", "signature", "message_digest", "system",
    "tools", "soul", "receipt", "texts", "prefix", "request", "outcomes", "dropped",
})  # fmt: skip
"""Fields that hold no words: digests, and names of models and of kinds."""


class Eraser:
    """Carries out one plan on records. Events come first: they say where evidence stands now."""

    def __init__(self, plan: ErasurePlan) -> None:
        self.plan = plan
        self.memories = frozenset(each.id for each in plan.memories)
        self.needles = Needles(plan.words, plan.names)
        self._notes, self._soul = frozenset(plan.notes), frozenset(plan.soul)
        self._cutouts: dict[tuple[str, int], list[Cutout]] = {}
        for cutout in plan.cutouts:
            at = (cutout.span.task_id, cutout.span.ordinal)
            self._cutouts.setdefault(at, []).append(cutout)
        self._names: dict[str, str] = {}
        self._edits: dict[tuple[str, int], Edited] = {}
        self._torn_turns: set[tuple[str, str]] = set()
        """Task and id of turns out of whose message something was cut."""

    # Texts

    def text(self, text: str) -> str:
        """A text without the words."""
        return edited(text, self.needles.cuts(text)).text

    def name(self, name: str) -> str:
        """A name, or the one that stands for it where a word is in it."""
        if name not in self._names:
            found = self.needles.found(name)
            self._names[name] = f"{MARK}-{uuid.uuid4().hex[:8]}" if found else name
        return self._names[name]

    def laid(self, text: str) -> str:
        """A text that a context shows, or a receipt: it may quote sentences cut short."""
        cuts = self.needles.cuts(text, clipped=True)
        return _still_json(text, edited(text, cuts).text, self._json) if cuts else text

    def _json(self, value: Json) -> Json:
        match value:
            case dict():
                return {self.text(key): self._json(each) for key, each in value.items()}
            case list():
                return [self._json(each) for each in value]
            case str():
                return self.text(value)
            case None | bool():
                return value
            case _:
                return MARK if self.needles.found(str(value)) else value

    # Events

    def concerns(self, task_id: str, ordinal: int) -> bool:
        """Whether something of an event is cut out, wherever its words stand."""
        return (task_id, ordinal) in self._cutouts

    def is_whole(self, task_id: str, ordinal: int) -> bool:
        """Whether nothing of an event's text stays."""
        return any(cutout.is_whole for cutout in self._cutouts.get((task_id, ordinal), ()))

    def event(self, event: Event) -> Event:
        """An event as it reads now. The digests of its texts are still the old ones."""
        place = event.place
        assert place is not None  # a stored event has one
        at = (place.task_id, place.ordinal)
        if isinstance(event, UserSpoke) and at in self._cutouts:
            self._torn_turns.add((place.task_id, place.turn_id))
        if self.is_whole(*at):
            event = _emptied(event)
            return replace(self._over(event), place=self._over(place))
        if isinstance(event, Framed):
            whys = " ".join((event.why, *(frame.why for frame in event.frames)))
            if self._tells(whys, place):  # what the message was about
                frames = tuple(replace(frame, why="") for frame in event.frames)
                event = replace(event, frames=frames, why="")
        said = said_parts(event)
        if said is not None:
            event = self._said(event, said, at)
        return replace(self._over(event), place=self._over(place))

    def _tells(self, why: str, place: Place) -> bool:
        """Whether what was looked for in a turn tells of what goes: words of a name stand alone."""
        terms = fold(why)
        parts = (part for name in self.plan.names for part in fold(name).split())
        return (place.task_id, place.turn_id) in self._torn_turns or any(
            len(part) > 2 and part in terms for part in parts
        )

    def _said(self, event: Event, said: "tuple[list[str], str]", at: tuple[str, int]) -> Event:
        """What evidence may point to: edited in one piece, so that places in it can be told."""
        texts, joint = said
        whole = joint.join(texts)
        cuts = self.needles.cuts(whole)
        for cutout in self._cutouts.get(at, ()):
            start, end = cutout.span.start, cutout.span.end
            if whole[start:end] == cutout.text:
                cuts.append((start, len(whole) if end is None else end))
        edit = edited(whole, cuts)
        if not edit.cuts:
            return event
        self._edits[at] = edit
        parts: list[str] = []
        offset = 0
        for text in texts:
            start, end = edit.place(offset), edit.place(offset + len(text), ends=True)
            parts.append(edit.text[start:end])
            offset += len(text) + len(joint)
        return _saying(event, parts)

    def of_turn(self, started: TurnStarted, spoke: UserSpoke) -> TurnStarted:
        """The beginning of a turn whose message was changed: the old digest would betray it."""
        message = UserMessage(text=spoke.text, media=spoke.media)
        return replace(started, message_digest=message.digest)

    def emptied(self, event: Event, texts: Mapping[str, str]) -> dict[str, str]:
        """What stands in the place of an event's texts, by digest, where nothing of them stays.

        What was looked for in a turn tells of its message, so it goes with that.
        """
        place = event.place
        assert place is not None  # a stored event has one
        if not self.is_whole(place.task_id, place.ordinal):
            if not isinstance(event, Framed) or not event.receipt or event.receipt not in texts:
                return {}
            if self._tells(texts[event.receipt], place):
                return {event.receipt: without_terms(texts[event.receipt])}
            return {}
        match event:
            case Compacted(strategy="snip"):
                return {
                    name: canonical(dict.fromkeys(json.loads(texts[name]), MARK))
                    for name in event.texts
                    if name in texts
                }
            case Compacted():
                names = [*event.texts, *(frame.text for frame in event.frames)]
                return {name: MARK for name in names if name in texts}
            case Framed():
                found = {frame.text: MARK for frame in event.frames if frame.text in texts}
                if event.receipt is not None and event.receipt in texts:
                    found[event.receipt] = without_terms(texts[event.receipt])
                return found
            case _:
                return {}

    # Memory

    def memory(self, memory: Memory) -> Memory:
        """A memory that stays, as it reads now."""
        if isinstance(memory, Document):
            return self._document(memory)
        memory = self._over(memory)
        return cast(Memory, replace(memory, evidence=self.evidence(memory.evidence)))

    def _document(self, document: Document) -> Document:
        edit = edited(document.text, self.needles.cuts(document.text))

        def chunk(old: Chunk) -> Chunk:
            start, end = edit.place(old.start), edit.place(old.end, ends=True)
            is_slice = document.text[old.start : old.end] == old.text
            text = edit.text[start:end] if is_slice else self.text(old.text)
            heading = tuple(map(self.text, old.heading))
            return replace(old, text=text, start=start, end=end, heading=heading)

        rest = self._over(replace(document, text="", chunks=()))
        return replace(rest, text=edit.text, chunks=tuple(map(chunk, document.chunks)))

    def evidence(self, spans: Iterable[Span]) -> tuple[Span, ...]:
        """The evidence that is left, where it stands now."""
        left = (self._span(span) for span in spans)
        return tuple(self._over(span) for span in left if span is not None)

    def _span(self, span: Span) -> Span | None:
        at = (span.task_id, span.ordinal)
        if self.is_whole(*at):
            return None
        edit = self._edits.get(at)
        if edit is None:
            return span
        end = span.end
        if end is not None and any(a <= span.start and end <= b for a, b in edit.cuts):
            return None
        return replace(
            span,
            start=edit.place(span.start),
            end=None if end is None else edit.place(end, ends=True),
        )

    def change(self, change: Change) -> Change:
        """A change of a memory that stays."""
        return self._over(change)

    def write(self, write: Write, effects: Sequence[Change]) -> Write:
        """A write; only what it did to others is left where it was about something that goes."""
        if not isinstance(write.operation, Undo | Erase) and self._goes(write):
            kept = tuple(self.change(each) for each in effects if each.target not in self.memories)
            return replace(
                write,
                operation=Erase(target=self.name(write.target), effects=kept),
                outcome="erased",
                target=self.name(write.target),
                key=None if write.key is None else self.name(write.key),
                request="",
                batch=None if write.batch is None else self.name(write.batch),
            )
        operation = self._operation(write.operation)
        key = None if write.key is None else self.name(write.key)
        request = "" if operation != write.operation else write.request
        return replace(
            self._over(replace(write, operation=Undo(write=0))),
            operation=operation,
            key=key,
            request=request,
        )

    def _goes(self, write: Write) -> bool:
        operation = write.operation
        if write.target in self.memories or getattr(operation, "target", "") in self.memories:
            return True
        if not isinstance(operation, Remember):
            return False
        fact = operation.fact
        if fact.id in self.memories:
            return True
        is_echo = fact.id != write.target and bool(fact.evidence)
        return is_echo and not self.evidence(fact.evidence)

    def _operation(self, operation: Operation) -> Operation:
        changed = self._over(operation)
        if isinstance(changed, Remember):
            return replace(changed, fact=cast(Fact, self.memory(changed.fact)))
        return changed

    def drops_note(self, note: Note) -> bool:
        """Whether a note goes."""
        return (note.task_id, note.key) in self._notes

    def note(self, note: Note) -> Note:
        """A note that stays."""
        return replace(self._over(note), key=self.name(note.key))

    def soul(self, line: SoulLine) -> SoulLine:
        """A version of a line; one that goes says nothing any more."""
        if (line.section, line.key) in self._soul:
            return replace(line, key=self.name(line.key), text="", evidence=())
        changed = replace(self._over(line), key=self.name(line.key))
        return replace(changed, evidence=self.evidence(line.evidence))

    def record(self, record: Record) -> Record:
        """Any other record."""
        return self._over(record)

    # Any value

    def _over(self, value: Record) -> Record:
        return cast(Record, self._any(value))

    def _any(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, tuple):
            return tuple(map(self._any, cast(tuple[Any, ...], value)))
        if isinstance(value, dict):
            return self._json(cast(Json, value))
        if not is_dataclass(value) or isinstance(value, type):
            return value
        if isinstance(value, NoteWritten):
            return replace(value, note=self.note(value.note))
        told = {each: self._field(value, each) for each in told_fields(type(value))}
        changed = {name: new for name, new in told.items() if new != getattr(value, name)}
        return replace(value, **changed) if changed else value

    def _field(self, record: Any, name: str) -> Any:
        value = getattr(record, name)
        if name in NAMES:
            if isinstance(value, tuple):
                return tuple(map(self.name, cast(tuple[str, ...], value)))
            return self.name(value) if isinstance(value, str) else value
        if name == "arguments" and isinstance(record, ToolCallBlock):
            return _still_json(value, self.text(value), self._json, always=True)
        if name == "blocks":
            return self._blocks(cast(tuple[Block, ...], value))
        return self._any(value)

    def _blocks(self, before: tuple[Block, ...]) -> tuple[Block, ...]:
        """The blocks of an answer. Sealed thoughts go back word for word, or none of them does."""
        after = tuple(map(self._over, before))
        torn = any(
            isinstance(old, ThinkingBlock) and old.signature and old != new
            for old, new in zip(before, after, strict=True)
        )
        return tuple(each for each in after if not (torn and isinstance(each, ThinkingBlock)))


@cache
def told_fields(record: type) -> tuple[str, ...]:
    """The fields of a record that may hold words or names."""
    hints = get_type_hints(record)
    return tuple(
        each.name
        for each in fields(record)
        if each.name not in KEPT and not _is_literal(hints[each.name])
        and not (record is Frame and each.name == "text")
    )  # fmt: skip


def _is_literal(hint: Any) -> bool:
    inner = [arg for arg in get_args(hint) if arg is not type(None)]
    return get_origin(hint) is Literal or (
        bool(inner) and get_origin(hint) is not tuple and all(map(_is_literal, inner))
    )


def _still_json(
    before: str, after: str, anew: Callable[[Json], Json], *, always: bool = False
) -> str:
    """A rewritten text; one that was JSON and would be none any more is rewritten as a value."""
    if not always and before[:1] not in {"{", "["}:
        return after
    try:
        value = cast(Json, json.loads(before))
    except (ValueError, RecursionError):
        return after
    try:
        json.loads(after)
    except ValueError:
        return canonical(anew(value))
    changed = anew(value)
    return after if changed == json.loads(after) else canonical(changed)


def without_terms(receipt: str) -> str:
    """A receipt that does not tell what was looked for."""
    kept: dict[str, Any] = json.loads(receipt)
    shown: list[Json] = [[id_, score, "", signals] for id_, score, _, signals in kept["shown"]]
    return canonical({**kept, "looked_for": [], "silence": "", "shown": shown})


def _saying(event: Event, texts: Sequence[str]) -> Event:
    waiting = iter(texts)
    match event:
        case UserSpoke() | MessageHeard():
            return replace(event, text=next(waiting))
        case AssistantSpoke():
            blocks = tuple(
                replace(b, text=next(waiting)) if isinstance(b, TextBlock) else b
                for b in event.blocks
                if not isinstance(b, ThinkingBlock)
            )
            return replace(event, blocks=blocks, raw=None)
        case ToolFinished():
            blocks = tuple(replace(b, text=next(waiting)) for b in event.blocks)
            return replace(event, blocks=blocks)
        case _:
            return event


def _emptied(event: Event) -> Event:
    """An event of whose text nothing stays. What pairs calls and results stays."""
    match event:
        case UserSpoke():
            return replace(event, text=MARK, media=())
        case MessageHeard():
            return replace(event, text=MARK)
        case AssistantSpoke():
            told = [_bare(block) for block in event.blocks if not isinstance(block, ThinkingBlock)]
            return replace(event, blocks=tuple(told), raw=None)
        case ToolCalled():
            return replace(event, input={})
        case PersonAsked() | PersonAnswered() | TaskSplit():
            return _emptied_of_agents(event)
        case ToolFinished():
            return replace(event, blocks=(TextBlock(text=MARK),), effects=(), excerpt=None)
        case NoteWritten():
            note = replace(event.note, value=MARK, expires_at=event.note.written_at)
            return replace(event, note=note)
        case Framed():
            frames = tuple(replace(frame, why="") for frame in event.frames)
            return replace(event, frames=frames, why="")
        case Compacted():
            return replace(event, label="")
        case Degraded() | AdviceGiven() | ErrorRaised():
            return _emptied_remark(event)
        case _:
            return event


def _emptied_remark(event: Degraded | AdviceGiven | ErrorRaised) -> Event:
    match event:
        case Degraded():
            return replace(event, reason=MARK)
        case AdviceGiven():
            return replace(event, excerpt=MARK)
        case ErrorRaised():
            return replace(event, message=MARK, details={})


def _emptied_of_agents(event: PersonAsked | PersonAnswered | TaskSplit) -> Event:
    match event:
        case PersonAsked():
            return replace(event, input={}, question=replace(event.question, text=MARK, options=()))
        case PersonAnswered():
            return replace(event, answer=event.answer and Answer(text=MARK))
        case TaskSplit():
            return replace(event, label="")


def _bare(block: Block) -> Block:
    match block:
        case TextBlock():
            return replace(block, text=MARK)
        case ToolCallBlock():
            return replace(block, arguments="{}")
        case _:
            return block


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Rows by table."""

    deleted: Counter[str] = field(default_factory=Counter[str])
    rewritten: Counter[str] = field(default_factory=Counter[str])
    derived: Counter[str] = field(default_factory=Counter[str])
    events_by_task: dict[str, int] = field(default_factory=dict[str, int])
    """How many events of each task were rewritten."""

    def receipt(self, plan: ErasurePlan, scan: Scan, *, packed: bool = True) -> ErasureReceipt:
        """The same as it is told; what did not happen is absent."""
        return ErasureReceipt(
            plan=plan.digest,
            deleted=_counted(self.deleted),
            rewritten=_counted(self.rewritten),
            derived=_counted(self.derived),
            scan=scan,
            packed=packed,
        )


def _counted(counter: Counter[str]) -> dict[str, int]:
    return {name: counter[name] for name in sorted(counter) if counter[name]}


LESSON_ERASED = "its events were erased meanwhile"
"""Trouble of a try to learn from events that were changed under it: what it found is void."""
