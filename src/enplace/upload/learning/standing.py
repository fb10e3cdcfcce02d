"""What ends that stands: news of leaving, selling, stopping and parting, laid beside what is held.

A clause with such news ends every standing claim that it names and that can end so. It says what
stands instead where it names that too: `switched from Vim to Helix`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.stems import stem
from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import fold, words
from enplace.upload.learning.claims import Claim, is_dated
from enplace.upload.learning.language import sentences as kinds
from enplace.upload.learning.language.lexicon import KIN, worded
from enplace.upload.learning.language.objects import Kind, first_part, objects
from enplace.upload.learning.language.sentences import Sentence
from enplace.upload.learning.language.when import times_in
from enplace.upload.learning.phrases.tables import written_out
from enplace.upload.learning.scene import Scene, is_single
from enplace.upload.learning.standpoint import hangs

_TIES = frozenset(KIN.values()) | {"works_with"}
_COUPLES = frozenset(("married_to", "engaged_to", "partner_of"))
_GOODS = worded("drives owns uses phone_model editor operating_system has_pet member_of")
_POSTS = worded(
    "works_at job_title member_of studies studies_at attends team plays industry works_on"
)
_DOINGS = worded(
    "plays habit interested_in studies studies_at attends goal plans diet medication likes reads watches travelling_to"
    " appointment decided member_of uses owns works_on listens_to deadline waiting_for needs_to ill_with statement"
)
_DIET = frozenset(("diet",))
_ALL: frozenset[str] = frozenset()
"""Any predicate."""


def _compiled(pattern: str) -> re.Pattern[str]:
    return lazy_pattern(written_out(pattern, {}), re.IGNORECASE)


_NEWS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (_compiled(r"n't\b.*\b(?:any ?more|any ?longer)\b|\bnot\b.*\b(?:any ?more|any ?longer)\b|\bno (?:longer|more)\b|\bused to\b|\bformer\b"), _ALL),
    (_compiled(r"(?:have|has)n't (?:\w+ ){1,5}(?:since|for (?:\w+ ){0,2}(?:days|weeks|months|years|ages))\b"), frozenset(("habit", "plays", "attends", "statement", "reads", "uses"))),
    (_compiled(r"\b(?:split(?: up)?|broke up|broken up|separated|divorced|divorce|parted(?: ways)?|no longer (?:together|a couple|an item|with)|not (?:together|a couple)|moved out|over(?= *(?:$|[,.;!]))|over between|finished with"
               r"|left me|dumped|called it quits|called off|ended things|it's over|was over|an ex|my ex)\b"), _COUPLES),
    (_compiled(r"\b(?:died|dead|passed away|passed on|put (?:\w+ )?(?:down|to sleep)|gone(?= *(?:$|[,.;!]))|no longer with us|buried|lost (?:our|my|(?-i:(?=[A-Z])))|run over|rehomed)\b"), _TIES),
    (_compiled(r"\b(?:~sell|scrapped|got rid of|gotten rid of|gave away|given away|gave|traded in|handed back|returned|wrote off|written off|totalled|stolen|~lose|broke|ditched|dropped|cancelled|canceled|uninstalled"
               r"|gave up|given up|donated|binned|(?:someone|somebody|a \w+|they) (?:bought|took|stole)|threw out|thrown out|replaced|bye bye|goodbye)\b"), _GOODS),
    (_compiled(r"\b(?:left|moved (?:away|out)|said goodbye to|bye bye|goodbye|gave up|given up)\b"), frozenset(("lives_in", "home_address"))),
    (_compiled(r"\b(?:left|quit|~resign|retired|notice|let me go|fired|sacked|laid (?:me )?off|made (?:me )?redundant|redundant|dropped(?: out)?|cancelled|canceled|ended|expired|kicked out|gave up|given up|giving up|last (?:day|week|shift)"
               r"|bye bye|goodbye|finished|stopped|stepped down|pulled out|pull out|backed out|withdrew|handed over|parted (?:ways|company)|over(?= *(?:$|[,.;!]))|gone(?= *(?:$|[,.;!]))|thrown out|graduated|ran out|closed down|went bust|bankrupt)\b"), _POSTS),
    (_compiled(r"\b(?:~stop|~quit|gave up|given up|giving up|give up|~drop|cancelled|canceled|called off|fell through|fallen through|taken me off|took me off|came off|come off|off (?=my|the)|abandoned|finished|done with|pulled out|pull out|backed out|withdrew|back out|stepped down|took (?:\w+ ){0,3}out of|taken (?:\w+ ){0,3}out of|changed (?:my|our) minds?"
               r"|not going to|against|decided not|won't be|postponed|over(?= *(?:$|[,.;!]))|gone off|ditched|recovered|healed|cured|cleared up)\b"), _DOINGS),
    (_compiled(r"\b(?:retired|left|moved on|replaced|no longer|resigned|gone(?= *(?:$|[,.;!]))|moved (?:away|out)|quit|stopped being|was sacked|was fired|got fired)\b"), frozenset(("manager", "doctor", "landlord", "colleague_of", "works_with", "job_title"))),
    (_compiled(r"\b(?:moved (?:away|out|to)|gone(?= *(?:$|[,.;!]))|no longer)\b"), frozenset(("neighbour_of", "landlord"))),
    (_compiled(r"\b(?:~eat|eating) (?:everything|anything|meat|chicken|steak|fish|cheese|eggs|pork|beef)\b.*\b(?:again|now|these days|nowadays|since|once more)\b|\bback to eating\b|\b(?:these days|nowadays|now|started|went back to) (?:i |we )?(?:eat|eating) (?:everything|anything|meat|chicken|steak|fish|cheese|eggs|pork)\b|\b(?:had|ate) (?:a |my first )?(?:steak|burger|bacon)\b"), _DIET),
    (_compiled(r"\b(?:lapsed?|~expire|ran out|wasn't renewed|not renewed|didn't renew|have not renewed)\b"), frozenset(("member_of", "uses", "owns", "attends"))),
    (_compiled(r"\b(?:fell into|fell in|broke down|broken down|died on me|packed up|gave up the ghost|stopped working|smashed|crashed|written off|drowned|was stolen|got stolen)\b"), _GOODS),
    (_compiled(r"\b(?:no longer need|don't need|stopped needing)\b"), frozenset(("medication", "uses"))),
    (_compiled(r"\b(?:no longer friends|not friends|fell out|fallen out|not speaking)\b"), frozenset(("friend_of",))),
)  # fmt: skip
"""News, and what it can end."""
_NOT_YET = lazy_pattern(
    r"\b(?:if|unless|might|may|could|would|should|want(?:s)? to|wanna|thinking|plan(?:s|ning)?(?: to)?|going to|gonna|will|'ll|need to|have to|has to|about to|consider\w*"
    r"|haven't|hasn't|didn't|don't want|never|refuse\w*|hope|wish|almost|nearly|before i|when i|until i)\b|'d\b",
    re.IGNORECASE,
)
_NO_MORE = lazy_pattern(
    r"\b(?:any ?more|any ?longer|no longer|not since)\b|n't (?:\w+ ){1,5}(?:since|for (?:\w+ ){0,2}(?:days|weeks|months|years|ages))\b",
    re.IGNORECASE,
)
_FIRST = lazy_pattern(r"\b(?:i|i'm|i've|we|we've|we're|my|our|me|us)\b", re.IGNORECASE)
_CLAUSES = lazy_pattern(
    r"[,;:()]\s*|\s+(?:but|so|because|although|whereas|while)\s+", re.IGNORECASE
)
_US = lazy_pattern(
    r"\bwe(?:'re| are|'ve| have)? (?:\w+ )?(?:no longer (?:together|a couple|married|engaged|an item)|split|broke|broken|separated|divorced|parted|called it|not a couple|over)\b|\b(?:our|my) (?:marriage|relationship|engagement|divorce) (?:is|has|was|came|ended|fell)",
    re.IGNORECASE,
)
_CALLED: dict[str, str] = {
    "drives": "car van motorbike", "works_at": "job", "job_title": "job", "member_of": "membership",
    "phone_model": "phone", "medication": "tablets pills medication", "has_pet": "dog cat horse",
    "lives_in": "", "landlord": "landlord landlady", "manager": "boss manager",
    "studies": "course degree", "travelling_to": "trip holiday flight", "married_to": "marriage",
}  # fmt: skip
"""What else a thing is called where it is spoken of again."""


def ended(
    sentence: Sentence, found: Sequence[Claim], at: datetime, scene: Scene
) -> Iterator[Claim]:
    """The claims of a sentence, and before them what it ends of all that stands."""
    if sentence.asks or kinds.asks(sentence) or not scene.standing:
        yield from found
        return
    new = list(_followed(sentence, scene, found))
    told = [*found, *new]
    over = [*_over(sentence, told, at, scene), *_given_up(told, scene)]
    yield from over
    gone = {(claim.subject, claim.predicate, fold(claim.object)) for claim in over}
    for claim in told:
        remark = claim.predicate in {"statement", "event"} and bool(over or new)
        again = (claim.subject, claim.predicate, fold(claim.object)) in gone
        if not remark and not (again and claim.holding == "holds"):
            yield claim


def _over(sentence: Sentence, told: Sequence[Claim], at: datetime, scene: Scene) -> Iterator[Claim]:
    seen: set[tuple[str, str, str]] = set()
    kept = {
        (claim.subject, claim.predicate, fold(claim.object))
        for claim in told
        if claim.holding == "holds" and not is_dated(claim.predicate)
    }
    for start, clause in _clauses(sentence.text):
        if hangs(sentence.text[:start]):
            continue
        for news, predicates in _NEWS:
            cue = news.search(clause)
            if not cue or (_NOT_YET.search(clause) and not _NO_MORE.search(clause)):
                continue
            for claim in scene.standing:
                key = (claim.subject, claim.predicate, fold(claim.object))
                if key in seen or key in kept or (predicates and claim.predicate not in predicates):
                    continue
                if (predicates == _DIET or _names(clause, claim)) and _is_theirs(
                    clause, claim, scene
                ):
                    seen.add(key)
                    yield replace(claim, start=sentence.start, end=sentence.end, rule="over", holding="over",
                                  times=times_in(sentence.text, at), instead_of=None)  # fmt: skip


_ENDED_BY = {
    "married_to": ("engaged_to", "partner_of", "friend_of"),
    "engaged_to": ("partner_of", "friend_of"),
    "partner_of": ("friend_of",),
    "ex_partner_of": ("partner_of", "married_to", "engaged_to"),
    "likes": ("dislikes",),
    "dislikes": ("likes", "interested_in"),
    "graduated_from": ("studies_at",),
}
"""What comes to an end with what begins, of the same object."""


def _given_up(told: Sequence[Claim], scene: Scene) -> Iterator[Claim]:
    for claim in told:
        if claim.holding != "holds":
            continue
        for old in scene.standing:
            ends = old.predicate in _ENDED_BY.get(claim.predicate, ())
            if ends and old.subject == claim.subject and _alike(old.object, claim.object):
                yield replace(old, start=claim.start, end=claim.end, rule="given up", holding="over",
                              times=claim.times, instead_of=None)  # fmt: skip


def _alike(one: str, other: str) -> bool:
    first, second = set(words(one)), set(words(other))
    return bool(first) and bool(second) and (first <= second or second <= first)


def _clauses(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for found in _CLAUSES.finditer(text):
        yield start, text[start : found.start()]
        start = found.end()
    yield start, text[start:]


def _names(clause: str, claim: Claim) -> bool:
    """Whether a clause speaks of what a claim says."""
    if claim.predicate in _COUPLES and _US.search(clause):
        return True
    spoken = {stem(word) for word in words(clause)}
    name = claim.object.split(" (")[0]
    telling = [stem(word) for word in words(name) if word not in STOP_WORDS]
    if not telling:
        return False
    if claim.object[:1].isupper() and claim.kin:
        return telling[0] in spoken
    if claim.predicate in {"habit", "plans", "goal", "decided", "statement", "needs_to"}:
        return len(spoken & set(telling)) * 2 >= min(len(set(telling)), 4)
    if spoken & set(telling):
        return True
    called = _CALLED.get(claim.predicate, "")
    return bool(called) and bool(
        re.search(
            rf"\b(?:my|our|the|a) (?:old |\w+ )?(?:{'|'.join(called.split())})\b",
            clause,
            re.IGNORECASE,
        )
    )


def _is_theirs(clause: str, claim: Claim, scene: Scene) -> bool:
    """Whether a clause tells of whom a claim is about."""
    if claim.subject == scene.speaker:
        first = words(clause)[:1]
        names = set(words(claim.object))
        return (
            bool(_FIRST.search(clause))
            or bool(names & set(words(clause)[:3]))
            or bool(
                first
                and re.match(r"(?:\w+ed|quit|left|sold|gave|got|not|no|bye|dropped)$", first[0])
            )
        )
    told = set(words(clause))
    own = claim.subject.removeprefix(f"{scene.speaker}'s ")
    return bool(set(words(own)[:1]) & told) or (
        scene.last[1] == claim.subject and bool(told & {"he", "she", "it"})
    )


def _spoken_of(scene: Scene) -> str:
    return scene.last[1]


# --- what follows ------------------------------------------------------------------------------------

_FOLLOWS: tuple[re.Pattern[str], ...] = (
    _compiled(r"\b(?:~switch|~change|~move|~go|~convert|~migrate|~transfer|~upgrade|~swap) (?:[\w ]{0,20} )?from (?P<old>.{2,40}?) (?:over )?to (?P<new>.+)"),
    _compiled(r"\b(?:~swap|~exchange|~trade|~replace|~ditch|~drop|~leave) (?:my |our |the )?(?P<old>.{2,40}?) (?:for|with|in favour of) (?P<new>.+)"),
    _compiled(r"(?P<old>[\w' ]{2,40}?) (?:has been|have been|was|were|is|got|is being) (?:replaced|succeeded) (?:by|with) (?P<new>.+)"),
    _compiled(r"(?P<new>[A-Z][\w' ]{1,30}?) (?:has |have )?(?:~replace|taken over from|took over from|succeeded) (?P<old>.{2,40}?)(?=$|[,.;])"),
    _compiled(r"\b(?:gave up|given up|ditched|dropped)(?: on)? (?P<old>.{2,30}?) and (?:~go|~switch|~move)(?: back| over)? to (?P<new>.+)"),
    _compiled(r"\b(?:take|took|using|use|go with|went with|going with|have|drive|driving) (?P<new>.{2,40}?) (?:instead of|rather than) (?P<old>.{2,40}?)(?=$|[,.;])"),
)  # fmt: skip
_KINDS: dict[str, Kind] = {
    "lives_in": "place", "works_at": "org", "job_title": "job", "manager": "name", "landlord": "name",
    "doctor": "name", "studies": "thing", "studies_at": "org", "editor": "word", "plays": "things",
    "travelling_to": "place", "neighbour_of": "name", "works_with": "name", "partner_of": "name",
}  # fmt: skip


def _followed(sentence: Sentence, scene: Scene, found: Sequence[Claim]) -> Iterator[Claim]:
    """What takes the place of something that stands, where both are named."""
    for pattern in _FOLLOWS:
        for match in pattern.finditer(sentence.text):
            old = first_part(match["old"])
            if not old or (_NOT_YET.search(sentence.text) and "when" not in sentence.text.lower()):
                continue
            for claim in reversed(scene.standing):
                pointed = fold(old) in {"her", "him", "them"} and claim.object == _spoken_of(scene)
                if not (pointed or _names(old, claim)) or any(
                    claim.shares_place(c) and c.holding == "holds" for c in found
                ):
                    continue
                for value in objects(_KINDS.get(claim.predicate, "thing"), match["new"])[:1]:
                    if fold(value) == fold(claim.object):
                        continue
                    first = replace(
                        claim,
                        start=sentence.start,
                        end=sentence.end,
                        rule=f"follows:{claim.rule}",
                        sentence="",
                        instead_of=None,
                    )
                    if not is_single(claim):
                        yield replace(first, holding="over")
                    yield replace(first, object=value, holding="holds")
                    return
