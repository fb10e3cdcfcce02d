"""What of a message is the speaker's own word. Everything else is blanked, and gives no evidence.

Blanks keep the length of the text, so that every later place is a place in the original.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from enplace.records.lazy_pattern import lazy_pattern

_FENCE = lazy_pattern(r"\"\"\".*?(?:\"\"\"|\Z)|```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_INLINE = lazy_pattern(r"`[^`\n]+`")
_INJECTED = lazy_pattern(
    r"<(?P<tag>[\w-]*(?:memor|recall|note|file|seen|handoff|soul|context|remind|system|instruction|document"
    r"|tool|untrusted|data|history|skill|agent|hook|command)[\w-]*)\b[^>]*>.*?(?:</(?P=tag)>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_MARKUP = lazy_pattern(r"<!--.*?(?:-->|\Z)|<[a-z/!][^<>]{0,300}>", re.DOTALL | re.IGNORECASE)
_CITED = lazy_pattern(r"^[ \t]*(?:>|\|).*$", re.MULTILINE)
_QUOTED = lazy_pattern(
    r"(?<![\w\"])\"[^\"\n]{2,2000}\"|\u201c[^\u201d]{2,2000}[\u201d\u201c]|\u201e[^\u201c\u201d]{2,2000}[\u201c\u201d]"
    r"|\u00ab[^\u00bb]{2,2000}\u00bb|\u300c[^\u300d]{2,2000}\u300d|\u300e[^\u300f]{2,2000}\u300f|(?<![\w'])'[^'\n]{2,40}(?:\w'\w[^'\n]*)*[.!?,]?'(?![\w'])"
)
_TRANSCRIPT = lazy_pattern(
    r"^[ \t]*(?:[\[(*#-]{1,9}[ \t]*)?(?:user|assistant|system|ai|human|bot|developer|admin|operator|tool"
    r"|from|to|subject|re|sent|date|cc|on .{3,80} wrote)[\])*]*[ \t]*:.*$",
    re.MULTILINE | re.IGNORECASE,
)
_SCRIPT = lazy_pattern(
    r"\b(?:me|witness|caller|traveller|customer|patient|client|narrator|interviewer|interviewee|agent|officer|doctor|nurse|host|guest|buyer|seller|q|a|[a-z]+ [12])[ \t]*:[ \t]*(?=i\b|i'|my\b|hi\b|hello\b|good\b)[^\n]*",
    re.IGNORECASE,
)
_AUTHORITY = lazy_pattern(
    r"(?:^|\n)[ \t]*(?:[\[<(#*]{1,9}[ \t]*)(?:system|developer|admin|operator|root|policy|override|instruction|cron|subagent|sub-agent"
    r"|automated|heartbeat|scheduler|context|task|boot|agent|internal|hidden|assistant|memory|webhook|notification)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_PASTED = lazy_pattern(
    r"\b(?:translate|proof-?read|summari[sz]e|shorten|shorter|rephrase|reword|rewrite|paraphrase|polish"
    r"|improve|edit|check|correct|fix|analy[sz]e|explain|classify|parse|convert|review|comment on|read"
    r"|reply to|respond to|answer|got|found|received|pasted?|copied|forwarded|sent|wrote|writes|write"
    r"|says?|said|goes|reads?|quote|lyrics?|poem|story|joke|article|essay|abstract|paragraph|passage"
    r"|sentence|text|excerpt|snippet|chapter|email|e-mail|mail|letter|message|review|tweet|post|comment"
    r"|transcript|minutes|log|logs|output|error|trace|prompt|readme|page|website|site|docs?|bio|profile"
    r"|ad|advert|slogan|headline|caption|draft|template|example|testimonial|cv|dialogue|ticket|note|wikipedia|forum|reddit|statement|tale|interview|excerpt|survey|feedback|classify|label|bullet points|subtitles?|scene|line|reply|complaint|request|customer|client|patient|case study)\b"
    r"[^\n.!?:]{0,80}:(?!\w)[ \t]*\n*"
)
_LETTER = lazy_pattern(
    r"(?<=\n)[ \t]*(?:Dear|Hello|Hi|Good (?:morning|afternoon|day)|To whom)\b[^\n]{0,40}[,:]\s*\n.*",
    re.DOTALL,
)
_RULED = lazy_pattern(
    r"^[ \t]*(?:-{3,}|={3,}|\*{3,}|_{3,})[ \t]*$.*?(?:^[ \t]*(?:-{3,}|={3,}|\*{3,}|_{3,})[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_SHOUTED = lazy_pattern(r"^[^\w\n]{0,20}(?:BEGIN|END|IMPORTANT|NOTICE|ATTENTION|WARNING|OVERRIDE|NEW POLICY)\b.*$",
                      re.MULTILINE)  # fmt: skip
_OWN_LIST = lazy_pattern(
    r"\b(?:what i (?:love|like|hate|read|said|meant|need)|mix(?:ed|ing) |wrong|mistake|incorrect\w*|correct (?:that|it|myself)|correction|typo|misspel\w+|spel\w+|should (?:be|read)|meant|decided|decision|settled|i (?:should|must|have to|want to) (?:add|mention|admit|confess|say)|confess\w*|news|update|truth|thing|fact|reason|problem is|hobbies|languages|i(?:'ve| have) got (?:two|three|four|five|six|a|an) (?:\w+ )?(?:kids|children|cats|dogs|sons|daughters|brothers|sisters|allergies|jobs)|when(?:ever)? you|always|from now on|about me|about myself|i like|things i|i'm |i am |some facts|fyi|for context|background"
    r"|my (?:allergies|hobbies|languages|kids|pets|details|address|number|job|name|rules?|preferences?))\b",
    re.IGNORECASE,
)
_LEFTOVER = lazy_pattern(r"[A-Za-z0-9+/=]{60,}|(?:[0-9a-f]{2}[ :]){12,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A text with what is not the speaker's own word blanked."""

    text: str
    """As long as the original."""
    blanked: tuple[tuple[int, int, str], ...] = field(default=())
    """Characters [start, end) and why, in order of what was found first."""


def mask(text: str) -> Masked:
    """Blank what the engine injected, code, citations, quotations and pasted text."""
    plain = text.translate(_PLAIN)
    blanked: list[tuple[int, int, str]] = []
    for reason, start, end in _foreign(plain):
        if plain[start:end].strip():
            blanked.append((start, end, reason))
    own = list(plain)
    for start, end, _ in blanked:
        for place in range(start, end):
            if own[place] != "\n":
                own[place] = "\x00"
    return Masked(text="".join(own), blanked=tuple(blanked))


_PLAIN = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00a0": " ", "\t": " "})


def _foreign(text: str) -> Iterator[tuple[str, int, int]]:
    for reason, pattern in (
        ("injected", _INJECTED),
        ("code", _FENCE),
        ("code", _INLINE),
        ("injected", _AUTHORITY),
        ("quoted", _CITED),
        ("quoted", _RULED),
        ("quoted", _LETTER),
        ("quoted", _TRANSCRIPT),
        ("quoted", _SCRIPT),
        ("quoted", _SHOUTED),
        ("code", _MARKUP),
        ("code", _LEFTOVER),
    ):
        for found in pattern.finditer(text):
            yield reason, found.start(), found.end()
    for found in _QUOTED.finditer(text):
        if _is_speech(found.group()):
            yield "quoted", found.start(), found.end()
    done = 0
    for found in _PASTED.finditer(text.lower()):
        if found.start() < done:
            continue
        line = text.rfind("\n", max(0, found.start() - LEAD), found.start()) + 1
        if not _OWN_LIST.search(text, max(line, found.start() - LEAD), found.end()):
            end = text.find("\n\n", found.end())
            done = len(text) if end < 0 else end
            yield "quoted", found.end(), done


LEAD = 200
"""Characters of a line in front of a colon that tell whose the words behind it are."""


def _is_speech(quoted: str) -> bool:
    """Whether a quotation says something; a single name or title does not."""
    inner = quoted[1:-1].split()
    if len(inner) == 1 and len(quoted) > 10 and not quoted.isascii():
        return True  # a script without spaces
    if all(
        word[:1].isupper() or word in {"of", "the", "and", "a", "in", "on", "to", "for"}
        for word in inner
    ):
        return "I" in inner or "My" in inner  # a title
    return len(inner) > 2 or any(
        word.lower() in {"i", "i'm", "my", "always", "never"} for word in inner
    )
