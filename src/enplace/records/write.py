"""Explicit writes to long-term memory: what was asked for, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enplace.records.memory import Change, Fact, Memory, Trust

Outcome = Literal[
    "added",
    "confirmed",
    "superseded",
    "disputed",
    "duplicate",
    "quarantined",
    "closed",
    "forgotten",
    "released",
    "merged",
    "split",
    "undone",
    "erased",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """A fact to hold true, as it was asked for: before anything else was considered."""

    fact: Fact
    corrects: str | None = None
    """Id of a fact that was never true."""
    op: Literal["remember"] = "remember"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """An episode, a person or a document to keep."""

    target: str
    op: Literal["keep"] = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """A fact is still true."""

    target: str
    trust: Trust
    op: Literal["confirm"] = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A fact stopped being true, and nothing is known to hold instead."""

    target: str
    until: datetime
    op: Literal["close"] = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """A memory is not to be shown again."""

    target: str
    op: Literal["forget"] = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A quarantined or disputed memory is believed after all."""

    target: str
    op: Literal["release"] = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two people turned out to be one."""

    target: str
    into: str
    op: Literal["merge"] = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A merge was wrong."""

    target: str
    op: Literal["split"] = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """A write is taken back, as if it had never been made."""

    write: int
    op: Literal["undo"] = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """What was asked for is erased; only what it did to others is known, and is done again."""

    target: str
    effects: tuple[Change, ...] = ()
    """How others that stay stood after it."""
    op: Literal["erase"] = "erase"


Operation = Remember | Keep | Confirm | Close | Forget | Release | Merge | Split | Undo | Erase


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write, as it stands in the brain."""

    id: int
    """Counts the owner's writes from 1."""
    at: datetime
    operation: Operation
    outcome: Outcome
    target: str
    """Id of the memory that counts after it."""
    key: str | None = None
    """The caller's idempotency key."""
    request: str = ""
    """Digest of what was asked for under that key."""
    batch: str | None = None
    """Id of the batch that learned it; None for an explicit write."""
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a write."""

    outcome: Outcome
    memory: Memory
    """As it stands now: the new one, or the one that said the same before."""
    write: int
    """For `undo`."""
    closed: tuple[str, ...] = ()
    """Ids of facts that it closed or retired."""
    disputes: tuple[str, ...] = ()
    """Ids of facts that it contradicts and did not close."""
    advice: str = ""
    """How it would be found more easily; empty where nothing is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a new fact must be weighed against."""

    revision: int
    """Of all memory; a commit that names it is refused where anything was written since."""
    facts: tuple[Fact, ...]
    """About its subject, with its predicate or the same sentence; those it names, and those that
    stand in the same way to them."""
    names: frozenset[str] = frozenset()
    """Folded, of whoever it is about."""
    earlier: Write | None = None
    """The write that was made under the caller's idempotency key before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Woven:
    """Writes whose effects depend on each other, and the facts they made."""

    revision: int
    writes: tuple[Write, ...]
    """Oldest first."""
    facts: tuple[Fact, ...]
    """As they stand."""
