"""What kind of thing somebody said, beside what it was about: kept in the index, used in ranking.

English; texts in other languages have none of these traits and are ranked without them.
"""

import re

_WORDS = re.compile(r"[a-z0-9]+")
FIRST_PERSON = frozenset(_WORDS.findall("i my we our me us im mine ours"))
_REACTIONS = frozenset(
    _WORDS.findall(
        """absolutely awesome congrats congratulations cool definitely glad great haha hmm lol nice
        ok okay sound sounds sure wow yeah yep"""
    )
)
_IMAGE = re.compile(r"\[image\b.*", re.IGNORECASE | re.DOTALL)
_STANDING = re.compile(
    r"\b(?:always|never|from now on|every time|whenever)\b.{0,200}\b(?:when|whenever|if|every time)"
    r" (?:i|we) (?:ask|request|mention|inquire|need|want|talk)|^(?:please )?always\b",
    re.IGNORECASE | re.DOTALL,
)
_TIME = re.compile(
    r"""\b(?:today|yesterday|tomorrow|tonight|ago|last|next|weekend|recently|just
    |this\ (?:morning|week|weekend|month|year|summer|winter|spring|fall)
    |monday|tuesday|wednesday|thursday|friday|saturday|sunday
    |january|february|march|april|june|july|august|september|october|november|december
    |(?:19|20)\d\d|years?|months?|weeks?|days?)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_OPENING_CHARACTERS = 300


class Trait:
    """Traits of a text, as bits. The numbers are stored and never change."""

    FIRST_PERSON = 1
    """Says I or my once; twice and three times are counted apart."""
    FIRST_PERSON_TWICE = 2
    FIRST_PERSON_OFTEN = 4
    REACTION = 8
    """Opens with a reaction to what was said before: "Wow", "That sounds great"."""
    QUESTION = 16
    """Ends by asking."""
    TIME = 32
    """Says when."""
    STANDING = 64
    """Asks for something from now on: "always ... when I ask"."""


def traits_of(text: str) -> int:
    """The traits of a text: bits of `Trait`."""
    words = _WORDS.findall(text.lower())
    own = min(3, sum(word in FIRST_PERSON for word in words))
    found = (1 << own) - 1
    if words and words[0] in _REACTIONS:
        found |= Trait.REACTION
    if _IMAGE.sub("", text).rstrip().rstrip("\"')*_ ").endswith("?"):
        found |= Trait.QUESTION
    if _TIME.search(text):
        found |= Trait.TIME
    if _STANDING.search(text[:_OPENING_CHARACTERS]):
        found |= Trait.STANDING
    return found


def own_words(traits: int) -> int:
    """How often the speaker spoke of themselves: 0 to 3."""
    return (traits & 7).bit_count()
