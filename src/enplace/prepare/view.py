"""The projection of a task's log onto what a model sees. Folded event by event, never rebuilt.

The same fold runs live and on replay, so replaying a log gives the same bytes; and it only ever
looks at new events, so a turn costs the same in a long task as in a short one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from enplace.ports import TextKind, TokenCounter
from enplace.prepare.budget import calibrated
from enplace.prepare.compact.chronicle import Chronicle
from enplace.prepare.compact.meter import Meter
from enplace.prepare.dialogue import Dialogue
from enplace.prepare.prefix import Sent, head_digest
from enplace.records.agent_event import CatalogueReloaded
from enplace.records.block import (
    Block,
    FileBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from enplace.records.compaction import excerpted
from enplace.records.context import SEGMENTS, SNIPPED, ContextBlock, ContextMessage, Segment
from enplace.records.event import (
    AdviceGiven,
    AssistantSpoke,
    Compacted,
    Degraded,
    EpochOpened,
    Erased,
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
from enplace.records.lint import LintCode
from enplace.records.media import MediaRule, media_tokens
from enplace.records.memory import Note
from enplace.records.tool import ToolSpec


class View:
    """What stands in the context of one task, and what is needed to decide what comes next.

    Public attributes are read by `layout` and `assemble`; only `fold` changes them.
    """

    def __init__(  # noqa: PLR0915  one statement for each thing that is known, with what it is
        self, counter: TokenCounter, *, keeps_files: bool = True, media: MediaRule = "text"
    ) -> None:
        self._counter = counter
        self._media: MediaRule = media
        self.chronicle = Chronicle(keeps_files=keeps_files)
        """What a collapse will need."""
        self.meter = Meter()
        """What the task's calls have cost, and what could have been spared."""
        self.seen: set[int] = set()
        """Ordinals of the events folded."""
        self.last = 0
        """The largest of them."""
        self.epoch: EpochOpened | None = None
        self.head_texts: tuple[str, ...] = ()
        """System prompt, catalogue and soul of the epoch, as far as it has them."""
        self.system: tuple[ContextBlock, ...] = ()
        self.tools: tuple[ToolSpec, ...] = ()
        self.dialogue = Dialogue()
        """The messages that stand."""
        self.branch = 0
        """Ordinal of the event with which the live branch began; 0 while the log never branched."""
        self.pending: tuple[ContextBlock, ...] = ()
        """Blocks of a user message that no request has carried yet."""
        self.tokens: dict[Segment, int] = dict.fromkeys(SEGMENTS, 0)
        self.blocks: dict[Segment, int] = dict.fromkeys(SEGMENTS, 0)
        self.message_tokens = 0
        """Of the newest user message, which the manifest lists apart from the history."""
        self.visible: dict[str, int] = {}
        """Memory ids that stand in the context and hold, with the ordinal of their frame."""
        self.handoff = ""
        """The text that stands for what a collapse took out of view; empty where none did."""
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
        self.kept_tokens = 0
        """Of the last request, counted: what the newest epoch left as it was."""
        self.prosed = False
        """Whether a model was asked for prose in this epoch, whatever came of it."""
        self.asked_at = 0
        """Ordinal of the newest user message."""
        self.said = ""
        """What the user said there, as long as nothing answered it; empty where somebody asked for
        a boundary right before."""
        self.dead: dict[int, int] = {}
        """Tokens of the tool results in view that later ones supersede, by ordinal."""
        self.factors: dict[str, float | None] = {}
        """Reported over counted tokens, by model."""
        self.announced = ""
        """Digest of the head of which it was told that it waits for the next one; else empty."""
        self.is_torn = False
        """Whether something that was sent in this epoch was erased since."""
        self.advised: set[LintCode] = set()
        """What advice was given."""
        self._results: dict[str, ContextBlock] = {}
        self._is_compacted = False
        self._is_snipped = False
        """Whether the epoch left what stood where it stood: then nothing is laid before that."""
        self._untouched = 0
        """Messages that the newest snip left as they stood."""
        self._is_closed = False
        """Whether somebody asked for a boundary since the newest message."""
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
            superseded = self.chronicle.take(event, _ordinal(event))
            match event:
                case EpochOpened():
                    self._open_epoch(event, texts)
                case Compacted():
                    self._compact(event, texts)
                case TurnStarted() if event.replaces is not None:
                    self.branch = _ordinal(event)
                case UserSpoke():
                    self._take_message(event)
                case Framed():
                    self._lay_frames(event.frames, texts, _place(event))
                    self._take_late_notes()
                case AssistantSpoke():
                    self._close_message()
                    self.said = ""
                    blocks = [self._block(b, "history", _place(event)) for b in event.blocks]
                    self.dialogue.add("assistant", blocks, event.raw)
                case ToolFinished():
                    self._take_result(event, superseded)
                case Degraded() | Erased() | CatalogueReloaded() | AdviceGiven():
                    self._take_mark(event)
                case UsageReported():
                    self._take_usage(event)
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
        self.dialogue.settle()
        if not self.pending:
            return tuple(self.dialogue.messages)
        return (*self.dialogue.messages, self.dialogue.next("user", self.pending))

    @property
    def head_tokens(self) -> int:
        """Of tools, system prompt and soul."""
        return self.tokens["tools"] + self.tokens["system"] + self.tokens["soul"]

    @property
    def system_text(self) -> str:
        """The system prompt; empty before the first epoch."""
        block = self.system[0].block if self.system else None
        return block.text if isinstance(block, TextBlock) else ""

    def count(self, text: str, kind: TextKind = "prose") -> int:
        """Tokens of a text."""
        return self._counter.count(text, kind)

    def _open_epoch(self, event: EpochOpened, texts: Mapping[str, str]) -> None:
        """Lay down a new head, and carry the dialogue over.

        Behind a compaction what it left stands as it is; otherwise what was laid in between goes.
        """
        head = head_digest(event.model, event.tools, event.system, event.soul)
        carried = self.dialogue.carried()
        if not self._is_compacted:
            self._is_snipped = False
            self.kept_tokens = self.head_tokens
            carried = [_without_frames(message) for message in carried]
            self.pending = tuple(b for b in self.pending if b.segment == "history")
            self._forget_frames()
        if head != self.dialogue.head:
            self.kept_tokens = self._untouched = 0
            self.announced = ""
        self._is_compacted = self.prosed = self.is_torn = False
        is_same = self.epoch is None or self.epoch.model == event.model
        self.epoch, self.dialogue.head = event, head
        self.dialogue.carry(carried, keeps_open=is_same, untouched=self._untouched)
        self._untouched = 0
        self._lay_head(event, texts)

    def _lay_head(self, event: EpochOpened, texts: Mapping[str, str]) -> None:
        self.tokens = dict.fromkeys(SEGMENTS, 0)
        self.blocks = dict.fromkeys(SEGMENTS, 0)
        for message in self.dialogue.carried():
            for block in message.blocks:
                self._tally(block)
        for block in self.pending:
            self._tally(block)
        named = (event.system, event.tools, event.soul)
        self.head_texts = tuple(texts[name] for name in named if name)
        catalogue = texts[event.tools] if event.tools else "[]"
        self.tools = tuple(ToolSpec(**definition) for definition in json.loads(catalogue))
        self.tokens["tools"] = self.count(catalogue, "json") if self.tools else 0
        self.blocks["tools"] = len(self.tools)
        at = _place(event)
        system = [self._block(TextBlock(text=texts[event.system]), "system", at)]
        if event.soul is not None:
            system.append(self._block(TextBlock(text=texts[event.soul]), "soul", at))
        self.system = tuple(system)

    def _forget_frames(self) -> None:
        """What was laid in front of messages is visible no more."""
        self.visible.clear()
        self.corrected = 0
        self.shown_notes = {}
        self.unseen_notes = dict(self.notes)

    def _compact(self, event: Compacted, texts: Mapping[str, str]) -> None:
        """Take out of view what a compaction removes; the epoch that follows carries the rest."""
        self.dialogue.settle()
        self.meter.compacted(event.before_tokens - event.after_tokens)
        self._is_closed = self._is_closed or event.trigger == "boundary"
        self._is_snipped = event.strategy == "snip"
        if event.strategy == "snip":
            self._snip({int(k): v for k, v in json.loads(texts[event.texts[0]]).items()})
        else:
            self._collapse(event, texts)
        self._is_compacted = True

    def _snip(self, lines: Mapping[int, str]) -> None:
        self.kept_tokens = self.head_tokens + self.dialogue.before(min(lines))
        stubs: dict[int, ContextBlock] = {}
        for ordinal, line in lines.items():
            self.dead.pop(ordinal, None)
            for block in self.dialogue.showing(ordinal):
                if isinstance(block.block, ToolResultBlock):
                    stub = replace(block.block, text=line)
                    tokens = self.count(line, "code")
                    stubs[ordinal] = replace(block, block=stub, tokens=tokens, why=SNIPPED)
        self._untouched = self.dialogue.snip(stubs)

    def _collapse(self, event: Compacted, texts: Mapping[str, str]) -> None:
        self.kept_tokens = self.head_tokens
        at = _place(event)
        kept = self.dialogue.standing_after(event.upto, self.asked_at)
        laid = [self._block(TextBlock(text=texts[t]), "history", at) for t in event.texts]
        self.handoff = texts[event.texts[0]]
        laid += [
            self._block(TextBlock(text=texts[frame.text]), frame.segment, at, frame.why)
            for frame in event.frames
        ]
        if not self.dialogue.collapse(kept, laid, _ordinal(event), event.upto):
            self.pending = (*laid, *self.pending)
        left = (*(b for m in kept for b in m.blocks), *self.pending)
        standing = {b.source for b in left if b.segment == "memory"}
        self.dead = {o: tokens for o, tokens in self.dead.items() if o > event.upto}
        visible = {id_: at for id_, at in self.visible.items() if at in standing}
        self._forget_frames()
        self.visible = visible
        for key in (key for frame in event.frames for key in frame.shows):
            self.shown_notes[key] = self.unseen_notes.pop(key)

    def _lay_frames(
        self, frames: Sequence[Frame], texts: Mapping[str, str], at: Place | None
    ) -> None:
        """Put frames in front of the message; an epoch's first memory stands before its history."""
        blocks = [
            self._block(TextBlock(text=texts[frame.text]), frame.segment, at, frame.why)
            for frame in frames
        ]
        pairs = list(zip(frames, blocks, strict=True))
        # what is declared no longer valid stands behind what it corrects
        memory = [b for frame, b in pairs if frame.segment == "memory" and not frame.corrects]
        laid = blocks
        if not self._is_snipped and self.dialogue.lay_before(memory):
            laid = [block for block in blocks if block not in memory]
        self.pending = (*laid, *self.pending)
        self.dialogue.settle()
        for frame in frames:
            if frame.segment == "notes":
                self.shown_notes.update((k, self.notes[k]) for k in frame.shows)
                self.unseen_notes = {}
                continue
            self.corrected += len(frame.corrects)
            for id_ in frame.corrects:
                self.visible.pop(id_, None)
            self.visible.update((id_, at.ordinal if at else 0) for id_ in frame.shows)

    def _take_message(self, event: UserSpoke) -> None:
        self._take_late_notes()
        self._late_notes = []
        self._close_message()
        said = (*event.media, TextBlock(text=event.text))
        self.pending = tuple(self._block(block, "history", _place(event)) for block in said)
        self.asked_at = _ordinal(event)
        self.said = "" if self._is_closed or event.agent else event.text
        self._is_closed = False
        self.message_tokens = sum(block.tokens for block in self.pending)

    def _take_result(self, event: ToolFinished, superseded: Sequence[int]) -> None:
        """Keep a result until all of its step are there, then add them in the order asked."""
        result = ToolResultBlock(
            call_id=event.tool_call_id,
            tool=event.tool,
            text=excerpted(event.output, event.excerpt, _ordinal(event)),
            is_error=event.is_error,
        )
        self._results[event.tool_call_id] = self._block(result, "history", _place(event))
        step = self.dialogue.messages[-1]
        asked = [b.block.id for b in step.blocks if isinstance(b.block, ToolCallBlock)]
        if all(id_ in self._results for id_ in asked):
            self.dialogue.add("tool", [self._results[id_] for id_ in asked])
            self._results = {}
        for ordinal in superseded:
            shown = sum(block.tokens for block in self.dialogue.showing(ordinal))
            if shown:
                self.dead[ordinal] = shown

    def _take_usage(self, event: UsageReported) -> None:
        """Remember the request: the messages before the answer that was just added."""
        if event.purpose == "collapse":
            self.prosed = True
            self.meter.beside(event)
        if event.purpose not in {"turn", "subagent"} or event.place is None or self.epoch is None:
            return
        messages = self.dialogue.messages
        request = messages[-2].chain if len(messages) > 1 else self.dialogue.head
        self.sent = Sent(
            epoch=_ordinal(self.epoch),
            prefix=event.prefix,
            usage=event.usage,
            counted_tokens=event.counted_tokens,
            at=event.place.at,
        )
        self.sent_holds = request == event.prefix
        self.meter.called(event, self.tokens["history"], sum(self.dead.values()))
        factor = self.factors.get(event.model)
        self.factors[event.model] = calibrated(
            factor, event.usage.input_tokens, event.counted_tokens
        )

    def _take_mark(self, event: Degraded | Erased | CatalogueReloaded | AdviceGiven) -> None:
        if isinstance(event, CatalogueReloaded):
            self.announced = event.catalogue
        elif isinstance(event, AdviceGiven):
            self.advised.add(event.code)
        elif isinstance(event, Erased):
            self.is_torn = True
        else:
            self.prosed |= event.segment == "summary"

    def _take_note(self, event: NoteWritten) -> None:
        if event.by == "caller" and self._late_notes is not None:
            self._late_notes.append(event)
            return
        self.notes[event.note.key] = event.note
        if event.by == "caller":
            self.unseen_notes[event.note.key] = event.note

    def _take_late_notes(self) -> None:
        late, self._late_notes = self._late_notes, None
        for event in late or ():
            self._take_note(event)

    def _close_message(self) -> None:
        self.dialogue.settle()
        if self.pending:
            self.dialogue.add("user", self.pending)
            self.pending = ()

    def _block(
        self, block: Block, segment: Segment, at: Place | None, why: str = ""
    ) -> ContextBlock:
        made = ContextBlock(
            block=block,
            segment=segment,
            tokens=self._tokens_of(block),
            source=at.ordinal if at else None,
            why=why,
        )
        self._tally(made)
        return made

    def _tokens_of(self, block: Block) -> int:
        match block:
            case TextBlock() | ThinkingBlock():
                return self._counter.count(block.text)
            case ToolCallBlock():
                return self._counter.count(f"{block.tool} {block.arguments}", "json")
            case ToolResultBlock():
                return self._counter.count(block.text, "code")
            case ImageBlock() | FileBlock():
                return media_tokens(block, self._media)

    def _tally(self, block: ContextBlock) -> None:
        self.tokens[block.segment] += block.tokens
        self.blocks[block.segment] += 1


def _without_frames(message: ContextMessage) -> ContextMessage:
    return replace(message, blocks=tuple(b for b in message.blocks if b.segment == "history"))


def _place(event: Event) -> Place | None:
    return event.place


def _ordinal(event: Event) -> int:
    return event.place.ordinal if event.place else 0
