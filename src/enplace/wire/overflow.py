"""Recognises that a context was too large: from each provider's own words, or from its silence.

The words are tested one by one, each with where it was read, in `tests/wire/test_overflow.py`.
"""

import re

from enplace.records.message import Stop
from enplace.records.usage import Usage

_WORDS = re.compile(
    r"""
    context_length_exceeded
    | model_context_window_exceeded
    | model_max_prompt_tokens_exceeded
    | exceed_context_size
    | request_too_large
    | request\ entity\ too\ large
    | payload\ (?:size\ exceeds|too\ large)
    | exceeds\ the\ available\ context\ size
    | context\ (?:window|length|size)\ (?:is\ |was\ |has\ been\ )?(?:exceeded|too\ (?:long|large))
    | context\ window\ exceeds\ limit
    | context\ length\ of\ only\ \d
    | exceed(?:s|ed)?\ (?:the\ )?(?:model'?s?\ )?(?:max(?:imum)?\ )?context
    | maximum\ (?:context|prompt|model)\ (?:length|limit)
    | maximum\ allowed\ (?:input\ )?length
    | longer\ than\ the\ (?:model'?s\ )?(?:context|maximum\ model)
    | greater\ than\ the\ context\ length
    | exceeded\ model\ token\ limit
    | model\ max\ length\ exceeded
    | prompt\ (?:is\ )?too\ long
    | prompt\ exceeds\ max\ length
    | prompt\ token\ count\ of\ \d+\ exceeds
    | n_keep\b.{0,20}>=\ n_ctx
    | input\ (?:length|tokens?|token\ count)\b.{0,80}\bexceed
    | input\ is\ too\ long
    | range\ of\ input\ length\ should\ be
    | token\ count\ is\ \d+\ but
    | `inputs`\ tokens\ \+\ `max_new_tokens`\ must\ be
    | too\ many\ (?:input\ |prompt\ )?tokens
    | tokens?\ (?:limit|count)\ exceed
    | reduce\ the\ length\ of\ the\ (?:messages|(?:input\ )?prompt|input)
    | string\ with\ maximum\ length\ \d{6}             # of a whole message, in characters
    | length\ less\ than\ or\ equal\ to\ \d{7}         # of a whole request, in bytes
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_RATE = re.compile(
    r"rate.?limit|per (?:min|hour|day)|quota|\bTPM\b|throttl|too many requests", re.IGNORECASE
)


def is_overflow(status: int, text: str) -> bool:
    """Whether an error answer says that the context does not fit the window, or the request.

    A rate limit that speaks of tokens per minute is none, not even under the status for what is
    too large (Groq). A refusal without a word is one: so Cerebras refuses what is too long.
    """
    if status == 429 or _RATE.search(text):
        return False
    if status == 413 or (status == 400 and not text.strip()):
        return True
    return bool(_WORDS.search(text))


def is_silent_overflow(usage: Usage, window_tokens: int, stop: Stop) -> bool:
    """Whether an answer came although the context did not fit: the model cannot have read it all.

    Some providers count more input than the window holds and answer all the same (Z.ai); others
    cut the input to the window, so that nothing is left for an answer (Xiaomi MiMo). One that cuts
    it and leaves room (Ollama) cannot be told by this.

    Args:
        usage: Of the call, as the provider reports it.
        window_tokens: Of the model; 0 where not known.
        stop: Why the answer ended.
    """
    if window_tokens <= 0:
        return False
    is_full = stop == "length" and not usage.output_tokens
    return usage.input_tokens > window_tokens or (
        is_full and usage.input_tokens >= 0.99 * window_tokens
    )
