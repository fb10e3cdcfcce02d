"""A stand-in for a summary that a model would write: sentences of the original, the best ones."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

_BREAK = re.compile(r"\n+|(?<=[.!?])\s+(?=[A-Z0-9`*_(\[])")
_CALL = re.compile(r"^\[(?:call|result) \S+ ?(.*)\]$")
_WORD = re.compile(r"[A-Za-z_][\w./-]{3,}")
SHORTEST, LONGEST = 12, 240
"""Characters of a sentence; a longer one is cut."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    place: int
    text: str
    words: frozenset[str]
    weight: float


def extractive_summary(
    texts: Sequence[str], tokens: int, chars_per_token: float, given: str = ""
) -> str:
    """Sentences of some texts, in their order, that fit into a budget.

    A sentence is worth more when its words stand in many others, when it begins or ends its text,
    and when its text is late. What says the same as those taken already is left out.

    Args:
        texts: In order.
        tokens: Most the result may have.
        chars_per_token: How they are counted.
        given: Stands first in the result, and counts.
    """
    room = int(tokens * chars_per_token) - len(given)
    sentences = _sentences(texts)
    spread = Counter(word for sentence in sentences for word in sentence.words)
    worth = {word: log(1 + count) for word, count in spread.items()}

    def score(sentence: _Sentence) -> float:
        total = sum(worth[word] for word in sentence.words)
        return sentence.weight * total / (len(sentence.words) + 3)

    taken: list[_Sentence] = []
    said: set[str] = set()
    for sentence in sorted(sentences, key=lambda one: (-score(one), one.place)):
        if room < SHORTEST:
            break
        fresh = sentence.words - said
        if len(sentence.text) >= room or 2 * len(fresh) <= len(sentence.words):
            continue
        taken.append(sentence)
        said |= sentence.words
        room -= len(sentence.text) + 1
    taken.sort(key=lambda one: one.place)
    return "\n".join([given, *(one.text for one in taken)] if given else [s.text for s in taken])


def _sentences(texts: Sequence[str]) -> list[_Sentence]:
    found: list[_Sentence] = []
    for number, text in enumerate(texts):
        # A call in a summary is told, not made.
        parts = [_CALL.sub(r"\1", part.strip()) for part in _BREAK.split(text)]
        parts = [part[:LONGEST] for part in parts if len(part) >= SHORTEST]
        late = 0.5 + 0.5 * (number + 1) / len(texts)
        for place, part in enumerate(parts):
            words = frozenset(_WORD.findall(part))
            if words:
                edge = 1.5 if place == 0 else 1.25 if place == len(parts) - 1 else 1.0
                found.append(_Sentence(len(found), part, words, edge * late))
    return found
