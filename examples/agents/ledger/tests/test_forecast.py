"""What is to come."""

from datetime import date

import pytest
from ledger.forecast import can_spare, first_debt, forecast, notices, render
from ledger.journal import parse_journal
from ledger.money import Money

JOURNAL = """
account giro Checking account
2025-01-01 giro 300.00 EUR start
every month from 2025-01-15: giro -200.00 EUR rent
every 2 months from 2025-02-20: giro 250.00 EUR salary
contract phone from 2025-01-10 for 12 months, notice 30 days
contract gym from 2025-02-01 for 6 months, notice 14 days
"""


def test_balances_of_the_next_months() -> None:
    outlooks = forecast(parse_journal(JOURNAL), "giro", date(2025, 1, 20), 3)
    assert [str(each.month) for each in outlooks] == ["2025-02", "2025-03", "2025-04"]
    assert [each.closing for each in outlooks] == [Money(15000), Money(-5000), Money(0)]
    assert (outlooks[0].lowest, outlooks[0].lowest_on) == (Money(-10000), date(2025, 2, 15))


def test_the_first_debt_and_what_can_be_spared() -> None:
    outlooks = forecast(parse_journal(JOURNAL), "giro", date(2025, 1, 20), 2)
    debt = first_debt(outlooks)
    assert debt is not None
    assert str(debt.month) == "2025-02"
    assert can_spare(outlooks, Money(0)) == Money(0)
    assert can_spare([], Money(100)) == Money(0)


def test_notice_is_given_before_a_term_ends() -> None:
    found = notices(parse_journal(JOURNAL), date(2025, 1, 1), date(2026, 1, 31))
    assert [(n.contract.name, str(n.by)) for n in found] == [
        ("gym", "2025-07-18"),
        ("phone", "2025-12-11"),
        ("gym", "2026-01-18"),
    ]


def test_it_is_printed() -> None:
    text = render(forecast(parse_journal(JOURNAL), "giro", date(2025, 1, 20), 1))
    assert text.splitlines()[-1] == "below zero on 2025-02-15"


def test_a_forecast_is_of_one_month_at_least() -> None:
    journal = parse_journal(JOURNAL)
    with pytest.raises(ValueError, match="one month"):
        forecast(journal, "giro", date(2025, 1, 20), 0)
    with pytest.raises(KeyError):
        forecast(journal, "nowhere", date(2025, 1, 20), 1)
