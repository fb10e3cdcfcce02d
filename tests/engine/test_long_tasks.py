"""Tasks that go on: split into others, kept within budgets, stopped and taken up again."""

import asyncio
from dataclasses import replace

import pytest
from tests.conftest import StandingClock
from tests.engine.house import BARE, House, only
from tests.engine.test_subagent import BRIEF, Stage, edits

from enplace.desk import TurnOptions
from enplace.errors import BadInput, BudgetExceeded, TaskNotFound, TurnCancelled
from enplace.providers.scripted import CARD, call
from enplace.records.agent import Budget
from enplace.records.agent_event import SubAgentEnded, TaskSplit
from enplace.records.event import (
    Compacted,
    ErrorRaised,
    NoteWritten,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
    UserSpoke,
)
from enplace.records.message import TextPiece
from enplace.records.permission import PermissionRule
from enplace.tools.function import FunctionTool

# Split


async def test_split_gives_tasks_with_memory_and_without_history() -> None:
    house = House()
    await house.owner.remember("Zoe lives in Oslo.")
    await house.say("The printer in room 4 jams.")
    await house.owner.note("t", "printer", "model X-200")
    split = await house.owner.split("t", ["t-fix", "t-order"], "after the diagnosis")
    assert split.into == ("t-fix", "t-order")
    await house.say("Where does Zoe live?", task="t-fix")
    shown = str(house.messages)
    assert "X-200" in shown
    assert "Oslo" in shown
    assert "jams" not in shown
    log = await house.owner.log("t-fix")
    assert [type(event) for event in log[:2]] == [TaskSplit, NoteWritten]
    assert [event.text for event in only(UserSpoke, log)] == ["Where does Zoe live?"]
    assert only(TaskSplit, await house.owner.log("t")) == [split]
    await house.say("go on")  # the source goes on as well
    assert "jams" in str(house.messages)


async def test_what_cannot_be_split_is_refused_and_nothing_is_written() -> None:
    house = House()
    with pytest.raises(TaskNotFound):
        await house.owner.split("t", ["a"])
    await house.say("hello")
    await house.say("hello", task="taken")
    for into in ([], ["a", "a"], ["t"], ["a", "taken"]):
        with pytest.raises(BadInput):
            await house.owner.split("t", into)
    assert only(TaskSplit, await house.owner.log("t")) == []
    with pytest.raises(TaskNotFound):
        await house.owner.log("a")


# Budgets


async def nothing() -> str:
    """Do nothing."""
    return "done"


@pytest.mark.parametrize(
    ("budget", "word", "calls"),
    [
        (Budget(steps=3), "model calls", 3),
        (Budget(tokens=120), "tokens", 2),
        (Budget(seconds=0.0), "time", 0),
    ],
)
async def test_a_budget_ends_a_turn_with_a_clear_event(
    budget: Budget, word: str, calls: int
) -> None:
    house = House(tools=[nothing], turn=TurnOptions(budget=budget))
    house.answers.extend(call((f"c{n}", "nothing", {})) for n in range(9))
    with pytest.raises(BudgetExceeded) as stopped:
        await house.say("go")
    assert f"used up its {word}" in stopped.value.message
    log = await house.owner.log("t")
    assert only(ErrorRaised, log)[0].error == "BUDGET_EXCEEDED"
    assert isinstance(log[-1], TurnErrored)
    assert len(house.model.requests) == calls


async def test_a_budget_in_money_needs_prices() -> None:
    house = House(turn=TurnOptions(budget=Budget(cost="0.01")))
    with pytest.raises(BudgetExceeded) as stopped:
        await house.say("go")
    assert "no price book knows" in stopped.value.message
    assert house.model.requests == []


async def test_time_spent_waiting_for_a_person_does_not_count(clock: StandingClock) -> None:
    asks = call(("c1", "nothing", {}))
    rules = (PermissionRule(tool="*", verdict="ask"),)
    turn = TurnOptions(budget=Budget(seconds=60.0), permissions=rules)
    house = House(tools=[nothing], turn=turn, clock=clock)
    await house.say("go", asks)
    clock.move(3_600)
    rest = [event async for event in house.owner.respond("t", "yes")]
    assert isinstance(rest[-1], TurnCompleted)


# Cancelling


async def test_a_running_turn_is_stopped_and_its_key_takes_it_up_again() -> None:
    started = asyncio.Event()
    hangs = True

    async def work() -> str:
        """Work for long."""
        started.set()
        if hangs:
            await asyncio.Event().wait()
        return "worked"

    house = House(tools=[work])
    house.answers.extend([call(("c1", "work", {})), call(("c2", "work", {}))])
    running = asyncio.create_task(house.say("go", key="k"))
    async with asyncio.timeout(10):
        await started.wait()
        assert await house.owner.cancel("t")
        with pytest.raises(TurnCancelled):
            await running
    log = await house.owner.log("t")
    assert [event.error for event in only(TurnErrored, log)] == ["CANCELLED"]
    assert len(only(ToolFinished, log)) == 1
    hangs = False
    rest = await house.say("go", key="k")
    assert isinstance(rest[-1], TurnCompleted)
    assert only(ToolFinished, rest)[-1].output == "worked"


async def test_stopping_a_turn_stops_its_model_and_leaves_its_consumer_alone() -> None:
    waiting = asyncio.Event()

    class Slow:
        """Never answers. Implements `ports.Model`."""

        card = BARE

        def __init__(self, house: House) -> None:
            self.encode = house.model.encode
            self.aclose = house.model.aclose

        async def stream(self, context: object) -> object:
            waiting.set()
            await asyncio.Event().wait()
            yield TextPiece(text="never")

    house = House()
    house.model = Slow(house)  # pyright: ignore[reportAttributeAccessIssue]
    house.reopen()
    ended: list[str] = []

    async def consume() -> None:
        try:
            await house.say("go")
        except TurnCancelled:
            ended.append("cancelled")
        await asyncio.sleep(0)
        ended.append("went on")

    consumer = asyncio.create_task(consume())
    async with asyncio.timeout(10):
        await waiting.wait()
        assert await house.owner.cancel("t")
        await consumer
    assert ended == ["cancelled", "went on"]
    assert consumer.cancelling() == 0


async def test_a_cancelled_turn_closes_its_sub_agents() -> None:
    started = asyncio.Event()

    async def hang() -> str:
        """Hang."""
        started.set()
        await asyncio.Event().wait()
        return "never"

    stage = Stage({"parent": [BRIEF], "coder": [call(("h1", "edit", {}))]})
    tool = FunctionTool(hang)
    tool.spec = replace(tool.spec, name="edit")
    stage.tools = [tool]
    stage.owner = stage.another()
    running = asyncio.create_task(stage.say("go"))
    async with asyncio.timeout(10):
        await started.wait()
        await stage.owner.cancel("t")
        with pytest.raises(TurnCancelled):
            await running
    ends = only(SubAgentEnded, await stage.owner.log("t"))
    assert [event.outcome for event in ends] == ["cancelled"]
    assert isinstance((await stage.say("again"))[-1], TurnCompleted)


# Sub-agents outlive what goes out of view


async def test_a_handoff_names_sub_agents_and_reopen_reads_their_work() -> None:
    small = replace(CARD, window_tokens=12_000, output_tokens=500)
    script = {"parent": [BRIEF, "All done."], "coder": [edits(1), "It adds now."]}
    stage = Stage(script, card=small)
    await stage.say("go")
    stage.answers = {"parent": [f"answer {n}: " + "words " * 500 for n in range(6)], "coder": []}
    for number in range(6):
        await stage.say(f"and then {number}")
    closed = await stage.owner.compact("t", "the fix")
    assert isinstance(closed, Compacted)
    stage.answers = {
        "parent": [call(("r1", "reopen", {"ref": "coder-5.1/e1-e20"})), "ok"],
        "coder": [],
    }
    turn = await stage.say("What did the coder do?")
    shown = str(stage.of("parent")[-1].messages)
    assert "## Sub-agents" in shown
    assert "coder-5.1: answered" in shown
    (result,) = only(ToolFinished, turn)
    assert "Fix adder.py" in result.output
    assert "It adds now." in result.output


async def test_erasing_a_task_erases_those_of_its_sub_agents() -> None:
    stage = Stage({"parent": [BRIEF, "All done."], "coder": ["The canary sings."]})
    await stage.say("go")
    plan = await stage.owner.erasure.plan(task="t")
    await stage.owner.erasure.execute(plan)
    for task in await stage.owner.tasks():
        assert "canary" not in repr(await stage.owner.log(task.task_id))
        assert "Fix adder.py" not in repr(await stage.owner.log(task.task_id))
