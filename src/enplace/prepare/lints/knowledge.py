"""How much of a prompt is knowledge, such as prices, articles and tables, and not instruction.

A passage is knowledge where it names many particulars (numbers, names, cells, keys) and tells
nobody what to do. Norms without particulars are instructions, whatever their grammar.
"""

import re
from dataclasses import dataclass
from typing import Literal

from enplace.prepare.lints.orders import ORDERS
from enplace.prepare.lints.passages import is_heading, passages

LEAST_CHARACTERS = 1_000
"""Of knowledge, about 250 tokens: less is cheaper to carry than to look up."""
_DENSE, _VERY_DENSE = 1.0, 2.5
"""Particulars in 100 characters."""
_FEW_ORDERS, _MANY_ORDERS = 0.35, 0.7
"""Share of a passage's characters that stand in sentences that tell somebody what to do."""

_BULLET = re.compile(r"\s*(?:[-*•>#]+|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_CLAUSE = re.compile(r"[,;:\u2013\u2014(]\s*")
_NUMBER = re.compile(r"\d[\d.,:/%]*")
_NAME = re.compile(r"(?<=[\w,;] )[A-ZÀ-Þ][a-zà-ÿ]\w+")
_CODE = re.compile(r"\b\w+\(|\b[a-z]+_[a-z_]+\b|\b[A-Z][a-z]+[A-Z]\w+|\"\w+\":")
_CELL = re.compile(r"\|")
_TITLE = re.compile(r"(\*\*|__)[^*\n]{1,80}\1:?|^[^.:|,]{1,60}:(?=\s|$)|`[^`\n]*`")
_ASKED = re.compile(
    r"\W{0,3}(?:q|a|question|answer|faq|frage|antwort|pregunta|respuesta|réponse|domanda|risposta"
    r"|pergunta|resposta|f|p|r)\W{0,2}\d{0,3}[:.]\s",
    re.IGNORECASE,
)
_GERMAN = frozenset({"der", "die", "das", "und", "ist", "nicht", "für"})

_ADDRESSED = re.compile(
    r"\b(?:you|your|yours|du|dein|deine|deiner|deinem|deinen|dir|dich|eres|tú|tus?|tu es|ton|ta|tes"
    r"|te|toi|vous|votre|usted|(?:the|this) (?:assistant|agent|model|bot|user|users|output|response"
    r"|responses|reply|replies|answer|answers)|users)\b",
    re.IGNORECASE,
)
_LEADING = frozenset({"please", "then", "also", "always", "first", "next", "finally", "only"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What of a prompt is knowledge."""

    characters: int = 0
    begins: str = ""
    """The first line of it."""

    @property
    def is_long(self) -> bool:
        """Whether it is enough to be looked up rather than carried."""
        return self.characters >= LEAST_CHARACTERS


def knowledge_in(text: str) -> Knowledge:
    """How much of a prompt is knowledge."""
    if len(text) < LEAST_CHARACTERS:
        return Knowledge()
    names = not _is_german(text)
    told = [(lines, sum(map(len, lines))) for lines in passages(text)]
    tells = [_tells(lines, size, names=names) for lines, size in told]
    sure = [size if tell == "knowledge" else 0 for (_, size), tell in zip(told, tells, strict=True)]
    characters, begins = 0, ""
    for i, (lines, size) in enumerate(told):
        beside = max((*sure[max(i - 1, 0) : i], *sure[i + 1 : i + 2]), default=0)
        if sure[i] or (tells[i] == "neither" and 2 * beside >= size):
            characters += size
            begins = begins or lines[0].strip()
    return Knowledge(characters=characters, begins=begins)


def _tells(
    lines: list[str], size: int, *, names: bool
) -> Literal["knowledge", "orders", "neither"]:
    """What a passage tells; a neutral one beside knowledge belongs to that."""
    particulars, ordering = 0.0, 0
    for line in lines:
        if _ASKED.match(line):
            particulars += len(line) * _VERY_DENSE / 100
        elif not is_heading(line):
            bullet = _BULLET.match(line)
            bare = line[bullet.end() :] if bullet else line
            particulars += _particulars(bare, names=names)
            ordering += sum(len(s) for s in _SENTENCE.split(bare) if _orders(s))
    density, orders = 100 * particulars / size, ordering / size
    most = _MANY_ORDERS if density >= _VERY_DENSE else _FEW_ORDERS
    if orders >= most:
        return "orders"
    return "knowledge" if density >= _DENSE else "neither"


def _particulars(line: str, *, names: bool) -> float:
    found = len(_NUMBER.findall(line)) + len(_CODE.findall(line)) + len(_CELL.findall(line)) / 2
    return found + len(_NAME.findall(_TITLE.sub("", line))) if names else found


def _orders(sentence: str) -> bool:
    """Whether a sentence tells somebody what to do."""
    if _ADDRESSED.search(sentence):
        return True
    begins = (clause.lower().split(maxsplit=2)[:2] for clause in _CLAUSE.split(sentence))
    return any(_is_order(words) for words in begins)


def _is_order(words: list[str]) -> bool:
    first, second = ([word.strip("*_.,") for word in words] + ["", ""])[:2]
    return first in ORDERS or (second in ORDERS and (first.endswith("ly") or first in _LEADING))


def _is_german(text: str) -> bool:
    """Whether its nouns have capitals, so that those say nothing."""
    return len(_GERMAN & set(text.lower().split())) >= 4
