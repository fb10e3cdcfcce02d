"""An official example MCP server as tools of turns, killed in the middle of a call.

The server is `mcp-server-time` of the protocol's own examples, over each transport: a program that
the toolbox starts, and one that listens on 127.0.0.1. Three calls in one turn of the real engine on
a scripted model: one that is answered; one during which the server is killed (it is stopped first,
so that it cannot have answered); one that the toolbox connects anew for. Then the turn must end
with its answer.
"""

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import enplace
from enplace import InMemoryBrains, ScriptedModel
from enplace.providers.scripted import call
from enplace.records.canonical import JsonObject
from enplace.records.event import ToolCalled, ToolFinished, TurnCompleted
from enplace.tools.mcp.servers import HttpServer, McpServer, StdioServer
from enplace.tools.mcp.toolbox import McpToolbox
from enplace_bench.report import Bar, Report

PATIENCE_S = 60.0
PAUSE_S = 0.2
"""Between the moment at which a call is stored as begun and the kill."""

NOON = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}
PROGRAM = """
import os, sys, mcp_server_time
open(sys.argv.pop(), "w").write(str(os.getpid()))
mcp_server_time.main()
"""
LISTENER = """
import sys
from mcp_server_time.server import create_server
create_server("UTC").run("streamable-http", port=int(sys.argv[1]))
"""


@dataclass(slots=True)
class Seen:
    """What happened with one transport."""

    tools: list[str] = field(default_factory=list[str])
    connect_s: float = 0.0
    results: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])
    """Of the three calls: what the model was told, and whether as an error."""
    has_ended: bool = False
    """Whether the turn ended with its answer."""

    @property
    def as_it_must(self) -> bool:
        """Answered, an error in words, answered, and an answer of the turn."""
        errors = [is_error for _, is_error in self.results]
        return errors == [False, True, False] and self.has_ended


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""


def run(options: argparse.Namespace) -> Report:
    """Both transports."""
    with tempfile.TemporaryDirectory() as folder:
        seen = {"stdio": asyncio.run(_over_stdio(Path(folder))), "http": asyncio.run(_over_http())}
    for transport, one in seen.items():
        print(f"{transport}: connected in {one.connect_s:.2f} s; tools: {', '.join(one.tools)}")
        for name, (text, is_error) in zip(("before", "killed", "after"), one.results, strict=True):
            print(f"  {name:7} {'error' if is_error else 'ok':6} {' '.join(text.split())}")
        print(f"  the turn {'ended with its answer' if one.has_ended else 'DID NOT END'}\n")
    figures: JsonObject = {
        name: {"connect_s": round(one.connect_s, 3), "as_it_must": one.as_it_must}
        for name, one in seen.items()
    }
    good = sum(one.as_it_must for one in seen.values())
    figures["transports"] = good
    return Report(
        figures=figures,
        bars=(Bar(name="transports over which the turn went on", figure=good, at_least=2),),
    )


async def _over_stdio(folder: Path) -> Seen:
    pid = folder / "pid"
    server = StdioServer(name="time", command=sys.executable, args=("-c", PROGRAM, str(pid)))

    def stop() -> None:
        os.kill(int(pid.read_text()), signal.SIGSTOP)

    def kill() -> None:
        os.kill(int(pid.read_text()), signal.SIGKILL)

    return await _watch(server, stop, kill)


async def _over_http() -> Seen:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    listener = Listener(port)
    try:
        listener.start()
        server = HttpServer(name="time", url=f"http://127.0.0.1:{port}/mcp")
        return await _watch(server, listener.stop, listener.restart)
    finally:
        listener.kill()


class Listener:
    """The example server over HTTP, in a process of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [sys.executable, "-c", LISTENER, str(self._port)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise TimeoutError("the example server does not listen")

    def stop(self) -> None:
        """Hold it up."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Kill it and start another in its place."""
        self.kill()
        self.start()


async def _watch(server: McpServer, stop: Callable[[], None], kill: Callable[[], None]) -> Seen:
    """A turn with three calls, the second of which the server does not survive.

    Args:
        server: Which.
        stop: Holds its process up.
        kill: Kills its process.
    """
    seen = Seen()
    box = McpToolbox(server)
    begun = time.perf_counter()
    tools = await box.open()
    seen.connect_s = time.perf_counter() - begun
    seen.tools = [tool.spec.name for tool in tools]
    try:
        async with enplace.open(
            "unused",
            model=ScriptedModel(
                [
                    call(("before", "time__convert_time", NOON)),
                    call(("killed", "time__get_current_time", {"timezone": "Asia/Tokyo"})),
                    call(("after", "time__convert_time", NOON)),
                    "It is nine in the evening there.",
                ]
            ),
            tools=tools,
            brains=InMemoryBrains(),
            embedder=None,
            environment={},
        ) as engine:
            async for event in engine.owner("ada").execute("t", "What time is it in Tokyo?"):
                match event:
                    case ToolFinished():
                        seen.results.append((event.output, event.is_error))
                        if event.tool_call_id == "before":
                            stop()
                    case ToolCalled(tool_call_id="killed"):
                        asyncio.get_running_loop().call_later(PAUSE_S, kill)
                    case TurnCompleted():
                        seen.has_ended = True
                    case _:
                        pass
    finally:
        await box.aclose()
    return seen
