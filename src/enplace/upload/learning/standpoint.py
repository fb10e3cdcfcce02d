"""Whether a clause tells anything, or is asked, supposed, or told by somebody else."""

import re

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language import sentences as kinds
from enplace.upload.learning.language.heads import Head
from enplace.upload.learning.language.sentences import Sentence

_PRESUPPOSED = lazy_pattern(
    r"(?:\b(?:now that|since|because|as|where|given that|cos|cuz|seeing as|considering|but|and|when"
    r"|while|although|though|who|which|that|even though|after|fact that|context|btw|fyi)|[,(-])\s*\Z",
    re.IGNORECASE,
)
_HANGING = lazy_pattern(
    r"\b(?:if|whether|unless|would|could you|can you|should i|in case|so that|says?|said|told me"
    r"|tells?|claims?|claimed|thinks?|thought|believes?|asked|wonders?|dreamt|dreamed|do you know"
    r"|did you know|convinced that|according to|pretend\w*|joked|jokes|wish(?:es)?|hope(?:s|d)?"
    r"|used to say|rumou?r|allegedly)\b",
    re.IGNORECASE,
)
_OWN_WORD = lazy_pattern(
    r"\bi(?:'ve| have| had|'d)? (?:\w+ )?(?:said|say|told you|thought|think)\b|\b(?:doctor|gp|consultant) (?:says|said|told me|thinks)\b"
    r"|\bi(?:'d| would| should| must| have to| can) (?:\w+ )?(?:say|mention|add|admit|confess|tell you)\b",
    re.IGNORECASE,
)
"""Where `said` and `would` leave what follows as the speaker's own word."""
_THINKS = lazy_pattern(
    r"(?:think|guess|believe|assume|suspect|wonder|doubt|wish|hope|dream|pretend)\b", re.IGNORECASE
)
_LIKE = lazy_pattern(r"\b(?:like|as if|as though|where it says)\s*\Z", re.IGNORECASE)
_FREED = lazy_pattern(
    r"[,;]\s*(?:but|and|so|i|we|my|she|he)?\s*\Z|\b(?:but|so)\s*\Z", re.IGNORECASE
)
_TURN_TO_ASK = lazy_pattern(
    r"[,;:-]\s*(?:(?:so|and|but|any|ok)\W+)*(?:is|are|can|could|do|does|did|should|would|will|what"
    r"|which|how|where|who|when|why|any\b|anything|right|isn't|doable|possible|suggestions|ideas"
    r"|tips|recommendations|thoughts|chords|capitals|what's|how's|got|have you|know)\b",
    re.IGNORECASE,
)
_ASKS_BACK = lazy_pattern(
    r",\s*(?:right|isn't it|yes|no|correct|don't i|am i|do i)\s*$", re.IGNORECASE
)


def idle(sentence: Sentence, head: Head, *, asks: bool) -> bool:
    """Whether what follows a head is asked, supposed, or told by somebody else."""
    if head.supposed:
        return True
    before = sentence.text[: head.start]
    near = before[-40:]
    if kinds.conditional(near) and not re.search(r"[,;]", near[near.lower().rfind("if") :]):
        return True
    if (asks or sentence.asks) and not (
        _PRESUPPOSED.search(before)
        and not kinds.asks(Sentence(text=sentence.text[head.start :], start=0))
    ):
        return asks or not _tells_first(sentence.text[head.at :])
    return bool(_LIKE.search(before) or hangs(before) or _THINKS.match(sentence.text, head.at))


def hangs(before: str) -> bool:
    """Whether what follows is supposed, or somebody else's word."""
    clause = re.split(r"[,;:()]|\b(?:and|but|so)\b", before)[-1]
    hanging = list(_HANGING.finditer(_OWN_WORD.sub("", before if len(before) < 60 else clause)))
    return bool(hanging) and not _FREED.search(before)


def _tells_first(rest: str) -> bool:
    """Whether a statement stands in front of a question: `I'm diabetic, is quinoa ok?`."""
    return bool(_TURN_TO_ASK.search(rest)) and not _ASKS_BACK.search(rest)
