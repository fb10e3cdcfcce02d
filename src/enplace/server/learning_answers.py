"""What clients get about learning."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Literal

from enplace.engine import LearningStatus
from enplace.records.learning import Batch, BatchState, Learned, Quote
from enplace.records.memory import Fact, Span
from enplace.records.telling import Told, ToldName, told_of
from enplace.server.memory_answers import Answer, AnyMemory, memory_answer


class DueAnswer(Answer):
    """A task that waits to be learned from."""

    task_id: str
    position: int
    """Of its last event that waits."""
    reason: str


class FailingAnswer(Answer):
    """A stretch of a task's log that learning failed at last time."""

    task_id: str
    after: int
    """Position of the last event before it."""
    tries: int
    at: datetime
    trouble: str


class StatusAnswer(Answer):
    """How far the log was learned from, and what came of it."""

    in_background: bool
    """False: switched off, it learns only when it is asked to."""
    due: list[DueAnswer]
    lag_events: int
    lag_s: float
    """Age of the oldest event that waits."""
    failing: list[FailingAnswer]
    batches: int
    """That count: neither rolled back nor set aside."""
    rolled_back: int
    set_aside: int
    """Utterances that learning failed at again and again."""
    heard: int
    """Utterances, over all batches that count; as what follows."""
    outcomes: dict[str, int]
    dropped: dict[str, int]
    """What gave nothing, by reason."""
    asked_tokens: int
    """In and out, of the model that was asked beside the rules."""
    confirmed_ratio: float | None
    """Confirmations to memories added; null where none was added."""


class ReportAnswer(Answer):
    """What a batch did, in numbers."""

    heard: int
    outcomes: dict[str, int]
    dropped: dict[str, int]
    trouble: str
    """Why it was set aside, or why a model found nothing in it."""


class BatchAnswer(Answer):
    """A stretch of one task's log that was learned from at once."""

    id: str
    task_id: str
    after: int
    """Position of the last event before it."""
    upto: int
    """Position of its last event."""
    at: datetime
    extractor: str
    reason: str
    state: BatchState
    report: ReportAnswer


class ToldAnswer(Answer):
    """Something that became of memory."""

    sequence: int
    """Id of the write that brought it about; what belongs to one write has the same."""
    event: ToldName
    at: datetime
    batch_id: str | None
    """Null: an explicit write."""
    memory_id: str
    """Of a line of the soul its section and key."""
    text: str
    undoes: int | None
    """The write that was taken back."""
    report: ReportAnswer | None
    """Of a batch that finished."""


class LearnedAnswer(Answer):
    """A batch, and what it did or would do."""

    batch: BatchAnswer
    events: list[ToldAnswer]


class EventsAnswer(Answer):
    """What became of memory."""

    events: list[ToldAnswer]
    last: int
    """Ask with it as `after`, and nothing is told twice or missed."""


class QuoteAnswer(Answer):
    """Something that was said for a memory."""

    span: Span
    text: str
    """Word for word; empty where the log is not here."""
    at: datetime | None
    role: Literal["user", "assistant", "tool"]
    speaker: str
    """Empty for the owner."""


class ReviewAnswer(Answer):
    """A fact that waits for a person."""

    memory: AnyMemory
    said: list[QuoteAnswer]


def status_answer(status: LearningStatus) -> StatusAnswer:
    """How learning stands, as clients get it."""
    return StatusAnswer(**asdict(status), confirmed_ratio=status.confirmed_ratio)


def batch_answer(batch: Batch) -> BatchAnswer:
    """A batch, as clients get it."""
    return BatchAnswer(**asdict(batch))


def told_answers(events: Iterable[Told]) -> list[ToldAnswer]:
    """What became of memory, as clients get it."""
    return [
        ToldAnswer(
            sequence=told.sequence,
            event=told.name,
            at=told.at,
            batch_id=told.batch,
            memory_id=told.memory,
            text=told.text,
            undoes=told.undoes,
            report=ReportAnswer(**asdict(told.report)) if told.report else None,
        )
        for told in events
    ]


def learned_answer(learned: Learned) -> LearnedAnswer:
    """What a batch would do, as clients get it."""
    return LearnedAnswer(batch=batch_answer(learned.batch), events=told_answers(told_of(learned)))


def quote_answers(said: Iterable[Quote]) -> list[QuoteAnswer]:
    """What was said for a memory, as clients get it."""
    return [QuoteAnswer(**asdict(quote)) for quote in said]


def review_answer(fact: Fact, said: Iterable[Quote]) -> ReviewAnswer:
    """What waits, as clients get it."""
    return ReviewAnswer(memory=memory_answer(fact), said=quote_answers(said))
