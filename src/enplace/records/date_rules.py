"""Which words name a time, and which time: single dates, months, years, `last week`."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.periods import (
    CONTAINING,
    Period,
    date_in,
    day,
    decade,
    month,
    quarter,
    season,
    shifted,
    week,
    weekend,
    year,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """Words of a text that name a time."""

    at: int
    end: int
    """Where they end in the text."""
    period: Period
    look: Callable[[datetime], Period | None]
    """What they name, seen from another moment."""
    explicit: bool
    """They name a date, a month or a year."""
    sure: bool
    """They name a time wherever they stand; otherwise only after a word like `in` or `since`."""
    floating: bool
    """They name the latest of several: in a range it goes by the other end."""


_Meaning = Callable[[re.Match[str], datetime], Period | None]
"""What the words name, seen from a moment; None or an `OverflowError` where there is no such time."""


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    meaning: _Meaning
    explicit: bool
    sure: bool


def times(text: str, now: datetime) -> list[Time]:
    """The times named in a text, from left to right, the longest at each place."""
    found: list[Time] = []
    for start in _STARTS.finditer(text):
        free = not found or start.start() >= found[-1].end
        if free and (time := _longest(text, start.start(), now)):
            found.append(time)
    return found


def apart(found: Iterable[Time]) -> list[Time]:
    """In the order of the text, without those that share words with a longer one."""
    kept: list[Time] = []
    for time in sorted(found, key=lambda time: (time.at, -time.end)):
        if not kept or time.at >= kept[-1].end:
            kept.append(time)
    return kept


def _longest(text: str, at: int, now: datetime) -> Time | None:
    """The time whose words begin here, if any."""
    matches = [(rule, found) for rule in _RULES if (found := rule.pattern.match(text, at))]
    matches.sort(key=lambda match: -match[1].end())
    return next((time for match in matches if (time := _time(*match, now))), None)


def _time(rule: _Rule, found: re.Match[str], now: datetime) -> Time | None:
    def look(at: datetime) -> Period | None:
        try:
            return rule.meaning(found, at)
        except OverflowError:
            return None

    period = look(now)
    if period is None:
        return None
    groups = found.groupdict()
    return Time(
        at=found.start(),
        end=found.end(),
        period=period,
        look=look,
        explicit=rule.explicit or bool(groups.get("month")),
        sure=rule.sure,
        floating=rule.meaning in (_date, _named)
        and not (groups.get("year") or groups.get("which")),
    )


# --- words ----------------------------------------------------------------------------------------

_MONTH_NAMES = (
    "january february march april may june july august september october november december"
)
MONTHS = _MONTH_NAMES.split()
_WEEKDAY_NAMES = "monday tuesday wednesday thursday friday saturday sunday"
WEEKDAYS = _WEEKDAY_NAMES.split()
_SEASONS = {"winter": 1, "spring": 4, "summer": 7, "autumn": 10, "fall": 10}
"""A month in the middle of each."""
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
_COUNTS = {word: (count, count) for count, word in enumerate(_NUMBERS.split(), 1)} | {
    "a": (1, 1),
    "an": (1, 1),
    "couple": (2, 3),
    "few": (2, 5),
    "several": (3, 8),
}
"""Least and most of what is counted."""
_DAYS = {
    "the day before yesterday": -2,
    "yesterday": -1,
    "today": 0,
    "tomorrow": 1,
    "the day after tomorrow": 2,
}
HOURS = {"morning": (5, 12), "afternoon": (12, 18), "evening": (17, 24), "night": (18, 30)}
"""First and last of the day; a night ends in the morning."""

_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d\d?)(?:st|nd|rd|th)?"
_TO_DAY = (
    r"(?:\s*(?:-|\u2013|to|through|until)\s*(?:the\s+)?(?P<last>\d\d?)(?:st|nd|rd|th)?"
    r"(?![\d:.,]?\d|\s*[ap]m))?"
)
WEEKDAY = rf"(?P<weekday>{'|'.join(WEEKDAYS)})"
_SEASON = rf"(?P<season>{'|'.join(_SEASONS)})"
COUNT = rf"(?:a\s+)?(?P<count>\d\d?\d?|{'|'.join(sorted(_COUNTS, reverse=True))})(?:\s+of)?\s+"
UNIT = r"(?P<unit>minute|hour|day|night|weekend|week|month|quarter|year|decade)"
_COUNTED = (
    "people|users|words|characters|tokens|lines|pages|rows|items|files|pieces|points|times|steps|"
    "dollars|euros|pounds|bucks|miles|metres|meters|feet|km|kg|m|mb|gb|rpm|calories|years|ways"
)


# --- what the words mean --------------------------------------------------------------------------


def _numeric(found: re.Match[str], now: datetime) -> Period | None:
    """`13.10.2023`, `10/13/2023`: America writes the month first, where it writes slashes."""
    one, other, year_ = int(found["one"]), int(found["other"]), int(found["year"])
    if year_ < 100:
        year_ += now.year - now.year % 100
        year_ -= 100 * (year_ > now.year + 10)
    slashes = found["sep"] == "/"
    readings = [(one, other), (other, one)] if slashes else [(other, one), (one, other)]
    dates = [date for reading in readings if (date := date_in(now, year_, *reading))]
    if slashes:  # others write them too
        dates.sort(key=lambda date: date > now)
    return day(dates[0]) if dates else None


def _date(found: re.Match[str], now: datetime) -> Period | None:
    """A day or several of a month; without a year the latest that have begun."""
    number, first = _month_number(found["month"]), int(found["day"])
    last = int(found.groupdict().get("last") or first)
    named = found["year"]
    for year_ in [int(named)] if named else range(now.year, now.year - 9, -1):  # for 29 February
        start, end = date_in(now, year_, number, first), date_in(now, year_, number, last)
        if start and end and start <= end and (named or start <= now):
            return Period(start, day(end).end)
    return None


def _month_of(found: re.Match[str], now: datetime) -> Period:
    return month(_first(now, int(found["year"]), _month_number(found["month"])))


def _season_of(found: re.Match[str], now: datetime) -> Period:
    name = found["season"].lower()
    return season(_first(now, int(found["year"]) + (name == "winter"), _SEASONS[name]))


def _quarter_of(found: re.Match[str], now: datetime) -> Period:
    return quarter(_first(now, int(found["year"]), 3 * int(found["quarter"])))


def _year_of(found: re.Match[str], now: datetime) -> Period:
    return year(_first(now, int(found["year"]), 1))


def _years_of(found: re.Match[str], now: datetime) -> Period:
    return Period(_year_of(found, now).start, year(_first(now, int(found["last"]), 1)).end)


def _decade_of(found: re.Match[str], now: datetime) -> Period:
    first = int(found["decade"])
    if first < 100:
        first += 1900 if first > now.year % 100 else 2000
    return decade(_first(now, first, 1))


def _day_from_now(found: re.Match[str], now: datetime) -> Period:
    return day(shifted(now, _DAYS[" ".join(found.group().lower().split())], "day"))


def _hours_from_now(found: re.Match[str], now: datetime) -> Period:
    """`tonight`, `last night`, `this morning`."""
    ago = -1 if found.group()[0] in "lL" else 0
    return hours(shifted(now, ago, "day"), found["hours"] or "night")


def _beside(found: re.Match[str], now: datetime) -> Period | None:
    """`last week`, and `the last week`, which is not the same."""
    which, unit = _turn(found["which"]), found["unit"].lower()
    if found["the"] and which < 0 and unit != "weekend":
        return Period(day(shifted(now, -1, unit)).start, day(now).end)
    return CONTAINING[unit](shifted(now, which, unit))


def _beyond(found: re.Match[str], now: datetime) -> Period:
    """`the week before last`."""
    unit = found["unit"].lower()
    return CONTAINING[unit](shifted(now, 2 * _turn(found["which"]), unit))


def _named(found: re.Match[str], now: datetime) -> Period | None:
    """A weekday, month or season: the one asked for, or the latest that has begun."""
    groups = found.groupdict()
    three = around(groups, now)
    if groups.get("which") is None:
        return next((period for period in reversed(three) if period.start <= now), None)
    match _turn(found["which"]):
        case -1:
            today = day(now).start
            return next((period for period in reversed(three) if period.end <= today), None)
        case 1:
            return next((period for period in three if period.start > now), None)
        case _:
            return three[1]


def around(groups: dict[str, str | None], now: datetime) -> list[Period]:
    """That weekday of this week, month or season of this year, between the ones beside it."""
    if weekday := groups.get("weekday"):
        at = next(at for at, name in enumerate(WEEKDAYS) if name.startswith(weekday[:3].lower()))
        monday = week(now).start
        return [day(monday + timedelta(days=at + days)) for days in (-7, 0, 7)]
    if name := (groups.get("season") or "").lower():
        this = shifted(now, int(name == "winter"), "month").year  # December begins the next one
        return [season(_first(now, this + years, _SEASONS[name])) for years in (-1, 0, 1)]
    number = _month_number(groups.get("month") or "")
    return [month(_first(now, now.year + years, number)) for years in (-1, 0, 1)]


def _ago(found: re.Match[str], now: datetime) -> Period:
    least, most = counted(found["count"])
    unit = found["unit"].lower()
    if unit in ("minute", "hour"):
        return Period(shifted(now, -most - 1, unit), shifted(now, 1 - least, unit))
    containing = CONTAINING[unit]
    start = containing(shifted(now, -most, unit)).start
    return Period(start, containing(shifted(now, -least, unit)).end)


def _stretch(found: re.Match[str], now: datetime) -> Period | None:
    """`the past three days`, today with them."""
    turn, most, unit = _turn(found["which"]), counted(found["count"])[1], found["unit"].lower()
    start, end = sorted((now, shifted(now, turn * most, unit)))
    if unit not in ("minute", "hour"):
        return _days(start, end)
    return Period(start, end) if turn < 0 else None  # a step of a plan


def _weekend(found: re.Match[str], now: datetime) -> Period:
    """The latest that has begun."""
    return weekend(shifted(now, -5, "day"))


def _other(found: re.Match[str], now: datetime) -> Period:
    """`the other day`: nobody knows which."""
    unit = found["unit"].lower()
    return _days(shifted(now, -7 if unit in ("day", "night") else -3, unit), now)


def _days(first: datetime, last: datetime) -> Period:
    return Period(day(first).start, day(last).end)


def hours(at: datetime, name: str) -> Period:
    first, last = HOURS[name.lower()]
    return Period(day(at).start + timedelta(hours=first), day(at).start + timedelta(hours=last))


def _turn(which: str) -> int:
    return {"this": 0, "current": 0, "next": 1, "coming": 1, "after": 1}.get(which.lower(), -1)


def counted(word: str) -> tuple[int, int]:
    return (int(word), int(word)) if word.isdigit() else _COUNTS[word.lower()]


def _first(now: datetime, year: int, month: int) -> datetime:
    """Of that month.

    Raises:
        OverflowError: Outside the years looked at.
    """
    if date := date_in(now, year, month, 1):
        return date
    raise OverflowError


def _month_number(name: str) -> int:
    if name.isdigit():
        return int(name)
    return next(at for at, full in enumerate(MONTHS, 1) if full.startswith(name[:3].lower()))


# --- the rules ------------------------------------------------------------------------------------


def _rule(
    pattern: str,
    meaning: _Meaning,
    *,
    explicit: bool = False,
    sure: bool = True,
) -> _Rule:
    whole = rf"(?<![\w$\u20ac\u00a3#])(?:{pattern})(?!\w)"  # no part of a word, and no price
    return _Rule(lazy_pattern(whole, re.IGNORECASE | re.ASCII), meaning, explicit, sure)


_APART = r"(?<![.,:/+-])"
_ENDED = r"(?![./-]?\d)"
_CLOCK = r"(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?"
# The verbs, written small: "5 may leave", "in may be".
_NO_VERB = r"(?!\d+\s+(?-i:may|march)(?!\w|,?\s+(?:19|20)\d))"
_NO_VERB_FIRST = r"(?!(?-i:may|march)\s+\d\d?(?!\d|st|nd|rd|th|,?\s+(?:19|20)\d))"
_NO_MODAL = (
    r"(?!(?-i:may)\s+(?:be|have|not|also|need|seem|want|still|only|never|take|cause|help|get|go)\b)"
)

_RULES = (
    _rule(
        rf"{_APART}{_YEAR}(?P<sep>[/-])(?P<month>\d\d?)(?P=sep){_DAY}{_CLOCK}{_ENDED}",
        _date,
        explicit=True,
    ),
    _rule(rf"{_APART}{_YEAR}-(?P<month>0[1-9]|1[0-2]){_ENDED}", _month_of, explicit=True),
    _rule(
        rf"{_APART}(?P<one>\d\d?)(?P<sep>[./-])(?P<other>\d\d?)(?P=sep){_YEAR}{_ENDED}",
        _numeric,
        explicit=True,
    ),
    _rule(
        rf"{_APART}(?P<one>\d\d?)(?P<sep>/)(?P<other>\d\d?)/(?P<year>\d\d){_ENDED}",
        _numeric,
        explicit=True,
    ),
    _rule(
        rf"{_APART}{_NO_VERB}{_DAY}{_TO_DAY}[\s-]*(?:of\s+)?{_MONTH}(?:\.?[,\s-]*{_YEAR})?",
        _date,
        explicit=True,
    ),
    _rule(
        rf"{_NO_VERB_FIRST}{_MONTH}\.?[\s-]*(?:the\s+)?{_DAY}{_TO_DAY}"
        rf"(?:[,\s-]*{_YEAR}|(?![.,:]?\d|%))",
        _date,
        explicit=True,
    ),
    _rule(rf"{_MONTH}\.?,?[\s-]*(?:of\s+)?{_YEAR}{_ENDED}", _month_of, explicit=True),
    _rule(
        "(?P<month>january|february|july|september|october|november|december)",
        _named,
        explicit=True,
    ),
    _rule(rf"{_NO_MODAL}{_MONTH}", _named, explicit=True, sure=False),  # also names of people
    _rule(rf"{_SEASON}\s+(?:of\s+)?{_YEAR}(?:\s*[/-]\s*(?:20)?\d\d)?", _season_of, explicit=True),
    _rule(rf"{_SEASON}(?!\s+of\b)", _named, sure=False),
    _rule(rf"Q(?P<quarter>[1-4])[\s,]+(?:of\s+)?{_YEAR}", _quarter_of, explicit=True),
    _rule(rf"{_YEAR}\s?[\u2013-]\s?(?P<last>(?:19|20)\d\d){_ENDED}", _years_of, explicit=True),
    _rule(
        rf"{_APART}{_YEAR}(?!%|[.,:/-]\d|\s+(?:{_COUNTED})\b)",
        _year_of,
        explicit=True,
        sure=False,
    ),
    _rule(r"the\s+['\u2019]?(?P<decade>(?:19|20)?\d0)s", _decade_of, explicit=True),
    _rule("|".join(_DAYS).replace(" ", r"\s+"), _day_from_now),
    _rule(
        r"tonight|(?:this|last)\s+(?P<hours>morning|afternoon|evening)|last\s+night",
        _hours_from_now,
    ),
    _rule(
        r"(?P<the>the\s+)?(?P<which>this|current|last|past|previous|next|coming)\s+"
        r"(?P<unit>weekend|week|month|quarter|year|decade)(?!\s+(?:of|before)\b)",
        _beside,
    ),
    _rule(
        r"the\s+(?P<unit>weekend|week|month|year)\s+(?P<which>before|after)\s+(?:last|next)",
        _beyond,
    ),
    _rule(
        r"(?P<which>this|last|past|previous|next|coming)\s+"
        rf"(?:(?!(?-i:may|march)){_MONTH}|{_SEASON}|{WEEKDAY})",
        _named,
    ),
    _rule(rf"(?<!black )(?<!good )(?<!every )(?<!each ){WEEKDAY}", _named),
    _rule("(?P<weekday>(?-i:Mon|Tues?|Wed|Thu|Thurs?|Fri|Sat|Sun))", _named, sure=False),
    _rule(rf"(?<![.,\d]){COUNT}{UNIT}s?\s+(?:ago|back(?!\s+and))", _ago),
    _rule(
        rf"(?P<which>past|last|previous|next|coming)\s+{COUNT}{UNIT}s?",
        _stretch,
    ),
    _rule("weekend", _weekend, sure=False),
    _rule(r"the\s+other\s+(?P<unit>day|night|week|weekend|month)", _other),
)

_STARTS = re.compile(
    rf"(?<!\w)(?=\d|{_MONTH}|{_SEASON}|{WEEKDAY}|mon|tue|wed|thu|fri|sat|sun|q[1-4]|{COUNT}{UNIT}"
    r"|yesterday|today|tonight|tomorrow|(?:this|current|last|past|previous|next|coming|weekend)\b"
    r"|the\s+(?:day|week|month|year|last|past|previous|next|coming|other|\W?\d))",
    re.IGNORECASE | re.ASCII,
)
"""Where a rule may find something: most texts have no such place."""
