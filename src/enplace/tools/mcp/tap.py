"""Reads along with what a server sends, before the SDK does."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, cast

import anyio

from enplace.records.canonical import JsonObject
from enplace.tools.mcp.listing import sort_out


class Tap:
    """Sees what the SDK keeps to itself: that the server has ended, and what it says of its tools.

    The SDK refuses a whole list of tools for one that is not as it must be. So such a one is taken
    out of the list here, before it gets there.

    Args:
        on_end: Called once, when nothing more comes from the server.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self.has_ended = False
        self.junk = 0
        """Messages that were none."""
        self.tools: list[JsonObject] = []
        """The tools that came since these two were emptied."""
        self.refused: dict[str, str] = {}
        """Why others are none, by name."""

    def over(self, stream: Any) -> "_Tapped":
        """The stream, read along."""
        return _Tapped(stream, self)

    def see(self, item: Any) -> Any:
        """A message, or an exception in the place of one."""
        if isinstance(item, Exception):
            self.junk += 1
            return item
        result: object = getattr(item.message, "result", None)
        if isinstance(result, dict):
            told = cast(JsonObject, result)
            tools = told.get("tools")
            if isinstance(tools, list):
                kept, refused = sort_out(tools)
                told["tools"] = [*kept]
                self.tools += kept
                self.refused |= refused
        return item

    def end(self) -> None:
        """Nothing more comes."""
        if not self.has_ended:
            self.has_ended = True
            self._on_end()


class _Tapped:
    """A stream of messages as the SDK wants it."""

    def __init__(self, stream: Any, tap: Tap) -> None:
        self._stream = stream
        self._tap = tap

    @property
    def last_context(self) -> Any:
        """Where the SDK looks for the context variables of a sender."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        return self._tap.see(await self._stream.receive())

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            item = await self._stream.__anext__()
        except (StopAsyncIteration, anyio.ClosedResourceError):
            self._tap.end()
            raise
        return self._tap.see(item)

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await self._stream.__aexit__(kind, error, trace)
