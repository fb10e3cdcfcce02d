"""Identifiers in texts, and which of them a recorded agent will need again.

The patterns are the peers' own: they say what a summary is credited with, and score nobody.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from enplace_bench.context.peers.rendering import text_of
from enplace_bench.context.sessions import Session

Kind = Literal["path", "symbol", "sha", "other"]
KINDS: tuple[Kind, ...] = ("path", "symbol", "sha", "other")

_IDENTIFIER = re.compile(
    r"""
    (?P<url> https?://[^\s"'<>)\]`\\]+ )
  | (?P<path> (?:[\w.@~+-]+|(?<![\w/]))(?:/[\w.@+-]+)+ | \b[\w-]+(?:\.[\w-]+)*
        \.(?:c|cc|cpp|css|go|h|html|java|js|json|jsonl|jsx|lock|md|mjs|py|rb|rs|sh|sql|toml|ts|tsx
        |txt|yaml|yml)\b )
  | (?P<sha> \b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b )
  | (?P<symbol> \b(?:[A-Za-z][a-z0-9]*(?:_[A-Za-z0-9]+)+ | [a-z][a-z0-9]*(?:[A-Z][A-Za-z0-9]*)+
        | [A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+)\b )
  | (?P<id> \b(?:[A-Z]{2,}-\d+ | \d{4,})\b )
    """,
    re.VERBOSE,
)


def identifiers(text: str) -> Iterator[tuple[str, Kind]]:
    """Every identifier and its kind, in order, as often as it stands there."""
    for found in _IDENTIFIER.finditer(text):
        name = found[0].rstrip(".,:;")
        match found.lastgroup:
            case "path":
                yield name, "path"
            case "symbol":
                if len(name) >= 6:
                    yield name, "symbol"
            case "sha":
                yield name, "sha"
            case _:
                yield name, "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """An identifier that an agent used after it had stood in its context."""

    name: str
    kind: Kind
    seen: tuple[int, ...]
    """Events that hold it, in order."""
    used: tuple[int, ...]
    """Those of them that are the agent's own."""


def needed(session: Session) -> tuple[Needed, ...]:
    """Every identifier of a session that the agent used again, in order of appearance."""
    known = _known.get(session.id)
    if known is None or known[0] is not session:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        known = _known[session.id] = (session, tuple(_needed(session)))
    return known[1]


_MOST_KNOWN = 256
_known: dict[str, tuple[Session, tuple[Needed, ...]]] = {}


def _needed(session: Session) -> Iterator[Needed]:
    kinds: dict[str, Kind] = {}
    seen: dict[str, list[int]] = {}
    used: dict[str, list[int]] = {}
    for event in session.events:
        if event.role == "meta":
            continue
        for name, kind in dict(identifiers(text_of(event))).items():
            kinds.setdefault(name, kind)
            seen.setdefault(name, []).append(event.index)
            if event.role == "assistant":
                used.setdefault(name, []).append(event.index)
    for name, events in seen.items():
        uses = tuple(used.get(name, ()))
        if uses and uses[-1] > events[0]:
            yield Needed(name=name, kind=kinds[name], seen=tuple(events), used=uses)


@lru_cache(maxsize=50_000)
def line_with(name: str, text: str) -> str:
    """The last line of a text in which a name stands, at most 160 characters around it."""
    at = text.rfind(name)
    if at < 0:
        return ""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    start, end = max(start, at - 80), min(end, at + len(name) + 80)
    return text[start:end].strip()
