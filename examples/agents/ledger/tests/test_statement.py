"""Monthly statements."""

from datetime import date

import pytest
from ledger.journal import JournalError, parse_journal
from ledger.money import Money
from ledger.months import Month
from ledger.statement import average, compare, render, statement, statements

JOURNAL = """
account giro Checking account
account cash Purse

2024-12-30 giro 2,000.00 EUR salary
2025-01-03 giro -12.50 EUR food Bakery in Mill Lane
2025-01-03 cash 50.00 EUR transfer
2025-02-10 giro -80.00 EUR clothes
every month from 2025-01-28: giro 1,900.00 EUR salary  # paid before the end
every month from 2025-01-31: giro -800.00 EUR rent Flat in Mill Lane
every 3 months from 2025-01-15: giro -60.00 EUR insurance
"""


def test_a_statement_goes_on_where_the_one_before_ended() -> None:
    journal = parse_journal(JOURNAL)
    january, february = statements(journal, "giro", Month(2025, 1), Month(2025, 2))
    assert january.opening == Money.parse("2,000.00 EUR")
    assert january.closing == february.opening == Money.parse("3,027.50 EUR")
    assert [str(row.entry.day) for row in january.rows] == [
        "2025-01-03",
        "2025-01-15",
        "2025-01-28",
        "2025-01-31",
    ]


def test_rent_of_the_last_day_stays_on_the_last_day() -> None:
    march = statement(parse_journal(JOURNAL), "giro", Month(2025, 3))
    rent = [row.entry.day for row in march.rows if row.entry.move.category == "rent"]
    assert rent == [date(2025, 3, 31)]
    assert march.lowest == march.opening


def test_what_came_and_went() -> None:
    january = statement(parse_journal(JOURNAL), "giro", Month(2025, 1))
    assert january.came == Money.parse("1,900.00 EUR")
    assert january.went == Money.parse("-872.50 EUR")
    assert january.by_category()["rent"] == Money.parse("-800.00 EUR")
    assert [e.move.category for e in january.largest(2)] == ["salary", "rent"]


def test_months_are_compared() -> None:
    journal = parse_journal(JOURNAL)
    january, february = statements(journal, "giro", Month(2025, 1), Month(2025, 2))
    assert compare(january, february)["clothes"] == Money.parse("-80.00 EUR")
    assert compare(january, february)["insurance"] == Money.parse("60.00 EUR")
    assert average([january, february], "food") == Money.parse("-6.25 EUR")


def test_it_is_printed() -> None:
    text = render(statement(parse_journal(JOURNAL), "giro", Month(2025, 1)))
    assert text.splitlines()[0] == "Checking account, January 2025"
    assert "Flat in Mill Lane *" in text
    assert text.splitlines()[-1] == "* comes again"


def test_a_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(JournalError, match="line 2: there is no account 'giro'"):
        parse_journal("account cash Purse\n2025-01-03 giro -1.00 EUR food")
    with pytest.raises(JournalError, match="line 1: there is no day 2025-02-30"):
        parse_journal("2025-02-30 giro -1.00 EUR food")
