"""What becomes of memories that come from another brain."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did."""

    added: Mapping[str, int]
    """How many records of each kind are new here."""
    skipped: Mapping[str, int]
    """How many of each kind were here already, or belong to what is named in `diverged`."""
    diverged: tuple[str, ...] = ()
    """What went on in another way here than in the file, by name: a memory's id, `task:NAME`,
    `soul:SECTION:KEY`, `note:TASK:KEY`, `batch:ID`. Ours stands."""
    keys: tuple[str, ...] = ()
    """Idempotency keys that other writes have here; the new writes came in without them."""
