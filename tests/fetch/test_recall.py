"""The one memory call of a turn, under its deadline."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import pytest
from tests.conftest import StandingClock
from tests.engine.house import House, only

from enplace.desk import TurnOptions
from enplace.errors import BrainBusy
from enplace.fetch.query import make_query
from enplace.fetch.rank import RecallOptions
from enplace.fetch.recall import recall
from enplace.ports import LogStore, MemoryStore, NoteStore
from enplace.records.changeset import Changeset, Commit, Lease
from enplace.records.event import AssistantSpoke, Degraded, Framed
from enplace.records.memory import Fact, SoulLine
from enplace.records.recollection import LostSource, Match
from enplace.records.task import Session
from enplace.stores.inmemory import InMemoryBrain

Trouble = Callable[[], Awaitable[None]]
SHORT = RecallOptions(deadline_s=0.02)


async def never() -> None:
    """Take longer than anybody waits."""
    await asyncio.Event().wait()


async def busy() -> None:
    raise BrainBusy("others write")


class TroubledMemory:
    """A memory whose reads are in trouble. Implements `ports.MemoryStore`."""

    def __init__(self, inner: MemoryStore, trouble: Mapping[str, Trouble]) -> None:
        self._inner = inner
        self._trouble = trouble

    async def _meet(self, name: str) -> None:
        if name in self._trouble:
            await self._trouble[name]()

    async def search(self, terms: Sequence[str], *, limit: int, now: datetime) -> Sequence[Match]:
        await self._meet("facts")
        return await self._inner.search(terms, limit=limit, now=now)

    async def get(self, ids: Sequence[str]) -> Mapping[str, Fact]:
        await self._meet("get")
        return await self._inner.get(ids)

    async def closed(self, ids: Sequence[str], now: datetime) -> Mapping[str, Fact | None]:
        await self._meet("corrections")
        return await self._inner.closed(ids, now)

    async def same(self, sentence: str, now: datetime) -> Fact | None:
        return await self._inner.same(sentence, now)

    async def soul(self) -> Sequence[SoulLine]:
        return await self._inner.soul()

    async def facts(self, now: datetime) -> Sequence[Fact]:
        return await self._inner.facts(now)


class TroubledBrain:
    """A brain whose memory is in trouble while `trouble` says so. Implements `ports.Brain`."""

    def __init__(self) -> None:
        inner = InMemoryBrain("ada")
        self.trouble: dict[str, Trouble] = {}
        self.owner = inner.owner
        self.log: LogStore = inner.log
        self.notes: NoteStore = inner.notes
        self.memory: MemoryStore = TroubledMemory(inner.memory, self.trouble)
        self._inner = inner

    async def session(self) -> Session | None:
        return await self._inner.session()

    async def commit(self, changeset: Changeset) -> Commit:
        return await self._inner.commit(changeset)

    def lease(self, task_id: str) -> AbstractAsyncContextManager[Lease]:
        return self._inner.lease(task_id)


class TroubledBrains:
    """Implements `ports.Brains`."""

    def __init__(self) -> None:
        self.brain = TroubledBrain()

    async def open(self, owner: str) -> TroubledBrain:
        return self.brain

    async def aclose(self) -> None:
        pass


async def a_house() -> tuple[House, dict[str, Trouble]]:
    """A house with a memory, and what can be put in its way."""
    brains = TroubledBrains()
    house = House(brains=brains, turn=TurnOptions(recall=SHORT))
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    await house.say("My parrot sings at night.", task="other")
    return house, brains.brain.trouble


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(never, "facts: deadline exceeded"), (busy, "facts: others write")],
)
async def test_a_source_that_is_late_or_fails_is_named_and_the_turn_goes_on(
    trouble: Trouble, reason: str
) -> None:
    house, troubles = await a_house()
    troubles["facts"] = trouble
    turn = await house.say("What does my parrot do?", "It sings.")
    assert [(e.segment, e.reason) for e in only(Degraded, turn)] == [("memory", reason)]
    assert [event.text for event in only(AssistantSpoke, turn)] == ["It sings."]
    assert only(Degraded, await house.owner.log("t")) == only(Degraded, turn)
    assert "My parrot sings at night." in house.prompt, "the other source is heard"
    assert "Hopper" not in house.prompt
    troubles.clear()
    await house.say("What is my parrot called?")
    assert "Hopper" in house.prompt


@pytest.mark.parametrize("source", ["corrections", "get"])
@pytest.mark.parametrize("trouble", [never, busy])
async def test_a_correction_that_cannot_be_looked_up_comes_with_a_later_turn(
    source: str, trouble: Trouble
) -> None:
    house, troubles = await a_house()
    (before,) = await house.owner.facts()
    await house.say("What is my parrot called?")
    house.clock.move(1)
    await house.owner.remember("Ada keeps a parrot called Babbage.", supersedes=before.id)
    troubles[source] = trouble
    async with asyncio.timeout(5):
        turn = await house.say("thanks")
    assert [event.segment for event in only(Degraded, turn)] == ["memory"]
    assert only(Framed, turn)[0].frames == ()
    troubles.clear()
    await house.say("thanks")
    assert "No longer true" in house.prompt


async def test_all_sources_may_be_lost_at_once() -> None:
    brain = TroubledBrain()
    brain.trouble.update(facts=never, corrections=busy)
    found = await recall(
        brain,
        make_query("parrot"),
        task_id="t",
        visible=["f1"],
        now=StandingClock().now(),
        options=SHORT,
    )
    assert found.memories == ()
    assert found.lost == (
        LostSource(segment="memory", reason="facts: deadline exceeded"),
        LostSource(segment="memory", reason="corrections: others write"),
    )


async def test_leaving_a_recall_leaves_no_search_behind() -> None:
    searching, stopped = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        searching.set()
        try:
            await never()
        finally:
            stopped.set()

    brain = TroubledBrain()
    brain.trouble["facts"] = hang
    running = asyncio.create_task(
        recall(
            brain,
            make_query("parrot"),
            task_id="t",
            visible=(),
            now=StandingClock().now(),
            options=RecallOptions(deadline_s=60),
        )
    )
    async with asyncio.timeout(2):
        await searching.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await stopped.wait()


async def test_a_search_by_the_model_says_that_it_is_incomplete() -> None:
    house, troubles = await a_house()
    troubles["facts"] = busy
    found = await house.owner.recall("parrot")
    assert [lost.reason for lost in found.lost] == ["facts: others write"]
    assert [memory.kind for memory in found.memories] == ["said"]
