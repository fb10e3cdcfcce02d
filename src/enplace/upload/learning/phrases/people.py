"""Who somebody is to whoever speaks, and what they are called."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.heads import ADJECTIVES, KINSHIP, NAME, NOT_NAMES, OWN
from enplace.upload.learning.language.lexicon import KIN, KINDS_OF_KIN, worded
from enplace.upload.learning.language.objects import objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Somebody is something to the speaker."""

    kin: str
    """The word that was said: `sister`."""
    name: str
    """Empty where none is told."""
    start: int
    end: int
    ended: bool = False

    @property
    def predicate(self) -> str:
        """That joins the speaker to them."""
        return KIN[self.kin]

    @property
    def kind(self) -> str:
        """What they are, in one word."""
        return KINDS_OF_KIN.get(self.kin, self.kin)


_ENDED = r"(?P<ended>\s+(?:isn't|is not|is no longer|wasn't|was|'s not|no longer))?"
_MY = KINSHIP
_ANY_KIN = rf"(?P<kin>(?i:{'|'.join(map(re.escape, sorted(KIN, key=len, reverse=True)))}))\b"
_WHO = rf"(?P<name>(?!I\b|I'|{NOT_NAMES}){NAME})"
_NOW = r"(?:\s+(?:now|currently|actually|still|really|also|technically|in fact))?"
_BEHIND = r"(?:\s+of\s+(?:mine|ours|(?:\w+\s+)?(?:\w+\s+)?years)|\s+(?:from|at)\s+(?:the\s+)?[a-z][\w-]*(?:\s+[a-z]+)?|\s+in\s+(?:the\s+)?[A-Z]\w+|\s+(?:back\s+)?home)?"
"""Between who somebody is and their name: `of ten years`, `from school`, `in Madrid`."""
_CALLED = r"(?:\s+(?:called|named)|,?\s+whose\s+name\s+is|,?\s+who(?:'s|\s+is)\s+(?:called|named)|,\s+(?:called|named))"
_IS = rf"(?:\s+(?:is|was|has\s+been|will\s+be|became)|'s){_NOW}(?:\s+(?:called|named))?"
_NAMED = (
    # Anna is my sister / Anna's my sister / Anna, my sister / Anna (my sister) / Anna - my sister
    lazy_pattern(rf"(?P<name>\b(?!I\b|I'|{NOT_NAMES}){NAME})(?:{_ENDED.rstrip('?')}\s+|'s\s+|\s+(?:is|has\s+been|became|will\s+be)\s+|,\s+|\s+\(|\s+-\s+|,\s+who(?:'s| is| was| has been)\s+)(?:(?:also|now|actually|still)\s+)?(?:a\s+)?{_MY}\b"),
    # Anna, the elder of my two daughters
    lazy_pattern(rf"(?P<name>\b(?!I\b|I'|{NOT_NAMES}){NAME}),?\s+(?:is\s+)?(?:the\s+)?(?:elder|eldest|older|oldest|younger|youngest|second|first|third|middle|one)\s+of\s+{OWN}\s+(?:\w+\s+)?(?P<kins>(?i:daughters|sons|children|kids|brothers|sisters|cousins|nephews|nieces|cats|dogs|friends|colleagues))"),
    # my sister Anna / my sister, Anna, / my sister (Anna) / my sister is called Anna
    lazy_pattern(rf"\b{_MY}{_BEHIND}(?:'s\s+name(?:'s|\s+is|\s+was)(?:\s+(?:now|actually))?|,(?=\s+(?:an?\s+certain\s+|one\s+)?{NAME}\s*(?:[,.)!?(]|$|and\b))| -| \(|:|{_CALLED}|{_IS})?\s+\(?(?:an?\s+certain\s+|one\s+)?{_WHO}(?!'s\b)"),
    lazy_pattern(rf"\b{_MY}(?:'s name(?:'s| is)|(?:,| -| \(|:)?)\s*\(?{_WHO}(?='s\b)"),
    # a friend of mine, Anna / the landlord (Mr Pickering) / the cat's called Mushi
    lazy_pattern(rf"\b(?i:an?|the|one of (?:my|our))\s+{ADJECTIVES}{_ANY_KIN}s?{_BEHIND}(?:,(?=\s+{NAME}\s*(?:[,.)!?(]|$|and\b))| \(|{_CALLED}|(?:'s| is) (?:called|named))\s*{_WHO}"),
    # our new landlord is now Ms Keane / a new manager, Astrid
    lazy_pattern(rf"\b(?i:(?:an?|the) (?:new|other|former))\s+{_ANY_KIN}(?:,|:|{_CALLED}|{_IS})\s+{_WHO}"),
    # Anna from work, Jonas from accounting
    lazy_pattern(rf"(?P<name>\b(?!I\b|I'|{NOT_NAMES}){NAME})\s+from\s+(?P<colleague>work|accounting|sales|hr|HR|marketing|finance|legal|support|procurement|the office|it\b|IT\b|my team|our team|engineering|design)\b"),
    lazy_pattern(rf"\b(?P<colleague>(?i:colleague|coworker|co-worker))\s+{_WHO}"),
)  # fmt: skip
_SEVERAL = lazy_pattern(
    rf"\b(?:{OWN}|(?i:the|we have|we've got|i have|i've got|have|got|has))\s+(?:(?:two|three|four|five|six|\d|both|all|many|grown|little|big|small|younger|older|lovely|adult|twin)\s+)*(?P<kins>(?i:kids|children|sons|daughters|boys|girls|twins|brothers|sisters|siblings|cats|dogs|rabbits|hens|friends|cousins|parents|grandkids|grandchildren|flatmates|roommates|housemates|neighbours|colleagues|bosses|nephews|nieces|uncles|aunts|puppies|kittens|ponies|horses|teammates))(?:\s+(?:are|are called|called|named|names are|all of them))?(?:,|:| -| \()?\s+(?:are\s+|called\s+|named\s+|all of them:\s+)?(?=[A-Z])(?P<names>[A-Z][^.;!?()]*)"
)
_PAIR = lazy_pattern(
    rf"(?P<names>(?!I\b|I'|{NOT_NAMES}){NAME}(?:,\s+{NAME})*,?\s+and\s+{NAME})(?:,|\s+are)\s+(?:both\s+)?{OWN}\s+{ADJECTIVES}(?P<kins>(?i:kids|children|sons|daughters|brothers|sisters|cats|dogs|friends|cousins|parents|grandparents|neighbours|neighbors|colleagues|flatmates|nephews|nieces|twins|in-laws))\b"
)
"""`Sven and Lotta, our neighbours`."""
_SINGULAR = {
    "kids": "child", "children": "child", "sons": "son", "daughters": "daughter", "boys": "son",
    "girls": "daughter", "twins": "child", "brothers": "brother", "sisters": "sister",
    "siblings": "sibling", "friends": "friend", "cousins": "cousin", "cats": "cat", "dogs": "dog",
    "rabbits": "rabbit", "hens": "hen", "parents": "mother", "grandkids": "grandchild",
    "grandchildren": "grandchild", "flatmates": "flatmate", "roommates": "roommate",
    "housemates": "housemate", "neighbours": "neighbour", "colleagues": "colleague",
    "bosses": "boss", "nephews": "nephew", "nieces": "niece", "uncles": "uncle", "aunts": "aunt",
    "puppies": "dog", "kittens": "cat", "ponies": "horse", "horses": "horse",
    "teammates": "teammate", "neighbors": "neighbour", "grandparents": "grandmother", "in-laws": "in-laws",
}  # fmt: skip
_GIVEN = lazy_pattern(
    r"\b(?:named|called) (?:him|her|them|it|the (?:puppy|kitten|dog|cat|baby)) (?P<names>[A-Z][^.;!?()]*)"
)
_BARE = lazy_pattern(rf"\b{_MY}")
_NOT_NAMED = worded(
    "monday tuesday wednesday thursday friday saturday sunday january february march april "
    "may june july august september october november december christmas easter english german "
    "french spanish thanks hi hello hey dear please what can could do does is are why when "
    "where how the this that it if and but so also ok okay not now sorry yes no any write "
    "help give tell i'm i've my our we he she they"
)


def ties(text: str) -> Iterator[Tie]:
    """Everybody whom a sentence ties to the speaker by name; then those without one."""
    seen: list[tuple[int, int]] = []
    for tie in (*_given(text), *_several(text)):
        seen.append((tie.start, tie.end))
        yield tie
    for pattern in _NAMED:
        for found in pattern.finditer(text):
            tie = _tie(found)
            if tie is not None and not any(a <= found.start() < b for a, b in seen):
                seen.append((tie.start, tie.end))
                yield tie
    for found in _BARE.finditer(text):
        if not found["kin2"] and not any(a <= found.start() < b for a, b in seen):
            yield Tie(kin=found["kin"].lower(), name="", start=found.start(), end=found.end())


def _given(text: str) -> Iterator[Tie]:
    """`We've got a puppy and named her Wilma.`."""
    given = _GIVEN.search(text)
    if given is None:
        return
    spoken = reversed(re.findall(r"[a-z]+", text[: given.start()].lower()))
    kin = next((word for word in spoken if word in KIN or word in _SINGULAR), "")
    kin = _SINGULAR.get(kin, kin)
    if KIN.get(kin) in {"has_pet", "has_child"}:
        for name in objects("names", given["names"]):
            yield Tie(kin=kin, name=name, start=given.start(), end=given.end())


def _several(text: str) -> Iterator[Tie]:
    several = _PAIR.search(text) or _SEVERAL.search(text)
    if several is None or several["kins"].lower() not in _SINGULAR:
        return
    for name in objects("names", several["names"]):
        if name.lower() not in _NOT_NAMED:
            kin = _SINGULAR[several["kins"].lower()]
            yield Tie(kin=kin, name=name, start=several.start(), end=several.end())


def _tie(found: re.Match[str]) -> Tie | None:
    name, groups = found["name"].strip(" .,'"), found.groupdict()
    kin = "colleague" if groups.get("colleague") else (groups.get("kin") or "").lower()
    kin = kin or _SINGULAR.get((groups.get("kins") or "").lower(), "")
    if groups.get("kin2") or kin not in KIN or name.split()[0].lower() in _NOT_NAMED:
        return None
    ended = bool(re.search(r"n't|not|no longer", groups.get("ended") or ""))
    return Tie(kin=kin, name=name, start=found.start(), end=found.end(), ended=ended)
