"""What is told of somebody in no words that a frame knows, and is worth keeping as it was said."""

import re
from collections.abc import Iterator
from datetime import datetime

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import words
from enplace.upload.learning.claims import Claim
from enplace.upload.learning.language.heads import Head
from enplace.upload.learning.language.sentences import Sentence
from enplace.upload.learning.language.when import times_in
from enplace.upload.learning.wording import retold

MOST_CHARACTERS = 160
ENOUGH, SURE = 1, 2
"""Signs that a clause is about a life and not about the moment: to be kept where its message says
nothing else, and to be kept in any case."""
_PARTICULAR = lazy_pattern(r"(?<=\w )[A-Z\u00c0-\u00de][\w'-]+|\b\d{1,4}\b")
_PASSING = lazy_pattern(
    r"(?:think|guess|mean|know|see|say|said|ask|asked|try|tried|trying|look|looking(?! after)|wonder|wondering|need|want|wanted|get|got|getting|keep|find|found|feel|"
    r"sure|sorry|glad|happy|afraid|not|just|about to|going to|writing|working on|using|reading|talking|thinking|asking|hoping|having (?:trouble|issues|problems)|"
    r"stuck|confused|done|ready|back|here|there|able|aware|familiar|new to|curious|interested|let|hear|heard|read|told|tell|understand|remember|forgot|meant|"
    r"hope|appreciate|thank|love (?:it|that|this)|like (?:it|that|this)|agree|disagree|believe|suppose|bet|promise|swear|add|added|change|changed|run|ran|fix|fixed|copy|paste|send|sent|write|wrote|make|made|put|use|used|tested|test|check|checked|open|opened|close|click|type|install|installed|build|built|set|expect|end up|come up|figure|speak of|can't|cannot|don't|won't|didn't|haven't)\b",
    re.IGNORECASE,
)
_LASTING = lazy_pattern(
    r"\b(?:always|never|every|each (?:day|week|month|year|summer|winter)|usually|since|for (?:\w+ )?(?:\d+|two|three|four|five|six|seven|eight|nine|ten|many|several|most) (?:years|decades)|"
    r"all my life|whole life|as a (?:child|kid|teenager|boy|girl|student)|when i was|years ago|used to|once (?:a|upon)|in (?:19|20)\d\d|on (?:mon|tues|wednes|thurs|fri|satur|sun)days|"
    r"at weekends|on weekends|in the mornings|by heart|grew up|by myself|left-handed|right-handed|only child|first (?:job|car|language)|"
    r"one day|last (?:year|month|summer|winter|spring|autumn|fall|week)|next (?:year|month|summer|winter|spring|autumn|fall|week)|this (?:summer|winter|autumn|spring|year))\b",
    re.IGNORECASE,
)
_LIFE = lazy_pattern(
    r"(?:won|lost|broke|ran|climbed|walked|cycled|sailed|swam|wrote|published|performed|sang|inherited|sold|built|founded|graduated|passed|failed|survived|"
    r"emigrated|served|coached|trained|competed|learned|learnt|taught|volunteered|donated|adopted|fostered|planted|restored|renovated|married|met|retired|stopped|gave up|started|began|quit|earned|received|was (?:diagnosed|operated|awarded|raised|adopted|baptised|promoted|elected|bitten|hospitalised|vaccinated|married|divorced|a )|had (?:my|surgery|twins)|have (?:never|perfect|bad)\b|own|keep|grow|bake|brew|sew|knit|paint|collect|coach|mentor|teach|tutor|sponsor|organise|organize|lead|chair|host|run (?:an?|the|my)|live|sleep|wake|wear|carry|suffer|snore|sleepwalk|stutter|can (?:play|speak|juggle|whistle|sing|swim|drive|ski|sew|cook|code|read)|can't (?:swim|drive|whistle|sing|cook|ski|dance|ride|read|eat|drink|stand|smell|see|hear)|share|rent|commute|donate|belong|subscribe|vote|pray|fast)\b",
    re.IGNORECASE,
)
_ABOUT_IT = lazy_pattern(
    r"\b(?:you|your|yours|this|it|that|here|these|those|below|above|the (?:code|file|function|error|text|document|list|draft|answer|result|output|bug|script|page|issue|tests?|questions?|following|formula|email|letter|sentence|paragraph|report|first|second|last|same|other|right|wrong|best)"
    r"|questions?|lists?|names|data|rows?|columns?|tables?|spreadsheet|array|strings?|help|ideas?|suggestions?|tips|advice|problems?|trouble|issues?|errors?|synonyms?|examples?|translation|explanation|summary|function|script|regex|code|query|loop|variable)\b",
    re.IGNORECASE,
)
_END = lazy_pattern(
    r"[;:!?()\x00]|,\s+(?:and|but|so|which|what|how|can|could|is|are|do|does|any|please|i|we|my)\b|\s+(?:but|so|because|and (?:i|we|my|now|it|the|need|want|would|can))\b",
    re.IGNORECASE,
)


_ASKED = lazy_pattern(
    r"\b(?:how|what|which|where|why|who|whose|can|could|should|do|does|did)\b[^,;:]*\Z",
    re.IGNORECASE,
)
_MOMENT = lazy_pattern(
    r"\b(?:right now|just now|a moment|tired|hungry|bored|correct(?:ed)?|so far|earlier|above|in a minute|lol|hit|click\w*)\b",
    re.IGNORECASE,
)
"""What is soon over, or about the talk itself."""


def remarks(
    sentence: Sentence, head: Head, subject: str, at: datetime, *, known: bool
) -> Iterator[Claim]:
    """A clause that tells something of a life, as it was said.

    Only what is told outright of the speaker, or of somebody named: what a frame knows is told by
    frames, and chatter about the task at hand tells nothing.
    """
    if (
        head.elided
        or head.joint
        or head.supposed
        or head.who.lower() in {"he", "she", "they", "it"}
    ):
        return
    if not head.is_own and not head.kin and not known:
        return
    rest = sentence.text[head.at :]
    if _ASKED.search(sentence.text[: head.start]) or _MOMENT.search(rest):
        return
    stop = _END.search(rest)
    clause = (rest[: stop.start()] if stop else rest).strip(" ,.")
    whole = sentence.text[head.start : head.at] + clause
    if len(whole) > MOST_CHARACTERS or _ABOUT_IT.search(clause) or _PASSING.match(clause):
        return
    telling = [word for word in words(clause) if word not in STOP_WORDS]
    if len(telling) < 2:
        return
    times = times_in(
        sentence.text, at, perfect=head.perfect, ahead=head.planned or "'m" in head.words
    )
    lives = bool(_LIFE.match(" ".join((*_tail(head), clause)))) or bool(_LIFE.match(clause))
    lasts = bool(_LASTING.search(sentence.text[: head.start][-40:] + clause))
    dated = times.end is not None or (times.start is not None and (times.start > at or lives))
    particular = bool(_PARTICULAR.search(clause))
    worth = 2 * lives + 2 * lasts + 2 * dated + particular + (len(telling) >= 2) + (not head.is_own)
    if worth < ENOUGH:
        return
    yield Claim(
        subject=subject,
        predicate="statement",
        object=clause,
        start=sentence.start + head.start,
        end=sentence.start + head.at + len(clause),
        rule="remark" if worth >= SURE else "aside",
        times=times,
        sentence=retold(whole, subject if head.is_own else ""),
    )


def _tail(head: Head) -> tuple[str, ...]:
    return (
        head.words[-1:]
        if head.words and head.words[-1] in {"can", "can't", "have", "has", "had", "was", "cannot"}
        else ()
    )
