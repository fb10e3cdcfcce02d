"""Makes retention probes of a session where nobody made them before.

An identifier (path, symbol, commit, URL, UUID, id, number) is asked for where the agent uses it in
a tool's arguments or in its text and it was last visible 8,000 tokens ago or more; at most eight a
call, in order of appearance. A directive is a sentence of a user with must, never, always, instead,
don't or the like in it.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from enplace_bench.context.history import text_of
from enplace_bench.context.probes import Directive, Probe, Probes
from enplace_bench.context.sessions import Recorded, Session

APART = 8_000
"""Tokens; 1,500 for support dialogues."""
MOST_PER_CALL = 8
MOST_EVENTS = 50
"""Events named in which an identifier stands: the first, and the last ones."""
LONGEST_EVIDENCE = 420

_KINDS = (
    ("url", 20, re.compile(r"https?://[^\s\"'<>)\]`\\]+")),
    ("uuid", 36, re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")),
    (
        "path",
        8,
        re.compile(
            r"(?<!\w)(?:/?\w[\w@+.-]*/|(?<=\./)(?=\w))(?:[\w@+.-]+/)*[\w@+.-]*\.[A-Za-z]{1,6}\d?\b"
        ),
    ),
    ("sha", 7, re.compile(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b")),
    (
        "symbol",
        10,
        re.compile(
            r"\b(?:[A-Za-z][a-z0-9]*(?:[A-Z][A-Za-z0-9]*)+|[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)\b"
        ),
    ),
    ("id", 5, re.compile(r"\b(?=[A-Z0-9]*[A-Z])(?=[A-Z0-9]*[0-9])[A-Z0-9]{5,10}\b")),
    ("number", 4, re.compile(r"\b\d{4,10}\b")),
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_DIRECTIVE = re.compile(
    r"\b(?:must|never|always|instead|don['\u2019]t|make sure|should(?: not|n['\u2019]t)|avoid|no need)\b",
    re.IGNORECASE,
)
DIRECTIVE_CHARS = range(21, 264)
LONGEST_MESSAGE = 6_000
"""Characters; in longer ones a user hands over a document, whose sentences are not theirs."""


def generate(session: Session, apart: int = APART) -> Probes:
    """The probes and directives of a session, in order."""
    return Probes(
        probes=tuple(_Walk(session, apart).probes()), directives=tuple(_directives(session))
    )


@dataclass(frozen=True, slots=True)
class _Used:
    ident: str
    kind: str
    where: Literal["args", "text"]


class _Walk:
    def __init__(self, session: Session, apart: int) -> None:
        self._session = session
        self._apart = apart
        self._events = [event for event in session.events if event.role != "meta"]
        self._texts = [text_of(event) for event in self._events]
        sizes = (len(text) / session.chars_per_token for text in self._texts)
        self._starts = [0.0, *accumulate(sizes)]

    def probes(self) -> Iterator[Probe]:
        for place, event in enumerate(self._events):
            if event.role == "assistant":
                found = (self._asked(place, used) for used in _uses(event, self._session.cwd))
                yield from [probe for probe in found if probe][:MOST_PER_CALL]

    def _asked(self, place: int, used: _Used) -> Probe | None:
        last = self._last(place, used.ident)
        if last < 0:
            return None
        distance = self._starts[place] - self._starts[last + 1]
        if distance < self._apart:
            return None
        stands = [i for i in range(last + 1) if used.ident in self._texts[i]]
        named = stands if len(stands) <= MOST_EVENTS else [stands[0], *stands[1 - MOST_EVENTS :]]
        return Probe(
            ident=used.ident,
            kind=used.kind,
            origin=self._events[stands[0]].role,
            where=used.where,
            used=self._events[place].index,
            last=self._events[last].index,
            distance=int(distance),
            occurs=tuple(self._events[i].index for i in named),
            evidence=_line_of(used.ident, self._texts[last]),
        )

    def _last(self, place: int, ident: str) -> int:
        for before in range(place - 1, -1, -1):
            if ident in self._texts[before]:
                return before
        return -1


def _uses(event: Recorded, cwd: str) -> list[_Used]:
    given = "\n".join(value for call in event.calls for value in _values_of(call.arguments))
    found: dict[str, _Used] = {}
    for ident, kind in _identifiers(given, cwd):
        found.setdefault(ident, _Used(ident, kind, "args"))
    for ident, kind in _identifiers(event.text, cwd):
        found.setdefault(ident, _Used(ident, kind, "text"))
    return list(found.values())


def _identifiers(text: str, cwd: str) -> Iterator[tuple[str, str]]:
    for kind, shortest, pattern in _KINDS:
        for match in pattern.finditer(text):
            ident = match[0].rstrip(".,;:")
            if kind == "path":
                ident = ident.removeprefix(cwd + "/") if cwd else ident
            if len(ident) >= shortest and not (kind == "number" and _round(int(ident))):
                yield ident, kind


def _round(number: int) -> bool:
    """Whether a number says nothing by itself: a limit that somebody set, or a year."""
    return number % 1_000 == 0 or 1900 <= number <= 2100


def _values_of(arguments: str) -> list[str]:
    try:
        return [*_strings(json.loads(arguments))]
    except ValueError:
        return [arguments]


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():  # pyright: ignore[reportUnknownVariableType]
                yield from _strings(one)  # pyright: ignore[reportUnknownArgumentType]
        case list():
            for one in value:  # pyright: ignore[reportUnknownVariableType]
                yield from _strings(one)  # pyright: ignore[reportUnknownArgumentType]
        case bool() | None:
            return
        case _:
            yield str(value)


def _line_of(ident: str, text: str) -> str:
    """The last line in which it stands, cut around it where it is long."""
    at = text.rfind(ident)
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start : end if end >= 0 else len(text)]
    cut = max(0, at - start - LONGEST_EVIDENCE // 2)
    return line[cut : cut + LONGEST_EVIDENCE]


def _directives(session: Session) -> Iterator[Directive]:
    for event in session.events:
        if event.role == "user" and len(event.text) <= LONGEST_MESSAGE:
            for sentence in _SENTENCE.split(event.text):
                text = sentence.strip()
                if len(text) in DIRECTIVE_CHARS and _DIRECTIVE.search(text):
                    yield Directive(event=event.index, text=text)


def shared(made: Sequence[Probes], given: Sequence[Probes]) -> tuple[int, int, int]:
    """Probes made, probes given, and how many are the same identifier at the same call."""
    mine = {(i, p.used, p.ident) for i, one in enumerate(made) for p in one.probes}
    theirs = {(i, p.used, p.ident) for i, one in enumerate(given) for p in one.probes}
    return len(mine), len(theirs), len(mine & theirs)
