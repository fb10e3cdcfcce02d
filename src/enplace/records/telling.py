"""What became of memory, told one after the other. Pure: made of stored batches and writes alone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enplace.records.learning import Batch, Learned, Report
from enplace.records.memory import SoulLine
from enplace.records.standing import text_of
from enplace.records.write import Outcome, Undo, Write

ToldName = Literal[
    "learn.batch.finished",
    "learn.batch.rolled_back",
    "memory.added",
    "memory.confirmed",
    "memory.superseded",
    "memory.disputed",
    "memory.quarantined",
    "memory.closed",
    "memory.forgotten",
    "memory.released",
    "memory.merged",
    "memory.split",
    "memory.undone",
    "soul.adopted",
]
"""Never renamed."""

_NAMES: dict[Outcome, ToldName] = {
    "added": "memory.added",
    "confirmed": "memory.confirmed",
    "duplicate": "memory.confirmed",
    "superseded": "memory.superseded",
    "disputed": "memory.disputed",
    "quarantined": "memory.quarantined",
    "closed": "memory.closed",
    "forgotten": "memory.forgotten",
    "released": "memory.released",
    "merged": "memory.merged",
    "split": "memory.split",
    "undone": "memory.undone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that became of memory."""

    name: ToldName
    sequence: int
    """Id of the write that brought it about, or with which its batch ended; 0 where nothing was
    written. Grows; what belongs to one write has the same."""
    at: datetime
    batch: str | None = None
    """Id of the batch that it belongs to; None for an explicit write."""
    memory: str = ""
    """Id of the memory that counts after it; of a line of the soul its section and key."""
    text: str = ""
    """What that says."""
    undoes: int | None = None
    """The write that was taken back."""
    report: Report | None = None
    """Of a batch that finished."""


def told(
    writes: Sequence[Write],
    texts: Mapping[str, str],
    batches: Mapping[int, Batch],
    ends: Collection[int],
    lines: Sequence[SoulLine] = (),
) -> Iterator[Told]:
    """What writes did, in their order.

    Args:
        writes: Oldest first.
        texts: What memories say, by id.
        batches: By id of a write the batch that made it, or made what it takes back.
        ends: Ids of the writes with which a batch ended, or was rolled back.
        lines: Of the soul, with the batches that adopted them.
    """
    for write in writes:
        batch = batches.get(write.id)
        undoes = write.operation.write if isinstance(write.operation, Undo) else None
        yield Told(
            name=_NAMES[write.outcome],
            sequence=write.id,
            at=write.at,
            batch=batch.id if batch else None,
            memory=write.target,
            text=texts.get(write.target, ""),
            undoes=undoes,
        )
        if batch is None or write.id not in ends:
            continue
        if undoes is None:
            yield from finished(batch, write.id, lines)
        else:
            yield Told(
                name="learn.batch.rolled_back", sequence=write.id, at=write.at, batch=batch.id
            )


def finished(batch: Batch, sequence: int, lines: Sequence[SoulLine] = ()) -> Iterator[Told]:
    """The end of a batch, behind the lines that it adopted."""
    for line in lines:
        if line.batch == batch.id:
            yield _adopted(line, batch, sequence)
    yield Told(
        name="learn.batch.finished",
        sequence=sequence,
        at=batch.at,
        batch=batch.id,
        report=batch.report,
    )


def told_of(learned: Learned) -> Iterator[Told]:
    """What a batch that is held in hand would do."""
    batch = learned.batch
    for written in learned.written:
        yield Told(
            name=_NAMES[written.outcome],
            sequence=written.write,
            at=batch.at,
            batch=batch.id,
            memory=written.memory.id,
            text=text_of(written.memory),
        )
    for line in learned.adopted:
        yield _adopted(line, batch, 0)


def _adopted(line: SoulLine, batch: Batch, sequence: int) -> Told:
    return Told(
        name="soul.adopted",
        sequence=sequence,
        at=line.recorded_at,
        batch=batch.id,
        memory=f"{line.section}/{line.key}",
        text=line.text,
    )
