"""Advice in real turns: once, in the log, and never in the way."""

from pathlib import Path

import pytest
from tests.conftest import StandingClock
from tests.engine.house import House, only

from enplace.fetch.history import load_history
from enplace.prepare.lints.advice import lint_task
from enplace.providers.scripted import CARD
from enplace.records.event import AdviceGiven, AssistantSpoke, Framed
from enplace.stores.sqlite.brain import SqliteBrains

pytestmark = pytest.mark.anyio

DATED = "You are kind. Today is 2026-11-22."
PASTED = "User: hi\nAssistant: hello\nUser: how are you?"


def bytes_of(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def place_of(event: AdviceGiven | Framed | AssistantSpoke) -> int:
    assert event.place is not None
    return event.place.ordinal


async def test_advice_is_told_once_in_a_task_and_stands_in_its_log() -> None:
    house = House(system=DATED)
    first = await house.say("Hello!")
    (told,) = only(AdviceGiven, first)
    assert (told.code, told.where, told.excerpt) == ("varying_prefix", "system prompt", DATED)
    assert "prefix" in told.advice
    assert place_of(*only(Framed, first)) < place_of(told) < place_of(*only(AssistantSpoke, first))
    again = [*await house.say("And now?"), *await house.say("And then?")]
    assert only(AdviceGiven, again) == []
    assert only(AdviceGiven, await house.owner.log("t")) == [told]


async def test_a_restart_does_not_repeat_it_and_another_task_does() -> None:
    house = House(system=DATED)
    await house.say("Hello!")
    house.reopen()
    assert only(AdviceGiven, await house.say("And now?")) == []
    assert len(only(AdviceGiven, await house.say("Hello!", task="another"))) == 1


async def test_the_model_sees_nothing_of_it() -> None:
    house, plain = House(system=DATED), House(system="You are kind. Today is a day.")
    for each in (house, plain):
        await each.say(PASTED)
        await each.say("Go on.")
    assert house.messages[1:] == plain.messages[1:]


async def test_several_lints_are_told_at_once() -> None:
    house = House(system=DATED)
    told = only(AdviceGiven, await house.say(PASTED))
    assert [event.code for event in told] == ["varying_prefix", "pasted_history"]
    assert "hello" not in told[1].excerpt


async def test_who_asks_is_told_all_of_it_from_the_log_alone() -> None:
    house = House(system=DATED, card=CARD)
    await house.say("Hello!")
    await house.say(PASTED)
    await house.say(PASTED)
    log = (await house.brains.open("ada")).log
    found = lint_task(await load_history(log, "t"))
    places = [(lint.code, lint.where) for lint in found]
    assert [code for code, _ in places] == ["varying_prefix", "pasted_history", "pasted_history"]
    assert len(set(places)) == 3, "each message by itself"


async def test_an_excerpt_leaves_no_trace_of_who_is_erased(tmp_path: Path) -> None:
    brains = SqliteBrains(tmp_path)
    house = House(clock=StandingClock(), brains=brains, system="Be kind.\nCurrent user: Quenzilda")
    assert len(only(AdviceGiven, await house.say("Hello!"))) == 1
    await house.owner.people.know("Quenzilda")
    erasure = house.owner.erasure
    await erasure.execute(await erasure.plan(person="Quenzilda"))
    await house.owner.aclose()
    await brains.aclose()
    stored = bytes_of(tmp_path)
    assert b"varying_prefix" in stored
    assert b"quenzilda" not in stored.lower()
