"""Stops a turn that is running: from elsewhere, while it waits for a model or a tool."""

import asyncio
from collections.abc import AsyncGenerator

from enplace.errors import TurnCancelled
from enplace.records.event import Event


class Stop:
    """The switch of one turn."""

    def __init__(self) -> None:
        self._inside: asyncio.Task[object] | None = None
        self._is_asked = False
        self.ended = asyncio.Event()
        """Set when the turn has let go of its task."""

    def ask(self) -> bool:
        """End the turn at the next moment at which it waits for anything.

        Returns:
            Whether it is at work; else it ends when its caller asks for its next event.
        """
        is_at_work = self._inside is not None
        if self._inside is not None and not self._is_asked:
            self._inside.cancel()
        self._is_asked = True
        return is_at_work

    async def watch(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        """The same events.

        Raises:
            TurnCancelled: It was asked to end.
        """
        while True:
            if self._is_asked:
                raise TurnCancelled
            self._inside = asyncio.current_task()
            try:
                event = await anext(events)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError:
                if self._is_asked and self._inside is not None:
                    self._inside.uncancel()
                    raise TurnCancelled from None
                raise
            finally:
                self._inside = None
            yield event
