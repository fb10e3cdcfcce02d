"""Where events stand: in which task, at which ordinal, and of which sub-agent."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """The sub-agent whose event is told on its parent's stream."""

    task_id: str
    """The sub-agent's own task, in whose log the event stands."""
    agent: str
    id: str
    """The event's name in that task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an event stands."""

    task_id: str
    turn_id: str
    ordinal: int
    """Counts the stored events of a task from 1, over all its branches."""
    at: datetime
    parent: int | None = None
    """Ordinal of the event before it on its branch; None for a task's first."""
    position: int = 0
    """Counts the stored events of an owner from 1; 0 for a transient event."""
    part: int = 0
    """For a transient event: counts those after the stored event `ordinal`; else 0."""
    child: Child | None = None
    """Of an event that a sub-agent's task told: transient here, whatever it is there."""

    @property
    def id(self) -> str:
        """The event's name in its task and on the stream: `12`, or `12.3` for a transient one."""
        return f"{self.ordinal}.{self.part}" if self.part else str(self.ordinal)
