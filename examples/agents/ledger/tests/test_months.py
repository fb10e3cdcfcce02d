"""Days and months."""

from datetime import date

import pytest
from ledger.months import (
    DateError,
    Month,
    add_months,
    add_years,
    each_month,
    is_leap,
    months_between,
    next_weekday,
    parse_day,
    quarter_of,
    spoken,
)


def test_a_day_is_read() -> None:
    assert parse_day("2025-03-31") == date(2025, 3, 31)
    for text in ("2025-02-30", "31.03.2025", "2025-3-31", ""):
        with pytest.raises(DateError):
            parse_day(text)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2025, 1, 15), 1, date(2025, 2, 15)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 1, 31), 2, date(2025, 3, 31)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
        (date(2025, 1, 5), -13, date(2023, 12, 5)),
    ],
)
def test_months_are_added(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


def test_years_are_added() -> None:
    assert add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)


def test_a_month_knows_its_days() -> None:
    month = Month.parse("2024-02")
    assert (month.first, month.last) == (date(2024, 2, 1), date(2024, 2, 29))
    assert len(list(month.days())) == 29
    assert month.holds(date(2024, 2, 29))
    assert not month.holds(date(2024, 3, 1))
    assert month.plus(-2) == Month(2023, 12)
    assert month.name == "February 2024"


def test_months_are_counted() -> None:
    assert months_between(Month(2024, 11), Month(2025, 2)) == 3
    assert [str(m) for m in each_month(Month(2024, 12), Month(2025, 2))] == [
        "2024-12",
        "2025-01",
        "2025-02",
    ]


def test_weekdays_and_quarters() -> None:
    assert next_weekday(date(2025, 3, 31), "Monday") == date(2025, 3, 31)
    assert next_weekday(date(2025, 3, 31), "Sunday") == date(2025, 4, 6)
    assert quarter_of(date(2025, 3, 31)) == 1
    assert spoken(date(2025, 3, 31)) == "Monday, 31 March 2025"
    assert is_leap(2024)
    assert not is_leap(2100)
