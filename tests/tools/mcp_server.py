"""An MCP server as the official SDK shows them: `mcp_server.py stdio`, or `mcp_server.py PORT`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import (
    BlobResourceContents,
    EmbeddedResource,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)

server = MCPServer("example", log_level="ERROR")


def note(trace: str, text: str) -> None:
    Path(trace).write_text(text, encoding="utf-8")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool(annotations=ToolAnnotations(destructive_hint=True, idempotent_hint=True))
def remove(path: str) -> str:
    """Remove a file, or rather not."""
    raise ToolError(f"{path} stays")


@server.tool()
def meta(context: Context[Any]) -> dict[str, Any]:
    """Tell what came beside the call."""
    return {
        key: value
        for key, value in (context.request_context.meta or {}).items()
        if "modelcontextprotocol" not in key
    }


@server.tool()
def environment() -> list[str]:
    """Name the variables of the server's environment."""
    return sorted(os.environ)


@server.tool(structured_output=False)
def mixed() -> list[Any]:
    """Answer with something of every kind."""
    return [
        TextContent(type="text", text="words"),
        Image(data=b"12345", format="png"),
        EmbeddedResource(
            type="resource", resource=TextResourceContents(uri="memo://1", text="a memo")
        ),
        EmbeddedResource(
            type="resource",
            resource=BlobResourceContents(uri="memo://2", blob="AAAA", mime_type="font/otf"),
        ),
        ResourceLink(type="resource_link", uri="memo://3", name="another", description="longer"),
    ]


@server.tool()
async def wait(trace: str) -> str:
    """Wait for ever; write to a file what becomes of that."""
    note(trace, "waiting")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        note(trace, "cancelled")
        raise
    return "never"


@server.tool()
async def grow(context: Context[Any]) -> str:
    """Get one more tool, and say so to both old and new clients."""
    server.add_tool(add, name="grown")
    await context.notify_tools_changed()
    await context.session.send_tool_list_changed()
    return "grown"


@server.tool()
def process() -> int:
    """Tell the server's process id."""
    return os.getpid()


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", port=int(sys.argv[1]))
