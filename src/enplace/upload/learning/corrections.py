"""What somebody takes back: the claim that was a mistake, and what stands instead.

The right value is laid beside the latest claim whose object is of its type: a date beside a date, a
number beside a number, a name beside a name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.words import fold
from enplace.upload.learning.claims import Claim
from enplace.upload.learning.language.heads import NAME
from enplace.upload.learning.language.lexicon import MONTH_NAMES, worded
from enplace.upload.learning.language.sentences import Sentence
from enplace.upload.learning.scene import Scene, is_single

_OPENS = lazy_pattern(
    r"\W*(?:(?:no+|nope|nah|ah|oh|oops|whoops|argh|ugh|wait|hang on|hold on|sorry|pardon|well)\W+)*"
    r"(?:no+,|nope\b|nah\b|oops\b|whoops\b|argh\b|oh dear\b|excuse me\b|(?:that's|that is|that was) (?:not (?:right|correct|true)|wrong)|on second thoughts?|sorry,|wait\b|hang on\b|hold on\b|(?:scratch|strike|forget) (?:that|what)\b"
    r"|correction\b|typo\b|autocorrect\b|i mean\b|i meant\b|make that\b|er,|erm\b|edit:|wrong\b|my (?:bad|mistake)\b|no sorry\b"
    r"|sorry (?:i meant|that|it|i mean|she|he|\d)|actually,? (?:it's|i meant|no\b|that)|let me correct|apologies\b|not \w+, |\*)",
    re.IGNORECASE,
)
_TAKES_BACK = lazy_pattern(
    r"\b(?:typo|autocorrect\w*|misspoke|mistyped|misspel\w+|misread|misremembered|misheard|(?:mix(?:ed|ing)|muddled) (?:\w+ )?(?:\w+ )?up|(?:\w+ )?mixed up|(?:is|was|'s|are) (?:wrong|incorrect)|incorrectly|wrongly|of course i mean|my mistake|i was wrong"
    r"|(?:got|had|wrote|spel\w+|typed|told you|counted|calculated) (?:[\w' ]{1,25}? )?wrong|miscounted|have to correct|correct (?:that|myself)|(?:that|which) (?:was|is|'s) (?:wrong|not right|incorrect)"
    r"|i (?:said|wrote|typed|told you|put) .{1,40}? but|should have (?:said|been|read|written)|should (?:be|read)|not what i (?:meant|said)|forget what i said"
    r"|i meant|wrong (?:name|number|day|date|year)|slip of the|what i meant)\b",
    re.IGNORECASE,
)
_CONTRAST = lazy_pattern(
    r"(?P<new>[^,.;:!?()]{1,50}?),? (?:and )?not (?:in |at |on |the |a |an |my )?(?P<old>[^,.;:!?()]{1,40}?)(?=$|[,.;!?(])"
    r"|\bnot (?:in |at |on |the |a |an |from |to )?(?P<old2>[\w'.-]+(?: [\w'.-]+){0,2}?)(?:[,;!]| but) (?:but |rather |it's |it is |she's |he's )*(?P<new2>[^,;!?()]{1,40}?)(?=$|[,.;!?(])",
    re.IGNORECASE,
)
_MEANT = lazy_pattern(
    r"\b(?:i meant(?: to (?:say|write|type))?|i mean|make that|(?:should|must|has to|ought to) (?:be|read|say)|should have (?:been|said|read|written)|correction:?|the right \w+ is"
    r"|(?:it|that|this|he|she|name|number|date|one|day)(?:'s| is| was)(?: called| actually| really| in fact)?|with an? \w+(?:,? please)?:?|so)"
    r"\s+(?:in |at |on |the |an? |really |actually )*(?P<new>[^,;!?()]{1,50}?)(?=$|[,;!?(]|\.(?:\s|$))",
    re.IGNORECASE,
)
_SAID = lazy_pattern(
    r"\bi (?:said|wrote|typed|told you|put)(?: that)? (?P<old>[^,;]{1,40}?)(?:,| but)",
    re.IGNORECASE,
)
_LEAD = lazy_pattern(
    r"^\W*(?:(?:let me correct (?:myself|that|it)|(?:that's|that is|that was) (?:not (?:right|correct|true)|wrong)|excuse me|of course|on second thoughts?|no+|nope|nah|ah|oh|sorry|oops|whoops|argh|ugh|wait|hang on|hold on|scratch that|strike that|correction|typo|autocorrect|i mean|i meant|actually"
    r"|rather|make that|er|erm|edit|wrong|my mistake|my bad|it's|it is|its|the)\b\W*)+|^\s*\*",
    re.IGNORECASE,
)
_MONTH = rf"(?:{'|'.join(MONTH_NAMES)})"
_NUMBER_WORDS = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
)
_TYPES: tuple[re.Pattern[str], ...] = (
    lazy_pattern(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    lazy_pattern(r"\+?\d[\d ()/-]{5,}\d"),
    lazy_pattern(rf"\b(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b(?: \d{{4}})?|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?|\b\d{{4}}-\d\d-\d\d\b", re.IGNORECASE),
    lazy_pattern(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", re.IGNORECASE),
    lazy_pattern(r"\b(?:19|20)\d\d\b"),
    lazy_pattern(rf"\b\d+(?:[.,]\d+)?(?: ?(?:mg|m|cm|kg|km|g|ml))?\b|\b{_NUMBER_WORDS}\b", re.IGNORECASE),
)  # fmt: skip
"""Addresses, telephone numbers, dates, days, years, numbers."""
_NAME = lazy_pattern(NAME)
ALIKE = 0.5
"""How much of its letters a misspelt name shares with the right one."""
_NOT_VALUES = worded(
    "wrong right that this it true so not what all same me him her you sure sorry fine"
)


def corrects(text: str) -> bool:
    """Whether somebody takes back what was said."""
    return bool(_OPENS.match(text) or _TAKES_BACK.search(text))


def corrected(
    sentence: Sentence, found: Sequence[Claim], scene: Scene, *, cue: bool
) -> Iterator[Claim]:
    """The claims of a sentence, with what they take the place of.

    Args:
        sentence: That claims them.
        found: In order.
        scene: What was claimed before.
        cue: Something in the message takes back what was said.
    """
    contrast = _CONTRAST.search(sentence.text)
    if (
        cue
        and (said := _SAID.search(sentence.text))
        and (meant := _MEANT.search(sentence.text, said.end()))
    ):
        found = [_at_once(claim, said["old"], _bare(meant["new"])) for claim in found]
    if not scene.standing or not (cue or contrast):
        yield from found
        return
    holds = False
    for claim in found:
        if claim.predicate == "statement" and cue:
            continue  # "I spelled his name wrong"
        if claim.holding != "holds" or not cue:
            yield claim
            continue
        wrong = _wrong(claim, scene)
        holds = True
        yield replace(claim, instead_of=wrong.object) if wrong else claim
        yield from _mistaken(claim, sentence, scene)
    if not holds:
        yield from _put_right(sentence, scene, found, cue=cue)


def _at_once(claim: Claim, said: str, meant: str) -> Claim:
    """`I said my boss is Ann but I meant Jan`: what was said is told again and put right."""
    value = _put(claim.object, meant, "") if fold(claim.object) in fold(said) else ""
    return replace(claim, object=value) if value else claim


def _wrong(claim: Claim, scene: Scene) -> Claim | None:
    """The claim in the same place that was a mistake."""
    for old in reversed(scene.said):
        same_sort = is_single(claim) or bool(claim.kin and old.kin == claim.kin)
        differs = old.shares_place(claim) and fold(old.object) != fold(claim.object)
        if differs and (same_sort or _alike(old.object, claim.object)):
            return old
    return None


def _mistaken(claim: Claim, sentence: Sentence, scene: Scene) -> Iterator[Claim]:
    """The same said of somebody else, or of the same one in another way: it was never so."""
    for old in scene.said:
        swapped = (
            old.predicate == claim.predicate
            and old.subject != claim.subject
            and fold(old.object) == fold(claim.object)
        )
        other_tie = (
            bool(claim.kin and old.kin)
            and old.predicate != claim.predicate
            and fold(old.object.split(" (")[0]) == fold(claim.object.split(" (")[0])
        )
        if swapped or other_tie:
            yield replace(old, start=claim.start, end=claim.end, rule="mistaken", holding="never")


def _put_right(
    sentence: Sentence, scene: Scene, found: Sequence[Claim], *, cue: bool
) -> Iterator[Claim]:
    """A claim of before with the value that is told now."""
    for new, old in _values(sentence.text, cue=cue):
        for wrong in _candidates(scene, old):
            value = _put(wrong.object, new, old)
            known = any(value == claim.object for claim in found)
            if value and fold(value) != fold(wrong.object) and not known:
                yield replace(wrong, object=value, start=sentence.start, end=sentence.end,
                                  rule=f"correction:{wrong.rule}", instead_of=wrong.object, sentence="")  # fmt: skip
                return


def _values(text: str, *, cue: bool) -> Iterator[tuple[str, str]]:
    """What is right, and what was wrong, where a sentence tells them."""
    said = _SAID.search(text)
    named = said["old"].strip(" '\"") if said else ""
    for found in _CONTRAST.finditer(text):
        new = _bare(found["new"] or found["new2"] or "")
        old = (found["old"] or found["old2"] or "").strip(" .'\"")
        if new and old:
            yield new, old
    if not cue:
        return
    for found in _MEANT.finditer(text):
        if new := _bare(found["new"]):
            yield new, named
    for part in re.split(r"[,;:!?.]\s+", _LEAD.sub("", text)):
        if new := _bare(part):
            yield new, named


def _bare(text: str) -> str:
    text = _LEAD.sub("", text.strip(" .'\"*!"))
    text = re.sub(
        r"^(?:i'm|i am|he's|she's|we're|that's|they're|they are|called|named|in|at|on|from|for|to)\s+(?:actually\s+|in\s+)?",
        "",
        text,
        flags=re.IGNORECASE,
    )
    return "" if fold(text) in _NOT_VALUES or len(text.split()) > 6 else text.strip(" .'\"")


def _candidates(scene: Scene, old: str) -> list[Claim]:
    """The claims that may be meant, the likeliest first."""
    if old:
        wrong = fold(old)
        return [c for c in reversed(scene.standing) if wrong and wrong in fold(c.object)]
    return list(reversed(scene.said[-6:]))


def _put(held: str, new: str, old: str) -> str:
    """An object with its wrong part put right; empty where the two are of different types."""
    for pattern in _TYPES:
        right = pattern.search(new)
        wrong = pattern.search(held)
        if right and wrong:
            return held[: wrong.start()] + right.group() + held[wrong.end() :]
        if right:
            return ""
    name = _NAME.search(new)
    if old and fold(old) in fold(held):
        value = name.group() if name and not new[:1].islower() else new
        swapped = re.sub(re.escape(old), lambda _: value, held, flags=re.IGNORECASE)
        return swapped if len(new.split()) <= 4 else ""
    if not name or not _NAME.match(held):
        return ""
    if _alike(name.group(), held):
        return name.group()
    return (
        name.group()
        if _NAME.fullmatch(held) and len(new.split()) <= len(name.group().split()) + 3
        else ""
    )


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, fold(one), fold(other)).ratio() > ALIKE
