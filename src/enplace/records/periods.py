"""Calendar periods: the day, week or year in which a moment lies, and those around it."""

from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

YEARS = range(1900, 2200)
"""The years looked at. What has no beginning or no end begins or ends with them."""


class Period(NamedTuple):
    """Half-open: `start` belongs to it, `end` does not. In the zone of the moment it came from."""

    start: datetime
    end: datetime


def date_in(at: datetime, year: int, month: int, day: int) -> datetime | None:
    """Midnight of a date in the zone of `at`; None where there is no such date."""
    real = year in YEARS and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    return datetime(year, month, day, tzinfo=at.tzinfo) if real else None


def always(at: datetime) -> Period:
    """All time there is, in the zone of `at`."""
    zone = at.tzinfo
    return Period(datetime(YEARS.start, 1, 1, tzinfo=zone), datetime(YEARS.stop, 1, 1, tzinfo=zone))


def day(at: datetime) -> Period:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Period(midnight, midnight + timedelta(days=1))


def week(at: datetime) -> Period:
    """Monday to Sunday."""
    monday = day(at).start - timedelta(days=at.weekday())
    return Period(monday, monday + timedelta(days=7))


def weekend(at: datetime) -> Period:
    """Saturday and Sunday of the week."""
    monday, end = week(at)
    return Period(monday + timedelta(days=5), end)


def month(at: datetime) -> Period:
    return _months(at, at.month, 1)


def quarter(at: datetime) -> Period:
    return _months(at, at.month - (at.month - 1) % 3, 3)


def season(at: datetime) -> Period:
    """Of three months, as in the north: winter begins in December."""
    return _months(shifted(at, -(at.month % 3), "month"), None, 3)


def year(at: datetime) -> Period:
    return _months(at, 1, 12)


def decade(at: datetime) -> Period:
    first = year(at).start.replace(year=at.year - at.year % 10)
    return Period(first, first.replace(year=first.year + 10))


def _months(at: datetime, first: int | None, count: int) -> Period:
    start = day(at).start.replace(month=first or at.month, day=1)
    return Period(start, shifted(start, count, "month"))


CONTAINING: dict[str, Callable[[datetime], Period]] = {
    "day": day,
    "night": day,
    "week": week,
    "weekend": weekend,
    "month": month,
    "quarter": quarter,
    "season": season,
    "year": year,
    "decade": decade,
}
"""By unit: the period of that unit in which a moment lies."""

_IN_DAYS = {"day": 1, "night": 1, "week": 7, "weekend": 7}
_IN_MONTHS = {"month": 1, "quarter": 3, "season": 3, "year": 12, "decade": 120}


def shifted(at: datetime, count: int, unit: str) -> datetime:
    """The moment so many units later; the last day of the month where that has no such day.

    Args:
        at: From here.
        count: May be negative.
        unit: One of `CONTAINING`, hour or minute.

    Raises:
        OverflowError: The moment lies outside `YEARS`.
    """
    if unit in _IN_MONTHS:
        number = at.year * 12 + at.month - 1 + count * _IN_MONTHS[unit]
        year, month = number // 12, number % 12 + 1
        _check(year)
        return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))
    if unit in _IN_DAYS:
        moved = at + timedelta(days=count * _IN_DAYS[unit])
    else:
        moved = at + count * (timedelta(hours=1) if unit == "hour" else timedelta(minutes=1))
    _check(moved.year)
    return moved


def _check(year: int) -> None:
    if not YEARS.start <= year <= YEARS.stop:
        raise OverflowError
