"""How text breaks into words, so that every store and room finds the same things."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Words of a text in order: letters and digits, lower case, accents removed."""
    if text.isascii():  # most texts, and several times as quick
        return _WORD.findall(text.lower())
    plain = unicodedata.normalize("NFKD", text).lower()  # styled letters are plain first
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


def fold(text: str) -> str:
    """A text with letter case and white space folded: two equal ones say the same."""
    return " ".join(text.casefold().split())
