"""Labelled conversations, and whether a fact is the one that a label means."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

from enplace.records.learning import Utterance
from enplace.records.memory import Fact
from enplace.records.stems import stem
from enplace.records.words import fold, words

CASES = Path(__file__).with_name("cases")
SEEN, UNSEEN = ("ordinary", "chatty"), ("ordinary_unseen", "chatty_unseen")
"""The rules were made with the first before the eyes; nobody has read the second."""

_OPEN = frozenset(
    [
        "statement",
        "event",
        "habit",
        "plans",
        "goal",
        "decided",
        "instruction",
        "appointment",
        "deadline",
        "needs_to",
        "waiting_for",
        "works_on",
    ]
)
"""Predicates whose object is a clause: its words may stand anywhere in the sentence."""
_EMPTY = frozenset(("the", "a", "an", "user", "of", "my", "s"))
_OWNER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """A fact that a person would keep, or would not."""

    subjects: tuple[str, ...]
    """Each of them is right."""
    predicates: tuple[str, ...]
    objects: tuple[str, ...]
    until: date | None = None
    """The day on which it ended, where that was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation, or several of one person, with what is to be known afterwards."""

    id: str
    kind: str
    said: tuple[Utterance, ...]
    stand: tuple[Gold, ...]
    """Stands one minute after the last turn."""
    past: tuple[Gold, ...]
    """Stood, and does not any more."""
    fine: tuple[Gold, ...]
    """May be known; counts neither way."""
    never: tuple[Gold, ...]
    """Must not be known: what is not so, or was not said of oneself."""


def load(set_name: str) -> list[Case]:
    """The cases of one file."""
    with (CASES / f"{set_name}.jsonl").open(encoding="utf-8") as file:
        return [_case(json.loads(line)) for line in file]


def _case(row: Mapping[str, Any]) -> Case:
    turns = cast("list[dict[str, str]]", row["turns"])
    return Case(
        id=row["id"],
        kind=row["kind"],
        said=tuple(
            Utterance(
                task_id=turn["task"],
                ordinal=number,
                at=datetime.fromisoformat(turn["at"]),
                text=turn["text"],
                role=cast(Any, turn["who"]),
            )
            for number, turn in enumerate(turns, start=1)
        ),
        stand=tuple(_golds(row.get("stand"))),
        past=tuple(_golds(row.get("past"))),
        fine=tuple(_golds(row.get("fine"))),
        never=tuple(_golds(row.get("never"))),
    )


def _golds(rows: list[dict[str, Any]] | None) -> Iterator[Gold]:
    for row in rows or ():
        until = row.get("until")
        yield Gold(
            subjects=_each(row["subject"]),
            predicates=_each(row["predicate"]),
            objects=(str(row["object"]), *map(str, row.get("also") or ())),
            until=date.fromisoformat(str(until)[:10]) if until else None,
        )


def _each(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def is_same(fact: Fact, gold: Gold) -> bool:
    """Whether a fact is the one that is meant.

    Its subject and its object are; and its predicate is one of the accepted, or it is a sentence
    kept without one, or such a sentence is accepted.
    """
    named = fact.predicate in gold.predicates or fact.predicate in {None, "statement"}
    return (named or "statement" in gold.predicates) and is_near(fact, gold)


def is_typed(fact: Fact, gold: Gold) -> bool:
    """Whether a fact is the one that is meant, and says so in its fields."""
    named = fact.predicate in gold.predicates and fact.predicate != "statement"
    return named and is_near(fact, gold)


def is_near(fact: Fact, gold: Gold) -> bool:
    """Whether a fact has the subject and the object of what is meant, whatever it says of them."""
    return _is_about(fact, gold) and _says(fact, gold)


def _is_about(fact: Fact, gold: Gold) -> bool:
    who = fact.subject or ""
    named = set(_stems(who))
    for subject in gold.subjects:
        wanted = set(_stems(subject))
        if fold(who) == fold(subject) or (wanted and named == wanted):
            return True
        others = _OWNER not in {fold(who), fold(subject)}
        if others and named and wanted and (named <= wanted or wanted <= named):
            return True
    return False


def _says(fact: Fact, gold: Gold) -> bool:
    told, whole = set(_stems(fact.object or "")), set(_stems(fact.sentence))
    is_open = fact.predicate in {None, "statement"} or not _OPEN.isdisjoint(gold.predicates)
    for object_ in gold.objects:
        wanted = set(_stems(object_))
        if wanted and (
            wanted <= told
            or (told and told <= wanted and 2 * len(told) >= len(wanted))
            or (is_open and wanted <= whole)
        ):
            return True
    return False


def _stems(text: str) -> list[str]:
    return [stem(word) for word in words(text) if word not in _EMPTY]
