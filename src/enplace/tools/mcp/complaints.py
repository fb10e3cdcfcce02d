"""What a server writes to its standard error: kept out of ours, and its end remembered."""

import asyncio
import logging
import os
import threading
from typing import TextIO

_log = logging.getLogger("enplace.tools")

MOST_BYTES = 4_096
"""Of the end, which is remembered."""
MOST_CHARACTERS = 300
"""Of its last line, as messages show it."""
PATIENCE_S = 0.5


class Complaints:
    """Reads along in a thread of its own until the server, and whoever it started, closes it.

    Args:
        server: Its name.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._end = b""
        reading, writing = os.pipe()
        self.file: TextIO = os.fdopen(writing, "w")
        """What the server is started with; to be closed here as soon as it runs."""
        self._thread = threading.Thread(
            target=self._read, args=(reading,), name=f"complaints of {server}", daemon=True
        )
        self._thread.start()

    async def last(self) -> str:
        """The last line that a server that has ended wrote; empty where it wrote none."""
        self.file.close()
        await asyncio.to_thread(self._thread.join, PATIENCE_S)
        lines = self._end.decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")[
            :MOST_CHARACTERS
        ]

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            while some := pipe.read(MOST_BYTES):
                self._end = (self._end + some)[-MOST_BYTES:]
                _log.debug("%s: %s", self._server, some.decode("utf-8", "replace").rstrip())
