"""Recognises that a context was too large, from each provider's own words."""

import re

_WORDS = re.compile(
    r"""
    context_length_exceeded
    | exceed_context_size
    | exceeds\ the\ available\ context\ size
    | maximum\ (?:context|prompt|model)\ length
    | context\ length\ of\ only\ \d+
    | context\ (?:window|length)\ (?:is\ |was\ )?(?:exceeded|too\ (?:long|large))
    | exceed(?:s|ed)?\ (?:the\ )?(?:model'?s?\ )?(?:maximum\ )?context
    | prompt\ is\ too\ long
    | input\ (?:length|tokens?|token\ count)\b.{0,80}\bexceed
    | input\ is\ too\ long
    | token\ count\ is\ \d+\ but
    | `inputs`\ tokens\ \+\ `max_new_tokens`\ must\ be
    | request_too_large
    | too\ many\ (?:input\ |prompt\ )?tokens
    | tokens?\ (?:limit|count)\ exceed
    | reduce\ the\ length\ of\ the\ (?:messages|prompt|input)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_RATE = re.compile(r"rate.?limit|per (?:minute|day)|quota|\bTPM\b|throttl", re.IGNORECASE)


def is_overflow(status: int, text: str) -> bool:
    """Whether an error answer says that the context does not fit the window.

    A rate limit that speaks of tokens per minute is none.
    """
    if status == 413:
        return True
    if status == 429 or _RATE.search(text):
        return False
    return bool(_WORDS.search(text))
