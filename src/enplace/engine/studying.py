"""Learns in the background, when there is a pause or enough was said."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from enplace.engine.learning import Learning
from enplace.engine.parts import LearningOptions
from enplace.errors import EnplaceError

_log = logging.getLogger("enplace.engine")


class Study:
    """One background task at a time for one owner. What it leaves undone stays due in the log."""

    def __init__(
        self,
        learning: Learning,
        options: LearningOptions,
        submit: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._learning = learning
        self._options = options
        self._submit = submit
        self._task: asyncio.Task[None] | None = None
        self._waiting = 0
        self._reason = ""
        self._now = asyncio.Event()

    def nudge(self, reason: str, *, at_once: bool = False) -> None:
        """Something is due.

        Args:
            reason: Why; the batches keep it.
            at_once: Without waiting for a pause: a visit ended, or turns are leaving the view.
        """
        if not self._options.in_background:
            return
        self._waiting += 1
        self._reason = reason
        if at_once or self._waiting >= self._options.turns:
            self._now.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def settled(self) -> None:
        """Learn what is due now, without a pause, and wait for it."""
        while self._task is not None and not self._task.done():
            self._now.set()
            await asyncio.wait([self._task])

    async def aclose(self) -> None:
        """Stop. What was not learned stays due."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while self._waiting:
            seen = -1
            while (
                seen != self._waiting and not self._now.is_set()
            ):  # a new turn begins the pause anew
                seen = self._waiting
                try:
                    await asyncio.wait_for(self._now.wait(), self._options.idle_s)
                except TimeoutError:
                    continue
            self._now.clear()
            self._waiting = 0
            try:
                if self._submit is not None:  # whoever works on jobs learns
                    await self._submit()
                else:
                    await self._learning.run(self._reason, patient=True)
            except EnplaceError as error:
                _log.warning("nothing learned: %s", error.message, extra={"action": "learn"})
