"""Tools of one answer: side by side, each answered exactly once, in the order asked."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest
from tests.engine.house import House, only

from enplace.desk import TurnOptions
from enplace.errors import BudgetExceeded, TaskBusy
from enplace.providers.scripted import call, say
from enplace.records.agent import Budget
from enplace.records.block import TextBlock, ToolCallBlock
from enplace.records.event import (
    AssistantSpoke,
    ToolCalled,
    ToolFinished,
    TurnErrored,
    UsageReported,
)
from enplace.records.message import Reply
from enplace.records.tool import FileEffect, ToolCall, ToolOutcome
from enplace.records.usage import Usage
from enplace.stores.sqlite.brain import SqliteBrains


def asking(*calls: tuple[str, str, str]) -> Reply:
    """A reply that asks for tools: (call id, tool, arguments as the model wrote them) each."""
    blocks = tuple(ToolCallBlock(id=id_, tool=tool, arguments=text) for id_, tool, text in calls)
    return Reply(blocks=blocks, usage=Usage(), stop="tool_calls")


def results(house: House) -> list[tuple[str, str]]:
    """Call id and text of the results in the last request, as sent."""
    return [
        (str(message["tool_call_id"]), str(message["content"]))
        for message in house.messages
        if message["role"] == "tool"
    ]


async def test_tools_of_one_answer_run_at_the_same_time() -> None:
    meeting = asyncio.Barrier(3)

    async def meet(name: str) -> str:
        """Wait until all are there."""
        await meeting.wait()
        return f"met {name}"

    house = House(tools=[meet])
    async with asyncio.timeout(5):
        await house.say("meet", call(*((f"c{n}", "meet", {"name": str(n)}) for n in range(3))))
    assert results(house) == [("c0", "met 0"), ("c1", "met 1"), ("c2", "met 2")]


async def test_results_stand_in_the_order_asked_though_they_finish_in_another() -> None:
    done: dict[str, asyncio.Event] = {name: asyncio.Event() for name in "abc"}
    waits_for = {"a": "b", "b": "c"}

    async def work(name: str) -> str:
        """Wait for the one that comes first."""
        if name in waits_for:
            await done[waits_for[name]].wait()
        done[name].set()
        return f"did {name}"

    house = House(tools=[work])
    asked = call(*((name, "work", {"name": name}) for name in "abc"))
    turn = await house.say("work", asked)
    assert [event.tool_call_id for event in only(ToolFinished, turn)] == ["c", "b", "a"]
    assert results(house) == [("a", "did a"), ("b", "did b"), ("c", "did c")]
    house.reopen()
    await house.say("go on")
    assert results(house) == [("a", "did a"), ("b", "did b"), ("c", "did c")]


async def test_every_start_is_in_the_log_before_a_tool_runs() -> None:
    house = House()
    seen: list[list[str]] = []

    async def look() -> str:
        """Read the log from inside."""
        seen.append([e.tool_call_id for e in only(ToolCalled, await house.owner.log("t"))])
        return "looked"

    house.tools = [look]
    house.reopen()
    await house.say("look", call(("a", "look", {}), ("b", "look", {})))
    assert seen == [["a", "b"], ["a", "b"]]


async def test_no_more_than_the_allowed_number_of_tools_run_at_once() -> None:
    running, most = 0, 0

    async def work() -> str:
        """Count who is here."""
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return "done"

    house = House(tools=[work], turn=TurnOptions(parallel_tools=2))
    await house.say("work", asking(*((f"c{n}", "work", "{}") for n in range(7))))
    assert most == 2
    assert [id_ for id_, _ in results(house)] == [f"c{n}" for n in range(7)]


def broken(text: str) -> str:
    """Break."""
    raise ValueError(f"cannot read {text!r}")


def surrogates() -> str:
    """Give back what is no text."""
    return "before \ud800 after \udfff"


def nothing() -> str:
    """Give back nothing."""
    return ""


def typed(count: int) -> str:
    """Need a number."""
    return str(count)


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("broken", '{"text": "it"}', "ValueError: cannot read 'it'"),
        ("unheard", "{}", "There is no tool 'unheard'. Tools: broken, nothing, surrogates, typed."),
        ("broken", "[1]", "The arguments are not a JSON object."),
        ("broken", '{"text": ', "The arguments are not a JSON object."),
        ("broken", "null", "The arguments are not a JSON object."),
        ("broken", '"text"', "The arguments are not a JSON object."),
    ],
)
async def test_what_goes_wrong_with_a_tool_is_told_to_the_model(
    tool: str, arguments: str, told: str
) -> None:
    house = House(tools=[broken, surrogates, nothing, typed])
    turn = await house.say("go", asking(("c1", tool, arguments)))
    assert results(house) == [("c1", told)]
    assert [event.is_error for event in only(ToolFinished, turn)] == [True]


@pytest.mark.parametrize("arguments", ['{"count": "many"}', "{}", '{"count": 1, "more": 2}'])
async def test_input_that_does_not_fit_the_schema_is_told_to_the_model(arguments: str) -> None:
    house = House(tools=[typed])
    turn = await house.say("go", asking(("c1", "typed", arguments)))
    assert results(house)[0][1].startswith("ValidationError: 1 validation error for typed")
    assert [event.is_error for event in only(ToolFinished, turn)] == [True]


async def test_no_arguments_at_all_are_an_empty_object() -> None:
    house = House(tools=[nothing])
    await house.say("go", asking(("c1", "nothing", "")))
    assert results(house) == [("c1", "")]


async def test_without_tools_a_call_is_answered_all_the_same() -> None:
    house = House()
    await house.say("go", asking(("c1", "unheard", "{}")))
    assert results(house) == [("c1", "There is no tool 'unheard'. Tools: none.")]


async def test_output_that_is_no_text_is_made_one() -> None:
    house = House(tools=[surrogates])
    await house.say("go", call(("c1", "surrogates", {})))
    assert results(house) == [("c1", "before \ufffd after \ufffd")]
    await house.owner.context("t")


async def test_an_error_whose_words_are_no_text_does_not_break_the_turn() -> None:
    house = House(tools=[broken_words])
    await house.say("go", call(("c1", "broken_words", {})))
    assert results(house) == [("c1", "OSError: no file \ufffd")]


def broken_words() -> str:
    """Break with a file name that is no text."""
    raise OSError("no file \udcff")


async def test_a_failure_of_one_tool_leaves_the_others_alone() -> None:
    house = House(tools=[broken, nothing])
    asked = call(("a", "broken", {"text": "x"}), ("b", "nothing", {}), ("c", "unheard", {}))
    turn = await house.say("go", asked)
    assert [id_ for id_, _ in results(house)] == ["a", "b", "c"]
    failed = {event.tool_call_id: event.is_error for event in only(ToolFinished, turn)}
    assert failed == {"a": True, "b": False, "c": True}


async def test_effects_and_several_blocks_of_a_tool_are_kept() -> None:
    effect = FileEffect(path="a.py", action="write", hash="0" * 64)

    def write() -> ToolOutcome:
        """Write a file."""
        blocks = (TextBlock(text="wrote"), TextBlock(text="a.py"))
        return ToolOutcome(blocks=blocks, effects=(effect,))

    house = House(tools=[write])
    turn = await house.say("go", call(("c1", "write", {})))
    assert results(house) == [("c1", "wrote\na.py")]
    assert only(ToolFinished, turn)[0].effects == (effect,)


async def test_a_tool_sees_its_call() -> None:
    seen: list[ToolCall] = []

    def look(text: str, call: ToolCall) -> str:
        """Look at the call."""
        seen.append(call)
        return text

    house = House(tools=[look])
    turn = await house.say("go", call(("c1", "look", {"text": "x"})))
    assert turn[0].place is not None
    assert seen == [
        ToolCall(
            id="c1",
            tool="look",
            input={"text": "x"},
            task_id="t",
            turn_id=turn[0].place.turn_id,
            reference="e5.1",
            left=Budget(steps=99),
        )
    ]


async def test_leaving_a_turn_cancels_its_running_tools() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def hang() -> str:
        """Never come back."""
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    house = House(tools=[hang])
    house.answers.append(call(("c1", "hang", {})))

    async def carry() -> None:
        async with aclosing(house.owner.execute("t", "hang")) as events:
            async for _ in events:
                pass

    running = asyncio.create_task(carry())
    async with asyncio.timeout(5):
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert cancelled.is_set()


async def test_a_call_that_was_left_open_is_answered_before_the_next_message() -> None:
    house = await left_open()
    await house.say("go on")
    assert [id_ for id_, _ in results(house)] == ["c1"]
    assert "unknown" in results(house)[0][1]
    assert [event.error for event in only(TurnErrored, await house.owner.log("t"))] == ["ABANDONED"]


async def test_a_note_between_does_not_hide_a_call_that_was_left_open() -> None:
    house = await left_open()
    await house.owner.note("t", "branch", "main")
    await house.say("go on")
    assert [id_ for id_, _ in results(house)] == ["c1"]


async def test_a_note_between_does_not_change_how_a_broken_turn_goes_on() -> None:
    house = await left_open(key="k")
    await house.owner.note("t", "branch", "main")
    house.reopen()
    turn = await house.say("hang", key="k")
    assert [id_ for id_, _ in results(house)] == ["c1"]
    kinds = [event.kind for event in turn]
    assert kinds.count("context_frame") == 1
    assert [message["role"] for message in house.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
    ]


async def left_open(*, key: str | None = None) -> House:
    """A house whose caller left while a tool was running."""

    async def hang() -> str:
        """Never come back."""
        await asyncio.Event().wait()
        return "never"

    house = House(tools=[cast(Callable[..., Any], hang)])
    house.answers.append(call(("c1", "hang", {})))
    async with aclosing(house.owner.execute("t", "hang", idempotency_key=key)) as events:
        async for event in events:
            if isinstance(event, ToolCalled):
                break
    return house


async def test_a_turn_takes_no_more_steps_than_it_may() -> None:
    house = House(tools=[nothing], turn=TurnOptions(budget=Budget(steps=3)))
    asked = [call((f"c{n}", "nothing", {})) for n in range(5)]
    with pytest.raises(BudgetExceeded) as exceeded:
        await house.say("go", *asked)
    assert exceeded.value.details == {"steps": 3}
    assert len(house.model.requests) == 3
    log = await house.owner.log("t")
    assert len(only(UsageReported, log)) == 3
    assert [event.kind for event in log[-2:]] == ["error", "thread_lifecycle"]
    house.answers.clear()
    await house.say("never mind")
    assert [id_ for id_, _ in results(house)] == ["c0", "c1", "c2"]


async def test_a_second_turn_of_a_task_is_busy_while_one_runs() -> None:
    release = asyncio.Event()

    async def wait() -> str:
        """Wait for the test."""
        await release.wait()
        return "done"

    house = House(tools=[wait])
    house.answers.append(call(("c1", "wait", {})))
    async with aclosing(house.owner.execute("t", "first")) as events:
        async for event in events:
            if not isinstance(event, ToolCalled):
                continue
            with pytest.raises(TaskBusy):
                await house.say("second")
            house.answers.append(say("other"))
            await house.say("another task", task="other")
            release.set()
    assert [len(only(AssistantSpoke, await house.owner.log(t))) for t in ("t", "other")] == [2, 1]
    await house.say("second")


async def test_calls_of_the_same_name_in_later_steps_are_answered_each() -> None:
    house = House(tools=[typed])
    await house.say(
        "go", call(("call_0", "typed", {"count": 1})), call(("call_0", "typed", {"count": 2}))
    )
    assert results(house) == [("call_0", "1"), ("call_0", "2")]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"text": "a\\ud800b"}', "ValueError: cannot read 'a\ufffdb'"),
        ('{"text": "a\\u0000b"}', "ValueError: cannot read 'a\\x00b'"),
        ('{"text": ' + "[" * 100_000, "The arguments are not a JSON object."),
    ],
    ids=["a lone surrogate", "NUL", "too deep"],
)
async def test_arguments_that_no_file_can_carry_do_not_break_the_turn(
    arguments: str, told: str, tmp_path: Path
) -> None:
    brains = SqliteBrains(tmp_path)
    house = House(brains=brains, tools=[broken])
    await house.say("go", asking(("c1", "broken", arguments)))
    assert results(house) == [("c1", told)]
    await brains.aclose()


async def test_a_call_that_shares_the_id_of_an_earlier_one_did_not_start_with_it() -> None:
    house = House(tools=[typed])
    house.answers.extend(call(("call_0", "typed", {"count": n})) for n in (1, 2))
    async with aclosing(house.owner.execute("t", "go", idempotency_key="k")) as events:
        spoken = 0
        async for event in events:
            spoken += isinstance(event, AssistantSpoke)
            if spoken == 2:
                break
    house.reopen()
    await house.say("go", key="k")
    assert results(house) == [("call_0", "1"), ("call_0", "2")]
