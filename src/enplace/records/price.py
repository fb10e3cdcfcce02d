"""What a provider asks for tokens, and what a cache costs against no cache."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from enplace.records.usage import Cost, Usage

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Prices as multiples of the price of an input token that no cache had."""

    hit: float
    """Reading a token from the cache."""
    write: float
    """Sending a token that the cache then keeps."""
    output: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Prices of one model for one call, each for a million tokens."""

    model: str
    input: Decimal
    output: Decimal
    hit: Decimal
    write: Decimal
    """Sending tokens that are cached for the usual time."""
    write_1h: Decimal
    """The same for the longer time; `write` where there is none."""
    book: str
    """Which price book, and of which day."""
    currency: str = "USD"
    tier_above: int = 0
    """Input tokens of a call above which all its tokens are dearer; 0 where none are."""
    valid_until: datetime | None = None
    """When another price begins; None where none is known."""

    @classmethod
    def of(
        cls,
        model: str,
        *,
        input: Decimal | int | str,
        output: Decimal | int | str,
        hit: Decimal | int | str | None = None,
        write: Decimal | int | str | None = None,
        write_1h: Decimal | int | str | None = None,
        book: str = "own",
        currency: str = "USD",
        valid_until: datetime | None = None,
    ) -> Self:
        """Prices that somebody wrote down, as text so that they stay exact.

        Without `hit` or `write`, such tokens cost what input costs; without `write_1h`, what a
        write costs.
        """
        plain = Decimal(input)
        usual = plain if write is None else Decimal(write)
        return cls(
            model=model,
            input=plain,
            output=Decimal(output),
            hit=plain if hit is None else Decimal(hit),
            write=usual,
            write_1h=usual if write_1h is None else Decimal(write_1h),
            book=book,
            currency=currency,
            valid_until=valid_until,
        )

    @property
    def rates(self) -> Rates:
        """As multiples of the input's price; a model that costs nothing is treated like most."""
        if not self.input:
            return CONSERVATIVE
        return Rates(
            hit=float(self.hit / self.input),
            write=float(self.write / self.input),
            output=float(self.output / self.input),
        )

    def cost(self, usage: Usage) -> Cost:
        """What a call with this usage costs; all its cache writes at the price of the usual time."""
        cached = usage.cache_hit_tokens + usage.cache_write_tokens
        total = (
            max(usage.input_tokens - cached, 0) * self.input
            + usage.cache_hit_tokens * self.hit
            + usage.cache_write_tokens * self.write
            + usage.output_tokens * self.output
        ) / MILLION
        return Cost(amount=f"{total.normalize():f}", currency=self.currency, book=self.book)


CONSERVATIVE = Rates(hit=0.1, write=1.25)
"""Of a model whose prices nobody told: what most providers ask."""


def rates_of(price: Price | None) -> Rates:
    """The rates to decide by, also where a model is in no book."""
    return CONSERVATIVE if price is None else price.rates
