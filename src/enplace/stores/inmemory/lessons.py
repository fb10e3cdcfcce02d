"""How far the log of one brain in memory was learned from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from enplace.errors import StoreError
from enplace.records.learning import Attempt, Batch, BatchState
from enplace.records.memory import Document, Span
from enplace.records.task import Due
from enplace.records.write import Remember
from enplace.stores.inmemory.state import State


class InMemoryLessons:
    """Implements `ports.LessonStore`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def due(self) -> Sequence[Due]:
        """See `ports.LessonStore`."""
        cursors = self._state.cursors
        behind = (d for d in self._state.due.values() if d.position > cursors.get(d.task_id, 0))
        return sorted(behind, key=lambda due: due.position)

    async def cursor(self, task_id: str) -> int:
        """See `ports.LessonStore`."""
        return self._state.cursors.get(task_id, 0)

    async def attempt(self, task_id: str, after: int, at: datetime, trouble: str = "") -> Attempt:
        """See `ports.LessonStore`."""
        known = self._state.attempts.get((task_id, after))
        if known is None:
            made = Attempt(task_id=task_id, after=after, tries=1, at=at, trouble=trouble)
        elif trouble:
            made = replace(known, trouble=trouble)
        else:
            made = replace(known, tries=known.tries + 1, at=at, trouble="")
        self._state.attempts[task_id, after] = made
        return made

    async def attempts(self) -> Sequence[Attempt]:
        """See `ports.LessonStore`."""
        made = self._state.attempts.values()
        return sorted(made, key=lambda each: (each.at, each.task_id, each.after))

    async def batches(self, *, limit: int, state: BatchState | None = None) -> Sequence[Batch]:
        """See `ports.LessonStore`."""
        known = (b for b in self._state.batches.values() if state in {None, b.state})
        return sorted(known, key=lambda batch: batch.id, reverse=True)[:limit]

    async def batch(self, batch_id: str) -> tuple[Batch, Sequence[int]] | None:
        """See `ports.LessonStore`."""
        batch = self._state.batches.get(batch_id)
        if batch is None:
            return None
        return batch, [write.id for write in self._state.writes if write.batch == batch_id]

    async def evidence(self, memory_id: str) -> Sequence[Span]:
        """See `ports.LessonStore`."""
        memory = self._state.memories.get(memory_id)
        spans = list(() if memory is None or isinstance(memory, Document) else memory.evidence)
        for write in self._state.writes:
            told = write.operation
            if isinstance(told, Remember) and write.target == memory_id and not write.undone:
                spans += told.fact.evidence
        return list(dict.fromkeys(spans))

    async def take_back(self, batch_id: str, *, rewind: bool) -> None:
        """See `ports.LessonStore`."""
        state = self._state
        batch = state.batches.get(batch_id)
        if batch is None:
            raise StoreError(f"there is no batch {batch_id!r} to take back", id=batch_id)
        state.batches[batch_id] = replace(batch, state="rolled_back")
        if rewind:
            state.cursors[batch.task_id] = min(state.cursors[batch.task_id], batch.after)
