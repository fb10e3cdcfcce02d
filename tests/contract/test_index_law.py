"""Whatever happens to a brain, its index finds what a search by brute force finds."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.making import NOW, alter, asking, encode_all, later, remember

from enplace.ports import Brain, Brains
from enplace.records.block import TextBlock
from enplace.records.changeset import Changeset
from enplace.records.event import AssistantSpoke, Event, MessageHeard, UserSpoke
from enplace.records.filter import About, AllOf, AnyOf, During, Filter, Not, OfKind, Tagged
from enplace.records.gather import Gather
from enplace.records.memory import Chunk, Document, Episode, Fact, Memory, MemoryState, Person
from enplace.records.recollection import Concept, MemoryKind
from enplace.stores import vectors
from enplace.stores.inmemory import InMemoryBrains
from enplace.stores.sqlite.brain import SqliteBrains

WORDS = ("tea", "oak", "kiel", "boat", "red", "cello", "works", "ana", "bo")
NAMES = ("Ana", "Bo", "Cleo", "ANA ", "Bo Li", "me")
TASKS = ("one", "two", "one b")
"""One begins like another, and goes on after a space."""
EMBEDDERS = ("toy", "new", "third")
STATES: tuple[MemoryState, ...] = get_args(MemoryState)
EVER = (later(-9e9), later(9e9))


@pytest.fixture(scope="module", autouse=True)
def small_segments() -> Iterator[None]:
    """Segments so small that many are packed, and packed anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "SEGMENT_ITEMS", 3)
        yield


# Deeds


@dataclass(frozen=True, kw_only=True)
class Say:
    """Somebody says something, on the live branch or on a new one."""

    task_id: str
    events: tuple[Event, ...]
    at: datetime
    parent: int | None


@dataclass(frozen=True, kw_only=True)
class Make:
    """A memory is recorded."""

    memory: Memory


@dataclass(frozen=True, kw_only=True)
class Alter:
    """One of the memories gets another standing."""

    which: int
    state: MemoryState
    start: datetime | None
    until: datetime | None
    aliases: tuple[str, ...]
    into: int | None
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Encode:
    """Some of what waits gets vectors; then the embedder may settle."""

    embedder: str
    limit: int
    settle: bool


@dataclass(frozen=True)
class Reopen:
    """The process ends and another one begins."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Somebody looks for something."""

    asked: Gather


Deed = Say | Make | Alter | Encode | Reopen | Ask

TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
MOMENTS = st.integers(-5, 5).map(lambda n: later(n * 1_200))
SOMETIMES = st.none() | MOMENTS
NAME = st.sampled_from(NAMES)
SOME_NAMES = st.lists(NAME, max_size=2).map(tuple)
TAGS = st.lists(st.sampled_from(["work", "Work trip", "a|b"]), max_size=2).map(tuple)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(UserSpoke, text=TEXTS),
    st.builds(
        AssistantSpoke,
        blocks=st.builds(TextBlock, text=TEXTS).map(lambda block: (block,)),
        stop=st.just("end"),
        model=st.just("m"),
    ),
    st.builds(
        MessageHeard,
        speaker=NAME,
        text=TEXTS,
        said_at=MOMENTS,
        session=st.sampled_from(["", "", "s1", "s2"]),
    ),
)
CHUNKS = st.builds(
    Chunk, text=TEXTS, start=st.just(0), end=st.just(0), heading=st.just(("tea", "oak"))
)
LATER = st.just("named later")
MEMORIES: st.SearchStrategy[Memory] = st.one_of(
    st.builds(
        Fact,
        id=LATER,
        sentence=TEXTS,
        recorded_at=st.just(NOW),
        subject=st.none() | NAME,
        object=st.none() | NAME,
        predicate=st.sampled_from([None, "works_at", "knows"]),
        valid_from=SOMETIMES,
        tags=TAGS,
        confidence=st.just(1.0),
    ),
    st.builds(
        Episode,
        id=LATER,
        key=TEXTS,
        description=TEXTS,
        value=st.just(""),
        recorded_at=st.just(NOW),
        participants=SOME_NAMES,
        started_at=SOMETIMES,
        tags=TAGS,
    ),
    st.builds(Person, id=LATER, name=NAME, recorded_at=st.just(NOW), aliases=SOME_NAMES, tags=TAGS),
    st.builds(
        Document,
        id=LATER,
        name=TEXTS,
        text=st.just(""),
        recorded_at=st.just(NOW),
        chunks=st.lists(CHUNKS, max_size=5).map(tuple),
        tags=TAGS,
    ),
)
KINDS = st.lists(st.sampled_from(get_args(MemoryKind)), max_size=2).map(tuple)


def _combined(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(inner, max_size=2).map(tuple)
    return st.one_of(
        several.map(AllOf),
        several.map(AnyOf),
        inner.map(Not),
    )


FILTERS: st.SearchStrategy[Filter] = st.recursive(
    st.one_of(
        st.builds(OfKind, KINDS),
        st.builds(During, start=SOMETIMES, end=SOMETIMES),
        st.builds(About, SOME_NAMES | st.sampled_from([("",), ("ana|bo",)])),
        st.builds(Tagged, TAGS | st.sampled_from([("",), ("work|work trip",)])),
    ),
    _combined,
    max_leaves=4,
)

STEPS = st.sampled_from(["works_at>", "works_at<", "knows>", "knows<"])
CONCEPTS = st.builds(Concept, st.sampled_from(["job", "friend"]), st.frozensets(STEPS))


@st.composite
def requests(draw: st.DrawFn) -> Gather:
    spans = draw(st.lists(st.tuples(MOMENTS, MOMENTS), max_size=2))
    return asking(
        draw(TEXTS),
        names=draw(SOME_NAMES | st.just(("me",))),
        concepts=draw(st.lists(CONCEPTS, max_size=2)),
        spans=[(min(span), max(span)) for span in spans],
        embedder=draw(st.sampled_from(["", "toy", "toy", *EMBEDDERS])),
        filter=draw(st.none() | FILTERS),
        but_task=draw(st.sampled_from(["", *TASKS])),
        but_after=draw(st.integers(0, 3)),
        limit=draw(st.sampled_from([1, 2, 3, 100])),
        most_read=draw(st.sampled_from([0, 3, 100])),
    )


DEEDS: st.SearchStrategy[Deed] = st.one_of(
    st.builds(
        Say,
        task_id=st.sampled_from(TASKS),
        events=st.lists(EVENTS, min_size=1, max_size=4).map(tuple),
        at=MOMENTS,
        parent=st.none() | st.integers(0, 6),
    ),
    st.builds(Make, memory=MEMORIES),
    st.builds(Make, memory=MEMORIES),
    st.builds(
        Alter,
        which=st.integers(0, 30),
        state=st.sampled_from(STATES),
        start=SOMETIMES,
        until=SOMETIMES,
        aliases=SOME_NAMES,
        into=st.none() | st.integers(0, 30),
        confidence=st.sampled_from([0.25, 1.0]),
    ),
    st.builds(
        Encode,
        embedder=st.sampled_from(["toy", "toy", *EMBEDDERS]),
        limit=st.sampled_from([1, 4, 100, 100]),
        settle=st.booleans(),
    ),
    st.just(Reopen()),
    st.builds(Ask, asked=requests()),
)


class Twin:
    """A brain in a file and one in memory, to which the same is done."""

    def __init__(self, folder: Path, owner: str, memory: Brains) -> None:
        self._folder = folder
        self._owner = owner
        self._memory = memory
        self._files = SqliteBrains(folder)
        self._ids: list[str] = []
        self._lengths: dict[str, int] = {}
        """Events of each task."""

    async def both(self) -> tuple[Brain, Brain]:
        return await self._files.open(self._owner), await self._memory.open(self._owner)

    async def do(self, deed: Deed) -> None:
        """Do something to both: they must tell the same of it."""
        if isinstance(deed, Reopen):
            await self._files.aclose()
            self._files = SqliteBrains(self._folder)
            return
        one, other = [await self._done(brain, deed) for brain in await self.both()]
        assert one == other, deed
        if isinstance(deed, Make):
            self._ids.append(self._next_id)
        if isinstance(deed, Say):
            self._lengths[deed.task_id] = self._length(deed) + len(deed.events)

    async def _done(self, brain: Brain, deed: Say | Make | Alter | Encode | Ask) -> object:
        match deed:
            case Say():
                return await brain.commit(
                    Changeset(
                        at=deed.at,
                        task_id=deed.task_id,
                        events=deed.events,
                        parent=None
                        if deed.parent is None
                        else min(deed.parent, self._length(deed)),
                    )
                )
            case Make():
                return await remember(brain, replace(deed.memory, id=self._next_id))
            case Alter():
                return await self._altered(brain, deed) if self._ids else None
            case Encode():
                made = await encode_all(brain, deed.embedder, deed.limit)
                if deed.settle:
                    await brain.index.settle(deed.embedder)
                return made
            case Ask():
                return await brain.index.gather(deed.asked)

    @property
    def _next_id(self) -> str:
        return f"{self._owner} m{len(self._ids)}".replace(" ", "-")

    def _length(self, deed: Say) -> int:
        return self._lengths.get(deed.task_id, 0)

    async def _altered(self, brain: Brain, deed: Alter) -> int:
        target = self._ids[deed.which % len(self._ids)]
        memory = (await brain.memory.get([target]))[target]
        by = None if deed.into is None else self._ids[deed.into % len(self._ids)]
        memory = replace(memory, state=deed.state)
        match memory:
            case Fact():
                memory = replace(
                    memory,
                    valid_from=deed.start,
                    valid_until=deed.until,
                    confidence=deed.confidence,
                )
            case Person():
                into = (await brain.memory.get([by or ""])).get(by or "")
                earlier = isinstance(into, Person) and self._ids.index(into.id) < self._ids.index(
                    target
                )  # nobody is merged in a circle
                memory = replace(memory, aliases=deed.aliases, merged_into=by if earlier else None)
            case _:
                pass
        return await alter(brain, memory, by=by)

    async def check(self) -> list[Memory]:
        """All that can be asked is answered alike, and twice the same; what is remembered."""
        asked = [asking(" ".join(WORDS), names=NAMES, spans=[EVER], limit=1_000)]
        asked.append(replace(asked[0], filter=OfKind(("said",)), but_task="one"))
        asked += [asking("tea boat", embedder=embedder, limit=3) for embedder in EMBEDDERS]
        one, other = [await _told(brain, asked, self._ids) for brain in await self.both()]
        for name in one:
            assert one[name] == other[name], name
        file, _ = await self.both()
        assert await _told(file, asked, self._ids) == one
        return list(await file.memory.all(limit=1_000, everything=True))

    async def aclose(self) -> None:
        await self._files.aclose()


async def _told(brain: Brain, asked: Sequence[Gather], ids: Sequence[str]) -> dict[str, object]:
    """What the index and the memory of a brain tell."""
    gathered = [await brain.index.gather(request) for request in asked]
    now = later(600)
    then = later(-600)
    return {
        "gathered": gathered,
        "texts": await brain.index.texts([c for g in gathered for c in g.candidates]),
        "speakers": await brain.index.speakers(),
        "embedders": await brain.index.embedders(),
        "memories": await brain.memory.get(ids),
        "known": await brain.memory.all(limit=99, everything=True),
        "page": await brain.memory.all("fact", after=1, limit=2),
        "facts": await brain.memory.facts(now),
        "about": await brain.memory.facts(now, subject="ana", predicate="knows"),
        "closed": await brain.memory.closed(ids, now),
        "people": await brain.memory.people(),
        "named": [await brain.memory.named("person", name) for name in NAMES],
        "then": await brain.memory.facts(now, as_known=then, subject="bo"),
        "writes": await brain.memory.writes(limit=99),
        "changes": await brain.memory.changes(ids),
    }


often = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(deeds=st.lists(DEEDS, min_size=5, max_size=30))
@often
async def test_an_index_in_a_file_answers_like_a_search_by_brute_force(deeds: list[Deed]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with aclosing(Twin(Path(folder), "ada", InMemoryBrains())) as twin:
            for deed in deeds:
                await twin.do(deed)
            await twin.check()


@given(deeds=st.lists(st.tuples(st.sampled_from(["ada", "Ada"]), DEEDS), min_size=5, max_size=30))
@settings(often, max_examples=30)
async def test_two_owners_side_by_side_find_what_each_would_alone(
    deeds: list[tuple[str, Deed]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        memory = InMemoryBrains()
        async with (
            aclosing(Twin(Path(folder), "ada", memory)) as one,
            aclosing(Twin(Path(folder), "Ada", memory)) as other,
        ):
            for owner, deed in deeds:
                await (one if owner == "ada" else other).do(deed)
            assert all(known.id.startswith("ada-") for known in await one.check())
            assert all(known.id.startswith("Ada-") for known in await other.check())
