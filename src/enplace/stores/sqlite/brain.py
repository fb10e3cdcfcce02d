"""Brains in SQLite: one file per owner, one thread per open file, one hop per operation."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from enplace.errors import BrainBusy, StoreError, TaskBusy
from enplace.records.agent_event import PersonAsked, unanswered
from enplace.records.canonical import digest
from enplace.records.changeset import Changeset, Commit, Lease
from enplace.records.erasure import ErasurePlan, ErasureReceipt
from enplace.records.event import Event, Place
from enplace.records.exchange import Imported
from enplace.records.learning import Batch, Proposal
from enplace.records.memory import Fact, Note
from enplace.records.task import Due, Session, TaskSummary
from enplace.records.write import Surroundings
from enplace.stores.codec import decode_event
from enplace.stores.moments import to_text, to_time
from enplace.stores.names import file_name
from enplace.stores.sqlite import commit, erasing, lessons, memories, portable
from enplace.stores.sqlite.file import BrainFile, Row
from enplace.stores.sqlite.lessons import SqliteLessons
from enplace.stores.sqlite.memory import SqliteMemory
from enplace.stores.sqlite.recall import SqliteIndex
from enplace.stores.sqlite.scanning import scan

Result = TypeVar("Result")


class SqliteBrain:
    """One owner's brain in one file. Implements `Brain`, `Portable` and `Erasing` of `ports`."""

    def __init__(self, path: Path, owner: str, locks: Path) -> None:
        self.owner = owner
        self.path = path
        self._locks = locks
        self.file = BrainFile(path, owner)
        self.pack_patience_s = 10.0
        """Seconds for which a file that others read is tried to be packed."""
        self._thread: ThreadPoolExecutor | None = None
        self.log = SqliteLog(self)
        self.notes = SqliteNotes(self)
        self.memory = SqliteMemory(self)
        self.index = SqliteIndex(self)
        self.lessons = SqliteLessons(self)

    async def reading(self, work: Callable[[BrainFile], Result]) -> Result:
        """Run one query on the brain's thread."""
        return await self._hop(lambda: self.file.read(lambda: work(self.file)))

    async def writing(self, work: Callable[[BrainFile], Result]) -> Result:
        """Write on the brain's thread, all of it in one transaction."""
        return await self._hop(lambda: self.file.write(lambda: work(self.file)))

    async def session(self) -> Session | None:
        """See `ports.Brain`."""
        row = await self.reading(lambda file: file.row("session"))
        if row is None:
            return None
        return Session(
            id=row[0],
            opened_at=to_time(str(row[1])),
            last_at=to_time(str(row[2])),
            closed_at=to_time(str(row[3])) if row[3] else None,
        )

    async def commit(self, changeset: Changeset) -> Commit:
        """See `ports.Brain`."""
        return await self.writing(lambda file: commit.write(file, changeset))

    def export_lines(self) -> AsyncGenerator[str, None]:
        """See `ports.Portable`."""
        return portable.lines_of(self)

    async def import_lines(self, lines: Iterable[str]) -> Imported:
        """See `ports.Portable`."""
        return await portable.take_in(self, lines)

    async def erase(self, plan: ErasurePlan, at: datetime) -> ErasureReceipt:
        """See `ports.Erasing`. A process that ends too early leaves packing to the next opening."""
        tally = await self.writing(lambda file: erasing.erase(file, plan, at))
        packed = await self._hop(self._packed)
        found = await self._hop(lambda: scan(self.file, plan))
        return tally.receipt(plan, found, packed=packed)

    def _packed(self) -> bool:
        """Pack the file, waiting where it is held by others."""
        deadline = time.monotonic() + self.pack_patience_s
        while True:
            try:
                if self.file.pack():
                    return True
            except BrainBusy:
                pass
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)

    async def weigh(
        self,
        fact: Fact,
        decide: Callable[[Surroundings], Changeset | None],
        *,
        holds_one: bool,
        ids: Sequence[str] = (),
        key: str | None = None,
    ) -> Commit | None:
        """See `ports.Brain`. One hop and one transaction."""

        def work(file: BrainFile) -> Commit | None:
            near = memories.surroundings(file, fact, ids, key, holds_one=holds_one)
            changeset = decide(near)
            return None if changeset is None else commit.write(file, changeset)

        return await self.writing(work)

    async def learn(
        self,
        batch: Batch,
        proposals: Sequence[Proposal],
        decide: Callable[[Proposal, Surroundings], Sequence[Changeset]],
        *,
        dry: bool = False,
    ) -> Commit | None:
        """See `ports.Brain`. One hop and one transaction; a dry one is rolled back."""

        def work(file: BrainFile) -> Commit | None:
            done = lessons.learn(file, batch, proposals, decide)
            if dry and done is not None:
                raise _OnlyTried
            return done

        try:
            return await self.writing(work)
        except _OnlyTried:
            return Commit()

    def lease(self, task_id: str) -> AbstractAsyncContextManager[Lease]:
        """See `ports.Brain`. The system frees the lock when its holder dies."""
        return self._lease(task_id)

    @asynccontextmanager
    async def _lease(self, task_id: str) -> AsyncGenerator[Lease, None]:
        path = self._locks / f"{digest(task_id)[:32]}.lock"
        lock = FileLock(path, thread_local=False)
        try:
            self._locks.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise TaskBusy(
                f"another turn of task {task_id!r} is running", task_id=task_id
            ) from error
        except OSError as error:
            raise StoreError(f"{path}: {error}", path=str(path)) from error
        try:
            yield await self.writing(lambda file: _raise_fence(file, task_id))
        finally:
            lock.release()

    async def close(self) -> None:
        """Close the file; the next use opens it again."""
        thread = self._thread
        if thread is None:
            return
        await self._hop(self.file.close)
        if self._thread is thread:  # nobody else closed it meanwhile
            thread.shutdown()
            self.file.close()  # what came in meanwhile has opened it again
            self._thread = None

    async def _hop(self, work: Callable[[], Result]) -> Result:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="enplace-brain")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class SqliteBrains:
    """Brains in a folder. Implements `ports.Brains`.

    The least recently used files beyond `most_open` are closed; a brain whose file was closed
    opens it again by itself.
    """

    def __init__(self, home: Path, *, most_open: int = 64) -> None:
        self._home = home
        self._most_open = most_open
        self._brains: dict[str, SqliteBrain] = {}
        self._open: OrderedDict[str, SqliteBrain] = OrderedDict()

    async def open(self, owner: str) -> SqliteBrain:
        """See `ports.Brains`."""
        brain = self._brains.get(owner)  # a holder whose file was closed holds the same one
        if brain is None:
            name = file_name(owner)
            path = self._home / "brains" / f"{name}.db"
            brain = SqliteBrain(path, owner, self._home / "locks" / name)
            self._brains[owner] = brain
            try:
                await brain.session()  # opens the file: what is wrong with it shows here
            except BaseException:
                self._brains.pop(owner, None)
                await brain.close()
                raise
        self._open[owner] = brain
        self._open.move_to_end(owner)
        while len(self._open) > self._most_open:
            _, idle = self._open.popitem(last=False)
            await idle.close()
        return brain

    async def aclose(self) -> None:
        """Close all of them."""
        self._open.clear()
        while self._brains:
            _, brain = self._brains.popitem()
            await brain.close()


class SqliteLog:
    """Implements `ports.LogStore`."""

    def __init__(self, brain: SqliteBrain) -> None:
        self._brain = brain

    async def read(self, task_id: str, after: int = 0) -> Sequence[Event]:
        """See `ports.LogStore`."""
        asked = {"task_id": task_id, "after": after}

        rows = await self._brain.reading(lambda file: file.rows("events_after", asked))
        return [_event(row, task_id) for row in rows]

    async def dead(self, task_id: str) -> Sequence[Event]:
        """See `ports.LogStore`."""
        asked = {"task_id": task_id}
        rows = await self._brain.reading(lambda file: file.rows("dead_events", asked))
        return [_event(row, task_id) for row in rows]

    async def texts(self, digests: Sequence[str]) -> Mapping[str, str]:
        """See `ports.LogStore`."""
        asked = {"digests": json.dumps(list(digests))}
        return dict(await self._brain.reading(lambda file: file.rows("texts", asked)))

    async def tasks(self) -> Sequence[TaskSummary]:
        """See `ports.LogStore`."""
        rows = await self._brain.reading(lambda file: file.rows("all_tasks"))
        return [
            TaskSummary(
                task_id=task_id,
                head=head,
                created_at=to_time(str(created)),
                updated_at=to_time(str(updated)),
            )
            for task_id, head, created, updated in rows
        ]

    async def due(self) -> Sequence[Due]:
        """See `ports.LogStore`."""
        rows = await self._brain.reading(lambda file: file.rows("due"))
        return [Due(task_id=task, position=position, reason=why) for task, position, why in rows]

    async def questions(self) -> Sequence[PersonAsked]:
        """See `ports.LogStore`."""
        rows = await self._brain.reading(lambda file: file.rows("hitl_events"))
        return unanswered(_event(row[:-1], row[-1]) for row in rows)


class SqliteNotes:
    """Implements `ports.NoteStore`."""

    def __init__(self, brain: SqliteBrain) -> None:
        self._brain = brain

    async def live(self, task_id: str, now: datetime) -> Sequence[Note]:
        """See `ports.NoteStore`."""
        asked = {"task_id": task_id, "now": to_text(now)}
        rows = await self._brain.reading(lambda file: file.rows("live_notes", asked))
        return [
            Note(
                task_id=task,
                key=key,
                value=value,
                note_kind=kind,
                priority=priority,
                written_at=to_time(str(written)),
                expires_at=to_time(str(expires)) if expires else None,
            )
            for task, key, value, kind, priority, written, expires in rows
        ]

    async def sweep(self, now: datetime) -> int:
        """See `ports.NoteStore`."""
        asked = {"now": to_text(now)}
        return len(await self._brain.writing(lambda file: file.rows("sweep_notes", asked)))


class _OnlyTried(Exception):
    """Takes back what was written so that it could be decided on."""


def _raise_fence(file: BrainFile, task_id: str) -> Lease:
    row = file.row("raise_fence", {"task_id": task_id})
    assert row is not None  # `returning` gives the row it wrote
    return Lease(task_id=task_id, fence=row[0])


def _event(row: Row, task_id: str) -> Event:
    position, ordinal, parent, turn_id, at, body = row
    place = Place(
        task_id=task_id,
        turn_id=turn_id,
        ordinal=ordinal,
        parent=parent,
        position=position,
        at=to_time(str(at)),
    )
    return decode_event(body, place)
