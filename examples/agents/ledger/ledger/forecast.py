"""What is to come: balances of the next months, and the days by which notice must be given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ledger.journal import Contract, Entry, Journal
from ledger.money import Money
from ledger.months import Month, add_months, each_month


@dataclass(frozen=True, slots=True)
class Outlook:
    """A month to come."""

    month: Month
    came: Money
    went: Money
    closing: Money
    lowest: Money
    """The least that the account will hold at the end of a day."""
    lowest_on: date


@dataclass(frozen=True, slots=True)
class Notice:
    """A term of a contract that ends, and the last day on which notice can be given."""

    contract: Contract
    ends: date
    """The first day of the next term."""
    by: date


def forecast(
    journal: Journal, account: str, today: date, months: int, currency: str = "EUR"
) -> list[Outlook]:
    """The outlook of an account for the months behind the one of `today`.

    Only what comes again counts, beside what is written down for these months already.

    Raises:
        KeyError: There is no such account.
        ValueError: The number of months is below one.
    """
    if months < 1:
        raise ValueError("a forecast is of one month at least")
    if account not in journal.accounts:
        raise KeyError(account)
    first = Month.of(today).plus(1)
    held = journal.balance(account, first.first - timedelta(days=1), currency)
    found: list[Outlook] = []
    for month in each_month(first, first.plus(months - 1)):
        entries = journal.between(month.first, month.last, account)
        outlook = _outlook(month, held, entries, currency)
        found.append(outlook)
        held = outlook.closing
    return found


def _outlook(month: Month, opening: Money, entries: Sequence[Entry], currency: str) -> Outlook:
    came = went = Money.zero(currency)
    held, lowest, lowest_on = opening, opening, month.first
    for day in month.days():
        for entry in (entry for entry in entries if entry.day == day):
            amount = entry.move.amount
            held += amount
            if amount.is_debt:
                went += amount
            else:
                came += amount
        if held < lowest:
            lowest, lowest_on = held, day
    return Outlook(month, came, went, held, lowest, lowest_on)


def first_debt(outlooks: Sequence[Outlook]) -> Outlook | None:
    """The first month in which the account falls below zero; None where it does not."""
    return next((outlook for outlook in outlooks if outlook.lowest.is_debt), None)


def can_spare(outlooks: Sequence[Outlook], reserve: Money) -> Money:
    """What could be taken from the account today so that a reserve is always left."""
    if not outlooks:
        return Money.zero(reserve.currency)
    spare = min(outlook.lowest for outlook in outlooks) - reserve
    return spare if not spare.is_debt else Money.zero(reserve.currency)


def terms(contract: Contract) -> Iterator[date]:
    """The days on which terms of a contract end, in order, without an end."""
    day = contract.start
    while True:
        day = add_months(day, contract.months)
        yield day


def notices(journal: Journal, first: date, last: date) -> list[Notice]:
    """The notices that can be given in a stretch, both ends included, in order of their days."""
    found: list[Notice] = []
    for contract in journal.contracts:
        for ends in terms(contract):
            by = ends - timedelta(days=contract.notice_days)
            if by > last:
                break
            if by >= first:
                found.append(Notice(contract, ends, by))
    return sorted(found, key=lambda notice: (notice.by, notice.contract.name))


def render(outlooks: Sequence[Outlook]) -> str:
    """A forecast as text, for printing."""
    lines = [f"{'month':<16}{'came':>14}{'went':>14}{'closing':>14}{'lowest':>14}  on"]
    lines += [
        f"{each.month.name:<16}{each.came!s:>14}{each.went!s:>14}{each.closing!s:>14}"
        f"{each.lowest!s:>14}  {each.lowest_on}"
        for each in outlooks
    ]
    debt = first_debt(outlooks)
    if debt is not None:
        lines.append(f"below zero on {debt.lowest_on}")
    return "\n".join(lines) + "\n"
