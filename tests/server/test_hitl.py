"""People in the loop over HTTP: the stream stays open while somebody is asked, and goes on."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import StandingClock
from tests.server.hall import KEY, OTHER_KEY, Hall, Told, told_in
from tests.server.test_bad_input import check_problem, nothing_stored
from tests.server.test_events import check_stream

from enplace.engine import Engine, EngineOptions, Ports
from enplace.errors import TaskBusy, ToolboxUnavailable
from enplace.ports import Tool
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import call
from enplace.records.agent import AgentDefinition
from enplace.records.block import TextBlock
from enplace.records.context import Context
from enplace.records.event import Event, TurnCompleted
from enplace.records.tool import ToolCall, ToolOutcome, ToolSpec
from enplace.server.app import create_app
from enplace.server.keys import Keys, hash_key
from enplace.server.live import LiveTurns
from enplace.server.live_turn import Ask, LiveTurn, Response, event_key
from enplace.stores.sqlite.brain import SqliteBrains

BEAT_S = 0.02


class Delete:
    """Needs a person's yes. Implements `ports.Tool`."""

    spec = ToolSpec(
        name="delete",
        description="Delete a file.",
        schema={"type": "object", "properties": {"path": {"type": "string"}}},
        asks=True,
    )

    def __init__(self) -> None:
        self.ran: list[str] = []

    async def run(self, call: ToolCall) -> ToolOutcome:
        self.ran.append(str(call.input["path"]))
        return ToolOutcome(blocks=(TextBlock(text="gone"),))


def deleting(context: Context) -> Any:
    """A script: delete first, then say so."""
    if context.messages[-1].role == "tool":
        return "Deleted it."
    return call(("c1", "delete", {"path": "a.txt"}))


def hall_with(delete: Delete, **given: Any) -> Hall:
    return Hall(deleting, tools=[delete], heartbeat_s=BEAT_S, embedder=None, **given)


async def until_asked(hall: Hall, count: int = 1) -> list[dict[str, Any]]:
    """The questions that wait, as soon as there are so many."""
    async with asyncio.timeout(20):
        while True:
            pending = (await hall.ask("GET", "/hitl/pending")).json()["pending"]
            if len(pending) == count:
                return pending
            await asyncio.sleep(0.005)


@asynccontextmanager
async def asking(
    hall: Hall, **body: Any
) -> AsyncGenerator[tuple[asyncio.Task[list[Told]], dict[str, Any]], None]:
    """A client that follows a turn which asks, and the question."""
    following = asyncio.create_task(hall.execute("Delete it.", **body))
    (asked,) = await until_asked(hall)
    live: LiveTurns = hall.app.state.hall.live
    while live.count:  # noqa: ASYNC110  a question is stored before its turn comes to rest
        await asyncio.sleep(0.001)
    try:
        yield following, asked
    finally:
        following.cancel()


async def respond(hall: Hall, **body: Any) -> str:
    """Give an answer that is taken; the id of the question."""
    response = await hall.ask("POST", "/hitl/respond", json={"answer": "yes", **body})
    assert (response.status_code, response.json()["status"]) == (200, "resumed"), response.text
    return response.json()["request_id"]


async def replay(hall: Hall, after: str = "") -> list[Told]:
    return told_in((await hall.ask("GET", f"/execute/replay?task_id=t&after={after}")).text)


def stored(told: Sequence[Told]) -> list[Told]:
    return [each for each in told if "." not in each.id and each.kind != "heartbeat"]


# The stream


async def test_the_stream_stays_open_and_goes_on_with_what_follows_the_answer() -> None:
    delete = Delete()
    hall = hall_with(delete)
    async with asking(hall) as (following, asked):
        await asyncio.sleep(4 * BEAT_S)
        assert not following.done()
        assert await respond(hall, task_id="t") == asked["request_id"]
        told = await following
    check_stream(told, "completed")
    kinds = [each.kind for each in told]
    at = kinds.index("hitl_request")
    assert kinds[at + 1 : at + 3] == ["heartbeat", "heartbeat"]
    assert [kind for kind in kinds[at:] if kind != "heartbeat"][:4] == [
        "hitl_request",
        "hitl_resolved",
        "tool_call",
        "tool_result",
    ]
    assert told[at].data["request_id"] == asked["request_id"]
    assert delete.ran == ["a.txt"]
    assert stored(told) == stored(await replay(hall))


async def test_what_waits_is_listed_for_its_owner_only() -> None:
    hall = hall_with(Delete())
    async with asking(hall) as (_, asked):
        assert asked.pop("request_id")
        assert asked.pop("created_at") < asked.pop("expires_at")
        assert asked == {
            "task_id": "t",
            "kind": "permission",
            "question": 'May delete run with {"path":"a.txt"}?',
            "options": ["yes", "no"],
            "tool": "delete",
            "input": {"path": "a.txt"},
        }
        others = await hall.ask("GET", "/hitl/pending", headers={"X-Engine-Key": OTHER_KEY})
        assert others.json() == {"pending": []}
        health = (await hall.ask("GET", "/health")).json()["subsystems"]
        assert (health["running_turns"], health["waiting_turns"]) == ("0", "1")


async def test_a_no_and_its_feedback_reach_the_model() -> None:
    delete = Delete()
    hall = hall_with(delete)
    async with asking(hall) as (following, _):
        await respond(hall, task_id="t", answer="no", feedback="move it to the bin")
        told = await following
    (resolved,) = [each.data for each in told if each.kind == "hitl_resolved"]
    assert resolved["answer"] == {"text": "no", "feedback": "move it to the bin"}
    (result,) = [each.data for each in told if each.kind == "tool_result"]
    assert result["error"] == "permission_denied: move it to the bin"
    assert delete.ran == []


async def test_another_message_is_refused_while_a_person_is_asked() -> None:
    hall = hall_with(Delete())
    async with asking(hall) as (_, asked), nothing_stored(hall):
        response = await hall.ask("POST", "/execute", json={"task_id": "t", "message": "And?"})
        details = check_problem(response, 409, "HITL_REQUIRED")
        assert details["request_id"] == asked["request_id"]


async def test_a_key_joins_its_turn_while_it_waits() -> None:
    hall = hall_with(Delete())
    async with asking(hall, idempotency_key="k") as (first, _):
        second = asyncio.create_task(hall.execute("Delete it.", idempotency_key="k"))
        third = asyncio.create_task(replay(hall, "2"))
        await asyncio.sleep(2 * BEAT_S)
        await respond(hall, task_id="t")
        told = [[e for e in seen if e.kind != "heartbeat"] for seen in (await first, await second)]
        assert told[0] == told[1]
        assert stored(await third) == stored(told[0])[2:]
    assert len(hall.model.requests) == 2


async def test_a_line_that_broke_while_it_waited_is_taken_up_from_any_event() -> None:
    hall = hall_with(Delete())
    async with asking(hall) as (following, _):
        seen = [event.place.id for event in await hall.owner.log("t") if event.place]
        lines = [asyncio.create_task(replay(hall, id_)) for id_ in seen]
        await asyncio.sleep(2 * BEAT_S)
        await respond(hall, task_id="t")
        whole = [each for each in await following if each.kind != "heartbeat"]
        for id_, line in zip(seen, lines, strict=True):
            rest = [each for each in await line if each.kind != "heartbeat"]
            wanted = [each for each in whole if event_key(each.id) > event_key(id_)]
            assert stored(rest) == stored(wanted)
            after_answer = [each for each in wanted if event_key(each.id) > event_key(seen[-1])]
            assert [each for each in rest if each in after_answer] == after_answer


# The answer


async def test_only_the_first_answer_counts() -> None:
    delete = Delete()
    hall = hall_with(delete)
    async with asking(hall) as (following, asked):
        given = {"task_id": "t", "request_id": asked["request_id"], "answer": "yes"}
        both = [hall.ask("POST", "/hitl/respond", json=given) for _ in range(2)]
        responses = await asyncio.gather(*both)
        assert sorted(response.status_code for response in responses) == [200, 409]
        await following
    again = await hall.ask("POST", "/hitl/respond", json=given)
    check_problem(again, 409, "QUESTION_CLOSED")
    by_task = await hall.ask("POST", "/hitl/respond", json={"task_id": "t", "answer": "yes"})
    check_problem(by_task, 404, "QUESTION_NOT_FOUND")
    assert delete.ran == ["a.txt"]


async def test_a_question_is_named_by_its_id_whatever_the_task() -> None:
    hall = hall_with(Delete())
    for named in ({}, {"task_id": "another"}):
        async with asking(hall) as (following, asked):
            id_ = asked["request_id"]
            assert await respond(hall, request_id=id_, **named) == id_
            assert (await following)[-1].data["phase"] == "completed"


BAD = {
    "nothing waits": ({"task_id": "t", "answer": "yes"}, 404, "QUESTION_NOT_FOUND"),
    "no such task": ({"task_id": "nowhere", "answer": "yes"}, 404, "QUESTION_NOT_FOUND"),
    "no such question": ({"request_id": "q", "answer": "yes"}, 404, "QUESTION_NOT_FOUND"),
    "neither of them": ({"answer": "yes"}, 422, "BAD_INPUT"),
    "no answer": ({"task_id": "t"}, 422, "BAD_INPUT"),
    "an empty answer": ({"task_id": "t", "answer": ""}, 422, "BAD_INPUT"),
    "white space": ({"task_id": "t", "answer": " "}, 422, "BAD_INPUT"),
    "empty feedback": ({"task_id": "t", "answer": "yes", "feedback": " "}, 422, "BAD_INPUT"),
    "an unknown field": ({"task_id": "t", "answer": "yes", "why": ""}, 422, "BAD_INPUT"),
}


@pytest.mark.parametrize(("body", "status", "code"), BAD.values(), ids=BAD.keys())
async def test_an_answer_to_nothing_is_refused(
    body: dict[str, Any], status: int, code: str
) -> None:
    hall = Hall()
    await hall.execute()
    async with nothing_stored(hall):
        check_problem(await hall.ask("POST", "/hitl/respond", json=body), status, code)


async def test_an_answer_that_is_refused_leaves_the_turn_waiting() -> None:
    hall = hall_with(Delete())
    async with asking(hall) as (following, _):
        async with nothing_stored(hall):
            body = {"task_id": "t", "request_id": "another", "answer": "yes"}
            response = await hall.ask("POST", "/hitl/respond", json=body)
            check_problem(response, 404, "QUESTION_NOT_FOUND")
            body = {"task_id": "t", "answer": "a\x00b"}
            response = await hall.ask("POST", "/hitl/respond", json=body)
            check_problem(response, 422, "BAD_INPUT")
        await respond(hall, task_id="t")
        assert (await following)[-1].data["phase"] == "completed"


def both_tools(context: Context) -> Any:
    if any(message.role == "tool" for message in context.messages):
        return "ok"
    return call(("c1", "delete", {"path": "a"}), ("c2", "wait", {}))


async def test_an_answer_waits_for_the_other_calls_of_its_step() -> None:
    going, gate = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        """Wait until a gate opens."""
        going.set()
        await gate.wait()
        return "open"

    hall = Hall(both_tools, tools=[Delete(), wait], embedder=None)
    following = asyncio.create_task(hall.execute())
    await until_asked(hall)
    await going.wait()
    answer = asyncio.create_task(respond(hall, task_id="t"))
    await asyncio.sleep(2 * BEAT_S)
    assert not answer.done()
    gate.set()
    await answer
    told = await following
    check_stream(told, "completed")
    assert [e.data["output"] for e in told if e.kind == "tool_result"] == ["open", "gone"]


async def test_an_answer_does_not_wait_for_ever() -> None:
    hall = Hall(both_tools, tools=[Delete(), asyncio.Event().wait], embedder=None)
    live = LiveTurns(answer_wait_s=0.05)
    turn = await live.start(hall.owner, Ask(task_id="t", message="go"))
    await until_asked(hall)
    with pytest.raises(TaskBusy):
        await live.respond(hall.owner, Response(task_id="t", answer="yes"))
    assert await hall.owner.cancel("t")
    assert turn.running is not None
    await turn.running
    assert live.count == 0


async def test_two_questions_of_one_answer_keep_the_stream_open_until_both_are_answered() -> None:
    def script(context: Context) -> Any:
        if any(message.role == "tool" for message in context.messages):
            return "ok"
        return call(("c1", "delete", {"path": "x"}), ("c2", "delete", {"path": "y"}))

    delete = Delete()
    hall = Hall(script, tools=[delete], heartbeat_s=BEAT_S, embedder=None)
    following = asyncio.create_task(hall.execute())
    first, second = await until_asked(hall, 2)
    await respond(hall, request_id=second["request_id"])
    assert await until_asked(hall) == [first]
    await respond(hall, task_id="t")
    told = await following
    check_stream(told, "completed")
    assert delete.ran == ["y", "x"]


# Restarts, and others beside this server


async def test_after_a_restart_the_turn_waits_on_and_its_answer_completes_it(
    tmp_path: Path,
) -> None:
    delete = Delete()
    first = hall_with(delete, brains=SqliteBrains(tmp_path))
    async with asking(first, idempotency_key="k"):
        pass
    await first.engine.aclose()
    hall = hall_with(delete, brains=SqliteBrains(tmp_path))
    (asked,) = await until_asked(hall)
    following = asyncio.create_task(replay(hall))
    again = asyncio.create_task(hall.execute("Delete it.", idempotency_key="k"))
    await asyncio.sleep(2 * BEAT_S)
    assert not following.done()
    await respond(hall, request_id=asked["request_id"])
    told = await following
    check_stream(told, "completed")
    assert stored(told) == stored(await again) == await replay(hall)
    assert delete.ran == ["a.txt"]
    await hall.engine.aclose()


async def test_an_answer_after_a_restart_needs_nobody_who_follows() -> None:
    delete = Delete()
    first = hall_with(delete)
    async with asking(first):
        pass
    hall = hall_with(delete, brains=first.brains)
    await respond(hall, task_id="t")
    check_stream(await replay(hall), "completed")


async def test_what_others_answer_is_told_within_a_heartbeat() -> None:
    hall = hall_with(Delete())
    other = hall_with(Delete(), brains=hall.brains)
    async with asking(hall) as (following, _):
        events = [event async for event in other.owner.respond("t", "yes")]
        assert isinstance(events[-1], TurnCompleted)
        told = await following
    check_stream(told, "completed")
    assert stored(told) == stored(await replay(hall))


async def test_the_stream_ends_when_the_question_has_expired(clock: StandingClock) -> None:
    hall = hall_with(Delete(), clock=clock)
    async with asking(hall, idempotency_key="k") as (following, asked):
        clock.move(72 * 3_600 + 1)
        told = await following
        assert stored(told)[-1].kind == "hitl_request"
        body = {"request_id": asked["request_id"], "task_id": "t", "answer": "yes"}
        response = await hall.ask("POST", "/hitl/respond", json=body)
        check_problem(response, 409, "QUESTION_CLOSED")
    told = await hall.execute("Delete it.", idempotency_key="k")
    check_stream(told, "completed")
    (result,) = [each.data for each in told if each.kind == "tool_result"]
    assert result["error"] == "permission_denied: nobody answered in time."


async def test_an_edit_takes_the_question_back_and_ends_the_stream() -> None:
    hall = hall_with(Delete())
    async with asking(hall) as (following, _):
        edit = hall.owner.execute("t", "Keep it.", replaces=2)
        assert [event async for event in edit][-1].kind == "hitl_request"
        told = await following
        assert stored(told)[-1].kind == "hitl_request"
        (asked,) = await until_asked(hall)
        assert await respond(hall, task_id="t") == asked["request_id"]


async def test_an_older_turn_that_is_told_again_leaves_the_one_that_waits() -> None:
    def script(context: Context) -> Any:
        return "ok" if len(context.messages) == 1 else deleting(context)

    hall = Hall(script, tools=[Delete()], heartbeat_s=BEAT_S, embedder=None)
    earlier = await hall.execute("hello", idempotency_key="k0")
    async with asking(hall) as (following, _):
        assert stored(earlier) == await hall.execute("hello", idempotency_key="k0")
        live = hall.app.state.hall.live.of("ada", "t")
        assert live is not None
        assert live.is_waiting
        await respond(hall, task_id="t")
        assert (await following)[-1].data["phase"] == "completed"


async def test_a_turn_that_waits_is_kept_as_long_as_somebody_follows_it() -> None:
    hall = hall_with(Delete())
    live = LiveTurns(linger_s=0.0)
    turn = await live.start(hall.owner, Ask(task_id="t", message="Delete it."))
    async with asyncio.timeout(20):
        async with aclosing(turn.follow("", patience_s=BEAT_S)) as events:
            async for event in events:
                if event is None and turn.is_waiting:
                    assert live.of("ada", "t") is turn
                    break
        while live.waiting_count:  # noqa: ASYNC110  nobody tells when it is let go
            await asyncio.sleep(0.001)
    taken = await live.waiting(hall.owner, "t")
    assert taken is not None
    assert taken is not turn
    assert taken.ask == turn.ask


async def test_a_server_that_stops_lets_those_go_who_wait_for_a_person() -> None:
    hall = hall_with(Delete())
    live: LiveTurns = hall.app.state.hall.live
    async with asking(hall) as (following, _):
        assert await live.drain(20) == 0
        assert stored(await following)[-1].kind == "hitl_request"
        response = await hall.ask("POST", "/hitl/respond", json={"task_id": "t", "answer": "yes"})
        check_problem(response, 503, "DRAINING")
    assert live.waiting_count == 0


# Cancelling, splitting, reloading


async def test_a_turn_that_waits_is_cancelled_and_its_stream_ends() -> None:
    hall = hall_with(Delete())
    async with asking(hall) as (following, asked):
        response = await hall.ask("POST", "/tasks/t/cancel")
        assert response.json() == {"cancelled": True}
        told = await following
    check_stream(told, "errored")
    assert told[-1].data["error"] == "CANCELLED"
    (resolved,) = [each.data for each in told if each.kind == "hitl_resolved"]
    assert (resolved["request_id"], resolved["answer"]) == (asked["request_id"], None)
    assert (await hall.ask("POST", "/tasks/t/cancel")).json() == {"cancelled": False}
    check_problem(await hall.ask("POST", "/tasks/nowhere/cancel"), 404, "TASK_NOT_FOUND")


async def test_a_turn_that_runs_is_cancelled() -> None:
    going = asyncio.Event()

    async def wait() -> str:
        """Wait for ever."""
        going.set()
        await asyncio.Event().wait()
        return ""

    hall = Hall(lambda _: call(("c1", "wait", {})), tools=[wait], embedder=None)
    following = asyncio.create_task(hall.execute())
    await going.wait()
    assert (await hall.ask("POST", "/tasks/t/cancel")).json() == {"cancelled": True}
    told = await following
    check_stream(told, "errored")
    assert [each.data["error"] for each in told if each.kind == "error"] == ["CANCELLED"]


async def test_a_task_goes_on_in_others() -> None:
    hall = Hall(embedder=None)
    await hall.execute()
    await hall.owner.note("t", "hotel", "near the sea")
    body = {"into": ["t/a", "t/b"], "label": "booking"}
    response = await hall.ask("POST", "/tasks/t/split", json=body)
    assert response.json() == {"source": "t", "into": ["t/a", "t/b"], "label": "booking"}
    assert [note.value for note in await hall.owner.notes("t/b")] == ["near the sea"]
    again = await hall.ask("POST", "/tasks/t/split", json=body)
    check_problem(again, 422, "BAD_INPUT")
    none = await hall.ask("POST", "/tasks/nowhere/split", json={"into": ["c"]})
    check_problem(none, 404, "TASK_NOT_FOUND")


async def test_a_reload_tells_what_is_offered() -> None:
    hall = hall_with(Delete())
    assert (await hall.ask("GET", "/health")).json()["subsystems"]["tools"] == "not asked for yet"
    response = await hall.ask("POST", "/admin/reload")
    assert response.json() == {"version": 1, "tools": ["delete"], "agents": [], "troubles": []}
    assert (await hall.ask("GET", "/health")).json()["subsystems"]["tools"] == "on"


class Away:
    """Tools that cannot be had. Implements `ports.Toolbox`."""

    name = "tickets"

    def __init__(self) -> None:
        self.asked = 0

    async def open(self) -> Sequence[Tool]:
        self.asked += 1
        raise ToolboxUnavailable("no route to 10.0.0.7")

    async def aclose(self) -> None:
        """Nothing is open."""


async def test_tools_that_could_not_be_had_are_named_to_everybody_and_explained_to_owners() -> None:
    away, hall = Away(), Hall()
    ports = Ports(
        brains=hall.brains,
        model=hall.model,
        counter=CharacterCounter(),
        clock=StandingClock(),
        toolboxes=(away,),
    )
    hall.app = create_app(Engine(ports, EngineOptions()), Keys({hash_key(KEY): "ada"}))
    assert (await hall.ask("GET", "/hitl/pending")).json() == {"pending": []}
    await hall.ask("GET", "/health")
    assert away.asked == 0
    told = await hall.execute()
    assert [each.data["segment"] for each in told if each.kind == "degraded"] == ["tools"]
    health = (await hall.ask("GET", "/health", headers={"X-Engine-Key": None})).json()
    assert health["subsystems"]["tools"] == "without tools of tickets"
    offered = (await hall.ask("POST", "/admin/reload")).json()
    assert offered["troubles"] == ["tools of tickets: no route to 10.0.0.7"]
    assert away.asked == 2


# Sub-agents


CODER = AgentDefinition(
    name="coder", description="Writes.", system="You are the coder.", tools=("look", "delete")
)


def delegating(context: Context) -> Any:
    """A script: the parent delegates; the coder looks, wants to delete, and says so."""
    done = sum(message.role == "tool" for message in context.messages)
    if any(tool.name == "look" for tool in context.tools if len(context.tools) == 2):
        steps = [call(("l1", "look", {})), call(("d1", "delete", {"path": "a"})), "Deleted it."]
        return steps[done]
    brief = {"brief": "Delete a."}
    return "All done." if done else call(("c1", "delegate_to_coder", brief), text="Let me see.")


def look() -> str:
    """Look."""
    return "blue"


async def test_events_of_a_child_have_ids_of_the_parents_stream_and_go_on_after_its_question() -> (
    None
):
    delete = Delete()
    given: dict[str, Any] = {"tools": [delete, look], "agents": [CODER], "embedder": None}
    hall = Hall(delegating, heartbeat_s=BEAT_S, **given)
    async with asking(hall) as (following, asked):
        assert asked["question"].startswith("coder asks: May delete run")
        await asyncio.sleep(2 * BEAT_S)
        await respond(hall, task_id="t")
        told = [each for each in await following if each.kind != "heartbeat"]
    check_stream([each for each in told if "child" not in each.data], "completed")
    keys = [event_key(each.id) for each in told]
    assert keys == sorted(set(keys))
    of_child = [each for each in told if "child" in each.data]
    assert {each.data["child"]["agent"] for each in of_child} == {"coder"}
    assert all("." in each.id for each in of_child)
    task = of_child[0].data["child"]["task_id"]
    log = [event.place.id for event in await hall.owner.log(task) if event.place]
    ids = [each.data["child"]["id"] for each in of_child]
    assert [id_ for id_ in ids if "." not in id_] == log
    assert delete.ran == ["a"]
    assert stored(told) == await replay(hall)


async def test_a_line_that_broke_at_an_event_of_a_child_goes_on_behind_it() -> None:
    given: dict[str, Any] = {"tools": [Delete(), look], "agents": [CODER], "embedder": None}
    hall = Hall(delegating, heartbeat_s=BEAT_S, **given)
    async with asking(hall, idempotency_key="k") as (following, _):
        live: LiveTurn = hall.app.state.hall.live.of("ada", "t")
        events = _until_none(live.follow("", patience_s=BEAT_S))
        seen = [event.place.id async for event in events if event.place]
        transient = [id_ for id_ in seen if "." in id_]
        lines = [asyncio.create_task(replay(hall, id_)) for id_ in transient]
        await asyncio.sleep(2 * BEAT_S)
        await respond(hall, task_id="t")
        whole = [each for each in await following if each.kind != "heartbeat"]
        for id_, line in zip(transient, lines, strict=True):
            rest = [each for each in await line if each.kind != "heartbeat"]
            keys = [event_key(each.id) for each in rest]
            assert keys == sorted(set(keys))
            wanted = [each for each in whole if event_key(each.id) > event_key(id_)]
            assert stored(rest) == stored(wanted)
            assert rest[-1] == whole[-1]


async def _until_none(events: AsyncGenerator[Event | None, None]) -> AsyncGenerator[Event, None]:
    async with aclosing(events):
        async for event in events:
            if event is None:
                return
            yield event
