"""Learning: what is proposed from what was said, in which batch, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from enplace.records.event import UsageReported
from enplace.records.memory import Episode, Fact, Person, SoulLine, Span
from enplace.records.write import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Something that was said, with its place in the log."""

    task_id: str
    ordinal: int
    at: datetime
    text: str
    role: Literal["user", "assistant", "tool"] = "user"
    speaker: str = ""
    """Who says `I`; empty for the owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assert:
    """A fact is to be held true."""

    fact: Fact
    """With its evidence."""
    rule: str
    """Names what found it."""
    instead_of: str | None = None
    """Object of the fact in the same place that was never true; empty for the latest one there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Something holds no longer, and nothing is known to hold instead."""

    about: Fact
    """Subject, predicate and evidence; its object, where one is named; its `recorded_at` is when
    it was said."""
    rule: str
    until: datetime
    never: bool = False
    """It was never true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """A line for the soul. The next epoch of each task shows it."""

    line: SoulLine
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meet:
    """Somebody with a name, or something that happened."""

    memory: Person | Episode
    rule: str


Proposal: TypeAlias = Assert | End | Adopt | Meet


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Something that was said and from which nothing is kept."""

    span: Span
    reason: str
    """One of a few, so that they can be counted: `question`, `hypothetical`, `quoted`..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """All that a batch proposes, before it is weighed against what is known."""

    proposals: tuple[Proposal, ...] = ()
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a batch did, in numbers."""

    heard: int = 0
    """Utterances that were looked at."""
    outcomes: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often each outcome of a write came about; `adopted` for lines of the soul."""
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    """How much of what was said gave nothing, by reason."""
    asked: UsageReported | None = None
    """What a model's part in it consumed; None where none was asked."""
    trouble: str = ""
    """Why the batch was set aside, or why a model found nothing in it."""

    @property
    def asked_tokens(self) -> int:
        """That a model's part in it took, in and out."""
        usage = self.asked.usage if self.asked else None
        return usage.input_tokens + usage.output_tokens if usage else 0


BatchState = Literal["done", "rolled_back", "set_aside"]
"""`set_aside`: its events could not be learned from after several attempts; the cursor passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A stretch of one task's log that was learned from in one transaction."""

    id: str
    """Sorts by time."""
    task_id: str
    after: int
    """Position of the last event before it."""
    upto: int
    """Position of its last event."""
    at: datetime
    extractor: str
    """Name and version of what found the proposals."""
    reason: str
    """Why it ran."""
    state: BatchState = "done"
    report: Report = field(default_factory=Report)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What became of a batch."""

    batch: Batch
    written: tuple[Written, ...] = ()
    """In order."""
    adopted: tuple[SoulLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How often a stretch of the log was tried, counted before each try."""

    task_id: str
    after: int
    tries: int
    at: datetime
    """Of the last try."""
    trouble: str = ""
    """Why the last try failed; empty while it runs or where it succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Something that was said for a memory."""

    span: Span
    text: str = ""
    """Word for word; empty where the log is not here."""
    at: datetime | None = None
    role: Literal["user", "assistant", "tool"] = "user"
    speaker: str = ""
    """Empty for the owner."""
