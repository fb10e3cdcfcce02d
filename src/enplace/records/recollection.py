"""What came back from long-term memory for one message, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enplace.records.memory import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallQuery:
    """What to look for."""

    terms: tuple[str, ...]
    """Stems, lower case; a word matches when it begins with one."""
    own: int = 0
    """The first this many terms are the message's; the others come from the message before."""
    reason: str = ""
    """Why there are no terms, where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence of the owner from some task's log, not yet learned from."""

    task_id: str
    ordinal: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A stored thing that shares words with a query. Higher score is better; scale of the store."""

    item: Fact | Said
    score: float


MemoryKind = Literal["fact", "said"]
DropStage = Literal["visible", "gate", "limit", "duplicate", "room"]
"""Why a memory that was found is not shown: it stands in view already, is too weak beside the best,
comes after enough others, says the same as another, or does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledMemory:
    """One memory chosen for the context."""

    id: str
    """Fact id, or `said:TASK:ORDINAL`."""
    kind: MemoryKind
    text: str
    at: datetime
    """When it was recorded or said."""
    score: float
    """0..1, relative to the best of the same recall."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedMemory:
    """One memory that was found and not chosen, and the stage that dropped it."""

    id: str
    stage: DropStage


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A memory that stands in view and no longer holds."""

    id: str
    text: str
    successor: str | None
    """Sentence that holds instead; None where nothing took its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSource:
    """A source that gave no answer, and why: never an empty list without a word."""

    segment: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """The one memory call of a turn."""

    query: RecallQuery
    memories: tuple[RecalledMemory, ...] = ()
    """Not yet visible in the context, best first."""
    corrections: tuple[Correction, ...] = ()
    dropped: tuple[DroppedMemory, ...] = ()
    """What was found and not chosen, in the order it was dropped."""
    lost: tuple[LostSource, ...] = ()
