"""How uncased BERT models read a text: words, and the pieces of each that the model knows.

Gives the same pieces as the reference tokenizers, but reads `[CLS]` and the like in a text as the
characters they are: what a user writes never steers the model.
"""

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

LONGEST_WORD = 100
"""Characters; a longer word is unknown to the model."""

Reading = tuple[str, tuple[int, ...]]
"""A word, in lower case without accents, and the ids of its pieces."""


class WordPiece:
    """Reads texts with the vocabulary of a model. Thread-safe.

    Args:
        pieces: In the order of their ids; `##` before those that continue a word.
    """

    def __init__(self, pieces: Iterable[str]) -> None:
        self._ids = {piece: place for place, piece in enumerate(pieces)}
        self.start = self._ids["[CLS]"]
        self.end = self._ids["[SEP]"]
        self.unknown = self._ids["[UNK]"]
        self._ids_of: Callable[[str], tuple[int, ...]] = lru_cache(maxsize=32_768)(self._split)

    @classmethod
    def of_file(cls, path: Path) -> "WordPiece":
        """The vocabulary of a file with a piece on each line."""
        with path.open(encoding="utf-8", newline="\n") as file:
            return cls(line.rstrip("\n") for line in file)

    def read(self, text: str) -> list[Reading]:
        """The words of a text in order, each with its pieces. Punctuation marks are words."""
        if not text.isascii():
            text = unicodedata.normalize("NFD", text)
        ids_of = self._ids_of
        return [(word, ids_of(word)) for word in text.translate(_PLAIN).split()]

    def _split(self, word: str) -> tuple[int, ...]:
        """The longest known piece from the left, again and again."""
        if len(word) > LONGEST_WORD:
            return (self.unknown,)
        found: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(len(word), start, -1):
                piece = self._ids.get(mark + word[start:end])
                if piece is not None:
                    found.append(piece)
                    start = end
                    break
            else:
                return (self.unknown,)
        return tuple(found)


class _Plain(dict[int, str]):
    """What a character becomes: nothing, itself in lower case, or a word of its own."""

    def __missing__(self, code: int) -> str:
        plain = self[code] = _plain(chr(code))
        return plain


_PLAIN = _Plain()

_IDEOGRAPHS = (
    range(0x3400, 0x4DC0),
    range(0x4E00, 0xA000),
    range(0xF900, 0xFB00),
    range(0x20000, 0x2A6E0),
    range(0x2A700, 0x2CEB0),
    range(0x2F800, 0x2FA20),
)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if character in "\t\n\r" or category[0] == "Z":
        return " "
    if category in {"Cc", "Cf", "Co", "Cs", "Mn"} or character == "\ufffd":
        return ""
    apart = category[0] == "P" or character in "$+<=>^`|~"  # of ASCII all but letters and digits
    if apart or any(ord(character) in block for block in _IDEOGRAPHS):
        return f" {character} "
    return character.lower()
