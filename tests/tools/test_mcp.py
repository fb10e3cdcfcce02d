"""MCP servers as tools: real servers in processes of their own, over both transports."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from tests.conftest import StandingClock
from tests.engine.house import House, only
from tests.tools.mcp_boxes import (
    FOLDER,
    PATIENCE_S,
    asked,
    by_name,
    example,
    opened,
    raw,
    run,
    runs,
    texts,
    until,
    until_written,
)

from enplace.engine import Engine, EngineOptions, Ports
from enplace.ports import Tool, Toolbox
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import ScriptedModel, call
from enplace.records.event import ToolFinished, TurnCompleted
from enplace.stores.inmemory import InMemoryBrains
from enplace.tools.keys import call_key
from enplace.tools.mcp.servers import HttpServer
from enplace.tools.mcp.toolbox import McpToolbox

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

CLEAN = {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"}


class Served:
    """The server of `mcp_server.py` over HTTP, which can be killed and started again."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> HttpServer:
        return HttpServer(name="example", url=f"http://127.0.0.1:{self.port}/mcp")

    def start(self) -> None:
        """Start it, unless it runs, and wait until it listens."""
        if self._process is not None:
            return
        command = [sys.executable, str(FOLDER / "mcp_server.py"), str(self.port)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                assert self._process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served()
    try:
        yield server
    finally:
        server.kill()


async def runs_until_cancelled(tools: Mapping[str, Tool], trace: Path) -> None:
    """A call that is cancelled is cancelled in the server too; another is answered as ever."""
    waiting = asyncio.create_task(run(tools["wait"], trace=str(trace)))
    await until_written(trace, "waiting")
    waiting.cancel()
    await until_written(trace, "cancelled")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert texts(await run(tools["add"], a=2, b=3)) == ["5"]


# What a server offers, and what it answers


async def test_a_server_over_http_is_used_as_it_offers_itself(
    served: Served, tmp_path: Path
) -> None:
    served.start()
    async with opened(served.server) as (box, tools):
        assert isinstance(box, Toolbox)
        assert box.name == "example"
        assert (box.unavailable, box.changed) == ({}, False)
        spec = tools["add"].spec
        assert (spec.name, spec.description) == ("example__add", "Add two numbers.")
        assert (spec.asks, spec.idempotent) == (False, False)
        assert spec.schema == snapshot(
            {
                "type": "object",
                "properties": {
                    "a": {"title": "A", "type": "integer"},
                    "b": {"title": "B", "type": "integer"},
                },
                "required": ["a", "b"],
                "title": "addArguments",
            }
        )
        assert texts(await run(tools["add"], a=2, b=3)) == ["5"]
        assert texts(await run(tools["mixed"])) == snapshot(
            [
                "words",
                "[image of type image/png, 5 bytes: left out, since it is no text]",
                """\
[resource memo://1]
a memo\
""",
                "[resource memo://2 of type font/otf, 3 bytes: left out, since it is no text]",
                "[link] another: memo://3 (longer)",
            ]
        )
        refused = await run(tools["remove"], path="a.txt")
        assert refused.is_error
        assert "a.txt stays" in refused.text
        misfit = await run(tools["add"], a=2, b="three")
        assert misfit.is_error
        assert misfit.text == snapshot(
            "The input does not fit the schema of example__add: $.b: 'three' is not of type 'integer'"
        )
        await runs_until_cancelled(tools, tmp_path / "trace")
        assert (await run(tools["grow"])).text == "grown"
        await until(lambda: box.changed)


async def test_a_server_that_is_started_gets_nothing_of_our_environment_and_ends_with_its_box(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LLM_API_KEY", "a secret")
    async with opened(example()) as (box, tools):
        names = texts(await run(tools["environment"]))
        assert "CHOSEN" in names
        assert set(names) <= CLEAN | {"CHOSEN", "LC_CTYPE"}  # Python sets the last one by itself
        (told,) = texts(await run(tools["meta"]))
        assert json.loads(told) == {"enplace/idempotency-key": call_key(asked(tools["meta"], {}))}
        await runs_until_cancelled(tools, tmp_path / "trace")
        assert texts(await run(tools["grow"])) == ["grown"]
        await until(lambda: box.changed)
        more = by_name(await box.open())
        assert not box.changed
        assert texts(await run(more["grown"], a=2, b=3)) == ["5"]
        process = int((await run(tools["process"])).text)
    assert not runs(process)
    assert (await run(tools["add"], a=2, b=3)).text == snapshot(
        "This call was not made: the MCP server 'example' was let go."
    )


# Servers that end


async def test_a_call_that_its_server_dies_of_is_an_error_and_the_next_one_starts_it_anew() -> None:
    async with opened(raw("dies")) as (_, tools):
        for _ in range(2):
            ended = await run(tools["act"])
            assert ended.is_error
            assert ended.text == snapshot(
                "The MCP server 'raw' ended before it answered this call, which may or may not have had its effect. The next call of one of its tools connects to it anew."
            )


async def test_a_server_that_ends_between_calls_is_started_anew_and_the_model_hears_of_it() -> None:
    async with opened(raw("leaves")) as (_, tools):
        first = await run(tools["act"])
        process = int(first.text.split()[1])
        await until(lambda: not runs(process))
        again = await run(tools["act"])
        assert texts(again)[0] == snapshot(
            "[The MCP server 'raw' had ended, and was connected to anew for this call.]"
        )
        assert not again.is_error
        assert texts(again)[1] != first.text


async def test_calls_side_by_side_share_one_new_process() -> None:
    async with opened(raw("good")) as (_, tools):
        first = int((await run(tools["act"])).text.split()[1])
        os.kill(first, signal.SIGKILL)
        outcomes = await asyncio.gather(*(run(tools["act"]) for _ in range(10)))
        answered = {texts(each)[-1] for each in outcomes if not each.is_error}
        lost = [each for each in outcomes if each.is_error]
        assert len(answered) == 1 or len(lost) == 10  # whoever was quicker than the signal
        again = {(await run(tools["act"])).text.split()[-1] for _ in range(2)}
        assert len(again) == 1
        assert str(first) not in again


async def test_a_server_that_is_stuck_costs_its_call_the_time_that_was_given(
    tmp_path: Path,
) -> None:
    async with opened(raw("stuck", call_s=0.2)) as (_, tools):
        outcome = await run(tools["act"], trace=str(tmp_path / "trace"))
        assert outcome.is_error
        assert outcome.text == snapshot(
            "The MCP server 'raw' gave no answer within 0.2 s. The call was cancelled; it may or may not have had its effect."
        )


async def test_a_box_that_was_left_open_lets_its_server_go_with_the_event_loop() -> None:
    async def leave_open() -> int:
        tools = by_name(await McpToolbox(raw("good")).open())
        return int((await run(tools["act"])).text.split()[1])

    process = await asyncio.to_thread(asyncio.run, leave_open())
    assert not runs(process)


async def test_a_box_can_be_opened_again_after_it_was_closed() -> None:
    async with opened(raw("good")) as (box, tools):
        await box.aclose()
        assert (await run(tools["act"])).is_error
        await box.open()
        assert not (await run(tools["act"])).is_error


async def test_an_engine_opens_the_boxes_it_is_given_and_closes_them() -> None:
    model = ScriptedModel([call(("c1", "raw__act", {})), "Done."])
    ports = Ports(
        brains=InMemoryBrains(),
        model=model,
        counter=CharacterCounter(),
        clock=StandingClock(),
        toolboxes=(McpToolbox(raw("good")), McpToolbox(raw("complains"))),
    )
    async with Engine(ports, EngineOptions()) as engine:
        owner = engine.owner("ada")
        (acted,) = only(ToolFinished, [event async for event in owner.execute("t", "Act.")])
        process = int(acted.output.split()[1])
        assert runs(process)
        (trouble,) = (await engine.catalogue()).troubles
        assert "no licence was found" in trouble
    assert not runs(process)


async def test_a_turn_goes_on_when_a_program_is_killed_in_the_middle_of_a_call(
    tmp_path: Path,
) -> None:
    async with opened(raw("stuck")) as (_, tools):
        house = House(tools=list(tools.values()))
        trace = tmp_path / "trace"
        process = int((await run(tools["act"])).text.split()[1])

        async def kill() -> None:
            await until_written(trace, "waiting")
            os.kill(process, signal.SIGKILL)

        killing = asyncio.create_task(kill())
        events = await house.say(
            "Wait.",
            call(("c1", "raw__act", {"trace": str(trace)})),
            call(("c2", "raw__act", {})),
            "It went on.",
        )
        await killing
        lost, after = only(ToolFinished, events)
        assert lost.is_error
        assert lost.output.startswith("The MCP server 'raw' ended before it answered this call")
        assert not after.is_error
        assert after.output.startswith("[The MCP server 'raw' had ended")
        assert only(TurnCompleted, events)


async def test_a_turn_goes_on_when_a_server_over_http_is_killed_in_the_middle_of_a_call(
    served: Served, tmp_path: Path
) -> None:
    served.start()
    async with opened(served.server) as (_, tools):
        house = House(tools=list(tools.values()))
        trace = tmp_path / "trace"

        async def kill() -> None:
            await until_written(trace, "waiting")
            served.kill()

        killing = asyncio.create_task(kill())
        add = ("c2", "example__add", {"a": 2, "b": 3})
        waiting = call(("c1", "example__wait", {"trace": str(trace)}))
        events = await house.say("Wait.", waiting, call(add), "It went on.")
        await killing
        lost, refused = only(ToolFinished, events)
        assert lost.is_error
        assert lost.output.startswith("The MCP server 'example' ended (")
        assert "may or may not have had its effect" in lost.output
        assert refused.is_error
        assert refused.output.startswith("This call was not made: the MCP server 'example' (http")
        assert refused.output.endswith("cannot be used: All connection attempts failed.")
        assert only(TurnCompleted, events)
