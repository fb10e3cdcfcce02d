"""A session opens, idles out and closes: by a clock that stands, on both stores."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import StandingClock
from tests.engine.house import House, only

from enplace.engine import LearningOptions
from enplace.engine.parts import RULES, Extractor
from enplace.ports import Brains
from enplace.records.event import Event, TurnStarted
from enplace.records.learning import Lesson, Utterance
from enplace.records.task import Session
from enplace.stores.inmemory import InMemoryBrains
from enplace.stores.inmemory.brain import InMemoryBrain
from enplace.stores.sqlite.brain import SqliteBrains
from enplace.upload.learning.scene import Known

pytestmark = pytest.mark.anyio

MINUTE_S = 60.0


@pytest.fixture(params=["inmemory", "sqlite"])
async def brains(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Brains]:
    made = InMemoryBrains() if request.param == "inmemory" else SqliteBrains(tmp_path)
    yield made
    await made.aclose()


@pytest.fixture
def house(brains: Brains, clock: StandingClock) -> House:
    return House(brains=brains, clock=clock)


def visit(turn: list[Event]) -> str:
    return only(TurnStarted, turn)[0].session_id


async def current(house: House) -> Session | None:
    return await (await house.brains.open("ada")).session()


async def stored(house: House, folder: Path) -> list[Session]:
    """All that were ever opened, the first first, out of what the store keeps."""
    brain = await house.brains.open("ada")
    if isinstance(brain, InMemoryBrain):
        held = brain._state.sessions.values()  # pyright: ignore[reportPrivateUsage]
        return sorted(held, key=lambda each: each.opened_at)
    return in_file(folder)


def in_file(folder: Path) -> list[Session]:
    (file,) = folder.rglob("*.db")
    connection = sqlite3.connect(file)
    rows = connection.execute(
        "select id, opened_at, last_at, closed_at from sessions order by opened_at"
    ).fetchall()
    connection.close()
    return [
        Session(id=id_, opened_at=at(opened), last_at=at(last), closed_at=closed and at(closed))
        for id_, opened, last, closed in rows
    ]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_it_opens_with_the_first_prompt_and_not_before(house: House) -> None:
    await house.owner.remember("Zoe lives in Oslo.")
    await house.owner.note("t", "printer", "model X-200")
    await house.owner.recall("Where does Zoe live?")
    assert await current(house) is None
    opened = house.clock.now()
    id_ = visit(await house.say("hello"))
    assert await current(house) == Session(id=id_, opened_at=opened, last_at=opened)


async def test_it_lasts_over_tasks_and_restarts_and_moves_its_last_moment(house: House) -> None:
    opened = house.clock.now()
    id_ = visit(await house.say("hello"))
    for task in ("t", "other", "t"):
        house.clock.move(30 * MINUTE_S)  # no longer than that
        house.reopen()
        assert visit(await house.say("hello", task=task)) == id_
    last = opened + timedelta(minutes=90)
    assert await current(house) == Session(id=id_, opened_at=opened, last_at=last)


async def test_after_half_an_hour_of_silence_another_one_opens_and_the_old_one_is_closed(
    house: House, tmp_path: Path
) -> None:
    first_at = house.clock.now()
    first = visit(await house.say("hello"))
    house.clock.move(10 * MINUTE_S)
    last_at = house.clock.now()
    assert visit(await house.say("hello")) == first
    house.clock.move(30 * MINUTE_S + 1)
    second_at = house.clock.now()
    second = visit(await house.say("hello"))
    assert second != first
    assert await stored(house, tmp_path) == [
        Session(id=first, opened_at=first_at, last_at=last_at, closed_at=last_at),
        Session(id=second, opened_at=second_at, last_at=second_at),
    ]


async def test_closed_by_hand_it_ends_now_and_the_next_prompt_opens_another(
    house: House, tmp_path: Path
) -> None:
    opened = house.clock.now()
    first = visit(await house.say("hello"))
    house.clock.move(5 * MINUTE_S)
    await house.owner.close_session()
    assert await current(house) is None
    closed = opened + timedelta(minutes=5)
    old = Session(id=first, opened_at=opened, last_at=opened, closed_at=closed)
    assert await stored(house, tmp_path) == [old]
    await house.owner.close_session()  # there is none
    assert visit(await house.say("hello")) != first
    assert (await stored(house, tmp_path))[0] == old


async def test_closed_by_hand_after_it_idled_out_it_ended_when_it_last_was_heard_of(
    house: House, tmp_path: Path
) -> None:
    opened = house.clock.now()
    id_ = visit(await house.say("hello"))
    house.clock.move(90 * MINUTE_S)
    await house.owner.close_session()
    assert await stored(house, tmp_path) == [
        Session(id=id_, opened_at=opened, last_at=opened, closed_at=opened)
    ]


async def test_closing_by_hand_has_its_events_learned_without_a_pause(
    brains: Brains, clock: StandingClock
) -> None:
    heard = asyncio.Event()

    def lesson(said: Sequence[Utterance], known: Known) -> Lesson:
        heard.set()
        return RULES.lesson(said, known)

    extractor = Extractor(name="watched", lesson=lesson)
    patient = LearningOptions(turns=100, idle_s=3_600, extractor=extractor)
    house = House(brains=brains, clock=clock, learning=patient)
    await house.say("I live in Porto.")
    assert [due.task_id for due in (await house.owner.learning.status()).due] == ["t"]
    assert not heard.is_set()
    await house.owner.close_session()
    async with asyncio.timeout(10):
        await heard.wait()
    await house.owner.learned()
    (batch,) = await house.owner.learning.batches()
    assert batch.reason == "session end"
    assert [fact.sentence for fact in await house.owner.facts()] == ["The user lives in Porto."]
    await house.owner.aclose()
