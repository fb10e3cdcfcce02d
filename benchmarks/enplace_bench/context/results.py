"""Replays of all sessions by one strategy at one window, and the bars they are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from enplace.records.canonical import JsonObject
from enplace_bench.context.measuring import LONG, Measured
from enplace_bench.context.prices import LISTED, SHOWN
from enplace_bench.context.shares import NOTHING, Figures, Interval, interval, percentile, pooled
from enplace_bench.report import Bar

HEADINGS = (
    "", "over %", "payload", "hit A", "hit O", "hit plain", "units", "$100", "breaks",
    "kept", "args", "strict", "context", "by ref", "directives", "refetch", "reread", "reach",
    "stale", "CPU p50", "p95 ms", "growth",
)  # fmt: skip
LEGEND = (
    "over: calls that were not sent. hit: Anthropic with 5 min, OpenAI, plain prefix. units: input "
    "tokens a call, uncached 1, write 1.25, read 0.1, summaries charged (output at 5). $100: "
    f"dollars for 100 calls of {SHOWN}, recorded outputs included. breaks, refetch: for 100 calls. "
    "kept: identifiers verbatim; args: used in tool arguments; strict: that, and from a tool or "
    "the user; context: near half the words of its evidence; by ref: verbatim or one reference "
    "away. reread: characters read again that were seen before and stand in the request; reach: or "
    "one reference away; stale: lines of them claimed to be what the file holds that are not, and "
    "in brackets those behind whose claim no edit of the file stands. growth: p95 CPU of a session's "
    "last third over its first."
)
WITH_INTERVAL = (
    "units", "kept", "kept_args", "kept_strict", "in_context", "recoverable", "directives",
    "rereads_current", "rereads_reachable", "hit_anthropic",
)  # fmt: skip
KEPT_BY = ("kept_from_8k", "kept_from_16k", "kept_from_32k", "kept_from_64k")


@dataclass(frozen=True, kw_only=True)
class Result:
    """One strategy at one window."""

    strategy: str
    window: int
    sessions: Sequence[Figures]
    cpu_s: Sequence[Sequence[float]]
    """Of every call, session by session."""
    stale_lines: int
    stale_unchanged: int = 0
    """Of these, those that no edit in the request tells of."""

    @cached_property
    def total(self) -> Figures:
        """All sessions as one."""
        return pooled(self.sessions)

    def value(self, name: str) -> float:
        """One figure over all sessions."""
        return self.total.get(name, NOTHING).value

    def has(self, name: str) -> bool:
        """Whether the sessions had anything to measure it by."""
        return self.total.get(name, NOTHING).whole > 0

    def interval(self, name: str) -> Interval:
        """The same with what chance could make of it."""
        return interval(self.sessions, name)

    def cpu_ms(self, share: float) -> float:
        """A percentile of the CPU time per call."""
        return 1e3 * percentile([at for one in self.cpu_s for at in one], share)

    @property
    def cpu_growth(self) -> float:
        """p95 in the last third of long sessions over that in their first; 0 without any."""
        long = [one for one in self.cpu_s if len(one) >= LONG]
        first = percentile([at for one in long for at in one[: len(one) // 3]], 0.95)
        last = percentile([at for one in long for at in one[-(len(one) // 3) :]], 0.95)
        return last / first if first else 0.0

    def line(self) -> str:
        """What matters most of it, for those who wait."""
        names = (
            "overflow",
            "units",
            "kept",
            "kept_args",
            "in_context",
            "recoverable",
            "directives",
        )
        told = ", ".join(f"{name} {self.value(name):.4g}" for name in names)
        return f"{self.strategy}, {self.window}: {told}"

    def row(self) -> list[str]:
        """As a row under `HEADINGS`."""
        value = self.value
        return [
            self.strategy,
            f"{100 * value('overflow'):.1f}",
            f"{value('payload_tokens') / 1000:.1f}k",
            f"{value('hit_anthropic'):.3f}",
            f"{value('hit_openai'):.3f}",
            f"{value('hit_plain'):.3f}",
            f"{value('units'):,.0f}",
            f"{value('dollars_' + SHOWN):.2f}",
            f"{value('breaks_per_100'):.2f}" + ("!" if value("unannounced_per_100") else ""),
            *(
                f"{value(name):.3f}"
                for name in (
                    "kept", "kept_args", "kept_strict", "in_context", "recoverable", "directives",
                )
            ),
            f"{value('refetches_per_100'):.1f}",
            f"{value('rereads_current'):.3f}",
            f"{value('rereads_reachable'):.3f}",
            f"{self.stale_lines} ({self.stale_unchanged})",
            f"{self.cpu_ms(0.5):.2f}",
            f"{self.cpu_ms(0.95):.2f}",
            f"{self.cpu_growth:.1f}",
        ]  # fmt: skip

    def as_json(self) -> JsonObject:
        """All figures; those with an interval as value, low, high."""
        found: JsonObject = {name: share.value for name, share in sorted(self.total.items())}
        for name in WITH_INTERVAL:
            one = self.interval(name)
            found[name] = [one.value, one.low, one.high]
        found["stale_lines"], found["stale_unchanged"] = self.stale_lines, self.stale_unchanged
        found["cpu_p50_ms"], found["cpu_p95_ms"] = self.cpu_ms(0.5), self.cpu_ms(0.95)
        found["cpu_growth"] = self.cpu_growth
        return found


def result_of(strategy: str, window: int, measured: Sequence[Measured]) -> Result:
    """Sessions together."""
    return Result(
        strategy=strategy,
        window=window,
        sessions=[one.figures for one in measured],
        cpu_s=[one.cpu_s for one in measured],
        stale_lines=sum(one.stale_lines for one in measured),
        stale_unchanged=sum(one.stale_unchanged for one in measured),
    )


INTERVAL_HEADINGS = ("", *WITH_INTERVAL)
DISTANCE_HEADINGS = ("kept by tokens since", "8-16k", "16-32k", "32-64k", "64k-")
DOLLAR_HEADINGS = ("$ for 100 calls", *(price.model for price in LISTED))


def interval_row(result: Result) -> list[str]:
    """As a row under `INTERVAL_HEADINGS`."""
    found = [result.interval(name) for name in WITH_INTERVAL]
    digits = [0 if name == "units" else 3 for name in WITH_INTERVAL]
    return [
        result.strategy,
        *(
            f"{one.value:,.{n}f} [{one.low:,.{n}f}, {one.high:,.{n}f}]"
            for one, n in zip(found, digits, strict=True)
        ),
    ]


def distance_row(result: Result) -> list[str]:
    """As a row under `DISTANCE_HEADINGS`."""
    return [result.strategy, *(f"{result.value(name):.3f}" for name in KEPT_BY)]


def dollar_row(result: Result) -> list[str]:
    """As a row under `DOLLAR_HEADINGS`."""
    return [
        result.strategy,
        *(f"{result.value('dollars_' + price.model):.2f}" for price in LISTED),
    ]


_KEPT = {64_000: (0.93, 0.90, 5_500.0), 128_000: (0.97, 0.96, 8_000.0)}
"""By window: identifiers kept, those used in tool arguments, units a call."""


def bars(ours: Result, others: Sequence[Result]) -> list[Bar]:
    """What issue 5 asks of the engine at a window.

    Args:
        ours: The engine's result.
        others: Those of peers at the same window.
    """
    at = f"{ours.window // 1000}k"
    found = [
        Bar(name=f"{at}: calls over the window", figure=ours.value("overflow"), at_most=0.0),
        Bar(
            name=f"{at}: breaks not announced, per 100 calls",
            figure=ours.value("unannounced_per_100"),
            at_most=0.0,
        ),
        Bar(name=f"{at}: CPU per call, p95 ms", figure=ours.cpu_ms(0.95), at_most=1.0),
    ]
    if ours.cpu_growth:
        growth = ours.cpu_growth
        found.append(Bar(name=f"{at}: CPU p95, last third over first", figure=growth, at_most=1.5))
    if ours.has("recoverable"):
        by_reference = ours.value("recoverable")
        found.append(Bar(name=f"{at}: by reference", figure=by_reference, at_least=0.99))
    if ours.has("rereads_current"):
        current, reachable = ours.value("rereads_current"), ours.value("rereads_reachable")
        found += [
            Bar(name=f"{at}: read again, current", figure=current, at_least=0.4),
            Bar(name=f"{at}: read again, or one reopen away", figure=reachable, at_least=0.95),
            Bar(
                name=f"{at}: stale lines, no edit behind", figure=ours.stale_unchanged, at_most=0.0
            ),
            Bar(name=f"{at}: stale lines, edited behind", figure=ours.stale_lines, at_most=0.0),
        ]
    if ours.window in _KEPT and ours.has("kept"):
        kept, args, units = _KEPT[ours.window]
        found += [
            Bar(name=f"{at}: identifiers kept", figure=ours.value("kept"), at_least=kept),
            Bar(name=f"{at}: kept, tool arguments", figure=ours.value("kept_args"), at_least=args),
            Bar(name=f"{at}: units per call", figure=ours.value("units"), at_most=units),
        ]
    if ours.window == 64_000 and ours.has("directives"):
        directives = ours.value("directives")
        found.append(Bar(name=f"{at}: directives verbatim", figure=directives, at_least=0.97))
    if ours.window == 128_000:
        breaks = ours.value("breaks_per_100")
        found.append(Bar(name=f"{at}: breaks per 100 calls", figure=breaks, at_most=1.5))
    cheaper = [one for one in others if one.value("units") <= ours.value("units")]
    if cheaper:
        best = max(one.value("in_context") for one in cheaper)
        context = ours.value("in_context")
        found.append(
            Bar(name=f"{at}: kept in context, best as cheap", figure=context, at_least=best)
        )
    return found


def by_window(results: Sequence[Result]) -> Mapping[int, list[Result]]:
    """Results of a run, apart by window."""
    found: dict[int, list[Result]] = {}
    for one in results:
        found.setdefault(one.window, []).append(one)
    return found
