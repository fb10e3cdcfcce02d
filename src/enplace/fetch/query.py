"""What to look for in long-term memory, from a message and what was said just before."""

import re
from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from difflib import SequenceMatcher
from itertools import pairwise

from enplace.fetch.concepts import concepts_in
from enplace.fetch.furniture import FRAME, PHATIC
from enplace.records.dates import spans
from enplace.records.recollection import RecallQuery, TermRole
from enplace.records.stop_words import STOP_WORDS
from enplace.records.traits import FIRST_PERSON
from enplace.records.words import content_terms, fold, words

FEW_TERMS = 2
"""A message with fewer terms leans on the one before it ("and the neighbour's?")."""
MOST_TERMS = 24
"""Terms beyond this many add cost and no sharpness."""
MOST_CHARACTERS = 4_000
"""Of a longer message the two ends are read: what is asked stands before or after what is pasted."""
LIKE_A_NAME = 0.75
"""Share of characters that a misspelt name has in common with the right one."""

# Words that speak of the conversation itself and match nothing that was meant in it.
_FURNITURE = frozenset(
    content_terms(
        """across aspect aspects bring brought chat chats conversation conversations describe
        described different discuss discussed discussing discussion discussions item items list
        listed message messages name names order regarding related session sessions several
        summarize summary throughout type types various one two three four five six seven eight
        nine ten walk clear comprehensive complete quick provide overview recap overall total
        particular specific specifically certain based given considering including involving
        according details previously previous far"""
    )
)
_QUOTED = re.compile(r'"([^"]{3,})"|“([^”]{3,})”|«([^»]{3,})»')
_TOLD = r"""recommend|suggest|advi[sc]e|tell|give|say|propose|mention|explain|describe|help|list
    |provide|outline|offer|teach|write|show"""
_ASKS_ASSISTANT = re.compile(
    rf"""\bdid\ you\ (?:\w+\ )?(?:{_TOLD})
    |\byou(?:'ve|'d|\ have|\ had)?\ (?:previously\ |earlier\ |once\ |also\ |just\ )?
    (?:recommended|suggested|advised|told|gave|given|said|proposed|mentioned|explained|described
    |listed|provided|outlined|offered|taught|wrote|helped|showed)\b
    |\b(?:was|were|been)\ (?:recommended|suggested|advised|told|offered|given)\ (?:to\ me|by\ you)\b
    |\byour\ (?:advice|suggestions?|recommendations?|answer|response|explanation|instructions
    |reply)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ASKING = frozenset(
    words(
        """am are can could did do does explain find give had has have how hows is list may might
        recall remind shall should show summarize tell was were what whats when where wheres which
        who whom whos whose why will would"""
    )
)
_YOU = frozenset(["you", "your", "yours", "u"])
_PLEASE = re.compile(r"^\W*(?:please |(?:can|could|would|will) you (?:please )?)", re.IGNORECASE)
_CHATTING = re.compile(
    r"""(?:what|how)\ an?\s
    |(?:do|did|are|were|will|would|can|could|have|should)\ (?:you|u)\s
    |(?:tell|give|show|recommend|sing|write)\ (?:me|us)\ (?:an?|another|some)\s""",
    re.VERBOSE,
)
_APOSTROPHES = "'`\N{RIGHT SINGLE QUOTATION MARK}"
_OF = re.compile(rf"[{_APOSTROPHES}]s$")
_DATE = re.compile(
    r"""\d{1,4}|\d{8}|\d+(?:st|nd|rd|th)|jan(?:uari)?|feb(?:ruari)?|april?|june?|juli?|aug(?:ust)?
    |sept?(?:emb)?|oct(?:ob)?|nov(?:emb)?|dec(?:emb)?|week|weekend|month|year|dai|date|todai
    |yesterdai|tomorrow|\w+dai|last|next|ago|first|second|third|earli|late|end|begin|morn|afternoon
    |even|night|dozen|hundr|thousand""",
    re.VERBOSE,
)
_JOINED = re.compile(rf"\w+(?:[-./{_APOSTROPHES}]\w+)+")
_IN_PHRASES = frozenset(
    words("a about an and at by for from in my of on or our please the to with")
)
_OWN = frozenset(["i", "my", "mine", "our", "ours", "we"])
_BACK = frozenset(
    words(
        """also and another both but else former he her hers him his it its latter one ones other
        others same she so such that their theirs them then there these they this those too"""
    )
)
"""Words that may point at what was said just before."""
FEW_WORDS = 6
"""A message of more words is no small talk, however it begins."""
_ASKS_WHEN = re.compile(
    r"""^(?:when|what\ (?:date|day|month|year|time)|which\ (?:date|day|month|year)|how\ long
    |how\ many\ (?:days|weeks|months|years)|in\ what|in\ which\ (?:year|month))\b|\bwhen\ did\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ASKS_MANY = re.compile(
    r"""\b(?:how\ many|how\ often|how\ much|list|summar\w*|order\ in\ which|in\ order|throughout
    |across|overall|in\ total|both)\b
    |\b(?:what|which)\ (?:\w+\ ){0,3}?(?!(?:does|is|was|has|his|this)\b)\w+[^s\W]s
    \ (?:do|does|did|has|have|is|are|was|were|would|could|can|should)\b""",
    re.IGNORECASE | re.VERBOSE,
)


def make_query(
    message: str, before: str = "", *, now: datetime, speakers: Sequence[str] = ()
) -> RecallQuery:
    """What a message looks for.

    Args:
        message: The message of the turn.
        before: What the owner said in the turn before; empty at the start of a task. A message
            that names little by itself leans on it, unless it only acknowledges an answer, or asks
            for something of the speaker's own without pointing back: "Who is my landlord?".
        now: For "last week".
        speakers: Folded names of those who said what is remembered.
    """
    message, before = _ends(message), _ends(before)
    named = _named(message, speakers)
    parts = {part for name in speakers for part in words(name)} | {word for word, _ in named}
    own = _terms(message, parts)
    asks = _asks(message)
    only_names = bool(named) and parts.issuperset(words(message))
    acknowledges = not asks and not only_names and PHATIC.issuperset(own)
    asks = asks or bool(named)
    stands_alone = asks and bool(own) and _is_own(message) and _BACK.isdisjoint(words(message))
    leans = len(own) < FEW_TERMS and not acknowledges and not stands_alone
    leaning = _terms(before, parts) if leans else []
    terms = (*own, *(term for term in leaning if term not in own))[:MOST_TERMS]
    if not terms and (acknowledges or not named):
        return RecallQuery(terms=(), reason="the message names nothing to look for")
    in_order = content_terms(message)
    is_about_somebody = bool(named) or (asks and _is_own(message))
    roles: list[TermRole] = _roles(message, terms, speakers, is_about_somebody=is_about_somebody)
    if not asks and roles.count("topic") < FEW_TERMS and not _is_phrase(message):
        roles = ["greeting"] * len(roles)
    text = _in_first_person(message, {word for word, _ in named})
    return RecallQuery(
        terms=terms,
        text=f"{before} {text}" if leaning else text,
        pairs=tuple(dict.fromkeys(pairwise(in_order))),
        phrases=_phrases(message),
        speakers=tuple(dict.fromkeys(name for _, name in named)),
        names=_names(message),
        concepts=concepts_in(words(message)),
        spans=tuple((span.start, span.end) for span in spans(message, now)),
        roles=tuple(roles),
        asks=asks,
        asks_assistant=bool(_ASKS_ASSISTANT.search(message)),
        asks_when=bool(_ASKS_WHEN.search(message)),
        asks_many=bool(_ASKS_MANY.search(message)),
    )


def _ends(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[: MOST_CHARACTERS // 2]} {text[-MOST_CHARACTERS // 2 :]}"


def _phrases(message: str) -> tuple[str, ...]:
    """What the message quotes, as the index writes it; a single term is found as a term anyway."""
    quoted = (content_terms("".join(found)) for found in _QUOTED.findall(message))
    return tuple(dict.fromkeys(f" {' '.join(terms)} " for terms in quoted if len(terms) > 1))


def _roles(
    message: str, terms: Sequence[str], speakers: Sequence[str], *, is_about_somebody: bool
) -> list[TermRole]:
    """What each term does in a message."""
    names = [term for word, _ in _alike(message, speakers) for term in content_terms(word)]
    wanted = content_terms(_PLEASE.sub("", message)) if _PLEASE.match(message) else []
    around = {*names, *_wholes(message), *wanted[:1]}  # "Can you book": what is to be done
    return [
        _role(term, is_frame=term in around, is_about_somebody=is_about_somebody) for term in terms
    ]


def _role(term: str, *, is_frame: bool, is_about_somebody: bool) -> TermRole:
    if term in PHATIC and not is_about_somebody:
        return "greeting"
    if _DATE.fullmatch(term):
        return "date"
    return "frame" if is_frame or term in FRAME else "topic"


def _is_phrase(message: str) -> bool:
    """Whether a message only names things, as one types it into a search: "tyres for the car"."""
    return not STOP_WORDS.difference(_IN_PHRASES).intersection(words(message))


def _wholes(message: str) -> list[str]:
    """Terms that words of several parts are as one, such as `fulltim`."""
    terms = [content_terms(word) for word in _JOINED.findall(message)]
    return [parts[0] for parts in terms if len(parts) > 1]


def _is_own(message: str) -> bool:
    """Whether a message speaks of what is the speaker's own: "Where do I work?"."""
    return bool(_OWN.intersection(words(message)))


def _asks(message: str) -> bool:
    """Whether a message asks about somebody or something, and not only the assistant."""
    said = words(_PLEASE.sub("", message))
    if not said or not ("?" in message or said[0] in _ASKING):
        return False
    if _CHATTING.match(" ".join(said)) and len(said) <= FEW_WORDS:
        return False
    return bool(FIRST_PERSON.intersection(said)) or not _YOU.intersection(said)


def _terms(text: str, but: Iterable[str]) -> list[str]:
    """Content terms, each once; those that speak of the conversation only where none is left."""
    passed_over = {term for part in but for term in content_terms(part)}
    found = [term for term in dict.fromkeys(content_terms(text)) if term not in passed_over]
    return [term for term in found if term not in _FURNITURE] or found


def _named(message: str, speakers: Sequence[str]) -> list[tuple[str, str]]:
    """Words of the message that name a speaker, each with the speaker's name.

    Short forms and slips count where nobody is named outright: Deb, Mohammed for Muhammad.
    """
    said = words(message)
    found = [(word, name) for name in speakers for word in words(name) if word in said]
    return found or _alike(message, speakers)


def _alike(message: str, speakers: Sequence[str]) -> list[tuple[str, str]]:
    """Words of the message that look like the name of a speaker."""
    capitalised = {
        word for name in re.findall(r"\b[A-ZÀ-Þ]\w{2,}", message) for word in words(name)
    }
    candidates = sorted(capitalised - STOP_WORDS)
    return [
        (word, name)
        for word in candidates
        for name in speakers
        if any(_is_like(word, part) for part in words(name))
    ]


def _is_like(word: str, name: str) -> bool:
    if name.startswith(word):
        return True
    alike = len(name) > 3 and len(word) > 3 and name[0] == word[0]
    return alike and SequenceMatcher(None, word, name).ratio() >= LIKE_A_NAME


def _in_first_person(message: str, names: Set[str]) -> str:
    """The message as the one it is about would put it: people do not say their own names.

    Args:
        message: Of the turn.
        names: Words of it that name somebody, as `words` gives them.
    """

    def own(found: re.Match[str]) -> str:
        if names.isdisjoint(words(found["word"])):
            return found[0]
        return "my" if found["of"] else "I"

    return re.sub(rf"(?P<word>[^\W_]+)(?P<of>[{_APOSTROPHES}]s\b)?", own, message)


def _names(message: str) -> tuple[str, ...]:
    """What may be a name: every telling word, and with the word before it, folded.

    Whoever speaks of themselves names `me`, which a person may have as an alias.
    """
    written = re.findall(rf"[\w{_APOSTROPHES}-]+", fold(message))
    said = [_OF.sub("", word.strip(f"{_APOSTROPHES}-")) for word in written]
    said = [word for word in said if word]
    single = [word for word in said if word not in STOP_WORDS]
    double = [f"{one} {other}" for one, other in pairwise(said) if other not in STOP_WORDS]
    me = ["me"] if FIRST_PERSON.intersection(said) else []
    return tuple(dict.fromkeys((*me, *single, *double)))
