"""Since when and until when something holds, as a sentence tells it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from enplace.records.dates import TimeSpan, spans
from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.periods import CONTAINING, date_in, shifted

_UNIT = r"(?P<unit>day|week|fortnight|month|year)s?"
_COUNT = r"(?P<count>\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|a couple of|a few|the|half an?)"
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20,
    "thirty": 30, "a couple of": 2, "a few": 3, "the": 1,
}  # fmt: skip
_UNTIL = lazy_pattern(
    r"\b(?:until|till|til|'til|through|up to|up until|ends(?: on| in)?|end (?:on|in)|(?:only )?(?:here|there) (?:to|till))\s+(?:the end of\s+)?(?=\w)",
    re.IGNORECASE,
)
_FOR_NEXT = lazy_pattern(
    rf"\bfor (?:just |only |about |around |at least |another )?(?:the )?(?:next |coming |rest of (?:the |this ))?{_COUNT}?\s*{_UNIT}\b(?! now| already| ago)",
    re.IGNORECASE,
)
_OVER_NEXT = lazy_pattern(
    rf"\b(?:over|during|in) the (?:next|coming) {_COUNT}?\s*{_UNIT}\b", re.IGNORECASE
)
_FOR_PAST = lazy_pattern(
    rf"\bfor (?:about |around |over |almost |nearly |more than |at least |the (?:past|last) )*{_COUNT}\s+{_UNIT}\b",
    re.IGNORECASE,
)
_AGO = lazy_pattern(
    rf"\b(?:about |around |almost |nearly |some )?{_COUNT}\s+{_UNIT}\s+(?:ago|back|before)\b",
    re.IGNORECASE,
)
_SINCE = lazy_pattern(
    r"\b(?:since|as of|as from|from|starting(?: from| on| in)?|beginning|effective|with effect from)\s+(?=\w)",
    re.IGNORECASE,
)
_THIS = lazy_pattern(
    r"\bthis (?P<unit>week|month|year|term|semester|summer|winter|autumn|spring)\b", re.IGNORECASE
)
_FORWARD = lazy_pattern(
    r"\b(?:next|coming|on|by|in|from|this|due|starting|tomorrow|tonight|until|till|the)\b",
    re.IGNORECASE,
)
_AHEAD = lazy_pattern(
    rf"\b(?:(?P<tomorrow>tomorrow)|(?P<today>today|tonight)|(?P<week>a week (?:tomorrow|today|on \w+))|in {_COUNT}\s+{_UNIT}(?:'s? time)?"
    r"|next (?P<next>week|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Since when, until when; None where nothing is said."""

    start: datetime | None = None
    end: datetime | None = None

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None


def times_in(text: str, at: datetime, *, perfect: bool = False, ahead: bool = False) -> Times:
    """The times a sentence tells.

    Args:
        text: The sentence.
        at: When it was said.
        perfect: It tells what has gone on: `for two years` looks back.
        ahead: It tells of what will be.
    """
    try:
        end = _end(text, at, perfect=perfect)
        start = _start(text, at, perfect=perfect, ahead=ahead)
    except OverflowError:
        return Times()
    if start is not None and end is not None and end <= start:
        start = None
    return Times(start=start, end=end)


def _end(text: str, at: datetime, *, perfect: bool) -> datetime | None:
    until = _UNTIL.search(text)
    if until:
        named = _named(text[until.end() :], at, ahead=True)
        if named is not None:
            return named.end
        unit = re.match(
            r"(?:the )?(?:end of )?(?:the |this )?(week|month|year)\b",
            text[until.end() :],
            re.IGNORECASE,
        )
        if unit:
            return CONTAINING[unit[1].lower()](at).end
    if perfect:
        return None
    for pattern in (_FOR_NEXT, _OVER_NEXT):
        if found := pattern.search(text):
            if "rest of" in found.group():
                return CONTAINING[found["unit"].lower()](at).end
            return _away(at, found, 1)
    if (
        (found := _THIS.search(text))
        and found["unit"].lower() in CONTAINING
        and re.search(
            r"\b(?:while|just|only|covering|temporar|staying|standing in|filling in|visiting)",
            text,
            re.IGNORECASE,
        )
    ):
        return CONTAINING[found["unit"].lower()](at).end
    return None


def _start(text: str, at: datetime, *, perfect: bool, ahead: bool) -> datetime | None:
    since = _SINCE.search(text)
    if since:
        named = _named(
            text[since.end() :],
            at,
            ahead=ahead or since.group().lower().startswith(("from", "starting", "as ")),
        )
        if named is not None and (since.group().lower().startswith("since") or named.at < 4):
            return named.start
    if found := _AGO.search(text):
        return _away(at, found, -1)
    if perfect and (found := _FOR_PAST.search(text)):
        return _away(at, found, -1)
    if ahead and (found := _AHEAD.search(text)):
        if found["tomorrow"]:
            return _day(at) + timedelta(days=1)
        if found["today"]:
            return _day(at)
    named = _named(_UNTIL.split(text)[0], at, ahead=ahead)
    return named.start if named is not None else None


def _named(text: str, at: datetime, *, ahead: bool) -> TimeSpan | None:
    """The first time a text names; where it looks ahead, the next one of its kind."""
    text = _ORDINAL.sub(lambda word: f"{_ORDINALS[word[1].lower()]}{word[2]}", text)
    for asked in (text, f"in {text}"):
        for span in spans(asked, at):
            return _next(span, asked, at) if ahead and span.start < _day(at) else span
    found = _DAY.search(text)
    day = date_in(at, at.year, at.month, min(int(found[1]), 28)) if found else None
    if day is None or found is None:
        return None
    if ahead and day < _day(at):
        day = shifted(day, 1, "month")
    elif not ahead and day > at:
        day = shifted(day, -1, "month")
    return TimeSpan(
        start=day, end=day + timedelta(days=1), explicit=True, at=found.start(), length=0
    )


_ORDINALS = {
    word: f"{number}{ending}"
    for word, number, ending in (
        ("first", 1, "st"), ("second", 2, "nd"), ("third", 3, "rd"), ("fourth", 4, "th"),
        ("fifth", 5, "th"), ("tenth", 10, "th"), ("fifteenth", 15, "th"), ("twentieth", 20, "th"),
    )
}  # fmt: skip
_ORDINAL = lazy_pattern(rf"\b({'|'.join(_ORDINALS)})( of \w)", re.IGNORECASE)
_DAY = lazy_pattern(r"\b(?:the )?(\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)


def _next(span: TimeSpan, text: str, at: datetime) -> TimeSpan:
    length = span.end - span.start
    if re.search(r"\d{4}", text[span.at : span.at + span.length]):
        return span
    unit = (
        "week"
        if length <= timedelta(days=1)
        and re.search(r"day\b", text[span.at : span.at + span.length])
        else "month"
        if re.fullmatch(r"\D*\d{1,2}(?:st|nd|rd|th)?\W*", text[span.at : span.at + span.length])
        else "year"
    )
    start, end = span.start, span.end
    for _ in range(60):
        if start >= _day(at):
            break
        start, end = shifted(start, 1, unit), shifted(end, 1, unit)
    return TimeSpan(start=start, end=end, explicit=span.explicit, at=span.at, length=span.length)


def _away(at: datetime, found: re.Match[str], sign: int) -> datetime:
    said = (found["count"] or "a").lower()
    unit = found["unit"].lower()
    if said.startswith("half"):
        days = {"year": 182, "month": 15, "week": 3, "day": 0}.get(unit, 7)
        return _day(at) + sign * timedelta(days=days)
    count = int(said) if said.isdigit() else _COUNTS.get(said, 1)
    if unit == "fortnight":
        unit, count = "week", 2 * count
    return shifted(_day(at), sign * count, unit)


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
