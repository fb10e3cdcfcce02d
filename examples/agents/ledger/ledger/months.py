"""Days and months: what the calendar of the standard library leaves to others."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import total_ordering

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")

NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DateError(ValueError):
    """A day or month cannot be read."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Month:
    """A month of a year."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 12:
            raise DateError(f"there is no month {self.number}")

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read a month such as `2025-03`."""
        found = _MONTH.fullmatch(text.strip())
        if found is None:
            raise DateError(f"{text!r} is no month such as 2025-03")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month in which a day lies."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.number, days_in(self.year, self.number))

    @property
    def name(self) -> str:
        """As people write it: `March 2025`."""
        return f"{NAMES[self.number - 1]} {self.year}"

    def plus(self, months: int) -> "Month":
        """So many months later; earlier with a number below zero."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def days(self) -> Iterator[date]:
        """All its days, in order."""
        day = self.first
        while day <= self.last:
            yield day
            day += timedelta(days=1)

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.first <= day <= self.last

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Month):
            return NotImplemented
        return (self.year, self.number) < (other.year, other.number)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def parse_day(text: str) -> date:
    """Read a day such as `2025-03-31`.

    Raises:
        DateError: It is no such day, for instance the 30th of February.
    """
    found = _DAY.fullmatch(text.strip())
    if found is None:
        raise DateError(f"{text!r} is no day such as 2025-03-31")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise DateError(f"there is no day {text}") from error


def days_in(year: int, number: int) -> int:
    """How many days a month has."""
    return monthrange(year, number)[1]


def is_leap(year: int) -> bool:
    """Whether a year has a 29th of February."""
    return days_in(year, 2) == 29


def add_months(day: date, months: int) -> date:
    """The same day of the month, so many months later.

    Where that month is shorter, it is its last day: a month behind the 31st of January comes the
    28th or 29th of February.
    """
    month = Month.of(day).plus(months)
    return date(month.year, month.number, min(day.day, days_in(month.year, month.number)))


def add_years(day: date, years: int) -> date:
    """The same day, so many years later; of the 29th of February the 28th where there is none."""
    return add_months(day, 12 * years)


def months_between(first: Month, last: Month) -> int:
    """How many months later the second is; below zero where it is earlier."""
    return (last.year - first.year) * 12 + last.number - first.number


def each_month(first: Month, last: Month) -> Iterator[Month]:
    """All months from one to another, both included."""
    month = first
    while month <= last:
        yield month
        month = month.plus(1)


def quarter_of(day: date) -> int:
    """The quarter of its year in which a day lies, 1 to 4."""
    return (day.month - 1) // 3 + 1


def next_weekday(day: date, weekday: str) -> date:
    """The first day from this one on that is such a weekday.

    Raises:
        DateError: There is no such weekday.
    """
    if weekday not in WEEKDAYS:
        raise DateError(f"{weekday!r} is none of {', '.join(WEEKDAYS)}")
    return day + timedelta(days=(WEEKDAYS.index(weekday) - day.weekday()) % 7)


def spoken(day: date) -> str:
    """As people say it: `Monday, 31 March 2025`."""
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {NAMES[day.month - 1]} {day.year}"
