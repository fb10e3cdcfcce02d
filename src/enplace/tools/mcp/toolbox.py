"""An MCP server's tools. Implements `ports.Toolbox`."""

import asyncio
import importlib.util
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
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
    from enplace.tools.mcp.catalogue import Catalogue, Offer
    from enplace.tools.mcp.connection import Connection

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
        self._catalogue: Catalogue | None = None
        self._connection: Connection | None = None
        self._earlier: list[Connection] = []
        """Those that have ended, or do so when their last call is answered."""
        self._connecting: asyncio.Task[tuple[Connection, Catalogue]] | None = None
        self._is_closed = False

    @property
    def unavailable(self) -> Mapping[str, str]:
        """Why some of the server's tools are left out, by its names for them."""
        return MappingProxyType({}) if self._catalogue is None else self._catalogue.unavailable

    async def open(self) -> Sequence[Tool]:
        """See `ports.Toolbox`."""
        self._is_closed = False
        before = self._connection
        if before is not None and before.is_alive:
            self._catalogue = await before.catalogue()
        else:
            _, self._catalogue = await self._reconnected()
        self.changed = False
        for tool, reason in self._catalogue.unavailable.items():
            _log.warning(
                "the tool %r of the MCP server %r is left out: %s",
                tool,
                self.name,
                reason,
                extra={"action": "tool_left_out", "tool": tool},
            )
        return tuple(McpTool(self, offer) for offer in self._catalogue.offers)

    async def aclose(self) -> None:
        """See `ports.Toolbox`."""
        self._is_closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait({self._connecting})
        connections = [*self._earlier, *([self._connection] if self._connection else [])]
        self._connection, self._earlier = None, []
        await asyncio.gather(*(connection.aclose() for connection in connections))

    async def call(self, offer: "Offer", call: ToolCall) -> ToolOutcome:
        """Call one of its tools; whatever goes wrong with the server is told in words.

        What cannot have reached the server is tried once more, on a new connection.
        """
        ended = Ended()
        for _ in range(2):
            connection = self._connection
            is_new = connection is None or not connection.is_alive
            try:
                if connection is None or is_new:
                    connection, _ = await self._reconnected()
            except ToolboxUnavailable as error:
                return failed(f"This call was not made: {error.message}.")
            came = await connection.call(offer.remote, call.input, call_key(call))
            if isinstance(came, ToolOutcome):
                return self._noted(came) if is_new else came
            connection.retire()
            ended = came
            if ended.reached:
                break
        return self._told(ended)

    async def _reconnected(self) -> "tuple[Connection, Catalogue]":
        """A new connection; whoever asks while one is being made waits for that one."""
        if self._is_closed:
            raise ToolboxUnavailable(f"the MCP server {self.name!r} was let go")
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(_look_at)
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> "tuple[Connection, Catalogue]":
        connect = await asyncio.to_thread(_load)
        connection = await connect(self._server, self._note_change)
        try:
            catalogue = await connection.catalogue()
        except (ToolboxUnavailable, asyncio.CancelledError):
            await connection.aclose()
            raise
        if self._catalogue is not None and catalogue.digest != self._catalogue.digest:
            self.changed = True
        self._earlier = [each for each in self._earlier if not each.is_gone]
        if self._connection is not None:
            self._earlier.append(self._connection)
        self._connection = connection
        return connection, catalogue

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

    def __init__(self, box: McpToolbox, offer: "Offer") -> None:
        self.spec = offer.spec
        self._box = box
        self._offer = offer

    async def run(self, call: ToolCall) -> ToolOutcome:
        """See `ports.Tool`. Input that does not fit the schema is an error in words."""
        misfit = self._offer.check.misfit(call.input)
        if misfit:
            return failed(f"The input does not fit the schema of {self.spec.name}: {misfit}")
        return await self._box.call(self._offer, call)


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
