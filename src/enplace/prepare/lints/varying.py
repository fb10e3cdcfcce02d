"""What of a prompt is another one each time it is made: the moment, ids, who is logged in.

A date or an id alone says nothing: laws have dates, formats have examples. What gives it away is a
label beside it, such as `today is` or `session:`, and that it is not introduced as an example.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from enplace.prepare.lints.moments import moments_in, states_release
from enplace.prepare.lints.passages import passages

# --- ids ------------------------------------------------------------------------------------------

_IDS = re.compile(
    r"\b(?:session|request|req|trace|span|correlation|conversation|chat|thread|turn|run|invocation"
    r"|execution|transaction|nonce|seed|visitor|user|customer|account|client|member|patient|ticket|case"
    r"|order|booking|sitzung|benutzer|nutzer|kunden?|usuario|cliente|sesión)"
    r"(?:[ _-]?(?:id|uuid|guid|number|num|no\.?|nr\.?|key|token|nummer))?"
    r"\s{0,2}(?:is\s|ist\s|es\s|[:=#(])\s{0,2}[\"'<(\[#]?([A-Za-z0-9][\w-]{4,})",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?:session|run|user|customer|account|client|member|ticket|case|order)\s(#?\d{5,})\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b(?:ip(?: address)?|user[- ]agent)\W{1,3}(?:is )?(?:\d+\.\d+\.\d+\.\d+|Mozilla)",
    re.IGNORECASE,
)
_PREFIXED = re.compile(
    r"\b((?:req|conv|sess|session|msg|thread|run|trace|chatcmpl|usr|cus|cust)[_-][A-Za-z0-9]{8,})\b"
)


def _is_random(value: str) -> bool:
    """Whether somebody counted or drew it: `48213` and `req_8fK2mQ7x`, but not `8-digit`."""
    digits = sum(c.isdigit() for c in value)
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(value))
    return digits >= 5 or (len(value) >= 8 and digits >= 2 and changes >= 3)


# --- people ---------------------------------------------------------------------------------------

_SOMEBODY = r"(?:[A-ZÀ-Þ][\w'\u2019-]+(?: [A-ZÀ-Þ][\w'\u2019.-]+){0,2}(?=\s*(?:[.,;:()<\n|]|$))|[\w.+-]+@[\w-]+\.\w+)"
_WHO = (
    r"(?:user|customer|client|caller|patient|guest|student|member|visitor|account|benutzer(?:in)?"
    r"|nutzer(?:in)?|kunde|kundin|usuario|cliente|utilisat(?:eur|rice)|utente)"
)
_PEOPLE = re.compile(
    rf"(?:(?i:\b(?:current|active|logged[- ]in|signed[- ]in|authenticated) {_WHO}\W{{1,4}}(?:is )?)"
    rf"|(?i:\b(?:logged|signed) in as )"
    rf"|(?i:\byou(?:'re| are) (?:now |currently )?(?:talking|speaking|chatting) (?:to|with) )"
    rf"|(?i:\b{_WHO}(?:['\u2019]s)?[ _](?:full |first |last )?(?:name|e-?mail|location|city)\W{{1,4}}"
    rf"(?:is )?)"
    rf"|(?i:\b(?:the|der|die|el|la|le) {_WHO} (?:is (?:called|named)|heißt|se llama|s['\u2019]appelle) )"
    rf"|(?i:\b(?:du sprichst mit|estás hablando con|tu parles (?:avec|à)) (?:frau |herrn? )?)"
    rf"|^\W*(?i:{_WHO})\W{{0,3}}[:=]\W{{1,3}}"
    rf"){_SOMEBODY}"
    rf"|(?i:\b(?:user|login)[ _-]?name\W{{1,4}}(?:is )?)[a-z][\w-]*[_.\d][\w.-]*"
)

# --- what only looks like it ----------------------------------------------------------------------

_SHOWN_AS = re.compile(
    r"\b(?:for example|for instance|e\.g|such as|like|example|format|becomes?|z\. ?B|zum beispiel"
    r"|beispiel|wie|por ejemplo|ejemplo|como|par exemple|exemple|comme)\b(?!.*[.!?;]\s)",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"\b(?:if|when|whenever|whether|unless|until|wenn|falls|ob|si|cuando|quand|se|quando)\W+"
    r"(?:\w+\W+)?$",
    re.IGNORECASE,
)


def varying_in(text: str) -> str:
    """The first line of a prompt that will be another one next time; empty where none is."""
    for lines in passages(text):
        is_released = any(map(states_release, lines))
        for line in lines:
            if any(_stands(line, at) for at in _suspects(line, is_released=is_released)):
                return line.strip()
    return ""


def _suspects(line: str, *, is_released: bool) -> Iterator[int]:
    """Where in a line something begins that varies."""
    yield from moments_in(line, is_released=is_released)
    yield from (found.start() for found in _ADDRESS.finditer(line))
    for ids in (_IDS, _COUNTED, _PREFIXED):
        yield from (found.start() for found in ids.finditer(line) if _is_random(found[1]))
    yield from (found.start() for found in _PEOPLE.finditer(line))


def _stands(line: str, at: int) -> bool:
    """Whether it is said as such, neither shown as an example nor supposed."""
    before = line[:at]
    return not (_SHOWN_AS.search(before) or _SUPPOSED.search(before[-20:]))
