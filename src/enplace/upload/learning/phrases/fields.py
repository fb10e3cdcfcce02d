"""What is told in words that no frame knows: by a word of a field of life and a name beside it.

`The boxes for our flat in Turku are still unpacked` tells where somebody lives. Only clauses of
whoever speaks count, and only where nothing else was found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.heads import NAME, NOT_NAMES
from enplace.upload.learning.language.lexicon import LANGUAGES
from enplace.upload.learning.language.objects import Kind, objects
from enplace.upload.learning.phrases.frames import VOCABULARY
from enplace.upload.learning.phrases.tables import any_of, lines_of

_PLACE = rf"(?!{NOT_NAMES}|(?:I|A|Mr|Mrs|Ms|Dr)\b){NAME}"
_WORDS = {
    **VOCABULARY,
    "NAME": NAME,
    "PLACE": _PLACE,
    "ORG": rf"(?!{NOT_NAMES}|(?:I|A)\b)[A-Z][\w&.'-]*(?: (?:of|and|&|for|the|de) [A-Z][\w&.'-]*| [A-Z][\w&.'-]*)*",
    "LANGUAGE": rf"(?i:{any_of(LANGUAGES)})\b",
    "PHONE": r"(?i:iphone|pixel|galaxy|fairphone|oneplus|xiaomi|nokia|motorola|huawei|samsung)",
    "DRUG": r"(?:(?!April)\w*(?:pril|sartan|statin|formin|azole|cillin|olol|oxetine|aline|opram|zepam|zolam|mycin|thyroxine)\b|warfarin|insulin|ibuprofen|aspirin|lithium|prednisone|prednisolone|methotrexate|antidepressants|antibiotics|blood thinners|beta blockers|ozempic|ritalin|antihistamines|painkillers)",
}


@dataclass(frozen=True, slots=True)
class Field:
    """Words of one field of life, with what they are said of."""

    pattern: re.Pattern[str]
    predicate: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Hint:
    """What a clause tells by its field."""

    predicate: str
    object: str
    start: int
    end: int


FIELDS = tuple(
    Field(lazy_pattern(rf"\b{re.sub(r'^[(][?]:', '(?i:', pattern)}"), predicate, cast("Kind", kind))
    for (predicate, kind), pattern in lines_of("fields.txt", 2, _WORDS)
)
_OWN = lazy_pattern(
    r"\b(?:i|i'm|i've|im|ive|we|we've|we're|my|our|me|us|mine|ours)\b", re.IGNORECASE
)
_NOT_SO = lazy_pattern(
    r"\b(?:not|no|never|n't|nor|without|if|would|could|might|may|should|used to|no longer|ex|former|formerly"
    r"|hardly|nobody|want(?:s)? to|thinking|consider\w*|maybe|perhaps|dream\w*|like (?:a|an)|as if|until|were|was|had|left"
    r"|sold|quit|about|article|book|film|story|poem|essay|question|word|example)\b|n't\b|'d\b",
    re.IGNORECASE,
)
_OTHERS = lazy_pattern(
    r"\b(?:he|she|they|his|her|their|you|your|(?:my|our) (?!home|flat|house|job|work|own|new)\w+ (?:is|was|has|works?|lives?|says?|said|wants?|moved|plays?|loves?))\b",
    re.IGNORECASE,
)


def hints(text: str) -> Iterator[Hint]:
    """What the clauses of whoever speaks tell by their field."""
    if not _OWN.search(text):
        return
    for field in FIELDS:
        for found in field.pattern.finditer(text):
            clause = _clause(text, found)
            if not _OWN.search(clause) or _NOT_SO.search(clause) or _OTHERS.search(clause):
                continue
            for value in objects(field.kind, found["x"].strip())[:3]:
                yield Hint(field.predicate, value, found.start(), found.end())
            break


def _clause(text: str, found: re.Match[str]) -> str:
    start = max((text.rfind(mark, 0, found.start()) for mark in (",", ";", ":", "(")), default=-1)
    stop = min(
        (at for mark in (",", ";", "(") if (at := text.find(mark, found.end())) >= 0),
        default=len(text),
    )
    return text[start + 1 : stop]
