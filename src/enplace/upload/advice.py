"""Whether an entry would be found again, and what it lacks if not. Pure.

An entry is found by words that few others have. What stands in any entry counts nothing ("the user
asked about something"), an everyday word counts half ("bus"), all wide topics together count half
("work", "databases"), any other word or name counts one; one and a half are enough. Words of a
language that is not known here count one too: what cannot be judged is not refused.
"""

import re
import unicodedata
from collections.abc import Set
from dataclasses import dataclass, field

from enplace.records.stems import stem
from enplace.records.words import fold, words
from enplace.upload.furniture import (
    EVERYDAY,
    FURNITURE,
    HEDGES,
    MONTHS,
    PLACEHOLDERS,
    TOPICS,
    UNSPACED_FURNITURE,
    UNSPACED_TOPICS,
    among,
)

ENOUGH = 3
"""Halves that find an entry again: a word and a topic, two words, or three everyday ones."""

SENTENCE = 5
"""Halves in a sentence that stands alone, such as 'Rex bit the postman'."""


def advice_on(key: str, description: str, value: str) -> str:
    """What an entry lacks to be found again, as one sentence; empty where it lacks nothing.

    Args:
        key: Its name. It makes up for nothing: a name is mostly a topic.
        description: What happened.
        value: What is worth knowing later. It makes up for what the description leaves open.
    """
    quoted = _quoted(description)
    if who := _nobody_named(key, description, value):
        return f"name who '{who}' is: {quoted} does not say"
    said = words(description)
    hedges = [word for word in said if word in HEDGES]
    repeated = _bare(key) == _bare(description) == _bare(value)
    need = (SENTENCE if repeated else ENOUGH) + len(set(hedges))
    together = _halves(description, value)
    described = _halves(description) >= 2 or together >= SENTENCE
    if together >= need and described and not _FILLER.match(description):
        return ""
    if _is_placeholder(said):
        return f"write what happened in place of a placeholder: {quoted} finds nothing"
    if set(said) <= set(words(key)):
        return f"say what happened, beyond the key: {quoted} only repeats it"
    if hedges:
        return f"say what '{hedges[0]}' stands for: {quoted} finds nothing"
    return f"name who or what it was about: {quoted} finds nothing"


_FILLER = re.compile(r"\W*lorem ipsum", re.IGNORECASE)


def _is_placeholder(said: list[str]) -> bool:
    """Such as `TODO: fill in later`, `xxx`, `N/A` or `?`."""
    stands_in = any(word in PLACEHOLDERS or _is_noise(word) for word in said)
    return stands_in or all(len(word) == 1 and word.isascii() for word in said)


def _is_noise(word: str) -> bool:
    """A key pressed several times: xxx."""
    return word.isascii() and word.isalpha() and len(set(word)) == 1 < len(word)


def _bare(text: str) -> str:
    return fold(text).strip(" .")


def _quoted(text: str) -> str:
    line = " ".join(text.split()).rstrip(".\u3002")
    return f"'{line if len(line) <= 60 else line[:59] + '…'}'"


# --- what a text tells ----------------------------------------------------------------------------

_UNSPACED = re.compile(r"[\u3005\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_HAN = re.compile(r"[\u3005\u3400-\u9fff\uf900-\ufaff]")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")
_HIRAGANA = re.compile(r"[\u3041-\u309f]{5,}")  # shorter ones are endings
_DATE = "0"
"""Stands for all numbers and months: a date does not say what happened."""


@dataclass(slots=True)
class _Found:
    """What an entry can be found by, each once however often it is said."""

    words: set[str] = field(default_factory=set[str])
    small: set[str] = field(default_factory=set[str])
    """Everyday words, and Chinese characters, of which two make a word."""
    topics: set[str] = field(default_factory=set[str])

    def add(self, word: str) -> None:
        if among(word, FURNITURE) or (len(word) == 1 and word.isalpha()) or _is_noise(word):
            return
        if among(word, TOPICS) or (len(word) == 1 and word.isdigit()):
            self.topics.add(word)
        elif among(word, EVERYDAY):
            self.small.add(stem(word))
        else:
            self.words.add(_DATE if word.isdigit() or word in MONTHS else stem(word))

    def add_unspaced(self, run: str) -> None:
        self.topics.update(UNSPACED_TOPICS.findall(run))
        rest = UNSPACED_FURNITURE.sub(" ", UNSPACED_TOPICS.sub(" ", run))
        self.small.update(_HAN.findall(rest))
        self.words.update(_KATAKANA.findall(rest), _HIRAGANA.findall(rest))


def _halves(*texts: str) -> int:
    """What the texts tell together, in halves of a word."""
    texts = tuple(unicodedata.normalize("NFKC", text) for text in texts)
    names = _names(" ".join(texts))
    found = _Found(words={_DATE if name in MONTHS else stem(name) for name in names})
    for text in texts:
        for run in _UNSPACED.findall(text):
            found.add_unspaced(run)
        for word in words(_UNSPACED.sub(" ", text)):
            if word not in names:
                found.add(word)
    return 2 * len(found.words) + len(found.small) + bool(found.topics)


# --- names ----------------------------------------------------------------------------------------

_CAPITAL_INSIDE = re.compile(r"(?<=[a-z0-9,] )[A-Z][a-z]+\b")
_NO_NAMES = set(words("user assistant monday tuesday wednesday thursday friday saturday sunday"))
_GERMAN = set(words("der das und ist nicht ein eine einen wurde wir sie für über"))
"""Words of the language in which every noun has a capital."""


def _names(text: str) -> Set[str]:
    """Words with a capital inside a sentence: `Will` and `Target` are, `will` and `target` not.

    None in a title, where most words have one, nor in German.
    """
    found = {name.lower() for name in _CAPITAL_INSIDE.findall(text)} - _NO_NAMES
    said = words(text)
    is_title = 2 * len(found) > len(said)
    return set() if is_title or not _GERMAN.isdisjoint(said) else found


_WHO = re.compile(r"\s*(she|he|they|ella|elle)\b", re.IGNORECASE)


def _nobody_named(key: str, description: str, value: str) -> str:
    """The pronoun that begins the description, where nobody is named whom it could stand for.

    A word of the key that is said nowhere else may be a name.
    """
    who = _WHO.match(description)
    if not who or _names(description) or _names(value):
        return ""
    said = {stem(word) for word in words(f"{description} {value}")}
    own = (word for word in words(key) if stem(word) not in said)
    named = any(not (among(word, FURNITURE) or among(word, TOPICS)) for word in own)
    return "" if named else who[1].lower()
