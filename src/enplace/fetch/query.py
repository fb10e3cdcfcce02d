"""What to look for in long-term memory, from a message and what was said just before."""

from enplace.records.recollection import RecallQuery
from enplace.records.words import words

FEW_TERMS = 2
"""A message with fewer terms leans on the one before it ("and the neighbour's?")."""
MOST_TERMS = 24
"""Terms beyond this many add cost and no sharpness."""

STOP_WORDS = frozenset(
    [
        "a",
        "about",
        "after",
        "again",
        "all",
        "also",
        "am",
        "an",
        "and",
        "another",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "before",
        "being",
        "but",
        "by",
        "can",
        "cannot",
        "could",
        "d",
        "did",
        "do",
        "does",
        "doing",
        "don",
        "done",
        "each",
        "else",
        "ever",
        "every",
        "for",
        "from",
        "get",
        "gets",
        "give",
        "go",
        "good",
        "got",
        "had",
        "has",
        "have",
        "having",
        "he",
        "hello",
        "her",
        "here",
        "hers",
        "hey",
        "hi",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "kind",
        "know",
        "let",
        "like",
        "ll",
        "m",
        "make",
        "many",
        "may",
        "me",
        "might",
        "mine",
        "more",
        "most",
        "much",
        "must",
        "my",
        "need",
        "no",
        "nor",
        "not",
        "now",
        "of",
        "off",
        "oh",
        "ok",
        "okay",
        "on",
        "one",
        "only",
        "or",
        "other",
        "our",
        "out",
        "over",
        "own",
        "please",
        "re",
        "really",
        "remember",
        "remind",
        "s",
        "said",
        "same",
        "say",
        "see",
        "she",
        "should",
        "so",
        "some",
        "something",
        "such",
        "sure",
        "t",
        "tell",
        "than",
        "thank",
        "thanks",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "thing",
        "things",
        "this",
        "those",
        "through",
        "to",
        "too",
        "up",
        "us",
        "use",
        "ve",
        "very",
        "want",
        "was",
        "we",
        "well",
        "were",
        "what",
        "whats",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
        "yeah",
        "yes",
        "yet",
        "you",
        "your",
        "yours",
    ]
)
"""Words that say nothing about what is meant. English; others are found by rarity in the index."""


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
