"""Export and import: nothing is lost, nothing is there twice, and what is damaged is refused."""

import json
import shutil
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import StandingClock

import enplace
from enplace.engine import Engine, OwnerEngine
from enplace.errors import BadInput, UsageError
from enplace.ports import Brain
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import ScriptedModel
from enplace.records.changeset import Changeset
from enplace.records.event import Event, MessageHeard, UserSpoke
from enplace.records.filter import OfKind
from enplace.records.learning import Adopt, Assert, Batch, Proposal, Report
from enplace.records.memory import Fact, SoulLine, Span
from enplace.records.write import Remember, Surroundings, Undo, Write
from enplace.stores.sqlite.brain import SqliteBrain, SqliteBrains

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def engine_in(brains: SqliteBrains, clock: StandingClock) -> Engine:
    return enplace.open(
        "unused",
        model=ScriptedModel(lambda _: "ok"),
        brains=brains,
        counter=CharacterCounter(),
        clock=clock,
        embedder=None,
        environment={},
    )


class Ground:
    """Owners in one folder, and a clock."""

    def __init__(self, engine: Engine, brains: SqliteBrains, clock: StandingClock) -> None:
        self.engine = engine
        self.brains = brains
        self.clock = clock
        self.ada = engine.owner("ada")
        self.bo = engine.owner("bo")

    async def brain(self, owner: OwnerEngine) -> SqliteBrain:
        return await self.brains.open(owner.name)


@asynccontextmanager
async def ground_in(folder: Path) -> AsyncGenerator[Ground, None]:
    clock = StandingClock()
    brains = SqliteBrains(folder)
    async with engine_in(brains, clock) as engine:
        yield Ground(engine, brains, clock)


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncGenerator[Ground, None]:
    async with ground_in(tmp_path) as ground:
        yield ground


async def lines_of(owner: OwnerEngine) -> list[str]:
    return [line async for line in owner.memory.export()]


async def live(ground: Ground, owner: OwnerEngine) -> None:
    """A little of everything."""
    clock = ground.clock
    lisbon = await owner.remember(
        "Ada lives in Lisbon.", subject="Ada", predicate="lives_in", object="Lisbon"
    )
    clock.move(60)
    await owner.remember(
        "Ada lives in Porto.",
        subject="Ada",
        predicate="lives_in",
        object="Porto",
        idempotency_key="k1",
        tags=["home"],
    )
    clock.move(60)
    cat = await owner.remember(
        "Ada's cat is called Süßli \u2028 the 1st.", half_life_s=float("inf")
    )
    await owner.memory.confirm(cat.memory.id)
    wrong = await owner.remember("Ada plays the cello.")
    await owner.memory.forget(wrong.memory.id)
    await owner.memory.undo((await owner.memory.writes(limit=1))[0].id)
    await owner.memory.undo(lisbon.write)
    clock.move(60)
    await owner.people.know("Ada", aliases=["Ada L."])
    await owner.people.know("Countess")
    await owner.people.relate("Bo", "brother_of", "Countess")
    await owner.people.merge("Countess", "Ada")
    await owner.episodes.remember(
        "pipe burst in the cellar",
        "A pipe burst in the cellar of Ada's house in March 2026.",
        "The plumber was called Grace and came at night.",
        participants=["Grace"],
    )
    await owner.documents.add("walks.md", "# Walks\n\nThe long walk is nine miles.")
    await owner.documents.add("walks.md", "# Walks\n\nThe long walk is ten miles.")
    heard = MessageHeard(
        speaker="Grace", text="The valve is behind the boiler.", said_at=clock.now()
    )
    await owner.hear("call", [heard])
    async for _ in owner.execute("t", "My kettle is red.", idempotency_key="turn"):
        pass
    clock.move(60)
    async for _ in owner.execute("t", "My teapot is green."):
        pass
    async for _ in owner.execute("t", "My teapot is blue.", replaces=await last_message(owner)):
        pass
    await owner.note("t", "todo", "buy tea", ttl_s=1e6)
    await owner.describe("identity", "name", "Ada Lovelace")
    await owner.describe("identity", "name", "Ada, Countess of Lovelace")
    brain = await ground.brain(owner)
    await learn_on(brain)
    await brain.lessons.take_back("b0001", rewind=True)
    await learn_on(brain, most=3)


async def learn_on(brain: Brain, most: int = 1_000) -> None:
    """Learn something from each message that waits, in batches of at most so many events."""
    first = len(await brain.lessons.batches(limit=1_000))
    for number, due in enumerate(await brain.lessons.due(), start=first):
        after = await brain.lessons.cursor(due.task_id)
        events = [e for e in await brain.log.read(due.task_id) if e.place]
        behind = [e for e in events if e.place and after < e.place.position <= due.position][:most]
        upto = max((e.place.position for e in behind if e.place), default=due.position)
        batch = Batch(
            id=f"b{number:04}",
            task_id=due.task_id,
            after=after,
            upto=upto,
            at=NOW,
            extractor="rules/1",
            reason=due.reason,
            report=Report(heard=len(behind), dropped={"question": 1}),
        )
        done = await brain.learn(batch, list(heard_in(behind, batch.id)), adding)
        assert done is not None


def heard_in(events: Sequence[Event], batch_id: str) -> Iterator[Proposal]:
    for event in events:
        if isinstance(event, UserSpoke) and event.place is not None:
            span = Span(task_id=event.place.task_id, ordinal=event.place.ordinal)
            id_ = f"{batch_id}-{event.place.ordinal}"
            fact = Fact(id=id_, sentence=event.text, recorded_at=NOW, evidence=(span,))
            yield Assert(fact=fact, rule="test")
            line = SoulLine(section="patterns", key="last", text=event.text, recorded_at=NOW)
            yield Adopt(line=line, rule="test")


def adding(proposal: Proposal, _: Surroundings) -> list[Changeset]:
    if isinstance(proposal, Adopt):
        return [Changeset(at=NOW, soul=(proposal.line,))]
    assert isinstance(proposal, Assert)
    fact = proposal.fact
    write = Write(id=0, at=NOW, operation=Remember(fact=fact), outcome="added", target=fact.id)
    return [Changeset(at=NOW, memories=(fact,), write=write)]


async def last_message(owner: OwnerEngine) -> int:
    said = [event for event in await owner.log("t") if event.kind == "user_message"]
    assert said[-1].place is not None
    return said[-1].place.ordinal


QUESTIONS = ("Where does Ada live?", "kettle teapot", "the plumber", "Grace valve", "walk", "cat")


async def all_of(owner: OwnerEngine) -> list[object]:
    """Everything that can be read of an owner."""
    memories = await owner.memory.all(limit=1_000, everything=True)
    tasks = await owner.tasks()
    recalled = [await owner.recall(question) for question in QUESTIONS]
    return [
        memories,
        [await owner.memory.history(memory.id) for memory in memories],
        await owner.memory.writes(limit=1_000),
        await owner.soul(history=True),
        tasks,
        [await owner.log(task.task_id) for task in tasks],
        [await owner.dead_branches(task.task_id) for task in tasks],
        [await owner.notes(task.task_id) for task in tasks],
        [[(m.id, m.text, m.score, m.why) for m in each.memories] for each in recalled],
    ]


async def test_an_export_into_an_empty_brain_gives_the_same_brain(ground: Ground) -> None:
    await live(ground, ground.ada)
    lines = await lines_of(ground.ada)
    imported = await ground.bo.memory.import_(lines)
    assert (imported.skipped, imported.diverged, imported.keys) == ({}, (), ())
    assert imported.added == json.loads(lines[0])["counts"]
    assert await lines_of(ground.bo) == lines
    assert await all_of(ground.bo) == await all_of(ground.ada)


async def test_a_second_import_adds_nothing(ground: Ground) -> None:
    await live(ground, ground.ada)
    lines = await lines_of(ground.ada)
    imported = await ground.ada.memory.import_(lines)
    assert (imported.added, imported.diverged) == ({}, ())
    assert imported.skipped == json.loads(lines[0])["counts"]
    assert await lines_of(ground.ada) == lines


async def test_an_import_goes_on_where_an_earlier_one_ended(ground: Ground) -> None:
    ada, bo = ground.ada, ground.bo
    await live(ground, ada)
    await bo.memory.import_(await lines_of(ada))
    async for _ in ada.execute("t", "My spoon is silver."):
        pass
    fact = (await ada.facts())[0]
    await ada.memory.close(fact.id)
    await ada.memory.undo((await ada.memory.writes(limit=1))[0].id)
    await ada.remember("Ada likes tea.", idempotency_key="k2")
    await ada.describe("identity", "name", "Ada Byron")
    imported = await bo.memory.import_(await lines_of(ada))
    assert imported.diverged == ()
    assert {"event", "write", "fact", "change", "soul"} <= set(imported.added)
    assert await lines_of(bo) == await lines_of(ada)
    assert await all_of(bo) == await all_of(ada)


async def test_brains_that_know_different_things_are_put_together(ground: Ground) -> None:
    ada, bo = ground.ada, ground.bo
    mine = await bo.remember("Bo keeps bees.", idempotency_key="k1")
    async for _ in bo.execute("t", "Another task of this name."):
        pass
    await live(ground, ada)
    lines = await lines_of(ada)
    counts = json.loads(lines[0])["counts"]
    imported = await bo.memory.import_(lines)
    assert imported.diverged == ("task:t",)
    assert imported.keys == ("k1",)
    for kind, count in counts.items():
        assert imported.added.get(kind, 0) + imported.skipped.get(kind, 0) == count
    assert imported.added["write"] == counts["write"]
    numbers = [write.id for write in await bo.memory.writes(limit=1_000)]
    assert numbers == list(range(counts["write"] + 1, 0, -1))
    assert {f.sentence for f in await ada.facts()} < {f.sentence for f in await bo.facts()}
    found = await bo.recall("valve boiler", filter=OfKind(("said",)))
    assert "behind the boiler" in found.memories[0].text
    writes = {write.id: write for write in await bo.memory.writes(limit=1_000)}
    undone = [w.operation.write for w in writes.values() if isinstance(w.operation, Undo)]
    assert len(undone) == 2
    assert sorted(undone) == [write.id for write in reversed(writes.values()) if write.undone]
    await bo.memory.undo(mine.write)
    again = await bo.memory.import_(lines)
    assert (again.added, again.diverged) == ({}, ("task:t",))


async def test_what_went_on_in_two_ways_stays_as_it_is_here(ground: Ground) -> None:
    ada, bo = ground.ada, ground.bo
    tea = await ada.remember("Ada likes tea.")
    await ada.describe("values", "tea", "Tea first.")
    await bo.memory.import_(await lines_of(ada))
    await ada.memory.confirm(tea.memory.id)
    await ada.describe("values", "tea", "Tea always.")
    ground.clock.move(60)
    await bo.memory.close(tea.memory.id)
    await bo.describe("values", "tea", "Coffee.")
    imported = await bo.memory.import_(await lines_of(ada))
    assert imported.diverged == (tea.memory.id, "soul:values:tea")
    assert (await bo.memory.history(tea.memory.id)).changes[-1].action == "closed"
    assert [line.text for line in await bo.soul()] == ["Coffee."]


def without(index: int) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[:index], *lines[index + 1 :]]


DAMAGES: dict[str, tuple[Callable[[list[str]], Sequence[str]], int | None]] = {
    "nothing": (lambda _: [], 1),
    "no header": (lambda lines: lines[1:], 1),
    "another format": (lambda lines: ['{"format":"enplace-memory/9","counts":{}}'], 1),
    "no format": (lambda lines: ["[1]"], 1),
    "counts of something else": (lambda _: ['{"format":"enplace-memory/1","counts":{"x":1}}'], 1),
    "the end cut off": (lambda lines: lines[:-1], None),
    "half a line": (lambda lines: [*lines[:4], lines[4][: len(lines[4]) // 2], *lines[5:]], 5),
    "an empty line": (lambda lines: [*lines[:4], "", *lines[4:]], 5),
    "a line twice": (lambda lines: [*lines[:-1], lines[-2], lines[-1]], None),
    "an unknown kind": (lambda lines: [*lines[:3], '{"kind":"dream","record":{}}'], 4),
    "a field beside": (lambda lines: [*lines[:3], '{"kind":"text","record":"a","more":1}'], 4),
    "a wrong value": (lambda lines: [*lines[:3], '{"kind":"note","record":{"task_id":1}}'], 4),
    "a lone surrogate": (lambda lines: [*lines[:3], '{"kind":"text","record":"\\ud800"}'], 4),
    "deep nesting": (lambda lines: [*lines[:3], '{"kind":' + "[" * 10_000], 4),
}


@pytest.mark.parametrize(("damage", "number"), DAMAGES.values(), ids=DAMAGES.keys())
async def test_a_damaged_file_is_refused_with_the_line(
    ground: Ground, damage: Callable[[list[str]], Sequence[str]], number: int | None
) -> None:
    await live(ground, ground.ada)
    lines = damage(await lines_of(ground.ada))
    before = await lines_of(ground.bo)
    with pytest.raises(BadInput, match=r"^line \d+: ") as caught:
        await ground.bo.memory.import_(lines)
    if number is not None:
        assert caught.value.details["line"] == number
    assert await lines_of(ground.bo) == before


async def test_a_file_without_any_one_of_its_lines_is_refused(ground: Ground) -> None:
    await live(ground, ground.ada)
    lines = await lines_of(ground.ada)
    for index in range(len(lines)):
        with pytest.raises(BadInput):
            await ground.bo.memory.import_(without(index)(lines))
    assert len(await lines_of(ground.bo)) == 1


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_file_with_any_byte_changed_is_refused_or_read_whole(
    sample: list[str], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(sample) - 1))
    at = data.draw(st.integers(0, len(sample[number]) - 1))
    byte = data.draw(st.sampled_from('"{}[],:0aZ\x00\\'))
    changed = [*sample]
    changed[number] = sample[number][:at] + byte + sample[number][at + 1 :]

    async def check() -> None:
        with TemporaryDirectory() as folder:
            async with ground_in(Path(folder)) as ground:
                try:
                    imported = await ground.ada.memory.import_(changed)
                except BadInput:
                    assert len(await lines_of(ground.ada)) == 1
                else:
                    assert sum(imported.added.values()) == len(sample) - 1
                    assert len(await lines_of(ground.ada)) == len(sample)

    anyio.run(check)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    found: list[str] = []

    async def make() -> None:
        async with ground_in(tmp_path_factory.mktemp("sample")) as ground:
            await live(ground, ground.ada)
            found.extend(await lines_of(ground.ada))

    anyio.run(make)
    return found


async def test_what_was_learned_belongs_to_its_batch_elsewhere_too(ground: Ground) -> None:
    await live(ground, ground.ada)
    await ground.bo.hear("first", [MessageHeard(speaker="", text="Hm.", said_at=NOW)])
    await ground.bo.memory.import_(await lines_of(ground.ada))
    ada, bo = await ground.brain(ground.ada), await ground.brain(ground.bo)
    batches = await ada.lessons.batches(limit=9)
    assert [batch.state for batch in batches] == ["done", "rolled_back", "done"]
    for batch in batches:
        there = await bo.lessons.batch(batch.id)
        assert there is not None
        assert replace(there[0], after=batch.after, upto=batch.upto) == batch
        assert (await ada.lessons.batch(batch.id) or there)[1] == there[1]
        assert bool(there[1]) == (batch.task_id == "t")
        for cut in ("after", "upto"):
            mine, yours = getattr(batch, cut), getattr(there[0], cut)
            assert await texts_up_to(ada, batch.task_id, mine) == await texts_up_to(
                bo, batch.task_id, yours
            )
    assert [due.task_id for due in await ada.lessons.due()] == ["t"]
    assert [due.task_id for due in await bo.lessons.due()] == ["first", "t"]


async def texts_up_to(brain: Brain, task_id: str, position: int) -> list[str]:
    events = [e for e in await brain.log.read(task_id) if e.place and e.place.position <= position]
    return [event.text for event in events if isinstance(event, UserSpoke)]


async def test_learning_goes_on_where_it_went_furthest(ground: Ground) -> None:
    """A cursor that went back is the later one where the batch that was taken back says so."""
    ada, bo = await ground.brain(ground.ada), await ground.brain(ground.bo)
    async for _ in ground.ada.execute("t", "My kettle is red."):
        pass
    none = await lines_of(ground.ada)
    await learn_on(ada)
    upto = await ada.lessons.cursor("t")
    once = await lines_of(ground.ada)
    await ada.lessons.take_back("b0000", rewind=True)
    back = await lines_of(ground.ada)
    cursors = dict[int, int]()
    for number, lines in enumerate((none, once, none, back, once, none)):
        imported = await ground.bo.memory.import_(lines)
        cursors[number] = await bo.lessons.cursor("t")
        assert imported.diverged == ()
    assert cursors == {0: 0, 1: upto, 2: upto, 3: 0, 4: 0, 5: 0}
    assert [b.state for b in await bo.lessons.batches(limit=9)] == ["rolled_back"]
    assert await lines_of(ground.bo) == back


async def test_of_two_that_learned_from_the_same_task_the_further_cursor_stands(
    ground: Ground,
) -> None:
    ada, bo = await ground.brain(ground.ada), await ground.brain(ground.bo)
    async for _ in ground.ada.execute("t", "My kettle is red."):
        pass
    await ground.bo.memory.import_(await lines_of(ground.ada))
    await learn_on(bo, most=2)
    (batch,) = await bo.lessons.batches(limit=9)
    await ada.learn(replace(batch, id="b0009", upto=batch.upto + 1), [], adding)
    behind = await lines_of(ground.bo)
    await ground.bo.memory.import_(await lines_of(ground.ada))
    assert await bo.lessons.cursor("t") == batch.upto + 1
    await ground.ada.memory.import_(behind)
    assert await ada.lessons.cursor("t") == batch.upto + 1
    assert [b.id for b in await ada.lessons.batches(limit=9)] == ["b0009", "b0000"]


async def test_notes_that_were_swept_or_written_anew_do_not_come_back(ground: Ground) -> None:
    ada, bo = ground.ada, ground.bo
    await ada.note("t", "swept", "a", ttl_s=60)
    await ada.note("t", "anew", "b")
    early = await lines_of(ada)
    await bo.memory.import_(early)
    ground.clock.move(3_600)
    await ada.sweep()
    await ada.note("t", "anew", "c")
    await ada.note("t", "new", "d")
    imported = await ada.memory.import_(early)
    assert (imported.added, imported.diverged) == ({}, ())
    assert {note.key: note.value for note in await ada.notes("t")} == {"anew": "c", "new": "d"}
    imported = await bo.memory.import_(await lines_of(ada))
    assert (imported.added["note"], imported.diverged) == (2, ())
    assert await bo.notes("t") == await ada.notes("t")


async def test_an_id_that_names_another_memory_is_refused(ground: Ground) -> None:
    tea = await ground.ada.remember("Ada likes tea.")
    lines = await lines_of(ground.ada)
    other = [line.replace("Ada likes tea.", "Ada likes gin.") for line in lines]
    with pytest.raises(BadInput, match=f"{tea.memory.id} is another fact here"):
        await ground.ada.memory.import_(other)


async def test_lines_come_from_a_stream_too(ground: Ground) -> None:
    await live(ground, ground.ada)
    await ground.bo.memory.import_(ground.ada.memory.export())
    assert await lines_of(ground.bo) == await lines_of(ground.ada)


async def test_what_is_written_meanwhile_is_not_in_the_export(ground: Ground) -> None:
    await live(ground, ground.ada)
    before = await lines_of(ground.ada)
    lines: list[str] = []
    async for line in ground.ada.memory.export():
        if not lines:
            await ground.ada.remember("Ada likes gin.")
            await ground.ada.memory.undo(2)
            async for _ in ground.ada.execute("u", "And now?"):
                pass
        lines.append(line)
    assert lines == before


@pytest.mark.parametrize("release", ["0.1.0", "0.2.0"])
async def test_a_brain_of_an_older_release_can_be_taken_elsewhere(
    tmp_path: Path, release: str
) -> None:
    golden = Path(__file__).parents[1] / "golden" / f"brain-{release}.db"
    (tmp_path / "brains").mkdir()
    shutil.copy(golden, tmp_path / "brains" / "ada.db")
    async with ground_in(tmp_path) as ground:
        lines = await lines_of(ground.ada)
        assert len(lines) > 10
        await ground.bo.memory.import_(lines)
        assert await lines_of(ground.bo) == lines
        assert await all_of(ground.bo) == await all_of(ground.ada)


# Any life at all

STEPS = st.tuples(
    st.sampled_from(
        [
            "fact",
            "place",
            "tag",
            "forget",
            "close",
            "confirm",
            "correct",
            "undo",
            "know",
            "merge",
            "split",
            "tell",
            "note",
            "soul",
            "say",
            "edit",
            "sweep",
            "add",
            "learn",
            "take back",
        ]
    ),
    st.integers(0, 5),
    st.integers(0, 5),
)


async def live_on(
    ground: Ground, owner: OwnerEngine, steps: Sequence[tuple[str, int, int]]
) -> None:
    for step in steps:
        ground.clock.move(3_600 * step[1])
        try:
            await take(owner, await ground.brain(owner), *step)
        except UsageError:
            continue


async def take(owner: OwnerEngine, brain: Brain, step: str, one: int, two: int) -> None:  # noqa: C901, PLR0912
    names = ("Ada", "Bo", "Cy", "Di", "Eve", "Flo")
    memories = await owner.memory.all(limit=100, everything=True)
    target = memories[(one * 7 + two) % len(memories)].id if memories else "none"
    match step:
        case "fact":
            await owner.remember(f"{names[one]} likes {names[two]}.")
        case "place":
            await owner.remember(
                f"{names[one]} lives in town {two}.",
                subject=names[one],
                predicate="lives_in",
                object=f"town {two}",
                trust="user" if two % 2 else "inference",
            )
        case "tag":
            await owner.remember(f"Tag {one} is on {two}.", tags=["a"], idempotency_key=f"k{one}")
        case "forget":
            await owner.memory.forget(target)
        case "close":
            await owner.memory.close(target)
        case "confirm":
            await owner.memory.confirm(target)
        case "correct":
            await owner.remember(f"It is {one} after all.", corrects=target)
        case "undo":
            await owner.memory.undo(one + two)
        case "know":
            await owner.people.know(names[one], aliases=[names[two]])
        case "merge":
            await owner.people.merge(names[one], names[two])
        case "split":
            await owner.people.split(names[one])
        case "tell":
            await owner.episodes.remember(
                f"the {one} of {names[two]}",
                f"In May 2026 {names[two]} went up the hill with {names[one]}.",
                "It was steep, and the weather was fine.",
            )
        case "note":
            await owner.note("t", f"key {one}", f"value {two}", ttl_s=3_600.0 * two or None)
        case "soul":
            await owner.describe("values", names[one], f"line {two}" if two else "")
        case "say":
            async for _ in owner.execute(f"t{one % 2}", f"{names[two]} said so."):
                pass
        case "edit":
            said = [e for e in await owner.log(f"t{one % 2}") if e.kind == "user_message"]
            ordinal = said[two % len(said)].place
            assert ordinal is not None
            async for _ in owner.retry(f"t{one % 2}", ordinal.ordinal):
                pass
        case "sweep":
            await owner.sweep()
        case "learn":
            await learn_on(brain, one + 1)
        case "take back":
            batches = await brain.lessons.batches(limit=1_000)
            for batch in batches[one : one + 1]:
                await brain.lessons.take_back(batch.id, rewind=two % 2 == 0)
        case _:
            await owner.documents.add(f"{names[one]}.md", f"# {names[one]}\n\nPage {two}.")


@given(st.lists(STEPS, max_size=25), st.integers(0, 25))
def test_any_brain_comes_out_of_its_export_as_it_was(
    steps: list[tuple[str, int, int]], cut: int
) -> None:
    async def check() -> None:
        with TemporaryDirectory() as folder:
            async with ground_in(Path(folder)) as ground:
                await live_on(ground, ground.ada, steps[:cut])
                early = await lines_of(ground.ada)
                await ground.bo.memory.import_(early)
                assert await lines_of(ground.bo) == early
                await live_on(ground, ground.ada, steps[cut:])
                whole = await lines_of(ground.ada)
                third = ground.engine.owner("cy")
                await third.memory.import_(whole)
                assert await lines_of(third) == whole
                assert await all_of(third) == await all_of(ground.ada)
                again = await third.memory.import_(early)
                assert again.added == {}

    anyio.run(check)
