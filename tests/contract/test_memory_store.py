"""Long-term memory, asked of every store: memories as they stand, as they stood, and their writes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from tests.contract.making import NOW, alter, fact, later, person, remember, write

from enplace.ports import Brain
from enplace.records.changeset import Changeset
from enplace.records.memory import (
    Chunk,
    Document,
    Episode,
    Fact,
    Memory,
    MemoryState,
    Span,
)
from enplace.records.standing import standing_of
from enplace.records.write import Forget, Keep, Remember, Surroundings, Undo, Write

SPANS = (Span(task_id="one", ordinal=3, start=1, end=9), Span(task_id="two", ordinal=1))
WHOLE: tuple[Memory, ...] = (
    Fact(
        id="f1",
        sentence="Ada plays the cello.",
        recorded_at=NOW,
        subject="Ada",
        predicate="plays",
        object="cello",
        fact_kind="preference",
        confidence=0.7,
        confirmed_at=later(-5),
        half_life_s=float("inf"),
        trust="tool",
        valid_from=later(-60),
        valid_until=later(3600),
        supersedes="f0",
        continues="f-1",
        evidence=SPANS,
        tags=("music", "Größe"),
        state="disputed",
    ),
    Episode(
        id="e1",
        key="pipe burst",
        description="A pipe burst.",
        value="Call the plumber.",
        recorded_at=NOW,
        outcome="Dry again.",
        started_at=later(-90),
        ended_at=later(-80),
        participants=("Ana", "Bo"),
        trust="inference",
        evidence=SPANS,
        tags=("house",),
    ),
    replace(person("p1", "Ana", "Annie", merged_into="p0"), person_kind="pet", evidence=SPANS),
    Document(
        id="d1",
        name="notes.md",
        text="# Plan\nBuy wood.",
        recorded_at=NOW,
        media="text/markdown",
        chunks=(Chunk(text="Buy wood.", start=7, end=16, heading=("Plan",)),),
        supersedes="d0",
        tags=("plan",),
    ),
)


def ids(memories: Sequence[Memory]) -> list[str]:
    return [memory.id for memory in memories]


# As they stand


@pytest.mark.parametrize("memory", WHOLE, ids=lambda memory: type(memory).__name__)
async def test_a_memory_comes_back_as_it_was_written(brain: Brain, memory: Memory) -> None:
    await remember(brain, memory)
    assert await brain.memory.get([memory.id, "nobody", memory.id]) == {memory.id: memory}
    assert await brain.memory.get([]) == {}
    assert await brain.memory.all(limit=9) == [memory]


def always(_: str) -> bool:
    """Of every predicate: it holds one value at a time."""
    return True


async def surroundings(
    brain: Brain, about: Fact, *, ids: Sequence[str] = (), key: str | None = None
) -> Surroundings:
    """What a decision on a fact is given; nothing is written."""
    seen: list[Surroundings] = []
    await brain.weigh(about, seen.append, holds_one=True, ids=ids, key=key)
    return seen[-1]


async def test_a_moment_is_the_same_in_any_time_zone(brain: Brain) -> None:
    there = timezone(timedelta(hours=9))
    moved = replace(
        fact("f1", "It rains.", at=NOW.astimezone(there)), valid_from=later(5).astimezone(there)
    )
    await remember(brain, moved)
    assert await brain.memory.facts(later(4.999999)) == []
    assert await brain.memory.facts(later(5)) == [moved]
    assert (await brain.memory.facts(later(5)))[0].start.astimezone(UTC) == later(5)


async def test_every_change_makes_a_new_version_and_keeps_what_was_recorded(brain: Brain) -> None:
    await remember(brain, fact("f1", "Ada lives in Kiel."))
    closed = replace(
        fact("f1", "Another sentence is not written."),
        valid_until=later(60),
        confidence=0.5,
        trust="tool",
    )
    await alter(brain, closed, at=later(60))
    stands = (await brain.memory.get(["f1"]))["f1"]
    assert stands == replace(
        closed, sentence="Ada lives in Kiel.", version=2, confidence=0.5, trust="tool"
    )
    await alter(brain, replace(stands, state="forgotten"), at=later(70))
    assert (await brain.memory.get(["f1"]))["f1"].version == 3


@pytest.mark.parametrize(
    ("state", "listed", "found"),
    [
        ("active", True, True),
        ("disputed", True, False),
        ("quarantined", True, False),
        ("retired", False, False),
        ("forgotten", False, False),
    ],
)
async def test_a_memory_of_any_state_is_shown_where_it_belongs(
    brain: Brain, state: MemoryState, listed: bool, found: bool
) -> None:
    await remember(brain, replace(fact("f1", "Ada sings."), state=state))
    assert [bool(x) for x in (await brain.memory.all(limit=9),)] == [listed]
    assert ids(await brain.memory.all(limit=9, everything=True)) == ["f1"]
    assert bool(await brain.memory.facts(NOW)) == found
    asked = await brain.memory.facts(NOW, state=state)
    assert bool(asked) == (state != "forgotten")
    assert "f1" in await brain.memory.get(["f1"])


async def test_facts_hold_from_their_beginning_up_to_their_end(brain: Brain) -> None:
    short = replace(fact("f1", "It rains."), valid_from=later(5), valid_until=later(10))
    await remember(brain, short)
    held = {n: bool(await brain.memory.facts(later(n))) for n in (4.999999, 5, 9.999999, 10)}
    assert held == {4.999999: False, 5: True, 9.999999: True, 10: False}


async def test_facts_are_chosen_by_subject_and_predicate_in_any_letter_case(brain: Brain) -> None:
    await remember(
        brain,
        fact("f1", "A.", subject="Ada", predicate="Lives_In"),
        fact("f2", "B.", subject="ada", predicate="plays"),
        fact("f3", "C.", subject="Bo", predicate="plays"),
        fact("f4", "D."),
    )
    facts = brain.memory.facts
    assert ids(await facts(NOW)) == ["f1", "f2", "f3", "f4"]
    assert ids(await facts(NOW, subject=" ADA")) == ["f1", "f2"]
    assert ids(await facts(NOW, predicate="PLAYS")) == ["f2", "f3"]
    assert ids(await facts(NOW, subject="ada", predicate="lives_in")) == ["f1"]
    assert ids(await facts(NOW, subject="nobody")) == []


async def test_memories_come_page_by_page_whatever_lies_between(brain: Brain) -> None:
    for n in range(5):
        await remember(brain, fact(f"f{n}", f"{n}."), person(f"p{n}", f"P{n}"))
    await alter(brain, replace(fact("f1", "1."), state="forgotten"))
    pages: list[list[str]] = []
    while page := await brain.memory.all("fact", after=sum(map(len, pages)), limit=3):
        pages.append(ids(page))
    assert pages == [["f0", "f2", "f3"], ["f4"]]
    assert ids(await brain.memory.all("fact", after=1, limit=2, everything=True)) == ["f1", "f2"]
    assert ids(await brain.memory.all(limit=2, after=9)) == []


# As they stood


async def test_what_was_believed_then_can_be_asked(brain: Brain) -> None:
    """Recorded at 0, closed at 10 as of 5, disputed at 20, forgotten at 30."""
    kiel = fact("f1", "Ada lives in Kiel.", subject="Ada")
    await remember(brain, kiel)
    closed = replace(kiel, valid_until=later(5))
    await alter(brain, closed, at=later(10))
    await alter(brain, replace(closed, state="disputed"), at=later(20))

    async def held(at: float, as_known: float) -> bool:
        return bool(await brain.memory.facts(later(at), as_known=later(as_known), subject="ada"))

    table = {(at, then): await held(at, then) for at in (1, 7) for then in (-1, 0, 9.9, 10, 20)}
    assert [key for key, shown in table.items() if shown] == [
        (1, 0),
        (1, 9.9),
        (1, 10),
        (7, 0),
        (7, 9.9),
    ]
    stood = await brain.memory.get(["f1"], as_known=later(15))
    assert stood == {"f1": replace(closed, version=2)}
    assert await brain.memory.get(["f1"], as_known=later(-1)) == {}
    disputed = await brain.memory.facts(later(1), as_known=later(25), state="disputed")
    assert ids(disputed) == ["f1"]
    assert await brain.memory.facts(later(1), as_known=later(15), state="disputed") == []


async def test_a_person_had_other_names_then(brain: Brain) -> None:
    await remember(brain, person("p1", "Ana"))
    await alter(brain, person("p1", "Ana", "Annie"), at=later(10))
    then = (await brain.memory.get(["p1"], as_known=later(5)))["p1"]
    now = (await brain.memory.get(["p1"]))["p1"]
    assert (then, now) == (person("p1", "Ana"), replace(person("p1", "Ana", "Annie"), version=2))


async def test_a_history_tells_every_change_oldest_first(brain: Brain) -> None:
    first = fact("f1", "Ada lives in Kiel.")
    one = await remember(brain, first)
    closed = replace(first, valid_until=later(5))
    two = await alter(brain, closed, at=later(10), by="f2")
    await remember(brain, fact("f2", "Ada lives in Oslo."), at=later(11))
    changes = await brain.memory.changes(["f1"])
    assert changes == [
        replace(standing_of(first), at=NOW, write=one),
        replace(standing_of(closed, "restated", by="f2"), at=later(10), write=two),
    ]
    both = await brain.memory.changes(["f2", "f1", "nobody"])
    assert [change.target for change in both] == ["f1", "f1", "f2"]


# What a new fact is weighed against


async def test_surroundings_are_what_fills_the_same_place_says_the_same_or_is_named(
    brain: Brain,
) -> None:
    await remember(
        brain,
        person("p1", "Ada", "Countess"),
        fact("other", "Ada sings.", subject="Ada", predicate="sings"),
        fact("named", "Anything.", subject="Cy", predicate="has"),
        fact("beside", "Something.", subject="cy", predicate="Has"),
        fact("place", "Ada lives in Kiel.", subject="COUNTESS", predicate="lives_in"),
        fact("same", "ada  lives in OSLO.", subject="ada"),
        replace(fact("gone", "Ada lives in Oslo.", subject="Ada"), state="forgotten"),
        fact("nobody's", "Ada lives in Oslo."),
        fact("bo", "Ada lives in Oslo.", subject="Bo", predicate="lives_in"),
    )
    new = fact("new", "Ada lives in Oslo.", subject="Ada", predicate="Lives_in")
    near = await surroundings(brain, new, ids=["named", "nobody"], key="k")
    given = ids(near.facts)  # a store may leave out what can change no decision
    assert set(given) - {"beside", "gone"} == {"named", "place", "same"}
    assert near.names == {"ada", "countess"}
    assert near.earlier is None
    alone = await surroundings(
        brain, fact("new", "Ada lives in Oslo.", predicate="lives_in"), ids=[], key=None
    )
    assert ids(alone.facts) == ["nobody's"]
    assert alone.names == frozenset()


async def test_a_revision_changes_with_memory_and_with_nothing_else(brain: Brain) -> None:
    async def revision() -> int:
        return (await surroundings(brain, fact("x", "X."), ids=[], key=None)).revision

    revisions = [await revision()]
    await remember(brain, fact("f1", "Ada sings."))
    revisions.append(await revision())
    await alter(brain, replace(fact("f1", "Ada sings."), state="forgotten"))
    revisions.append(await revision())
    assert revisions == sorted(set(revisions))
    assert (await brain.memory.woven(subjects=["ada"], holds_one=always)).revision == revisions[-1]
    await brain.index.adopt("toy")
    assert await revision() == revisions[-1]


async def test_surroundings_know_the_write_of_a_key(brain: Brain) -> None:
    made = await remember(brain, fact("f1", "Ada sings."), key="k")
    near = await surroundings(brain, fact("f2", "X."), ids=[], key="k")
    assert near.earlier == await brain.memory.write_of_key("k")
    assert near.earlier is not None
    assert near.earlier.id == made


# Names


async def test_facts_about_any_name_of_a_person_belong_together(brain: Brain) -> None:
    await remember(
        brain,
        person("p1", "Ana", "Annie"),
        person("p2", "Bo"),
        fact("f1", "A.", subject="annie", predicate="likes"),
        fact("f2", "B.", subject="Ana", predicate="likes"),
        fact("f3", "C.", subject="Bo", predicate="likes"),
    )
    facts = brain.memory.facts
    assert ids(await facts(NOW, subject="ANA")) == ["f1", "f2"]
    assert ids(await facts(NOW, subject="Annie")) == ["f1", "f2"]
    await alter(brain, person("p2", "Bo", merged_into="p1"))
    for name in ("bo", "ana", "annie"):
        assert ids(await facts(NOW, subject=name)) == ["f1", "f2", "f3"]
    new = fact("f4", "D.", subject="Bo", predicate="likes")
    near = await surroundings(brain, new, ids=[], key=None)
    assert ids(near.facts) == ["f1", "f2", "f3"]
    await alter(brain, person("p2", "Bo"))
    assert ids(await facts(NOW, subject="bo")) == ["f3"]
    await alter(brain, replace(person("p1", "Ana", "Annie"), state="forgotten"))
    assert ids(await facts(NOW, subject="ana")) == ["f2"]


async def test_a_merge_reaches_over_others(brain: Brain) -> None:
    await remember(brain, person("p1", "Ana"), person("p2", "Bo", merged_into="p1"))
    await remember(brain, person("p3", "Cy", merged_into="p2"), fact("f1", "A.", subject="Cy"))
    assert ids(await brain.memory.facts(NOW, subject="ana")) == ["f1"]


async def test_a_memory_is_named(brain: Brain) -> None:
    first = Episode(id="e1", key="Pipe  burst", description="d", value="v", recorded_at=NOW)
    other = Document(id="d1", name="notes.md", text="", recorded_at=NOW)
    await remember(brain, first, replace(first, id="e2"), other, person("p1", "Ana", "Annie"))
    named = brain.memory.named

    async def id_of(kind: str, name: str) -> str | None:
        memory = await named(kind, name)
        return memory.id if memory else None

    assert await id_of("episode", "pipe BURST") == "e2"
    assert await id_of("document", "Notes.md") == "d1"
    assert await id_of("person", "annie") == "p1"
    assert await id_of("episode", "annie") is None
    assert await id_of("person", "nobody") is None
    await alter(brain, replace(first, id="e2", state="forgotten"))
    assert await id_of("episode", "pipe burst") == "e1"


async def test_of_several_of_a_name_the_one_recorded_first_goes_by_it(brain: Brain) -> None:
    await remember(brain, person("p9", "Ana"), person("p1", "Ana Li", "ana"))
    named = await brain.memory.named("person", "ana")
    assert named is not None
    assert named.id == "p9"


async def test_people_are_all_that_are_known_merged_ones_too(brain: Brain) -> None:
    await remember(brain, person("p2", "Bo", merged_into="p1"), fact("f1", "X."))
    await remember(brain, person("p1", "Ana"), replace(person("p3", "Cy"), state="forgotten"))
    assert ids(await brain.memory.people()) == ["p2", "p1"]


# What holds no longer


async def test_a_closed_fact_has_the_successor_that_closed_it(brain: Brain) -> None:
    kiel, oslo = fact("f1", "Kiel."), fact("f2", "Oslo.")
    await remember(brain, kiel, oslo, fact("f3", "Open."))
    await alter(brain, replace(kiel, valid_until=later(5)), by="f2")
    closed = brain.memory.closed
    assert await closed(["f1", "f2", "f3", "nobody"], later(5)) == {"f1": oslo}
    assert await closed(["f1"], later(4.999999)) == {}
    assert await closed([], later(5)) == {}


async def test_without_one_a_fact_that_says_it_supersedes_it_is_the_successor(
    brain: Brain,
) -> None:
    after = fact("f3", "Three.", supersedes="f1")
    await remember(brain, fact("f1", "One."), fact("f2", "Two.", supersedes="f1"), after)
    await alter(brain, replace(fact("f1", "One."), valid_until=later(5)))
    assert await brain.memory.closed(["f1"], later(5)) == {"f1": after}


@pytest.mark.parametrize("state", ["retired", "disputed", "quarantined", "forgotten"])
async def test_what_is_not_active_holds_no_longer(brain: Brain, state: MemoryState) -> None:
    await remember(brain, replace(fact("f1", "One."), state=state))
    assert await brain.memory.closed(["f1"], NOW) == {"f1": None}


# Writes


async def test_a_write_comes_back_with_its_changes(brain: Brain) -> None:
    about = fact("f1", "Ada sings.")
    made = await remember(brain, about, key="k")
    found = await brain.memory.write(made)
    assert found is not None
    assert found[0] == Write(
        id=1,
        at=NOW,
        operation=Remember(fact=about),
        outcome="added",
        target="f1",
        key="k",
    )
    assert [change.action for change in found[1]] == ["recorded"]
    assert await brain.memory.write(2) is None
    assert await brain.memory.write(0) is None


async def test_writes_come_last_first_and_page_by_page(brain: Brain) -> None:
    for n in range(5):
        await remember(brain, fact(f"f{n}", f"{n}."))
    writes = brain.memory.writes
    assert [w.id for w in await writes(limit=2)] == [5, 4]
    assert [w.id for w in await writes(before=4, limit=2)] == [3, 2]
    assert [w.id for w in await writes(before=1, limit=2)] == []


async def test_a_key_names_one_write(brain: Brain) -> None:
    await remember(brain, fact("f1", "One."))
    await remember(brain, fact("f2", "Two."), key="k")
    found = await brain.memory.write_of_key("k")
    assert found is not None
    assert (found.id, found.target) == (2, "f2")
    assert await brain.memory.write_of_key("K") is None


async def test_an_undo_marks_what_it_takes_back(brain: Brain) -> None:
    about = fact("f1", "One.")
    first = await remember(brain, about)
    await remember(brain, fact("f2", "Two."))
    await alter(brain, replace(about, state="retired"), operation=Undo(write=first))
    undone = {w.id: w.undone for w in await brain.memory.writes(limit=9)}
    assert undone == {1: True, 2: False, 3: False}


async def test_woven_are_writes_whose_effects_depend_on_each_other(brain: Brain) -> None:
    one = fact("f1", "Kiel.", subject="Ada", predicate="lives_in")
    two = fact("f2", "Oslo.", subject="ada", predicate="lives_in")
    await remember(brain, one, fact("f3", "Alone.", subject="Ada"), two)
    await remember(brain, fact("f4", "Bo.", subject="Bo", predicate="lives_in"))
    await write(
        brain, Forget(target="f4"), "f4", changes=(standing_of(one), standing_of(fact("f4", "")))
    )
    await remember(brain, person("p1", "Cy"))
    woven = await brain.memory.woven(1, holds_one=always)
    assert [w.id for w in woven.writes] == [1, 3, 4, 5]
    assert sorted(ids(woven.facts)) == ["f1", "f2", "f4"]
    by_name = await brain.memory.woven(subjects=["ada"], holds_one=always)
    assert [w.id for w in by_name.writes] == [1, 2, 3, 4, 5]
    assert [w.id for w in (await brain.memory.woven(2, holds_one=always)).writes] == [2]
    assert (await brain.memory.woven(99, holds_one=always)).writes == ()
    assert (await brain.memory.woven(subjects=["nobody"], holds_one=always)).facts == ()


async def test_woven_are_also_facts_that_say_the_same_in_another_place(brain: Brain) -> None:
    await remember(
        brain,
        fact("f1", "Kiel.", subject="Ada", predicate="lives_in"),
        fact("f2", "Kiel.", subject="Ada", predicate="works_in"),
        fact("f3", "Oslo.", subject="Ada", predicate="works_in"),
        fact("f4", "Kiel.", subject="Bo"),
    )
    assert [w.id for w in (await brain.memory.woven(1, holds_one=always)).writes] == [1, 2, 3]


async def test_what_was_written_without_a_write_is_woven_with_nothing(brain: Brain) -> None:
    about = fact("f1", "Kiel.", subject="Ada")
    await brain.commit(Changeset(at=NOW, memories=(about, fact("f2", "Bo.", subject="Bo"))))
    assert ids((await brain.memory.woven(subjects=["ada"], holds_one=always)).facts) == ["f1"]
    assert await brain.memory.writes(limit=9) == []


async def test_operations_come_back_as_they_were(brain: Brain) -> None:
    about = replace(fact("f1", "Ünï."), half_life_s=float("inf"))
    await write(brain, Remember(fact=about, corrects="f0"), "f1", memories=(about,))
    await write(brain, Keep(target="f1"), "f1")
    operations = [w.operation for w in await brain.memory.writes(limit=9)]
    assert operations == [Keep(target="f1"), Remember(fact=about, corrects="f0")]
