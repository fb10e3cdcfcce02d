"""Why a context is as it is, and what that costs, told from a task's log alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from enplace.records.event import Compacted, EpochOpened, Event, Framed, UsageReported
from enplace.records.price import MILLION, Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One thing that was done to a context, or one call that it was sent with."""

    ordinal: int
    what: str
    """epoch, kept, snipped, collapsed, frame or call."""
    why: str
    tokens: int = 0
    """Of the context behind it; of a call its input."""
    saved_tokens: int = 0
    """That went out of view; of a call, those its cache had."""
    cost: str = ""
    """What a call cost, as in its usage event; of a compaction, what it costs once; empty where
    no price is known."""
    currency: str = ""


def explain(events: Sequence[Event], price: Price | None = None) -> Sequence[Explained]:
    """Everything that shaped a task's contexts, in order.

    Args:
        events: The task's live branch.
        price: What the model's provider asks, to tell compactions in money.
    """
    return tuple(_explained(events, price))


def _explained(events: Sequence[Event], price: Price | None) -> Iterator[Explained]:
    for event in events:
        at = event.place.ordinal if event.place else 0
        match event:
            case EpochOpened():
                yield Explained(ordinal=at, what="epoch", why=event.reason)
            case Framed() if event.why or event.frames:
                yield Explained(ordinal=at, what="frame", why=event.why)
            case Compacted():
                yield _of_compaction(event, at, price)
            case UsageReported():
                yield _of_call(event, at)
            case _:
                pass  # shapes no context


def _of_compaction(event: Compacted, at: int, price: Price | None) -> Explained:
    calls = event.price_tokens / event.expected_saving if event.expected_saving else 0.0
    saving = f"each later call saves {event.expected_saving:.0f} input-equivalent tokens"
    return Explained(
        ordinal=at,
        what="snipped" if event.strategy == "snip" else "collapsed",
        why=f"{event.trigger}: {event.reason}; {saving}, even after {calls:.1f} calls",
        tokens=event.after_tokens,
        saved_tokens=event.before_tokens - event.after_tokens,
        cost=_money(event.price_tokens, price),
        currency=price.currency if price else "",
    )


def _of_call(event: UsageReported, at: int) -> Explained:
    usage = event.usage
    missing = event.expected_hit_tokens - usage.cache_hit_tokens
    why = f"{event.purpose} by {event.model}"
    if event.break_reason is not None:
        why += f"; the cache broke ({event.break_reason}), {max(missing, 0)} tokens short"
    return Explained(
        ordinal=at,
        what="call",
        why=why,
        tokens=usage.input_tokens,
        saved_tokens=usage.cache_hit_tokens,
        cost=event.cost.amount if event.cost else "",
        currency=event.cost.currency if event.cost else "",
    )


def _money(input_tokens: float, price: Price | None) -> str:
    """Input-equivalent tokens in money."""
    return f"{Decimal(round(input_tokens)) * price.input / MILLION:f}" if price else ""
