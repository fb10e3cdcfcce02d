"""How far the log of one brain file was learned from, and batches into rows."""

from collections.abc import Callable, Sequence
from datetime import datetime

from enplace.errors import StoreError
from enplace.records.changeset import Changeset, Commit
from enplace.records.learning import Attempt, Batch, BatchState, Proposal
from enplace.records.memory import Document, Span
from enplace.records.task import Due
from enplace.records.write import Remember, Surroundings
from enplace.stores.codec import decode_operation, decode_report, encode_report
from enplace.stores.erasing import LESSON_ERASED
from enplace.stores.lessons import looks_back, of_batch, place_of, reported
from enplace.stores.moments import to_text, to_time
from enplace.stores.sqlite import commit, memories
from enplace.stores.sqlite.file import BrainFile, Row
from enplace.stores.sqlite.recall import Hopper

Decide = Callable[[Proposal, Surroundings], Sequence[Changeset]]


class SqliteLessons:
    """Implements `ports.LessonStore`."""

    def __init__(self, brain: Hopper) -> None:
        self._brain = brain

    async def due(self) -> Sequence[Due]:
        """See `ports.LessonStore`."""
        rows = await self._brain.reading(lambda file: file.rows("due_lessons"))
        return [Due(task_id=task, position=position, reason=why) for task, position, why in rows]

    async def cursor(self, task_id: str) -> int:
        """See `ports.LessonStore`."""
        return await self._brain.reading(lambda file: _cursor(file, task_id))

    async def attempt(self, task_id: str, after: int, at: datetime, trouble: str = "") -> Attempt:
        """See `ports.LessonStore`."""
        query = "fail_attempt" if trouble else "count_attempt"
        asked = {"task_id": task_id, "after": after, "at": to_text(at), "trouble": trouble}
        rows = await self._brain.writing(lambda file: file.rows(query, asked))
        return _attempt_of(rows[0])

    async def attempts(self) -> Sequence[Attempt]:
        """See `ports.LessonStore`."""
        rows = await self._brain.reading(lambda file: file.rows("attempts"))
        return [_attempt_of(row) for row in rows]

    async def batches(self, *, limit: int, state: BatchState | None = None) -> Sequence[Batch]:
        """See `ports.LessonStore`."""
        asked = {"limit": limit, "state": state}
        rows = await self._brain.reading(lambda file: file.rows("last_batches", asked))
        return [batch_of(row) for row in rows]

    async def batch(self, batch_id: str) -> tuple[Batch, Sequence[int]] | None:
        """See `ports.LessonStore`."""
        asked = {"id": batch_id}

        def read(file: BrainFile) -> tuple[Batch, Sequence[int]] | None:
            row = file.row("batch", asked)
            if row is None:
                return None
            return batch_of(row), [found[0] for found in file.rows("writes_of_batch", asked)]

        return await self._brain.reading(read)

    async def evidence(self, memory_id: str) -> Sequence[Span]:
        """See `ports.LessonStore`."""
        asked = {"id": memory_id}

        def read(file: BrainFile) -> list[Span]:
            row = file.row("memory_by_id", asked)
            memory = None if row is None else memories.memory_of(row)
            spans = list(() if memory is None or isinstance(memory, Document) else memory.evidence)
            for (text,) in file.rows("operations_on", asked):
                operation = decode_operation(text)
                if isinstance(operation, Remember):
                    spans += operation.fact.evidence
            return list(dict.fromkeys(spans))

        return await self._brain.reading(read)

    async def take_back(self, batch_id: str, *, rewind: bool) -> None:
        """See `ports.LessonStore`."""

        def work(file: BrainFile) -> None:
            row = file.row("batch", {"id": batch_id})
            if row is None:
                raise StoreError(f"there is no batch {batch_id!r} to take back", id=batch_id)
            file.run("roll_back_batch", {"id": batch_id})
            if rewind:
                batch = batch_of(row)
                file.run("rewind", {"task_id": batch.task_id, "after": batch.after})

        await self._brain.writing(work)


def learn(
    file: BrainFile, batch: Batch, proposals: Sequence[Proposal], decide: Decide
) -> Commit | None:
    """Write a batch and move its task's cursor; None where that stands elsewhere.

    None as well where what was learned from was erased since it was read. Runs inside one transaction.
    """
    if batch.upto <= batch.after or _cursor(file, batch.task_id) != batch.after:
        return None
    tried = file.row("trouble", {"task_id": batch.task_id, "after": batch.after})
    if tried is not None and tried[0] == LESSON_ERASED:
        return None
    written: list[Changeset] = []
    last = 0
    for proposal in proposals:
        for decided in decide(proposal, _near(file, proposal)):
            changeset = of_batch(decided, batch)
            last = commit.write(file, changeset).write or last
            written.append(changeset)
    file.run("add_batch", columns_of(reported(batch, written)))
    file.run("set_cursor", {"task_id": batch.task_id, "position": batch.upto})
    file.run("drop_attempts", {"task_id": batch.task_id, "upto": batch.upto})
    return Commit(write=last)


def _near(file: BrainFile, proposal: Proposal) -> Surroundings:
    """What a proposal must be weighed against."""
    about = place_of(proposal)
    if about is None:
        return Surroundings(revision=memories.revision(file), facts=())
    near = memories.surroundings(file, about, (), None, holds_one=True)
    if looks_back(proposal) and near.facts:
        ids = [fact.id for fact in near.facts]
        near = memories.surroundings(file, about, ids, None, holds_one=True)
    return near


def _cursor(file: BrainFile, task_id: str) -> int:
    row = file.row("cursor", {"task_id": task_id})
    return int(row[0]) if row else 0


def batch_of(row: Row) -> Batch:
    """The batch of a row."""
    id_, task_id, after, upto, at, extractor, reason, state, report = row
    return Batch(
        id=id_,
        task_id=task_id,
        after=after,
        upto=upto,
        at=to_time(str(at)),
        extractor=extractor,
        reason=reason,
        state=state,
        report=decode_report(report),
    )


def columns_of(batch: Batch) -> dict[str, object]:
    """A batch as the columns of its row."""
    return {
        "id": batch.id,
        "task_id": batch.task_id,
        "after": batch.after,
        "upto": batch.upto,
        "at": to_text(batch.at),
        "extractor": batch.extractor,
        "reason": batch.reason,
        "state": batch.state,
        "report": encode_report(batch.report),
    }


def _attempt_of(row: Row) -> Attempt:
    task_id, after, tries, at, trouble = row
    return Attempt(task_id=task_id, after=after, tries=tries, at=to_time(str(at)), trouble=trouble)
