"""Texts with made-up secrets in known formats, put together at run time: no file holds one.

`made_secrets.jsonl` has the texts. What stands between `⟦` and `⟧` is a secret; `«...»` is drawn:
`«32 hex»` is 32 characters of that alphabet, `«24»` of letters and digits, `«64 base64»` that many
random bytes; the others have a name, and arguments behind bars.
"""

import base64
import json
import random
import re
import string
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import cast

_UPPER, _LOWER, _DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
_ALNUM = _UPPER + _LOWER + _DIGITS
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_ALPHABETS = {
    "": _ALNUM,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "digits": _DIGITS,
    "1-9": "123456789",
    "upper": _UPPER,
    "letters": _UPPER + _LOWER,
    "upper+digits": _UPPER + _DIGITS,
    "lower+digits": _LOWER + _DIGITS,
    "url": _ALNUM + "-_",
    "alnum+/": _ALNUM + "/+",
    "alnum./": _ALNUM + "./",
    "base32": _UPPER + "234567",
    "bech32": _BECH32.upper(),
    "django": _LOWER + _DIGITS + "!@#^&*(-_=+)",
}
_NAMES = "Harbor Velvet Copper Walnut Meteor Saffron Glacier Pepper Orchid Thunder Lantern Cobalt"
_PHRASE = "apple brick candle dune eagle fable ginger hollow icicle jacket"
_SEED = (
    "abandon ability able about above absent absorb abstract absurd abuse access accident account "
    "accuse achieve acid acoustic acquire across act"
)
_DRAWN = re.compile("«([^«»]*)»")
_SECRET = re.compile("⟦(.*?)⟧", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret within a text."""

    id: str
    kind: str
    text: str
    secret: str
    """As it stands in the text."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What of it must never reach a file: the lines of a key's body, else all of it."""
        cut = [line.strip() for line in re.split(r"\n|\\n", self.secret)]
        if len(cut) == 1:
            return (self.secret,)
        return tuple(line for line in cut if len(line) >= 40 and "-----" not in line)


def made_secrets(seed: int) -> list[Secret]:
    """One secret of each known form; the same for the same seed."""
    maker = _Maker(random.Random(f"secrets/{seed}"))
    found: list[Secret] = []
    count = Counter[str]()
    with Path(__file__).with_name("made_secrets.jsonl").open(encoding="utf-8") as file:
        rows = [cast("dict[str, str]", json.loads(line)) for line in file]
    for row in rows:
        marked = maker.filled(row["text"])
        text = marked.replace("⟦", "").replace("⟧", "")
        for secret in _SECRET.findall(marked):
            count[row["kind"]] += 1
            id_ = f"{row['kind']}-{count[row['kind']]:02d}"
            found.append(Secret(id=id_, kind=row["kind"], text=text, secret=secret))
    return found


class _Maker:
    """Draws what stands in the marks."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck

    def filled(self, text: str) -> str:
        """A text with all its marks drawn, the inner ones first."""
        while _DRAWN.search(text):
            text = _DRAWN.sub(lambda mark: self._made(mark[1]), text)
        return text

    def _made(self, mark: str) -> str:
        name, *given = mark.split("|")
        if name[:1].isdigit():
            count, _, alphabet = name.partition(" ")
            return self._drawn(int(count), alphabet)
        match name:
            case "password":
                return f"{self._word()}{self._of('!#%&*+?')}{self._characters(4, _DIGITS)}{self._of('-_.~')}{self._word().lower()}{self._of('!?*')}"
            case "plain":  # no character that has to be escaped in an address
                return f"{self._word()}{self._characters(6, _DIGITS + _LOWER)}{self._word()}"
            case "phrase":
                return " ".join(self._luck.choice(_PHRASE.split()) for _ in range(5))
            case "seed":
                return " ".join(self._luck.sample(_SEED.split(), 12))
            case "jwt":
                return self._jwt()
            case "card":
                return self._card(given[0], int(given[1]))
            case _:
                return _shaped(name, given)

    def _drawn(self, count: int, alphabet: str) -> str:
        match alphabet:
            case "base64":
                return _base64(self._luck.randbytes(count))
            case "base64url":
                return base64.urlsafe_b64encode(self._luck.randbytes(count)).decode().rstrip("=")
            case "der":  # begins as the keys of RSA do
                return _base64(b"\x30\x82" + count.to_bytes(2) + self._luck.randbytes(count))
            case _:
                return self._characters(count, _ALPHABETS[alphabet])

    def _characters(self, count: int, alphabet: str) -> str:
        """With a digit and a letter, where the alphabet has them, as real ones do."""
        wanted = [test for test in (str.isdigit, str.isalpha) if any(map(test, alphabet))]
        while True:
            text = "".join(self._luck.choice(alphabet) for _ in range(count))
            mixed = count < 8 or all(any(map(test, text)) for test in wanted)
            if mixed and text[0] not in "-_" and text[-1] not in "-_":
                return text

    def _of(self, characters: str) -> str:
        return self._luck.choice(characters)

    def _word(self) -> str:
        return self._luck.choice(_NAMES.split())

    def _jwt(self) -> str:
        head = json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":"))
        body = json.dumps({"sub": self._characters(10, _DIGITS), "iat": 1_700_000_000})
        parts = [text.encode() for text in (head, body)] + [self._luck.randbytes(32)]
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)

    def _card(self, begin: str, count: int) -> str:
        stem = begin + "".join(self._luck.choice(_DIGITS) for _ in range(count - len(begin) - 1))
        return next(stem + digit for digit in _DIGITS if is_luhn(stem + digit))


def _shaped(name: str, given: list[str]) -> str:
    """A text in another shape."""
    match name, given:
        case "base64", [text]:
            return _base64(text.encode())
        case "line", [text]:
            return text.replace("\n", "\\n") + "\\n"
        case "quoted", [text]:
            return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        case "split", [sizes, between, text]:
            pieces: list[str] = []
            for size in map(int, sizes.split(",")):
                pieces.append(text[:size])
                text = text[size:]
            return between.join(pieces)
        case "iban", [land, account]:
            digits = "".join(str(int(c, 36)) for c in f"{account}{land}00")
            return f"{land}{98 - int(digits) % 97:02d}{account}"
        case "key", [width, label, head, body]:
            step = int(width)
            wrapped = "\n".join(body[at : at + step] for at in range(0, len(body), step))
            dashes = "-" * 5
            return f"{dashes}BEGIN {label}{dashes}\n{head}{wrapped}\n{dashes}END {label}{dashes}"
        case _:
            raise ValueError(f"nobody knows how to make {name!r}")


def is_luhn(number: str) -> bool:
    """Whether the check digit of a card number is right."""
    digits = [int(c) for c in reversed(number)]
    total = sum(d if at % 2 == 0 else d * 2 - 9 * (d > 4) for at, d in enumerate(digits))
    return total % 10 == 0


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
