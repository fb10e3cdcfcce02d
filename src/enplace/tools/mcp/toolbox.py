"""An MCP server's tools. Implements `ports.Toolbox`."""

import asyncio
import importlib.util
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from enplace.errors import ConfigError, ToolboxUnavailable
from enplace.ports import Tool
from enplace.records.block import TextBlock
from enplace.records.tool import ToolCall, ToolOutcome
from enplace.tools.keys import call_key
from enplace.tools.mcp.results import Ended, failed
from enplace.tools.mcp.servers import McpServer

if TYPE_CHECKING:
    from enplace.tools.mcp.connection import Connection
    from enplace.tools.mcp.listing import Listing, ServedTool

_log = logging.getLogger("enplace.tools")
_NEEDED = "MCP servers need `pip install 'enplace[mcp]'`"


class McpToolbox:
    """The tools of one server; its process is shared by all who call them.

    Nothing is started before `open`. A connection that has ended is made anew by the next call.

    Args:
        server: Which.

    Raises:
        ConfigError: The extra `mcp` is not installed.
    """

    def __init__(self, server: McpServer) -> None:
        if importlib.util.find_spec("mcp") is None:
            raise ConfigError(_NEEDED)
        self.name = server.name
        """What the configuration calls it."""
        self.changed = False
        """Whether the server has had other tools since `open` was called last."""
        self._server = server
        self._listing: Listing | None = None
        self._connection: Connection | None = None
        self._earlier: list[Connection] = []
        """Those that have ended, or do so when their last call is answered."""
        self._connecting: asyncio.Task[tuple[Connection, Listing]] | None = None
        self._is_closed = False

    @property
    def unavailable(self) -> Mapping[str, str]:
        """Why some of the server's tools are left out, by its names for them."""
        return MappingProxyType({}) if self._listing is None else self._listing.unavailable

    async def open(self) -> Sequence[Tool]:
        """See `ports.Toolbox`."""
        self._is_closed = False
        self.changed = False
        self._listing = await self._listed()
        left_out = self._listing.unavailable
        if left_out:
            _log.warning(
                "%d tools of the MCP server %r are left out: %s",
                len(left_out),
                self.name,
                "; ".join(f"{tool!r}: {reason}" for tool, reason in islice(left_out.items(), 10)),
                extra={"action": "tools_left_out", "toolbox": self.name},
            )
        return tuple(McpTool(self, served) for served in self._listing.tools)

    async def aclose(self) -> None:
        """See `ports.Toolbox`."""
        self._is_closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait({self._connecting})
        connections = [*self._earlier, *([self._connection] if self._connection else [])]
        self._connection, self._earlier = None, []
        await asyncio.gather(*(connection.aclose() for connection in connections))

    async def call(self, served: "ServedTool", call: ToolCall) -> ToolOutcome:
        """Call one of its tools; whatever goes wrong with the server is told in words.

        What cannot have reached the server is tried once more, on a new connection.
        """
        ended = Ended()
        for _ in range(2):
            connection = self._connection
            is_new = connection is None or not connection.is_alive
            try:
                if connection is None or is_new:
                    connection, listing = await self._reconnected()
                    if self._listing is None or listing.digest != self._listing.digest:
                        self.changed = True
            except ToolboxUnavailable as error:
                return failed(f"This call was not made: {error.message}.")
            came = await connection.call(served.remote, call.input, call_key(call))
            if isinstance(came, ToolOutcome):
                return self._noted(came) if is_new else came
            connection.retire()
            ended = came
            if ended.reached:
                break
        return self._told(ended)

    async def _listed(self) -> "Listing":
        """What the server offers now; asked anew over a connection that still stands."""
        before = self._connection
        if before is not None and before.is_alive:
            try:
                return await before.listing()
            except ToolboxUnavailable:
                before.retire()
        _, listing = await self._reconnected()
        return listing

    async def _reconnected(self) -> "tuple[Connection, Listing]":
        """A new connection; whoever asks while one is being made waits for that one."""
        if self._is_closed:
            raise ToolboxUnavailable(f"the MCP server {self.name!r} was let go")
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(_look_at)
        made = self._connecting
        await asyncio.wait({made})  # it goes on where this one is cancelled
        if made.cancelled():
            raise ToolboxUnavailable(f"the MCP server {self.name!r} was let go")
        return made.result()

    async def _connect(self) -> "tuple[Connection, Listing]":
        connect = await asyncio.to_thread(_load)
        connection = await connect(self._server, self._note_change)
        self._earlier = [each for each in self._earlier if not each.is_gone]
        if self._connection is not None:
            self._earlier.append(self._connection)
        self._connection = connection
        try:
            return connection, await connection.listing()
        except ToolboxUnavailable:
            connection.retire()
            raise

    def _note_change(self) -> None:
        self.changed = True

    def _noted(self, outcome: ToolOutcome) -> ToolOutcome:
        """An outcome that says that the server may have forgotten what went before."""
        note = f"[The MCP server {self.name!r} had ended, and was connected to anew for this call.]"
        return replace(outcome, blocks=(TextBlock(text=note), *outcome.blocks))

    def _told(self, ended: Ended) -> ToolOutcome:
        because = f" ({ended.reason})" if ended.reason else ""
        if not ended.reached:
            return failed(
                f"The MCP server {self.name!r} cannot be reached{because}. This call was not made."
            )
        return failed(
            f"The MCP server {self.name!r} ended{because} before it answered this call, which may"
            " or may not have had its effect. The next call of one of its tools connects to it"
            " anew."
        )


class McpTool:
    """One tool of a server. Implements `ports.Tool`."""

    def __init__(self, box: McpToolbox, served: "ServedTool") -> None:
        self.spec = served.spec
        self._box = box
        self._served = served

    async def run(self, call: ToolCall) -> ToolOutcome:
        """See `ports.Tool`. Input that does not fit the schema is an error in words."""
        misfit = self._served.check.misfit(call.input)
        if misfit:
            return failed(f"The input does not fit the schema of {self.spec.name}: {misfit}")
        return await self._box.call(self._served, call)


def _load() -> "Callable[[McpServer, Callable[[], None]], Awaitable[Connection]]":
    """The SDK is heavy: it is loaded when it is needed, and beside the event loop."""
    try:
        from enplace.tools.mcp.connection import connect
    except ImportError as error:
        raise ConfigError(_NEEDED) from error
    return connect


def _look_at(task: "asyncio.Task[Any]") -> None:
    """All who waited for it may have gone; an error is theirs and not the event loop's."""
    if not task.cancelled():
        task.exception()
