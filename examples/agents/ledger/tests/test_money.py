"""Amounts."""

import pytest
from ledger.money import Money, MoneyError, total


@pytest.mark.parametrize(
    ("text", "units", "currency"),
    [
        ("12.50 EUR", 1250, "EUR"),
        ("-0.05 EUR", -5, "EUR"),
        ("+3 USD", 300, "USD"),
        ("1,204.5 CHF", 120450, "CHF"),
        ("980 JPY", 980, "JPY"),
    ],
)
def test_an_amount_is_read(text: str, units: int, currency: str) -> None:
    assert Money.parse(text) == Money(units, currency)


@pytest.mark.parametrize(
    "text", ["", "12.50", "12,50 EUR", "1.234 EUR", "9.5 JPY", "5 XYZ", "x EUR"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(text)


@pytest.mark.parametrize("text", ["-1,204.50 EUR", "0.07 USD", "980 JPY", "1,000,000.00 GBP"])
def test_an_amount_is_written_as_it_is_read(text: str) -> None:
    assert str(Money.parse(text)) == text


def test_shares_add_up() -> None:
    shares = Money(1000).share([1, 1, 1])
    assert [share.units for share in shares] == [334, 333, 333]
    assert total(shares) == Money(1000)
    assert total(Money(-1000).share([2, 1])) == Money(-1000)


def test_a_percentage_is_rounded_half_away_from_zero() -> None:
    assert Money(150).percent("5") == Money(8)
    assert Money(-150).percent("5") == Money(-8)
    assert Money(10000).percent("2.5") == Money(250)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(MoneyError):
        _ = Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(MoneyError):
        _ = Money(1, "EUR") < Money(1, "USD")
