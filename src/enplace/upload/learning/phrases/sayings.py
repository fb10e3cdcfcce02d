"""Turns of phrase about the speaker without `I do` or `I am`, read from `sayings.txt`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.heads import NAME
from enplace.upload.learning.language.lexicon import LANGUAGES, is_job, worded
from enplace.upload.learning.language.objects import Kind, objects
from enplace.upload.learning.phrases.frames import VOCABULARY, Sense
from enplace.upload.learning.phrases.tables import any_of, lines_of


@dataclass(frozen=True, slots=True)
class Saying:
    """One turn of phrase."""

    pattern: re.Pattern[str]
    predicate: str
    kind: Kind
    sense: Sense = "holds"


@dataclass(frozen=True, slots=True)
class Said:
    """What one of them tells."""

    saying: Saying
    objects: tuple[str, ...]
    start: int
    end: int


_WORDS = {**VOCABULARY, "NAME": NAME, "LANGUAGE": rf"(?i:{any_of(LANGUAGES)})\b"}
SAYINGS = tuple(
    Saying(lazy_pattern(pattern), predicate, cast("Kind", kind), cast("Sense", sense))
    for (predicate, kind, sense), pattern in lines_of("sayings.txt", 3, _WORDS)
)


def sayings(text: str) -> Iterator[Said]:
    """What a sentence tells of the speaker in a turn of phrase."""
    for saying in SAYINGS:
        for found in saying.pattern.finditer(text):
            words = found["x"] or found.groupdict().get("y") or ""
            named = objects(saying.kind, words.strip())
            if (
                saying.predicate == "job_title"
                and named
                and not is_job(named[0].split()[-1].lower())
            ):
                continue
            if named and named[0].split()[0].lower() not in _NOT_OBJECTS:
                yield Said(saying, tuple(named), found.start(), found.end())


_NOT_OBJECTS = worded(
    "it this that what which who how there everything nothing something i you he she we they"
)
