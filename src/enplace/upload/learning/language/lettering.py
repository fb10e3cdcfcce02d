"""Capitals where somebody writes none: names are told from other words by them."""

import re

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.stop_words import STOP_WORDS
from enplace.upload.learning.language.lexicon import KIN, LANGUAGES, MONTH_NAMES, is_job, worded

_PLACED = lazy_pattern(
    r"\b(?:liv(?:e|es|ed|ing)|based|mov(?:e|ed|ing)|born|raised|from|flat|house|apartment|room|fly(?:ing)?"
    r"|flew|travel(?:ling|ing)?|trip|off|going|train|holiday|relocat(?:ed|ing)|settled|staying|grew up|been|visiting"
    r"|study(?:ing)?|work(?:ing)?|job|here|now|back)"
    r" (?:back |over |down |up |away )?(?:in|to|near|from) (?P<x>[a-z]{4,})(?=\s*(?:$|[,.;!?)]|and\b|on\b|in\b|for\b|since\b|now\b|next\b|last\b|with\b|at\b))"
)
_RELATED = lazy_pattern(
    rf"\b(?:my|our|me and my) (?:new |old |best |little |big |older |younger |twin )*(?:{'|'.join(map(re.escape, sorted(KIN, key=len, reverse=True)))})"
    r",? \(?(?P<x>[a-z]{3,})(?=\s*(?:$|[,.;!?)]|and\b|is\b|'s\b|has\b|who\b|are\b|lives\b|works\b|wants\b|likes\b|loves\b|hates\b|turns\b|got\b|for\b))"
)
_COMMON = (
    STOP_WORDS
    | frozenset(MONTH_NAMES)
    | LANGUAGES
    | worded(
        "home work school uni university college bed town church hospital court prison class town"
        " there here abroad holiday vacation sales marketing finance accounting support tech retail"
        " healthcare education insurance logistics research house flat office bakery kitchen garden"
        " mind front time love business scratch today tomorrow yesterday town city country village coast"
        " mountains countryside suburbs sea lives works wants likes loves hates name called named"
        " coming going getting having turning moving died left said says told lately sick pregnant vegan"
        " deaf dead married single monday tuesday wednesday thursday friday saturday sunday birthday wedding"
        " visit dinner lunch party passport project house car phone laptop"
    )
)


def lettered(text: str, names: frozenset[str]) -> str:
    """A text of the same length in which names have their capitals.

    Args:
        text: Unchanged where it has capitals of its own behind the first word of a sentence.
        names: Words that are known to be names, in lower case.
    """
    if re.search(r"[a-z,] [A-Z](?!\b)", text):
        return text
    for pattern in (_PLACED, _RELATED):
        text = pattern.sub(_raised, text)
    if names:
        text = re.sub(
            r"\b[a-z][\w'-]+\b",
            lambda found: (
                found[0].capitalize() if found[0] in names and found[0] not in _COMMON else found[0]
            ),
            text,
        )
    return text


def _raised(found: re.Match[str]) -> str:
    word = found["x"]
    if word in _COMMON or is_job(word) or word.endswith(("ing", "ly")):
        return found[0]
    at = found.start("x") - found.start()
    return found[0][:at] + word.capitalize() + found[0][at + len(word) :]
