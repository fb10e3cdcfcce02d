"""People in the loop: a turn that asks waits, over restarts, and goes on with the answer."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.conftest import StandingClock
from tests.engine.house import House, only

from enplace.desk import TurnOptions
from enplace.engine import LearningOptions
from enplace.errors import (
    ModelUnavailable,
    PersonNeeded,
    QuestionClosed,
    QuestionNotFound,
    TaskNotFound,
    UsageError,
)
from enplace.providers.scripted import call
from enplace.records.agent_event import PersonAnswered, PersonAsked
from enplace.records.block import TextBlock
from enplace.records.event import (
    AssistantSpoke,
    Event,
    ToolCalled,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
)
from enplace.records.permission import PermissionRule
from enplace.records.question import Question
from enplace.records.tool import ToolCall, ToolOutcome, ToolSpec
from enplace.stores.sqlite.brain import SqliteBrains

ASKED = call(("c1", "delete", {"path": "a.txt"}))


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


class Book:
    """Asks while it runs. Implements `ports.Tool`."""

    spec = ToolSpec(name="book", description="Book a seat.", schema={"type": "object"})

    def __init__(self) -> None:
        self.booked: list[str] = []

    async def run(self, call: ToolCall) -> ToolOutcome:
        if call.answer is None:
            question = Question(text="Aisle or window?", options=("aisle", "window"))
            return ToolOutcome(blocks=(), asks=question)
        self.booked.append(call.answer.text)
        return ToolOutcome(blocks=(TextBlock(text=f"booked: {call.answer.text}"),))


async def respond(house: House, answer: str, task: str = "t", **named: str) -> list[Event]:
    return [event async for event in house.owner.respond(task, answer, **named)]


def outputs(events: Sequence[Event]) -> list[str]:
    return [event.output for event in only(ToolFinished, events)]


async def test_a_yes_runs_the_call_and_the_turn_goes_on() -> None:
    delete = Delete()
    house = House(tools=[delete])
    turn = await house.say("Delete it.", ASKED)
    (asked,) = only(PersonAsked, turn)
    assert asked.question.question_kind == "permission"
    assert "a.txt" in asked.question.text
    assert not only(TurnCompleted, turn)
    assert not only(ToolCalled, turn)
    assert [each.request_id for each in await house.owner.questions()] == [asked.request_id]
    rest = await respond(house, "yes")
    assert delete.ran == ["a.txt"]
    assert outputs(rest) == ["gone"]
    assert isinstance(rest[-1], TurnCompleted)
    assert await house.owner.questions() == []


async def test_a_no_comes_back_to_the_model_with_the_feedback() -> None:
    delete = Delete()
    house = House(tools=[delete])
    await house.say("Delete it.", ASKED)
    rest = await respond(house, "no", feedback="move it to the bin")
    assert delete.ran == []
    assert outputs(rest) == ["permission_denied: move it to the bin"]
    assert only(ToolFinished, rest)[0].is_error
    assert isinstance(rest[-1], TurnCompleted)


async def test_anything_but_a_clear_yes_is_a_no() -> None:
    delete = Delete()
    house = House(tools=[delete])
    await house.say("Delete it.", ASKED)
    assert outputs(await respond(house, "well, rather not")) == [
        "permission_denied: well, rather not"
    ]
    assert delete.ran == []


async def test_a_tool_may_ask_while_it_runs_and_gets_the_answer() -> None:
    book = Book()
    house = House(tools=[book])
    turn = await house.say("Book.", call(("c1", "book", {})))
    (asked,) = only(PersonAsked, turn)
    assert asked.question.options == ("aisle", "window")
    rest = await respond(house, "window", request_id=asked.request_id)
    assert book.booked == ["window"]
    assert outputs(rest) == ["booked: window"]


async def test_an_answer_is_not_lost_to_an_engine_without_the_tool() -> None:
    delete = Delete()
    house = House(tools=[delete])
    await house.say("Delete it.", ASKED)
    house.tools = []
    house.reopen()
    with pytest.raises(UsageError, match="'delete'"):
        await respond(house, "yes")
    assert len(await house.owner.questions()) == 1
    house.tools = [delete]
    house.reopen()
    assert outputs(await respond(house, "yes")) == ["gone"]


async def test_the_question_survives_a_restart(tmp_path: Path) -> None:
    delete = Delete()
    house = House(tools=[delete], brains=SqliteBrains(tmp_path))
    await house.say("Delete it.", ASKED)
    house.brains = SqliteBrains(tmp_path)
    house.reopen()
    (asked,) = await house.owner.questions()
    rest = await respond(house, "yes", request_id=asked.request_id)
    assert outputs(rest) == ["gone"]
    assert isinstance(rest[-1], TurnCompleted)
    with pytest.raises(QuestionClosed):
        await respond(house, "yes", request_id=asked.request_id)
    with pytest.raises(QuestionNotFound):
        await respond(house, "yes")
    assert delete.ran == ["a.txt"]


async def test_other_calls_of_the_answer_run_meanwhile() -> None:
    def look(at: str) -> str:
        """Look."""
        return f"saw {at}"

    delete = Delete()
    house = House(tools=[delete, look])
    both = call(("c1", "delete", {"path": "x"}), ("c2", "look", {"at": "sea"}))
    assert outputs(await house.say("go", both)) == ["saw sea"]
    assert outputs(await respond(house, "y")) == ["gone"]
    results = [m["content"] for m in house.messages if m["role"] == "tool"]
    assert results == ["gone", "saw sea"]


async def test_two_questions_of_one_answer_are_answered_one_by_one() -> None:
    delete = Delete()
    house = House(tools=[delete])
    both = call(("c1", "delete", {"path": "x"}), ("c2", "delete", {"path": "y"}))
    first, second = only(PersonAsked, await house.say("go", both))
    half = await respond(house, "yes", request_id=second.request_id)
    assert delete.ran == ["y"]
    assert not only(TurnCompleted, half)
    rest = await respond(house, "no", request_id=first.request_id)
    assert delete.ran == ["y"]
    assert isinstance(rest[-1], TurnCompleted)


async def test_another_message_is_refused_while_a_person_is_asked() -> None:
    house = House(tools=[Delete()])
    await house.say("Delete it.", ASKED)
    with pytest.raises(PersonNeeded) as refused:
        await house.say("And something else.")
    assert refused.value.code == "HITL_REQUIRED"
    assert "a.txt" in str(refused.value.details["question"])
    assert len(await house.owner.questions()) == 1


async def test_the_same_key_tells_the_question_again() -> None:
    house = House(tools=[Delete()])
    turn = await house.say("Delete it.", ASKED, key="k")
    again = await house.say("Delete it.", key="k")
    assert only(PersonAsked, again) == only(PersonAsked, turn)
    assert len(house.model.requests) == 1


async def test_a_question_that_nobody_answered_in_time_is_a_no(clock: StandingClock) -> None:
    delete = Delete()
    house = House(tools=[delete], clock=clock)
    await house.say("Delete it.", ASKED, key="k")
    clock.move(72 * 3_600 + 1)
    assert await house.owner.questions() == []
    with pytest.raises(QuestionClosed):
        await respond(house, "yes")
    rest = await house.say("Delete it.", key="k")
    assert outputs(rest) == ["permission_denied: nobody answered in time."]
    assert only(PersonAnswered, rest)[0].answer is None
    assert isinstance(rest[-1], TurnCompleted)
    assert delete.ran == []


async def test_a_new_message_closes_a_turn_whose_question_has_expired(
    clock: StandingClock,
) -> None:
    house = House(tools=[Delete()], clock=clock)
    await house.say("Delete it.", ASKED)
    clock.move(72 * 3_600 + 1)
    turn = await house.say("Never mind.")
    assert isinstance(turn[-1], TurnCompleted)
    assert [event.error for event in only(TurnErrored, turn)] == ["ABANDONED"]
    assert len(only(PersonAnswered, turn)) == 1


async def test_a_turn_that_waits_can_be_cancelled() -> None:
    house = House(tools=[Delete()])
    await house.say("Delete it.", ASKED)
    assert await house.owner.cancel("t")
    assert await house.owner.questions() == []
    log = await house.owner.log("t")
    last = log[-1]
    assert isinstance(last, TurnErrored)
    assert last.error == "CANCELLED"
    assert len(only(ToolFinished, log)) == 1
    assert not await house.owner.cancel("t")
    assert isinstance((await house.say("Something else."))[-1], TurnCompleted)
    with pytest.raises(TaskNotFound):
        await house.owner.cancel("nothing")


async def test_a_turn_that_ends_with_an_answer_is_learned_from() -> None:
    house = House(tools=[Delete()], learning=LearningOptions())
    await house.say("I live in Porto. Delete it.", ASKED)
    await house.owner.aclose()
    house.reopen()
    await respond(house, "yes")
    assert await house.owner.learned() == ""
    assert [fact.object for fact in await house.owner.facts()] == ["Porto"]
    await house.owner.aclose()


async def failed_then_asking(house: House) -> None:
    with pytest.raises(ModelUnavailable):
        await house.say("Delete it.", ModelUnavailable("away"), key="k")
    await house.say("Delete it.", ASKED, key="k")


async def test_a_turn_that_failed_before_waits_as_any_other() -> None:
    delete = Delete()
    house = House(tools=[delete])
    await failed_then_asking(house)
    with pytest.raises(PersonNeeded):
        await house.say("And something else.")
    assert await house.owner.compact("t", "a part") is None
    assert isinstance((await respond(house, "yes"))[-1], TurnCompleted)
    assert delete.ran == ["a.txt"]


async def test_a_turn_that_failed_before_is_cancelled_with_its_question() -> None:
    house = House(tools=[Delete()])
    await failed_then_asking(house)
    assert await house.owner.cancel("t")
    assert await house.owner.questions() == []
    assert len(only(ToolFinished, await house.owner.log("t"))) == 1


async def test_nothing_is_compacted_while_a_person_is_asked() -> None:
    house = House(tools=[Delete()])
    for number in range(4):
        await house.say(f"message {number}: " + "words " * 200)
    (asked,) = only(PersonAsked, await house.say("Delete it.", ASKED))
    assert await house.owner.compact("t", "a part") is None
    assert [each.request_id for each in await house.owner.questions()] == [asked.request_id]
    assert isinstance((await respond(house, "yes"))[-1], TurnCompleted)


async def test_editing_the_message_takes_the_question_back() -> None:
    house = House(tools=[Delete()])
    turn = await house.say("Delete it.", ASKED)
    assert turn[1].place is not None
    replaced = house.owner.execute("t", "Keep it.", replaces=turn[1].place.ordinal)
    assert isinstance([event async for event in replaced][-1], TurnCompleted)
    assert await house.owner.questions() == []


@pytest.mark.parametrize(
    ("rules", "path", "ran", "asked"),
    [
        ((PermissionRule(tool="delete", verdict="allow"),), "a", True, False),
        ((PermissionRule(tool="*", verdict="deny"),), "a", False, False),
        (
            (PermissionRule(tool="del*", argument="path", pattern="tmp/*", verdict="allow"),),
            "tmp/a",
            True,
            False,
        ),
        (
            (PermissionRule(tool="del*", argument="path", pattern="tmp/*", verdict="allow"),),
            "a",
            False,
            True,
        ),
        (
            (
                PermissionRule(tool="delete", verdict="allow"),
                PermissionRule(tool="delete", argument="path", pattern="*.key", verdict="deny"),
            ),
            "id.key",
            False,
            False,
        ),
    ],
)
async def test_rules_decide_by_tool_and_pattern(
    rules: tuple[PermissionRule, ...], path: str, ran: bool, asked: bool
) -> None:
    delete = Delete()
    house = House(tools=[delete], turn=TurnOptions(permissions=rules))
    turn = await house.say("go", call(("c1", "delete", {"path": path})))
    assert (delete.ran == [path]) is ran
    assert bool(only(PersonAsked, turn)) is asked
    if not asked and not ran:
        assert outputs(turn) == ["permission_denied: a rule forbids this call."]


async def test_the_answer_after_the_pause_extends_the_prefix() -> None:
    house = House(tools=[Delete()])
    await house.say("Delete it.", ASKED)
    before = house.messages
    await respond(house, "yes")
    assert house.messages[: len(before)] == before
    assert only(AssistantSpoke, await house.owner.log("t"))[-1].text == "ok"
