"""Times as text that sorts like time."""

from datetime import UTC, datetime
from typing import overload


@overload
def to_text(at: datetime) -> str: ...
@overload
def to_text(at: None) -> None: ...
def to_text(at: datetime | None) -> str | None:
    """UTC, always with microseconds, so that texts compare as the times do."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


@overload
def to_time(text: str) -> datetime: ...
@overload
def to_time(text: None) -> None: ...
def to_time(text: str | None) -> datetime | None:
    """The time of such a text."""
    return None if text is None else datetime.fromisoformat(text)
