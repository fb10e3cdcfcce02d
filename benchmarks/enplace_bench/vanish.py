"""What a client that keeps vanishing sees of the server's streams.

A server runs in a process of its own. In each round a client asks for a turn with tools, leaves at
random moments, and comes back with the id of the last event it saw: by the same request again, or
by the replay. Afterwards what it saw is compared with the log: stored events that it never saw, or
that differ (missing); events that it saw more than once (repeated); events, passing text as well,
whose id is not above the one before (disordered).

Started as `python -m enplace_bench.vanish HOME PORT` it is the server.
"""

import argparse
import asyncio
import json
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, Self

import httpx
import httpx_sse

import enplace
from enplace import Context, Engine, Event, FunctionTool, Reply, ScriptedModel, ToolCall
from enplace.providers.scripted import call, say
from enplace.records.message import TextPiece
from enplace.server.keys import Keys, hash_key
from enplace.server.live_turn import event_key
from enplace.server.sse import payload
from enplace_bench.report import Bar, Report

ROUNDS, ROUNDS_PER_TASK = 50, 5
KEY, OWNER = "a key for the benchmark", "ada"
STEPS = 3
"""Model calls of a turn that ask for both tools; then comes the answer."""
PIECE_S, TOOL_S = 0.002, 0.004
"""Pauses before each piece of text, and on both sides of a tool's effect."""
STARTED_WITHIN_S, TURN_WITHIN_S = 20.0, 30.0

_ROUND = re.compile(r"Tell me about round (\w+)\.")


# The server


class UnhurriedModel(ScriptedModel):
    """A scripted model that takes its time over every word."""

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """See `ports.Model`."""
        async with aclosing(super().stream(context)) as pieces:
            async for piece in pieces:
                await asyncio.sleep(PIECE_S)
                yield piece


def engine_of(home: Path) -> Engine:
    """An engine on a script that gives the same answer to the same context in any process."""
    model = UnhurriedModel(_script)
    return enplace.open(home, model=model, tools=_tools(), embedder=None, environment={})


def message_of(round_: str) -> str:
    """What the client says in a round."""
    return f"Tell me about round {round_}."


def _script(context: Context) -> Reply:
    users = [i for i, message in enumerate(context.messages) if message.role == "user"]
    round_ = _ROUND.findall(context.messages[users[-1]].text)[-1]
    step = sum(message.role == "tool" for message in context.messages[users[-1] :])
    if step == STEPS:
        return say(f"Round {round_} was told in {STEPS} steps, word by word, and this is its end.")
    ids = {tool: f"{round_}_{step}_{tool}" for tool in ("look", "note")}
    return call(
        (ids["look"], "look", {}),
        (ids["note"], "note", {"key": f"step {step}", "value": f"round {round_}"}),
        text=f"Step {step} of round {round_}: let me have a look.",
    )


def _tools() -> tuple[FunctionTool, ...]:
    async def look(call: ToolCall) -> str:
        """Look around."""
        await asyncio.sleep(2 * TOOL_S)
        return f"{call.id} looks fine"

    return (FunctionTool(look, idempotent=True),)


class Process(Protocol):
    """As `subprocess.Popen` has them."""

    def poll(self) -> int | None: ...
    def wait(self) -> int: ...
    def kill(self) -> None: ...
    def send_signal(self, number: int, /) -> None: ...


Start = Callable[[Sequence[str]], Process]
"""Starts Python with the words behind `python`."""


def start_anew(words: Sequence[str]) -> Process:
    """Start Python as anybody does."""
    return subprocess.Popen([sys.executable, *words])


class Server:
    """A server in a process of its own, from its start until it is stopped or left.

    Args:
        home: Where its brains are.
        start: Starts Python.
        port: Where it listens; by default somewhere.
        module: Started with home and port it is the server.
    """

    def __init__(
        self,
        home: Path,
        start: Start = start_anew,
        *,
        port: int | None = None,
        module: str = "enplace_bench.vanish",
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = start(["-m", module, str(home), str(self.port)])

    def __enter__(self) -> Self:
        deadline = time.monotonic() + STARTED_WITHIN_S
        with httpx.Client(base_url=self.url) as client:
            while True:
                try:
                    client.get("/health").raise_for_status()
                except httpx.TransportError:
                    if time.monotonic() > deadline or self.process.poll() is not None:
                        self.stop()
                        raise
                    time.sleep(0.05)
                else:
                    return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill it, unless it has ended."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# The client


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event as it came over the line."""

    id: str
    kind: str
    data: Mapping[str, Any]

    @property
    def stored(self) -> bool:
        """Whether it must stand in the log: passing text has a dot in its id."""
        return "." not in self.id

    @property
    def ends(self) -> bool:
        """Whether it is the last of its turn."""
        return self.kind == "thread_lifecycle" and self.data["phase"] != "started"


@dataclass(slots=True)
class Client:
    """Asks for turns and follows them, however often its line breaks."""

    http: httpx.AsyncClient
    luck: random.Random = field(default_factory=lambda: random.Random(0))
    vanished: int = 0

    async def follow(
        self, method: str, url: str, last_id: str, **request: Any
    ) -> AsyncGenerator[Told, None]:
        """The events of one answer; heartbeats are left out.

        Raises:
            HTTPStatusError: The request was refused.
        """
        headers = {"Last-Event-ID": last_id} if last_id else {}
        line = httpx_sse.aconnect_sse(self.http, method, url, headers=headers, **request)
        async with line as source:
            source.response.raise_for_status()
            async with aclosing(source.aiter_sse()) as events:
                async for event in events:
                    if event.event != "heartbeat":
                        yield Told(id=event.id, kind=event.event, data=json.loads(event.data))

    def asked(self, task: str, round_: str, last_id: str = "") -> AsyncGenerator[Told, None]:
        """The events of a round's turn: asked for the first time, or again."""
        body = {"task_id": task, "message": message_of(round_), "idempotency_key": round_}
        return self.follow("POST", "/execute", last_id, json=body)

    def replayed(self, task: str, last_id: str) -> AsyncGenerator[Told, None]:
        """The events of a task after one of them."""
        if self.luck.random() < 0.5:
            return self.follow("GET", "/execute/replay", last_id, params={"task_id": task})
        params = {"task_id": task, "after": last_id}
        return self.follow("GET", "/execute/replay", "", params=params)

    async def endure(self, task: str, round_: str) -> list[Told]:
        """Everything seen of a turn until its last event, in the order in which it came.

        Raises:
            TimeoutError: The last event did not come.
        """
        seen: list[Told] = []
        async with asyncio.timeout(TURN_WITHIN_S):
            while not (seen and seen[-1].ends):
                last_id = seen[-1].id if seen else ""
                if last_id and self.luck.random() < 0.3:
                    events = self.replayed(task, last_id)
                else:
                    events = self.asked(task, round_, last_id)
                await self._watch(events, seen)
        return seen

    async def _watch(self, events: AsyncGenerator[Told, None], seen: list[Told]) -> None:
        """Take events until one of two accidents: so many of them, or so much time."""
        most, patience_s = self.luck.randint(1, 12), self.luck.uniform(0.0, 0.06)
        by_time = self.luck.random() < 0.5
        try:
            async with asyncio.timeout(patience_s if by_time else None), aclosing(events):
                async for event in events:
                    seen.append(event)
                    if event.ends:
                        return
                    most -= 1
                    if not by_time and not most:
                        break
        except TimeoutError:
            pass
        self.vanished += 1
        await asyncio.sleep(self.luck.choice([0.0, 0.0, 0.01, 0.03]))


# The comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was wrong with what a client saw."""

    missing: int = 0
    repeated: int = 0
    disordered: int = 0

    def __add__(self, other: "Compared") -> "Compared":
        return Compared(
            missing=self.missing + other.missing,
            repeated=self.repeated + other.repeated,
            disordered=self.disordered + other.disordered,
        )


def compare(seen: Sequence[Told], turn: Sequence[Event]) -> Compared:
    """Hold what was seen of a turn against its events in the log."""
    stored = [told for told in seen if told.stored]
    by_id = {told.id: (told.kind, told.data) for told in stored}
    logged = {event.place.id: (event.kind, payload(event)) for event in turn if event.place}
    keys = [event_key(told.id) for told in seen]
    return Compared(
        missing=sum(by_id.get(id_) != told for id_, told in logged.items())
        + len(by_id.keys() - logged.keys()),
        repeated=len(keys) - len(set(keys)),
        disordered=sum(before > after for before, after in pairwise(keys)),
    )


def turn_in(log: Sequence[Event], turn_id: str) -> list[Event]:
    """The events of one turn."""
    return [event for event in log if event.place and event.place.turn_id == turn_id]


# The benchmark


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")


def run(options: argparse.Namespace) -> Report:
    """Vanish, come back and compare."""
    with tempfile.TemporaryDirectory() as folder:
        found, vanished = asyncio.run(vanish(Path(folder), options.rounds, options.seed))
    print(f"{vanished} broken lines in {options.rounds} turns\n")
    return Report(
        figures={
            "rounds": options.rounds,
            "vanished": vanished,
            "missing": found.missing,
            "repeated": found.repeated,
            "disordered": found.disordered,
        },
        bars=(
            Bar(name="broken lines", figure=vanished, at_least=options.rounds),
            Bar(name="missing", figure=found.missing, at_most=0),
            Bar(name="repeated", figure=found.repeated, at_most=0),
            Bar(name="disordered", figure=found.disordered, at_most=0),
        ),
    )


async def vanish(
    home: Path, rounds: int, seed: int, start: Start = start_anew
) -> tuple[Compared, int]:
    """All rounds; what was wrong in them, and how many lines broke."""
    turns: list[tuple[str, list[Told]]] = []
    with Server(home, start) as server:
        headers = {"X-Engine-Key": KEY}
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
            client = Client(http, random.Random(seed))
            for number in range(rounds):
                task = f"task{number // ROUNDS_PER_TASK}"
                turns.append((task, await client.endure(task, f"r{number}")))
    found = Compared()
    async with engine_of(home) as engine:
        for task, seen in turns:
            log = await engine.owner(OWNER).log(task)
            found += compare(seen, turn_in(log, str(seen[0].data["turn_id"])))
    return found, client.vanished


async def _serve(home: Path, port: int) -> None:
    from enplace.server.serve import serve  # FastAPI is heavy, and other benchmarks measure

    await serve(engine_of(home), Keys({hash_key(KEY): OWNER}), host="127.0.0.1", port=port)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
