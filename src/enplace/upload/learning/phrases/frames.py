"""What verbs and phrases say about whoever they are said of: the table of frames.

A frame begins behind the auxiliary verbs of a head (`heads.py`). `{x}` stands for the object, which
`objects.py` cuts to what is named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.heads import Head
from enplace.upload.learning.language.lexicon import (
    BREEDS,
    DIETS,
    EDITORS,
    ILLNESSES,
    INSTRUMENTS,
    KIN,
    NATIONALITIES,
    PETS,
    SYSTEMS,
    VEHICLES,
    worded,
)
from enplace.upload.learning.language.objects import Kind, objects
from enplace.upload.learning.phrases.tables import any_of, lines_of

Sense = Literal["holds", "begins", "ends", "happened"]
"""`holds`: it is so. `begins`: it is so from then on. `ends`: it is so no longer. `happened`: once."""

Verb = Literal["be", "have", "do", "now", "perfect", "deny", "cannot"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One way to say something."""

    on: Verb
    """Which verb its head ends with; `now`: be, with `now`; `perfect`: have been, for some time;
    `deny`: any that is denied; `cannot`: with `can't`."""
    pattern: re.Pattern[str]
    predicate: str
    kind: Kind
    sense: Sense = "holds"
    denial: str = ""
    """Predicate that a denial says instead; without one it ends what was so, or says nothing."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a frame found."""

    frame: Frame
    objects: tuple[str, ...]
    start: int
    """Of the verb, in the sentence."""
    at: int
    """Of the object."""


VOCABULARY = {
    name: rf"(?i:{any_of(words)})"
    for name, words in (
        ("BREEDS", BREEDS), ("DIETS", DIETS), ("EDITORS", EDITORS), ("ILLNESSES", ILLNESSES),
        ("INSTRUMENTS", INSTRUMENTS), ("KIN", KIN), ("NATIONALITIES", NATIONALITIES),
        ("PETS", PETS), ("SYSTEMS", SYSTEMS), ("VEHICLES", VEHICLES),
    )
}  # fmt: skip
"""Words that tables may name."""


def _compiled(pattern: str) -> re.Pattern[str]:
    whole = pattern.replace("{x}", r"(?P<x>.+)")
    return lazy_pattern(rf"(?s:{whole})" if "(?P<x>" in whole else whole)


def _frames() -> Iterator[Frame]:
    for (predicate, kind, on, how), pattern in lines_of("frames.txt", 4, VOCABULARY):
        sense, _, denial = how.partition(":")
        yield Frame(
            cast("Verb", on),
            _compiled(pattern),
            predicate,
            cast("Kind", kind),
            cast("Sense", sense),
            denial,
        )


FRAMES: tuple[Frame, ...] = tuple(_frames())
"""In order: of those with one predicate the first that names something counts."""


_NOT_BARE = frozenset(("plans", "goal", "age", "uses"))


def phrases(text: str, head: Head) -> Iterator[Phrase]:
    """What is said of a head; one phrase for each predicate."""
    rest = text[head.at :]
    if not rest:
        return
    bare = head.elided and not head.words
    tells = bool(_TELLS.match(rest))
    lower_first = rest[0].lower() + rest[1:] if rest[:2].istitle() and head.elided else rest
    seen: set[str] = set()
    for frame in FRAMES:
        if frame.predicate in seen or not _fits(frame, head, rest):
            continue
        if bare and ((frame.on == "do" and not tells) or frame.predicate in _NOT_BARE):
            continue
        found = frame.pattern.match(lower_first)
        if not found:
            continue
        named = objects(frame.kind, found["x"])
        if named:
            seen.add(frame.predicate)
            yield Phrase(frame, tuple(named), head.at, head.at + found.start("x"))


_FRAGMENTS = worded(
    "allergic_to married_to engaged_to born_in lives_in works_at speaks medication diet"
)
"""What is told without a verb: `allergic to nuts`."""
_NOW = frozenset(
    ("now", "currently", "these days", "nowadays", "presently", "right now", "at the moment")
)
_NOW_AFTER = lazy_pattern(
    r"(?:at|in|with) [^.,;!?]{2,40}? (?:now|these days|nowadays|currently|at the moment)\b",
    re.IGNORECASE,
)
_SOME_TIME = lazy_pattern(
    r"\b(?:since|for (?:over |about |almost |nearly )?(?:\w+) (?:years?|months|decades))\b",
    re.IGNORECASE,
)
_TELLS = lazy_pattern(
    r"(?:\w+ed|\w+ing|got|went|took|bought|sold|left|quit|became|began|met|lost|won|found|had|gave|grew|came|broke|flew"
    r"|drove|ran|wrote|spent|kept|chose)\b",
    re.IGNORECASE,
)
"""A verb that tells, where a bare one would be an order: `moved to York`."""


def _fits(frame: Frame, head: Head, rest: str) -> bool:
    if head.elided and not head.words and frame.on not in {"do", "deny", "cannot"}:
        return frame.predicate in _FRAGMENTS or frame.predicate == "appointment"
    match frame.on:
        case "be":
            return head.is_being or head.elided
        case "now":
            return head.is_being and (
                not _NOW.isdisjoint(head.words) or bool(_NOW_AFTER.match(rest))
            )
        case "perfect":
            return head.perfect and head.is_being and bool(_SOME_TIME.search(rest))
        case "cannot":
            return "can't" in head.words or "cannot" in head.words
        case "deny":
            return head.denied
        case "have":
            return head.is_having or head.elided
        case _:
            return True
