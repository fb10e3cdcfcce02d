"""What somebody is called, and what their things and tastes are: `my X is Y`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.heads import NAME
from enplace.upload.learning.language.lexicon import (
    ATTRIBUTES,
    DIETS,
    ILLNESSES,
    KIN,
    NATIONALITIES,
    is_job,
    worded,
)
from enplace.upload.learning.language.objects import Kind, objects

_KIND_OF: dict[str, Kind] = {
    "name": "name", "nickname": "name", "age": "word", "birthday": "date", "pronouns": "word",
    "nationality": "word", "native_language": "languages", "home_town": "place",
    "job_title": "value", "works_at": "org", "studies_at": "org", "team": "thing", "drives": "thing",
    "interested_in": "things", "goal": "clause", "diet": "value", "allergic_to": "things",
    "deadline": "date", "height": "value", "home_address": "value", "editor": "word",
    "operating_system": "value", "member_of": "org", "habit": "clause", "lives_in": "place",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """Something that is told of the speaker, or of a relative, in one phrase."""

    predicate: str
    objects: tuple[str, ...]
    start: int
    end: int
    of: str = ""
    """The kinship word of whose it is; empty for the speaker."""
    past: bool = False


_KINS = "|".join(sorted((re.escape(word) for word in KIN), key=len, reverse=True))
_NAMES = "|".join(sorted((re.escape(word) for word in ATTRIBUTES), key=len, reverse=True))
_IS = r"(?:\s*(?:is|'s|are|was|were|=|:|would be|has always been|have always been|will always be|has to be|hands down is|being|has been|have been|became)(?: now| still| currently| actually| called| probably| definitely| officially| just| also)*\s+|\s*[:=]\s*)"
_ATTRIBUTE = lazy_pattern(
    rf"\b(?:(?:my|our|the new|a new|new|and)\s+(?:(?P<of>{_KINS})'s\s+)?|(?P<theirs>his|her)\s+)(?:new |current |full |first |real |main |own |day |actual |legal |work |personal |preferred |mobile )*(?P<noun>{_NAMES})(?P<is>{_IS}|,\s+(?:an?\s+)?(?-i:(?=[A-Z\u00c0-\u00de][^,;.]{{1,40}}(?:,|$))))(?=(?P<x>.+))",
    re.IGNORECASE | re.DOTALL,
)
_FAVOURITE = lazy_pattern(
    rf"\b(?:my|our)\s+(?:(?P<of>{_KINS})'s\s+)?(?:all[- ]time |absolute |new |current |number one |personal )*(?:favou?rite|fave|fav)\s+(?P<noun>[a-z][\w-]*(?: [a-z][\w-]*)??)(?: of all time| ever| of mine| these days| by far| right now| at the moment| in the world)?,?(?P<is>{_IS})(?P<x>.+)",
    re.IGNORECASE | re.DOTALL,
)
_FAVOURITE_OF_MINE = lazy_pattern(
    rf"\bfavou?rite (?P<noun>[a-z][\w-]*(?: [a-z][\w-]*)?) of mine(?P<is>{_IS})(?P<x>.+)",
    re.IGNORECASE | re.DOTALL,
)
_IS_FAVOURITE = lazy_pattern(
    r"(?:^|[,;]\s+|\b(?:and|but|so|because)\s+)(?P<x>[\w' -]{2,40}?)\s*(?:is|'s|are|has always been|has become|became|remains|, which is)\s+(?:still |now |definitely |probably |by far |easily )?(?:my|our)\s+(?:all[- ]time |absolute |new |number one )*(?:favou?rite|fave|fav)\s+(?P<noun>[a-z][\w-]*(?: [a-z][\w-]*)?)(?=$|[.,;!?)]| of | ever| and | but | by | in )",
    re.IGNORECASE,
)
_EMAIL, _PHONE = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", r"\+?\d[\d ()/-]{6,16}\d"
_PLAIN: tuple[tuple[re.Pattern[str], str], ...] = (
    (lazy_pattern(rf"\b(?:reach|contact|e?mail|write to|find) me (?:at|on|under|via) (?:my \w+ )?(?P<x>{_EMAIL})|\b(?:please |now |just )?use (?P<y>{_EMAIL})", re.IGNORECASE), "email"),
    (lazy_pattern(rf"\b(?:reach|contact|call|text|ring|phone) me (?:at|on|under|via) (?:my \w+ )?(?P<x>{_PHONE})|\b(?:please |now |just )?use (?P<y>{_PHONE})", re.IGNORECASE), "phone_number"),
    (lazy_pattern(r"\b(?:my|our) (?:laptop|computer|pc|machine|desktop|server|work laptop|notebook) (?:runs|is running|is on|uses) (?P<x>[A-Z]?\w+)", re.IGNORECASE), "operating_system"),
    (lazy_pattern(rf"\b(?:my|our) (?:home|flat|house|place|apartment) is in (?P<x>{NAME})"), "lives_in"),
    (lazy_pattern(rf"\b(?:to|in) (?:my|our) home ?town,? (?P<x>{NAME})"), "home_town"),
    (lazy_pattern(r"\b(?:my|our) (?:\w+ )?(?P<x>kids|children)\b(?!')", re.IGNORECASE), "has_child"),
)  # fmt: skip
_INTRODUCED = (
    (lazy_pattern(rf"(?:^|\b(?:hi|hello|hey|yo|greetings|good morning|morning)\W+(?:there\W+|all\W+|everyone\W+)?)(?:i'm|i am|im|it's|this is|it is)\s+(?P<x>(?!I\b)(?-i:{NAME}))(?=\s*(?:$|[,.!;)(\x00]|and\b|from\b|here\b|again\b|by the way|btw|-))", re.IGNORECASE), "name"),
    (lazy_pattern(rf"(?:^|[\s,.!])(?P<x>(?!I\b|I'){NAME})\s+(?:here|speaking)(?=\s*(?:$|[,.!;:(-]|again|from|with|and\b))"), "name"),
    (lazy_pattern(r"\b(?<!'s )(?<!her )(?<!his )(?<!its )(?<!your )(?<!the )(?:my )?name(?:'s| is)\s+(?P<x>.+)", re.IGNORECASE), "name"),
    (lazy_pattern(rf"\b(?:sign|with|by) (?:it |this |the \w+ )?(?:with |as |from |by )?(?:my name,?|me,?) (?P<x>(?!I\b)(?-i:{NAME}))(?=\s*(?:$|[,.!;(]))", re.IGNORECASE), "name"),
    (lazy_pattern(rf"\bfrom me, (?P<x>{NAME})"), "name"),
    (lazy_pattern(r"\b(?:people|friends|everyone|everybody|folks|they|most) (?:all |usually |mostly )?(?:know|call|calls|knows) me (?:as|by)\s+(?P<x>.+)", re.IGNORECASE), "nickname"),
    (lazy_pattern(r"\bi(?:'d| would) (?:rather|prefer to|like to) be (?:called|known as)\s+(?P<x>.+)", re.IGNORECASE), "nickname"),
    (lazy_pattern(r"\b(?:(?:just |please |you can |can you |everyone |everybody |people |friends |they |folks |most people |my friends )+calls? me)\s+(?P<x>.+)", re.IGNORECASE), "nickname"),
    (lazy_pattern(r"^\W*(?:just )?call me\s+(?!when|if|back|later|a\b|an\b|at\b|on\b|crazy|old|maybe|the\b)(?P<x>.+)", re.IGNORECASE), "nickname"),
    (lazy_pattern(r"\bi(?:'m| am) (?:known as|called|known to my friends as)\s+(?P<x>.+)", re.IGNORECASE), "nickname"),
    (lazy_pattern(rf"\bit's (?P<x>{NAME}) (?:on paper|on my passport|officially|legally|in full)"), "name"),
    (lazy_pattern(rf"\bi(?:'m| am)\s+(?P<x>(?!I\b)(?-i:{NAME}\s{NAME}))(?=\s*(?:$|[,.!;(]|and\b|from\b|by the way|btw))", re.IGNORECASE), "name"),
)  # fmt: skip
_WHO_IS = lazy_pattern(rf"\b(?:I'm|I am|Im)\s+(?:{NAME}),\s+an?\s+(?P<x>[^.;!?]+)")
_NOT_FAVOURITES = frozenset(["part", "thing", "one", "kind", "way"])


def traits(text: str) -> Iterator[Trait]:
    """What a sentence tells of the speaker's names, attributes and favourites."""
    yield from _favourites(text)
    yield from _attributes(text)
    for pattern, predicate in _PLAIN:
        for found in pattern.finditer(text):
            value = found["x"] or found.groupdict().get("y") or ""
            yield Trait(
                predicate=predicate, objects=(value.strip(),), start=found.start(), end=found.end()
            )
    if found := _WHO_IS.search(text):
        named = objects("job", found["x"])
        if named:
            yield Trait(
                predicate="job_title", objects=tuple(named), start=found.start(), end=found.end()
            )
    yield from _names(text)


def _favourites(text: str) -> Iterator[Trait]:
    for pattern in (_FAVOURITE, _FAVOURITE_OF_MINE, _IS_FAVOURITE):
        for found in pattern.finditer(text):
            noun = re.sub(r"\s+(?:is|are|was|of|has|would)$", "", found["noun"].lower().strip())
            named = objects("thing", found["x"])
            if not named or noun in _NOT_FAVOURITES:
                continue
            groups = found.groupdict()
            noun = {"color": "colour"}.get(noun, noun).replace(" ", "_")
            yield Trait(
                predicate=f"favourite_{noun}",
                objects=tuple(named[:1]),
                start=found.start(),
                end=found.end(),
                of=(groups.get("of") or "").lower(),
                past=bool(re.search(r"\b(?:was|were)\b", groups.get("is") or "")),
            )


def _attributes(text: str) -> Iterator[Trait]:
    for found in _ATTRIBUTE.finditer(text):
        predicate = ATTRIBUTES[found["noun"].lower()]
        named = objects(_KIND_OF.get(predicate, "value"), found["x"])
        if named and _plausible(predicate, named[0]):
            yield Trait(
                predicate=predicate,
                objects=tuple(named),
                start=found.start(),
                end=found.end(),
                of=(found["of"] or found["theirs"] or "").lower(),
                past="was" in found["is"],
            )


def _names(text: str) -> Iterator[Trait]:
    for pattern, predicate in _INTRODUCED:
        for found in pattern.finditer(text):
            named = objects("name", found["x"])
            if named and named[0].split()[0].lower() not in _NOT_PEOPLE:
                yield Trait(
                    predicate=predicate,
                    objects=tuple(named[:1]),
                    start=found.start(),
                    end=found.end(),
                )


_NOT_PEOPLE = (
    NATIONALITIES
    | DIETS
    | ILLNESSES
    | worded(
        "monday tuesday wednesday thursday friday saturday sunday in at on not so just here there "
        "fine good ok okay sorry happy sad tired what who where nothing everything thanks right "
        "wrong done back home"
    )
)
_VALUES = {
    "email": lazy_pattern(r"[\w.+-]+@[\w-]+\.\w+"),
    "phone_number": lazy_pattern(r"[\d +()/-]{6,}"),
    "age": lazy_pattern(r"\d{1,3}$"),
    "height": lazy_pattern(r"\d"),
    "blood_type": lazy_pattern(
        r"(?:A|B|AB|O|a|b|ab|o|0)\s?(?:\+|-|pos|neg|rh|positive|negative)", re.IGNORECASE
    ),
    "birthday": lazy_pattern(r"\d"),
    "home_address": lazy_pattern(r"\d"),
    "pronouns": lazy_pattern(r"\w+/\w+"),
    "shoe_size": lazy_pattern(r"\d"),
    "deadline": lazy_pattern(r"\d|day\b|month"),
}


def _plausible(predicate: str, value: str) -> bool:
    """Whether a value is one that such an attribute can have."""
    if predicate == "job_title":
        return is_job(value.rsplit(maxsplit=1)[-1].lower().strip(".'")) or value[:1].isupper()
    pattern = _VALUES.get(predicate)
    return pattern is None or bool(pattern.search(value))


# --- fragments: "34f, dublin, sysadmin" --------------------------------------------------------------

_AGE = lazy_pattern(r"(\d{2})\s*(?:[mf]|yo|y/o|years? old|years)$", re.IGNORECASE)
_AT = lazy_pattern(r"(?P<job>[\w -]{2,30}?)\s+(?:at|@|for)\s+(?P<org>[A-Z][\w&. -]+)$")


def fragments(text: str) -> Iterator[Trait]:
    """What a list without verbs tells of the speaker; nothing unless two of its parts are known."""
    body = re.sub(
        r"^.{0,40}?(?:about me|me|background|context|profile)[^:]{0,25}:\s*",
        "",
        text,
        flags=re.IGNORECASE,
    )
    parts = [part.strip(" .!") for part in re.split(r"[,;|]|\s-\s", body)]
    if len(parts) < 2 or len(body) > 160:
        return
    known = [_fragment(part) for part in parts]
    if len({predicate for found in known for predicate, _ in found}) < 2:
        return
    for part, found in zip(parts, known, strict=True):
        at = text.find(part)
        for predicate, value in found:
            yield Trait(predicate=predicate, objects=(value,), start=at, end=at + len(part))
        if not found and _is_town(part) and (part[0].isupper() or at > 0):
            yield Trait(
                predicate="lives_in",
                objects=(part[:1].upper() + part[1:],),
                start=at,
                end=at + len(part),
            )


_NOT_TOWNS = worded(
    "male female single divorced widowed widow parent none mother father twice once here"
)


def _is_town(part: str) -> bool:
    """Whether a word among the parts may be where somebody lives."""
    lower = part.lower()
    whole = re.fullmatch(r"[A-Za-z\u00c0-\u024f]{4,}(?: [A-Z]\w+)?", part)
    return bool(whole) and lower not in _NOT_TOWNS and not lower.endswith(_NO_TOWN_ENDS)


_NO_TOWN_ENDS = ("er", "ing", "ed", "ist", "ly", "s")


def _is_post(words: str) -> bool:
    return is_job(words.rsplit(maxsplit=1)[-1].lower()) or (words.isupper() and len(words) <= 4)


def _fragment(part: str) -> list[tuple[str, str]]:
    lower = part.lower()
    if found := _AGE.fullmatch(lower):
        return [("age", found[1])]
    if re.fullmatch(r"(?:she|he|they|ze|xe)/\w+", lower):
        return [("pronouns", part)]
    if lower in DIETS:
        return [("diet", part)]
    if lower in ILLNESSES:
        return [("ill_with", part)]
    if lower in NATIONALITIES:
        return [("nationality", part)]
    if (found := _AT.fullmatch(part)) and _is_post(found["job"]):
        return [("job_title", found["job"]), ("works_at", found["org"])]
    words = lower.split()
    if words and len(words) <= 4 and is_job(words[-1]):
        return [("job_title", part)]
    return []
