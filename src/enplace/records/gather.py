"""What recall asks of a brain: one request, one answer."""

from dataclasses import dataclass
from datetime import datetime

from enplace.records.encoding import Encoding
from enplace.records.filter import Filter
from enplace.records.recollection import RecallQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Ask for candidates."""

    query: RecallQuery
    at: datetime
    """Graph hops follow relations that hold then."""
    encoding: Encoding | None = None
    """Of the query; None where there is no embedder, or it was too late."""
    embedder: str = ""
    """Name of the embedder that made it."""
    filter: Filter | None = None
    but_task: str = ""
    """What was said in this task is left out."""
    but_after: int = 0
    """Of that task only what was said behind this event is left out."""
    limit: int = 60
    """Most candidates of each generator."""
    most_read: int = 10_000
    """Most items that a search by words scores: common words beyond it are left to ranking."""
    until_s: float | None = None
    """When to stop, by the monotonic clock; generators that have not begun then are named as
    lost."""
