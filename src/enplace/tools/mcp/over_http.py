"""The HTTP client of a connection: what it sends, and how much it takes from a foreign server."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from enplace.tools.mcp.servers import HttpServer

MOST_BYTES = 8 * 1024 * 1024
"""Of one message."""
CONNECT_S = 30.0
SILENCE_S = 300.0
"""Between two pieces of an answer, at least; a call has a limit of its own."""


@asynccontextmanager
async def http_streams(
    server: HttpServer, on_error_status: Callable[[int], None]
) -> AsyncGenerator[Any]:
    """What the SDK reads and writes.

    Args:
        server: Which.
        on_error_status: Called with every HTTP status that is an error; the SDK does not tell it.
    """

    async def look_at(response: httpx2.Response) -> None:
        if response.is_error:
            on_error_status(response.status_code)
        # It was asked to send plain bytes; what unpacks to more than it is, is not unpacked.
        response.headers.pop("content-encoding", None)
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            response.stream = _Limited(response.stream)  # the SDK limits events by itself

    silence_s = max(SILENCE_S, server.options.call_s + CONNECT_S)
    client = httpx2.AsyncClient(
        headers={"accept-encoding": "identity", **server.headers},
        timeout=httpx2.Timeout(CONNECT_S, read=silence_s),
        event_hooks={"response": [look_at]},
    )
    async with (
        client,
        streamable_http_client(
            server.url, http_client=client, max_sse_event_size=MOST_BYTES
        ) as streams,
    ):
        yield streams


class _Limited(httpx2.AsyncByteStream):
    """A body of no more than is taken."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async for piece in self._stream:
            taken += len(piece)
            if taken > MOST_BYTES:
                raise httpx2.StreamError(f"the answer is longer than {MOST_BYTES} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
