"""The journal: a text file of accounts, entries, and payments that come again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from ledger.money import Money, MoneyError
from ledger.months import DateError, parse_day
from ledger.recurring import Rule, RuleError, due_between

_ACCOUNT = re.compile(r"account (?P<key>[a-z][a-z0-9_]*) (?P<name>.+)")
_MOVE = re.compile(
    r"(?P<account>[a-z][a-z0-9_]*)"
    r" (?P<amount>[+-]?[\d,.]+ [A-Z]{3})"
    r" (?P<category>[a-z][a-z-]*)"
    r"(?: (?P<text>.+))?"
)
_RENEWAL = re.compile(
    r"contract (?P<name>.+?) from (?P<start>\S+) for (?P<months>\d+) months"
    r", notice (?P<notice>\d+) days"
)


class JournalError(ValueError):
    """A line of a journal cannot be read."""

    def __init__(self, number: int, what: str) -> None:
        self.number = number
        super().__init__(f"line {number}: {what}")


@dataclass(frozen=True, slots=True)
class Account:
    """Where money lies."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Move:
    """What is added to an account, or taken from it."""

    account: str
    amount: Money
    category: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A move on a day."""

    day: date
    move: Move
    line: int
    """Of the journal."""
    comes_again: bool = False
    """Whether a rule made it."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """A move that comes again."""

    rule: Rule
    move: Move
    line: int


@dataclass(frozen=True, slots=True)
class Contract:
    """Something that goes on for a term, and then for another unless notice was given in time."""

    name: str
    start: date
    months: int
    """Of one term."""
    notice_days: int


@dataclass(slots=True)
class Journal:
    """All that a file holds."""

    accounts: dict[str, Account] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    recurring: list[Recurring] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)

    def between(self, first: date, last: date, account: str | None = None) -> list[Entry]:
        """Entries of a stretch, both ends included, those that come again among them.

        In order of days; on one day what was written down stands before what comes again.
        """
        found = [entry for entry in self.entries if first <= entry.day <= last]
        found += self._due(first, last)
        if account is not None:
            found = [entry for entry in found if entry.move.account == account]
        return sorted(found, key=lambda entry: (entry.day, entry.comes_again, entry.line))

    def until(self, last: date, account: str | None = None) -> list[Entry]:
        """All entries up to a day, which is included."""
        return self.between(date.min, last, account)

    def balance(self, account: str, on: date, currency: str = "EUR") -> Money:
        """What an account holds at the end of a day.

        Raises:
            KeyError: There is no such account.
        """
        if account not in self.accounts:
            raise KeyError(account)
        held = Money.zero(currency)
        for entry in self.until(on, account):
            held += entry.move.amount
        return held

    def categories(self) -> list[str]:
        """All categories that occur, in order of the alphabet."""
        moves = [entry.move for entry in self.entries] + [each.move for each in self.recurring]
        return sorted({move.category for move in moves})

    def _due(self, first: date, last: date) -> Iterator[Entry]:
        for each in self.recurring:
            for day in due_between(each.rule, first, last):
                yield Entry(day, each.move, each.line, comes_again=True)


def parse_journal(text: str) -> Journal:
    """Read a journal.

    A line is empty, a comment behind `#`, or one of

        account KEY NAME
        DAY KEY AMOUNT CATEGORY [TEXT]
        RULE: KEY AMOUNT CATEGORY [TEXT]
        contract NAME from DAY for N months, notice N days

    where a rule reads `every month from 2025-01-31`.

    Raises:
        JournalError: A line is none of these; the error says which one and why.
    """
    journal = Journal()
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        try:
            _take(line, number, journal)
        except (MoneyError, DateError, RuleError) as error:
            raise JournalError(number, str(error)) from error
    return journal


def _take(line: str, number: int, journal: Journal) -> None:
    """One line that is not empty."""
    if line.startswith("account "):
        found = _ACCOUNT.fullmatch(line)
        if found is None:
            raise JournalError(number, "an account reads: account KEY NAME")
        if found["key"] in journal.accounts:
            raise JournalError(number, f"there is an account {found['key']!r} already")
        journal.accounts[found["key"]] = Account(found["key"], found["name"])
    elif line.startswith("contract "):
        found = _RENEWAL.fullmatch(line)
        if found is None:
            raise JournalError(number, "a contract reads: contract NAME from DAY for N months, ...")
        journal.contracts.append(
            Contract(
                name=found["name"],
                start=parse_day(found["start"]),
                months=int(found["months"]),
                notice_days=int(found["notice"]),
            )
        )
    elif line.startswith("every "):
        rule, colon, move = line.partition(": ")
        if not colon:
            raise JournalError(number, "a rule and its move stand on both sides of `: `")
        parsed = Rule.parse(rule)
        journal.recurring.append(Recurring(parsed, _move(move, number, journal), number))
    else:
        day, _, move = line.partition(" ")
        entry = Entry(parse_day(day), _move(move, number, journal), number)
        journal.entries.append(entry)


def _move(text: str, number: int, journal: Journal) -> Move:
    found = _MOVE.fullmatch(text.strip())
    if found is None:
        raise JournalError(number, f"{text!r} does not read: KEY AMOUNT CATEGORY [TEXT]")
    if found["account"] not in journal.accounts:
        raise JournalError(number, f"there is no account {found['account']!r}")
    return Move(
        account=found["account"],
        amount=Money.parse(found["amount"]),
        category=found["category"],
        text=found["text"] or "",
    )
