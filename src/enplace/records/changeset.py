"""Changesets: everything that is written to a brain is written as one of these, whole or not."""

from dataclasses import dataclass
from datetime import datetime

from enplace.records.event import Event
from enplace.records.memory import Change, Memory, Note, SoulLine
from enplace.records.task import Session
from enplace.records.write import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to carry a task's turns, until it is released or its holder dies."""

    task_id: str
    fence: int
    """Grows with every lease of the task; a commit under an older one is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changeset:
    """One atomic change of a brain."""

    at: datetime
    task_id: str | None = None
    """The task whose log grows; needed where there are events."""
    turn_id: str = ""
    events: tuple[Event, ...] = ()
    """Appended in this order; the store gives them their places."""
    parent: int | None = None
    """Ordinal of the event after which they stand; None for the head of the task's live branch, 0
    for the beginning. What stood there is a dead branch from now on."""
    lease: Lease | None = None
    """Under which the change is made; refused where a newer one exists."""
    texts: tuple[str, ...] = ()
    """Kept by content; writing one again changes nothing."""
    memories: tuple[Memory, ...] = ()
    """New ones, as they stand. An id that is there already is refused."""
    changes: tuple[Change, ...] = ()
    """Of memories that are there already."""
    write: Write | None = None
    """The write that these belong to; the store gives it its id."""
    revision: int | None = None
    """Refused where any memory was changed since the store told this revision."""
    notes: tuple[Note, ...] = ()
    soul: tuple[SoulLine, ...] = ()
    session: Session | None = None
    due: str = ""
    """Why the task's log, up to the last of these events, now waits to be learned from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a changeset became."""

    events: tuple[Event, ...] = ()
    """The same events, in their places."""
    write: int = 0
    """Id of the write; 0 without one."""
