"""Ranked lists as files, for scoring with any instrument: JSON Lines, one question a line.

    {"set": ..., "conversation": ..., "question": index in the data, "policy": ...,
     "ranked": [turn ids as in the data, best first], "cpu_ms": ...}

A question that got nothing relevant has an empty list.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enplace.records.canonical import JsonObject
from enplace_bench.recall.conversations import SETS

MOST_RANKED = 50

_NUMBERED = frozenset(known.name for known in SETS if known.numbered)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedList:
    """The turns found for one question, best first."""

    set_name: str
    conversation: str
    question: int
    policy: str
    """Who ranked: a strategy of ours, or a peer."""
    ranked: tuple[str, ...]
    cpu_ms: float
    """CPU time of the search."""

    def as_json(self) -> JsonObject:
        """The object of a line."""
        cut = self.ranked[:MOST_RANKED]
        return {
            "set": self.set_name,
            "conversation": self.conversation,
            "question": self.question,
            "policy": self.policy,
            "ranked": [int(one) for one in cut] if self.set_name in _NUMBERED else list(cut),
            "cpu_ms": round(self.cpu_ms, 3),
        }


def write(path: Path, lists: Iterable[RankedList]) -> None:
    """Write a file of ranked lists; what was in it is gone."""
    with path.open("w", encoding="utf-8") as file:
        for one in lists:
            file.write(json.dumps(one.as_json(), ensure_ascii=False) + "\n")


def read(path: Path) -> Iterator[RankedList]:
    """The ranked lists of a file, for instance of a peer that ran in an environment of its own."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            one: dict[str, Any] = json.loads(line)
            yield RankedList(
                set_name=one["set"],
                conversation=one["conversation"],
                question=one["question"],
                policy=one["policy"],
                ranked=tuple(str(turn) for turn in one["ranked"]),
                cpu_ms=one["cpu_ms"],
            )
