"""Price books: a dated one through `genai-prices`, which needs the extra `prices`, and your own."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

from enplace.ports import PriceBook
from enplace.providers.caches import UNKNOWN, profile_of
from enplace.records.price import Price

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, TieredPrices

RELEASED = {"0.2.3": "2026-11-10"}
"""Days on which releases of `genai-prices` came out: its data has no date of its own."""

_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class FixedPrices:
    """Prices that somebody wrote down. Implements `ports.PriceBook`.

    Args:
        prices: By the model's name as its card has it. One price, or several that follow upon each
            other: at any moment the first that is still valid holds. None is used past its day.
        otherwise: Asked for all other models.
    """

    def __init__(
        self, prices: Mapping[str, Price | Sequence[Price]], otherwise: PriceBook | None = None
    ) -> None:
        self._prices = {
            model: (told,) if isinstance(told, Price) else tuple(told)
            for model, told in prices.items()
        }
        self._otherwise = otherwise

    def price(self, model: str, at: datetime, *, input_tokens: int = 0) -> Price | None:
        """See `ports.PriceBook`."""
        if model not in self._prices and self._otherwise is not None:
            return self._otherwise.price(model, at, input_tokens=input_tokens)
        valid = (
            price
            for price in self._prices.get(model, ())
            if price.valid_until is None or at < price.valid_until
        )
        return next(valid, None)


class GenaiPrices:
    """The price book of `genai-prices`: its bundled data, never the network.

    Implements `ports.PriceBook`. Knows nothing where the package is not installed. It is loaded by
    `load`, or else by the first question: a fifth of a CPU-second, 24 MB.

    Args:
        url: Where the model answers, so that a host's own prices are found; a model's name alone
            leads to its maker's. Standard processing: neither batch nor priority.
    """

    def __init__(self, url: str = "") -> None:
        self._url = url
        self._stretches: dict[str, _Stretch] = {}

    def load(self) -> bool:
        """Read the book, so that no question waits for it. For a thread of its own.

        Returns:
            Whether there is one.
        """
        return self._data is not None

    def price(self, model: str, at: datetime, *, input_tokens: int = 0) -> Price | None:
        """See `ports.PriceBook`. A microsecond, once a model was asked for."""
        stretch = self._stretches.get(model)
        if stretch is None or not stretch.since <= at < stretch.until:
            stretch = self._stretches[model] = self._read(model, at)
        if not stretch.tiers:
            return None
        return stretch.tiers[bisect_left(stretch.starts, input_tokens)]

    @cached_property
    def _data(self) -> "DataSnapshot | None":
        try:
            from genai_prices.data import providers
            from genai_prices.data_snapshot import DataSnapshot
        except ImportError:
            return None
        return DataSnapshot(providers=providers, from_auto_update=False)

    @cached_property
    def _book(self) -> str:
        release = version("genai-prices")
        day = RELEASED.get(release)
        return f"genai-prices {release} ({day})" if day else f"genai-prices {release}"

    def _read(self, model: str, at: datetime) -> "_Stretch":
        found = self._find(model)
        if found is None or not found[1].prices:
            return _Stretch(*_EVER)
        provider, entry = found
        moments = sorted(set(_moments(entry, at)))
        coming = [moment for moment in moments if moment > at]
        prices = entry.get_prices(at)
        until = next((then for then in coming if entry.get_prices(then) != prices), None)
        starts = sorted(set(_starts(prices)))
        tiers = (
            _price(provider, entry.id, prices, tier, book=self._book, until=until)
            for tier in zip([0, *starts], [*starts, 0], strict=True)
        )
        return _Stretch(
            since=max((moment for moment in moments if moment <= at), default=_EVER[0]),
            until=min(coming, default=_EVER[1]),
            starts=tuple(starts),
            tiers=tuple(price for price in tiers if price is not None),
        )

    def _find(self, model: str) -> "tuple[str, ModelInfo] | None":
        """The provider's name and the entry of a model, under the first spelling that is known."""
        if self._data is None:
            return None
        for provider, name in self._spellings(self._data, model):
            try:
                found, entry = self._data.find_provider_model(name, None, provider, None)
            except LookupError:
                continue
            return found.id, entry
        return None

    def _spellings(self, data: "DataSnapshot", model: str) -> Iterator[tuple[str | None, str]]:
        """Providers and names that a name may mean; the likeliest first."""
        plain = model.removeprefix("models/")  # as Google names its own
        names = list(dict.fromkeys([plain, _SNAPSHOT.sub("", plain)]))
        host = self._host(data)
        if host is not None:  # what it does not sell has no price, whatever others ask for it
            yield from ((host, name) for name in names)
            yield from ((host, name.rpartition("/")[2]) for name in names)
            return
        for name in names:
            rest = name
            while "/" in rest:
                prefix, _, rest = rest.partition("/")
                yield _PREFIXES.get(prefix.lower(), prefix), rest
            if _BEDROCK.match(name):
                yield "aws", name
            yield None, name

    def _host(self, data: "DataSnapshot") -> str | None:
        if not self._url:
            return None
        try:
            return data.find_provider(None, None, self._url).id
        except LookupError:
            return None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time during which a model's prices stay the same."""

    since: datetime
    until: datetime
    """When they may change; the moment itself does not belong to it."""
    starts: tuple[int, ...] = ()
    """Input tokens above which the second tier begins, the third, and so on."""
    tiers: tuple[Price, ...] = ()
    """One more than `starts`; none at all where the book has no price."""


_SNAPSHOT = re.compile(r"[-@](?:20\d{6}|20\d\d-\d\d-\d\d|latest)$")
_BEDROCK = re.compile(r"[a-z-]+\.[a-z]")  # us.anthropic.claude-...
_PREFIXES = {"fireworks_ai": "fireworks", "z-ai": "zai"}
"""Of model names, where the library does not know them."""


def _conditions(entry: "ModelInfo") -> "Sequence[ConditionalPrice]":
    return entry.prices if isinstance(entry.prices, list) else ()


def _moments(entry: "ModelInfo", at: datetime) -> Iterator[datetime]:
    """When prices of a model may change: all days that it names, and hours of the days around."""
    from genai_prices.types import StartDateConstraint

    today = at.astimezone(UTC).date()
    for condition in _conditions(entry):
        if condition.constraint is None:
            continue
        if isinstance(condition.constraint, StartDateConstraint):
            yield datetime.combine(condition.constraint.start_date, time(tzinfo=UTC))
            continue
        for hour in (condition.constraint.start_time, condition.constraint.end_time):
            aware = hour if hour.tzinfo else hour.replace(tzinfo=UTC)
            for day in (-1, 0, 1):
                yield datetime.combine(today + timedelta(days=day), aware)


def _starts(prices: "ModelPrice") -> Iterator[int]:
    """Input tokens above which some of a model's tokens get dearer."""
    for name in ("input_mtok", "cache_read_mtok", "cache_write_mtok", "output_mtok"):
        if (value := getattr(prices, name)) is not None and not isinstance(value, Decimal):
            yield from (tier.start for tier in value.tiers)


def _price(
    provider: str,
    model: str,
    prices: "ModelPrice",
    tier: tuple[int, int],
    *,
    book: str,
    until: datetime | None,
) -> Price | None:
    """Prices in one tier, from its start to the next; None where tokens have none."""
    start, above = tier

    def told(name: str) -> Decimal | None:
        value: Decimal | TieredPrices | None = getattr(prices, name)
        if value is None or isinstance(value, Decimal):
            return value
        return next((t.price for t in reversed(value.tiers) if t.start <= start), value.base)

    plain, output = told("input_mtok"), told("output_mtok")
    if plain is None or output is None:
        return None
    profile = profile_of(provider, model)
    # A write of which nobody says that it costs more, costs what input does.
    ratio = 1.0 if profile is UNKNOWN else profile.write_ratio
    hit = _first(told("cache_read_mtok"), plain)
    write = _first(told("cache_write_mtok"), plain * Decimal(str(ratio)))
    longer = plain * Decimal(str(profile.long_write_ratio)) if profile.long_ttl_s else write
    return Price(
        model=f"{provider}/{model}",
        input=plain,
        output=output,
        hit=hit,
        write=write,
        write_1h=_first(told("cache_write_1h_mtok"), longer),
        book=book,
        tier_above=above,
        valid_until=until,
    )


def _first(told: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if told is None else told
