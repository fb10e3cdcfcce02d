"""The times a text speaks of, by rules. English; what no rule knows is no time."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enplace.records.date_rules import (
    COUNT,
    HOURS,
    MONTHS,
    UNIT,
    WEEKDAY,
    WEEKDAYS,
    Time,
    apart,
    around,
    counted,
    hours,
    times,
)
from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.periods import CONTAINING, YEARS, Period, always, day, shifted


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    """A time that a text speaks of, as precise as the text is."""

    start: datetime
    """Belongs to the span; in the zone of the moment from which the text looks."""
    end: datetime
    """Belongs to it no longer."""
    explicit: bool
    """A date, a month or a year is named; otherwise the time is told from now."""
    at: int
    """Where the words stand in the text, in characters."""
    length: int


def spans(text: str, now: datetime) -> tuple[TimeSpan, ...]:
    """The times a text speaks of, in its order; no two share a word.

    * A month, a day or a weekday without a year is the latest one that has begun.
    * Weeks begin on Monday. `last week` is the week before this one, `the last week` the past
      seven days. Seasons are those of the north.
    * `10/11/2023` is in October, as in America, unless that is impossible or yet to come.
    * `since` ends with today; `before` and `after` are open, as far as `periods.YEARS`.

    Args:
        text: A question or a sentence.
        now: The moment from which the text looks, aware.
    """
    if now.year not in YEARS:
        return ()
    found = [_narrowed(text, time, now) for time in times(text, now)]
    opened = [_opened(text, time, now) for time in _joined(text, found)]
    return tuple(_span(time) for time in apart(time for time in opened if _is_time(time)))


def date_terms(at: datetime) -> list[str]:
    """What a full-text index keeps of a date: year, month, both, the day, the weekday."""
    names = (MONTHS[at.month - 1], f"{at:%Y-%m}", f"{at:%Y-%m-%d}", WEEKDAYS[at.weekday()])
    return [f"{at:%Y}", *names]


def _is_time(time: Time) -> bool:
    """Not a month's name that is also a woman's, nor what is left of last week later than now."""
    return time.sure and time.period.start < time.period.end


def _span(time: Time) -> TimeSpan:
    start, end = time.period
    return TimeSpan(
        start=start, end=end, explicit=time.explicit, at=time.at, length=time.end - time.at
    )


# --- words before and after a time ----------------------------------------------------------------

_NEAR = 48
"""Characters before a time in which words that belong to it are looked for."""


def _before(pattern: str) -> re.Pattern[str]:
    return lazy_pattern(rf"\b(?:{pattern})(?:the\s+)?\Z", re.IGNORECASE | re.ASCII)


_PART = _before(
    r"(?P<third>early|mid|late)[\s-]+(?:in\s+)?|(?P<third_of>beginning|start|middle|end)\s+of\s+"
    r"|(?P<nth>first|second|third|fourth|last)\s+(?P<unit>day|week|weekend)\s+(?:of|in)\s+"
    r"|(?P<whole>week|weekend)\s+of\s+|(?P<side>earlier|later)\s+(?:in\s+)?"
    rf"|(?P<hours>{'|'.join(HOURS)})\s+of\s+"
)
_OPEN = _before(
    rf"(?:(?:{COUNT}|(?:the|last)\s+)?(?:{UNIT}s?|{WEEKDAY})\s+)?"
    r"(?P<edge>since|as\s+of|before|prior\s+to|after|following|until|till)\s+(?:in\s+)?"
)
_LEADING = _before(
    r"(?:in|on|over|during|throughout|around|circa|for\s+all\s+of|within)\s+(?:the\s+)?(?:year\s+)?"
)
_LEADING_YEAR = _before(r"(?:from|of|by|for|year)\s+")
_BETWEEN = _before(r"between\s+")
_FROM = _before(r"from\s+")
_TO = re.compile(r"\s*(?:to|until|till|through|thru|[\u2013-])\s*(?:the\s+)?", re.IGNORECASE)
_AND = re.compile(r"\s*and\s+(?:the\s+)?", re.IGNORECASE)
_HOURS_AFTER = re.compile(rf"\s+(?:in\s+the\s+)?({'|'.join(HOURS)})\b", re.IGNORECASE)
_ONWARDS = re.compile(r"\s+on(?:wards?)?\b(?!\s+(?:the|a|my)\b)", re.IGNORECASE)


def _narrowed(text: str, time: Time, now: datetime) -> Time:
    """As the part of the time that is meant: `early 2023`, `yesterday evening`."""
    after = _HOURS_AFTER.match(text, time.end)
    if after and time.period == day(time.period.start):
        return _cut(time, lambda period: hours(period.start, after[1]), end=after.end())
    before = _PART.search(text, max(0, time.at - _NEAR), time.at)
    if before is None:
        return time
    return _cut(time, lambda period: _part(before, period, now), at=before.start())


def _cut(
    time: Time, cut: Callable[[Period], Period], *, at: int | None = None, end: int | None = None
) -> Time:
    def look(now: datetime) -> Period | None:
        whole = time.look(now)
        return cut(whole) if whole else None

    return replace(
        time,
        at=time.at if at is None else at,
        end=end or time.end,
        look=look,
        period=cut(time.period),
        sure=True,
    )


def _part(before: re.Match[str], period: Period, now: datetime) -> Period:
    if which := before["third"] or before["third_of"]:
        return _third(period, _THIRDS[which.lower()])
    if nth := before["nth"]:
        return _nth(period, nth.lower(), before["unit"].lower())
    if unit := before["whole"]:
        return CONTAINING[unit.lower()](period.start)
    if name := before["hours"]:
        return hours(period.start, name)
    start, end = period
    here = min(max(now, start), end)
    return Period(start, here) if before["side"].lower() == "earlier" else Period(here, end)


_THIRDS = {"early": 0, "beginning": 0, "start": 0, "mid": 1, "middle": 1, "late": 2, "end": 2}
_NTH = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}


def _third(period: Period, number: int) -> Period:
    whole = period.end - period.start
    start, end = (period.start + whole * part // 3 for part in (number, number + 1))
    return Period(start, end) if whole.days < 3 else Period(day(start).start, day(end).start)


def _nth(period: Period, nth: str, unit: str) -> Period:
    """Weeks are counted from the first day on; weekends by their Saturday."""
    start, end = period
    if unit == "weekend":
        start += timedelta(days=(5 - start.weekday()) % 7)
        end += timedelta(days=(5 - end.weekday()) % 7)
    length = timedelta(days=1 if unit == "day" else 7)
    first = end - length if nth == "last" else start + _NTH[nth] * length
    return Period(first, first + (timedelta(days=2) if unit == "weekend" else length))


def _joined(text: str, times: list[Time]) -> list[Time]:
    """With two times as one where the text says from which to which."""
    joined: list[Time] = []
    for time in times:
        whole = _range(text, joined[-1], time) if joined else None
        joined[-1:] = [whole] if whole else [*joined[-1:], time]
    return joined


def _range(text: str, first: Time, last: Time) -> Time | None:
    between = _BETWEEN.search(text, max(0, first.at - _NEAR), first.at)
    if not (_AND if between else _TO).fullmatch(text, first.end, last.at):
        return None
    start, end = first.period, last.period
    if first.floating:
        start = first.look(end.start)
    elif last.floating:
        end = last.look(shifted(start.start, 1, "year"))
    if start is None or end is None or start.start >= end.end:
        return None
    before = between or _FROM.search(text, max(0, first.at - _NEAR), first.at)
    return replace(
        last,
        at=before.start() if before else first.at,
        period=Period(start.start, end.end),
        explicit=first.explicit or last.explicit,
        sure=bool(before) or first.sure,
        floating=False,
    )


def _opened(text: str, time: Time, now: datetime) -> Time:
    """As the word before it says: `since` it, `before` it, `two days after` it."""
    near = max(0, time.at - _NEAR)
    if before := _OPEN.search(text, near, time.at):
        try:
            period = _beyond_edge(before, time.period, now)
        except OverflowError:  # "900 years before 1990"
            return time
        return replace(time, at=before.start(), period=period, sure=True)
    before, after = _FROM.search(text, near, time.at), _ONWARDS.match(text, time.end)
    if before and after:
        period = Period(time.period.start, day(now).end)
        return replace(time, at=before.start(), end=after.end(), period=period, sure=True)
    leading = _LEADING.search(text, near, time.at)
    if text[time.at].isdigit():
        leading = leading or _LEADING_YEAR.search(text, near, time.at)
    return replace(time, sure=time.sure or bool(leading))


def _beyond_edge(before: re.Match[str], period: Period, now: datetime) -> Period:
    edge = before["edge"].lower()
    if edge.startswith(("since", "as")):
        return Period(period.start, max(period.end, day(now).end))
    if edge in ("until", "till"):
        return Period(always(now).start, period.end)
    later = edge in ("after", "following")
    if weekday := before["weekday"]:
        at = shifted(period.end, -1, "day") if later else period.start
        return _named_beside(weekday, at, later=later)
    if unit := before["unit"]:
        return _at_distance(period, counted(before["count"] or "one"), unit.lower(), later=later)
    whole = always(now)
    return Period(period.end, whole.end) if later else Period(whole.start, period.start)


def _named_beside(weekday: str, at: datetime, *, later: bool) -> Period:
    three = around({"weekday": weekday}, at)
    if later:
        return next(period for period in three if period.start > at)
    return next(period for period in reversed(three) if period.end <= at)


def _at_distance(period: Period, counts: tuple[int, int], unit: str, *, later: bool) -> Period:
    """`the week before` a day is the seven days before it; `two weeks before`, those before them."""
    least, most = counts
    if later:
        return Period(shifted(period.end, least - 1, unit), shifted(period.end, most, unit))
    return Period(shifted(period.start, -most, unit), shifted(period.start, 1 - least, unit))
