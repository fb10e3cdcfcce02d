"""Who does something in a sentence, and how it is told: denied, over, planned, supposed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.lexicon import KIN, worded

_KIN = "|".join(sorted((re.escape(word) for word in KIN), key=len, reverse=True))
_NAME_WORD = r"[A-Z\u00c0-\u00de](?:[\w\u00c0-\u024f-]|'(?!s\b))*[a-z\u00df-\u024f]"
NAME = rf"(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?{_NAME_WORD}(?:\s(?:(?:de|van|von|der|den|la|le|di|da|del|al|bin)\s)*{_NAME_WORD})*(?![\w\u00c0-\u024f])"
"""A name of one or several words, each with a capital."""
NOT_NAMES = (
    r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|June|July|August|September|October"
    r"|November|December|Christmas|Easter|English|German|French|Spanish|Italian|What|Which|Can|Could|Please|Thanks|The|And|But|So|He|She|They|We|It|If|My|Our)\b"
)
"""Words with a capital that are nobody's name."""
OWN = r"(?i:my|our)"
ADJECTIVES = (
    r"(?:(?i:own|dear|late|new|old|little|big|older|younger|elder|eldest|youngest|oldest|middle|best|good|great|dearest|lovely|"
    r"beloved|former|current|other|only|twin|favou?rite|closest|estranged|adult|teenage|baby|direct|line|step|school|childhood|uni|work|next-door|"
    r"upstairs|downstairs|beautiful|wonderful|amazing|first|second|third|two|three|four|five|\d)\s+)*"
)
KINSHIP = rf"{OWN}\s+{ADJECTIVES}(?P<kin>(?i:{_KIN}))\b(?!-)(?:'s\s+(?P<kin2>(?i:{_KIN}))\b)?"

_NOT_SUBJECTS = (
    r"(?!(?:I|The|This|That|These|Those|My|Our|Your|His|Her|Their|Its|It|And|But|So|If|When|We|He|She|They|You|Not|Now|Just|Also"
    r"|Yes|No|Sorry|Please|Thanks|Thank|Hello|Hi|Hey|Ok|Okay|OK|Well|Oh|Right|Actually|However|Yesterday|Today|Tomorrow|Monday|Tuesday"
    r"|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|September|October|November|December"
    r"|What|Which|Who|How|Where|Why|Can|Could|Would|Should|Do|Does|Did|Is|Are|Was|Were|Let|For|From|In|On|At|As|After|Before|Since"
    r"|Until|While|Because|Although|Though|Once|Then|There|Here|One|Two|Three|Both|Each|Every|Some|Any|Most|Many|All|Never|Always"
    r"|Apparently|Unfortunately|Fortunately|Luckily|Sadly|Honestly|Currently|Recently|Lately|Nowadays|Nobody|Everyone|Everybody|Someone"
    r"|Somebody|People|Things|Maybe|Perhaps|Anyway|Finally|Originally|By|With|Only|Even|Still|Last|Next|Need|Tell|Give|Write|Make|Help)\b)"
)
_DOES = (
    r"(?=(?:,[^,]{2,40},)?(?:'s\b|\s+(?:is|was|are|were|has|had|have|will|can|can't|does|doesn't|did|didn't|isn't|wasn't|won't|never"
    r"|always|just|still|now|also|finally|recently|only|\w+s|\w+ed|went|got|took|left|came|grew|became|gave|lost|won|broke|put|ran|fell|met)\b))"
)
"""A name that does something: one that only stands there is no subject."""
_SUBJECT = lazy_pattern(
    rf"(?P<first>\b(?:I|i)(?=\b|'|m\b)|\b(?i:we)\b)"
    rf"|(?P<kinship>\b{KINSHIP})(?P<kin_name>,?\s+\(?(?!I\b|I'){NAME}\)?,?)?"
    rf"|(?P<relative>(?<=[\w)],)\s*who\b|(?<=[\w)])\s+who\b)"
    rf"|(?P<theirs>\b(?i:his|her)\s+(?:[a-z]+\s+)?(?P<kin5>(?i:{_KIN}))\b(?:,?\s+(?P<name5>(?!I\b|I'){NAME}))?)"
    rf"|(?P<pronoun>\b(?i:he|she|they|it)\b)"
    rf"|(?P<name>(?<!\b(?i:to|at|in|of|on|by|an|as|is) )(?<!\b(?i:for|and|the|via|see|was) )(?<!\b(?i:from|with|into|near|like|than|love|over|live) )\b{_NOT_SUBJECTS}{NAME})(?P<role>,\s+{KINSHIP.replace('?P<kin>', '?P<kin3>').replace('?P<kin2>', '?P<kin4>')},)?{_DOES}"
)
_AUXILIARY = lazy_pattern(
    r"\s*(?P<word>'(?:m|s|re|ve|d|ll)\b|n't\b|\b(?:no longer|not \w+ more|used to|going to(?=\s+[a-z])|about to|supposed to|sort of|kind of"
    r"|[a-z]+n't|am|is|are|was|were|be|been|being|have|has|had|having|do|does|did|will|would|can|could|may|might|must"
    r"|shall|should|ought to|cannot|im|ive|dont|cant|wont|isnt|didnt|not|never|now|just|recently|currently|still|also|actually"
    r"|really|finally|originally|basically|mostly|usually|always|already|only|even|both|all|probably|absolutely"
    r"|totally|truly|deeply|highly|severely|mildly|slightly|terribly|badly|violently|deathly|quite|very|pretty|rather|kinda|sorta"
    r"|gonna|literally|officially|technically|newly|happily|lately|temporarily|permanently|then|once|since"
    r"|generally|normally|often|sometimes|rarely|hardly|barely|secretly|simply|honestly|sadly|unfortunately"
    r"|apparently|clearly|obviously|definitely|certainly|maybe|perhaps|happen to|tend to|tends to|myself|properly|strictly|strongly|fully|partly|mainly|primarily|genuinely|thankfully|luckily|btw|by the way|proudly|presently|formerly|previously|right now|at the moment|these days|nowadays|today|again|too|so|here|there)\b)",
    re.IGNORECASE,
)
_BE = worded("am is are was were be been being 'm 're im isn't aren't wasn't weren't isnt ain't")
_HAVE = worded("have has had having 've ive haven't hasn't hadn't")
_DENYING = worded("not never no cannot cant dont wont isnt didnt hardly barely rarely")
_SUPPOSED = worded("would could might may should maybe perhaps 'd ought")
_FUTURE = frozenset(["will", "'ll", "shall", "gonna", "going", "about"])
_PAST = worded("was were had did once formerly previously wasn't weren't hadn't didn't")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Somebody, and the words before what they do or are."""

    who: str
    """The words that name them; empty for whoever speaks."""
    start: int
    at: int
    """Where what they do or are begins, in the sentence."""
    words: tuple[str, ...] = ()
    """Auxiliary verbs and adverbs between the two, in lower case."""
    kin: str = ""
    name: str = ""
    """Of somebody told by kinship and name."""
    of: str = ""
    """Whose relative somebody is who is told by two words of kinship: `my neighbour's cat`."""
    elided: bool = False
    """The sentence leaves `I` out."""
    theirs: str = ""
    """Kinship to whom `who` points at: `wife` of `his wife`."""
    joint: bool = False
    """It goes on after `and` or a comma without naming anybody."""

    @property
    def is_own(self) -> bool:
        """Whether it is whoever speaks."""
        return not self.who

    @property
    def is_being(self) -> bool:
        """The last verb is a form of `be`."""
        return self._verb in _BE or (self._verb == "'s" and not self.is_own)

    @property
    def is_having(self) -> bool:
        """The last verb is a form of `have`."""
        return self._verb in _HAVE or (self._verb == "'s" and not self.is_own)

    @property
    def denied(self) -> bool:
        """With `not`, `never` or `no longer`."""
        return (
            any(word in _DENYING or word.endswith("n't") for word in self.words) or self.no_longer
        )

    @property
    def no_longer(self) -> bool:
        """It was so, and is not any more."""
        return any(word.startswith(("no longer", "not")) and " " in word for word in self.words)

    @property
    def used_to(self) -> bool:
        """It was so once."""
        return "used to" in self.words or "once" in self.words

    @property
    def past(self) -> bool:
        """With an auxiliary in the past."""
        return any(word in _PAST for word in self.words)

    @property
    def perfect(self) -> bool:
        """With `have` and then something else."""
        return any(word in _HAVE for word in self.words)

    @property
    def supposed(self) -> bool:
        """With `would` or `might`."""
        return any(word in _SUPPOSED for word in self.words)

    @property
    def planned(self) -> bool:
        """With `will` or `going to`."""
        return any(word.split()[0] in _FUTURE for word in self.words if word != "'d")

    @property
    def _verb(self) -> str:
        verbs = (w for w in reversed(self.words) if w in _BE or w in _HAVE or w == "'s")
        return next(verbs, "")


_NOW = lazy_pattern(
    r"\b(?:now|these days|nowadays|currently|at the moment|right now)[, ]*\Z", re.IGNORECASE
)
_OPENING = lazy_pattern(
    r"(?:\W*(?:so|and|but|ok|okay|hey|hi|hello|also|btw|by the way|fyi|um|well|oh|yeah|yes|yep|actually|sorry|no|right|now|just|"
    r"still|currently|recently|finally|originally|anyway|plus|good news|update|big news|guess what|context|note|reminder|quick one|fun fact|for context|funny thing)\b[\s,:!.]*)*",
    re.IGNORECASE,
)
_JOINT = lazy_pattern(
    r"(?:,?\s+(?:and|but|then|plus|or)\s+(?:then |also |now |have |i )?|,\s+)(?=[a-z])",
    re.IGNORECASE,
)


def heads(text: str) -> Iterator[Head]:
    """Everybody who does or is something in a sentence, in its order."""
    found = list(_SUBJECT.finditer(text))
    opening = _OPENING.match(text)
    begin = opening.end() if opening else 0
    if not found or found[0].start() > begin:
        words, at = _auxiliaries(text, begin)
        yield Head(who="", start=begin, at=at, words=words, elided=True)
    last: Head | None = None
    told: Head | None = None
    for index, subject in enumerate(found):
        if subject["relative"]:
            if last is None or last.is_own or not (last.name or last.kin):
                continue
            words, at = _auxiliaries(text, subject.end())
            head = Head(
                who=last.who,
                start=subject.start(),
                at=at,
                words=words,
                kin=last.kin,
                name=last.name,
                of=last.of,
            )
        else:
            head = _head(text, subject)
        last = head
        told = told if head.is_own else head
        yield head
        end = found[index + 1].start() if index + 1 < len(found) else len(text)
        for joint in _JOINT.finditer(text, head.at, max(head.at, end)):
            words, at = _auxiliaries(text, joint.end())
            if head.is_own and _THIRD.match(text, joint.end()):
                if told is not None:  # "Olli, with whom I share a shop, is a smith"
                    yield replace(told, start=joint.end(), at=at, words=words)
                continue
            carried = tuple(w for w in head.words if w in _SUPPOSED or w in _FUTURE)
            yield Head(who=head.who, start=joint.end(), at=at, words=(*carried, *words), kin=head.kin,
                       name=head.name, of=head.of, theirs=head.theirs, elided=head.elided, joint=True)  # fmt: skip


_THIRD = lazy_pattern(
    r"(?:is|has|was|isn't|hasn't|does|doesn't|lives|works|wants|plays|likes|loves|hates|studies|comes|speaks)\b"
)
"""A verb that cannot be what `I` does."""


def _head(text: str, subject: re.Match[str]) -> Head:
    words, at = _auxiliaries(text, subject.end())
    if subject["first"]:
        before = text[max(0, subject.start() - 30) : subject.start()]
        if _NOW.search(before):
            words = ("now", *words)
        return Head(who="", start=subject.start(), at=at, words=words)
    if subject["theirs"]:
        who = subject["theirs"].split()[0].lower()
        return Head(who=who, start=subject.start(), at=at, words=words, name=subject["name5"] or "",
                    theirs=(subject["kin5"] or "").lower())  # fmt: skip
    kin = (subject["kin2"] or subject["kin"] or subject["kin4"] or subject["kin3"] or "").lower()
    of = (subject["kin"] or "").lower() if subject["kin2"] else ""
    name = (subject["kin_name"] or subject["name"] or "").strip(" ,()")
    return Head(
        who=subject.group().strip(" ,"),
        start=subject.start(),
        at=at,
        words=words,
        kin=kin,
        name=name,
        of=of,
    )


def _auxiliaries(text: str, at: int) -> tuple[tuple[str, ...], int]:
    words: list[str] = []
    while found := _AUXILIARY.match(text, at):
        words.append(" ".join(found["word"].lower().split()))
        at = found.end()
    while at < len(text) and text[at] == " ":
        at += 1
    return tuple(words), at
