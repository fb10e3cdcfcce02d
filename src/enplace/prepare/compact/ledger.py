"""What a task's log spoke of: every identifier, with the line in which it stood last.

Filled event by event as the log grows, so that a collapse only has to choose.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import log1p, sqrt
from typing import Literal

from enplace.prepare.compact.identifiers import identifiers

Voice = Literal["user", "assistant", "call", "tool"]
"""Who named it: the user, the model in its text, the model in a tool call, or a tool's output."""

WEIGHTS: dict[Voice, float] = {"user": 2.0, "assistant": 3.0, "call": 3.0, "tool": 0.12}
"""What the model itself named is what it will name again: measured on recorded compactions, the
share of identifiers used later that a ledger of 1,000 tokens held rose from .67 (tool output
alone) over .75 (the model alone) to .81 (docs/decisions/0021-handoff.md)."""
HALF_LIFE_EVENTS = 400
"""Ordinals after which an identifier that was not named again counts half."""
NUMBER_FACTOR = 0.4
"""A bare number is named again less often than a word of the same history."""
_EDGE = re.compile(r"[^\w@~./$:-]")
MOST_LINE_CHARACTERS = 220
"""A longer line is cut around the identifier."""


@dataclass(slots=True)
class Entry:
    """One identifier."""

    name: str
    weight: float
    """Sum over the voices that named it."""
    first: int
    """Ordinal of the event that named it first."""
    last: int
    """Ordinal of the event that named it last."""
    text: str
    """The text in which it stood last."""
    start: int
    """Where it stands there."""

    def score(self, now: int) -> float:
        """What keeping it is worth for its size, as of an ordinal; comparable within one ledger."""
        kept = log1p(self.weight) * 0.5 ** ((now - self.last) / HALF_LIFE_EVENTS)
        size = len(self.name) / 3 + 1
        return kept / sqrt(size) * (NUMBER_FACTOR if self.name.isdigit() else 1.0)

    @property
    def line(self) -> str:
        """The line in which it stood last, white space at its ends cut, at most so many characters."""
        begin = self.text.rfind("\n", 0, self.start) + 1
        end = self.text.find("\n", self.start)
        end = len(self.text) if end < 0 else end
        if end - begin > MOST_LINE_CHARACTERS:
            half = (MOST_LINE_CHARACTERS - len(self.name)) // 2
            begin, end = self._within(max(begin, self.start - half), end, half)
        return self.text[begin:end].strip()

    def _within(self, begin: int, end: int, half: int) -> tuple[int, int]:
        """The same, where no other name is cut."""
        word = end if (found := _EDGE.search(self.text, self.start, end)) is None else found.start()
        cut = max(min(end, self.start + len(self.name) + half), word)
        while cut < end and cut > word and not _EDGE.match(self.text, cut):
            cut -= 1
        while begin < self.start and begin and not _EDGE.match(self.text, begin - 1):
            begin += 1
        return begin, cut


class Ledger:
    """The identifiers of one task."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def take(self, text: str, ordinal: int, voice: Voice) -> None:
        """Enter a text of the log. Its cost is in proportion to the text alone."""
        entries, weight = self._entries, WEIGHTS[voice]
        for name, start in identifiers(text):
            entry = entries.get(name)
            if entry is None:
                entries[name] = Entry(name, weight, ordinal, ordinal, text, start)
            elif entry.last != ordinal or entry.text is not text:
                entry.weight += weight
                entry.last, entry.text, entry.start = ordinal, text, start

    def standing(self, upto: int) -> Sequence[Entry]:
        """Entries that stand in no event behind an ordinal, the most likely to be needed first."""
        gone = [entry for entry in self._entries.values() if entry.last <= upto]
        gone.sort(key=lambda entry: (-entry.score(upto), entry.name))
        return gone

    def names(self) -> Collection[str]:
        """Every identifier."""
        return self._entries.keys()

    def __iter__(self) -> Iterator[Entry]:
        """In the order in which they were named first."""
        return iter(self._entries.values())
