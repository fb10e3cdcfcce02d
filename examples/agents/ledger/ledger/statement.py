"""Monthly statements: what came and went on an account, and what is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from ledger.journal import Entry, Journal
from ledger.money import Money, total
from ledger.months import Month, each_month, months_between

WIDTH = 72
"""Characters of a line of a printed statement."""
_DAY, _AMOUNT = 12, 16


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a statement."""

    entry: Entry
    balance: Money
    """Behind it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An account in a month."""

    account: str
    """As people call it."""
    month: Month
    opening: Money
    rows: tuple[Row, ...]

    @property
    def closing(self) -> Money:
        """What is left at the end of the month."""
        return self.rows[-1].balance if self.rows else self.opening

    @property
    def came(self) -> Money:
        """The sum of what was added."""
        amounts = [row.entry.move.amount for row in self.rows]
        return total((a for a in amounts if not a.is_debt), self.opening.currency)

    @property
    def went(self) -> Money:
        """The sum of what was taken, as an amount that is not above zero."""
        amounts = [row.entry.move.amount for row in self.rows]
        return total((a for a in amounts if a.is_debt), self.opening.currency)

    @property
    def lowest(self) -> Money:
        """The least that the account held, at the end of some row or at the beginning."""
        return min([self.opening, *(row.balance for row in self.rows)])

    def by_category(self) -> dict[str, Money]:
        """What each category added or took, in order of the alphabet."""
        found: dict[str, Money] = {}
        for row in self.rows:
            move = row.entry.move
            before = found.get(move.category, Money.zero(self.opening.currency))
            found[move.category] = before + move.amount
        return dict(sorted(found.items()))

    def largest(self, count: int = 3) -> list[Entry]:
        """The entries that moved most, the largest first."""
        entries = [row.entry for row in self.rows]
        return sorted(entries, key=lambda e: (-abs(e.move.amount).units, e.day, e.line))[:count]


def statement(journal: Journal, account: str, month: Month, currency: str = "EUR") -> Statement:
    """The statement of an account for a month.

    Raises:
        KeyError: There is no such account.
    """
    named = journal.accounts[account]
    opening = journal.balance(account, month.first - timedelta(days=1), currency)
    rows: list[Row] = []
    held = opening
    for entry in journal.between(month.first, month.last, account):
        held += entry.move.amount
        rows.append(Row(entry, held))
    return Statement(named.name, month, opening, tuple(rows))


def statements(
    journal: Journal, account: str, first: Month, last: Month, currency: str = "EUR"
) -> list[Statement]:
    """The statements of several months, one behind the other."""
    found = [statement(journal, account, month, currency) for month in each_month(first, last)]
    for before, after in pairwise(found):
        if before.closing != after.opening:
            raise AssertionError(f"{before.month} and {after.month} do not meet")
    return found


def average(statements_: Sequence[Statement], category: str) -> Money:
    """What a category moved in a month, on average over some statements, cut to whole coins."""
    if not statements_:
        return Money.zero()
    amounts = [each.by_category().get(category) for each in statements_]
    moved = total([a for a in amounts if a is not None], statements_[0].opening.currency)
    sign = -1 if moved.is_debt else 1
    return Money(sign * (abs(moved).units // len(statements_)), moved.currency)


def compare(before: Statement, after: Statement) -> dict[str, Money]:
    """By category: what more came or less went than in an earlier statement."""
    if months_between(before.month, after.month) <= 0:
        raise ValueError("the statement to compare with is an earlier one")
    old, new = before.by_category(), after.by_category()
    nothing = Money.zero(after.opening.currency)
    return {
        category: new.get(category, nothing) - old.get(category, nothing)
        for category in sorted({*old, *new})
    }


def render(of: Statement) -> str:
    """A statement as text, for printing."""
    lines = [f"{of.account}, {of.month.name}", "=" * WIDTH]
    lines.append(_line("", "balance brought forward", "", str(of.opening)))
    for row in of.rows:
        move = row.entry.move
        mark = " *" if row.entry.comes_again else ""
        text = f"{move.text or move.category}{mark}"
        lines.append(_line(str(row.entry.day), text, str(move.amount), str(row.balance)))
    lines.append("-" * WIDTH)
    lines.append(_line("", "came", str(of.came), ""))
    lines.append(_line("", "went", str(of.went), ""))
    lines.append(_line("", "balance", "", str(of.closing)))
    if any(row.entry.comes_again for row in of.rows):
        lines.append("* comes again")
    return "\n".join(lines) + "\n"


def _line(day: str, text: str, amount: str, balance: str) -> str:
    room = WIDTH - _DAY - 2 * _AMOUNT
    shown = text if len(text) < room else text[: room - 2] + "…"
    line = f"{day:<{_DAY}}{shown:<{room}}{amount:>{_AMOUNT}}{balance:>{_AMOUNT}}"
    return line.rstrip()
