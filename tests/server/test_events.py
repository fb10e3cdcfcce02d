"""What is published of each event: its name, its fields, and an id to go on from."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from inline_snapshot import snapshot
from tests.server.hall import Hall, Told, told_in

from enplace.errors import ModelUnavailable
from enplace.ports import LogStore
from enplace.providers.scripted import ScriptedModel, call
from enplace.records.agent_event import (
    CatalogueReloaded,
    PersonAnswered,
    PersonAsked,
    SubAgentEnded,
    SubAgentStarted,
    TaskSplit,
)
from enplace.records.block import TextBlock
from enplace.records.context import Context
from enplace.records.event import (
    KINDS,
    AdviceGiven,
    AssistantSpoke,
    Compacted,
    Degraded,
    EpochOpened,
    Erased,
    ErrorRaised,
    Event,
    Frame,
    Framed,
    MessageHeard,
    NoteWritten,
    Place,
    TextStreamed,
    ToolCalled,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
    TurnStarted,
    UsageReported,
    UserSpoke,
)
from enplace.records.memory import Note
from enplace.records.message import Reply, TextPiece
from enplace.records.question import Answer, Question
from enplace.records.usage import Usage
from enplace.server.live_turn import event_key
from enplace.server.sse import event_text, heartbeat_text, payload

pytestmark = pytest.mark.usefixtures("loaded_weights")

AT = datetime(2026, 11, 21, 9, 0, 0, 123_456, tzinfo=UTC)
PLACE = Place(task_id="t", turn_id="u", ordinal=7, at=AT, parent=6, position=7)
NOTE = Note(task_id="t", key="topic", value="parrots", written_at=AT)
USAGE = Usage(input_tokens=9, output_tokens=2, cache_hit_tokens=4, cache_write_tokens=5)

EVENTS: tuple[Event, ...] = (
    TurnStarted(turn_id="u", session_id="s", message_digest="d", idempotency_key="k"),
    TurnCompleted(turn_id="u", usage=USAGE),
    TurnErrored(turn_id="u", error="LLM_UNAVAILABLE"),
    UserSpoke(text="hello"),
    MessageHeard(speaker="Bo", text="hi", said_at=AT, session="s1"),
    EpochOpened(reason="task_start", model="m", system="d", tools="d"),
    Framed(frames=(Frame(segment="memory", text="d", shows=("f1",), why="w"),), why="looked"),
    Compacted(
        strategy="summary",
        trigger="rent",
        reason="it paid",
        before_tokens=24_000,
        after_tokens=8_500,
        expected_saving=1_550.0,
        label="planning",
    ),
    TextStreamed(text="Hel"),
    AssistantSpoke(blocks=(TextBlock(text="Hello."),), stop="end", model="m", raw="{}"),
    UsageReported(usage=USAGE, purpose="turn", model="m", counted_tokens=8, expected_hit_tokens=4),
    ToolCalled(tool_call_id="c1", tool="look", input={"at": "sea"}),
    ToolFinished(tool_call_id="c1", tool="look", blocks=(TextBlock(text="blue"),)),
    NoteWritten(note=NOTE, by="caller"),
    PersonAsked(
        request_id="q1",
        tool_call_id="c1",
        tool="delete",
        input={"path": "a"},
        question=Question(text="May it?", question_kind="permission", options=("yes", "no")),
        by="rule",
        expires_at=AT,
    ),
    PersonAnswered(
        request_id="q1", tool_call_id="c1", answer=Answer(text="no", feedback="keep it")
    ),
    SubAgentStarted(child="t/coder-12.1", agent="coder", tool_call_id="c1"),
    SubAgentEnded(
        child="t/coder-12.1",
        agent="coder",
        tool_call_id="c1",
        outcome="answered",
        usage=USAGE,
        steps=3,
        context_tokens=900,
    ),
    TaskSplit(source="t", into=("t1", "t2"), label="fixes"),
    CatalogueReloaded(catalogue="d", added=("look",), removed=("see",), changed=("go",)),
    Erased(events=2),
    Degraded(segment="memory", reason="deadline exceeded"),
    AdviceGiven(code="pasted_history", advice="do not", where="message", excerpt="3 turns"),
    ErrorRaised(error="LLM_UNAVAILABLE", message="no route", details={"status": 503}),
)


def published(event: Event) -> dict[str, Any]:
    return {"event": event.kind, **payload(replace(event, place=PLACE))}


def test_every_kind_is_published() -> None:
    assert [type(event) for event in EVENTS] == [kind.record for kind in KINDS]


def test_names_and_fields_are_as_published() -> None:
    assert {type(event).__name__: published(event) for event in EVENTS} == snapshot(
        {
            "TurnStarted": {
                "event": "thread_lifecycle",
                "phase": "started",
                "task_id": "t",
                "turn_id": "u",
                "timestamp": "2026-11-21T09:00:00.123Z",
            },
            "TurnCompleted": {
                "event": "thread_lifecycle",
                "phase": "completed",
                "task_id": "t",
                "turn_id": "u",
                "timestamp": "2026-11-21T09:00:00.123Z",
            },
            "TurnErrored": {
                "event": "thread_lifecycle",
                "phase": "errored",
                "task_id": "t",
                "turn_id": "u",
                "timestamp": "2026-11-21T09:00:00.123Z",
                "error": "LLM_UNAVAILABLE",
            },
            "UserSpoke": {"event": "user_message", "text": "hello"},
            "MessageHeard": {
                "event": "message_heard",
                "text": "hi",
                "speaker": "Bo",
                "role": "user",
                "said_at": "2026-11-21T09:00:00.123Z",
            },
            "EpochOpened": {"event": "epoch_opened", "reason": "task_start", "model": "m"},
            "Framed": {
                "event": "context_frame",
                "frames": [{"segment": "memory", "shows": ["f1"]}],
                "why": "looked",
            },
            "Compacted": {
                "event": "compaction_event",
                "before_tokens": 24000,
                "after_tokens": 8500,
                "strategy": "summary",
                "trigger": "rent",
                "reason": "it paid",
                "expected_saving": 1550.0,
                "label": "planning",
            },
            "TextStreamed": {"event": "text_delta", "text": "Hel"},
            "AssistantSpoke": {
                "event": "assistant_message",
                "text": "Hello.",
                "stop": "end",
                "model": "m",
            },
            "UsageReported": {
                "event": "usage",
                "input_tokens": 9,
                "output_tokens": 2,
                "cache_hit_tokens": 4,
                "cache_write_tokens": 5,
                "purpose": "turn",
                "model": "m",
                "expected_hit_tokens": 4,
                "break_reason": None,
                "cost": None,
            },
            "ToolCalled": {
                "event": "tool_call",
                "tool": "look",
                "tool_call_id": "c1",
                "input": {"at": "sea"},
            },
            "ToolFinished": {
                "event": "tool_result",
                "tool": "look",
                "tool_call_id": "c1",
                "output": "blue",
            },
            "NoteWritten": {
                "event": "working_memory_update",
                "key": "topic",
                "value": "parrots",
                "kind": "note",
                "expires_at": None,
                "by": "caller",
            },
            "PersonAsked": {
                "event": "hitl_request",
                "request_id": "q1",
                "tool_call_id": "c1",
                "kind": "permission",
                "question": "May it?",
                "options": ["yes", "no"],
                "tool": "delete",
                "input": {"path": "a"},
                "expires_at": "2026-11-21T09:00:00.123Z",
            },
            "PersonAnswered": {
                "event": "hitl_resolved",
                "request_id": "q1",
                "tool_call_id": "c1",
                "answer": {"text": "no", "feedback": "keep it"},
            },
            "SubAgentStarted": {
                "event": "subagent_lifecycle",
                "phase": "started",
                "child_task_id": "t/coder-12.1",
                "agent": "coder",
                "tool_call_id": "c1",
            },
            "SubAgentEnded": {
                "event": "subagent_lifecycle",
                "phase": "ended",
                "child_task_id": "t/coder-12.1",
                "agent": "coder",
                "tool_call_id": "c1",
                "outcome": "answered",
                "usage": {
                    "input_tokens": 9,
                    "output_tokens": 2,
                    "cache_hit_tokens": 4,
                    "cache_write_tokens": 5,
                },
                "cost": None,
                "steps": 3,
            },
            "TaskSplit": {
                "event": "task_split",
                "source": "t",
                "into": ["t1", "t2"],
                "label": "fixes",
            },
            "CatalogueReloaded": {
                "event": "catalogue_reloaded",
                "added": ["look"],
                "removed": ["see"],
                "changed": ["go"],
            },
            "Erased": {"event": "erasure", "events": 2},
            "Degraded": {"event": "degraded", "segment": "memory", "reason": "deadline exceeded"},
            "AdviceGiven": {
                "event": "advice",
                "code": "pasted_history",
                "advice": "do not",
                "where": "message",
                "excerpt": "3 turns",
            },
            "ErrorRaised": {
                "event": "error",
                "error": "LLM_UNAVAILABLE",
                "message": "no route",
                "details": {"status": 503},
            },
        }
    )


def test_a_note_tells_when_it_expires() -> None:
    note = replace(NOTE, expires_at=AT + timedelta(seconds=60))
    assert published(NoteWritten(note=note, by="model"))["expires_at"] == "2026-11-21T09:01:00.123Z"


def test_a_result_that_is_an_error_says_so() -> None:
    failed = ToolFinished(
        tool_call_id="c1", tool="look", blocks=(TextBlock(text="dark"),), is_error=True
    )
    assert published(failed) == snapshot(
        {
            "event": "tool_result",
            "tool": "look",
            "tool_call_id": "c1",
            "output": "dark",
            "error": "dark",
        }
    )


def test_an_event_is_three_lines_whatever_is_said() -> None:
    for text in ("a\nb\r\nc", "\u2028\u2029\x85", "data: x\n\nid: 9", "\x00\ufeff", "🦜"):
        lines = event_text(UserSpoke(text=text, place=PLACE)).split("\n")
        assert [line.partition(": ")[0] for line in lines] == ["id", "event", "data", "", ""]


def test_passing_text_has_a_place_behind_a_stored_event() -> None:
    passing = TextStreamed(text="Hel", place=replace(PLACE, part=3))
    assert event_text(passing) == 'id: 7.3\nevent: text_delta\ndata: {"text": "Hel"}\n\n'


def test_a_heartbeat_bears_the_id_of_the_last_event() -> None:
    assert heartbeat_text("7.3") == "id: 7.3\nevent: heartbeat\ndata: {}\n\n"


# Streams


def check_stream(told: Sequence[Told], last_phase: str) -> None:
    """What holds of every stream of a turn: its ends, and ids that only grow."""
    assert (told[0].kind, told[0].data["phase"]) == ("thread_lifecycle", "started")
    assert (told[-1].kind, told[-1].data["phase"]) == ("thread_lifecycle", last_phase)
    assert all(event.kind != "thread_lifecycle" for event in told[1:-1])
    keys = [event_key(event.id) for event in told if event.kind != "heartbeat"]
    assert all(event.id for event in told)
    assert keys == sorted(set(keys))


def once(name: str, text: str = "") -> Any:
    """A script that calls one tool and then says something."""

    def script(context: Context) -> Any:
        answered = context.messages[-1].role == "tool"
        return "Here it is." if answered else call(("c1", name, {}), text=text)

    return script


async def test_a_turn_from_its_first_event_to_its_last() -> None:
    def look() -> str:
        """Look."""
        return "blue"

    told = await Hall(once("look", "Let me look."), tools=[look]).execute()
    check_stream(told, "completed")
    assert [event.kind for event in told] == snapshot(
        [
            "thread_lifecycle",
            "user_message",
            "epoch_opened",
            "context_frame",
            "text_delta",
            "text_delta",
            "text_delta",
            "assistant_message",
            "usage",
            "tool_call",
            "tool_result",
            "text_delta",
            "text_delta",
            "text_delta",
            "assistant_message",
            "usage",
            "thread_lifecycle",
        ]
    )
    texts = "".join(event.data["text"] for event in told if event.kind == "text_delta")
    assert texts == "Let me look.Here it is."
    started, ended = told[0].data, told[-1].data
    assert started["turn_id"] == ended["turn_id"]
    assert {started["task_id"], ended["task_id"]} == {"t"}


async def test_usage_comes_after_every_model_call() -> None:
    def look() -> str:
        """Look."""
        return "blue"

    hall = Hall(once("look"), tools=[look])
    told = await hall.execute()
    spoken = [at for at, event in enumerate(told) if event.kind == "assistant_message"]
    assert [told[at + 1].kind for at in spoken] == ["usage"] * len(hall.model.requests)


async def test_heartbeats_come_while_nothing_happens() -> None:
    async def sleep() -> str:
        """Sleep."""
        await asyncio.sleep(0.2)
        return "rested"

    hall = Hall(once("sleep"), tools=[sleep], heartbeat_s=0.02)
    told = await hall.execute()
    check_stream(told, "completed")
    beats = [at for at, event in enumerate(told) if event.kind == "heartbeat"]
    assert len(beats) >= 3
    for at in beats:
        assert told[at].data == {}
        assert told[at].id == told[at - 1].id
    called = [event.kind for event in told].index("tool_call")
    assert [event.kind for event in told[called + 1 :][:3]] == ["heartbeat"] * 3


async def test_a_busy_stream_has_no_heartbeats() -> None:
    told = await Hall().execute()
    assert all(event.kind != "heartbeat" for event in told)


async def test_an_error_within_a_stream_is_an_event_before_the_last() -> None:
    hall = Hall(lambda _: ModelUnavailable("no route", status=503))
    told = await hall.execute(idempotency_key="k")
    check_stream(told, "errored")
    assert (told[-2].kind, told[-2].data) == (
        "error",
        {"error": "LLM_UNAVAILABLE", "message": "no route", "details": {"status": 503}},
    )
    assert told[-1].data["error"] == "LLM_UNAVAILABLE"
    assert sum(event.kind == "error" for event in told) == 1


async def test_the_error_of_a_turn_is_told_once_to_those_who_come_back() -> None:
    hall = Hall(lambda _: ModelUnavailable("no route"))
    told = await hall.execute()
    for event in told:
        response = await hall.ask("GET", f"/execute/replay?task_id=t&after={event.id}")
        rest = [other for other in told if event_key(other.id) > event_key(event.id)]
        assert response.text.count("event: error\n") == sum(e.kind == "error" for e in rest)


class SlowLog:
    """A log whose reading waits. Delegates to `ports.LogStore`."""

    def __init__(self, inner: LogStore, ready: asyncio.Event) -> None:
        self._inner = inner
        self._ready = ready
        self.asked = asyncio.Event()

    async def read(self, task_id: str, after: int = 0) -> Sequence[Event]:
        self.asked.set()
        await self._ready.wait()
        return await self._inner.read(task_id, after)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def test_an_error_is_told_once_where_the_turn_fails_while_its_log_is_read() -> None:
    asked, going, ready = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class FailingModel(ScriptedModel):
        async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
            asked.set()
            await going.wait()
            async for piece in super().stream(context):
                yield piece

    hall = Hall(model=FailingModel([ModelUnavailable("no route")]))
    first = asyncio.create_task(hall.execute())
    await asked.wait()
    brain: Any = await hall.brains.open("ada")
    brain.log = slow = SlowLog(brain.log, ready)
    second = asyncio.create_task(hall.ask("GET", "/execute/replay?task_id=t"))
    await slow.asked.wait()
    going.set()
    told = await first
    ready.set()
    kinds = [event.kind for event in told_in((await second).text)]
    assert kinds == [event.kind for event in told]


async def test_a_tool_that_fails_ends_no_turn() -> None:
    def look() -> str:
        """Look."""
        raise ValueError("dark")

    told = await Hall(once("look"), tools=[look]).execute()
    check_stream(told, "completed")
    (result,) = [event.data for event in told if event.kind == "tool_result"]
    assert result["error"] == result["output"] == "ValueError: dark"


async def test_an_edit_tells_the_new_branch_from_its_first_event() -> None:
    hall = Hall()
    first = await hall.execute("hello")
    (message,) = [event for event in first if event.kind == "user_message"]
    told = await hall.execute("good morning", edit_message_id=f"e{message.id}")
    check_stream(told, "completed")
    again = await hall.execute("ignored", retry_message_id=told[1].id)
    assert [event.data["text"] for event in again if event.kind == "user_message"] == [
        "good morning"
    ]
    response = await hall.ask("GET", "/execute/replay?task_id=t")
    assert f"id: {first[0].id}\n" not in response.text


@pytest.mark.parametrize("after", ["", "0", "0.0"])
async def test_a_replay_from_nothing_tells_everything(after: str) -> None:
    hall = Hall()
    told = await hall.execute()
    response = await hall.ask("GET", f"/execute/replay?task_id=t&after={after}")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.text.count("\nevent: ") == sum("." not in event.id for event in told)
