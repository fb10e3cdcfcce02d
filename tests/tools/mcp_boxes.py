"""Toolboxes on the MCP servers of this folder, and what tests ask of them."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from enplace.ports import Tool
from enplace.records.tool import ToolCall, ToolOutcome
from enplace.tools.mcp.servers import McpServer, ServerOptions, StdioServer
from enplace.tools.mcp.toolbox import McpToolbox

FOLDER = Path(__file__).parent
PATIENCE_S = 30.0


def raw(behaviour: str, **options: Any) -> StdioServer:
    """A server of `mcp_raw.py`; it starts quickly."""
    return StdioServer(
        name="raw",
        command=sys.executable,
        args=("-S", "-E", str(FOLDER / "mcp_raw.py"), behaviour),
        options=ServerOptions(**options),
    )


def example(**options: Any) -> StdioServer:
    """The server of `mcp_server.py` over standard input and output."""
    return StdioServer(
        name="example",
        command=sys.executable,
        args=(str(FOLDER / "mcp_server.py"), "stdio"),
        env={"CHOSEN": "1"},
        options=ServerOptions(**options),
    )


@asynccontextmanager
async def opened(server: McpServer) -> AsyncGenerator[tuple[McpToolbox, dict[str, Tool]]]:
    """A toolbox, and its tools by the server's own names."""
    box = McpToolbox(server)
    try:
        yield box, by_name(await box.open())
    finally:
        await box.aclose()


def by_name(tools: Sequence[Tool]) -> dict[str, Tool]:
    return {tool.spec.name.partition("__")[2]: tool for tool in tools}


def asked(tool: Tool, given: Mapping[str, Any]) -> ToolCall:
    return ToolCall(id="c1", tool=tool.spec.name, input=dict(given), task_id="t", turn_id="u")


async def run(tool: Tool, **given: Any) -> ToolOutcome:
    return await tool.run(asked(tool, given))


def texts(outcome: ToolOutcome) -> list[str]:
    return [block.text for block in outcome.blocks]


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fails where that takes too long."""

    def wait() -> None:
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, "it took too long"
            time.sleep(0.01)

    await asyncio.to_thread(wait)


async def until_written(path: Path, text: str) -> None:
    await until(lambda: path.exists() and path.read_text(encoding="utf-8") == text)
