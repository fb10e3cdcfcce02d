"""Amounts of money: whole cents of one currency, so that nothing is ever rounded by accident."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import total_ordering

CURRENCIES = {"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "JPY": 0}
"""Digits behind the point, by currency."""

_AMOUNT = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d+))? (?P<currency>[A-Z]{3})"
)


class MoneyError(ValueError):
    """An amount cannot be read, or two amounts have nothing to do with each other."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount, which may be below zero."""

    units: int
    """In the smallest coin of the currency."""
    currency: str = "EUR"

    def __post_init__(self) -> None:
        if self.currency not in CURRENCIES:
            known = ", ".join(sorted(CURRENCIES))
            raise MoneyError(f"{self.currency!r} is no currency that is known: {known}")

    @classmethod
    def parse(cls, text: str) -> "Money":
        """Read an amount such as `-1,204.50 EUR`.

        Raises:
            MoneyError: It is no amount, or has more digits than its currency has coins for.
        """
        found = _AMOUNT.fullmatch(text.strip())
        if found is None:
            raise MoneyError(f"{text!r} is no amount such as 12.50 EUR")
        currency = found["currency"]
        if currency not in CURRENCIES:
            raise MoneyError(f"{currency!r} is no currency that is known")
        digits = CURRENCIES[currency]
        part = found["part"] or ""
        if len(part) > digits:
            raise MoneyError(f"{text!r} has more than {digits} digits behind the point")
        units = int(found["whole"].replace(",", "") + part.ljust(digits, "0"))
        return cls(-units if found["sign"] == "-" else units, currency)

    @classmethod
    def zero(cls, currency: str = "EUR") -> "Money":
        """Nothing."""
        return cls(0, currency)

    @property
    def is_zero(self) -> bool:
        """Whether it is nothing at all."""
        return self.units == 0

    @property
    def is_debt(self) -> bool:
        """Whether it is below zero."""
        return self.units < 0

    def __add__(self, other: "Money") -> "Money":
        self._require_same(other)
        return Money(self.units + other.units, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._require_same(other)
        return Money(self.units - other.units, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.units, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.units), self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.units * times, self.currency)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        self._require_same(other)
        return self.units < other.units

    def __str__(self) -> str:
        digits = CURRENCIES[self.currency]
        sign = "-" if self.units < 0 else ""
        text = str(abs(self.units)).rjust(digits + 1, "0")
        whole, part = (text[:-digits], text[-digits:]) if digits else (text, "")
        grouped = f"{int(whole):,}"
        return f"{sign}{grouped}{'.' + part if part else ''} {self.currency}"

    def share(self, weights: Sequence[int]) -> list["Money"]:
        """Divide it by weights so that the shares add up to it again.

        What is left over by rounding goes, a coin each, to the largest fractions first.

        Raises:
            MoneyError: There is no weight above zero.
        """
        total = sum(weights)
        if total <= 0 or any(weight < 0 for weight in weights):
            raise MoneyError("weights are not below zero, and one of them is above")
        exact = [self.units * weight for weight in weights]
        shares = [value // total for value in exact]
        left = self.units - sum(shares)
        order = sorted(range(len(weights)), key=lambda i: (-(exact[i] % total), i))
        for i in order[:left]:
            shares[i] += 1
        return [Money(units, self.currency) for units in shares]

    def percent(self, rate: str) -> "Money":
        """A share of it such as `2.5`, in percent, rounded half away from zero."""
        whole, _, part = rate.partition(".")
        if not (whole.isdigit() and (part.isdigit() or not part)):
            raise MoneyError(f"{rate!r} is no rate such as 2.5")
        top = int(whole + part)
        bottom = 100 * 10 ** len(part)
        units, rest = divmod(abs(self.units) * top, bottom)
        if 2 * rest >= bottom:
            units += 1
        return Money(-units if self.units < 0 else units, self.currency)

    def _require_same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise MoneyError(f"{self.currency} and {other.currency} cannot be put together")


def total(amounts: Iterable[Money], currency: str = "EUR") -> Money:
    """The sum of amounts; nothing of the currency where there are none."""
    found = Money.zero(currency)
    for amount in amounts:
        found += amount
    return found
