"""What is learned in a batch is learned once, and can be taken back in any number of batches."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import enplace
from enplace.engine import EngineOptions, OwnerEngine
from enplace.engine.parts import LearningOptions
from enplace.providers.scripted import ScriptedModel
from enplace.records.event import MessageHeard

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAMED_TWICE = "Hi, my name is Teresa Almeida. Yes, my name is Teresa Almeida."


def opened(home: Path) -> enplace.Engine:
    return enplace.open(
        home,
        model=ScriptedModel([]),
        embedder=None,
        options=EngineOptions(learning=LearningOptions(in_background=False)),
        environment={},
    )


async def learn(owner: OwnerEngine, task: str, text: str) -> str:
    said = MessageHeard(speaker=owner.name, text=text, said_at=NOON)
    await owner.hear(task, [said])
    (batch,) = await owner.learning.run()
    return batch.id


async def test_who_names_themselves_twice_in_a_batch_is_one_person(tmp_path: Path) -> None:
    async with opened(tmp_path) as engine:
        owner = engine.owner()
        await learn(owner, "t", NAMED_TWICE)
        assert [person.name for person in await owner.people.all()] == ["Teresa Almeida"]
        assert (await owner.learning.status()).failing == ()


async def test_wishes_give_way_to_each_other_and_come_back_batch_by_batch(tmp_path: Path) -> None:
    async with opened(tmp_path) as engine:
        owner = engine.owner()
        first = await learn(owner, "one", "Please always write to me in German.")
        second = await learn(owner, "two", "From now on always write to me in English.")
        assert ["English" in line.text for line in await owner.soul()] == [True]
        await owner.learning.rollback(second)
        assert ["German" in line.text for line in await owner.soul()] == [True]
        await owner.learning.rollback(first)
        assert [line.text for line in await owner.soul() if line.text] == []
