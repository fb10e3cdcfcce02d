"""Brains in SQLite: one file per owner, one thread per open file, one hop per operation."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from enplace.errors import StoreError, TaskBusy
from enplace.records.canonical import digest
from enplace.records.changeset import Changeset, Commit, Lease
from enplace.records.event import Event, Place
from enplace.records.memory import Fact, Note, SoulLine, Span
from enplace.records.recollection import Match, Said
from enplace.records.task import Due, Session, TaskSummary
from enplace.records.words import fold
from enplace.stores.codec import decode_event, decode_fact
from enplace.stores.moments import to_text, to_time
from enplace.stores.names import file_name
from enplace.stores.sqlite import commit
from enplace.stores.sqlite.file import BrainFile, Row

Result = TypeVar("Result")


class SqliteBrain:
    """One owner's brain in one file. Implements `ports.Brain`."""

    def __init__(self, path: Path, owner: str, locks: Path) -> None:
        self.owner = owner
        self.path = path
        self._locks = locks
        self._file = BrainFile(path, owner)
        self._thread: ThreadPoolExecutor | None = None
        self.log = SqliteLog(self)
        self.notes = SqliteNotes(self)
        self.memory = SqliteMemory(self)

    async def reading(self, work: Callable[[BrainFile], Result]) -> Result:
        """Run one query on the brain's thread."""
        return await self._hop(lambda: self._file.read(lambda: work(self._file)))

    async def writing(self, work: Callable[[BrainFile], Result]) -> Result:
        """Write on the brain's thread, all of it in one transaction."""
        return await self._hop(lambda: self._file.write(lambda: work(self._file)))

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
        await self._hop(self._file.close)
        if self._thread is thread:  # nobody else closed it meanwhile
            thread.shutdown()
            self._file.close()  # what came in meanwhile has opened it again
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

    async def search(self, terms: Sequence[str], *, limit: int, but_task: str) -> Sequence[Match]:
        """See `ports.LogStore`."""
        if not terms:
            return []
        words = f'text : ({_any_of(terms)}) NOT task : "{commit.task_word(but_task)}"'
        asked = {"words": words, "limit": limit}
        rows = await self._brain.reading(lambda file: file.rows("search_said", asked))
        return [_said(row) for row in rows]

    async def due(self) -> Sequence[Due]:
        """See `ports.LogStore`."""
        rows = await self._brain.reading(lambda file: file.rows("due"))
        return [Due(task_id=task, position=position, reason=why) for task, position, why in rows]


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


class SqliteMemory:
    """Implements `ports.MemoryStore`."""

    def __init__(self, brain: SqliteBrain) -> None:
        self._brain = brain

    async def search(self, terms: Sequence[str], *, limit: int, now: datetime) -> Sequence[Match]:
        """See `ports.MemoryStore`."""
        if not terms:
            return []
        asked = {"words": _any_of(terms), "limit": limit, "now": to_text(now)}
        rows = await self._brain.reading(lambda file: file.rows("search_facts", asked))
        return [Match(item=_fact(body, until), score=score) for body, until, score in rows]

    async def get(self, ids: Sequence[str]) -> Mapping[str, Fact]:
        """See `ports.MemoryStore`."""
        asked = {"ids": json.dumps(list(ids))}
        rows = await self._brain.reading(lambda file: file.rows("facts_by_id", asked))
        return {id_: _fact(body, until) for id_, body, until in rows}

    async def closed(self, ids: Sequence[str], now: datetime) -> Mapping[str, Fact | None]:
        """See `ports.MemoryStore`."""
        asked = {"ids": json.dumps(list(ids)), "now": to_text(now)}
        rows = await self._brain.reading(lambda file: file.rows("closed_facts", asked))
        return {id_: _fact(body, until) if body else None for id_, body, until in rows}

    async def same(self, sentence: str, now: datetime) -> Fact | None:
        """See `ports.MemoryStore`."""
        asked = {"folded": fold(sentence), "now": to_text(now)}
        row = await self._brain.reading(lambda file: file.row("same_fact", asked))
        return _fact(row[0], row[1]) if row else None

    async def facts(self, now: datetime) -> Sequence[Fact]:
        """See `ports.MemoryStore`."""
        asked = {"now": to_text(now)}
        rows = await self._brain.reading(lambda file: file.rows("open_facts", asked))
        return [_fact(body, until) for body, until in rows]

    async def soul(self) -> Sequence[SoulLine]:
        """See `ports.MemoryStore`."""
        rows = await self._brain.reading(lambda file: file.rows("soul"))
        return [
            SoulLine(
                section=section,
                key=key,
                version=version,
                text=text,
                recorded_at=to_time(str(at)),
                evidence=tuple(Span(**span) for span in json.loads(evidence)),
            )
            for section, key, version, text, at, evidence in rows
        ]


def _any_of(terms: Sequence[str]) -> str:
    """FTS5 for: a word that begins with any of these. Terms are letters and digits only."""
    return " OR ".join(f'"{term}"*' for term in terms)


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


def _said(row: Row) -> Match:
    task_id, ordinal, at, text = row
    said = Said(task_id=task_id, ordinal=ordinal, text=text, at=to_time(str(at)))
    return Match(item=said, score=0.0)


def _fact(body: str, valid_until: str | None) -> Fact:
    """The row's `valid_until` counts: closing a fact never rewrites its body."""
    fact = decode_fact(body)
    return replace(fact, valid_until=to_time(valid_until)) if valid_until else fact
