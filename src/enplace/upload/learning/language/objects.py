"""Where the object of a phrase ends, and which of several it names."""

import re
from collections.abc import Callable, Mapping
from typing import Literal

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.heads import NAME
from enplace.upload.learning.language.lexicon import (
    KIN,
    LANGUAGES,
    MONTH_NAMES,
    NOT_JOBS,
    is_job,
    worded,
)

Kind = Literal[
    "place", "org", "job", "name", "names", "thing", "things", "languages", "clause", "date",
    "value", "word",
]  # fmt: skip
"""What sort of object a frame takes."""

_NUMBER = (
    r"(?:\d[\d.,]*|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
    r"|forty|several|many|some|a few|a couple of|couple of|half a|half|ages|years|decades|over|about|almost|nearly|more than|the (?:past|last|next|time being|moment|summer|winter|whole|rest))"
)
_CUT = lazy_pattern(
    r"\s*[,;:()!?\u2026\x00\"]|\.(?:\s|$)|\s-+\s|\s/\s|\s(?:[:;]-?[()DP])"
    rf"|\s+(?:now|nowadays|currently|these days|at (?:the )?(?:moment|present|weekends?)|atm|right now|since|until|till|til|while|when|whenever|because|cos|cuz|coz"
    r"|so|but|though|although|tho|which|who|whom|whose|where|that(?!\s+one)|as (?:well|of|it|we|i|they|he|she|from|a|an|my|our)|if|after|before|btw"
    r"|by the way|anyway|anyways|lol|haha|hehe|too|again|already|instead|actually|originally|please|pls|plz|tbh|imo|ago|yet|once|thanks|thx|ok|okay|right|really|at all"
    rf"|for (?:{_NUMBER}|good|ever|now|my|work|school|uni|the)|during|over the|from (?:now|here|then|next|this|the|monday|tuesday|wednesday|thursday|friday|saturday|sunday|\d|{'|'.join(MONTH_NAMES)})\b"
    rf"|and\s+(?:i|i'm|i've|we|we're|my|our|it|it's|he|she|they|that|this|then|now|so|also|am|have|was|were|is|are|can|can't|need|want|wanna|got|do|don't|would|will|could|not|never|just|has|had|he's|she's|work|live|love|hate|like|play|study|speak|moved|started|looking|trying|wondering|keep|think|feel|usually|always|still|the|what|how|everyone|nobody|people|there)\b"
    rf"|last|this (?:year|month|week|morning|summer|winter|spring|autumn|fall|weekend|time|afternoon|evening)|next|yesterday|today|tomorrow|tonight|every|each|twice|daily|weekly|early|late"
    rf"|in (?:\d{{4}}|{'|'.join(MONTH_NAMES)}|the (?:summer|winter|spring|autumn|fall|end|meantime|morning|evening|evenings|mornings|past|last|meanwhile)|a (?:week|month|year|few)|two|three|\d+ (?:days|weeks|months|years)|general|fact|case|total|advance)\b"
    rf"|on (?:the weekend|monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekdays|weekends|the \d|\d|{'|'.join(MONTH_NAMES)})"
    r"|with (?:my|our|his|her|their|a|an|the|two|three|no|some|me|us|him|them)|without|by (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|the|next|then|now|tomorrow|\d)|to (?:be|do|get|make|see|have|go|keep|help|work|try|save|find|learn|study|live|stay|earn|pay|the point)|only|myself|alone|together|since)\b",
    re.IGNORECASE,
)
_ARTICLE = lazy_pattern(
    r"(?:an?|the|my|our|his|her|their|some|any|this|that|these|those)\s+", re.IGNORECASE
)
_SPLIT = lazy_pattern(
    r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|&|plus|as well as)\s+(?:also\s+)?|\s*/\s*|\s*\+\s*"
)
_NAME = lazy_pattern(NAME)
_EMPTY = worded(
    "it that this them these those one ones you your me him her us everything anything nothing something"
    " someone everyone everybody nobody people things stuff here there both all what how so to be do"
)
_POINTING = lazy_pattern(
    r"(?:it|that|this|these|those|them|you|your|yours|what|how|the (?:first|second|third|last|other|way|idea|one|new version|fact|sound|look|above|answer|suggestion|result|example|option)|to (?:know|see|ask|add|hear|make|have|get|change|use|think|say)|when|if|being able)\b",
    re.IGNORECASE,
)


def objects(kind: Kind, text: str) -> list[str]:
    """What a phrase names; empty where it names nothing that could be kept."""
    return _BY_KIND[kind](text)


def first_part(text: str) -> str:
    """A text up to where something else begins."""
    cut = _CUT.search(" " + text)
    part = text[: max(0, cut.start() - 1)] if cut else text
    aim = _AIM.search(part)
    return (part[: aim.start()] if aim else part).strip(" .'\u0000")


_AIM = lazy_pattern(r"(?<=\w)\s+to\s+(?!the\b|my\b|me\b)[a-z]+")
"""What something is for: `to replace`."""


_CALLED = lazy_pattern(
    r"(?:an?|the|our)\s[^,.;:!?()]{2,40}?\s(?:called|named)\s+(?=[A-Z\u00c0-\u00de])"
)
"""What comes before its name: `a small village in the hills called`."""


def _place(text: str) -> list[str]:
    text = _CALLED.sub("", text, count=1) if _CALLED.match(text) else text
    text = re.sub(
        r"^(?:the (?:city|town|village|suburbs?|outskirts|middle|centre|center|north|south|east|west|countryside) of|downtown|central|north|south|east|west|beautiful|sunny|rainy|good old|old|little|here in|this)\s+(?=[A-Z\u00c0-\u00dea-z])",
        "",
        text,
    )
    name = _proper(
        text, joints=r"(?:de|la|le|las|los|del|di|am|an der|upon|on|of|the|sur|der|den|o')"
    )
    if name:
        return [name]
    part = _bare(first_part(text))
    words = part.split()
    if not words or len(words) > 3 or words[0].lower() in _NOT_PLACES or not words[0].isalpha():
        return []
    return [part] if part.lower() not in _EMPTY else []


_NOT_PLACES = worded(
    "a an the my our your his her their this that it general case fact mind love bed pain trouble order time"
    " charge need touch doubt person town total between peace luck shape progress detail what which some any"
    " all front school college uni university home work office kitchen house flat apartment rush hurry mood middle"
    " class english french german spanish python java javascript excel word sql red blue cash advance theory"
    " practice public private fear denial shock debt tears paper writing for with from two three four five one"
    " me us them you him mine here there where how why when if so and or not is was sync position"
)


def _proper(text: str, joints: str = r"(?:de|of|&|and|the|for|la|du|van|von|und|der|am)") -> str:
    """The words with a capital that a text begins with."""
    word = r"(?:[A-Z\u00c0-\u00de\u0141][\w'\u00c0-\u024f.&+-]*|St\.|\d+(?:[a-z]{2})?)"
    found = re.match(
        rf"{word}(?:\s+(?:{joints}\s+)?{word}|,\s(?=[A-Z][a-z]+(?:$|[.,!?]))[A-Z][a-z]+|\s&\s{word})*",
        text,
    )
    if not found or not found.group()[0].isalpha():
        return ""
    name = found.group().rstrip(".'-")
    return re.sub(r"(?:\s(?:I|I'm|And|But|The|My)|'s)$", "", name)


def _org(text: str) -> list[str]:
    text = _CALLED.sub("", text, count=1) if _CALLED.match(text) else text
    text = re.sub(
        r"^(?:a |an )?(?:company|startup|firm|place|shop|cafe|restaurant|school|bank|small company|big company) (?:called|named)\s+",
        "",
        text,
    )
    bare = re.sub(r"^(?:[Tt]he|our|my|a|an)\s+", "", text)
    name = _proper(bare)
    if name:
        return [name]
    part = first_part(text)
    words = part.split()
    if not words or len(words) > 6 or words[0].lower() in _NOT_ORGS or part.lower() in _EMPTY:
        return []
    return [_bare(part)]


_NOT_ORGS = worded(
    "it this that them you me him her home night nights least first all work it's something things my your"
    " which what weekends once what's moment sea noon midnight dawn hand heart best what risk ease odds peace play"
)


def _job(text: str) -> list[str]:
    """A job, with what makes it particular: `senior dev`, `professor of history`."""
    part = re.split(
        r"\s+(?:at|for|with|by|from|in|on|near|based|working|who|and)\s+", first_part(text)
    )[0]
    of = re.match(r"((?:\S+\s+){0,3}?\S+)\s+of\s+(.+)", part)
    words = (of[1] if of else part).lower().replace("-", " ").split()
    if not words or len(words) > 6:
        return []
    last = words[-1].strip(".'")
    if words[0] in {"my", "our"} and words[-1] not in KIN:
        words, part = words[1:], part.split(maxsplit=1)[-1]
    if (
        not words
        or words[0] in {"my", "our", "his", "her", "their", "your", "not", "no"}
        or re.search(r"\b(?:me|us|it)\b", part)
    ):
        return []
    if words[0] in {"my", "our", "his", "her", "their", "your", "not", "no"} or re.search(
        r"\b(?:me|us|it)\b", part
    ):
        return []
    known = is_job(last) or (len(words) > 1 and is_job(words[-1])) or (last == "person")
    return [part.strip()] if known and last not in NOT_JOBS else []


def _name(text: str) -> list[str]:
    found = _NAME.match(text.lstrip(" ,:(-\"'"))
    if found:
        return [found.group().rstrip(".,'")]
    word = re.match(
        r"[\s,:(-]*([a-z][a-z-]{2,15})(?=\s*(?:$|[.,;!?)]|and\b|is\b|'s\b|who\b|has\b|from\b|btw\b))",
        text,
    )
    return [word[1]] if word and word[1] not in _NOT_NAMES and word[1] not in KIN else []


_NOT_NAMES = _EMPTY | worded(
    "not now fine good great okay sure back home tired sick done ready happy sorry busy late right wrong late"
    " married engaged dating working living going looking trying vegan very really quite just also still old"
    " years year today tomorrow the and but she who from with for was has had very coming leaving away gone"
    " dead pregnant upset angry mad sad lovely nice kind funny amazing abroad ill better here there him her"
)


def _names(text: str) -> list[str]:
    text = re.sub(r"^[\s,:(-]*(?:are|is|called|named|both|all)?\s*", "", text)
    found: list[str] = []
    for part in _SPLIT.split(re.split(r"[.;!?()\x00]|\s-+\s", text)[0]):
        name = _NAME.match(part.strip())
        if not name:
            break
        found.append(name.group().rstrip(".,'"))
        if len(name.group()) < len(part.strip()):
            break
    return found or _name(text)


def _thing(text: str) -> list[str]:
    if _POINTING.match(text):
        return []
    part = _bare(first_part(text))
    if not part or part.lower() in _EMPTY or len(part.split()) > 8 or not re.search(r"\w", part):
        return []
    return [part]


def _things(text: str) -> list[str]:
    """Several: `rain, brutalism and salt liquorice`."""
    if _POINTING.match(text):
        return []
    stretch = re.split(r"[.;!?()\x00]|\s-+\s", text)[0]
    found: list[str] = []
    for part in _SPLIT.split(stretch):
        thing = _thing(part.strip()) if part.strip() else []
        if not thing or (found and _opens_clause(part)):
            break
        found += thing
        if len(first_part(part)) < len(part.strip(" .")):
            break
    return found


_CLAUSE = lazy_pattern(
    r"\s*(?:whereas|while|neither|nor|i|we|he|she|they|it|my|our|but|so|then|which|who|can|could|what|how|is|are|was|do|does|please|want|need|give|make|"
    r"write|help|suggest|any|got|trying|looking|not|no|maybe|because|if|when|for|thanks|don't|it's|i'm|that|this|there|and i|sadly|obviously|ideally|preferably|especially|plus)\b",
    re.IGNORECASE,
)


def _opens_clause(text: str) -> bool:
    return bool(_CLAUSE.match(text))


def _languages(text: str) -> list[str]:
    words = re.findall(
        r"[a-z\u00c0-\u024f-]+",
        re.split(
            r"[.;!?()\x00]|\bbut\b|\bwant\b|\blearning\b|\bnot\b|\bso\b|\bwhile\b|\bbecause\b",
            text.lower(),
        )[0],
    )
    return [word.capitalize() for word in words if word in LANGUAGES]


def _clause(text: str) -> list[str]:
    part = re.split(
        r"[,;!?()\x00]|\.(?:\s|$)|\s-+\s|\s(?:because|cos|but|so (?:i|we|can|what|how|please)|which|though|and (?:i|we|my|need|want|can|would))\b",
        text,
    )[0].strip(" .'")
    return (
        [part]
        if len(part.split()) >= 1 and part.lower() not in _EMPTY and not _POINTING.match(part)
        else []
    )


def _date(text: str) -> list[str]:
    part = re.split(
        r"[;!?()\x00]|\.(?:\s|$)|\s(?:and|but|so|which|at|because)\b|,\s(?!\d{4})", text
    )[0].strip(" .,'")
    return (
        [re.sub(r"^(?:on|the|in)\s+", "", part)]
        if re.search(r"\d", part) and len(part) < 40
        else []
    )


def _value(text: str) -> list[str]:
    part = re.split(
        r"[,;!?()\x00]|\.(?:\s|$)|\s(?:and|but|so|if|for|now|because|btw|these days|since|as of)\b",
        text,
    )[0].strip(" .,'")
    return [part] if part and len(part.split()) <= 8 and part.lower() not in _EMPTY else []


def _word(text: str) -> list[str]:
    found = re.match(r"[\w'/-]+", text)
    return [found.group()] if found and found.group().lower() not in _EMPTY else []


def _bare(part: str) -> str:
    return (
        _ARTICLE.sub("", part, count=1).strip(" .,'")
        if _ARTICLE.match(part)
        else part.strip(" .,'")
    )


_BY_KIND: Mapping[Kind, Callable[[str], list[str]]] = {
    "place": _place,
    "org": _org,
    "job": _job,
    "name": _name,
    "names": _names,
    "thing": _thing,
    "things": _things,
    "languages": _languages,
    "clause": _clause,
    "date": _date,
    "value": _value,
    "word": _word,
}
