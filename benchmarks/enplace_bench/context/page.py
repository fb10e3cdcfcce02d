"""Tables that are printed, and kept for a page in Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from enplace_bench.report import Bar, machine, print_table


@dataclass(slots=True)
class Page:
    """What a run has shown so far."""

    lines: list[str] = field(default_factory=list[str])

    def section(self, title: str, note: str = "") -> None:
        """Begin a part; the note says how to read it."""
        print(title)
        self.lines += [f"## {title}", ""]
        if note:
            print(note)
            self.lines += [note, ""]

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns, the first of which names the row."""
        print_table(heads, rows)
        self.lines += markdown_table(heads, rows)

    def note(self, text: str) -> None:
        """One line."""
        print(text, flush=True)
        self.lines += [text, ""]

    def markdown(self, title: str, bars: Sequence[Bar]) -> str:
        """The whole page; what falls short stands first."""
        head = ["figure", "measured", "bar", ""]
        rows = [bar.row() for bar in sorted(bars, key=lambda bar: bar.ok)]
        found = [f"# {title}", "", f"Measured on {machine()}.", ""]
        if rows:
            found += ["## Bars", "", _row(head), _row(["---", "---:", "---:", "---"])]
            found += [*map(_row, rows), ""]
        return "\n".join([*found, *self.lines]).rstrip() + "\n"


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table, the first column to the left, and an empty one."""
    return [_row(heads), _row(["---", *("---:" for _ in heads[1:])]), *map(_row, rows), ""]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
