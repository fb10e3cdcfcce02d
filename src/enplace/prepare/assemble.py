"""From a history to the context of the next model call. Blocking for the turn, so it must be quick."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from enplace.errors import ModelGarbled
from enplace.ports import Journal, TokenCounter
from enplace.prepare.budget import MEMORY_RATIO, estimate, require_room, room_tokens
from enplace.prepare.compact.orchestrator import Situation, carry_out, weigh
from enplace.prepare.compact.phases import phase_ended
from enplace.prepare.compact.policy import CompactionOptions, allowance
from enplace.prepare.compact.summary import (
    PROSE_SHARE,
    Prose,
    ask_for_prose,
    last_shown,
    prose_in,
)
from enplace.prepare.frames import soul_text
from enplace.prepare.layout import Wanted, deferred, frames, head, opening, same_head
from enplace.prepare.lints.advice import advice_for
from enplace.prepare.prefix import Sent, expect
from enplace.prepare.view import View
from enplace.records.aside import Aside
from enplace.records.canonical import digest
from enplace.records.compaction import Collapse, Decision, Keep, Snip
from enplace.records.context import SEGMENTS, Context, History, Segment, SegmentSize
from enplace.records.event import Compacted, Degraded, EpochOpened, EpochReason, Event
from enplace.records.media import MediaRule, media_tokens
from enplace.records.memory import SoulLine
from enplace.records.message import UserMessage
from enplace.records.price import CONSERVATIVE, Price
from enplace.records.recollection import RecallQuery, Recollection

MOST_PROSE_CHARACTERS = 20_000
"""More than that of a model's prose is never kept; how much of it is shown, the handoff decides."""


Clean: TypeAlias = Callable[[Sequence[Event], Sequence[str]], tuple[Sequence[Event], Sequence[str]]]
"""Changes texts that are to be laid into a context, and the events that name them by digest."""


def _as_it_is(
    events: Sequence[Event], texts: Sequence[str]
) -> tuple[Sequence[Event], Sequence[str]]:
    return events, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A context, and the events that laying it out made: they are in the log already."""

    context: Context
    changes: tuple[Event, ...]
    decision: Decision
    """What was decided about its growth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InView:
    """What a turn that starts now will find in its context."""

    memories: Collection[str]
    """Ids of the memories that stand there."""
    gone: int
    """Ordinal of the last event that a collapse took out of view; 0 where none did."""


class Preparer:
    """Prepares the contexts of one task; keeps its view warm, so only what is new is rendered.

    Args:
        counter: Counts tokens.
        compaction: What may be removed when the context grows; None: nothing ever is.
        media: How the model counts images and files.
        clean: Leaves secrets out of what is laid, which an older brain may hold.
    """

    def __init__(
        self,
        counter: TokenCounter,
        compaction: CompactionOptions | None = None,
        media: MediaRule = "text",
        clean: Clean = _as_it_is,
    ) -> None:
        keeps_files = compaction is not None and compaction.keeps_files
        self.view = View(counter, keeps_files=keeps_files, media=media)
        self._compaction = compaction
        self._clean = clean
        self._near: Keep | None = None
        """The newest decision, where it says that a collapse is near."""
        self._prose: Prose | None = None
        self._untold: tuple[Event, ...] = ()
        """What came of asking for prose: told with the next events."""

    def catch_up(self, history: History) -> None:
        """Fold what the view has not seen."""
        self.view.fold(self.view.unseen(history.events), history.texts)

    def require_room_for(self, message: UserMessage, wanted: Wanted) -> None:
        """Check that a message would fit behind what stands, or what a collapse leaves of that.

        Raises:
            ContextOverflow: It would not.
        """
        added = self.view.count(message.text)
        added += sum(media_tokens(block, wanted.card.media) for block in message.media)
        if self.view.epoch is None:
            added += self.view.count(wanted.system) + self.view.count(wanted.catalogue, "json")
        stands = sum(self.view.tokens.values())
        if self._compaction is not None and self._compaction.collapses:
            most = self._compaction.handoff_ratio + self._compaction.files_ratio
            stands = min(stands, self.view.head_tokens + round(most * room_tokens(wanted.card)))
        factor = self.view.factors.get(wanted.card.name)
        counted = stands + added
        anchor = self._anchor(self.view.epoch, wanted)
        if anchor is not None and counted < anchor.counted_tokens:
            anchor = None
        require_room(estimate(counted, factor, anchor), wanted.card)

    def in_view(self, wanted: Wanted, now: datetime, price: Price | None = None) -> InView:
        """What still stands when a turn starts now; no memories do in a new epoch."""
        opens = opening(self.view, wanted, starts_turn=True, now=now)
        decision = self._weigh(wanted, opens, now=now, price=price)
        gone = self.view.dialogue.collapsed_upto
        if isinstance(decision, Collapse):
            shown = {id_ for id_, at in self.view.visible.items() if at > decision.upto}
            return InView(memories=shown, gone=decision.upto)
        if opens is not None and not isinstance(decision, Snip):
            return InView(memories=(), gone=gone)
        return InView(memories=self.view.visible, gone=gone)

    async def prepare(
        self,
        history: History,
        found: Recollection,
        wanted: Wanted,
        *,
        soul: Callable[[], Awaitable[Sequence[SoulLine]]],
        journal: Journal,
        now: datetime,
        price: Price | None = None,
        asked: str | None = None,
        refused: bool = False,
    ) -> Prepared:
        """Lay out what is new, make room where that pays or must be, and assemble the context.

        Args:
            history: The task up to now, every call answered.
            found: What was recalled for the turn's message; used once in a turn.
            wanted: What the head should be.
            soul: Reads the owner's soul; asked only when an epoch opens.
            journal: Takes the events of the layout.
            now: The time of the call.
            price: What the model's provider asks; None where no book knows.
            asked: Somebody asks for a boundary, and calls what ended so.
            refused: The provider refused the context as it stands.

        Raises:
            ContextOverflow: The context does not fit the model's window.
        """
        self.catch_up(history)
        starts_turn = not history.framed
        reason = opening(self.view, wanted, starts_turn=starts_turn, now=now)
        changes: tuple[Event, ...] = ()
        stood = {wanted.system_digest: wanted.system}
        if self.view.epoch is not None:
            stood[self.view.epoch.system] = self.view.system_text
        decision = self._weigh(
            wanted, reason, now=now, price=price, asked=asked is not None, refused=refused
        )
        if isinstance(decision, Collapse | Snip):
            label = self._phase() if asked is None else asked
            situation = self._situation(wanted, reason, now=now, price=price, label=label or "")
            made = carry_out(self.view, decision, situation, now, in_turn=not starts_turn)
            if made is None:
                self.view.meter.failures += 1
            else:
                compacted, texts = made
                becomes = "compaction" if isinstance(decision, Collapse) else "snip"
                reason = reason or becomes
                if isinstance(decision, Snip) and not situation.is_cold:
                    opened, head_texts = same_head(reason, self.view)  # its price is no new head
                else:
                    opened, head_texts = head(reason, wanted, soul_text(await soul()))
                changes = await self._append([compacted, opened], (*texts, *head_texts), journal)
        self._near = decision if isinstance(decision, Keep) and decision.prepares else None
        if reason is not None and not changes:
            opened, head_texts = head(reason, wanted, soul_text(await soul()))
            changes = await self._append([opened], head_texts, journal)
        elif reason is None and (waiting := deferred(self.view, wanted)) is not None:
            changes = await self._append([waiting], (), journal)
        if starts_turn:
            drops = reason is not None and not any(isinstance(e, Compacted) for e in changes)
            advice = advice_for(history, changes, wanted, self.view.advised, stood)
            changes += await self._frame(found, wanted, journal, now, opens=drops, advice=advice)
        if self._untold:
            changes += await self._append([], (), journal)
        context = self.context(history, wanted, now)
        require_room(context.estimated_tokens, wanted.card)
        return Prepared(context=context, changes=changes, decision=decision)

    async def recover(
        self,
        history: History,
        wanted: Wanted,
        *,
        soul: Callable[[], Awaitable[Sequence[SoulLine]]],
        journal: Journal,
        now: datetime,
        price: Price | None = None,
    ) -> Prepared | None:
        """A smaller context after the provider refused this one; None where nothing may go.

        Takes no model call. To be tried once: what is refused again is too large for good.

        Raises:
            ContextOverflow: It does not fit after all.
        """
        self.catch_up(history)
        prepared = await self.prepare(
            history,
            Recollection(query=RecallQuery(terms=(), reason="recalled before")),
            wanted,
            soul=soul,
            journal=journal,
            now=now,
            price=price,
            refused=True,
        )
        return prepared if prepared.changes else None

    async def read_ahead(self) -> None:
        """Read what a collapse will need, a text at a time; nobody waits for it."""
        for _ in self.view.chronicle.read_each():
            await asyncio.sleep(0)  # the turn goes first

    def asks(self, context: Context, wanted: Wanted, price: Price | None = None) -> Context | None:
        """What the model is to be asked beside the turn, which was just sent a context.

        None where no collapse is near, the model cannot summarise or was asked in this epoch
        already, its window has no room for it, or the collapse itself could then not be paid.
        """
        options, card, near = self._compaction, wanted.card, self._near
        if options is None or near is None or not (options.prose and options.collapses):
            return None
        if self.view.prosed or not card.can_summarise:
            return None
        most = round(PROSE_SHARE * options.handoff_ratio * room_tokens(card))
        asked = ask_for_prose(context, most, self.view.count)
        rates = price.rates if price else CONSERVATIVE
        costs = near.price_tokens + rates.hit * asked.estimated_tokens + rates.output * most
        left = allowance(self.view.meter.account, rates, options.most_extra)
        return asked if asked.estimated_tokens <= room_tokens(card) and costs <= left else None

    def offer(self, aside: Aside) -> None:
        """Take what came of that; what it cost, or why it is of no use, is told at the next call.

        It stands in a handoff only while what the model was asked about is a prefix of the context.
        """
        asked, trouble = aside.asked, aside.trouble
        if aside.reply is not None and not trouble:
            upto, names = last_shown(asked), self.view.chronicle.ledger.names()
            try:
                text = prose_in(aside.reply, names, upto, MOST_PROSE_CHARACTERS)
            except ModelGarbled as error:
                trouble = error.message
            else:
                epoch = asked.epoch.place.ordinal if asked.epoch.place else 0
                self._prose = Prose(
                    text=text, upto=upto, epoch=epoch, branch=asked.branch, model=asked.model
                )
        lost = [Degraded(segment="summary", reason=trouble)] if trouble else []
        self._untold = (*self._untold, *([aside.usage] if aside.usage else []), *lost)

    async def compact(
        self,
        wanted: Wanted,
        *,
        label: str,
        soul: Callable[[], Awaitable[Sequence[SoulLine]]],
        journal: Journal,
        now: datetime,
        price: Price | None = None,
    ) -> tuple[Event, ...]:
        """Close a part of the task between two turns; no events where there is nothing to close."""
        reason = opening(self.view, wanted, starts_turn=True, now=now)
        decision = self._weigh(wanted, reason, now=now, price=price, asked=True)
        if not isinstance(decision, Collapse):
            return ()
        situation = self._situation(wanted, reason, now=now, price=price, label=label)
        made = carry_out(self.view, decision, situation, now, in_turn=False)
        if made is None:
            return ()
        opened, head_texts = head("boundary", wanted, soul_text(await soul()))
        return await self._append([made[0], opened], (*made[1], *head_texts), journal)

    async def _frame(
        self,
        found: Recollection,
        wanted: Wanted,
        journal: Journal,
        now: datetime,
        *,
        opens: bool,
        advice: Sequence[Event],
    ) -> tuple[Event, ...]:
        """Lay memories and notes in front of the turn's message, and tell what to do otherwise.

        `opens` tells whether an epoch opened that dropped all that was laid before.
        """
        framed, texts = frames(
            self.view,
            found,
            opens=opens,
            now=now,
            room_tokens=round(MEMORY_RATIO * room_tokens(wanted.card)),
            style=wanted.card.frame_style,
        )
        lost = [Degraded(segment=lost.segment, reason=lost.reason) for lost in found.lost]
        return await self._append([framed, *lost, *advice], texts, journal)

    async def _append(
        self, events: Sequence[Event], texts: Sequence[str], journal: Journal
    ) -> tuple[Event, ...]:
        events, texts = self._clean(events, texts)
        stored = await journal.append([*self._untold, *events], texts=tuple(texts))
        self._untold = ()
        self.view.fold(stored, {digest(text): text for text in texts})
        return stored

    def _weigh(
        self,
        wanted: Wanted,
        opens: EpochReason | None,
        *,
        now: datetime,
        price: Price | None,
        asked: bool = False,
        refused: bool = False,
    ) -> Decision:
        """What the policy says of the context as it stands."""
        if self._compaction is None or self.view.epoch is None:
            return Keep(reason="compaction is switched off" if self.view.epoch else "nothing yet")
        situation = self._situation(wanted, opens, now=now, price=price)
        hinted = self._phase() is not None
        return weigh(self.view, replace(situation, asked=asked, refused=refused, hinted=hinted))

    def _situation(
        self,
        wanted: Wanted,
        opens: EpochReason | None,
        *,
        now: datetime,
        price: Price | None,
        label: str = "",
    ) -> Situation:
        assert self._compaction is not None  # nothing is weighed without
        sent, card = self.view.sent, wanted.card
        counted = sum(self.view.tokens.values())
        factor = self.view.factors.get(card.name)
        goes_cold = sent is not None and (now - sent.at).total_seconds() > card.cache.ttl_s
        return Situation(
            card=card,
            options=self._compaction,
            used=estimate(counted, factor, self._anchor(self.view.epoch, wanted)),
            price=price,
            is_cold=opens is not None or goes_cold,
            label=label,
            prose=self._standing_prose(wanted),
        )

    def _phase(self) -> str | None:
        """What has ended, as far as the newest message says so and nothing answered it yet."""
        return phase_ended(self.view.said) if self.view.said else None

    def _standing_prose(self, wanted: Wanted) -> Prose | None:
        """The prose, where what it was written about is a prefix of what stands."""
        prose, epoch = self._prose, self.view.epoch
        if prose is None or epoch is None or epoch.place is None:
            return None
        now = (epoch.place.ordinal, self.view.branch, wanted.card.name)
        return prose if (prose.epoch, prose.branch, prose.model) == now else None

    def context(self, history: History, wanted: Wanted, now: datetime) -> Context:
        """The context as it stands, whether it fits or not."""
        view, card = self.view, wanted.card
        assert view.epoch is not None  # `prepare` opened one
        assert view.epoch.place is not None  # and stored it
        epoch = view.epoch.place.ordinal
        counted = sum(view.tokens.values())
        tokens = estimate(counted, view.factors.get(card.name), self._anchor(view.epoch, wanted))
        expected = expect(
            view.sent,
            epoch,
            view.epoch.reason,
            kept_tokens=round(view.kept_tokens * (view.factors.get(card.name) or 1.0)),
            holds=view.sent_holds,
            now=now,
            at=card.cache,
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
            unbroken_tokens=_kept(view.sent),
            break_reason=expected.break_reason,
            branch=view.branch,
            head=view.dialogue.head,
            max_output_tokens=card.output_tokens,
        )

    def _anchor(self, epoch: EpochOpened | None, wanted: Wanted) -> Sent | None:
        """The request that the next one extends; None where a new epoch begins."""
        sent = self.view.sent
        if sent is None or epoch is None or epoch.place is None:
            return None
        same = sent.epoch == epoch.place.ordinal and epoch.model == wanted.card.name
        return sent if same else None


def _kept(sent: Sent | None) -> int:
    """Tokens of a request and of its answer."""
    return sent.usage.input_tokens + sent.usage.output_tokens if sent else 0


def _manifest(view: View) -> tuple[SegmentSize, ...]:
    """Seven rows; the newest message is listed apart from the history it will join."""
    whys: dict[Segment, str] = {
        "system": f"frozen since {view.epoch.reason}" if view.epoch else "",
        "soul": "snapshot of this epoch",
        "memory": f"{len(view.visible)} visible, {view.corrected} corrected",
        "history": f"{len(view.dialogue.messages)} messages, only ever extended",
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
