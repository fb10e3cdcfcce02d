"""Which memories may be recalled at all: conditions, and AND, OR and NOT of them."""

from dataclasses import dataclass
from datetime import datetime

from enplace.records.recollection import MemoryKind


@dataclass(frozen=True, slots=True)
class OfKind:
    """Memories of any of these kinds."""

    kinds: tuple[MemoryKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class During:
    """Memories from a time: said, happened or recorded in [start, end)."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class About:
    """Memories said by, or about, any of these people."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Memories that carry any of these tags."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of these hold."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these holds."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """This does not hold."""

    filter: "Filter"


Filter = OfKind | During | About | Tagged | AllOf | AnyOf | Not
