"""A visit opens, idles out and closes: by a clock that stands, on both stores."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import StandingClock
from tests.engine.house import House, only

from enplace.engine import LearningOptions
from enplace.ports import Brains
from enplace.records.event import Event, TurnStarted
from enplace.records.task import Session
from enplace.stores.inmemory import InMemoryBrains
from enplace.stores.sqlite.brain import SqliteBrains

pytestmark = pytest.mark.anyio

MINUTES = 60.0


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


async def every(house: House) -> dict[str, Session]:
    """All visits of a brain in a file or in memory, by id."""
    brain = await house.brains.open("ada")
    return {each.id: each for each in await brain.sessions()}


async def test_a_visit_opens_with_the_first_prompt_and_not_before(house: House) -> None:
    await house.owner.remember("Zoe lives in Oslo.")
    await house.owner.note("t", "printer", "model X-200")
    await house.owner.recall("Where does Zoe live?")
    assert await current(house) is None
    opened = house.clock.now()
    id_ = visit(await house.say("hello"))
    assert await current(house) == Session(id=id_, opened_at=opened, last_at=opened)
