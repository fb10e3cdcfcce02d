"""Reads what became of memory out of stored batches and writes, and what was said for it."""

from collections.abc import Sequence

from enplace.errors import MemoryNotFound
from enplace.ports import Brain
from enplace.records.learning import Batch, Quote
from enplace.records.standing import text_of
from enplace.records.telling import Told, finished, told
from enplace.records.write import Erase, Undo, Write
from enplace.upload.learning.hearing import utterances

_PAGE = 500
"""Writes that are read at once."""


async def told_of_batch(brain: Brain, batch_id: str) -> Sequence[Told]:
    """What a batch did, and that it was rolled back where it was.

    Raises:
        MemoryNotFound: There is no such batch.
    """
    found = await brain.lessons.batch(batch_id)
    if found is None:
        raise MemoryNotFound(f"there is no batch {batch_id!r}", batch=batch_id)
    batch, ids = found
    read = [await brain.memory.write(id_) for id_ in ids]
    writes = [each[0] for each in read if each is not None]
    lines = await brain.memory.soul(history=True)
    if not writes:
        return list(finished(batch, 0, lines))
    undo = await _taken_back_by(brain, writes[0].id) if batch.state == "rolled_back" else None
    known = [*writes, *([undo] if undo else [])]
    events = told(
        known,
        await _texts(brain, known),
        dict.fromkeys([write.id for write in known], batch),
        {writes[-1].id, *([undo.id] if undo else [])},
        lines,
    )
    return [event for event in events if event.name != "memory.undone"]


async def told_after(brain: Brain, after: int, limit: int) -> tuple[Sequence[Told], int]:
    """What happened after a write, and the id of the last write that is told.

    Nothing is told twice or left out where the next call goes on after that id.
    """
    writes = await _writes_after(brain, after, limit)
    batches: dict[int, Batch] = {}
    ends: set[int] = set()
    seen: dict[str, tuple[Batch, Sequence[int]] | None] = {}
    for write in writes:
        made = await _origin(brain, write)
        if made is None or made.batch is None:
            continue
        if made.batch not in seen:
            seen[made.batch] = await brain.lessons.batch(made.batch)
        found = seen[made.batch]
        if found is None:
            continue
        batch, ids = found
        batches[write.id] = batch
        if made is write:
            if write.id == ids[-1]:
                ends.add(write.id)
        elif made.id == ids[0] and await _is_taken_back(brain, batch, ids):
            ends.add(write.id)
    lines = await brain.memory.soul(history=True) if ends else ()
    events = list(told(writes, await _texts(brain, writes), batches, ends, lines))
    return events, writes[-1].id if writes else after


async def quotes(brain: Brain, memory_id: str, owner: str) -> Sequence[Quote]:
    """What was said for a memory, in the order in which it was learned.

    Raises:
        MemoryNotFound: There is none of this id.
    """
    if memory_id not in await brain.memory.get([memory_id]):
        raise MemoryNotFound(f"there is no memory {memory_id!r}", id=memory_id)
    spans = await brain.lessons.evidence(memory_id)
    tasks = dict.fromkeys(span.task_id for span in spans)
    said = {
        (each.task_id, each.ordinal): each
        for task_id in tasks
        for events in (await brain.log.dead(task_id), await brain.log.read(task_id))
        for each in utterances(events, owner)
    }
    return [
        Quote(span=span)
        if (heard := said.get((span.task_id, span.ordinal))) is None
        else Quote(
            span=span,
            text=heard.text[span.start : span.end],
            at=heard.at,
            role=heard.role,
            speaker=heard.speaker,
        )
        for span in spans
    ]


async def _origin(brain: Brain, write: Write) -> Write | None:
    """The write itself; of an undo the one that it takes back."""
    if not isinstance(write.operation, Undo):
        return write
    found = await brain.memory.write(write.operation.write)
    return found[0] if found else None


async def _is_taken_back(brain: Brain, batch: Batch, ids: Sequence[int]) -> bool:
    """Whether nothing of it stands; a roll-back takes back the first write of a batch last."""
    if batch.state == "rolled_back":
        return True
    read = [await brain.memory.write(id_) for id_ in ids]
    left = [each[0] for each in read if each and not isinstance(each[0].operation, Erase)]
    return bool(left or not ids) and all(write.undone for write in left)


async def _taken_back_by(brain: Brain, write_id: int) -> Write | None:
    """The undo of a write."""
    before: int | None = None
    while page := await brain.memory.writes(before=before, limit=_PAGE):
        for write in page:
            if isinstance(write.operation, Undo) and write.operation.write == write_id:
                return write
        before = page[-1].id
        if before <= write_id:
            break
    return None


async def _writes_after(brain: Brain, after: int, limit: int) -> list[Write]:
    """The first writes with a larger id, oldest first."""
    newest = await brain.memory.writes(limit=1)
    last = newest[0].id if newest else after
    while after < last:
        upto = after + limit
        page = await brain.memory.writes(before=upto + 1, limit=limit)
        found = [write for write in reversed(page) if write.id > after]
        if found:
            return found
        after = upto  # a gap: ids need not follow each other
    return []


async def _texts(brain: Brain, writes: Sequence[Write]) -> dict[str, str]:
    ids = list(dict.fromkeys(write.target for write in writes))
    return {id_: text_of(memory) for id_, memory in (await brain.memory.get(ids)).items()}
