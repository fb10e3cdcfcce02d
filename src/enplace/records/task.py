"""Tasks, sessions, and what is known of a task's log without reading it."""

from dataclasses import dataclass
from datetime import datetime

from enplace.records.canonical import digest

MOST_TASK_CHARACTERS = 200
"""Of a parent's task id; of a longer one the digest names its sub-agents' tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One visit of an owner: from the first prompt until it is closed or idle for too long."""

    id: str
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """A task from outside."""

    task_id: str
    head: int
    """Ordinal of the last event of its live branch; 0 when it has none."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Events of a task that wait to be learned from, up to and including `position`."""

    task_id: str
    position: int
    reason: str


def child_task_id(task_id: str, name: str) -> str:
    """The task of a sub-agent, by its name within its parent's task."""
    parent = task_id if len(task_id) <= MOST_TASK_CHARACTERS else digest(task_id)[:32]
    return f"{parent}/{name}"
