"""From a history to the context of the next model call. Blocking for the turn, so it must be quick."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from enplace.ports import Journal, TokenCounter
from enplace.prepare.budget import MEMORY_RATIO, estimate, require_room, room_tokens
from enplace.prepare.frames import soul_text
from enplace.prepare.layout import Wanted, frames, head, opening
from enplace.prepare.prefix import Sent, expect
from enplace.prepare.view import View
from enplace.records.canonical import digest
from enplace.records.context import SEGMENTS, Context, History, Segment, SegmentSize
from enplace.records.event import Degraded, EpochOpened, Event
from enplace.records.memory import SoulLine
from enplace.records.recollection import Recollection


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A context, and the events that laying it out made: they are in the log already."""

    context: Context
    changes: tuple[Event, ...]


class Preparer:
    """Prepares the contexts of one task; keeps its view warm, so only what is new is rendered."""

    def __init__(self, counter: TokenCounter) -> None:
        self.view = View(counter)

    def catch_up(self, history: History) -> None:
        """Fold what the view has not seen."""
        self.view.fold(self.view.unseen(history.events), history.texts)

    def require_room_for(self, text: str, wanted: Wanted) -> None:
        """Check that a message would fit behind what stands already.

        Raises:
            ContextOverflow: It would not.
        """
        added = self.view.count(text)
        if self.view.epoch is None:
            added += self.view.count(wanted.system) + self.view.count(wanted.catalogue, "json")
        counted = sum(self.view.tokens.values()) + added
        factor = self.view.factors.get(wanted.card.name)
        require_room(estimate(counted, factor, self._anchor(self.view.epoch, wanted)), wanted.card)

    def visible(self, wanted: Wanted, now: datetime) -> Collection[str]:
        """Ids of the memories that still stand when a turn starts now: none in a new epoch."""
        if opening(self.view, wanted, starts_turn=True, now=now) is not None:
            return ()
        return self.view.visible

    async def prepare(
        self,
        history: History,
        found: Recollection,
        wanted: Wanted,
        *,
        soul: Callable[[], Awaitable[Sequence[SoulLine]]],
        journal: Journal,
        now: datetime,
    ) -> Prepared:
        """Lay out what is new, and assemble the context.

        Args:
            history: The task up to now, every call answered.
            found: What was recalled for the turn's message; used once in a turn.
            wanted: What the head should be.
            soul: Reads the owner's soul; asked only when an epoch opens.
            journal: Takes the events of the layout.
            now: The time of the call.

        Raises:
            ContextOverflow: The context does not fit the model's window.
        """
        self.catch_up(history)
        starts_turn = not history.framed
        events: list[Event] = []
        texts: list[str] = []
        reason = opening(self.view, wanted, starts_turn=starts_turn, now=now)
        if reason is not None:
            opened, head_texts = head(reason, wanted, soul_text(await soul()))
            events.append(opened)
            texts += head_texts
        if starts_turn:
            framed, frame_texts = frames(
                self.view,
                found,
                opens=reason is not None,
                now=now,
                room_tokens=round(MEMORY_RATIO * room_tokens(wanted.card)),
                style=wanted.card.frame_style,
            )
            events.append(framed)
            events += [Degraded(segment=lost.segment, reason=lost.reason) for lost in found.lost]
            texts += frame_texts
        changes = await journal.append(events, texts=texts) if events else ()
        self.view.fold(changes, {digest(text): text for text in texts})
        context = self.context(history, wanted, now)
        require_room(context.estimated_tokens, wanted.card)
        return Prepared(context=context, changes=changes)

    def context(self, history: History, wanted: Wanted, now: datetime) -> Context:
        """The context as it stands, whether it fits or not."""
        view, card = self.view, wanted.card
        assert view.epoch is not None  # `prepare` opened one
        assert view.epoch.place is not None  # and stored it
        epoch = view.epoch.place.ordinal
        counted = sum(view.tokens.values())
        tokens = estimate(counted, view.factors.get(card.name), self._anchor(view.epoch, wanted))
        expected = expect(
            view.sent, epoch, view.epoch.reason, holds=view.sent_holds, now=now, at=card.cache
        )
        return Context(
            task_id=history.task_id,
            turn_id=history.turn_id,
            model=view.epoch.model,
            epoch=view.epoch,
            tools=view.tools,
            system=view.system,
            messages=view.standing(),
            manifest=_manifest(view),
            counted_tokens=counted,
            estimated_tokens=tokens,
            expected_hit_tokens=expected.hit_tokens,
            break_reason=expected.break_reason,
            branch=view.branch,
            head=view.head,
            max_output_tokens=card.output_tokens,
        )

    def _anchor(self, epoch: EpochOpened | None, wanted: Wanted) -> Sent | None:
        """The request that the next one extends; None where a new epoch begins."""
        sent = self.view.sent
        if sent is None or epoch is None or epoch.place is None:
            return None
        same = sent.epoch == epoch.place.ordinal and epoch.model == wanted.card.name
        return sent if same else None


def _manifest(view: View) -> tuple[SegmentSize, ...]:
    """Seven rows; the newest message is listed apart from the history it will join."""
    whys: dict[Segment, str] = {
        "system": f"frozen since {view.epoch.reason}" if view.epoch else "",
        "soul": "snapshot of this epoch",
        "memory": f"{len(view.visible)} visible, {view.corrected} corrected",
        "history": f"{len(view.messages)} messages, only ever extended",
        "notes": f"{len(view.shown_notes)} shown",
        "tools": "frozen for this epoch",
        "message": "the newest message of the user",
    }
    own = view.message_tokens
    tokens = {**view.tokens, "history": view.tokens["history"] - own, "message": own}
    blocks = {**view.blocks, "history": max(view.blocks["history"] - 1, 0), "message": 1}
    return tuple(
        SegmentSize(segment=s, tokens=tokens[s], blocks=blocks[s], why=whys[s]) for s in SEGMENTS
    )
