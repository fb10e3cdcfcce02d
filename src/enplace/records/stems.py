"""What the inflected forms of an English word share: Porter's stemmer, 1980."""

import re
from functools import lru_cache

# In here a `y` that sounds as a consonant (at the start, after a vowel) is written `Y`.
_CONSONANT_Y = re.compile(r"(^|[aeiouy])y")
_SYLLABLE = re.compile(r"[^aeiouy]*[aeiouy]+[^aeiouy]")
_VOWEL = re.compile(r"[aeiouy]")
_SHORT = re.compile(r"[^aeiouy][aeiouy][^aeiouywxY]$")
_DOUBLE = re.compile(r"([bdfgmnprt])\1$")


def _endings(table: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern that finds the longest of the endings, and what each becomes."""
    pairs = dict(entry.split(":") for entry in table.split())
    return re.compile(f"(?:{'|'.join(pairs)})$"), pairs


_DERIVED = _endings(
    "ational:ate tional:tion enci:ence anci:ance izer:ize abli:able alli:al entli:ent eli:e "
    "ousli:ous ization:ize ation:ate ator:ate alism:al iveness:ive fulness:ful ousness:ous "
    "aliti:al iviti:ive biliti:ble"
)
_FULL = _endings("icate:ic ative: alize:al iciti:ic ical:ic ful: ness:")
_LAST = re.compile(
    "(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|(?<=[st])ion|ou|ism|ate|iti|ous|ive|ize)$"
)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The stem of a lower-case word: `called` -> `call`.

    Words that are not three ASCII letters or more stay as they are.

    Source: M. F. Porter, An algorithm for suffix stripping, Program 14 (1980), in the form in which
    Snowball ships it as `porter`.
    """
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    word = _CONSONANT_Y.sub(r"\1Y", word)
    first = _region(word, 0)  # an ending that begins here or later leaves a syllable before it,
    second = _region(word, first)  # and here or later: two
    word = _singular(word)
    word = _present(word, first)
    if word[-1] in "yY" and _VOWEL.search(word, 0, len(word) - 1):
        word = word[:-1] + "i"
    word = _replaced(word, first, *_DERIVED)
    word = _replaced(word, first, *_FULL)
    if (found := _LAST.search(word)) and found.start() >= second:
        word = word[: found.start()]
    return _trimmed(word, first, second).lower()


def _region(word: str, start: int) -> int:
    found = _SYLLABLE.match(word, start)
    return found.end() if found else len(word)


def _singular(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _present(word: str, first: int) -> str:
    """A verb without `ed` and `ing`, spelt as it is without them: `hoping` -> `hope`."""
    if word.endswith("eed"):
        return word[:-1] if len(word) - 3 >= first else word
    bare = word.removesuffix("ed") if word.endswith("ed") else word.removesuffix("ing")
    if bare == word or not _VOWEL.search(bare):
        return word
    if bare.endswith(("at", "bl", "iz")) or (len(bare) == first and _SHORT.search(bare)):
        return bare + "e"
    return bare[:-1] if _DOUBLE.search(bare) else bare


def _replaced(word: str, first: int, pattern: re.Pattern[str], pairs: dict[str, str]) -> str:
    found = pattern.search(word)
    if found is None or found.start() < first:
        return word
    return word[: found.start()] + pairs[found.group()]


def _trimmed(word: str, first: int, second: int) -> str:
    """Without a final `e` and the second of two `l`."""
    if word.endswith("e"):
        bare = word[:-1]
        if len(bare) >= second or (len(bare) >= first and not _SHORT.search(bare)):
            word = bare
    return word[:-1] if word.endswith("ll") and len(word) - 1 >= second else word
