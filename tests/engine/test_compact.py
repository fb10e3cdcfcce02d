"""A boundary that somebody asks for between two turns: `OwnerEngine.compact`."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from tests.engine.house import BARE, House, messages, only
from tests.prepare.test_laws import pairing_faults

from enplace.desk import TurnOptions
from enplace.errors import BadInput, TaskBusy, TaskNotFound
from enplace.prepare.compact.policy import CompactionOptions
from enplace.providers.scripted import CARD, call
from enplace.records.event import (
    AssistantSpoke,
    Compacted,
    EpochOpened,
    Event,
    Framed,
    ToolFinished,
    TurnCompleted,
    UsageReported,
)

SMALL = replace(BARE, window_tokens=12_000, output_tokens=1_000)


def listing(name: str) -> str:
    """A listing that fills a tenth of the window."""
    return f"row of {name}\n" * 300


def house_of(**given: Any) -> House:
    return House(card=SMALL, tools=[listing], **given)


async def a_task(house: House, turns: int = 3) -> None:
    for n in range(turns):
        await house.say(
            f"message {n}", call((f"c{n}", "listing", {"name": f"part_{n}"})), f"done {n}"
        )


async def test_what_stands_becomes_one_block_and_the_log_keeps_everything() -> None:
    house = house_of()
    await a_task(house)
    before = list(await house.owner.log("t"))
    done = await house.owner.compact("t", "the set-up")
    assert done is not None
    assert (done.strategy, done.trigger, done.label) == ("summary", "boundary", "the set-up")
    assert done.after_tokens < done.before_tokens
    log = list(await house.owner.log("t"))
    assert log[: len(before)] == before
    assert [type(event) for event in log[len(before) :]] == [Compacted, EpochOpened]
    assert log[len(before)] == done
    assert only(EpochOpened, log)[-1].reason == "boundary"


async def test_the_next_message_stands_behind_the_block() -> None:
    house = house_of()
    await a_task(house)
    await house.owner.compact("t", "the set-up")
    await house.say("and now?")
    sent = messages(house.request)
    assert str(sent[1]["content"]).startswith("<handoff>\nOf this task the events up to e")
    assert "(the set-up)" in str(sent[1]["content"])
    assert "message 0" in str(sent[1]["content"])
    assert str(sent[-1]["content"]).endswith("and now?")
    assert "row of part_0\nrow of part_0" not in str(sent)
    (usage,) = only(UsageReported, (await house.owner.log("t"))[-3:])
    assert usage.break_reason == "boundary"


async def test_a_restarted_engine_sends_the_same() -> None:
    house = house_of()
    await a_task(house)
    await house.owner.compact("t")
    house.reopen()
    await house.say("and now?")
    assert "<handoff>" in str(messages(house.request))
    assert messages(await house.another().context("t")) == messages(house.request)


async def test_what_is_compact_is_not_compacted_again() -> None:
    house = house_of()
    await a_task(house)
    assert await house.owner.compact("t") is not None
    before = list(await house.owner.log("t"))
    assert await house.owner.compact("t") is None
    house.reopen()
    assert await house.owner.compact("t") is None
    assert list(await house.owner.log("t")) == before


async def test_where_nothing_would_be_gained_nothing_is_done() -> None:
    house = house_of()
    await house.say("hello")
    before = list(await house.owner.log("t"))
    assert await house.owner.compact("t") is None
    assert list(await house.owner.log("t")) == before


async def test_several_boundaries_leave_one_block_made_of_the_originals() -> None:
    house = house_of()
    for part in range(4):
        await a_task(house)
        assert await house.owner.compact("t", f"part {part}") is not None
    await house.say("and now?")
    text = str(messages(house.request))
    assert text.count("<handoff>") == 1
    assert text.count("message 2") == 4


async def test_notes_stand_behind_a_boundary() -> None:
    house = house_of()
    await house.owner.note("t", "branch", "main")
    await house.owner.note("t", "brief", "soon over", ttl_s=10)
    await a_task(house)
    house.clock.move(20)
    await house.owner.compact("t")
    await house.say("and now?")
    text = str(messages(house.request))
    assert text.count("- branch: main") == 1
    assert "- brief: soon over" not in text


async def test_a_task_that_does_not_exist() -> None:
    with pytest.raises(TaskNotFound):
        await House().owner.compact("none")


@pytest.mark.parametrize(("task", "label"), [("", "x"), ("t", "x" * 300), ("t", "a\x00b")])
async def test_names_that_are_not_acceptable(task: str, label: str) -> None:
    house = house_of()
    await a_task(house)
    with pytest.raises(BadInput):
        await house.owner.compact(task, label)


async def test_a_task_whose_turn_is_running_is_busy() -> None:
    house = house_of()
    await a_task(house)
    async with house.owner.turn("t", "more"):
        with pytest.raises(TaskBusy):
            await house.owner.compact("t")


async def test_compaction_that_is_switched_off_does_nothing() -> None:
    for options in (None, CompactionOptions(collapses=False)):
        house = house_of(turn=TurnOptions(compaction=options))
        await a_task(house)
        before = list(await house.owner.log("t"))
        assert await house.owner.compact("t") is None
        assert list(await house.owner.log("t")) == before


# A turn that a crash broke is a turn still


async def broken(house: House, stop: type[Event]) -> None:
    """A turn with a key whose process ends behind an event."""
    house.answers.extend([call(("o1", "listing", {"name": "a"}), ("o2", "listing", {"name": "b"}))])
    async with aclosing(house.owner.execute("t", "go", idempotency_key="k")) as events:
        async for event in events:
            if isinstance(event, stop):
                break
    house.answers.clear()
    house.reopen()


STOPS: Sequence[type[Event]] = (Framed, AssistantSpoke, ToolFinished)


@pytest.mark.parametrize("stop", STOPS, ids=lambda kind: kind.__name__)
async def test_a_broken_turn_is_taken_up_behind_a_boundary(stop: type[Event]) -> None:
    """Whether the boundary was laid or refused: the turn's calls are answered, and it ends."""
    house = house_of()
    await a_task(house)
    await broken(house, stop)
    await house.owner.compact("t", "meanwhile")
    turn = await house.say("go", "final", key="k")
    assert isinstance(turn[-1], TurnCompleted)
    log = await house.owner.log("t")
    asked = [c.id for event in only(AssistantSpoke, log) for c in event.calls]
    assert sorted(event.tool_call_id for event in only(ToolFinished, log)) == sorted(asked)
    assert sum(isinstance(event, Framed) for event in turn) == 1
    for request in house.model.requests:
        assert pairing_faults(messages(request)) == []
        assert "go" in str(messages(request)[-1]) or messages(request)[-1]["role"] != "assistant"
    assert messages(await house.another().context("t")) == messages(house.request)


@pytest.mark.parametrize("stop", STOPS, ids=lambda kind: kind.__name__)
async def test_a_broken_turn_is_abandoned_behind_a_boundary(stop: type[Event]) -> None:
    house = house_of()
    await a_task(house)
    await broken(house, stop)
    await house.owner.compact("t", "meanwhile")
    turn = await house.say("something else", "final")
    assert isinstance(turn[-1], TurnCompleted)
    log = await house.owner.log("t")
    asked = [c.id for event in only(AssistantSpoke, log) for c in event.calls]
    assert sorted(event.tool_call_id for event in only(ToolFinished, log)) == sorted(asked)
    for request in house.model.requests:
        assert pairing_faults(messages(request)) == []
    assert messages(await house.another().context("t")) == messages(house.request)


async def test_the_engine_s_tool_closes_a_part_in_front_of_the_next_step() -> None:
    house = House(card=replace(CARD, window_tokens=12_000, output_tokens=1_000), tools=[listing])
    await a_task(house)
    seen = len(house.model.requests)
    turn = await house.say(
        "close that part",
        call(("x1", "compact", {"label": "the listings"})),
        call(("x2", "listing", {"name": "more"})),
        "done",
    )
    (done,) = only(Compacted, turn)
    assert (done.trigger, done.label) == ("boundary", "the listings")
    first, second, third = house.model.requests[seen:]
    assert "<handoff>" not in str(messages(first))
    assert "(the listings)" in str(messages(second)[1])
    said = [m["content"] for m in messages(second) if m["role"] == "user"]
    assert str(said[-1]).endswith("close that part")
    assert [m["role"] for m in messages(second)[-2:]] == ["assistant", "tool"]
    assert messages(third)[: len(messages(second))] == messages(second)


# The user's words say that a part is over


ENDS = "That's it for the listings. Let's move on to the report."


async def a_long_task(house: House) -> None:
    """Half of the window, carried for so long that a collapse may cost something."""
    await a_task(house, turns=4)
    for _ in range(40):
        await house.say("and?")


async def test_the_end_of_a_phase_in_the_user_s_words_closes_a_part_of_some_size() -> None:
    house = house_of()
    await a_long_task(house)
    turn = await house.say(ENDS)
    (done,) = only(Compacted, turn)
    assert (done.trigger, done.label) == ("phase", "the listings")
    sent = messages(house.request)
    assert "(the listings)" in str(sent[1]["content"])
    assert str(sent[-1]["content"]).endswith(ENDS)
    assert messages(await house.another().context("t")) == messages(house.request)


async def test_the_same_turns_without_such_words_close_nothing() -> None:
    house = house_of()
    await a_long_task(house)
    assert only(Compacted, await house.say("Is that it for the listings?")) == []


async def test_a_small_context_stays_whatever_the_user_says() -> None:
    house = house_of()
    await a_task(house, turns=1)
    for _ in range(40):
        await house.say("and?")
    assert only(Compacted, await house.say(ENDS)) == []


async def test_no_hint_is_taken_right_behind_a_boundary_that_somebody_asked_for() -> None:
    house = House(card=replace(CARD, window_tokens=12_000, output_tokens=1_000), tools=[listing])
    await a_long_task(house)
    more = [call((f"d{n}", "listing", {"name": f"more_{n}"})) for n in range(5)]
    turn = await house.say("go on", call(("x1", "compact", {"label": "the set-up"})), *more)
    assert [done.trigger for done in only(Compacted, turn)] == ["boundary"]
    assert only(Compacted, await house.say(ENDS)) == []
    house.reopen()
    (done,) = only(Compacted, await house.say(ENDS))
    assert (done.trigger, done.label) == ("phase", "the listings")


async def test_hints_that_are_switched_off_close_nothing() -> None:
    house = house_of(turn=TurnOptions(compaction=CompactionOptions(hints=False)))
    await a_long_task(house)
    assert only(Compacted, await house.say(ENDS)) == []
