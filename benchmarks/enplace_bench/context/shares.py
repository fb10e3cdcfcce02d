"""Figures as sums over sums, so that sessions add up, and how far chance could move them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Share:
    """A sum over a sum; shares of several sessions add up to the share of all of them."""

    part: float = 0.0
    whole: float = 0.0

    @property
    def value(self) -> float:
        """Their ratio; 0 where there is nothing to measure."""
        return self.part / self.whole if self.whole else 0.0

    def __add__(self, other: "Share") -> "Share":
        return Share(self.part + other.part, self.whole + other.whole)


Figures = Mapping[str, Share]
"""Of one session, by name."""
NOTHING = Share()
RESAMPLES = 1_000


def pooled(sessions: Iterable[Figures]) -> dict[str, Share]:
    """All sessions as one."""
    found: dict[str, Share] = {}
    for figures in sessions:
        for name, share in figures.items():
            found[name] = found.get(name, NOTHING) + share
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure and where 95 of 100 resamples of the sessions put it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(sessions: Sequence[Figures], name: str, resamples: int = RESAMPLES) -> Interval:
    """Bootstrap over sessions. The same sessions give the same interval."""
    shares = [figures[name] for figures in sessions if name in figures and figures[name].whole]
    value = sum(shares, NOTHING).value
    if len(shares) < 2:
        return Interval(value=value, low=value, high=value)
    parts, wholes = [s.part for s in shares], [s.whole for s in shares]
    choose = Random(0)
    places = range(len(shares))
    found: list[float] = []
    for _ in range(resamples):
        chosen = choose.choices(places, k=len(shares))
        found.append(sum(map(parts.__getitem__, chosen)) / sum(map(wholes.__getitem__, chosen)))
    found.sort()
    return Interval(value=value, low=found[resamples // 40], high=found[-(resamples // 40) - 1])


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies; 0 without any."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
