"""A message that is edited or answered again: the log branches, and both branches stay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import RequestLog, StandingClock
from tests.engine.house import House, messages, only

from enplace.engine import OwnerEngine
from enplace.errors import ContextOverflow, MessageNotFound, TaskBusy, TaskNotFound
from enplace.ports import Brains
from enplace.providers.scripted import CARD, Answer, call
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.records.event import (
    Event,
    NoteWritten,
    TurnCompleted,
    TurnErrored,
    TurnStarted,
    UsageReported,
    UserSpoke,
)
from enplace.records.recollection import RecallPolicy
from enplace.stores.inmemory import InMemoryBrains
from enplace.stores.sqlite.brain import SqliteBrains


@pytest.fixture(params=["in memory", "in files"])
async def brains(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Brains]:
    brains = InMemoryBrains() if request.param == "in memory" else SqliteBrains(tmp_path)
    yield brains
    await brains.aclose()


@pytest.fixture
def house(brains: Brains, clock: StandingClock) -> House:
    return House(brains=brains, clock=clock)


async def edit(
    house: House, ordinal: int, text: str, *answers: Answer, key: str | None = None
) -> list[Event]:
    house.answers.extend(answers)
    turn = house.owner.execute("t", text, replaces=ordinal, idempotency_key=key)
    return [event async for event in turn]


async def retry(house: House, ordinal: int, *answers: Answer) -> list[Event]:
    house.answers.extend(answers)
    return [event async for event in house.owner.retry("t", ordinal)]


def ordinal_of(event: Event) -> int:
    assert event.place is not None
    return event.place.ordinal


async def message(house: House, text: str) -> int:
    """The ordinal of a message of the live branch."""
    said = only(UserSpoke, await house.owner.log("t"))
    return next(ordinal_of(event) for event in said if event.text == text)


async def said(house: House) -> list[str]:
    """The messages of the live branch."""
    return [event.text for event in only(UserSpoke, await house.owner.log("t"))]


def shown(house: House) -> list[str]:
    """The contents of the last request, without its head."""
    return [str(message["content"]) for message in house.messages[1:]]


async def check_branches(house: House) -> None:
    """What holds of every task: live and dead share its ordinals, and parents lead back to 1."""
    live, dead = await house.owner.log("t"), await house.owner.dead_branches("t")
    ordinals = sorted(ordinal_of(event) for event in [*live, *dead])
    assert ordinals == list(range(1, len(ordinals) + 1))
    parents = [event.place.parent or 0 for event in live if event.place]
    assert parents == [0, *(ordinal_of(event) for event in live[:-1])]
    known = set(ordinals)
    assert all((e.place.parent or 0) in {0, *known} for e in dead if e.place)


async def check_replay(house: House) -> None:
    """What the log gives is what the model saw, for an engine that has read nothing yet too."""
    for owner in (house.owner, house.another()):
        assert await owner.context("t") == house.request


# An edit


async def test_an_edited_message_is_answered_from_before_it(house: House) -> None:
    await house.say("one", "first")
    await house.say("two", "second")
    before = await house.owner.log("t")
    await house.say("three", "third")
    turn = await edit(house, await message(house, "two"), "zwei", "zweite")
    assert shown(house) == ["one", "first", "zwei"]
    started = only(TurnStarted, turn)[0]
    assert started.replaces == ordinal_of(only(UserSpoke, before)[1])
    assert isinstance(turn[-1], TurnCompleted)
    assert await said(house) == ["one", "zwei"]
    dead = await house.owner.dead_branches("t")
    assert [event.text for event in only(UserSpoke, dead)] == ["two", "three"]
    await check_branches(house)
    await check_replay(house)
    await house.say("vier")
    assert shown(house) == ["one", "first", "zwei", "zweite", "vier"]
    await check_replay(house)


async def test_what_was_left_behind_is_not_changed(house: House) -> None:
    await house.say("one", "first")
    before = list(await house.owner.log("t"))
    await edit(house, 2, "eins")
    assert list(await house.owner.dead_branches("t")) == before
    await edit(house, await message(house, "eins"), "un")
    dead = await house.owner.dead_branches("t")
    assert list(dead[: len(before)]) == before
    assert [event.text for event in only(UserSpoke, dead)] == ["one", "eins"]


async def test_the_first_message_can_be_edited(house: House) -> None:
    await house.say("one", "first")
    await edit(house, await message(house, "one"), "eins", "erste")
    assert shown(house) == ["eins"]
    assert await said(house) == ["eins"]
    await check_branches(house)
    await check_replay(house)


async def test_a_message_can_be_edited_again_and_again(house: House) -> None:
    await house.say("one", "first")
    await house.say("two", "second")
    for text in ("zwei", "deux", "due"):
        last = (await said(house))[-1]
        await edit(house, await message(house, last), text)
        assert shown(house) == ["one", "first", text]
        await check_branches(house)
        await check_replay(house)
    await edit(house, await message(house, "one"), "uno")
    assert await said(house) == ["uno"]
    await check_branches(house)
    await check_replay(house)


async def test_a_retry_asks_the_same_again(house: House) -> None:
    await house.say("one", "first")
    await house.say("two", "second")
    await retry(house, await message(house, "two"), "another second")
    assert shown(house) == ["one", "first", "two"]
    assert await said(house) == ["one", "two"]
    await house.say("three")
    assert shown(house) == ["one", "first", "two", "another second", "three"]
    await check_branches(house)
    await check_replay(house)


async def test_a_task_without_edits_has_no_dead_branches(house: House) -> None:
    await house.say("one")
    assert await house.owner.dead_branches("t") == []
    assert await house.owner.dead_branches("nowhere") == []


# What is not there


async def test_a_message_of_a_dead_branch_is_not_found(house: House) -> None:
    await house.say("one")
    await house.say("two")
    two = await message(house, "two")
    await edit(house, await message(house, "one"), "eins")
    before = await house.owner.log("t"), await house.owner.dead_branches("t")
    for ordinal in (2, two):
        with pytest.raises(MessageNotFound):
            await edit(house, ordinal, "zwei")
        with pytest.raises(MessageNotFound):
            await retry(house, ordinal)
    assert before == (await house.owner.log("t"), await house.owner.dead_branches("t"))


@pytest.mark.parametrize("ordinal", [-1, 0, 1, 3, 99])
async def test_what_is_no_message_is_not_found(house: House, ordinal: int) -> None:
    await house.say("one")
    before = await house.owner.log("t")
    with pytest.raises(MessageNotFound):
        await edit(house, ordinal, "eins")
    with pytest.raises(MessageNotFound):
        await retry(house, ordinal)
    assert await house.owner.log("t") == before


async def test_an_unknown_task_has_nothing_to_edit(house: House) -> None:
    with pytest.raises(MessageNotFound):
        await edit(house, 2, "eins")
    with pytest.raises(TaskNotFound):
        await retry(house, 2)
    assert await house.owner.tasks() == []


async def test_an_edit_that_does_not_fit_leaves_the_branch_alive(house: House) -> None:
    await house.say("one")
    before = await house.owner.log("t")
    with pytest.raises(ContextOverflow):
        await edit(house, 2, "word " * 200_000)
    assert await house.owner.log("t") == before
    await house.say("two")
    assert await said(house) == ["one", "two"]
    assert shown(house) == ["one", "ok", "two"]
    await check_replay(house)


# Notes


async def notes(house: House) -> dict[str, str]:
    return {note.key: note.value for note in await house.owner.notes("t")}


async def test_notes_of_a_dead_branch_are_gone_and_those_before_it_are_back(
    brains: Brains, clock: StandingClock
) -> None:
    house = House(brains=brains, clock=clock, card=CARD)

    def note(id_: str, key: str, value: str) -> Answer:
        return call((id_, "note", {"key": key, "value": value}))

    await house.say("one", note("c1", "topic", "parrots"), "noted")
    await house.owner.note("t", "place", "Oslo")
    await house.say("two", note("c2", "topic", "owls"), note("c3", "new", "x"), "noted")
    await house.owner.note("t", "place", "Rome")
    assert await notes(house) == {"topic": "owls", "new": "x", "place": "Rome"}
    await edit(house, await message(house, "two"), "zwei")
    assert await notes(house) == {"topic": "parrots", "place": "Oslo"}
    assert "Oslo" in house.prompt
    assert "Rome" not in house.prompt
    await check_branches(house)
    await check_replay(house)
    await edit(house, await message(house, "one"), "eins")
    assert await notes(house) == {}
    await check_replay(house)


async def test_a_note_of_the_caller_before_the_first_turn_stays(house: House) -> None:
    await house.owner.note("t", "place", "Oslo")
    await house.say("one")
    await edit(house, await message(house, "one"), "eins")
    assert await notes(house) == {"place": "Oslo"}
    assert "Oslo" in house.prompt
    assert len(only(NoteWritten, await house.owner.log("t"))) == 1
    await check_branches(house)
    await check_replay(house)


# Memory


async def test_what_was_said_on_a_dead_branch_is_not_recalled(house: House) -> None:
    await house.say("My zeppelin is called Hindenburg.", "A fine zeppelin.")
    await house.say("hello", task="before")
    found = await house.owner.recall("Which zeppelin?")
    assert any("Hindenburg" in memory.text for memory in found.memories)
    await edit(house, 2, "My bicycle is called Gazelle.")
    found = await house.owner.recall("Which zeppelin?")
    assert found.memories == ()
    await house.say("What is my zeppelin called?", task="other")
    assert "Hindenburg" not in str(house.messages)
    assert "bicycle" in str((await house.owner.recall("Which bicycle?")).memories)


@pytest.mark.parametrize("policy", ["inject", "search"])
async def test_what_was_said_on_a_dead_branch_is_not_recalled_by_its_meaning(
    brains: Brains, clock: StandingClock, policy: RecallPolicy
) -> None:
    house = House(brains=brains, clock=clock, embedder=ScriptedEmbedder())

    async def recalled() -> str:
        found = await house.owner.recall("What is my zeppelin called?", policy=policy)
        assert found.lost == ()
        return " ".join(memory.text for memory in found.memories)

    await house.say("My zeppelin is called Hindenburg.", "A fine zeppelin.")
    assert await house.owner.encoded() == ""
    assert "Hindenburg" in await recalled()
    await edit(house, 2, "My bicycle is called Gazelle.")
    assert await house.owner.encoded() == ""
    assert "eppelin" not in await recalled()
    house.reopen()
    assert "eppelin" not in await recalled()


async def test_memory_that_a_dead_branch_showed_is_shown_again(house: House) -> None:
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    await house.say("hello")
    await house.say("What is my parrot called?")
    assert "Hopper" in house.prompt
    await edit(house, await message(house, "What is my parrot called?"), "Who is my parrot?")
    assert "Hopper" in house.prompt
    await check_replay(house)


async def test_a_fact_that_was_remembered_on_a_dead_branch_stays(house: House) -> None:
    await house.say("hello")
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    await edit(house, 2, "What is my parrot called?")
    assert "Hopper" in house.prompt


# The prefix law and usage


async def test_each_branch_keeps_the_prefix_law(house: House, prefix_law: RequestLog) -> None:
    for text in ("one", "two", "three"):
        await house.say(text)
    await edit(house, await message(house, "two"), "zwei")
    await house.say("drei")
    assert [len(contexts) for contexts in prefix_law.branches.values()] == [3, 2]
    for contexts in prefix_law.branches.values():
        for earlier, later in pairwise(contexts):
            sent = messages(earlier)
            assert messages(later)[: len(sent)] == sent


async def test_a_branch_in_the_same_epoch_finds_the_prefix_in_the_cache(house: House) -> None:
    for text in ("one", "two", "three"):
        await house.say(text, "a long answer " * 20)
    (usage,) = only(UsageReported, await edit(house, await message(house, "three"), "drei"))
    assert usage.break_reason is None
    assert 0 < usage.expected_hit_tokens <= usage.usage.cache_hit_tokens


# Keys and broken turns


async def test_an_edit_is_told_again_by_its_key(house: House) -> None:
    await house.say("one")
    turn = await edit(house, 2, "eins", key="k")
    log = await house.owner.log("t")
    again = await edit(house, 2, "eins", key="k")
    assert again == [event for event in turn if event.place and not event.place.part]
    assert await house.owner.log("t") == log
    assert len(house.model.requests) == 2


async def broken_turn(house: House, text: str, key: str) -> None:
    """A turn that is left in its middle, as by a crash."""
    async with house.owner.turn("t", text, idempotency_key=key) as turn:
        await turn.prepare(await turn.fetch())


@pytest.mark.parametrize("reopened", [False, True])
async def test_a_broken_turn_can_be_edited_away(house: House, reopened: bool) -> None:
    await house.say("one")
    await broken_turn(house, "two", "k")
    if reopened:
        house.reopen()
    turn = await edit(house, await message(house, "two"), "zwei")
    assert only(TurnErrored, turn) == []
    assert await said(house) == ["one", "zwei"]
    assert shown(house) == ["one", "ok", "zwei"]
    await check_branches(house)
    await check_replay(house)


async def test_an_edit_before_a_broken_turn_leaves_it_behind(house: House) -> None:
    await house.say("one")
    await broken_turn(house, "two", "k")
    await edit(house, await message(house, "one"), "eins")
    assert await said(house) == ["eins"]
    turn = await house.say("two", key="k")
    assert only(TurnStarted, turn)[0].idempotency_key == "k"
    assert await said(house) == ["eins", "two"]
    await check_branches(house)
    await check_replay(house)


async def test_a_broken_edit_goes_on_by_its_key(house: House) -> None:
    await house.say("one")
    async with aclosing(house.owner.execute("t", "eins", replaces=2, idempotency_key="k")) as turn:
        async for event in turn:
            if isinstance(event, UserSpoke):
                break
    house.reopen()
    turn = await edit(house, 2, "eins", "erste", key="k")
    assert isinstance(turn[-1], TurnCompleted)
    assert await said(house) == ["eins"]
    assert len(only(TurnStarted, await house.owner.log("t"))) == 1
    await check_branches(house)
    await check_replay(house)


async def test_a_running_turn_cannot_be_edited_away(brains: Brains, clock: StandingClock) -> None:
    going, done = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        """Wait."""
        going.set()
        await done.wait()
        return "done"

    house = House(brains=brains, clock=clock, tools=[wait])
    first = asyncio.create_task(house.say("one", call(("c1", "wait", {}))))
    await going.wait()
    with pytest.raises(TaskBusy):
        await edit(house, 2, "eins")
    done.set()
    assert isinstance((await first)[-1], TurnCompleted)
    assert await house.owner.dead_branches("t") == []


# Another engine on the same brains


async def carry(owner: OwnerEngine, text: str, **named: Any) -> None:
    async for _ in owner.execute("t", text, **named):
        pass


@pytest.fixture
async def other(house: House, tmp_path: Path) -> AsyncIterator[OwnerEngine]:
    """An engine beside the house's; with stores of its own on the files, as another process."""
    first = house.brains
    house.brains = SqliteBrains(tmp_path) if isinstance(first, SqliteBrains) else first
    second, other = house.brains, house.another()
    house.brains = first
    yield other
    await second.aclose()


@pytest.mark.parametrize("edited", ["one", "two", "three"])
async def test_an_engine_that_had_the_task_warm_notices_the_branch(
    house: House, other: OwnerEngine, edited: str
) -> None:
    for text in ("one", "two", "three"):
        await house.say(text)
    await carry(other, "instead", replaces=await message(house, edited))
    await house.say("four")
    kept = ["one", "two", "three"][: ["one", "two", "three"].index(edited)]
    assert await said(house) == [*kept, "instead", "four"]
    assert shown(house) == [t for k in [*kept, "instead"] for t in (k, "ok")] + ["four"]
    assert await other.context("t") == house.request
    await check_branches(house)


async def test_two_engines_edit_in_turns(house: House, other: OwnerEngine) -> None:
    await house.say("one")
    for number in range(3):
        last = (await said(house))[-1]
        await carry(other, f"other {number}", replaces=await message(house, last))
        assert shown(house) == [f"other {number}"]
        await edit(house, await message(house, f"other {number}"), f"house {number}")
        assert shown(house) == [f"house {number}"]
        await check_branches(house)


async def test_a_note_of_another_engine_and_a_branch_are_both_noticed(
    house: House, other: OwnerEngine
) -> None:
    await house.say("one")
    await house.say("two")
    await carry(other, "zwei", replaces=await message(house, "two"))
    await other.note("t", "place", "Oslo")
    await house.say("three")
    assert "Oslo" in house.prompt
    assert shown(house)[:-1] == ["one", "ok", "zwei", "ok"]
    await check_replay(house)
