"""What a benchmark gives back: its figures, the bars they are held against, and tables."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field

from enplace.records.canonical import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One figure and the limit it is held against. Exactly one limit is set, inclusive."""

    name: str
    figure: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the figure keeps the bar."""
        if self.at_most is not None:
            return self.figure <= self.at_most
        return self.at_least is not None and self.figure >= self.at_least

    @property
    def limit(self) -> str:
        """The bar as people write it."""
        return f"<= {self.at_most:g}" if self.at_most is not None else f">= {self.at_least:g}"

    def as_json(self) -> JsonObject:
        """For a results page."""
        return {"name": self.name, "figure": self.figure, "limit": self.limit, "ok": self.ok}

    def row(self) -> list[str]:
        """As a row of a table: name, figure, bar, ok."""
        return [self.name, f"{self.figure:.4g}", self.limit, "ok" if self.ok else "MISSED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of one benchmark."""

    figures: JsonObject
    """What `--json` prints; names are stable."""
    bars: tuple[Bar, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether every bar is kept."""
        return all(bar.ok for bar in self.bars)

    def as_json(self) -> JsonObject:
        """The figures, with the verdict and where they were measured."""
        return {**self.figures, "ok": self.ok, "machine": machine()}

    def print_bars(self) -> None:
        """The table that says what keeps its bar and what falls short."""
        print_table(["figure", "measured", "bar", ""], [bar.row() for bar in self.bars])


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns of even width, the first to the left and the others to the right."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, ["-" * width for width in widths], *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())
    print(flush=True)


def machine() -> str:
    """Where this ran, in one line."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
