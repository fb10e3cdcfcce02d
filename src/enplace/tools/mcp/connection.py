"""One connection to an MCP server, over the protocol's official SDK.

The SDK's contexts must be entered and left in one task, so each connection has a task of its own
that owns it. Calls are made from the tasks that want them: where one is cancelled, or waits too
long, the SDK tells the server.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import metadata
from typing import Any, Literal, cast

import anyio
import httpx2
from mcp.client import Client, IncomingMessage
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Implementation,
    ToolListChangedNotification,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from enplace.errors import ToolboxUnavailable
from enplace.records.canonical import JsonObject
from enplace.records.tool import ToolOutcome
from enplace.tools.mcp.complaints import Complaints
from enplace.tools.mcp.listing import MOST_ENTRIES, Listing, listing_of
from enplace.tools.mcp.over_http import http_streams
from enplace.tools.mcp.results import Ended, failed, outcome_of
from enplace.tools.mcp.servers import HttpServer, McpServer, StdioServer
from enplace.tools.mcp.tap import Tap

_log = logging.getLogger("enplace.tools")

IDEMPOTENCY_KEY = "enplace/idempotency-key"
"""Where in a call's `_meta` a server finds its key."""
MOST_PAGES = 100
"""Of a server's list of tools that are read."""
MOST_CHARACTERS = 2_000
"""Of an error, as messages show it."""
LISTEN_S = 5.0
"""How long a server may take to promise that it will tell of changes."""
LEAVE_S = 10.0
"""How long a connection may take to end; then it is broken off."""

_TROUBLES = (ExceptionGroup, MCPError, httpx2.HTTPError, OSError, ValueError, RuntimeError)
"""What the SDK lets out when a connection cannot be made, or breaks."""
_CLOSED, _BROKEN, _FORGOTTEN = "Connection closed", "SSE stream", "Session terminated"
_VAGUE = "Server returned an error response"
"""How the SDK says so. The codes that go with it are used by servers too."""


async def connect(server: McpServer, on_change: Callable[[], None]) -> "Connection":
    """A new connection.

    Args:
        server: To which.
        on_change: Called when the server says that its tools have changed.

    Raises:
        ToolboxUnavailable: The server cannot be started or reached, or says nothing.
    """
    first = Connection(server, on_change)
    try:
        await first.open()
    except ToolboxUnavailable:
        if isinstance(server, HttpServer) or not first.has_ended:
            raise
        # Some older servers end when they are asked for anything before they were greeted.
        older = Connection(server, on_change, mode="legacy")
        await older.open()
        return older
    return first


class Connection:
    """A connection: opened once, and at an end when the server ends or it is let go."""

    def __init__(
        self,
        server: McpServer,
        on_change: Callable[[], None],
        mode: Literal["auto", "legacy"] = "auto",
    ) -> None:
        self._server = server
        self._on_change = on_change
        self._mode = mode
        self._over = asyncio.Event()
        self._tap = Tap(self._over.set)
        self._complaints: Complaints | None = None
        self._status = 0
        """The last HTTP status that was an error."""
        self._client: Client | None = None
        self._owner: asyncio.Task[None] | None = None
        self._trouble: BaseException | None = None
        self._calls = 0
        self._is_retired = False
        self._reading = asyncio.Lock()

    @property
    def is_alive(self) -> bool:
        """Whether calls can be made."""
        return self._client is not None and not self._over.is_set() and not self._is_retired

    @property
    def is_gone(self) -> bool:
        """Whether nothing is left of it."""
        return self._owner is None or self._owner.done()

    @property
    def has_ended(self) -> bool:
        """Whether the server has ended it."""
        return self._tap.has_ended

    async def open(self) -> None:
        """Connect; see `connect`."""
        ready = asyncio.Event()
        name = f"connection to the MCP server {self._server.name}"
        self._owner = asyncio.create_task(self._own(ready), name=name)
        opened = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait({self._owner, opened}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self._break_off()
            raise
        finally:
            opened.cancel()
        if not ready.is_set():
            raise await self._unavailable(self._trouble)

    async def listing(self) -> Listing:
        """Ask the server what tools it has.

        Raises:
            ToolboxUnavailable: It does not say.
        """
        async with self._reading:
            self._tap.tools, self._tap.refused = [], {}
            try:
                async with asyncio.timeout(self._server.options.connect_s):
                    passed = await self._read_tools()
            except (*_TROUBLES, TimeoutError) as error:
                raise await self._unavailable(error) from error
            refused = dict(self._tap.refused)
            for tool in self._tap.tools:
                if tool["name"] not in passed:
                    refused[str(tool["name"])] = "the protocol does not allow its HTTP headers"
            tools = [tool for tool in self._tap.tools if tool["name"] in passed]
        return listing_of(self._server.name, tools, refused, self._server.options)

    async def call(self, tool: str, given: JsonObject, key: str) -> ToolOutcome | Ended:
        """Call a tool. Whatever comes of it is told in words.

        Args:
            tool: The server's name for it.
            given: Its input.
            key: The same when the call is made again.
        """
        client, options, name = self._client, self._server.options, self._server.name
        if client is None:
            return Ended(reached=False)
        self._calls += 1
        try:
            async with asyncio.timeout(options.call_s):
                result = await client.call_tool(tool, given, meta={IDEMPOTENCY_KEY: key})
            return outcome_of(result)
        except TimeoutError:
            return failed(
                f"The MCP server {name!r} gave no answer within {options.call_s:g} s. The call was"
                " cancelled; it may or may not have had its effect."
            )
        except MCPError as error:
            return await self._refusal(error)
        except (ValueError, RuntimeError) as error:
            said = str(error)[:MOST_CHARACTERS]
            return failed(f"What the MCP server {name!r} answered cannot be understood: {said}")
        finally:
            self._calls -= 1
            self._end_if_idle()

    def retire(self) -> None:
        """End as soon as the calls that run are answered; no new ones are made."""
        self._is_retired = True
        self._end_if_idle()

    async def aclose(self) -> None:
        """End, and wait until the server's process is gone."""
        self._over.set()
        if self._owner is not None:
            await asyncio.wait({self._owner}, timeout=LEAVE_S)
            await self._break_off()

    async def _break_off(self) -> None:
        if self._owner is not None:
            self._owner.cancel()
            await asyncio.wait({self._owner}, timeout=LEAVE_S)

    async def _own(self, ready: asyncio.Event) -> None:
        """Enter the connection, and leave it when it is over."""
        within_s = self._server.options.connect_s
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + within_s) as scope:
                async with self._client_of() as client, AsyncExitStack() as stack:
                    await self._listen(client, stack)
                    self._client = client
                    scope.deadline = math.inf
                    ready.set()
                    await self._over.wait()
            if scope.cancelled_caught:
                self._trouble = TimeoutError(f"it did not answer within {within_s:g} s")
        except _TROUBLES as error:
            self._trouble = _first(error)
        finally:
            self._client = None
            self._over.set()

    def _client_of(self) -> Client:
        return Client(
            self._streams(),
            mode=self._mode,
            cache=None,
            message_handler=self._hear,
            client_info=Implementation(name="enplace", version=metadata.version("enplace")),
        )

    @asynccontextmanager
    async def _streams(self) -> AsyncGenerator[Any]:
        """What the SDK reads and writes."""
        match self._server:
            case StdioServer() as server:
                self._complaints = Complaints(server.name)
                started = StdioServerParameters(
                    command=server.command, args=[*server.args], env={**server.env}, cwd=server.cwd
                )
                try:
                    async with stdio_client(started, errlog=self._complaints.file) as streams:
                        self._complaints.file.close()
                        yield self._tap.over(streams[0]), streams[1]
                finally:
                    self._complaints.file.close()
            case HttpServer() as server:
                async with http_streams(server, self._note) as streams:
                    yield self._tap.over(streams[0]), streams[1]

    async def _listen(self, client: Client, stack: AsyncExitStack) -> None:
        """Have the server tell of changes; older ones do so without being asked."""
        offered = client.server_capabilities.tools
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            return
        if offered is None or not offered.list_changed:
            return
        try:
            with anyio.fail_after(LISTEN_S):
                await stack.enter_async_context(client.listen(tools_list_changed=True))
        except (MCPError, RuntimeError, TimeoutError) as error:
            _log.warning("changes of the MCP server %s are not heard: %s", self._server.name, error)

    async def _hear(self, message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._on_change()

    async def _read_tools(self) -> set[str]:
        """Read all pages; the names of those tools that the SDK lets pass."""
        if self._client is None:
            raise MCPError(CONNECTION_CLOSED, _CLOSED)
        passed: set[str] = set()
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            try:
                page = await self._client.list_tools(cursor=cursor)
            except MCPError as error:
                if error.code == METHOD_NOT_FOUND:
                    return passed  # a server without tools
                raise
            passed |= {tool.name for tool in page.tools}
            cursor = page.next_cursor
            if cursor is None or len(passed) > MOST_ENTRIES:
                break
        if cursor is not None:
            self._tap.refused["(more)"] = f"only the first {len(passed)} were read"
        return passed

    async def _refusal(self, error: MCPError) -> ToolOutcome | Ended:
        """What an error in the place of a result means."""
        said = error.message[:MOST_CHARACTERS]
        if error.code == INVALID_REQUEST and error.message == _FORGOTTEN:
            return Ended(reason="it no longer knows this session", reached=False)
        is_broken = error.code == CONNECTION_CLOSED and error.message.startswith(_BROKEN)
        if is_broken:
            return Ended(reason=said)
        if self._tap.has_ended or (error.code == CONNECTION_CLOSED and error.message == _CLOSED):
            if self._owner is not None:  # it leaves now, and then knows why
                await asyncio.wait({self._owner}, timeout=1.0)
            reached = not isinstance(self._trouble, httpx2.ConnectError)
            return Ended(reason=str(self._trouble or "")[:MOST_CHARACTERS], reached=reached)
        if error.message == _VAGUE and self._status:
            said += f" (HTTP {self._status})"
        return failed(f"The MCP server {self._server.name!r} refused the call: {said}")

    async def _unavailable(self, error: BaseException | None) -> ToolboxUnavailable:
        """Why the server cannot be used, in words."""
        if error is None or (self._tap.has_ended and isinstance(error, MCPError)):
            why = "it ended before it answered"
        else:
            why = str(error)[:MOST_CHARACTERS] or type(error).__name__
        if why.endswith(_VAGUE) and self._status:
            why += f" (HTTP {self._status})"
        if self._tap.junk:
            why += f"; messages that were not of the protocol: {self._tap.junk}"
        last = await self._complaints.last() if self._complaints is not None else ""
        if last:
            why += f"; it complained: {last}"
        server = self._server
        return ToolboxUnavailable(
            f"the MCP server {server.name!r} ({server.place}) cannot be used: {why}",
            server=server.name,
        )

    def _note(self, status: int) -> None:
        self._status = status

    def _end_if_idle(self) -> None:
        if self._is_retired and not self._calls:
            self._over.set()


def _first(error: BaseException) -> BaseException:
    """The first single error of a group."""
    if isinstance(error, BaseExceptionGroup):
        return _first(cast(BaseExceptionGroup[BaseException], error).exceptions[0])
    return error
