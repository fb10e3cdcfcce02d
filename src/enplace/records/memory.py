"""What is remembered: facts for ever, notes for a task, and the lines of the soul."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from enplace.errors import BadInput

MOST_TTL_S = 100 * 365 * 86_400.0
"""Longest time to live: a century, in seconds."""

Trust = Literal["user", "operator", "tool", "inference", "document", "foreign"]
"""Where a memory's evidence comes from, most trusted first."""

_TRUST_RANK: dict[str, int] = {trust: rank for rank, trust in enumerate(get_args(Trust))}

HALF_LIFE_S = 180 * 86_400.0
"""Half-life of a fact's confidence where nothing better is known: half a year, in seconds."""


def trusted_less(one: Trust, other: Trust) -> bool:
    """Whether `one` has less trust than `other`: what it says closes nothing the other said."""
    return _TRUST_RANK[one] > _TRUST_RANK[other]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A place in the log that is evidence: event `ordinal` of `task_id`, characters [start, end)."""

    task_id: str
    ordinal: int
    start: int = 0
    end: int | None = None


FactKind = Literal[
    "statement", "preference", "instruction", "decision", "event", "plan", "relation"
]
MemoryState = Literal["active", "retired", "disputed", "quarantined", "forgotten"]
"""`active` counts while it is valid; `retired` was put wrongly or taken back; `disputed` contradicts
a memory that has more trust; `quarantined` waits for a person; `forgotten` is shown to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A sentence held to be true for a time. Never edited: closed, and followed by a successor.

    A store gives a fact as it stands: `valid_until`, `confidence`, `state` and what else its changes
    set. What was written first is in its history.
    """

    id: str
    sentence: str
    """In the third person, so that it can be read without its surroundings."""
    recorded_at: datetime
    subject: str | None = None
    predicate: str | None = None
    object: str | None = None
    fact_kind: FactKind = "statement"
    confidence: float = 1.0
    """When it was last confirmed, 0..1; what is left of it now is computed when it is read."""
    confirmed_at: datetime | None = None
    """None where nothing confirmed it since it was recorded."""
    half_life_s: float = HALF_LIFE_S
    trust: Trust = "user"
    valid_from: datetime | None = None
    """None: since it was recorded."""
    valid_until: datetime | None = None
    """None while it holds; the moment itself is not included."""
    supersedes: str | None = None
    """Id of the fact that this one took the place of."""
    continues: str | None = None
    """Id of the fact that this one carries on, after something else held for a while."""
    evidence: tuple[Span, ...] = ()
    tags: tuple[str, ...] = ()
    state: MemoryState = "active"
    version: int = 1
    """Counts its changes; for compare-and-set."""

    @property
    def start(self) -> datetime:
        """From when it holds."""
        return self.valid_from or self.recorded_at

    def covers(self, at: datetime) -> bool:
        """Whether it speaks of a moment."""
        return self.start <= at and (self.valid_until is None or at < self.valid_until)

    def holds(self, at: datetime) -> bool:
        """Whether it is true at a moment, as far as is known."""
        return self.covers(at) and self.state == "active"


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
    batch: str | None = None
    """Id of the batch that proposed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Something that happened, told so that it can be found again."""

    id: str
    key: str
    """A short name of its own: `pipe burst in the cellar`."""
    description: str
    """What happened, with whom, where: what a search has to match."""
    value: str
    """What is worth knowing later."""
    recorded_at: datetime
    outcome: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    participants: tuple[str, ...] = ()
    trust: Trust = "user"
    evidence: tuple[Span, ...] = ()
    tags: tuple[str, ...] = ()
    state: MemoryState = "active"
    version: int = 1


PersonKind = Literal["person", "organisation", "pet", "place", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody or something with a name, that facts are about."""

    id: str
    name: str
    recorded_at: datetime
    person_kind: PersonKind = "person"
    aliases: tuple[str, ...] = ()
    merged_into: str | None = None
    """Id of the person that this one turned out to be; a merge can be taken back."""
    trust: Trust = "user"
    evidence: tuple[Span, ...] = ()
    tags: tuple[str, ...] = ()
    state: MemoryState = "active"
    version: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it goes by."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a document: what recall finds, and what a citation points to."""

    text: str
    start: int
    """Characters [start, end) of the document."""
    end: int
    heading: tuple[str, ...] = ()
    """Headings above it, outermost first."""


Media = Literal[
    "text/plain", "text/markdown", "text/x-rst", "text/csv", "text/x-python", "text/x-code"
]
"""How a text is written, which tells where it may be cut. `text/x-code` is source code in any other
language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text of the owner's own, kept for retrieval."""

    id: str
    name: str
    """Where it comes from: a path, an address or a title. One document per name is current."""
    text: str
    recorded_at: datetime
    media: Media = "text/plain"
    chunks: tuple[Chunk, ...] = ()
    origin: str = ""
    """Path of the file that it was read from; empty where nobody knows of a file."""
    fingerprint: str = ""
    """Of that file's bytes and of the way they were read: the same again is the same text."""
    trust: Trust = "document"
    supersedes: str | None = None
    tags: tuple[str, ...] = ()
    state: MemoryState = "active"
    version: int = 1


Memory = Fact | Episode | Person | Document

Action = Literal[
    "recorded",
    "confirmed",
    "closed",
    "retired",
    "quarantined",
    "released",
    "forgotten",
    "merged",
    "split",
    "restated",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a memory at one moment: its standing from then on, and why.

    Changes are only ever added. The last one up to a moment says what was believed then.
    """

    target: str
    """Id of the memory."""
    action: Action
    state: MemoryState
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    confidence: float = 1.0
    confirmed_at: datetime | None = None
    trust: Trust = "user"
    aliases: tuple[str, ...] = ()
    """Of a person."""
    merged_into: str | None = None
    """Of a person."""
    by: str | None = None
    """Id of the memory that brought it about."""
    reason: str = ""
    at: datetime | None = None
    """When it was recorded; given by the store."""
    write: int = 0
    """The write it belongs to; given by the store."""
