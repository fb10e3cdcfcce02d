"""The times a text speaks of."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.records.dates import date_terms, spans

NOW = datetime(2024, 5, 15, 14, 30, tzinfo=UTC)
"""A Wednesday."""


def told(text: str, now: datetime = NOW) -> list[str]:
    """Every time as text: days alone where the span begins and ends at midnight."""
    return [f"{short(span.start)} {short(span.end)}" for span in spans(text, now)]


def short(at: datetime) -> str:
    return at.isoformat()[: 16 if at.hour or at.minute else 10]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("13 October 2023", "2023-10-13", "2023-10-14"),
        ("Oct 13, 2023", "2023-10-13", "2023-10-14"),
        ("oct. 13th 2023", "2023-10-13", "2023-10-14"),
        ("21 May, 2023", "2023-05-21", "2023-05-22"),
        ("March-12-2024", "2024-03-12", "2024-03-13"),
        ("2023-10-13", "2023-10-13", "2023-10-14"),
        ("2023-10-13T12:00:00+02:00", "2023-10-13", "2023-10-14"),
        ("2023/10/13", "2023-10-13", "2023-10-14"),
        ("13.10.2023", "2023-10-13", "2023-10-14"),
        ("03.04.2023", "2023-04-03", "2023-04-04"),
        ("10/13/2023", "2023-10-13", "2023-10-14"),
        ("13/10/2023", "2023-10-13", "2023-10-14"),
        ("3/4/2024", "2024-03-04", "2024-03-05"),
        ("10/5/2024", "2024-05-10", "2024-05-11"),  # 5 October has not begun
        ("5/8/23", "2023-05-08", "2023-05-09"),
        ("11/22/63", "1963-11-22", "1963-11-23"),
        ("October 2023", "2023-10-01", "2023-11-01"),
        ("May of 2021", "2021-05-01", "2021-06-01"),
        ("2023-10", "2023-10-01", "2023-11-01"),
        ("Q3 2023", "2023-07-01", "2023-10-01"),
        ("in 2022", "2022-01-01", "2023-01-01"),
        ("the 1990s", "1990-01-01", "2000-01-01"),
        ("the '80s", "1980-01-01", "1990-01-01"),
        ("summer of 2021", "2021-06-01", "2021-09-01"),
        ("winter 2021-2022", "2021-12-01", "2022-03-01"),
        ("May 8th", "2024-05-08", "2024-05-09"),
        ("may 8th", "2024-05-08", "2024-05-09"),
        ("the 5th of June", "2023-06-05", "2023-06-06"),
        ("29 February", "2024-02-29", "2024-03-01"),
        ("April 6-7", "2024-04-06", "2024-04-08"),
        ("3 to 10 March 2023", "2023-03-03", "2023-03-11"),
        ("December", "2023-12-01", "2024-01-01"),
        ("in May", "2024-05-01", "2024-06-01"),
        ("in june", "2023-06-01", "2023-07-01"),
        ("last May", "2023-05-01", "2023-06-01"),
        ("next May", "2025-05-01", "2025-06-01"),
        ("this June", "2024-06-01", "2024-07-01"),
    ],
)
def test_dates_months_and_years(text: str, first: str, last: str) -> None:
    assert told(f"Where was I {text}?") == [f"{first} {last}"]
    assert [span.explicit for span in spans(text, NOW)] == [True]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("today", "2024-05-15", "2024-05-16"),
        ("yesterday", "2024-05-14", "2024-05-15"),
        ("the day before  yesterday", "2024-05-13", "2024-05-14"),
        ("tomorrow morning", "2024-05-16T05:00", "2024-05-16T12:00"),
        ("tonight", "2024-05-15T18:00", "2024-05-16T06:00"),
        ("last night", "2024-05-14T18:00", "2024-05-15T06:00"),
        ("this morning", "2024-05-15T05:00", "2024-05-15T12:00"),
        ("earlier today", "2024-05-15", "2024-05-15T14:30"),
        ("later this week", "2024-05-15T14:30", "2024-05-20"),
        ("Monday", "2024-05-13", "2024-05-14"),
        ("on Wed", "2024-05-15", "2024-05-16"),
        ("on Thursday", "2024-05-09", "2024-05-10"),
        ("last Wednesday", "2024-05-08", "2024-05-09"),
        ("last Friday", "2024-05-10", "2024-05-11"),
        ("this Friday", "2024-05-17", "2024-05-18"),
        ("next Tuesday", "2024-05-21", "2024-05-22"),
        ("Friday night", "2024-05-10T18:00", "2024-05-11T06:00"),
        ("last week", "2024-05-06", "2024-05-13"),
        ("the last week", "2024-05-08", "2024-05-16"),
        ("the week before last", "2024-04-29", "2024-05-06"),
        ("over the weekend", "2024-05-11", "2024-05-13"),
        ("next weekend", "2024-05-25", "2024-05-27"),
        ("last month", "2024-04-01", "2024-05-01"),
        ("last quarter", "2024-01-01", "2024-04-01"),
        ("last year", "2023-01-01", "2024-01-01"),
        ("late last year", "2023-09-01", "2024-01-01"),
        ("this summer", "2024-06-01", "2024-09-01"),
        ("in the summer", "2023-06-01", "2023-09-01"),
        ("last winter", "2023-12-01", "2024-03-01"),
        ("an hour ago", "2024-05-15T12:30", "2024-05-15T14:30"),
        ("5 days ago", "2024-05-10", "2024-05-11"),
        ("a few days ago", "2024-05-10", "2024-05-14"),
        ("a couple of weeks ago", "2024-04-22", "2024-05-06"),
        ("two months ago", "2024-03-01", "2024-04-01"),
        ("10 years back", "2014-01-01", "2015-01-01"),
        ("the past three days", "2024-05-12", "2024-05-16"),
        ("the last 2 hours", "2024-05-15T12:30", "2024-05-15T14:30"),
        ("the other day", "2024-05-08", "2024-05-16"),
        ("Monday to Wednesday", "2024-05-13", "2024-05-16"),
    ],
)
def test_times_told_from_now(text: str, first: str, last: str) -> None:
    assert told(f"What did we do {text}?") == [f"{first} {last}"]
    assert [span.explicit for span in spans(text, NOW)] == [False]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("since March", "2024-03-01", "2024-05-16"),
        ("since last Friday", "2024-05-10", "2024-05-16"),
        ("from 2020 onwards", "2020-01-01", "2024-05-16"),
        ("before 2021", "1900-01-01", "2021-01-01"),
        ("until April 5", "1900-01-01", "2024-04-06"),
        ("after May 1", "2024-05-02", "2200-01-01"),
        ("between March 3 and March 10", "2024-03-03", "2024-03-11"),
        ("between December and February", "2023-12-01", "2024-03-01"),
        ("from July through September 2023", "2023-07-01", "2023-10-01"),
        ("from 10 March 2022 to 20 March", "2022-03-10", "2022-03-21"),
        ("between March and early May 2024", "2024-03-01", "2024-05-11"),
        ("from 2019 to 2021", "2019-01-01", "2022-01-01"),
        ("2019-2021", "2019-01-01", "2022-01-01"),
        ("early 2023", "2023-01-01", "2023-05-02"),
        ("mid-March", "2024-03-11", "2024-03-21"),
        ("at the end of April", "2024-04-21", "2024-05-01"),
        ("in the first week of April 2022", "2022-04-01", "2022-04-08"),
        ("the last week of May 2023", "2023-05-25", "2023-06-01"),
        ("the first weekend of August 2023", "2023-08-05", "2023-08-07"),
        ("the last weekend of August 2023", "2023-08-26", "2023-08-28"),
        ("the week of 23 August 2023", "2023-08-21", "2023-08-28"),
        ("the evening of 7 July 2023", "2023-07-07T17:00", "2023-07-08"),
        ("the Friday before 22 October 2023", "2023-10-20", "2023-10-21"),
        ("the Friday after 22 October 2023", "2023-10-27", "2023-10-28"),
        ("the week before 9 June 2023", "2023-06-02", "2023-06-09"),
        ("two weeks before 11 August 2023", "2023-07-28", "2023-08-04"),
        ("the day after May 1", "2024-05-02", "2024-05-03"),
    ],
)
def test_words_around_a_time(text: str, first: str, last: str) -> None:
    assert told(f"Was it {text}?") == [f"{first} {last}"]


@pytest.mark.parametrize(
    "text",
    [
        "May I ask? You may leave. 5 may leave. In may be wrong. This may work.",
        "They march in step, march on, this march was long",
        "a second please, the second one, second place, at the last minute",
        "April told me that August and June know Sun, Mark and my friend May",
        "he sat down in the sun; she was wed",
        "version 3.10.2, v2023.1, 1.2.2023.4, 10.0.0.1, Python 3.12, 1.2.10",
        "$2022, \u20ac1999, 2022 words, in 2000 words, 100% of 2022%, #2023, 2022.50",
        "room 2019, port 2023, call 555-2023-1234, AB-2023-10-13",
        "3/4 cup, 1/2, 5-10, 18:30, 9-5, 24/7",
        "99.99.2023, Feb 30 2023, 2023-13-01, 0.0.2020",
        "every Friday, on Mondays, Black Friday, each Sunday",
        "the fall of Rome, spring water, to fall asleep",
        "one day, these days, last day, this time, last time, next to me, at last, in the past",
        "4 hours back and forth, in 12 days, a decade, the 5 second rule, 900 years ago, 900 years before last",
        "maybe, marching, decide, sunny, Octopus, Junebug, nowadays",
        "",
    ],
)
def test_no_time(text: str) -> None:
    assert [text[span.at :][: span.length] for span in spans(text, NOW)] == []


def test_several_times_in_one_text() -> None:
    text = "I moved on 3 March 2021, married last June and left Oslo two weeks ago."
    found = spans(text, NOW)
    words = [text[span.at :][: span.length] for span in found]
    assert words == ["3 March 2021", "last June", "two weeks ago"]
    assert [span.explicit for span in found] == [True, True, False]


def test_the_words_of_a_span_begin_with_what_opens_it() -> None:
    text = "Everything in the list since early 2023, but nothing in 2020"
    words = [text[span.at :][: span.length] for span in spans(text, NOW)]
    assert words == ["since early 2023", "2020"]


def test_a_time_is_in_the_zone_of_now() -> None:
    tokyo = timezone(timedelta(hours=9))
    (span,) = spans("yesterday", datetime(2024, 1, 1, 0, 30, tzinfo=tokyo))
    assert span.start == datetime(2023, 12, 30, 15, tzinfo=UTC)
    assert span.start.tzinfo is tokyo


@pytest.mark.parametrize(
    ("now", "text", "first", "last"),
    [
        ("2024-12-20", "this winter", "2024-12-01", "2025-03-01"),
        ("2024-12-20", "last winter", "2023-12-01", "2024-03-01"),
        ("2025-01-20", "this winter", "2024-12-01", "2025-03-01"),
        ("2024-11-05", "last summer", "2024-06-01", "2024-09-01"),
        ("2023-03-01", "29 February", "2020-02-29", "2020-03-01"),
        ("2024-03-31", "last month", "2024-02-01", "2024-03-01"),
        ("2024-05-11", "over the weekend", "2024-05-11", "2024-05-13"),
        ("2024-05-12", "this weekend", "2024-05-11", "2024-05-13"),
        ("2024-05-12", "last weekend", "2024-05-04", "2024-05-06"),
        ("2024-05-10", "Friday", "2024-05-10", "2024-05-11"),
        ("2024-05-10", "next Friday", "2024-05-17", "2024-05-18"),
    ],
)
def test_edges_of_the_calendar(now: str, text: str, first: str, last: str) -> None:
    assert told(text, datetime.fromisoformat(now).replace(tzinfo=UTC)) == [f"{first} {last}"]


SAID = (
    "early mid- late since before after until between and from to the a of in on this last next "
    "past other first week weekend day days month year years ago back two few 3 13 31 900 2023 "
    "1999 10/13/2023 2023-02-29 '90s 1900s may May March 5th October oct. Friday Mon winter "
    "summer morning night today yesterday tonight earlier later Q4 - onwards hours minute decade"
)
PHRASES = st.lists(st.sampled_from(SAID.split()), max_size=12).map(" ".join)


@given(PHRASES | st.text(), st.datetimes(timezones=st.just(UTC)))
def test_whatever_is_said_whenever_the_spans_are_in_order(text: str, now: datetime) -> None:
    end = 0
    for span in spans(text, now):
        assert span.start < span.end
        assert span.start.tzinfo is UTC
        assert end <= span.at < span.at + span.length <= len(text)
        end = span.at + span.length


@given(st.dates(date(1901, 1, 1), date(2099, 12, 31)))
def test_a_date_is_read_however_it_is_written(date: date) -> None:
    month = date_terms(datetime(date.year, date.month, date.day, tzinfo=UTC))[1]
    day = f"{date} {date + timedelta(days=1)}"
    for text in (
        f"{date}",
        f"{date.day} {month} {date.year}",
        f"{month[:3].title()} {date.day}, {date.year}",
        f"the {date.day}th of {month.title()} {date.year}",
        f"{date.day:02}.{date.month:02}.{date.year}",
    ):
        assert told(f"on {text}.") == [day], text


def test_the_terms_of_a_date() -> None:
    terms = date_terms(datetime(2023, 5, 8, 23, 59, tzinfo=UTC))
    assert terms == ["2023", "may", "2023-05", "2023-05-08", "monday"]
