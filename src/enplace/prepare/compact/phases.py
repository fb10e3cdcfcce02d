"""Whether a user says that a part of the work is over. Pure, by rules, in English.

It is a hint and no order: a message that asks, doubts, quotes or sets a condition says nothing.
"""

import re
from collections.abc import Iterator
from itertools import islice

MOST_READ = 600
"""Characters of a message that are read: whoever ends something says so at the beginning."""
MOST_SENTENCES = 4
MOST_LABEL = 60
"""Characters of a label."""
NEAR = 3
"""So many clauses behind an end, something else must begin."""

_QUOTED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”", re.DOTALL)
_SENTENCE = re.compile(r"[^.!?\n]+(?:\.(?=\w)[^.!?\n]*)*[.!?\n]*")
_CLAUSE = re.compile(r"[^,;]+")
_DOUBT = re.compile(
    r"\b(?:not|never|almost|nearly|still|but|except|if|when|once|unless|until|till|before|after"
    r"|while|as soon as|tell me|let me know|should|would|could|wrong|error|failed)\b|n't\b",
    re.IGNORECASE,
)
_OPENER = (
    r"(?:(?:ok(?:ay)?|great|good|perfect|fine|nice|super|yes|right|alright|all right|cool|thanks"
    r"|thank you|well|so|and|then|now|i think|looks good)\b[\s,:!-]*){0,3}"
)
_THING = r"(?P<thing>[^,;:?!.]{2,60}?)"

_TOPIC = re.compile(
    _OPENER
    + r"(?:(?:a )?(?:new|next|another|other|different) (?:topic|subject|task|question|matter)"
    r"|(?:a )?change of (?:topic|subject)|switching (?:topics?|subjects?)"
    r"|on (?:another|a different) note|(?:to )?something else)\s*[:,]\s*(?P<next>.*)",
    re.IGNORECASE | re.DOTALL,
)
"""Something else begins, so that what was before is over."""

_OVER = (
    r"(?:all )?(?:done|finished|complete|completed|over|closed|sorted|settled|solved|resolved|fixed"
    r"|merged|deployed|shipped|signed|approved|green|behind us|working(?: again| now)?|in|ready)"
)
_ENDS = tuple(
    re.compile(_OPENER + pattern + r"(?:\s+(?:now|then|again|too|and\b.*))?[\s.!)]*", re.IGNORECASE)
    for pattern in (
        r"(?:we|i)(?:'ve| have)? (?:now )?(?:finished|completed|wrapped up|closed|solved|fixed)"
        rf"(?: off)? {_THING}",
        rf"(?:(?:we|i)(?:'re|'m| are| am) )?(?:all )?(?:done|finished|through) with {_THING}",
        rf"(?:that|this) (?:wraps up|settles|solves|fixes|completes|concludes|takes care of) {_THING}",
        rf"(?:that|this)(?:'s| is) (?:it|all) (?:for|with) {_THING}",
        rf"(?:so much for|enough (?:about|of)) {_THING}",
        rf"(?:i'm|we're|i am|we are) happy with {_THING}",
        rf"(?:that|it|this|all|everything)(?:'s| is| was) (?:now )?{_OVER}",
        rf"{_THING} (?:is|are|has been|have been) (?:now )?{_OVER}",
        r"(?:that|it|this|everything|all) works?",
        rf"{_THING} (?:pass(?:es)?|stands?|works|work again)",
        rf"{_THING} (?:solved|resolved|sorted|done|finished|complete)",
    )
)

_ON = r"(?:to|with|on to|onto|over to|for|at|about|on)"
_WE = r"(?:time to|let'?s(?: now)?|let us(?: now)?|now,? (?:we|i|let'?s)(?:'re| are|'m| am)?)"
_BEGINS = tuple(
    re.compile(_OPENER + pattern + r"[\s.!)]*", re.IGNORECASE)
    for pattern in (
        rf"{_WE} (?:move|moving|go|going|switch|switching|turn|turning|continue|continuing|proceed"
        r"|proceeding|start|starting|begin|beginning|get started|carry on)"
        rf"(?: on| over| our attention)? (?:{_ON} )?(?P<next>.+)",
        rf"(?:moving|going) on {_ON} (?P<next>.+)",
        rf"{_WE} (?:look at|talk about|do|plan|write|tackle|discuss|dive into) (?P<next>.+)",
        r"on to (?P<next>.+)",
        r"(?:now|then),? (?:to|for|about|on to) (?P<next>.+)",
        r"next(?: up| step)?(?: is\b|:|,)\s*(?P<next>.+)",
        r"time for (?P<next>.+)",
    )
)
_BARE = re.compile(
    r"(?:that|it|this|everything|all|things?|you|he|she|they|what|which|who)\b", re.I
)


def phase_ended(text: str) -> str | None:
    """What has ended, in a few words, where a user's message says that a phase is over.

    That is: something is done, and something else begins right behind; or another topic is called.

    Args:
        text: The message, of any length; only its beginning is read.

    Returns:
        A label of at most `MOST_LABEL` characters; None where the message says no such thing.
    """
    said = _QUOTED.sub(" … ", text[:MOST_READ].replace("\u2019", "'"))
    sentences = [found[0].strip() for found in islice(_SENTENCE.finditer(said), MOST_SENTENCES)]
    for sentence in sentences:
        topic = _TOPIC.match(sentence)
        if topic is not None and topic["next"].strip(" .…"):
            return _before(topic["next"])
    clauses = list(_clauses(sentences))
    for at, (clause, sentence) in enumerate(clauses):
        thing = _end(clause, sentence)
        if thing is None:
            continue
        for later, _ in clauses[at + 1 : at + 1 + NEAR]:
            begun = _beginning(later)
            if begun is not None:
                return _label(thing) or _before(begun)
    return None


def _clauses(sentences: list[str]) -> Iterator[tuple[str, str]]:
    """Clauses in order, each with its sentence."""
    for sentence in sentences:
        for found in _CLAUSE.finditer(sentence):
            yield found[0].strip(), sentence


def _end(clause: str, sentence: str) -> str | None:
    """What a clause says is over, empty where it only says that something is; None: nothing."""
    if "?" in sentence or _DOUBT.search(sentence):
        return None
    for pattern in _ENDS:
        found = pattern.fullmatch(clause)
        if found is not None:
            return found.groupdict().get("thing") or ""
    return None


def _beginning(clause: str) -> str | None:
    """What a clause says begins now."""
    if _DOUBT.search(clause):
        return None
    for pattern in _BEGINS:
        found = pattern.fullmatch(clause)
        if found is not None:
            return found["next"]
    return None


def _label(thing: str) -> str:
    """The thing as a label; empty where it is a mere pronoun."""
    label = " ".join(thing.split()).strip(" .!…")
    return "" if _BARE.match(label) else label[:MOST_LABEL]


def _before(begun: str) -> str:
    """A label for what has no name: it is over before something else begins."""
    name = re.split(r"[,:;?!.\n]", begun, maxsplit=1)[0]
    return f"before {' '.join(name.split())}"[:MOST_LABEL].strip()
