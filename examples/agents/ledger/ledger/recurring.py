"""Payments that come again: rules, and the days on which they fall due."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Literal

from ledger.months import DateError, add_months, add_years, parse_day, spoken

Unit = Literal["day", "week", "month", "year"]
UNITS: tuple[Unit, ...] = ("day", "week", "month", "year")

_RULE = re.compile(
    r"every (?:(?P<every>\d+) )?(?P<unit>day|week|month|year)s?"
    r" from (?P<start>[\d-]+)"
    r"(?: until (?P<until>[\d-]+))?"
    r"(?:,? (?P<times>\d+) times)?"
    r"(?:,? not on (?P<skips>[\d-]+(?: and [\d-]+)*))?"
)
MOST_DUE = 10_000
"""More days than that are taken for a mistake in the rule."""


class RuleError(ValueError):
    """A rule cannot be read, or makes no sense."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When something comes again."""

    start: date
    """The first day on which it is due."""
    unit: Unit = "month"
    every: int = 1
    """So many units lie between two of its days."""
    until: date | None = None
    """The last day on which it may be due; None: it never ends."""
    times: int | None = None
    """How often it is due at most; None: that is not limited."""
    skips: frozenset[date] = field(default_factory=frozenset)
    """Days on which it is left out. They count as one of its times."""

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise RuleError(f"{self.unit!r} is none of {', '.join(UNITS)}")
        if self.every < 1:
            raise RuleError("a rule comes again after one unit at least")
        if self.times is not None and self.times < 1:
            raise RuleError("a rule is due once at least")
        if self.until is not None and self.until < self.start:
            raise RuleError(f"it ends on {self.until}, before it starts on {self.start}")

    @classmethod
    def parse(cls, text: str) -> "Rule":
        """Read a rule such as `every 2 months from 2025-01-31 until 2025-12-31`.

        Raises:
            RuleError: It is none.
        """
        found = _RULE.fullmatch(text.strip())
        if found is None:
            raise RuleError(f"{text!r} is no rule such as: every month from 2025-01-31")
        unit: Unit = next(unit for unit in UNITS if unit == found["unit"])
        skips = (found["skips"] or "").split(" and ")
        try:
            return cls(
                start=parse_day(found["start"]),
                unit=unit,
                every=int(found["every"] or 1),
                until=parse_day(found["until"]) if found["until"] else None,
                times=int(found["times"]) if found["times"] else None,
                skips=frozenset(parse_day(skip) for skip in skips if skip),
            )
        except DateError as error:
            raise RuleError(f"{text!r}: {error}") from error

    def __str__(self) -> str:
        unit = self.unit if self.every == 1 else f"{self.every} {self.unit}s"
        text = f"every {unit} from {self.start}"
        if self.until is not None:
            text += f" until {self.until}"
        if self.times is not None:
            text += f", {self.times} times"
        if self.skips:
            text += f", not on {' and '.join(str(day) for day in sorted(self.skips))}"
        return text


def due_days(rule: Rule) -> Iterator[date]:
    """All days on which a rule is due, in order; without an end where it has none."""
    day, count = rule.start, 0
    while rule.times is None or count < rule.times:
        if rule.until is not None and day > rule.until:
            return
        if day not in rule.skips:
            yield day
        count += 1
        day = _step(day, rule)


def _step(day: date, rule: Rule) -> date:
    """The day that comes behind one on which a rule is due."""
    match rule.unit:
        case "day":
            return day + timedelta(days=rule.every)
        case "week":
            return day + timedelta(weeks=rule.every)
        case "month":
            return add_months(day, rule.every)
        case "year":
            return add_years(day, rule.every)


def due_between(rule: Rule, first: date, last: date) -> list[date]:
    """The days of a stretch on which a rule is due, both ends included.

    Raises:
        RuleError: There are more than `MOST_DUE`.
    """
    found: list[date] = []
    for day in due_days(rule):
        if day > last:
            break
        if day >= first:
            found.append(day)
        if len(found) > MOST_DUE:
            raise RuleError(f"{rule} is due more than {MOST_DUE} times until {last}")
    return found


def next_due(rule: Rule, after: date) -> date | None:
    """The first day behind another on which a rule is due; None where it has ended."""
    return next((day for day in due_days(rule) if day > after), None)


def first_due(rule: Rule, count: int) -> list[date]:
    """The first days on which a rule is due, at most so many."""
    return list(islice(due_days(rule), count))


def last_due(rule: Rule) -> date | None:
    """The last day on which a rule is due; None where it never ends."""
    if rule.until is None and rule.times is None:
        return None
    return max(due_days(rule), default=None)


def told(rule: Rule, after: date) -> str:
    """For people: the rule, and when it is due next."""
    day = next_due(rule, after)
    return f"{rule}; next on {spoken(day)}" if day is not None else f"{rule}; it has ended"
