"""A real server in a process of its own: lines that break, and a server that is stopped or dies."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.forks import Fork

from enplace.records.event import Event, TurnCompleted, TurnStarted
from enplace_bench import vanish
from enplace_bench.vanish import KEY, OWNER, Client, Compared, Server, Told, compare, turn_in

ROUNDS = 6
"""Of a client that vanishes; the benchmark runs more."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, Fork) as server:
        yield server


@asynccontextmanager
async def client_of(server: Server) -> AsyncGenerator[Client, None]:
    headers = {"X-Engine-Key": KEY}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30.0) as http:
        yield Client(http)


async def whole(events: AsyncGenerator[Told, None]) -> list[Told]:
    async with aclosing(events):
        return [event async for event in events]


async def some(events: AsyncGenerator[Told, None], count: int) -> list[Told]:
    """The first events; then the line is closed."""
    seen: list[Told] = []
    async with aclosing(events):
        async for event in events:
            seen.append(event)
            if len(seen) == count:
                break
    return seen


async def log_in(home: Path, task: str = "t") -> list[Event]:
    """A task's log as another process reads it."""
    async with vanish.engine_of(home) as engine:
        return list(await engine.owner(OWNER).log(task))


def all_of(log: list[Event], seen: list[Told]) -> bool:
    """Whether a client saw every event of the log, once and in order."""
    return compare(seen, log) == Compared()


async def ended(server: Server, seconds: float = 10.0) -> int:
    """The exit code of a server that ends by itself."""
    deadline = time.monotonic() + seconds
    while (code := server.process.poll()) is None:
        assert time.monotonic() < deadline, "the server did not end"
        await asyncio.sleep(0.02)
    return code


# A client that leaves


async def test_a_client_that_vanishes_sees_every_event_once_and_in_order(tmp_path: Path) -> None:
    found, vanished = await vanish.vanish(tmp_path, ROUNDS, seed=7, start=Fork)
    assert vanished >= ROUNDS
    assert found == Compared()


async def test_a_turn_goes_on_without_its_client(server: Server, tmp_path: Path) -> None:
    async with client_of(server) as client:
        await some(client.asked("t", "r1"), 5)
        for _ in range(500):
            if isinstance((await log_in(tmp_path))[-1], TurnCompleted):
                break
            await asyncio.sleep(0.02)
        assert all_of(await log_in(tmp_path), await whole(client.replayed("t", "0")))


async def test_two_clients_that_follow_see_the_same(server: Server, tmp_path: Path) -> None:
    async with client_of(server) as client, client_of(server) as other:
        first, second = await asyncio.gather(
            whole(client.asked("t", "r1")), whole(other.asked("t", "r1"))
        )
    assert first == second
    assert all_of(await log_in(tmp_path), first)


async def test_a_line_is_taken_up_from_any_event_after_the_turn_has_ended(
    server: Server, tmp_path: Path
) -> None:
    async with client_of(server) as client:
        seen = await whole(client.asked("t", "r1"))
        log = await log_in(tmp_path)
        for at, told in enumerate(seen):
            rest = await whole(client.asked("t", "r1", told.id))
            assert rest == [event for event in seen[at + 1 :] if event.stored]
            assert await whole(client.replayed("t", told.id)) == rest
    assert len(await log_in(tmp_path)) == len(log)


async def test_the_next_message_may_be_sent_when_the_last_event_has_come(server: Server) -> None:
    async with client_of(server) as client:
        for number in range(10):
            async with aclosing(client.asked("t", f"r{number}")) as events:
                async for event in events:
                    if event.ends:
                        break


async def test_the_log_is_taken_up_after_a_restart(tmp_path: Path) -> None:
    with Server(tmp_path, Fork) as first:
        async with client_of(first) as client:
            seen = await whole(client.asked("t", "r1"))
    half = seen[len(seen) // 2]
    with Server(tmp_path, Fork) as second:
        async with client_of(second) as client:
            rest = [event for event in seen[len(seen) // 2 + 1 :] if event.stored]
            assert await whole(client.asked("t", "r1", half.id)) == rest
            assert await whole(client.asked("t", "r1")) == [e for e in seen if e.stored]
    assert len([e for e in await log_in(tmp_path) if isinstance(e, TurnStarted)]) == 1


# A server that is stopped


async def test_sigterm_lets_running_turns_end(server: Server, tmp_path: Path) -> None:
    async with client_of(server) as client:
        await some(client.asked("left", "r1"), 3)
        watching = asyncio.create_task(whole(client.asked("watched", "r2")))
        await some(client.asked("watched", "r2"), 3)
        server.process.send_signal(signal.SIGTERM)
        seen = await watching
        assert await ended(server) in {0, -signal.SIGTERM}
        with pytest.raises(httpx.ConnectError):
            await client.http.get("/health")
    assert all_of(await log_in(tmp_path, "watched"), seen)
    for task in ("left", "watched"):
        assert isinstance((await log_in(tmp_path, task))[-1], TurnCompleted)


@pytest.mark.parametrize("events", [2, 9, 30])
async def test_what_was_seen_before_sigkill_is_in_the_log_and_the_key_completes_it(
    tmp_path: Path, events: int
) -> None:
    with Server(tmp_path, Fork) as first:
        async with client_of(first) as client, aclosing(client.asked("t", "r1")) as line:
            seen = [await anext(line) for _ in range(events)]
            first.process.kill()
    kept = {told.id: told for told in seen if told.stored}
    with Server(tmp_path, Fork) as second:
        async with client_of(second) as client:
            stored = {told.id: told for told in await whole(client.replayed("t", "0"))}
            assert kept.items() <= stored.items()
            after = await whole(client.asked("t", "r1"))
    assert after[-1].ends
    log = await log_in(tmp_path)
    assert all_of(log, after)
    assert turn_in(log, str(seen[0].data["turn_id"])) == log
    assert isinstance(log[-1], TurnCompleted)
