"""Brains in SQLite that add up the CPU time of their commits."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from time import process_time

from enplace.ports import Brain
from enplace.records.changeset import Changeset, Commit, Lease
from enplace.records.learning import Batch, Proposal
from enplace.records.memory import Fact
from enplace.records.task import Session
from enplace.records.write import Surroundings
from enplace.stores.sqlite.brain import SqliteBrains


class TimedBrains:
    """Implements `ports.Brains`."""

    def __init__(self, home: Path) -> None:
        self.commit_s = 0.0
        """CPU seconds of all commits since it was last set to 0."""
        self._inner = SqliteBrains(home)

    async def open(self, owner: str) -> Brain:
        """See `ports.Brains`."""
        return _TimedBrain(await self._inner.open(owner), self)

    async def aclose(self) -> None:
        """See `ports.Brains`."""
        await self._inner.aclose()


class _TimedBrain:
    """Implements `ports.Brain` around another one."""

    def __init__(self, inner: Brain, total: TimedBrains) -> None:
        self.owner = inner.owner
        self.log = inner.log
        self.notes = inner.notes
        self.memory = inner.memory
        self.index = inner.index
        self.lessons = inner.lessons
        self._inner = inner
        self._total = total

    async def session(self) -> Session | None:
        """See `ports.Brain`."""
        return await self._inner.session()

    async def commit(self, changeset: Changeset) -> Commit:
        """See `ports.Brain`."""
        start = process_time()
        try:
            return await self._inner.commit(changeset)
        finally:
            self._total.commit_s += process_time() - start

    async def weigh(
        self,
        fact: Fact,
        decide: Callable[[Surroundings], Changeset | None],
        *,
        holds_one: bool,
        ids: Sequence[str] = (),
        key: str | None = None,
    ) -> Commit | None:
        """See `ports.Brain`."""
        start = process_time()
        try:
            return await self._inner.weigh(fact, decide, holds_one=holds_one, ids=ids, key=key)
        finally:
            self._total.commit_s += process_time() - start

    async def learn(
        self,
        batch: Batch,
        proposals: Sequence[Proposal],
        decide: Callable[[Proposal, Surroundings], Sequence[Changeset]],
        *,
        dry: bool = False,
    ) -> Commit | None:
        """See `ports.Brain`."""
        start = process_time()
        try:
            return await self._inner.learn(batch, proposals, decide, dry=dry)
        finally:
            self._total.commit_s += process_time() - start

    def lease(self, task_id: str) -> AbstractAsyncContextManager[Lease]:
        """See `ports.Brain`."""
        return self._inner.lease(task_id)
