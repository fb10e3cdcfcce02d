"""Names that stand for one thing and are useless when paraphrased: paths, symbols, ids, numbers."""

import re
from collections.abc import Iterator
from functools import lru_cache

_WORD = re.compile(r"https?://[^\s\"'`<>()\[\]{}|\\]+|(?<![\w@~./$-])[\w@~./$-]*\w")
_IDENTIFIER = re.compile(
    r"""
    https?://                          # an address
    | .*[^/]/.*[./_\d].*               # a path with more than a bare slash between two words
    | \.{0,2}/.+/.+                    # an absolute or relative path
    | [~.]/.+
    | .*[A-Za-z0-9]_[A-Za-z0-9].*      # snake_case
    | .*[a-z0-9][A-Z].*                # camelCase
    | [A-Z]{2,}[a-z].*                 # HTTPServer
    | (?=.*\d)(?=.*[A-Za-z]).{4,}      # ids, hashes, versions: letters and digits
    | \d{4,}                           # numbers that were not made up
    | \w[\w-]*\.[A-Za-z]\w{0,5}        # main.go, os.path
    | [A-Z][A-Z0-9]{3,}                # ENOENT
    | --?[a-z][\w-]{3,}                # --verbose
    """,
    re.VERBOSE,
)
_FILE = re.compile(r"[\w.-]+\.[a-z]{1,4}")
MOST_CHARACTERS = 160
"""A longer run of characters is data, not a name."""


def identifiers(text: str) -> Iterator[tuple[str, int]]:
    """Every identifier of a text with the offset at which it stands, in order.

    Recognised by shape alone, whatever the language: two words joined by case, underscore, dot or
    slash, letters mixed with digits, long numbers, addresses.
    """
    for found in _WORD.finditer(text):
        word = found.group()
        if 3 < len(word) <= MOST_CHARACTERS:
            for name in _names(word):
                yield name, found.start()


@lru_cache(maxsize=100_000)
def _names(word: str) -> tuple[str, ...]:
    """The identifiers in a word. Cached: the same few thousand words come again and again.

    A chain such as `request.userId` is its links; a path and a file's name stay whole.
    """
    if "/" not in word and "." in word and not _FILE.fullmatch(word):
        links = [link for link in word.split(".") if len(link) > 3 and _IDENTIFIER.fullmatch(link)]
        if links:
            return tuple(links)
    return (word,) if _IDENTIFIER.fullmatch(word) else ()
