"""A turn whose process dies goes on where it stopped, and repeats no effect."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from itertools import count
from pathlib import Path

import pytest
from tests.forks import Talk

import enplace
from enplace.admission.verdict import ABANDONED
from enplace.engine import Engine, OwnerEngine
from enplace.errors import IdempotencyConflict, ModelUnavailable
from enplace.ports import Brains
from enplace.providers.scripted import Answer, ScriptedModel, call, say
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.records.event import (
    AssistantSpoke,
    Event,
    Framed,
    ToolCalled,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
    TurnStarted,
    UserSpoke,
    is_last,
)
from enplace.records.tool import ToolCall
from enplace.stores.inmemory import InMemoryBrains
from enplace.stores.sqlite.brain import SqliteBrains
from enplace.tools.function import FunctionTool

pytestmark = pytest.mark.usefixtures("loaded_weights")

ROUNDS = 8
"""Of killing a process; the benchmark runs more."""
CHILD = Path(__file__).with_name("crash_child.py")
TASK = "one"


def events_in(log: Sequence[Event], turn_id: str) -> list[Event]:
    return [event for event in log if event.place is not None and event.place.turn_id == turn_id]


def check_log(log: Sequence[Event]) -> None:
    """What holds of every log whose turns have all ended."""
    for started in [event for event in log if isinstance(event, TurnStarted)]:
        events = events_in(log, started.turn_id)
        asked = [c.id for e in events if isinstance(e, AssistantSpoke) for c in e.calls]
        results = [e.tool_call_id for e in events if isinstance(e, ToolFinished)]
        starts = [e.tool_call_id for e in events if isinstance(e, ToolCalled)]
        assert sorted(results) == sorted(asked), "every call has exactly one result"
        assert len(starts) == len(set(starts)), "a start is told once"
        assert [is_last(e) for e in events].count(True) == 1
        assert is_last(events[-1])
        assert sum(isinstance(e, UserSpoke) for e in events) == 1
    ordinals = [event.place.ordinal for event in log if event.place is not None]
    assert ordinals == list(range(1, len(log) + 1))


# A process that is killed


class Child:
    """A process that carries a message, and what it acknowledged."""

    def __init__(self, home: Path, message: str, key: str) -> None:
        self._process = Talk(CHILD, home, message, key)
        self.acknowledged: list[str] = []

    def kill_after(self, events: int, seconds: float) -> None:
        """Kill it some time after an event was acknowledged, or after its end."""
        while len(self.acknowledged) < events:
            line = self._process.output.readline()
            if not line:
                break
            self.acknowledged.append(line)
        time.sleep(seconds)  # any moment will do: this is the moment that is drawn
        self._process.kill()
        self._finish()

    def finish(self) -> None:
        assert self._finish() == 0

    def _finish(self) -> int:
        code, rest, errors = self._process.finish()
        assert errors == ""
        self.acknowledged += rest.splitlines(keepends=True)
        if self.acknowledged and not self.acknowledged[-1].endswith("\n"):
            self.acknowledged.pop()
        return code


def acknowledgement(event: Event) -> str:
    assert event.place is not None
    return f"{event.place.task_id} {event.place.id} {event.kind}\n"


async def log_in(home: Path) -> list[Event]:
    async with aclosing(SqliteBrains(home)) as brains:
        brain = await brains.open("ada")
        return list(await brain.log.read(TASK))


def effects(home: Path, name: str) -> Counter[str]:
    path = home / name
    return Counter(path.read_text().splitlines() if path.exists() else [])


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_a_killed_process_loses_nothing_and_repeats_nothing(
    tmp_path: Path, round_: int
) -> None:
    draw = random.Random(round_)  # the same moments in every run, as far as a moment can be chosen
    broken = Child(tmp_path, "first", "k1")
    broken.kill_after(draw.randrange(28), draw.uniform(0.0, 0.008))

    log = await log_in(tmp_path)
    assert set(broken.acknowledged) <= {acknowledgement(event) for event in log}
    sent = effects(tmp_path, "sent")
    assert all(times == 1 for times in sent.values())
    for event in log:
        if isinstance(event, ToolFinished) and event.tool == "send":
            assert sent[event.tool_call_id] == 1, "a result without its effect"
    known = [event.tool_call_id for event in log if isinstance(event, ToolFinished)]

    began = time.monotonic()
    resumed = Child(tmp_path, "first", "k1")
    resumed.finish()
    assert time.monotonic() - began < 15.0
    log = await log_in(tmp_path)
    check_log(log)
    assert [type(event) for event in log if is_last(event)] == [TurnCompleted]
    assert resumed.acknowledged == [acknowledgement(event) for event in log]
    after = effects(tmp_path, "sent")
    assert all(times == 1 for times in after.values())
    assert all(times == 1 for times in effects(tmp_path, "kept").values())
    for event in log:
        if isinstance(event, ToolFinished):
            unknown = "outcome" in event.output
            assert event.is_error == unknown
            assert not (unknown and event.tool != "send")
            assert not (unknown and event.tool_call_id in known)
            if event.tool == "send" and not unknown:
                assert after[event.tool_call_id] == 1
    assert len(effects(tmp_path, "kept")) == 3

    model = ScriptedModel(["All is well."])
    async with enplace.open(
        tmp_path, model=model, embedder=ScriptedEmbedder(), environment={}
    ) as engine:
        ada = engine.owner("ada")
        facts = [fact.sentence for fact in await ada.facts()]
        assert sorted(facts) == [f"It is known that first-{n} happened." for n in range(3)]
        writes = [write.outcome for write in await ada.memory.writes()]
        assert writes == ["added"] * 3, "a call that ran again wrote nothing"
        assert await ada.encoded() == ""
        events = [event async for event in ada.execute(TASK, "second")]
        assert isinstance(events[-1], TurnCompleted)
        check_log(await ada.log(TASK))


# The same without a process: a stream that nobody reads on is a turn that stands still


@pytest.fixture(params=["files", "memory"])
async def brains(
    request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[Brains]:
    assert anyio_backend == "asyncio"
    made: Brains = SqliteBrains(tmp_path) if request.param == "files" else InMemoryBrains()
    yield made
    await made.aclose()


class Bell:
    """Tools with effects that can be counted."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.stuck = False

    async def ring(self, call: ToolCall) -> str:
        """Ring."""
        self.rung.append(call.id)
        if self.stuck:
            await asyncio.Event().wait()
        return "rung"

    async def hum(self, call: ToolCall) -> str:
        """Hum."""
        return await self.ring(call)

    async def finish(self, call: ToolCall) -> str:
        """Finish at once, whatever is stuck."""
        self.rung.append(call.id)
        return "finished"

    def tools(self) -> list[FunctionTool]:
        """`ring` and `finish` must not run again, `hum` may."""
        again = FunctionTool(self.hum, idempotent=True)
        return [FunctionTool(self.ring), FunctionTool(self.finish), again]


def engine_on(brains: Brains, bell: Bell, *answers: Answer) -> tuple[Engine, ScriptedModel]:
    """An engine as a new process makes it: nothing is warm."""
    model = ScriptedModel(answers)
    engine = enplace.open(
        brains=brains, model=model, tools=bell.tools(), embedder=None, environment={}
    )
    return engine, model


async def break_off(
    ada: OwnerEngine, message: str, key: str | None, when: Callable[[Event], bool]
) -> None:
    """Carry a message until an event, and no further."""
    async with aclosing(ada.execute(TASK, message, idempotency_key=key)) as events:
        async for event in events:
            if when(event):
                return
    pytest.fail("it came to its end")


def nth(number: int) -> Callable[[Event], bool]:
    """Whether this is the event of a number, counted from 1."""
    seen = count(1)
    return lambda _: next(seen) == number


async def carry(ada: OwnerEngine, message: str, key: str | None = None) -> list[Event]:
    return [event async for event in ada.execute(TASK, message, idempotency_key=key)]


def results_of(events: Sequence[Event]) -> dict[str, str]:
    return {e.tool_call_id: e.output for e in events if isinstance(e, ToolFinished)}


async def test_a_turn_goes_on_after_the_last_finished_tool(brains: Brains) -> None:
    bell = Bell()
    engine, _ = engine_on(brains, bell, call(("c1", "ring", {})))
    await break_off(engine.owner("ada"), "go", "k1", lambda e: isinstance(e, ToolFinished))
    engine, model = engine_on(brains, bell, call(("c2", "ring", {})), "Done.")
    ada = engine.owner("ada")
    events = await carry(ada, "go", "k1")
    assert bell.rung == ["c1", "c2"]
    assert results_of(events) == {"c1": "rung", "c2": "rung"}
    assert len(model.requests) == 2
    assert [e for e in events if e.place and not e.place.part] == list(await ada.log(TASK))
    check_log(await ada.log(TASK))


@pytest.mark.parametrize(
    ("tool", "runs", "result"),
    [("ring", ["c2"], "outcome of this call is unknown"), ("hum", ["c2", "c2"], "rung")],
)
async def test_of_two_tools_only_the_unfinished_one_is_looked_at(
    brains: Brains, tool: str, runs: list[str], result: str
) -> None:
    bell = Bell()
    bell.stuck = True
    engine, _ = engine_on(brains, bell, call(("c1", "finish", {}), ("c2", tool, {})))
    await break_off(engine.owner("ada"), "go", "k1", lambda e: isinstance(e, ToolFinished))
    assert sorted(bell.rung) == ["c1", "c2"]
    bell.stuck = False
    engine, model = engine_on(brains, bell, "Done.")
    ada = engine.owner("ada")
    results = results_of(await carry(ada, "go", "k1"))
    assert results["c1"] == "finished"
    assert result in results["c2"]
    assert sorted(bell.rung) == ["c1", *runs]
    check_log(await ada.log(TASK))
    (request,) = model.requests
    assert [(m.role, len(m.blocks)) for m in request.messages[-2:]] == [
        ("assistant", 2),
        ("tool", 2),
    ]


async def test_a_tool_that_had_not_started_runs(brains: Brains) -> None:
    bell = Bell()
    engine, _ = engine_on(brains, bell, call(("c1", "ring", {})))
    await break_off(engine.owner("ada"), "go", "k1", lambda e: isinstance(e, AssistantSpoke))
    assert bell.rung == []
    engine, _ = engine_on(brains, bell, "Done.")
    assert results_of(await carry(engine.owner("ada"), "go", "k1")) == {"c1": "rung"}
    assert bell.rung == ["c1"]


async def test_another_message_abandons_a_broken_turn(brains: Brains) -> None:
    bell = Bell()
    bell.stuck = True
    asked = call(("c1", "ring", {}), ("c2", "finish", {}), ("c3", "hum", {}))
    engine, _ = engine_on(brains, bell, asked)
    await break_off(engine.owner("ada"), "go", "k1", lambda e: isinstance(e, ToolFinished))
    assert sorted(bell.rung) == ["c1", "c2", "c3"]
    engine, _ = engine_on(brains, bell, "Something else.")
    ada = engine.owner("ada")
    events = await carry(ada, "stop that", "k2")
    assert [e.kind for e in events[:3]] == ["tool_result", "tool_result", "thread_lifecycle"]
    assert list(results_of(events)) == ["c1", "c3"]
    assert all("unknown" in text for text in results_of(events).values())
    assert [e.error for e in events if isinstance(e, TurnErrored)] == [ABANDONED]
    check_log(await ada.log(TASK))
    told = await carry(ada, "go", "k1")
    assert isinstance(told[-1], TurnErrored), "an abandoned turn is told, not taken up"
    assert sorted(bell.rung) == ["c1", "c2", "c3"]


@pytest.mark.parametrize("ended", [True, False])
async def test_the_same_key_with_another_message_is_a_conflict(brains: Brains, ended: bool) -> None:
    bell = Bell()
    engine, model = engine_on(brains, bell, "Done.")
    ada = engine.owner("ada")
    if ended:
        await carry(ada, "go", "k1")
    else:
        await break_off(ada, "go", "k1", lambda e: isinstance(e, UserSpoke))
    before, asked = await ada.log(TASK), len(model.requests)
    with pytest.raises(IdempotencyConflict) as error:
        await carry(ada, "go!", "k1")
    assert error.value.details["idempotency_key"] == "k1"
    assert await ada.log(TASK) == before
    assert len(model.requests) == asked


async def test_a_finished_turn_is_told_again_and_nothing_is_done(brains: Brains) -> None:
    bell = Bell()
    engine, _ = engine_on(brains, bell, call(("c1", "ring", {})), "Done.", "More.")
    ada = engine.owner("ada")
    first = await carry(ada, "go", "k1")
    await carry(ada, "and on")
    log = await ada.log(TASK)
    for engine_, model in ((engine, None), engine_on(brains, bell)):
        told = await carry(engine_.owner("ada"), "go", "k1")
        assert told == [event for event in first if event.place and not event.place.part]
        assert model is None or model.requests == []
    assert bell.rung == ["c1"]
    assert await ada.log(TASK) == log


async def test_a_turn_that_failed_is_tried_again_by_its_key(brains: Brains) -> None:
    bell = Bell()
    engine, _ = engine_on(brains, bell, call(("c1", "ring", {})), ModelUnavailable("away"))
    with pytest.raises(ModelUnavailable):
        await carry(engine.owner("ada"), "go", "k1")
    engine, model = engine_on(brains, bell, "Done.")
    events = await carry(engine.owner("ada"), "go", "k1")
    assert isinstance(events[-1], TurnCompleted)
    assert bell.rung == ["c1"]
    assert len(model.requests) == 1


ANSWERS: tuple[Answer, ...] = (
    call(("c1", "ring", {}), ("c2", "hum", {}), ("c3", "remember", {"sentence": "It rang."})),
    call(("c4", "note", {"key": "k", "value": "v"}), ("c5", "nothing", {}), text="And now?"),
    say("All is done."),
)


def answer_by_log(bell: Bell, brains: Brains) -> Engine:
    """An engine whose model answers by how far the turn came, as real ones do."""

    def script(context: object) -> Answer:
        messages = getattr(context, "messages", ())
        said = max(n for n, message in enumerate(messages) if message.role == "user")
        return ANSWERS[sum(message.role == "assistant" for message in messages[said:])]

    model = ScriptedModel(script)
    return enplace.open(brains=brains, model=model, tools=bell.tools(), environment={})


async def count_of_events() -> int:
    return len(await carry(answer_by_log(Bell(), InMemoryBrains()).owner("ada"), "go", "k1"))


@pytest.mark.parametrize("note_between", [False, True], ids=["", "and a note is written"])
async def test_wherever_a_turn_breaks_off_it_comes_to_its_end(note_between: bool) -> None:
    for stop in range(1, await count_of_events()):
        brains, bell = InMemoryBrains(), Bell()
        engine = answer_by_log(bell, brains)
        await break_off(engine.owner("ada"), "go", "k1", nth(stop))
        ada = answer_by_log(bell, brains).owner("ada")
        if note_between:
            await ada.note(TASK, "hint", "a note of the caller")
        events = await carry(ada, "go", "k1")
        log = await ada.log(TASK)
        check_log(log)
        assert isinstance(events[-1], TurnCompleted), stop
        assert sum(isinstance(event, Framed) for event in log) == 1, stop
        # what had started and must not run twice may not have run at all: then nobody claims it
        runs, unknown = bell.rung.count("c1"), "unknown" in results_of(log)["c1"]
        assert runs == 1 or (runs == 0 and unknown), stop
        assert [fact.sentence for fact in await ada.facts()] == ["It rang."], stop
        assert "v" in [note.value for note in await ada.notes(TASK)], stop


@pytest.mark.parametrize("note_between", [False, True], ids=["", "and a note is written"])
async def test_wherever_a_turn_breaks_off_another_message_can_follow(note_between: bool) -> None:
    for stop in range(1, await count_of_events()):
        brains, bell = InMemoryBrains(), Bell()
        engine = answer_by_log(bell, brains)
        await break_off(engine.owner("ada"), "go", "k1", nth(stop))
        before = list(bell.rung)
        engine, _ = engine_on(brains, bell, "Something else.")
        ada = engine.owner("ada")
        if note_between:
            await ada.note(TASK, "hint", "a note of the caller")
        events = await carry(ada, "stop that")
        assert isinstance(events[-1], TurnCompleted), stop
        log = await ada.log(TASK)
        check_log(log)
        assert [e.error for e in log if isinstance(e, TurnErrored)] == [ABANDONED], stop
        assert bell.rung == before, stop
