"""Jobs that outlive their process, in DBOS on SQLite or PostgreSQL.

A job is a workflow in a queue with one partition per owner. It has no steps: what is to be done is
found anew in the brain whenever it runs, so that there is nothing to replay. DBOS itself brings
back the jobs of an executor only when one of the same name starts again; here each process has a
name of its own and a heartbeat, and whoever is alive brings back the jobs of those who are not.
"""

import asyncio
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, wait
from contextlib import suppress
from functools import cache

from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from enplace.errors import ConfigError, UsageError
from enplace.jobs.options import DurableOptions
from enplace.jobs.queue import APPLICATION, PROTOCOL, WAITING, WORKFLOW, JobQueue, mapped
from enplace.ports import Work

_log = logging.getLogger("enplace.jobs")

MOST_RECOVERIES = 100
"""Of one job; the next `submit` makes a new one."""
HANDOVER_S = 2.0
"""How long a job that a closing process gives back waits, so that it does not take it again."""
PATIENCE_S = 5.0
"""How long closing waits for cancelled runs."""


class DurableJobs:
    """Implements `ports.Jobs`. In a process any number may submit; one may be started.

    Args:
        url: `sqlite:////absolute/path.db` or `postgresql://user@host:port/database`.
        options: How jobs are kept and found.
    """

    def __init__(self, url: str, *, options: DurableOptions | None = None) -> None:
        self.executor_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.options = options or DurableOptions()
        self._url = url
        self._queue: JobQueue | None = None
        self._opening = threading.Lock()
        self._work: Work | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beating: asyncio.Task[None] | None = None
        self._carried: set[str] = set()
        """Workflows that run here."""
        self._runs: set[asyncio.Task[object]] = set()
        self._idle: dict[str, float] = {}
        """Workflows that are ours and do not run: since when they were seen so."""
        self._swept_at = 0.0
        self._closed = False

    async def submit(self, owner: str) -> None:
        """See `ports.Jobs`."""
        if not self._closed:
            await asyncio.to_thread(self._submit, owner)

    async def start(self, work: Work) -> None:
        """See `ports.Jobs`."""
        if self._work is not None:
            raise UsageError("these jobs were started before")
        self._work = work
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._launch)
        self._beating = asyncio.create_task(self._beat(), name="heartbeat of jobs")

    async def aclose(self) -> None:
        """See `ports.Jobs`."""
        if self._closed:
            return
        self._closed = True
        if self._beating is not None:
            self._beating.cancel()
            for run in self._runs:
                run.cancel()
            await asyncio.gather(self._beating, *self._runs, return_exceptions=True)
        await asyncio.to_thread(self._close)

    def _submit(self, owner: str) -> None:
        with mapped():
            queue = self._opened()
            if not queue.waits(owner, WAITING):
                queue.enqueue(owner, 0, self.options.settle_s)

    def _opened(self) -> JobQueue:
        with self._opening:
            if self._queue is None:
                self._queue = JobQueue(self._url)
            return self._queue

    def _launch(self) -> None:
        """In a thread without an event loop, so that DBOS takes none of ours for its own."""
        global _at_work  # noqa: PLW0603  DBOS is one per process, and so is this
        if _at_work is not None:
            raise UsageError("another DurableJobs works in this process")
        with mapped():
            queue = self._opened()
            queue.executors.beat(self.executor_id)  # before any job can be ours
            queue.make(at_once=self.options.at_once, poll_s=self.options.poll_s)
            _workflow()
            DBOS(
                config={
                    "name": APPLICATION,
                    "system_database_url": queue.url,
                    "executor_id": self.executor_id,
                    "application_version": PROTOCOL,
                    "log_level": "WARNING",
                }
            )
            if DBOS.executor_id != self.executor_id:
                raise ConfigError("this process uses DBOS for something else")
            _at_work = self
            try:
                DBOS.launch()
            except BaseException:
                _at_work = None
                DBOS.destroy()
                raise

    def _close(self) -> None:
        global _at_work  # noqa: PLW0603
        queue = self._queue
        if queue is None:
            return
        if _at_work is self:
            deadline = time.monotonic() + PATIENCE_S
            while self._mine(queue) and time.monotonic() < deadline:
                time.sleep(0.02)
            DBOS.destroy()
            _at_work = None
            with suppress(SQLAlchemyError):  # then it is forgotten after a while
                queue.executors.leave(self.executor_id)
        queue.close()

    def _mine(self, queue: JobQueue) -> bool:
        try:
            return any(executor == self.executor_id for _, executor in queue.begun())
        except SQLAlchemyError:
            return False  # what still runs is brought back by others

    def carry(self, workflow_id: str, owner: str, failures: int) -> None:
        """Do an owner's work in the loop of whoever started this. In a thread of DBOS."""
        work, loop = self._work, self._loop
        assert work is not None
        assert loop is not None  # started
        self._carried.add(workflow_id)
        try:
            _result(self._run(work, owner), loop)
        except CancelledError:
            self._put_off(owner, failures, HANDOVER_S)
        except Exception:  # noqa: BLE001  a worker goes on, whatever a run raises
            _log.exception("work failed", extra={"action": "work", "owner": owner})
            self._put_off(owner, failures + 1, self.options.pauses.after(failures + 1))
        finally:
            self._carried.discard(workflow_id)

    async def _run(self, work: Work, owner: str) -> object:
        run = asyncio.current_task()
        assert run is not None
        if self._closed:
            raise asyncio.CancelledError
        self._runs.add(run)
        try:
            return await work(owner)
        finally:
            self._runs.discard(run)

    def _put_off(self, owner: str, failures: int, delay_s: float) -> None:
        """Have an owner's work done later; not given up while this process goes on."""
        queue = self._opened()
        while True:
            try:
                if not queue.waits(owner, ("DELAYED",)):
                    queue.enqueue(owner, failures, delay_s)
            except SQLAlchemyError:
                if self._closed:
                    raise
                _log.warning("a job cannot be put off", exc_info=True, extra={"action": "put off"})
                time.sleep(self.options.beat_s)
            else:
                return

    async def _beat(self) -> None:
        """From the event loop: one that hangs gives its jobs to others."""
        while True:
            try:
                await asyncio.to_thread(self._look_after)
            except Exception:  # noqa: BLE001  a worker goes on; it tries again at the next beat
                _log.exception("jobs were not looked after", extra={"action": "heartbeat"})
            await asyncio.sleep(self.options.beat_s)

    def _look_after(self) -> None:
        """Be alive, and bring back the jobs of whoever is not."""
        queue, options = self._opened(), self.options
        queue.executors.beat(self.executor_id)
        begun = queue.begun()
        alive = queue.executors.alive(options.dead_after_s)  # after: who began a job was alive
        now = time.monotonic()
        idle: dict[str, float] = {}
        for workflow_id, executor in begun:
            if executor == self.executor_id and workflow_id not in self._carried:
                # It is about to begin or to end, or the database failed in between.
                idle[workflow_id] = self._idle.get(workflow_id, now)
            is_lost = now - idle.get(workflow_id, now) > options.dead_after_s
            if executor not in alive or is_lost:
                queue.bring_back(workflow_id, executor)
        self._idle = idle
        if now - self._swept_at > min(3_600.0, options.keep_s) or not self._swept_at:
            self._swept_at = now
            queue.sweep(options.keep_s)
            queue.executors.forget(100 * options.dead_after_s)


_at_work: DurableJobs | None = None


def _carry(owner: str, failures: int) -> None:
    workflow_id = DBOS.workflow_id
    if _at_work is not None and workflow_id is not None:
        _at_work.carry(workflow_id, owner, failures)


@cache
def _workflow() -> Callable[[str, int], None]:
    """Registers the workflow, once per process."""
    return DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MOST_RECOVERIES)(_carry)


def _result(run: Coroutine[None, None, object], loop: asyncio.AbstractEventLoop) -> object:
    """What a coroutine gives in the loop of another thread.

    Raises:
        CancelledError: It was cancelled, or the loop is no more.
    """
    if loop.is_closed():
        run.close()
        raise CancelledError
    future = asyncio.run_coroutine_threadsafe(run, loop)
    while not wait([future], timeout=1.0).done:
        if loop.is_closed():
            raise CancelledError
    return future.result()
