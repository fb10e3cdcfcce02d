"""What is over, told without the words it was once told in: partings, deaths, lost jobs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.heads import NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something in a life that began or ended."""

    predicates: tuple[str, ...]
    object: str
    start: int
    end: int
    begins: bool = False


_WITH = rf"(?P<name>(?!I\b){NAME})"
_PATTERNS: tuple[tuple[re.Pattern[str], tuple[str, ...], bool], ...] = (
    (lazy_pattern(rf"\b{_WITH} and (?:I|i|me) (?:have |'ve |are |recently |finally |just |actually )*(?:broke up|broken up|split(?: up)?|separated|parted(?: ways)?|got divorced|divorced|called it quits|are over|aren't together|(?:are )?no longer together|not together)"), ("partner_of", "married_to", "engaged_to", "works_at"), False),
    (lazy_pattern(rf"\b(?:I|i|we)(?:'ve| have)? (?:just |recently |finally )?(?:broke up|broken up|split up|split|parted ways|separated|finished) (?:with|from) (?:my \w+,? )?{_WITH}"), ("partner_of", "married_to", "engaged_to", "works_at"), False),
    (lazy_pattern(rf"\b{_WITH} (?:dumped|left) me\b|\b{_WITH.replace('?P<name>', '?P<name2>')} is my ex\b"), ("partner_of", "married_to", "engaged_to"), False),
    (lazy_pattern(rf"\b{_WITH} and (?:I|i|me) (?:have |'ve |are |recently |finally |just )*(?:got married|tied the knot|married|are married|eloped)"), ("married_to",), True),
    (lazy_pattern(rf"\b{_WITH} and (?:I|i|me) (?:have |'ve |are |recently |finally |just )*(?:got engaged|are engaged|engaged)"), ("engaged_to",), True),
    (lazy_pattern(rf"\b{_WITH} and (?:I|i|me) (?:have |'ve |are |recently |just )*(?:are dating|started dating|dating|seeing each other|a couple|together now|an item)"), ("partner_of",), True),
    (lazy_pattern(rf"\b{_WITH}(?:'s| is| has)? (?:(?:sadly|finally|recently|just|peacefully) )*(?:died|passed away|passed|dead|gone(?!\s+(?:to|for|home|back|out))|no longer with us)\b"), ("has_pet",), False),
    (lazy_pattern(rf"\b(?:put|had to put) {_WITH} (?:down|to sleep)\b|\brehomed {_WITH.replace('?P<name>', '?P<name2>')}|\bgave {_WITH.replace('?P<name>', '?P<name3>')} away"), ("has_pet",), False),
    (lazy_pattern(r"\b(?:i|we)(?:'ve| have)? (?:just |recently |finally |actually )?(?:quit|lost|left|handed in my notice at|resigned from|packed in) (?:my|the) (?:job|position|post|role)\b|\bi(?:'m| am)? (?:was |got |been |have been |just got |now )*(?:unemployed|out of work|between jobs|laid off|made redundant|fired|sacked|let go|retired)\b|\bi(?:'ve| have)? (?:just |recently |finally )?retired\b|\bhanded in my (?:uniform|badge|notice)\b", re.IGNORECASE), ("works_at", "job_title"), False),
    (lazy_pattern(r"\b(?:i|we)(?:'ve| have)? (?:just |recently |finally )?(?:sold|scrapped|wrote off|totalled|got rid of|gave away) (?:my|our|the) (?P<name>(?:[\w-]+ ?){1,3}?)(?=$|[,.;!?]| and| last| because| so| to| in| for| on| yesterday| this)", re.IGNORECASE), ("drives", "owns"), False),
)  # fmt: skip


def endings(text: str) -> Iterator[Turn]:
    """What a sentence tells to have begun or ended between two people, or at work."""
    for pattern, predicates, begins in _PATTERNS:
        for found in pattern.finditer(text):
            groups = found.groupdict()
            name = groups.get("name") or groups.get("name2") or groups.get("name3") or ""
            if re.match(r"(?:My|The|This|She|He|It|That|They)\b", name):
                continue
            yield Turn(
                predicates=predicates,
                object=name.strip(),
                start=found.start(),
                end=found.end(),
                begins=begins,
            )
