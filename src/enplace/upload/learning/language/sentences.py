"""Where sentences begin and end, and what they are: told, asked, supposed, told of others."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from enplace.records.lazy_pattern import lazy_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A stretch of a text that is told in one breath."""

    text: str
    start: int
    """In the text it is from."""
    asks: bool = False
    """Ends with a question mark."""

    @property
    def end(self) -> int:
        """Not included."""
        return self.start + len(self.text)


_ABBREVIATED = lazy_pattern(
    r"(?:\b(?:dr|mr|mrs|ms|st|prof|sr|jr|vs|etc|approx|no|e\.g|i\.e|a\.m|p\.m|inc|ltd|co|mt|ave|rd"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)|\b[A-Z]|\d)\.$",
    re.IGNORECASE,
)
_BREAK = lazy_pattern(
    r"(?P<mark>[.!?\u2026]+[)\"']*)(?=\s|\Z|\x00)|\n+|;\s|\s[-\u2013\u2014]{1,3}\s|[ ]?\u2014"
    r"|(?:\s[:;]-?[)(DP])(?=\s|\Z)|[\u3002\uff01\uff1f]"
)


_NEW_SENTENCE = lazy_pattern(r"\s+[A-Z][a-z]+ (?:is|was|has)\b|\s*\Z")


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text; blanks of `mask` are left out."""
    start = 0
    for found in _BREAK.finditer(text):
        mark = found["mark"] or ""
        if mark == "." and _ABBREVIATED.search(text[max(0, found.start() - 8) : found.end()]):
            behind = text[found.end() :]
            dated = text[found.start() - 1].isdigit() and re.match(r"\s+[A-Z]", behind)
            if not dated and not _NEW_SENTENCE.match(behind):
                continue
        yield from _trimmed(text, start, found.start(), asks="?" in mark)
        start = found.end()
    yield from _trimmed(text, start, len(text), asks=False)


def _trimmed(text: str, start: int, end: int, *, asks: bool) -> Iterator[Sentence]:
    while start < end and text[start] in " \n\t\x00-*•·":
        start += 1
    while end > start and text[end - 1] in " \n\t":
        end -= 1
    if any(character.isalnum() for character in text[start:end]):
        yield Sentence(text=text[start:end], start=start, asks=asks)


_ASIDE = lazy_pattern(
    r",\s+(?:as (?:i|it|we)\b|i(?:'ve| have)? (?:just |only )?(?:heard|learned|learnt|found out|must|should|might|have to|think|hear|admit|confess|fear|am told)\b|i'm (?:told|afraid|sorry)\b"
    r"|by the way|btw|apparently|sadly|it seems|it turns out|you know|of course|however|in fact|unfortunately|thankfully|luckily|to be honest|so to speak|for example|in case you)[^,.;!?]{0,40},(?=\s)",
    re.IGNORECASE,
)


def without_asides(text: str) -> str:
    """A text of the same length in which `, as I heard,` is blank."""
    return _ASIDE.sub(lambda found: " " * len(found.group()), text)


# --- what a sentence is ---------------------------------------------------------------------------

_ASKING = lazy_pattern(
    r"\s*(?:(?:so|and|but|ok|okay|hey|hi|also|btw|um|well|wait)[, ]+)*"
    r"(?:(?:am|are|is|was|were|do|does|did|have|has|can|could|would|will|should|shall|may|might)"
    r"(?:n't)? (?:i|we|you|he|she|it|they|my|the|a|there|anyone|somebody|people|that|this)\b"
    r"|when\b(?! (?:i|i'm|i've|we|we've|we're|my|our|he|she|they|you)\b)|(?:what|why|where|who|whose|which|how)\b(?! (?:is more|matters))(?! (?:i|i'm|i've|we|we've|we're|my|our|he|she|they)\b)|any (?:idea|chance|tips?)\b)",
    re.IGNORECASE,
)
_SUPPOSING = lazy_pattern(
    r"\b(?:suppose|supposing|imagine|imagining|pretend(?:ing)?|let'?s say|let us say|(?:^|[,.;:]\s*)say (?:i|we|my)\b|hypothetically|hypothetical"
    r"|what if|as if|as though|even if|only if|i wish|wish i|if only|in (?:theory|a dream|my dreams?|another life)|dreamt|dreamed"
    r"|assume|assuming|had i|were i|should i ever|for the sake of|in an alternate"
    r"|in a parallel|were i (?:to|a|an|your)|were we|picture this|consider (?:the case|a case|someone|a person)|take the case|(?:for|as an?) example i|role-?play|in character|thought experiment|if i were|if i was)\b",
    re.IGNORECASE,
)
_CONDITION = lazy_pattern(r"\b(?:if|whether|unless|lest)\b", re.IGNORECASE)
_FICTION = lazy_pattern(
    r"\b(?:(?:write|draft|compose|make up|invent|tell|give|continue|finish|create|generate|need|want|do)\b[^.!?]{0,60}"
    r"\b(?:story|stories|poem|song|limerick|haiku|joke|novel|scene|dialogue|monologue|fiction|fanfic"
    r"|script|screenplay|character|backstory|bio for|tale|sketch|sonnet|ballad|rap|verse|chapter)"
    r"|my (?:main |d&d |rpg )?(?:character|protagonist|narrator|hero|heroine|villain|avatar|sim|oc)\b"
    r"|the (?:character|protagonist|narrator|hero|heroine|villain|speaker|singer)\b"
    r"|in (?:the|my|a|this) (?:novel|book|story|film|movie|song|game|dream|series|show|play|lyrics|sims|campaign|exercise|example|scenario))",
    re.IGNORECASE,
)
_ROLE_PLAY = lazy_pattern(
    r"\A\s*\*[a-z][^*\n]{2,60}\*|\[(?:ic|rp|ooc)\]|\b(?:role[- ]?play\w*|rp\b|(?:let'?s|can we|let us) (?:play|pretend|simulate|act|do a (?:mock|scene|role))|simulat\w+ (?:a|an|the)\b|mock (?:interview|trial|call|sales|exam)|(?:let'?s|can we|help me|want to|could we) practi[sc]e (?:an? |my |the )?(?:job |phone |sales |mock )?(?:interview|conversation|dialogue|speech|call|role|negotiat\w+|date)\b|practi[sc]e with me\b|playing a character|game master|dungeon master|in the sim\b|play the [a-z]+ (?:clerk|receptionist|doctor|customer|patient|waiter|officer|teller|guard)|pretend (?:you|i|to be|we|that)|act as|you(?:'re| are) (?:a|an|the|my) (?!right|star|great"
    r"|genius|life|angel|legend|hero|gem|big help|wonderful|good)[a-z]+(?:[^.!?]*)\b(?:i'm|i am|i'll be|start|begin)\b|i'll be the [a-z]+,|you play (?:the|a|an|my))\b",
    re.IGNORECASE,
)


def asks(sentence: Sentence) -> bool:
    """Whether it is a question as a whole."""
    return bool(_ASKING.match(sentence.text))


def supposes(text: str) -> bool:
    """Whether a text speaks of what is not so."""
    return bool(_SUPPOSING.search(text))


def conditional(text: str) -> bool:
    """Whether it hangs on an `if`."""
    return bool(_CONDITION.search(text))


def tells_fiction(text: str) -> bool:
    """Whether it is about somebody invented."""
    return bool(_FICTION.search(text))


def plays_a_role(text: str) -> bool:
    """Whether the speaker begins to speak as somebody else."""
    return bool(_ROLE_PLAY.search(text))


_FAVOUR = lazy_pattern(
    r"\s*(?:(?:so|and|but|ok|okay|hey|hi|also|btw|um|well)[, ]+)*(?:can|could|would|will) you (?:please |maybe |kindly )?"
    r"(?=[^?]*\b(?:always|never|from now on|in future|in the future|every time|each time|whenever|going forward|by default)\b)",
    re.IGNORECASE,
)


def asks_a_favour(sentence: Sentence) -> bool:
    """Whether a question asks for something that is to be done from now on."""
    return bool(_FAVOUR.match(sentence.text))
