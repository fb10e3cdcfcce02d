"""What becomes of a question to a person when the server is killed around it.

In each round a client follows a turn with two calls: one that runs at once, and a payment that needs
a person's yes and must never happen twice. The server is killed (SIGKILL): at a random moment before
the question, while the turn waits, or while the answer is handled. Another one is started on the
same home, the question is answered if it is still open, and the turn must come to its end. Then
the same answer is given once more, and must be refused. Counted are turns that did not end
(unfinished); questions or acknowledged answers that are gone, and results without their effect
(lost); payments, questions and answers that are there twice (repeated). A payment in whose middle
the server died may end as `outcome unknown`: the model is told so, and nothing is repeated.

Started as `python -m enplace_bench.hitl HOME PORT` it is the server.
"""

import argparse
import asyncio
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import httpx

import enplace
from enplace import Context, Engine, EngineOptions, PermissionRule, Reply, ToolCall, TurnOptions
from enplace.providers.scripted import call, say
from enplace.server.keys import Keys, hash_key
from enplace_bench.report import Bar, Report, print_table
from enplace_bench.vanish import KEY, OWNER, Client, Server, Told, UnhurriedModel

ROUNDS = 5
TOOL_S = 0.01
"""Pauses on both sides of a tool's effect."""
HANDLED_S = 0.12
"""Seconds after the question or the answer within which the server is killed: as long as it takes."""
TURN_WITHIN_S = 30.0

Moment = Literal["before the question", "while it waits", "while it is answered"]
BEFORE: Moment = "before the question"
WAITING: Moment = "while it waits"
ANSWERED: Moment = "while it is answered"
MOMENTS: tuple[Moment, ...] = get_args(Moment)

_ROUND = re.compile(r"Tell me about round (\w+)\.")


# The server


def engine_of(home: Path) -> Engine:
    """An engine whose model looks and pays, then says so."""
    rules = (PermissionRule(tool="pay", verdict="ask"),)
    return enplace.open(
        home,
        model=UnhurriedModel(_script),
        tools=_tools(home),
        options=EngineOptions(turn=TurnOptions(permissions=rules)),
        embedder=None,
        environment={},
    )


def paid(home: Path) -> Counter[str]:
    """How often each payment was made, by call id."""
    path = home / "paid"
    return Counter(path.read_text().split() if path.exists() else [])


def _script(context: Context) -> Reply:
    users = [i for i, message in enumerate(context.messages) if message.role == "user"]
    round_ = _ROUND.findall(context.messages[users[-1]].text)[-1]
    if any(message.role == "tool" for message in context.messages[users[-1] :]):
        return say(f"Round {round_} is over, whatever became of it.")
    calls = [(f"{round_}_{tool}", tool, {"bill": round_}) for tool in ("look", "pay")]
    return call(*calls, text=f"Let me look at the bill of {round_}.")


def _tools(home: Path) -> tuple[enplace.FunctionTool, ...]:
    async def look(bill: str) -> str:
        """Look at a bill."""
        await asyncio.sleep(TOOL_S)
        return f"{bill} is due"

    async def pay(bill: str, call: ToolCall) -> str:
        """Pay a bill."""
        await asyncio.sleep(TOOL_S)
        with (home / "paid").open("a") as file:
            file.write(f"{call.id}\n")
        await asyncio.sleep(TOOL_S)
        return f"paid {bill}"

    return (
        enplace.FunctionTool(look, idempotent=True),
        enplace.FunctionTool(pay),
    )


# The rounds


@dataclass(slots=True)
class Tally:
    """What was seen over all rounds."""

    moments: Counter[str] = field(default_factory=Counter[str])
    """Kills by what the log held at that moment."""
    unfinished: int = 0
    lost: int = 0
    repeated: int = 0
    unknown: int = 0
    """Payments that ended as `outcome unknown`."""
    refused: int = 0
    """Second answers that were refused with 409."""


class Person:
    """A client of one server: follows a turn, and answers its question."""

    def __init__(self, http: httpx.AsyncClient, round_: str) -> None:
        self.http = http
        self.task = f"bill_{round_}"
        self.round = round_
        self.seen: list[Told] = []
        self._moved = asyncio.Event()

    async def follow(self, events: AsyncGenerator[Told, None]) -> None:
        """Take events until the last, or until the line breaks."""
        with suppress(httpx.TransportError):
            async with aclosing(events):
                async for event in events:
                    self.seen.append(event)
                    self._moved.set()
        self._moved.set()

    async def until(self, count: int) -> None:
        """Wait until so many events came, or the question."""
        while len(self.seen) < count and not any(e.kind == "hitl_request" for e in self.seen):
            self._moved.clear()
            await self._moved.wait()

    def asked(self) -> AsyncGenerator[Told, None]:
        """The turn, asked for or asked for again."""
        return Client(self.http).asked(self.task, self.round)

    def replayed(self) -> AsyncGenerator[Told, None]:
        """The task from its first event."""
        params = {"task_id": self.task}
        return Client(self.http).follow("GET", "/execute/replay", "", params=params)

    async def pending(self) -> list[str]:
        """Questions of the task that are open."""
        found = (await self.http.get("/hitl/pending")).raise_for_status().json()["pending"]
        return [each["request_id"] for each in found if each["task_id"] == self.task]

    async def respond(self, request_id: str) -> int:
        """Say yes; the status, or 0 where the line broke."""
        body = {"task_id": self.task, "request_id": request_id, "answer": "yes"}
        with suppress(httpx.TransportError):
            return (await self.http.post("/hitl/respond", json=body)).status_code
        return 0


def client_of(server: Server) -> httpx.AsyncClient:
    """A client with the key."""
    headers = {"X-Engine-Key": KEY}
    return httpx.AsyncClient(base_url=server.url, headers=headers, timeout=TURN_WITHIN_S)


def serve_at(home: Path) -> Server:
    """A server of this module."""
    return Server(home, module="enplace_bench.hitl")


async def kill_round(
    server: Server, round_: str, moment: Moment, luck: random.Random
) -> tuple[list[str], bool]:
    """Begin a turn and kill the server; questions that were seen, and whether the answer was."""
    async with client_of(server) as http:
        person = Person(http, round_)
        following = asyncio.create_task(person.follow(person.asked()))
        answering: asyncio.Task[int] | None = None
        if moment == BEFORE:
            await person.until(luck.randint(0, 12))
            await asyncio.sleep(luck.uniform(0.0, 0.005))
        else:
            await person.until(1_000)
            ids = [e.data["request_id"] for e in person.seen if e.kind == "hitl_request"]
            if moment != WAITING:
                answering = asyncio.create_task(person.respond(str(ids[0])))
            await asyncio.sleep(luck.uniform(0.0, HANDLED_S))
        server.process.kill()
        await following
        acknowledged = answering is not None and await answering == 200
        ids = [str(e.data["request_id"]) for e in person.seen if e.kind == "hitl_request"]
    return ids, acknowledged


async def finish_round(
    server: Server, round_: str, moment: Moment, before: tuple[list[str], bool], tally: Tally
) -> list[Told]:
    """Carry the turn to its end on another server; its events."""
    seen_ids, acknowledged = before
    async with client_of(server) as http:
        person = Person(http, round_)
        pending = await person.pending()
        tally.lost += bool(seen_ids) and not acknowledged and moment == WAITING and not pending
        tally.lost += acknowledged and bool(pending)
        events = person.replayed() if pending and moment == WAITING else person.asked()
        following = asyncio.create_task(person.follow(events))
        try:
            async with asyncio.timeout(TURN_WITHIN_S):
                if not (pending or seen_ids):
                    await person.until(1_000)
                    pending = await person.pending()
                if pending:
                    tally.lost += await person.respond(pending[0]) != 200
                await following
        except TimeoutError:
            following.cancel()
        told = [event async for event in person.replayed()]
        ids = [str(event.data["request_id"]) for event in told if event.kind == "hitl_request"]
        tally.refused += await person.respond(ids[0]) == 409 if ids else 0
    return told


def judge(told: list[Told], round_: str, home: Path, tally: Tally) -> None:
    """Hold a finished turn against what must be there once."""
    kinds = Counter(event.kind for event in told)
    tally.unfinished += not told or not told[-1].ends or told[-1].data["phase"] != "completed"
    for kind in ("hitl_request", "hitl_resolved"):
        tally.lost += kinds[kind] < 1
        tally.repeated += kinds[kind] > 1
    effects = paid(home)[f"{round_}_pay"]
    results = [e.data for e in told if e.kind == "tool_result" and e.data["tool"] == "pay"]
    unknown = [data for data in results if "error" in data]
    tally.unknown += len(unknown)
    tally.lost += len(results) != 1 or (not unknown and not effects)
    tally.repeated += effects > 1


def _known(seen: list[str], acknowledged: bool) -> str:
    """How far the turn had come by what its client knew."""
    if acknowledged:
        return "the answer was acknowledged"
    return "the question was told" if seen else "no question was told"


async def rounds(home: Path, moments: Sequence[Moment], luck: random.Random) -> Tally:
    """A round for each moment."""
    tally = Tally()
    with ExitStack() as servers:
        server = servers.enter_context(serve_at(home))
        for number, moment in enumerate(moments):
            round_ = f"r{number}"
            before = await kill_round(server, round_, moment, luck)
            server = servers.enter_context(serve_at(home))
            told = await finish_round(server, round_, moment, before, tally)
            tally.moments[f"{moment}; {_known(*before)}"] += 1
            judge(told, round_, home, tally)
    return tally


# The benchmark


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="kills")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")


def run(options: argparse.Namespace) -> Report:
    """Kill, restart, answer and count."""
    luck = random.Random(options.seed)
    moments: list[Moment] = [MOMENTS[number % len(MOMENTS)] for number in range(options.rounds)]
    with tempfile.TemporaryDirectory() as folder:
        tally = asyncio.run(rounds(Path(folder), moments, luck))
    print_table(["killed", "rounds"], [[name, str(n)] for name, n in tally.moments.most_common()])
    print(f"{tally.unknown} payments ended as `outcome unknown`\n")
    return Report(
        figures={
            "rounds": options.rounds,
            "unfinished": tally.unfinished,
            "lost": tally.lost,
            "repeated": tally.repeated,
            "second_refused": tally.refused,
            "outcome_unknown": tally.unknown,
        },
        bars=(
            Bar(name="unfinished turns", figure=tally.unfinished, at_most=0),
            Bar(name="lost", figure=tally.lost, at_most=0),
            Bar(name="repeated", figure=tally.repeated, at_most=0),
            Bar(name="second answers refused", figure=tally.refused, at_least=options.rounds),
        ),
    )


async def _serve(home: Path, port: int) -> None:
    from enplace.server.serve import serve  # FastAPI is heavy, and other benchmarks measure

    await serve(engine_of(home), Keys({hash_key(KEY): OWNER}), host="127.0.0.1", port=port)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
