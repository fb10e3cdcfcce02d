"""What a strategy costs against doing nothing, wherever the session had been stopped.

Doing nothing is the whole history, written as peers and the engine write it, and priced as if the window were unlimited. Both are counted by the
same cache: the longest common prefix, kept for five minutes (for one hour where the price of
writing is that of an hour). A call that the strategy does not send counts on neither side.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from enplace.records.canonical import JsonObject
from enplace.records.price import Rates
from enplace_bench.context.history import FullHistory
from enplace_bench.context.payload import Strategy
from enplace_bench.context.replaying import Case, Meter, calls_of
from enplace_bench.context.shares import percentile
from enplace_bench.context.simulator import HOUR_1, MINUTES_5, PlainPrefix

PRICES = tuple(
    Rates(hit=hit, write=write)
    for hit, write in (
        (0.25, 1.0), (0.1, 1.25), (0.1, 1.0), (0.1, 2.0), (0.05, 1.25), (0.05, 1.0),
        (0.033, 1.0), (0.025, 1.25), (0.02, 1.0),
    )
)  # fmt: skip
UNLIMITED = 10**9

Priced = Callable[[Rates], Strategy]
"""A strategy that knows the prices; one that does not look at them is the same for all."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens of one call and of those beside it."""

    hit: int = 0
    fresh: int = 0
    output: int = 0
    """Of the calls beside it; what the recorded model answers costs the same on both sides."""
    aux_fresh: int = 0

    def cost(self, rates: Rates) -> float:
        """In tokens that no cache had."""
        beside = self.aux_fresh + rates.output * self.output
        return rates.hit * self.hit + rates.write * self.fresh + beside


Series = Sequence[Spent | None]
"""A session's calls in order; None where a call was not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """Over the sessions: the largest ratio at any stopping point, and how common that is."""

    ratio: float
    session: str
    """Where."""
    p95: float
    """Of the sessions' own worst ratios."""
    final: float
    """Of all sessions together at their ends."""

    def as_json(self) -> JsonObject:
        """All of it."""
        return {"worst": self.ratio, "session": self.session, "p95": self.p95, "final": self.final}


def series(strategy: Strategy, case: Case, window: int, ttl_s: float = MINUTES_5) -> Series:
    """What each call of a session costs in tokens."""
    meter = Meter({"": PlainPrefix(ttl_s=ttl_s)})
    billed = meter.billed[""]
    found: list[Spent | None] = []
    before = Spent()
    for call in calls_of(strategy, case, window):
        if call.payload is None:
            found.append(None)
            continue
        meter.send(call.event.at_s, call.payload)
        now = Spent(
            hit=billed.hit + billed.aux_hit,
            fresh=billed.uncached,
            output=billed.aux_output,
            aux_fresh=billed.aux_uncached,
        )
        found.append(
            Spent(
                hit=now.hit - before.hit,
                fresh=now.fresh - before.fresh,
                output=now.output - before.output,
                aux_fresh=now.aux_fresh - before.aux_fresh,
            )
        )
        before = now
    return found


def ratios(ours: Series, nothing: Series, rates: Rates) -> list[float]:
    """At every stopping point: what was spent so far over what doing nothing would have."""
    both = [(a, b) for a, b in zip(ours, nothing, strict=True) if a is not None and b is not None]
    spent = accumulate(a.cost(rates) for a, _ in both)
    base = accumulate(b.cost(rates) for _, b in both)
    return [a / b for a, b in zip(spent, base, strict=True) if b]


class Against:
    """Doing nothing on some sessions, replayed once for every time to live."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._cases = tuple(cases)
        self._nothing: dict[float, list[Series]] = {}

    def worst(self, priced: Priced, window: int, *, knows_prices: bool) -> dict[Rates, Worst]:
        """The worst ratios of a strategy for all prices.

        Args:
            priced: The strategy for given prices.
            window: Most tokens of its payloads.
            knows_prices: Whether it has to be replayed for each.
        """
        found: dict[Rates, Worst] = {}
        kept: dict[float, list[Series]] = {}
        for rates in PRICES:
            ttl_s = HOUR_1 if rates.write == 2.0 else MINUTES_5
            nothing = self._series_of_nothing(ttl_s)
            ours = None if knows_prices else kept.get(ttl_s)
            if ours is None:
                strategy = priced(rates)
                ours = [series(strategy, case, window, ttl_s) for case in self._cases]
                kept[ttl_s] = ours
            found[rates] = self._worst(ours, nothing, rates)
        return found

    def _series_of_nothing(self, ttl_s: float) -> list[Series]:
        if ttl_s not in self._nothing:
            whole = FullHistory(with_ids=True)
            self._nothing[ttl_s] = [series(whole, c, UNLIMITED, ttl_s) for c in self._cases]
        return self._nothing[ttl_s]

    def _worst(self, ours: list[Series], nothing: list[Series], rates: Rates) -> Worst:
        peaks: list[tuple[float, str]] = []
        spent = base = 0.0
        for case, mine, theirs in zip(self._cases, ours, nothing, strict=True):
            found = ratios(mine, theirs, rates)
            if found:
                peaks.append((max(found), case.session.id))
            for a, b in zip(mine, theirs, strict=True):
                if a is not None and b is not None:
                    spent, base = spent + a.cost(rates), base + b.cost(rates)
        ratio, session = max(peaks, default=(0.0, ""))
        p95 = percentile([peak for peak, _ in peaks], 0.95)
        return Worst(ratio=ratio, session=session, p95=p95, final=spent / base if base else 0.0)
