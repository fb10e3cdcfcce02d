"""Keeps vectors up with what is written, in the background."""

import asyncio
import logging

from enplace.errors import EmbedderError, StoreError
from enplace.ports import Brain, Embedder
from enplace.upload.encoding import encode_pending

_log = logging.getLogger("enplace.engine")


class Encoder:
    """One background task at a time for one owner's brain. Without an embedder it does nothing."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self.trouble = ""
        """Why vectors are missing, where the last attempt failed; tried again with the next write."""

    @property
    def is_busy(self) -> bool:
        """Whether vectors are being made."""
        return self._task is not None and not self._task.done()

    def nudge(self, brain: Brain) -> None:
        """Something was written."""
        if self._embedder is None:
            return
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(brain, self._embedder))

    async def waiting(self, brain: Brain) -> int:
        """How many items have no vector yet; 0 without an embedder."""
        if self._embedder is None:
            return 0
        return await brain.index.waiting(self._embedder.card.name)

    async def settled(self, *, at_most_s: float | None = None) -> None:
        """Wait until everything written so far has its vectors, or the attempt has failed.

        Args:
            at_most_s: Wait no longer than this.
        """
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=at_most_s)
            if at_most_s is not None:
                return

    async def aclose(self) -> None:
        """Stop. What has no vector yet gets it when the brain is next written to."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self, brain: Brain, embedder: Embedder) -> None:
        while self._again:
            self._again = False
            try:
                await encode_pending(brain, embedder)
                self.trouble = ""
            except (EmbedderError, StoreError) as error:
                self.trouble = f"{embedder.card.name}: {error.message}"
                _log.warning("no vectors: %s", self.trouble, extra={"action": "encode"})
