"""A person is asked, the server dies, and the turn goes on with the answer. Real processes."""

import asyncio
import random
import signal
import time
from pathlib import Path

from enplace_bench import hitl
from enplace_bench.hitl import ANSWERED, Person, client_of, serve_at
from enplace_bench.vanish import OWNER, Told


def kinds(told: list[Told]) -> list[str]:
    return [event.kind for event in told if event.stored]


async def test_a_server_that_is_killed_while_a_person_is_asked_completes_the_turn_after_it(
    tmp_path: Path,
) -> None:
    with serve_at(tmp_path) as first:
        async with client_of(first) as http:
            ada = Person(http, "one")
            following = asyncio.create_task(ada.follow(ada.asked()))
            await ada.until(1_000)
            first.process.send_signal(signal.SIGKILL)
            await following
    (asked,) = [event.data["request_id"] for event in ada.seen if event.kind == "hitl_request"]
    assert "hitl_resolved" not in kinds(ada.seen)
    with serve_at(tmp_path) as second:
        async with client_of(second) as http:
            ada = Person(http, "one")
            assert await ada.pending() == [asked]
            assert await ada.respond(asked) == 200
            await ada.follow(ada.replayed())
            assert kinds(ada.seen)[-1] == "thread_lifecycle"
            assert ada.seen[-1].data["phase"] == "completed"
            results = [e.data["output"] for e in ada.seen if e.kind == "tool_result"]
            assert results == ["one is due", "paid one"]
            assert hitl.paid(tmp_path) == {"one_pay": 1}
            assert await ada.respond(asked) == 409
            assert await ada.pending() == []

            grace = Person(http, "two")
            following = asyncio.create_task(grace.follow(grace.asked()))
            await grace.until(1_000)
            began = time.monotonic()
            second.process.send_signal(signal.SIGTERM)
            await following
            assert await asyncio.to_thread(second.process.wait, 20) in {0, -signal.SIGTERM}
            assert time.monotonic() - began < 15, "nobody waits for the person"
    assert "hitl_request" in kinds(grace.seen)
    assert not grace.seen[-1].ends
    async with hitl.engine_of(tmp_path) as engine:
        assert len(await engine.owner(OWNER).questions()) == 1
    assert hitl.paid(tmp_path) == {"one_pay": 1}


async def test_a_server_that_is_killed_while_an_answer_is_handled_does_nothing_twice(
    tmp_path: Path,
) -> None:
    """More rounds: `enplace-bench hitl`."""
    tally = await hitl.rounds(tmp_path, [ANSWERED], random.Random(0))
    assert (tally.unfinished, tally.lost, tally.repeated, tally.refused) == (0, 0, 0, 1)
