"""The projection of a task's log onto what a model sees. Folded event by event, never rebuilt.

The same fold runs live and on replay, so replaying a log gives the same bytes; and it only ever
looks at new events, so a turn costs the same in a long task as in a short one.
"""

import json
from collections.abc import Mapping, Sequence

from enplace.ports import TextKind, TokenCounter
from enplace.prepare.budget import calibrated
from enplace.prepare.prefix import Sent, chain, head_digest
from enplace.records.block import Block, TextBlock, ToolCallBlock, ToolResultBlock
from enplace.records.context import SEGMENTS, ContextBlock, ContextMessage, Role, Segment
from enplace.records.event import (
    AssistantSpoke,
    EpochOpened,
    Event,
    Frame,
    Framed,
    NoteWritten,
    Place,
    ToolFinished,
    TurnStarted,
    UsageReported,
    UserSpoke,
)
from enplace.records.memory import Note
from enplace.records.tool import ToolSpec


class View:
    """What stands in the context of one task, and what is needed to decide what comes next.

    Public attributes are read by `layout` and `assemble`; only `fold` changes them.
    """

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self.seen: set[int] = set()
        """Ordinals of the events folded."""
        self.last = 0
        """The largest of them."""
        self.epoch: EpochOpened | None = None
        self.system: tuple[ContextBlock, ...] = ()
        self.tools: tuple[ToolSpec, ...] = ()
        self.head = ""
        self.branch = 0
        """Ordinal of the event with which the live branch began; 0 while the log never branched."""
        self.messages: list[ContextMessage] = []
        """Messages that stand for good."""
        self.pending: tuple[ContextBlock, ...] = ()
        """Blocks of a user message that no request has carried yet."""
        self.tokens: dict[Segment, int] = dict.fromkeys(SEGMENTS, 0)
        self.blocks: dict[Segment, int] = dict.fromkeys(SEGMENTS, 0)
        self.message_tokens = 0
        """Of the newest user message, which the manifest lists apart from the history."""
        self.visible: dict[str, int] = {}
        """Memory ids that stand in the context and hold, with the ordinal of their frame."""
        self.corrected = 0
        """Memories in view that hold no longer."""
        self.notes: dict[str, Note] = {}
        """The newest state of every note of the task."""
        self.unseen_notes: dict[str, Note] = {}
        """Notes that changed without the model's doing and were not shown yet."""
        self.shown_notes: dict[str, Note] = {}
        """Notes that stand in a frame of this epoch."""
        self.sent: Sent | None = None
        self.sent_holds = True
        """Whether the last request is still a prefix of what stands here."""
        self.factors: dict[str, float | None] = {}
        """Reported over counted tokens, by model."""
        self._results: dict[str, ContextBlock] = {}
        self._carried: list[ContextMessage] | None = None
        self._late_notes: list[NoteWritten] | None = None
        """Notes that a caller wrote between a message and its frames, which did not show them."""

    def fold(self, events: Sequence[Event], texts: Mapping[str, str]) -> None:
        """Take in more of the log.

        Args:
            events: What comes next, in order.
            texts: By digest: those that the events refer to.
        """
        for event in events:
            self.seen.add(_ordinal(event))
            self.last = max(self.last, _ordinal(event))
            match event:
                case EpochOpened():
                    self._open_epoch(event, texts)
                case TurnStarted():
                    if event.replaces is not None:
                        self.branch = _ordinal(event)
                case UserSpoke():
                    self._take_late_notes()
                    self._late_notes = []
                    self._close_message()
                    block = self._block(TextBlock(text=event.text), "history", _place(event))
                    self.pending = (block,)
                    self.message_tokens = block.tokens
                case Framed():
                    self._lay_frames(event.frames, texts, _place(event))
                    self._take_late_notes()
                case AssistantSpoke():
                    self._close_message()
                    blocks = [self._block(b, "history", _place(event)) for b in event.blocks]
                    self._add("assistant", blocks, event.raw)
                case ToolFinished():
                    self._take_result(event)
                case UsageReported():
                    self._take_usage(event)
                case NoteWritten() if event.by == "caller" and self._late_notes is not None:
                    self._late_notes.append(event)
                case NoteWritten():
                    self._take_note(event)
                case _:
                    pass  # says nothing to the model

    def unseen(self, events: Sequence[Event]) -> list[Event]:
        """Of a whole history the events not folded yet, in order. Looks at its end only.

        A note that a caller wrote while a turn was running may stand before events seen already.
        """
        missing = len(events) - len(self.seen)
        found: list[Event] = []
        for event in reversed(events):
            if not missing:
                break
            if _ordinal(event) not in self.seen:
                found.append(event)
                missing -= 1
        found.reverse()
        return found

    def standing(self) -> tuple[ContextMessage, ...]:
        """All messages as a request made now would carry them."""
        self._settle()
        if not self.pending:
            return tuple(self.messages)
        return (*self.messages, self._message("user", self.pending, None))

    def count(self, text: str, kind: TextKind = "prose") -> int:
        """Tokens of a text."""
        return self._counter.count(text, kind)

    def _open_epoch(self, event: EpochOpened, texts: Mapping[str, str]) -> None:
        """Lay down a new head, and carry the dialogue over without what was laid in between."""
        self.epoch = event
        self.head = head_digest(event.model, event.tools, event.system, event.soul)
        at = _place(event)
        carried = self.messages if self._carried is None else self._carried
        dialogue = [[b for b in m.blocks if b.segment == "history"] for m in carried]
        self._carried = [
            ContextMessage(role=m.role, blocks=tuple(blocks), chain="", raw=m.raw)
            for m, blocks in zip(carried, dialogue, strict=True)
        ]
        self.messages = []
        self.tokens = dict.fromkeys(SEGMENTS, 0)
        self.blocks = dict.fromkeys(SEGMENTS, 0)
        pending = [b for b in self.pending if b.segment == "history"]
        for block in (*(b for blocks in dialogue for b in blocks), *pending):
            self._tally(block)
        self.pending = tuple(pending)
        catalogue = texts[event.tools] if event.tools else "[]"
        self.tools = tuple(ToolSpec(**definition) for definition in json.loads(catalogue))
        self.tokens["tools"] = self.count(catalogue, "json") if self.tools else 0
        self.blocks["tools"] = len(self.tools)
        system = [self._block(TextBlock(text=texts[event.system]), "system", at)]
        if event.soul is not None:
            system.append(self._block(TextBlock(text=texts[event.soul]), "soul", at))
        self.system = tuple(system)
        self.visible.clear()
        self.corrected = 0
        self.shown_notes = {}
        self.unseen_notes = dict(self.notes)

    def _lay_frames(
        self, frames: Sequence[Frame], texts: Mapping[str, str], at: Place | None
    ) -> None:
        """Put frames in front of the message; an epoch's first memory stands before its history."""
        laid = [
            self._block(TextBlock(text=texts[frame.text]), frame.segment, at, frame.why)
            for frame in frames
        ]
        if self._carried:
            first, memory = self._carried[0], [b for b in laid if b.segment == "memory"]
            laid = [b for b in laid if b.segment != "memory"]
            self._carried[0] = ContextMessage(
                role=first.role, blocks=(*memory, *first.blocks), chain="", raw=first.raw
            )
        self.pending = (*laid, *self.pending)
        self._settle()
        for frame in frames:
            if frame.segment == "notes":
                self.shown_notes.update((k, self.notes[k]) for k in frame.shows)
                self.unseen_notes = {}
                continue
            self.corrected += len(frame.corrects)
            for id_ in frame.corrects:
                self.visible.pop(id_, None)
            self.visible.update((id_, at.ordinal if at else 0) for id_ in frame.shows)

    def _take_result(self, event: ToolFinished) -> None:
        """Keep a result until all of its step are there, then add them in the order asked."""
        result = ToolResultBlock(
            call_id=event.tool_call_id,
            tool=event.tool,
            text=event.output,
            is_error=event.is_error,
        )
        self._results[event.tool_call_id] = self._block(result, "history", _place(event))
        asked = [b.block.id for b in self.messages[-1].blocks if isinstance(b.block, ToolCallBlock)]
        if all(id_ in self._results for id_ in asked):
            self._add("tool", [self._results[id_] for id_ in asked], None)
            self._results = {}

    def _take_usage(self, event: UsageReported) -> None:
        """Remember the request: the messages before the answer that was just added."""
        if event.purpose != "turn" or event.place is None or self.epoch is None:
            return
        request = self.messages[-2].chain if len(self.messages) > 1 else self.head
        self.sent = Sent(
            epoch=_ordinal(self.epoch),
            prefix=event.prefix,
            usage=event.usage,
            counted_tokens=event.counted_tokens,
            at=event.place.at,
        )
        self.sent_holds = request == event.prefix
        factor = self.factors.get(event.model)
        self.factors[event.model] = calibrated(
            factor, event.usage.input_tokens, event.counted_tokens
        )

    def _take_note(self, event: NoteWritten) -> None:
        self.notes[event.note.key] = event.note
        if event.by == "caller":
            self.unseen_notes[event.note.key] = event.note

    def _take_late_notes(self) -> None:
        late, self._late_notes = self._late_notes, None
        for event in late or ():
            self._take_note(event)

    def _close_message(self) -> None:
        self._settle()
        if self.pending:
            self.messages.append(self._message("user", self.pending, None))
            self.pending = ()

    def _settle(self) -> None:
        """Chain what a new epoch carried over; from here on it stands for good."""
        carried, self._carried = self._carried, None
        for message in carried or ():
            self.messages.append(self._message(message.role, message.blocks, message.raw))

    def _add(self, role: Role, blocks: Sequence[ContextBlock], raw: str | None) -> None:
        self.messages.append(self._message(role, blocks, raw))

    def _message(
        self, role: Role, blocks: Sequence[ContextBlock], raw: str | None
    ) -> ContextMessage:
        before = self.messages[-1].chain if self.messages else self.head
        return ContextMessage(
            role=role, blocks=tuple(blocks), chain=chain(before, role, blocks, raw), raw=raw
        )

    def _block(
        self, block: Block, segment: Segment, at: Place | None, why: str = ""
    ) -> ContextBlock:
        text, kind = _countable(block)
        made = ContextBlock(
            block=block,
            segment=segment,
            tokens=self._counter.count(text, kind),
            source=at.ordinal if at else None,
            why=why,
        )
        self._tally(made)
        return made

    def _tally(self, block: ContextBlock) -> None:
        self.tokens[block.segment] += block.tokens
        self.blocks[block.segment] += 1


def _countable(block: Block) -> tuple[str, TextKind]:
    match block:
        case TextBlock():
            return block.text, "prose"
        case ToolCallBlock():
            return f"{block.tool} {block.arguments}", "json"
        case ToolResultBlock():
            return block.text, "code"


def _place(event: Event) -> Place | None:
    return event.place


def _ordinal(event: Event) -> int:
    return event.place.ordinal if event.place else 0
