"""Jobs as tasks of this process's event loop."""

import asyncio
import logging

from enplace.errors import UsageError
from enplace.jobs.options import Pauses
from enplace.ports import Work

_log = logging.getLogger("enplace.jobs")


class InProcessJobs:
    """Jobs that last as long as the process. Implements `ports.Jobs`.

    Args:
        at_once: Most owners whose work is done at the same time.
        pauses: Between a run that failed and the next one.
    """

    def __init__(self, *, at_once: int = 4, pauses: Pauses | None = None) -> None:
        self._pauses = pauses or Pauses()
        self._room = asyncio.Semaphore(at_once)
        self._work: Work | None = None
        self._waiting: set[str] = set()
        """Owners for whom a run is to begin."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    async def submit(self, owner: str) -> None:
        """See `ports.Jobs`."""
        if self._closed:
            return
        self._waiting.add(owner)
        self._begin(owner)

    async def start(self, work: Work) -> None:
        """See `ports.Jobs`."""
        if self._work is not None:
            raise UsageError("these jobs were started before")
        self._work = work
        for owner in sorted(self._waiting):
            self._begin(owner)

    async def aclose(self) -> None:
        """See `ports.Jobs`."""
        self._closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, owner: str) -> None:
        if self._work is not None and owner not in self._tasks:
            task = asyncio.create_task(self._drain(owner, self._work), name=f"jobs of {owner}")
            self._tasks[owner] = task

    async def _drain(self, owner: str, work: Work) -> None:
        """Run as long as somebody asks for it. What is said during a run asks for another one."""
        failures = 0
        try:
            while owner in self._waiting:
                async with self._room:
                    self._waiting.discard(owner)
                    failures = failures + 1 if await _fails(work, owner) else 0
                if failures:
                    self._waiting.add(owner)
                    await asyncio.sleep(self._pauses.after(failures))
        finally:
            del self._tasks[owner]  # nothing is awaited between the last look and this


async def _fails(work: Work, owner: str) -> bool:
    try:
        await work(owner)
    except Exception:  # noqa: BLE001  a worker goes on, whatever a run raises
        _log.exception("work failed", extra={"action": "work", "owner": owner})
        return True
    return False
