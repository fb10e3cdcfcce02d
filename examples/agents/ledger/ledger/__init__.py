"""A household ledger in a text file."""

from ledger.forecast import forecast
from ledger.journal import Journal, parse_journal
from ledger.money import Money
from ledger.statement import statement

__all__ = ["Journal", "Money", "forecast", "parse_journal", "statement"]
