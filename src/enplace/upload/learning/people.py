"""Who somebody is to whoever speaks, and what they are called."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from enplace.upload.learning.heads import ADJECTIVES, KINSHIP, NAME, NOT_NAMES, OWN
from enplace.upload.learning.lexicon import KIN, KINDS_OF_KIN
from enplace.upload.learning.objects import objects


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
_BEHIND = (
    r"(?:\s+of\s+(?:mine|ours|(?:\w+\s+)?(?:\w+\s+)?years)|\s+(?:from|at)\s+(?:the\s+)?[a-z][\w-]*(?:\s+[a-z]+)?|\s+in\s+(?:the\s+)?[A-Z]\w+|\s+(?:back\s+)?home)?"
)
"""Between who somebody is and their name: `of ten years`, `from school`, `in Madrid`."""
_CALLED = r"(?:\s+(?:called|named)|,?\s+whose\s+name\s+is|,?\s+who(?:'s|\s+is)\s+(?:called|named)|,\s+(?:called|named))"
_IS = rf"(?:\s+(?:is|was|has\s+been|will\s+be|became)|'s){_NOW}(?:\s+(?:called|named))?"
_NAMED = (
    # Anna is my sister / Anna's my sister / Anna, my sister / Anna (my sister) / Anna - my sister
    re.compile(rf"(?P<name>\b(?!I\b|I'|{NOT_NAMES}){NAME})(?:{_ENDED}\s+(?:is|'s)?\s*|'s\s+|\s+(?:is|has\s+been|became|will\s+be)\s+|,\s+|\s+\(|\s+-\s+|,\s+who(?:'s| is| was| has been)\s+)(?:(?:also|now|actually|still)\s+)?(?:a\s+)?{_MY}\b"),
    # my sister Anna / my sister, Anna, / my sister (Anna) / my sister is called Anna
    re.compile(rf"\b{_MY}{_BEHIND}(?:'s\s+name(?:'s|\s+is|\s+was)(?:\s+(?:now|actually))?|,(?=\s+{NAME}\s*(?:[,.)!?(]|$|and\b))| -| \(|:|{_CALLED}|{_IS})?\s+\(?{_WHO}(?!'s\b)"),
    re.compile(rf"\b{_MY}(?:'s name(?:'s| is)|(?:,| -| \(|:)?)\s*\(?{_WHO}(?='s\b)"),
    # a friend of mine, Anna / the landlord (Mr Pickering) / the cat's called Mushi
    re.compile(rf"\b(?i:an?|the|one of (?:my|our))\s+{ADJECTIVES}{_ANY_KIN}s?{_BEHIND}(?:,(?=\s+{NAME}\s*(?:[,.)!?(]|$|and\b))| \(|{_CALLED}|(?:'s| is) (?:called|named))\s*{_WHO}"),
    # our new landlord is now Ms Keane / a new manager, Astrid
    re.compile(rf"\b(?i:(?:an?|the) (?:new|other|former))\s+{_ANY_KIN}(?:,|:|{_CALLED}|{_IS})\s+{_WHO}"),
    # Anna from work, Jonas from accounting
    re.compile(rf"(?P<name>\b(?!I\b|I'|{NOT_NAMES}){NAME})\s+from\s+(?P<colleague>work|accounting|sales|hr|HR|marketing|finance|legal|support|procurement|the office|it\b|IT\b|my team|our team|engineering|design)\b"),
    re.compile(rf"\b(?P<colleague>(?i:colleague|coworker|co-worker))\s+{_WHO}"),
)  # fmt: skip
_SEVERAL = re.compile(
    rf"\b(?:{OWN}|(?i:the|we have|we've got|i have|i've got|have|got|has))\s+(?:(?:two|three|four|five|six|\d|both|all|many|grown|little|big|small|younger|older|lovely|adult|twin)\s+)*(?P<kins>(?i:kids|children|sons|daughters|boys|girls|twins|brothers|sisters|siblings|cats|dogs|rabbits|hens|friends|cousins|parents|grandkids|grandchildren|flatmates|roommates|housemates|neighbours|colleagues|bosses|nephews|nieces|uncles|aunts|puppies|kittens|ponies|horses|teammates))(?:\s+(?:are|are called|called|named|names are|all of them))?(?:,|:| -| \()?\s+(?:are\s+|called\s+|named\s+|all of them:\s+)?(?=[A-Z])(?P<names>[A-Z][^.;!?()]*)"
)
_SINGULAR = {
    "kids": "child", "children": "child", "sons": "son", "daughters": "daughter", "boys": "son",
    "girls": "daughter", "twins": "child", "brothers": "brother", "sisters": "sister",
    "siblings": "sibling", "friends": "friend", "cousins": "cousin", "cats": "cat", "dogs": "dog",
    "rabbits": "rabbit", "hens": "hen", "parents": "mother", "grandkids": "grandchild",
    "grandchildren": "grandchild", "flatmates": "flatmate", "roommates": "roommate",
    "housemates": "housemate", "neighbours": "neighbour", "colleagues": "colleague",
    "bosses": "boss", "nephews": "nephew", "nieces": "niece", "uncles": "uncle", "aunts": "aunt",
    "puppies": "dog", "kittens": "cat", "ponies": "horse", "horses": "horse",
    "teammates": "teammate",
}  # fmt: skip
_GIVEN = re.compile(r"\b(?:named|called) (?:him|her|them|it|the (?:puppy|kitten|dog|cat|baby)) (?P<names>[A-Z][^.;!?()]*)")
_BARE = re.compile(rf"\b{_MY}")
_NOT_NAMED = frozenset(
    [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "christmas",
        "easter",
        "english",
        "german",
        "french",
        "spanish",
        "thanks",
        "hi",
        "hello",
        "hey",
        "dear",
        "please",
        "what",
        "can",
        "could",
        "do",
        "does",
        "is",
        "are",
        "why",
        "when",
        "where",
        "how",
        "the",
        "this",
        "that",
        "it",
        "if",
        "and",
        "but",
        "so",
        "also",
        "ok",
        "okay",
        "not",
        "now",
        "sorry",
        "yes",
        "no",
        "any",
        "write",
        "help",
        "give",
        "tell",
        "i'm",
        "i've",
        "my",
        "our",
        "we",
        "he",
        "she",
        "they",
    ]
)


def ties(text: str) -> Iterator[Tie]:
    """Everybody whom a sentence ties to the speaker by name; then those without one."""
    seen: list[tuple[int, int]] = []
    given = _GIVEN.search(text)
    if given:
        kin = next((word for word in reversed(re.findall(r"[a-z]+", text[: given.start()].lower())) if word in KIN or word in _SINGULAR), "")
        kin = _SINGULAR.get(kin, kin)
        if KIN.get(kin) in {"has_pet", "has_child"}:
            for name in objects("names", given["names"]):
                seen.append((given.start(), given.end()))
                yield Tie(kin=kin, name=name, start=given.start(), end=given.end())
    several = _SEVERAL.search(text)
    if several and several["kins"].lower() in _SINGULAR:
        kin = _SINGULAR[several["kins"].lower()]
        for name in objects("names", several["names"]):
            if name.lower() not in _NOT_NAMED:
                seen.append((several.start(), several.end()))
                yield Tie(
                    kin=kin,
                    name=name,
                    start=several.start(),
                    end=several.start("names") + len(name),
                )
    for pattern in _NAMED:
        for found in pattern.finditer(text):
            name = found["name"].strip(" .,'")
            if name.split()[0].lower() in _NOT_NAMED or any(
                a <= found.start() < b for a, b in seen
            ):
                continue
            groups = found.groupdict()
            kin = (
                "colleague"
                if groups.get("colleague")
                else (groups.get("kin2") or groups["kin"] or "").lower()
            )
            if groups.get("kin2") or kin not in KIN:
                continue
            seen.append((found.start(), found.end()))
            ended = groups.get("ended") or ""
            yield Tie(kin=kin, name=name, start=found.start(), end=found.end(), ended=bool(re.search(r"n't|not|no longer", ended)))  # fmt: skip
    for found in _BARE.finditer(text):
        if not found["kin2"] and not any(a <= found.start() < b for a, b in seen):
            yield Tie(kin=found["kin"].lower(), name="", start=found.start(), end=found.end())
