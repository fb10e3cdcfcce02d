"""Turns of phrase that tell of the speaker without saying `I do` or `I am`: by what is theirs, or
with the object in front.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from enplace.upload.learning.frames import Sense
from enplace.upload.learning.heads import NAME
from enplace.upload.learning.lexicon import DIETS, ILLNESSES, LANGUAGES, VEHICLES, is_job
from enplace.upload.learning.objects import Kind, objects


@dataclass(frozen=True, slots=True)
class Saying:
    """One turn of phrase."""

    pattern: re.Pattern[str]
    predicate: str
    kind: Kind
    sense: Sense = "holds"


@dataclass(frozen=True, slots=True)
class Said:
    """What one of them tells."""

    saying: Saying
    objects: tuple[str, ...]
    start: int
    end: int


def _words(words: frozenset[str]) -> str:
    return "|".join(sorted((re.escape(word) for word in words), key=len, reverse=True))


_MY = r"\b(?i:my|our)\b(?: (?:new|old|own|current|little|first|dear|trusty|beloved|small|former|day|full-time|part-time))*"
_I = r"\b(?:I|i|(?i:we))"
_LANGUAGE = rf"(?i:{_words(LANGUAGES)})\b"
_TABLE: tuple[tuple[str, Kind, Sense, str], ...] = (
    # Where somebody lives
    ("lives_in", "place", "holds", rf"(?P<x>{NAME})(?: is|'s| has been| has become| will always be)(?: now| still| our| my)* (?:my |our )?home\b"),
    ("lives_in", "place", "holds", rf"(?P<x>{NAME})(?: is|'s)(?: the (?:city|town|village|place))? where (?:I|i|we) (?:now |currently |still )?live\b"),
    ("lives_in", "place", "holds", rf"(?:in|from|near) (?P<x>{NAME}), where (?:I|i|we)(?:'ve| have)? (?:now |currently |still )?live[d]?\b"),
    ("lives_in", "place", "holds", rf"{_I} (?:now |proudly )?call (?P<x>{NAME}) home\b"),
    ("lives_in", "place", "holds", rf"{_MY} (?:flat|house|home|place|apartment|studio|room) (?:here |over )?in (?P<x>{NAME})"),
    ("lives_in", "place", "holds", rf"\b(?:here|back home|at home|over here) in (?P<x>{NAME})"),
    ("lives_in", "place", "begins", rf"\b(?:since|after|before|when|ever since) (?:I|i|we|my|our)? ?(?:moved|moving|relocating|relocated|move) (?:here )?(?:back )?to (?P<x>{NAME})"),
    ("lives_in", "place", "begins", rf"{_MY} (?:recent )?(?:move|relocation) to (?P<x>{NAME}) (?:went|was|is done|last|in|two|a|three)"),
    ("lives_in", "place", "begins", rf"\b(?:swapped|traded|left|exchanged) {NAME} for (?P<x>{NAME})"),
    ("lives_in", "place", "holds", rf"\b(?:I'm|I am|im) (?:an? )?(?P<x>{NAME})[- ](?:based|resident)\b"),
    # Work
    ("works_at", "org", "holds", rf"{_MY} (?:job|work|shift|shifts|role|position|post|internship|desk|office|colleagues|contract|employment|boss|manager|coworkers|team) (?:over |here )?(?:at|with) (?P<x>.+)"),
    ("works_at", "org", "holds", rf"\bat (?P<x>{NAME}),? where (?:I|i) (?:now |currently |still )?work\b"),
    ("works_at", "org", "begins", rf"(?P<x>{NAME})(?: has| have)? (?:just |recently |finally )?(?:hired|employed|took on|taken on) (?:me|us)\b"),
    ("works_at", "org", "holds", rf"(?P<x>{NAME}) (?:employs|pays) me\b"),
    ("works_at", "org", "holds", rf"{_MY} employer,? (?P<x>{NAME})"),
    ("works_at", "org", "begins", r"\b(?:first (?:day|week|month)|new job|new role|new position) (?:at|with) (?P<x>(?!the moment\b).+)"),
    ("works_at", "org", "ends", r"\blast (?:day|week) (?:of work )?(?:at|with) (?P<x>[A-Z].+?) (?:was|is over)"),
    ("job_title", "job", "holds", r"\b(?:as|being) (?:an? |the )(?P<x>[^.,;]{3,40}?)(?: myself)?,? (?:I|i|we|my)\b"),
    ("job_title", "job", "holds", rf"{_MY} (?:job|work|role|career|life) as (?:an? |the )?(?P<x>.+)"),
    ("job_title", "job", "holds", rf"\b(?:make|earn|made) (?:a|my) living as (?:an? )?(?P<x>.+)"),
    ("job_title", "job", "holds", rf"\b(?:I'm|I am|im) (?:an? )?(?P<x>[\w -]{{3,30}}?) by (?:trade|profession|training|day)\b"),
    ("job_title", "job", "holds", r"\b(?:speaking|talking) as (?:an? )?(?P<x>[^.,;]{3,30})"),
    ("manager", "name", "holds", rf"(?P<x>{NAME})(?: now| currently)? (?:manages|supervises|leads) (?:me|our team|my team)\b"),
    ("manager", "name", "holds", rf"(?P<x>{NAME}),? (?:who|whom) (?:I|i) (?:now )?report to\b"),
    ("works_with", "name", "holds", rf"(?P<x>{NAME}),? (?:who|whom) (?:I|i) (?:work|share (?:an|the) office) with\b"),
    ("studies", "thing", "holds", rf"{_MY} (?:degree|studies|bachelor's|master's|phd|PhD|thesis|dissertation|major) (?:in|on) (?P<x>.+)"),
    ("studies", "thing", "holds", r"\b(?:I'm|I am|im|as) (?:an? )?(?:(?:first|second|third|fourth|final)[- ]year )?(?P<x>[a-z][\w ]{2,25}?) student\b"),
    ("studies_at", "org", "holds", r"\bstudent at (?P<x>(?:the )?[A-Z].+)"),
    # People
    ("married_to", "name", "holds", rf"\bmarried (?:for )?(?:\w+ years )?to (?P<x>{NAME})"),
    ("married_to", "name", "holds", rf"{_MY} (?:better|other) half,? (?P<x>{NAME})"),
    ("married_to", "name", "holds", rf"(?P<x>{NAME}) and (?:I|i) (?:have been|are|'ve been|were) married\b"),
    ("partner_of", "name", "holds", rf"(?P<x>{NAME}) and (?:I|i) (?:have been|are|'ve been) (?:together|dating|a couple)\b"),
    ("friend_of", "name", "holds", rf"(?P<x>{NAME}) and (?:I|i) (?:have been|are|'ve been) (?:best |close |good |old )?(?:friends|mates)\b"),
    ("colleague_of", "name", "holds", rf"(?P<x>{NAME}) and (?:I|i) work together\b"),
    ("has_child", "name", "holds", rf"{_MY} (?:eldest|youngest|oldest|firstborn|newborn|little one),? (?P<x>{NAME})"),
    # Body
    ("age", "word", "holds", r"\b(?:at|being) (?P<x>\d{2})(?: years old)?,? (?:I|i)\b"),
    ("age", "word", "holds", r"\b(?:as|I'm|I am|im) an? (?P<x>\d{1,3})[- ]year[- ]old\b"),
    ("allergic_to", "things", "holds", r"\b(?i:my|our) (?:severe |bad |mild |terrible |serious )?(?:allergy|intolerance|reaction) to (?P<x>.+)"),
    ("allergic_to", "thing", "holds", r"\b(?:my|because of (?:my|a)|due to (?:my|a)|with a|got a) (?:severe |bad |mild |terrible |serious )?(?P<x>[a-z]{3,15}(?: [a-z]{3,12})?) (?:allergy|intolerance)\b"),
    ("allergic_to", "things", "holds", r"(?:^|[,;]\s*|\b(?:because|since|as|and|but|so) )(?P<x>[\w ]{3,25}?) (?:give|gives|gave) me (?:hives|a rash|an allergic reaction|asthma)"),
    ("allergic_to", "things", "holds", rf"{_I} (?:react|reacted) (?:badly|allergically|terribly) to (?P<x>.+)"),
    ("ill_with", "word", "holds", rf"\b(?:my|because of my|due to my|with my|since my|living with|diagnosed with) (?:chronic |severe |mild )?(?P<x>(?i:{_words(ILLNESSES)}))\b"),
    ("diet", "word", "holds", rf"\b(?:as|being|since I went|since I'm|for) (?:an? )?(?P<x>(?i:{_words(DIETS)}))\b(?=,| |$)(?! (?:friend|guest|restaurant|option|recipe|people|cousin|sister|brother|colleague))"),
    ("diet", "word", "holds", rf"\b(?:on|follow|following|keep|keeping) an? (?:strict |mostly )?(?P<x>(?i:{_words(DIETS)}))(?: diet| kitchen| household)?\b"),
    ("medication", "thing", "holds", r"\b(?:my|prescribed me|prescribed) (?P<x>[a-z]{4,20}(?:pril|sartan|statin|formin|azole|cillin|olol|pine|mab|oxetine|aline|opram|zepam|mycin|thyroxine))\b"),
    # Taste
    ("likes", "things", "holds", rf"{_MY} (?:great |big |secret |only |true )?(?:passion|passions|hobby|hobbies|obsession|weakness|guilty pleasure|thing) (?:is|are|has always been|remains) (?P<x>.+)"),
    ("likes", "things", "holds", r"\b(?:a |my )(?:soft spot|weakness|passion|love|thing|sweet tooth) for (?P<x>.+)"),
    ("likes", "things", "holds", rf"{_I}(?: just|'ve)? ?(?:can't|cannot|could never|can never) get enough of (?P<x>.+)"),
    ("likes", "things", "holds", rf"{_I} (?:live|lives) for (?P<x>.+)"),
    ("likes", "thing", "holds", r"(?:^|[,;]\s*|\b(?:because|since|and|but) )(?P<x>[\w' -]{3,30}?) (?:makes|make) me (?:so |really )?happy\b"),
    ("dislikes", "thing", "holds", r"(?:^|[,;]\s*|\b(?:because|since|and|but) )(?P<x>[\w' -]{3,30}?) (?:drives?|makes?|sends?) me (?:mad|crazy|nuts|insane|sick|angry|up the wall|bananas)\b"),
    ("dislikes", "thing", "holds", r"(?:^|[,;]\s*|\b(?:because|since|and|but) )(?P<x>[\w' -]{3,30}?) (?:isn't|aren't|is not|are not|was never|were never) (?:really )?(?:my thing|my cup of tea|for me)\b"),
    ("dislikes", "things", "holds", r"\b(?:no|not (?:really |exactly )?(?:a |much of a )?(?:big |great |huge )?) ?fan of (?P<x>.+)"),
    ("dislikes", "things", "holds", r"\bnot (?:very |too |really |particularly |so )?(?:fond of|keen on|into) (?P<x>.+)"),
    ("prefers", "thing", "holds", rf"{_I}(?:'d| would)(?: much)? (?:rather have|rather drink|rather eat|choose|pick|take) (?P<x>[\w' -]+?) (?:over|than)\b"),
    ("fears", "things", "holds", rf"{_MY} (?:fear|phobia|terror) of (?P<x>.+)"),
    # Tongues and things
    ("speaks", "languages", "holds", rf"{_MY} (?P<x>{_LANGUAGE}) is (?:okay|ok|decent|good|fluent|rusty|basic|poor|passable|not bad|pretty good|better)"),
    ("speaks", "languages", "holds", rf"{_I} (?:know|understand|get by in|can get by in|have some|have basic|manage) (?:some |a (?:bit|little) (?:of )?|basic )?(?P<x>{_LANGUAGE})"),
    ("native_language", "languages", "holds", rf"(?P<x>{_LANGUAGE}) is (?:my|our) (?:native|first|mother) (?:language|tongue)|\bnative (?P<y>{_LANGUAGE}) speaker\b"),
    ("drives", "thing", "holds", rf"{_MY} (?P<x>(?i:{_words(VEHICLES)})(?: [A-Z0-9][\w-]*)*)\b"),
    # Plans
    ("travelling_to", "place", "holds", rf"{_MY} (?:upcoming |next |summer |winter |business )*(?:trip|holiday|vacation|flight|honeymoon|journey|visit|train) (?:to|in) (?P<x>{NAME})"),
    ("travelling_to", "place", "holds", rf"\b(?:I'm|I am|we're|we are) (?:visiting|spending [\w ]{{3,20}} in|off to) (?P<x>{NAME})"),
    ("birthday", "date", "holds", rf"{_MY} birthday (?:falls |comes )?(?:on|in) (?P<x>.+)"),
)  # fmt: skip
SAYINGS = tuple(Saying(re.compile(pattern), predicate, kind, sense) for predicate, kind, sense, pattern in _TABLE)


def sayings(text: str) -> Iterator[Said]:
    """What a sentence tells of the speaker in a turn of phrase."""
    for saying in SAYINGS:
        for found in saying.pattern.finditer(text):
            words = found["x"] or found.groupdict().get("y") or ""
            named = objects(saying.kind, words.strip())
            if saying.predicate == "job_title" and named and not is_job(named[0].split()[-1].lower()):
                continue
            if named and named[0].split()[0].lower() not in _NOT_OBJECTS:
                yield Said(saying, tuple(named), found.start(), found.end())


_NOT_OBJECTS = frozenset("it this that what which who how there everything nothing something i you he she we they".split())
