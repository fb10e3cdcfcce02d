"""When a new epoch opens, and what is laid in front of a message. Pure decisions, kept as events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Literal

from enplace.prepare.frames import correction_text, memory_text, notes_text
from enplace.prepare.lints.setup import lint_setup
from enplace.prepare.view import View
from enplace.records.agent_event import CatalogueReloaded
from enplace.records.canonical import Json, canonical, digest
from enplace.records.event import EpochOpened, EpochReason, Frame, Framed
from enplace.records.lint import Lint
from enplace.records.model import FrameStyle, ModelCard
from enplace.records.receipt import receipt_of
from enplace.records.recollection import DroppedMemory, RecalledMemory, Recollection
from enplace.records.tool import ToolSpec

Layout = Literal["epochs", "literal"]
"""`epochs`: the seven segments in order once per epoch, then only additions (decision 0001).
`literal`: the seven segments in order anew on every turn, to measure what that costs."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the caller wants the head of a context to be."""

    card: ModelCard
    system: str
    tools: tuple[ToolSpec, ...] = ()
    """In order of names."""
    layout: Layout = "epochs"
    defers: bool = False
    """Whether other tools and another system prompt wait for an epoch that opens anyway."""

    @cached_property
    def catalogue(self) -> str:
        """The tool definitions as canonical JSON; empty where there are none."""
        return canonical([_definition(tool) for tool in self.tools]) if self.tools else ""

    @cached_property
    def system_digest(self) -> str:
        """Names the system prompt."""
        return digest(self.system)

    @cached_property
    def lints(self) -> tuple[Lint, ...]:
        """What of it deserves advice."""
        return lint_setup(self.system, self.tools)

    @cached_property
    def tools_digest(self) -> str:
        """Names the catalogue; empty where there are no tools."""
        return digest(self.catalogue) if self.tools else ""


def _definition(tool: ToolSpec) -> Json:
    return {"name": tool.name, "description": tool.description, "schema": tool.schema}


def opening(view: View, wanted: Wanted, *, starts_turn: bool, now: datetime) -> EpochReason | None:
    """Why a new epoch must open now; None while the old one goes on."""
    epoch = view.epoch
    if epoch is None:
        return "task_start"
    gains = _stale(view, now) or _waits(epoch, wanted)
    goes_cold = starts_turn and _cold(view, wanted, now) and gains
    reasons: tuple[tuple[EpochReason, bool], ...] = (
        ("erasure", view.is_torn),
        ("model", epoch.model != wanted.card.name),
        ("system", epoch.system != wanted.system_digest and not wanted.defers),
        ("tools", epoch.tools != wanted.tools_digest and not wanted.defers),
        ("layout", starts_turn and wanted.layout == "literal"),
        ("cold_cache", goes_cold),
    )
    return next((reason for reason, holds in reasons if holds), None)


def deferred(view: View, wanted: Wanted) -> CatalogueReloaded | None:
    """What to tell of a head that waits for the next epoch; None where it was told.

    Where a later reload brings back what stands, it tells that nothing changes after all.
    """
    epoch = view.epoch
    if epoch is None or not wanted.defers:
        return None
    waiting = digest(wanted.system_digest + wanted.tools_digest)
    if waiting == (view.announced or digest(epoch.system + epoch.tools)):
        return None
    before = {tool.name: canonical(_definition(tool)) for tool in view.tools}
    after = {tool.name: canonical(_definition(tool)) for tool in wanted.tools}
    return CatalogueReloaded(
        catalogue=waiting,
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(n for n in after if n in before and after[n] != before[n]),
    )


def _waits(epoch: EpochOpened, wanted: Wanted) -> bool:
    """Whether what was reloaded waits for a new head."""
    stands = (epoch.system, epoch.tools)
    return wanted.defers and stands != (wanted.system_digest, wanted.tools_digest)


def same_head(reason: EpochReason, view: View) -> tuple[EpochOpened, tuple[str, ...]]:
    """The event that lets the head stand as it is in a new epoch, and the texts it refers to."""
    assert view.epoch is not None  # something stands
    return replace(view.epoch, reason=reason, place=None), view.head_texts


def head(reason: EpochReason, wanted: Wanted, soul: str) -> tuple[EpochOpened, tuple[str, ...]]:
    """The event that lays down a head, and the texts it refers to."""
    event = EpochOpened(
        reason=reason,
        model=wanted.card.name,
        system=wanted.system_digest,
        tools=wanted.tools_digest,
        soul=digest(soul) if soul else None,
    )
    return event, (wanted.system, *(text for text in (wanted.catalogue, soul) if text))


def frames(
    view: View,
    found: Recollection,
    *,
    opens: bool,
    now: datetime,
    room_tokens: int,
    style: FrameStyle,
) -> tuple[Framed, tuple[str, ...]]:
    """What is laid in front of a message, and the texts of it.

    Args:
        view: What stands in the context.
        found: What was recalled for the message.
        opens: Whether a new epoch opens: then nothing recalled before is visible any more.
        now: For notes that have expired.
        room_tokens: Most tokens for the memories of this frame.
        style: How frames read.
    """
    laid: list[Frame] = []
    texts: list[str] = []
    if style == "fenced":  # a very small model does not find it in a handoff (decision 0011)
        found = _not_told_yet(found, view.handoff)
    shown, left_out = _fitting(found.memories, room_tokens, view, style)
    if shown:
        texts.append(memory_text(shown, style))
        why = "; ".join(f"{m.id}: {m.why} ({m.score:.2f})" for m in shown)
        ids = tuple(memory.id for memory in shown)
        laid.append(Frame(segment="memory", text=digest(texts[-1]), shows=ids, why=why))
    if found.corrections and not opens:
        texts.append(correction_text(found.corrections, style))
        ids = tuple(correction.id for correction in found.corrections)
        laid.append(
            Frame(segment="memory", text=digest(texts[-1]), corrects=ids, why="no longer valid")
        )
    notes = view.notes if opens else view.unseen_notes
    live = sorted(
        (note for note in notes.values() if note.live(now)),
        key=lambda note: (-note.priority, note.written_at, note.key),
    )
    if live:
        texts.append(notes_text(live, style))
        keys = tuple(note.key for note in live)
        laid.append(Frame(segment="notes", text=digest(texts[-1]), shows=keys, why="changed"))
    receipt = None
    if found.query.terms:
        texts.append(receipt_of(found))
        receipt = digest(texts[-1])
    why = _account(found, left_out)
    return Framed(frames=tuple(laid), why=why, receipt=receipt), tuple(texts)


def _not_told_yet(found: Recollection, handoff: str) -> Recollection:
    """A recollection without what somebody said that stands word for word in the handoff."""
    told = {m.id: m for m in found.memories if m.kind == "said" and m.text in handoff}
    dropped = [DroppedMemory(id=id_, stage="visible", score=m.score) for id_, m in told.items()]
    kept = tuple(memory for memory in found.memories if memory.id not in told)
    return replace(found, memories=kept, dropped=(*dropped, *found.dropped))


def _fitting(
    memories: Sequence[RecalledMemory], room_tokens: int, view: View, style: FrameStyle
) -> tuple[list[RecalledMemory], int]:
    """The best memories that fit into the room, and how many do not."""
    shown: list[RecalledMemory] = []
    tokens = 0
    for memory in memories:
        added = view.count(memory_text([memory], style))  # a little too much: each with its fence
        if tokens + added <= room_tokens:
            tokens += added
            shown.append(memory)
    return shown, len(memories) - len(shown)


def _account(found: Recollection, left_out: int) -> str:
    """One line on what the recall looked for and left out."""
    if not found.query.terms:
        return found.query.reason
    stages = [dropped.stage for dropped in found.dropped] + ["room"] * left_out
    if found.silence:
        return f"looked for {', '.join(found.query.terms)}; {found.silence}"
    counts = [f"{stages.count(stage)} {stage}" for stage in dict.fromkeys(stages)]
    return f"looked for {', '.join(found.query.terms)}" + (
        f"; left out: {', '.join(counts)}" if counts else ""
    )


def _cold(view: View, wanted: Wanted, now: datetime) -> bool:
    sent = view.sent
    return sent is not None and (now - sent.at).total_seconds() > wanted.card.cache.ttl_s


def _stale(view: View, now: datetime) -> bool:
    """Whether something stands in view that a new head would drop."""
    expired = any(
        not note.live(now) or view.notes.get(key) != note for key, note in view.shown_notes.items()
    )
    return view.corrected > 0 or expired
