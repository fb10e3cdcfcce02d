"""Carries out what the policy decides: looks at a view, and makes the events of a compaction."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from enplace.prepare.budget import room_tokens
from enplace.prepare.compact.attachments import attach
from enplace.prepare.compact.cached_snip import old_results, stub
from enplace.prepare.compact.collapse import hand_off
from enplace.prepare.compact.policy import CompactionOptions, Old, State, allowance, decide
from enplace.prepare.compact.summary import Prose
from enplace.prepare.frames import notes_text
from enplace.prepare.view import View
from enplace.records.block import ToolResultBlock
from enplace.records.canonical import Json, canonical, digest
from enplace.records.compaction import Collapse, Decision, Snip
from enplace.records.context import History
from enplace.records.event import Compacted, Frame, ToolFinished
from enplace.records.model import ModelCard
from enplace.records.price import CONSERVATIVE, Price, Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """In what a compaction is decided, beside the view."""

    card: ModelCard
    options: CompactionOptions
    used: int
    """Estimated input tokens of the context as it stands."""
    price: Price | None = None
    is_cold: bool = False
    """Whether the cache has let go of the last request, or will not know the next."""
    asked: bool = False
    refused: bool = False
    hinted: bool = False
    """The user said with the newest message that a part of the work is over."""
    label: str = ""
    prose: Prose | None = None
    """What a model wrote about this context, or about the beginning of it."""

    @property
    def room(self) -> int:
        """Most input tokens."""
        return room_tokens(self.card)


COMPACT_TOOL = "compact"
"""Name of the tool by which a model asks for a boundary."""


def boundary_asked(history: History) -> str | None:
    """How the model called the part of the task that it wants closed; None where it asked nothing.

    The boundary is laid in front of the next call: nothing moves within an open one.
    """
    for event in reversed(history.of_turn):
        if isinstance(event, Compacted):
            return None
        if isinstance(event, ToolFinished) and event.tool == COMPACT_TOOL and not event.is_error:
            return event.output
    return None


def weigh(view: View, at: Situation) -> Decision:
    """What becomes of the context before its next call."""
    factor = view.factors.get(at.card.name) or 1.0
    rates = at.price.rates if at.price else CONSERVATIVE
    history = view.tokens["history"]
    head = at.used - round(history * factor)
    share = _share(view, at, rates)
    tail, upto = boundary(view, round(share * at.options.tail_ratio * at.room / factor))
    most = round(share * _block_ratio(at.options) * at.room)
    block = min(most, round((history - tail) * factor))
    after = head + round(tail * factor) + block
    dead, ordinals = sum(view.dead.values()), tuple(sorted(view.dead))
    state = State(
        used=at.used,
        room=at.room,
        head=head,
        after=after,
        block=most,
        upto=upto,
        carried=max(view.meter.carried * factor - view.meter.calls * (after - head), 0.0),
        dead=round(dead * factor),
        dead_behind=round(_behind(view, ordinals, dead) * factor),
        dead_carried=view.meter.dead_carried * factor,
        dead_ordinals=ordinals,
        old=lambda: [
            Old(o, round(tokens * factor), round(view.dialogue.behind(o) * factor) + tokens)
            for o, tokens in old_results(view.dialogue.messages)
        ],
        is_cold=at.is_cold,
        tier_above=at.price.tier_above if at.price else 0,
        account=view.meter.account,
        failures=view.meter.failures,
        asked=at.asked,
        refused=at.refused,
        hinted=at.hinted,
    )
    return decide(state, rates, at.options)


def _share(view: View, at: Situation, rates: Rates) -> float:
    """How much of its room a forced collapse may use, to stay near the cost of doing nothing."""
    options = at.options
    if at.used < options.hard_ratio * at.room:
        return 1.0
    block = (options.tail_ratio + _block_ratio(options)) * at.room
    price = (rates.write - rates.hit) * block
    left = allowance(view.meter.account, rates, options.most_extra)
    if price <= left:
        return 1.0
    return max(left / price, options.least_share)


def _block_ratio(options: CompactionOptions) -> float:
    return options.handoff_ratio + (options.files_ratio if options.keeps_files else 0.0)


def _behind(view: View, ordinals: tuple[int, ...], gone: int) -> int:
    """Tokens that would be sent anew if these results went."""
    return max(view.dialogue.behind(min(ordinals)) - gone, 0) if ordinals else 0


def boundary(view: View, tail_tokens: int) -> tuple[int, int]:
    """Where a collapse would cut: in front of a step or a message.

    As many of the newest ones stay as fit; the newest step whatever its size, and what no request
    carried so far.

    Returns:
        Counted tokens of what stays, and the ordinal of the last event that goes; 0 where nothing
        may go.
    """
    messages, sums = view.dialogue.messages, view.dialogue.sums
    waiting = sum(block.tokens for block in view.pending if block.segment == "history")
    if not messages:
        return waiting, 0
    last = len(messages)
    if not view.pending:
        last -= 1
        while messages[last].role != "assistant":
            last -= 1
    cut = min(bisect_left(sums, sums[-1] + waiting - tail_tokens) + 1, last)
    while cut < last and messages[cut].role == "tool":
        cut += 1
    if cut == len(messages):
        return waiting, view.asked_at - 1
    own = [b.source for b in messages[cut].blocks if b.segment == "history" and b.source]
    upto = min(own, default=1) - 1
    tail = sums[-1] - sums[cut - 1] + waiting
    return tail, upto if upto > view.dialogue.collapsed_upto else 0


def carry_out(
    view: View, decision: Collapse | Snip, at: Situation, now: datetime, *, in_turn: bool
) -> tuple[Compacted, tuple[str, ...]] | None:
    """The event of a compaction, and the texts it refers to; None where it would gain too little.

    Args:
        view: As the decision saw it.
        decision: What to do.
        at: In what it was decided.
        now: For notes that have expired.
        in_turn: Whether the turn has frames already: then notes are laid anew with the handoff.
    """
    if isinstance(decision, Snip):
        return _snip(view, decision, at)
    texts = _handoff_blocks(view, decision, at, now)
    frames: tuple[Frame, ...] = ()
    live = [note for note in view.notes.values() if note.live(now)]
    if in_turn and live:
        live.sort(key=lambda note: (-note.priority, note.written_at, note.key))
        text = notes_text(live, at.card.frame_style)
        keys = tuple(note.key for note in live)
        frames = (Frame(segment="notes", text=digest(text), shows=keys, why="laid anew"),)
        texts.append(text)
    blocks = texts[: len(texts) - len(frames)]
    factor = view.factors.get(at.card.name) or 1.0
    kept = view.dialogue.standing_after(decision.upto, view.asked_at)
    stays = sum(block.tokens for message in kept for block in message.blocks)
    gone = view.dialogue.sums[-1] - stays - sum(view.count(text) for text in texts)
    after = at.used - round(gone * factor)
    gains = after <= at.used * (1 - at.options.least_gain)
    if not gains and not at.asked and not (after <= at.room < at.used):
        return None
    event = Compacted(
        strategy="summary",
        trigger=decision.trigger,
        reason=decision.reason,
        before_tokens=at.used,
        after_tokens=after,
        expected_saving=decision.saving_tokens,
        price_tokens=decision.price_tokens,
        upto=decision.upto,
        texts=tuple(digest(text) for text in blocks),
        frames=frames,
        label=at.label,
    )
    return event, tuple(texts)


def _handoff_blocks(view: View, decision: Collapse, at: Situation, now: datetime) -> list[str]:
    factor = view.factors.get(at.card.name) or 1.0
    files = 1 - at.options.handoff_ratio / _block_ratio(at.options)
    block = hand_off(
        view.chronicle,
        decision.upto,
        most_tokens=round(decision.block_tokens * (1 - files) / factor),
        count=view.count,
        prose=at.prose.text if at.prose else "",
        prose_upto=at.prose.upto if at.prose else 0,
        label=at.label,
        asked_at=view.asked_at if view.asked_at <= decision.upto else 0,
        expired=[note for note in view.notes.values() if not note.live(now)],
    )
    texts = [block.text]
    if at.options.keeps_files:
        texts += attach(
            view.chronicle.files.states(),
            decision.upto,
            round(decision.block_tokens * files / factor),
            lambda text: view.count(text, "code"),
        )
    return texts


def _snip(view: View, decision: Snip, at: Situation) -> tuple[Compacted, tuple[str, ...]] | None:
    stubs: dict[str, Json] = {}
    freed = 0
    for ordinal in decision.ordinals:
        for block in view.dialogue.showing(ordinal):
            if isinstance(block.block, ToolResultBlock):
                line = stub(view.chronicle, ordinal, block.block.text)
                gain = block.tokens - view.count(line, "code")
                if gain > 0:
                    stubs[str(ordinal)] = line
                    freed += gain
    factor = view.factors.get(at.card.name) or 1.0
    after = at.used - round(freed * factor)
    if after > at.used * (1 - at.options.least_gain):
        return None
    text = canonical(cast(Json, stubs))
    event = Compacted(
        strategy="snip",
        trigger=decision.trigger,
        reason=decision.reason,
        before_tokens=at.used,
        after_tokens=after,
        expected_saving=decision.saving_tokens,
        price_tokens=decision.price_tokens,
        texts=(digest(text),),
    )
    return event, (text,)
