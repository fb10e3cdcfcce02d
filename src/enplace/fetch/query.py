"""What to look for in long-term memory, from a message and what was said just before."""

from enplace.records.recollection import RecallQuery
from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import words

FEW_TERMS = 2
"""A message with fewer terms leans on the one before it ("and the neighbour's?")."""
MOST_TERMS = 24
"""Terms beyond this many add cost and no sharpness."""


def make_query(message: str, before: str = "") -> RecallQuery:
    """The terms of a message; of the owner's message before it too where it has few of its own.

    Args:
        message: The message of the turn.
        before: What the owner said in the turn before; empty at the start of a task.
    """
    own = _terms(message)
    if not own:
        return RecallQuery(terms=(), reason="the message names nothing to look for")
    leaning = _terms(before) if len(own) < FEW_TERMS else []
    terms = (*own, *(term for term in leaning if term not in own))
    return RecallQuery(terms=terms[:MOST_TERMS], own=min(len(own), MOST_TERMS))


def _terms(text: str) -> list[str]:
    stems = (stem(word) for word in words(text) if word not in STOP_WORDS and len(word) > 1)
    return list(dict.fromkeys(stems))


def stem(word: str) -> str:
    """The beginning that a word shares with its inflected forms: `called` -> `call`."""
    for ending, shortest in (("ing", 6), ("ies", 5), ("ied", 5), ("ed", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= shortest and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word
