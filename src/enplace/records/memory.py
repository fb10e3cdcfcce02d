"""What is remembered: facts for ever, notes for a task, and the lines of the soul."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from enplace.errors import BadInput

MOST_TTL_S = 100 * 365 * 86_400.0
"""Longest time to live: a century, in seconds."""

Trust = Literal["user", "operator", "tool", "inference", "document", "foreign"]
"""Where a memory's evidence comes from, most trusted first."""

HALF_LIFE_S = 180 * 86_400.0
"""Half-life of a fact's confidence where nothing better is known: half a year, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A place in the log that is evidence: event `ordinal` of `task_id`, characters [start, end)."""

    task_id: str
    ordinal: int
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A sentence held to be true for a time. Never edited: closed, and followed by a successor."""

    id: str
    sentence: str
    """In the third person, so that it can be read without its surroundings."""
    recorded_at: datetime
    subject: str | None = None
    predicate: str | None = None
    object: str | None = None
    confidence: float = 1.0
    """As recorded, 0..1; what is left of it now is computed when it is read."""
    half_life_s: float = HALF_LIFE_S
    trust: Trust = "user"
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """None while it holds."""
    supersedes: str | None = None
    """Id of the fact that this one closed."""
    evidence: tuple[Span, ...] = ()


NoteKind = Literal["note", "observation", "summary"]


def expiry(now: datetime, ttl_s: float | None) -> datetime | None:
    """When something written now expires; None for never.

    Raises:
        BadInput: The time to live is not positive.
    """
    if ttl_s is None:
        return None
    if not 0 < ttl_s < MOST_TTL_S:
        raise BadInput("a time to live is a positive number of seconds", ttl_s=ttl_s)
    return now + timedelta(seconds=ttl_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """An entry of working memory: within one task, and for a while."""

    task_id: str
    key: str
    value: str
    written_at: datetime
    note_kind: NoteKind = "note"
    priority: int = 0
    """Higher is more important; orders the notes in a context."""
    expires_at: datetime | None = None
    """None: as long as the task."""

    def live(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.expires_at is None or now < self.expires_at


SoulSection = Literal["identity", "values", "style", "preferences", "patterns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoulLine:
    """One line of the owner's core identity. Versioned: the latest version of a key counts."""

    section: SoulSection
    key: str
    text: str
    """Empty text takes the line out."""
    recorded_at: datetime
    version: int = 1
    evidence: tuple[Span, ...] = ()
