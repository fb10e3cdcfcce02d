"""Decides whether a context stays as it is, from what is known of it. Pure.

Nothing is removed before it has paid for its removal: carrying a token that could go costs its
read price on every call (the rent), removing it costs the write price of what must be sent anew
behind it (the price). Buying when the rent paid comes to the price is the classic rule for renting
or buying without knowing for how long; only the window, a dearer tier, a cold cache and a person
may hurry it, and the guard keeps even that within a tenth of doing nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from enplace.records.compaction import Collapse, Decision, Keep, Overflow, Snip, Trigger
from enplace.records.price import Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionOptions:
    """What a caller may choose about compaction.

    Ratios are of the room: the window without what is held back for the answer.
    """

    collapses: bool = True
    """Whether older turns may become a handoff block."""
    snips: bool = True
    """Whether old tool results may go out of view."""
    keeps_files: bool = True
    """Whether contents of files are kept apart and attached again after a collapse."""
    prose: bool = True
    """Whether a model that can is asked, beside the turn, to tell where the task stands before a
    collapse; what code tells stands in the handoff in any case."""
    prose_s: float = 60.0
    """Seconds that such a call may take."""
    soft_ratio: float = 0.675
    """Above it a collapse happens as soon as it has paid: context rots before it overflows."""
    hard_ratio: float = 0.86
    """Above it a collapse must happen before the next call."""
    prepare_ratio: float = 0.9
    """Share of the soft limit at which a collapse is prepared in the background."""
    cold_ratio: float = 0.45
    """Above it a collapse happens when the cache is cold, since everything is sent anew anyway."""
    hints: bool = True
    """Whether a collapse may happen earlier where the user says that a part of the work is over."""
    hint_ratio: float = 0.3
    """Below it no such words matter: a small context is worth more than a handoff."""
    hint_calls: float = 12.0
    """After so many calls a collapse must have paid that such words bring about."""
    tail_ratio: float = 0.055
    """Newest steps that stay as they are."""
    handoff_ratio: float = 0.117
    """Most of a handoff block."""
    files_ratio: float = 0.043
    """Most of the contents of files that are attached behind it."""
    ingest_ratio: float = 0.15
    """A tool output above it is shown as its beginning and its end."""
    least_gain: float = 0.1
    """A compaction must shrink the context by this share of it, or it is not made."""
    most_extra: float = 0.09
    """Most that compactions may have cost beyond doing nothing, as a share of it, at any moment.
    Those that nothing forces wait until they keep it; one that the window forces lays down less,
    but never less than `least_share` of what it would."""
    least_share: float = 0.4
    most_failures: int = 2
    """After so many compactions in a row without the least gain none is tried before the window
    forces one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Tokens of all calls of a task so far.

    As they were sent, and as they would have been had nothing ever been removed and the window no
    end.
    """

    hit: float = 0.0
    written: float = 0.0
    full_hit: float = 0.0
    full_written: float = 0.0

    def spent(self, rates: Rates) -> float:
        """What was sent, in input-equivalent tokens."""
        return rates.hit * self.hit + rates.write * self.written

    def of_nothing(self, rates: Rates) -> float:
        """What doing nothing would have cost, in input-equivalent tokens."""
        return rates.hit * self.full_hit + rates.write * self.full_written


@dataclass(frozen=True, slots=True)
class Old:
    """An old tool result."""

    ordinal: int
    tokens: int
    behind: int
    """Tokens of everything that stands behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a decision looks at. All figures are estimated input tokens."""

    used: int
    """Of the context as it stands."""
    room: int
    """Most that the model takes."""
    head: int
    """Tools, system prompt and soul, which no compaction touches."""
    after: int
    """Of the context after a collapse."""
    block: int = 0
    """Of that: most that its handoff may have."""
    upto: int
    """Ordinal behind which a collapse would cut; 0 where there is nothing to collapse."""
    carried: float = 0.0
    """Token-calls: what a collapse would have spared, summed over the calls since the last one."""
    dead: int = 0
    """Of results that a snip would take."""
    dead_behind: int = 0
    """Of everything behind the first of them, without them."""
    dead_carried: float = 0.0
    """Token-calls of dead results."""
    dead_ordinals: tuple[int, ...] = ()
    old: Callable[[], Sequence[Old]] = field(default=tuple)
    """Old results that can be had again, the oldest first; asked only when the window is near and
    nothing else helps."""
    is_cold: bool = False
    """Whether the cache has let go of the last request."""
    tier_above: int = 0
    """Tokens above which every token costs more; 0 where there is no such tier."""
    account: Account = Account()
    failures: int = 0
    """Compactions in a row that did not shrink the context by the least gain."""
    asked: bool = False
    """Somebody asked for a boundary."""
    hinted: bool = False
    """The user said that a part of the work is over."""
    refused: bool = False
    """The provider refused the context as it stands."""
    within_step: bool = False
    """Whether a tool call has no result yet: nothing may move then."""


def decide(state: State, rates: Rates, options: CompactionOptions) -> Decision:
    """What becomes of a context before its next call.

    Args:
        state: The context, and what it has cost.
        rates: What the model's provider asks.
        options: What may be done.
    """
    gain = state.used - state.after
    price = max(rates.write - rates.hit, 0.0) * (state.after - state.head)
    rent = rates.hit * state.carried
    keep = Keep(
        reason=f"{state.used} of {state.room} tokens; rent {rent:.0f} of {price:.0f}",
        rent_tokens=rent,
        price_tokens=price,
        prepares=state.used >= options.prepare_ratio * options.soft_ratio * state.room,
    )

    def collapse(trigger: Trigger, why: str, price_tokens: float) -> Collapse:
        return Collapse(
            upto=state.upto,
            block_tokens=state.block,
            trigger=trigger,
            reason=why,
            price_tokens=price_tokens,
            saving_tokens=rates.hit * gain,
        )

    if state.within_step:
        return keep
    enough = gain >= options.least_gain * state.used
    may_collapse = options.collapses and state.upto > 0 and gain > 0
    must = _must(state, options)
    if must is not None:
        trigger, why = must
        fits_again = state.used > state.room >= state.after
        if may_collapse and (enough or fits_again or trigger != "window"):
            return collapse(trigger, why, price)
        return _last_resort(state, rates, options, must) or keep
    if state.failures >= options.most_failures:
        return keep
    if may_collapse and enough:
        may = _may(
            state,
            options,
            rent=rent,
            price=price,
            saving=rates.hit * gain,
            left=allowance(state.account, rates, options.most_extra),
        )
        if may is not None:
            return collapse(*may)
    return _paying_snip(state, rates, options) or keep


def _may(
    state: State,
    options: CompactionOptions,
    *,
    rent: float,
    price: float,
    saving: float,
    left: float,
) -> tuple[Trigger, str, float] | None:
    """Why a collapse pays now, and what it costs."""
    gain = state.used - state.after
    if state.is_cold and state.used >= options.cold_ratio * state.room:
        return "cold_cache", "the cache is cold: everything is sent anew anyway", 0.0
    if price > left:
        return None
    if rent >= price and state.used >= options.soft_ratio * state.room:
        why = f"{gain} tokens that could go have cost {rent:.0f}, sending anew costs {price:.0f}"
        return "rent", why, price
    if state.after < state.tier_above < state.used + gain // 4:
        return "tier", f"a dearer tier begins at {state.tier_above} tokens", price
    if options.hints and state.hinted and state.used >= options.hint_ratio * state.room:
        is_soft = state.used >= options.prepare_ratio * options.soft_ratio * state.room
        if is_soft or price <= options.hint_calls * saving:
            return "phase", "the user said that a part of the work is over", price
    return None


def _must(state: State, options: CompactionOptions) -> tuple[Trigger, str] | None:
    """Why something has to go now."""
    if state.asked:
        return "boundary", "a boundary was asked for"
    if state.refused:
        return "provider", "the provider refused the context"
    if state.used >= options.hard_ratio * state.room:
        return "window", f"{state.used} of {state.room} tokens are used"
    return None


def allowance(account: Account, rates: Rates, most_extra: float) -> float:
    """What may be spent now without being dearer than doing nothing by more than a share of it."""
    return account.of_nothing(rates) * (1 + most_extra) - account.spent(rates)


def _paying_snip(state: State, rates: Rates, options: CompactionOptions) -> Snip | None:
    """A snip of what is superseded, once carrying it has cost what removing it costs."""
    if not options.snips or state.dead < options.least_gain * state.used:
        return None
    price = 0.0 if state.is_cold else max(rates.write - rates.hit, 0.0) * state.dead_behind
    rent = rates.hit * state.dead_carried
    if price > rent or price > allowance(state.account, rates, options.most_extra):
        return None
    why = f"{state.dead} superseded tokens have cost {rent:.0f}, sending anew costs {price:.0f}"
    return Snip(
        ordinals=state.dead_ordinals,
        trigger="cold_cache" if state.is_cold else "rent",
        reason="the cache is cold: what is superseded goes for nothing" if state.is_cold else why,
        price_tokens=price,
        saving_tokens=rates.hit * state.dead,
    )


def _last_resort(
    state: State, rates: Rates, options: CompactionOptions, must: tuple[Trigger, str]
) -> Snip | Overflow | None:
    """What can be done where something has to go and no collapse is possible.

    Everything old goes that can be had again.
    """
    trigger, why = must
    if trigger == "boundary":
        return None
    snip = _forced_snip(state, rates, options) if options.snips else None
    if snip is not None:
        return replace(snip, trigger=trigger, reason=f"{why}; {snip.reason}")
    if trigger == "provider" or state.used > state.room:
        return Overflow(reason=f"{why}; nothing that may be removed would make it fit")
    return None


def _forced_snip(state: State, rates: Rates, options: CompactionOptions) -> Snip | None:
    """A snip of the newest of the old results that bring the context below the window.

    As many as the guard allows, down to the soft limit; at least as many as are needed. What stands
    in front of the first of them needs not be sent anew.
    """
    found = list(state.old())
    left = allowance(state.account, rates, options.most_extra)
    best: tuple[int, int, float] | None = None
    freed = 0
    for first in range(len(found) - 1, -1, -1):
        freed += found[first].tokens
        price = max(rates.write - rates.hit, 0.0) * max(found[first].behind - freed, 0)
        if state.used - freed < options.hard_ratio * state.room * (1 - options.least_gain):
            if best is not None and price > left:
                break
            best = first, freed, price
            if state.used - freed < options.soft_ratio * state.room:
                break
    if best is None:
        return None
    first, freed, price = best
    return Snip(
        ordinals=tuple(old.ordinal for old in found[first:]),
        trigger="window",
        reason=f"{freed} tokens of old tool results go",
        price_tokens=price,
        saving_tokens=rates.hit * freed,
    )
