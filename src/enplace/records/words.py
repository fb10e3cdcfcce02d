"""How text breaks into words, so that every store and room finds the same things."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from enplace.records.stems import stem
from enplace.records.stop_words import STOP_WORDS

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Words of a text in order: letters and digits, lower case, accents removed."""
    if text.isascii():  # most texts, and several times as quick
        return _WORD.findall(text.lower())
    plain = unicodedata.normalize("NFKD", text).lower()  # styled letters are plain first
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


def fold(text: str) -> str:
    """A text with letter case and white space folded: two equal ones say the same.

    Letters are the same however their accents are encoded.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFD", text)
        return " ".join(unicodedata.normalize("NFC", text.casefold()).split())
    return " ".join(text.casefold().split())


def terms(text: str) -> list[str]:
    """What a full-text index keeps of a text, in order, with repeats.

    * Words in lower case without accents; the English ones as stems.
    * What is written as one and made of several, such as `user_id`, `rank.py` or `O'Brien`, as the
      whole without its joints (`userid`), then its words.
    * Chinese, Japanese, Thai, Lao, Khmer and Burmese have no spaces between words, and Korean nouns
      grow endings: pairs of neighbouring characters.
    """
    said = (word for token in _tokens(text) for word in _words_of(token))
    return [stem(word[:MOST_CHARACTERS]) for word in said]


def content_terms(text: str) -> list[str]:
    """The terms of a text that say what it is about, in order, with repeats."""
    said = (word for token in _tokens(text) for word in _words_of(token))
    telling = (word for word in said if word not in STOP_WORDS and not _is_letter(word))
    return [stem(word[:MOST_CHARACTERS]) for word in telling]


MOST_CHARACTERS = 64
"""Of a term. Longer words, such as data in base64, are cut; longer wholes are left out."""

# `\x80-` because `_Plain` leaves only letters, digits and marks beyond ASCII.
_LETTERS = r"[0-9A-Za-z\x80-\U0010ffff]+"
_JOINT = r"(?:(?:[-./\\@']|::?)_*|_+[-./\\:@']?|(?<=\d),(?=\d{3}(?!\d)))"
_PHONE = r"(?:\+\d|\(\d)[\d ().-]{5,}\d"
_TOKEN = re.compile(rf"{_PHONE}|{_LETTERS}(?:{_JOINT}{_LETTERS})*(?:\+\+|\#)?")
_CONTRACTED = re.compile(
    r"(?:(?:\b(?:ai|ca|sha|wo))?n't|'(?:s|d|m|re|ve|ll|t))(?![a-z])", re.IGNORECASE
)
_SCHEME = re.compile(r"\b(?:https?://|mailto:)(?:www\.)?", re.IGNORECASE)


def _tokens(text: str) -> list[str]:
    """What is written without a gap, letter case kept: `src/enplace/turn.py`, `runTurn`."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    if "'" in text:
        text = _CONTRACTED.sub(" ", text)
    if ":" in text:
        text = _SCHEME.sub(" ", text)
    return _TOKEN.findall(text)


def _is_letter(word: str) -> bool:
    """A letter alone; in Japanese hiragana alone are particles."""
    return len(word) == 1 and (("a" <= word <= "z") or "ぁ" <= word <= "ゟ")


# --- parts of a token -----------------------------------------------------------------------------

_BETWEEN_NAMES = re.compile(r"[/\\@:]+")
_BETWEEN_WORDS = re.compile(r"[^0-9A-Za-z\x80-\U0010ffff]+")
_SIGNS = {"++": "plusplus", "#": "sharp"}  # of languages: C++, F#
_HUMP = re.compile(r"[A-Z][A-Z0-9]*s?(?![a-z])|[A-Z]?[a-z][a-z0-9]*|[0-9]+[a-z0-9]*")
"""A word in camel case: `parse`, `HTTP`, `Header` and `IDs`; a number with what it counts."""


def _words_of(token: str) -> Iterator[str]:
    """The words of a token, each whole before its parts."""
    if token.isalpha() and token.isascii() and (token.islower() or token.istitle()):
        yield token.lower()  # most tokens
        return
    token = token.replace(",", "")
    for sign, name in _SIGNS.items():
        if token.endswith(sign):
            token = token.removesuffix(sign)
            yield (_BETWEEN_WORDS.sub("", token) + name).lower()
    names = _BETWEEN_NAMES.split(token)
    if len(names) > 1:
        yield from _whole(token)
    for name in names:
        parts = [part for word in _BETWEEN_WORDS.split(name) for part in _parts(word)]
        if len(parts) > 1:
            yield from _whole(name)
        yield from parts


def _whole(name: str) -> Iterator[str]:
    """The name without its joints, where that is not another thing: 3.5 is not 35."""
    whole = _BETWEEN_WORDS.sub("", name).lower()
    if whole.isdigit() and (len(whole) < 7 or name.count(".") == 1):
        return  # longer ones are dates and telephone numbers
    jointless = whole == name.lower() and not whole.isascii()  # a change of script: 猫が
    if not jointless and len(whole) <= MOST_CHARACTERS:
        yield whole


def _parts(word: str) -> Iterator[str]:
    if not word.isascii():
        return _parts_by_script(word)
    humps = _HUMP.findall(word) if len(word) <= MOST_CHARACTERS else [word]
    return (hump.lower() for hump in humps)


# --- other scripts --------------------------------------------------------------------------------

_HANGUL = r"[\uac00-\ud7a3]+"
_UNSPACED = (
    r"[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"  # Han
    r"|[\u3041-\u309f\u30fc]+|[\u30a1-\u30ff\u31f0-\u31ff]+"  # hiragana, katakana
    r"|[\u0e01-\u0e4e]+|[\u0e81-\u0ecd\u0edc-\u0edf]+|[\u1780-\u17d3]+"  # Thai, Lao, Khmer
    r"|[\u1000-\u103f\u1050-\u108f\ua9e0-\ua9ef\uaa60-\uaa7f]+"  # Burmese
)
_SPACED = rf"(?:(?!{_UNSPACED}|{_HANGUL}).)+"
_SCRIPTS = re.compile(rf"({_HANGUL})|({_UNSPACED})|{_SPACED}", re.DOTALL)
_PARTICLE = re.compile(
    "(.)(?:은|는|이|가|을|를|에|의|로|와|과|도|만|에서|에게|으로|한테|까지|부터|하고|이랑)"
)
"""A noun of one syllable and its ending: no pair of characters is the noun."""


def _parts_by_script(word: str) -> Iterator[str]:
    """A change of script ends a word: 猫が好き is 猫, が, 好, き."""
    for found in _SCRIPTS.finditer(word):
        korean, unspaced = found.groups()
        part = found.group().lower()
        if not (korean or unspaced):
            yield part
            continue
        yield from _pairs(part)
        if korean and (noun := _PARTICLE.fullmatch(korean)):
            yield noun[1]


def _pairs(run: str) -> Iterator[str]:
    """Neighbouring characters, each with its marks; a single one stays itself."""
    characters: list[str] = []
    for code in run:
        if characters and unicodedata.category(code).startswith("M"):
            characters[-1] += code
        else:
            characters.append(code)
    if len(characters) == 1:
        yield characters[0]
    for one, other in pairwise(characters):
        yield one + other


class _Plain(dict[int, str]):
    """What stands for a character: itself without accents, or a space. Filled as texts need it."""

    def __missing__(self, code: int) -> str:
        plain = self[code] = _plain(chr(code))
        return plain


_PLAIN = _Plain(
    {ord(a): b for a, b in zip("\u2019\u2018\u2010\u2011øłđ\u0131ØŁĐ", "''--oldiOLD", strict=True)}
    | {ord("æ"): "ae", ord("œ"): "oe", ord("ß"): "ss"}
    | {0x3A3: "\u03c3", 0x3C2: "\u03c3"}  # a sigma at the end of a word is a sigma
    | {0x200B: " "}  # is written between words in Thai and Khmer
)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if character.isascii():
        return character
    if category == "Cf" or _is_accent(character):
        return ""  # such as a soft hyphen: what stands around it is one word
    if category[0] not in "LNM":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    apart = unicodedata.normalize("NFD", character)
    bare = "".join(mark for mark in apart if not _is_accent(mark))
    return unicodedata.normalize("NFC", bare)  # か with its sound mark, syllables of Korean


def _is_accent(character: str) -> bool:
    """Marks without which a word is still read: not the vowels of Hindi or the tones of Thai."""
    order = unicodedata.combining(character)
    return 10 <= order <= 36 or order >= 200 or "\ufe00" <= character <= "\ufe0f"
