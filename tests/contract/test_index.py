"""The index, asked of every store: what was committed is found, and what is hidden is not."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.contract.making import (
    NOW,
    alter,
    asking,
    by_id,
    encode_all,
    encoding,
    fact,
    found,
    hear,
    heard,
    later,
    person,
    remember,
    said,
    tell,
)

from enplace.errors import StoreError
from enplace.ports import Brain, Brains
from enplace.records.block import TextBlock
from enplace.records.changeset import Changeset
from enplace.records.event import AssistantSpoke, Event
from enplace.records.filter import About, AllOf, AnyOf, During, Filter, Not, OfKind, Tagged
from enplace.records.memory import Chunk, Document, Episode, Memory, MemoryState
from enplace.records.recollection import Candidate, Standing
from enplace.stores import vectors
from enplace.stores.sqlite.brain import SqliteBrains

EVER = (later(-9e9), later(9e9))


def episode(id_: str, key: str, description: str, *, at: datetime | None = None) -> Episode:
    return Episode(
        id=id_,
        key=key,
        description=description,
        value="",
        recorded_at=NOW,
        started_at=at,
        participants=("Cleo",),
        tags=("house",),
    )


def document(id_: str, *texts: str, name: str = "notes.md") -> Document:
    chunks = tuple(Chunk(text=text, start=0, end=0, heading=("Plans",)) for text in texts)
    return Document(id=id_, name=name, text="", recorded_at=NOW, chunks=chunks, tags=("paper",))


async def everything(brain: Brain) -> list[Candidate]:
    """All that can be found."""
    asked = asking(spans=[EVER], limit=1_000)
    return list((await brain.index.gather(asked)).candidates)


# What was committed is found at once


async def test_memories_of_every_kind_are_found_as_they_stand(brain: Brain) -> None:
    whole = replace(
        fact("f1", "Ada plays the cello.", subject="Ada", predicate="plays_in", object="Quartet"),
        confidence=0.5,
        confirmed_at=later(3),
        half_life_s=60.0,
        trust="tool",
        valid_from=later(-5),
        valid_until=later(5),
        state="disputed",
    )
    disputed = Standing("disputed", NOW, 0.5, later(3), 60.0, "tool", later(-5), later(5))
    active = Standing("active", NOW, 1.0, None, None, "user", None, None)
    await tell(brain, "one", "I hear a cello.")
    await remember(
        brain,
        whole,
        episode("e1", "cello lesson", "The cello fell.", at=later(-9)),
        person("p1", "Cello", "Violoncello"),
        document("d1", "About cellos.", "Nothing else."),
    )
    gathered = await brain.index.gather(asking("cello"))
    shown = gathered.candidates
    assert [(c.row, c.id, c.at, c.people, c.standing) for c in shown] == [
        (1, "said:one:1", NOW, "", None),
        (2, "f1", later(-5), "|ada|quartet|", disputed),
        (3, "e1", later(-9), "|cleo|", active),
        (4, "p1", NOW, "|cello|violoncello|", active),
        (5, "chunk:d1:1", NOW, "", None),
        (6, "chunk:d1:2", NOW, "", None),
    ]
    assert [(c.stems, c.context) for c in shown[:3]] == [
        (" hear cello ", "  "),
        (" ada plai cello ", " ada quartet plai "),
        (" cello fell ", " cello lesson cleo "),
    ]
    assert [c.size for c in shown] == [len(c.stems.split()) for c in shown]
    assert [c.sources for c in shown] == [*[("words",)] * 5, ()]
    assert gathered.frequencies == {"cello": 5}
    assert gathered.items == 6
    assert gathered.average_stems == sum(c.size for c in shown) / 6


async def test_what_was_said_is_found_with_who_said_it_and_when(brain: Brain) -> None:
    answer = AssistantSpoke(blocks=(TextBlock(text="A cello it is."),), stop="end", model="m")
    events: tuple[Event, ...] = (
        heard("Bo Li", "My cello is here.", at=later(-9), session="s"),
        heard("Siri", "Your cello?", at=later(-8), role="assistant", session="s"),
        answer,
        *said("   ", ""),
    )
    await hear(brain, "one", *events)
    shown = [(c.ref, c.speaker, c.role, c.at, c.context) for c in await everything(brain)]
    assert shown == [
        ("one 1", "bo li", "user", later(-9), " bo li "),
        ("one 2", "siri", "assistant", later(-8), " siri "),
        ("one 3", "", "assistant", NOW, "  "),
    ]


async def test_a_name_or_a_heading_beside_a_text_finds_it(brain: Brain) -> None:
    await hear(brain, "one", heard("Bo", "Rain again."))
    await remember(
        brain,
        fact("f1", "She moved.", subject="Ada", predicate="lives_in", object="Kiel"),
        document("d1", "Buy wood.", name="shopping.md"),
    )
    for words, ids in {
        "bo": ["said:one:1"],
        "kiel": ["f1"],
        "lives": ["f1"],
        "plans": ["chunk:d1:1"],
        "shopping": ["chunk:d1:1"],
        "rain wood": ["said:one:1", "chunk:d1:1"],
        "paper": [],
    }.items():
        assert await found(brain, asking(words)) == ids, words


async def test_texts_are_told_word_for_word(brain: Brain) -> None:
    await tell(brain, "one task", "Ünï  «cello»\n", "more")
    await remember(
        brain,
        fact("f1", "Ada plays."),
        episode("e1", "k", "It fell."),
        person("p1", "Ana", "Annie"),
        document("d1", "One.", "Two."),
    )
    shown = await everything(brain)
    texts = await brain.index.texts(shown)
    assert {c.id: texts[c.row] for c in shown} == {
        "said:one task:1": "Ünï  «cello»\n",
        "said:one task:2": "more",
        "f1": "Ada plays.",
        "e1": "It fell.",
        "p1": "Ana, also known as Annie.",
        "chunk:d1:1": "One.",
        "chunk:d1:2": "Two.",
    }
    assert await brain.index.texts([]) == {}
    await alter(brain, replace(fact("f1", "Ada plays."), state="forgotten"))
    await tell(brain, "one task", "instead", parent=1)
    left = await brain.index.texts(shown)
    assert {c.id for c in shown if c.row not in left} == {"f1", "said:one task:2"}


# What is hidden is not found


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("active", True),
        ("disputed", True),
        ("quarantined", False),
        ("retired", False),
        ("forgotten", False),
    ],
)
@pytest.mark.parametrize(
    "memory",
    [
        fact("m", "Ada plays the cello."),
        episode("m", "cello", "The cello fell."),
        person("m", "Cello"),
        document("m", "A cello.", "Cellos."),
    ],
    ids=lambda memory: type(memory).__name__,
)
async def test_a_memory_is_found_only_while_its_state_allows(
    brain: Brain, memory: Memory, state: MemoryState, shown: bool
) -> None:
    await remember(brain, memory)
    before = await brain.index.gather(asking("cello"))
    assert before.candidates
    await alter(brain, replace(memory, state=state))
    gathered = await brain.index.gather(asking("cello", spans=[EVER]))
    assert bool(gathered.candidates) == shown
    if not shown:
        assert (gathered.items, gathered.average_stems, gathered.frequencies) == (
            0,
            0.0,
            {"cello": 0},
        )
        await alter(brain, memory)
    again = await brain.index.gather(asking("cello"))
    rows = [c.row for c in again.candidates]
    assert len(rows) == len(before.candidates)
    assert bool(set(rows) & {c.row for c in before.candidates}) == shown, "a row used twice"


async def test_what_was_said_on_a_branch_that_was_left_is_not_found(brain: Brain) -> None:
    await tell(brain, "one", "alpha", "beta", "gamma")
    await tell(brain, "two", "beta too")
    await tell(brain, "one", "delta", parent=1)
    shown = {c.ref: (c.row, c.spot) for c in await everything(brain)}
    assert shown == {"one 1": (1, 1), "two 1": (4, 1), "one 4": (5, 4)}
    assert await found(brain, asking("beta gamma")) == ["said:two:1"]


async def test_a_change_that_shows_in_nothing_keeps_the_row(brain: Brain) -> None:
    about = fact("f1", "Ada plays.")
    await remember(brain, about)
    await alter(brain, replace(about, confidence=0.5, valid_until=later(9)))
    (one,) = await everything(brain)
    assert one.row == 1
    assert one.standing is not None
    assert (one.standing.confidence, one.standing.valid_until) == (0.5, later(9))


async def test_a_fact_moves_with_the_time_from_which_it_holds(brain: Brain) -> None:
    about = fact("f1", "Ada plays.")
    await remember(brain, about)
    await alter(brain, replace(about, valid_from=later(-500)))
    (one,) = await everything(brain)
    assert one.at == later(-500)
    then = asking(spans=[(later(-501), later(-499))])
    assert await found(brain, then) == ["f1"]


async def test_a_person_is_found_by_the_names_it_has_now(brain: Brain) -> None:
    await remember(brain, person("p1", "Ana", "Annie"))
    await alter(brain, person("p1", "Ana", "Anouk"))
    assert await found(brain, asking("annie")) == []
    assert await found(brain, asking("anouk")) == ["p1"]
    (one,) = await everything(brain)
    assert one.people == "|ana|anouk|"


async def test_rows_are_never_used_twice(brain: Brain) -> None:
    seen: set[int] = set()
    about = fact("f1", "Ada plays.")
    await remember(brain, about)
    for n in range(4):
        rows = {c.row for c in await everything(brain)}
        assert not rows & seen
        assert min(rows) > max(seen, default=0)
        seen |= rows
        await alter(brain, replace(about, state="forgotten"), at=later(n))
        await alter(brain, about, at=later(n))


# Generators


async def test_rarer_words_and_shorter_texts_come_first(brain: Brain) -> None:
    texts = [f"tea number{n}" for n in range(8)]
    texts += ["harpsichord", "harpsichord over tea", "harpsichord " + "boat sail sand " * 3]
    await tell(brain, "one", *texts)
    best = [await found(brain, asking("harpsichord tea", limit=n)) for n in (1, 2, 3)]
    assert best == [
        ["said:one:9"],
        ["said:one:9", "said:one:10"],
        ["said:one:9", "said:one:10", "said:one:11"],
    ]


async def test_of_equally_good_texts_the_oldest_come_first(brain: Brain) -> None:
    await tell(brain, "one", *["tea"] * 9, "oak")
    assert await found(brain, asking("tea", limit=2)) == ["said:one:1", "said:one:2"]


async def test_words_that_are_too_common_to_be_read_are_left_out(brain: Brain) -> None:
    await tell(brain, "one", *["tea"] * 9, "oak tea", "oak")
    both = asking("tea oak", most_read=2)
    assert await found(brain, both) == ["said:one:10", "said:one:11"]
    assert len(await found(brain, asking("tea oak", most_read=12))) == 11
    # one word is read however common it is
    assert len(await found(brain, asking("tea", most_read=0))) == 10
    gathered = await brain.index.gather(both)
    assert gathered.frequencies == {"tea": 10, "oak": 2}


async def test_relations_are_followed_over_two_hops(brain: Brain) -> None:
    await remember(
        brain,
        person("p1", "Ana", "Annie"),
        person("p2", "Bo"),
        person("p3", "Cy"),
        person("p4", "Dee"),
        fact("f1", "One.", subject="annie", object="Bo", predicate="knows"),
        fact("f2", "Two.", subject="Cy", object="bo", predicate="knows"),
        fact("f3", "Three.", subject="Cy", object="Dee", predicate="knows"),
        fact("f4", "Four.", subject="Bo", object="sailing"),
        fact("f5", "Five.", subject="Eve", object="sailing"),
        fact("f6", "Six.", subject="Ana"),
    )
    assert await found(brain, asking(names=["ANA"])) == ["f1", "f2", "f4", "f6"]
    # what is nobody's name is no way on
    assert await found(brain, asking(names=["eve"])) == ["f5"]
    assert await found(brain, asking(names=["nobody"])) == []


async def test_only_relations_that_hold_are_followed(brain: Brain) -> None:
    await remember(
        brain,
        replace(fact("f1", "One.", subject="Ana"), valid_until=later(5)),
        replace(fact("f2", "Two.", subject="Ana"), state="disputed"),
        fact("f3", "Three.", subject="Ana"),
    )
    assert await found(brain, asking(names=["ana"], at=later(4.999999))) == ["f1", "f3"]
    assert await found(brain, asking(names=["ana"], at=later(5))) == ["f3"]


async def test_names_of_merged_people_lead_to_the_same_facts(brain: Brain) -> None:
    await remember(brain, person("p1", "Ana"), person("p2", "Bo", merged_into="p1"))
    await remember(brain, fact("f1", "One.", subject="Ana"))
    assert await found(brain, asking(names=["bo"])) == ["f1"]


async def test_times_give_the_newest_of_each_span_once(brain: Brain) -> None:
    for n in range(6):
        await hear(brain, "one", heard("Bo", f"{n}", at=later(n * 10), session="s"))
    asked = asking(spans=[(later(10), later(40)), (later(30), later(50))], limit=2)
    gathered = await brain.index.gather(asked)
    assert [(c.ref, c.sources) for c in gathered.candidates if c.sources] == [
        ("one 3", ("time",)),
        ("one 4", ("time",)),
        ("one 5", ("time",)),
    ]


async def test_neighbours_stand_up_to_two_places_away(brain: Brain) -> None:
    await tell(brain, "one", "a1", "a2", "a3", "oak", "a5", "a6", "a7")
    await tell(brain, "two", "b1")
    gathered = await brain.index.gather(asking("oak"))
    assert [(c.ref, bool(c.sources)) for c in gathered.candidates] == [
        ("one 2", False),
        ("one 3", False),
        ("one 4", True),
        ("one 5", False),
        ("one 6", False),
    ]


async def test_a_generator_that_had_no_time_is_named(brain: Brain) -> None:
    await tell(brain, "one", "tea")
    gathered = await brain.index.gather(asking("tea", until_s=time.monotonic() - 1))
    assert gathered.candidates == ()
    assert [lost.reason for lost in gathered.lost] == [
        f"{name}: deadline exceeded" for name in ("words", "graph", "time", "meaning")
    ]
    assert gathered.items == 1
    in_time = await brain.index.gather(asking("tea", until_s=time.monotonic() + 60))
    assert in_time.lost == ()
    assert len(in_time.candidates) == 1


# Places


@pytest.mark.parametrize(
    ("said_at", "places"),
    [
        (((0, ""), (1_800, ""), (3_601, "")), [1, 1, 2]),
        (((0, ""), (-4_000, ""), (1_800, "")), [1, 1, 1]),
        (((0, "a"), (9_000, "a"), (9_001, "b"), (9_002, "a")), [1, 1, 2, 3]),
        (((0, ""), (1, "a"), (2, "")), [1, 2, 3]),
    ],
    ids=["idle for longer than half an hour", "out of order", "sessions", "with and without"],
)
async def test_a_session_or_a_silence_makes_a_place(
    brain: Brain, said_at: Sequence[tuple[int, str]], places: list[int]
) -> None:
    for n, (at, session) in enumerate(said_at):
        await hear(brain, "one", heard("Bo", f"oak {n}", at=later(at), session=session))
    shown = await everything(brain)
    assert [c.place for c in shown] == places
    spots = [places[: n + 1].count(place) for n, place in enumerate(places)]
    assert [c.spot for c in shown] == spots


async def test_tasks_and_documents_have_places_of_their_own(brain: Brain) -> None:
    await tell(brain, "one", "a")
    await tell(brain, "two", "b")
    await remember(brain, document("d1", "c", "d"), fact("f1", "e"))
    await tell(brain, "one", "f")
    assert [(c.place, c.spot) for c in await everything(brain)] == [
        (1, 1),
        (2, 1),
        (3, 1),
        (3, 2),
        (None, None),
        (1, 2),
    ]


# Filters

FILTERED: tuple[tuple[Filter, str], ...] = (
    (OfKind(("said",)), "s1 s2"),
    (OfKind(("fact", "chunk")), "f1 f2 d1"),
    (OfKind(()), ""),
    (During(), "s1 s2 f1 f2 e1 p1 d1"),
    (During(start=later(10)), "s2 f2"),
    (During(end=later(0)), "s1 e1"),
    (During(start=later(-20), end=later(-10)), "s1"),
    (About(("BO",)), "s1 f1"),
    (About(("cleo", "bo")), "s1 f1 e1"),
    (About(("b",)), ""),
    (About(()), ""),
    (Tagged(("House",)), "f1 e1"),
    (Tagged(("hou",)), ""),
    (Tagged(("house", "paper")), "f1 e1 d1"),
    (Tagged(("home|boat",)), "f2"),
    (Tagged(("house|boat",)), ""),
    (Tagged(("",)), ""),
    (AllOf(()), "s1 s2 f1 f2 e1 p1 d1"),
    (AllOf((OfKind(("fact",)), Tagged(("house",)))), "f1"),
    (AnyOf(()), ""),
    (AnyOf((OfKind(("said",)), Tagged(("house",)))), "s1 s2 f1 e1"),
    (Not(OfKind(("said",))), "f1 f2 e1 p1 d1"),
    (Not(Not(About(("bo",)))), "s1 f1"),
    (
        AllOf((Not(OfKind(("said",))), AnyOf((During(start=later(5)), About(("ana",)))))),
        "f2 p1",
    ),
)


@pytest.mark.parametrize(("filter_", "kept"), FILTERED)
@pytest.mark.parametrize("how", ["words", "time", "graph or meaning"])
async def test_only_what_a_filter_lets_through_is_gathered(
    brain: Brain, filter_: Filter, kept: str, how: str
) -> None:
    names = {"said:one:1": "s1", "said:one:2": "s2", "chunk:d1:1": "d1"}
    await hear(
        brain,
        "one",
        heard("Bo", "oak", at=later(-15), session="s"),
        heard("Dee", "oak", at=later(15), session="s"),
    )
    await remember(
        brain,
        fact("f1", "oak", subject="Bo", tags=("house", "boat")),
        replace(fact("f2", "oak", subject="Eve", tags=("home|boat",)), valid_from=later(10)),
        episode("e1", "k", "oak", at=later(-5)),
        person("p1", "Ana", "Oak"),
        document("d1", "oak"),
    )
    await encode_all(brain)
    await brain.index.settle("toy")
    asked = {
        "words": asking("oak", filter=filter_),
        "time": asking(spans=[EVER], filter=filter_),
        "graph or meaning": asking("oak", names=["bo"], embedder="toy", filter=filter_),
    }[how]
    shown = [c.id for c in (await brain.index.gather(asked)).candidates]
    assert [names.get(id_, id_) for id_ in shown] == kept.split()


async def test_what_was_said_in_a_task_can_be_left_out_and_nothing_else(brain: Brain) -> None:
    for task_id in ("one", "one two", "one 2", "on", "ONE"):
        await tell(brain, task_id, "oak")
    await remember(brain, fact("one 1", "Oak."))
    others = ["said:one two:1", "said:one 2:1", "said:on:1", "said:ONE:1", "one 1"]
    assert await found(brain, asking("oak", but_task="one")) == others
    assert await found(brain, asking("oak", but_task="one 2")) == [
        "said:one:1",
        *[other for other in others if other != "said:one 2:1"],
    ]


async def test_of_a_task_what_was_said_up_to_an_event_can_be_found_and_not_the_rest(
    brain: Brain,
) -> None:
    await tell(brain, "one", *["oak"] * 12)
    await tell(brain, "one 1", "oak")
    early = [f"said:one:{n}" for n in range(1, 12)]
    assert await found(brain, asking("oak", but_task="one", but_after=11)) == [
        *early,
        "said:one 1:1",
    ]
    assert await found(brain, asking("oak", but_task="one 1", but_after=1)) == [
        *early,
        "said:one:12",
        "said:one 1:1",
    ]


async def test_what_is_filtered_out_takes_no_room_from_what_is_found_by_words(
    brain: Brain,
) -> None:
    await tell(brain, "one", *["oak"] * 5)
    await remember(brain, fact("f1", "An oak, and many other words beside it."))
    assert await found(brain, asking("oak", limit=1, filter=OfKind(("fact",)))) == ["f1"]
    assert await found(brain, asking("oak", limit=1, but_task="one")) == ["f1"]


# Speakers


async def test_speakers_come_by_how_much_they_said(brain: Brain) -> None:
    assert await brain.index.speakers() == []
    await hear(brain, "one", *(heard(name, "x") for name in ("Bo", "ana", "Cy ", "ANA", "  ")))
    await tell(brain, "two", "nobody in particular")
    await remember(brain, fact("f1", "X.", subject="Dee"))
    assert await brain.index.speakers() == ["ana", "bo", "cy"]
    await tell(brain, "one", "no", parent=1)
    assert await brain.index.speakers() == ["bo"]
    await tell(brain, "one", "no", parent=0)
    assert await brain.index.speakers() == []


# Vectors


async def test_items_wait_for_vectors_newest_first(brain: Brain) -> None:
    await tell(brain, "one", "a", "b")
    await remember(brain, fact("f1", "c"))
    assert await brain.index.waiting("toy") == 3
    assert await brain.index.adopt("toy") is False
    assert await brain.index.unencoded("toy", 9) == [(3, "c"), (2, "b"), (1, "a")]
    assert await brain.index.unencoded("toy", 2) == [(3, "c"), (2, "b")]
    await brain.index.encode("toy", [(2, encoding("b")), (99, encoding("gone"))])
    assert await brain.index.unencoded("toy", 9) == [(3, "c"), (1, "a")]
    assert [await brain.index.waiting(name) for name in ("toy", "other")] == [2, 3]
    await alter(brain, replace(fact("f1", "c"), state="forgotten"))
    await brain.index.encode("toy", [(3, encoding("c"))])
    assert await brain.index.unencoded("toy", 9) == [(1, "a")]


async def test_an_embedder_answers_once_it_has_settled(brain: Brain) -> None:
    await tell(brain, "one", "oak tree", "red boat", "blue boat", "sails")
    asked = asking("boat", embedder="toy", limit=2)
    await encode_all(brain)
    silent = await brain.index.gather(asked)
    assert silent.candidates
    assert all(c.meaning is None for c in silent.candidates)
    assert silent.matches == b""
    assert await brain.index.embedders() == {"toy": False}
    await brain.index.settle("toy")
    assert await brain.index.embedders() == {"toy": True}
    assert await brain.index.adopt("toy") is True
    gathered = await brain.index.gather(asked)
    meant = {c.ref: c for c in gathered.candidates if "meaning" in c.sources}
    assert list(meant) == ["one 2", "one 3"]
    assert all(c.meaning is not None for c in gathered.candidates)
    best = max(gathered.candidates, key=lambda c: c.meaning or 0.0)
    assert best.ref in {"one 2", "one 3"}


async def test_every_token_of_the_query_is_compared_with_every_item(brain: Brain) -> None:
    np = vectors.numpy()
    await tell(brain, "one", "oak tree", "red boat")
    await remember(brain, fact("f1", "!"))
    await encode_all(brain)
    await brain.index.settle("toy")
    gathered = await brain.index.gather(asking("boat tree", spans=[EVER], embedder="toy"))
    table = np.frombuffer(gathered.matches, np.float32).reshape(len(gathered.candidates), 2)
    assert [[round(float(x), 1) == round(float(table.max()), 1) for x in row] for row in table] == [
        [False, True],
        [True, False],
        [False, False],
    ]
    assert table[2].tolist() == [0.0, 0.0]


async def test_one_embedder_answers_until_the_next_one_has_settled(brain: Brain) -> None:
    index = brain.index
    await tell(brain, "one", "oak tree", "red boat")
    await encode_all(brain, "old")
    await index.settle("old")
    assert await index.adopt("new") is False
    assert await index.embedders() == {"old": True, "new": False}
    assert len(await index.unencoded("new", 9)) == 2
    await encode_all(brain, "new")

    async def answers(embedder: str) -> bool:
        gathered = await index.gather(asking("boat", embedder=embedder))
        return any(c.meaning is not None for c in gathered.candidates)

    assert [await answers(name) for name in ("old", "new")] == [True, False]
    await index.settle("new")
    assert [await answers(name) for name in ("old", "new")] == [False, True]
    assert await index.embedders() == {"new": True}
    # the old one begins anew
    assert await index.adopt("old") is False
    assert len(await index.unencoded("old", 9)) == 2


async def test_a_third_embedder_takes_the_place_of_the_one_that_has_not_settled(
    brain: Brain,
) -> None:
    await tell(brain, "one", "oak")
    await encode_all(brain, "old")
    await brain.index.settle("old")
    await encode_all(brain, "new")
    assert await brain.index.adopt("third") is False
    assert await brain.index.embedders() == {"old": True, "third": False}
    assert len(await brain.index.unencoded("third", 9)) == 1


async def test_a_vector_goes_with_its_item(brain: Brain) -> None:
    about = fact("f1", "oak")
    await remember(brain, about)
    await encode_all(brain)
    await brain.index.settle("toy")
    await alter(brain, replace(about, state="forgotten"))
    asked = asking("oak", embedder="toy")
    assert (await brain.index.gather(asked)).candidates == ()
    await alter(brain, about)
    (again,) = (await brain.index.gather(asked)).candidates
    assert again.meaning is None
    assert await brain.index.unencoded("toy", 9) == [(2, "oak")]


# Segments

SMALL = 4


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "SEGMENT_ITEMS", SMALL)


async def meanings(brain: Brain, embedder: str = "toy", limit: int = 100) -> dict[str, float]:
    """What each item that is found by meaning alone means for a query."""
    asked = asking("oak boat", embedder=embedder, limit=limit)
    asked = replace(asked, query=replace(asked.query, terms=()))
    shown = by_id(await brain.index.gather(asked))
    return {id_: c.meaning for id_, c in shown.items() if c.meaning is not None and c.sources}


TEXTS = ["oak", "boat", "oak boat", "tea", "tea oak", "red", "red boat", "blue", "sail", "sand"]


@pytest.mark.usefixtures("small_segments")
async def test_packing_changes_no_answer(brain: Brain) -> None:
    for n, text in enumerate(TEXTS):
        await remember(brain, fact(f"f{n}", text))
    await encode_all(brain)
    await brain.index.settle("toy")
    packed = await meanings(brain)
    wanted = {f"f{n}": similarity(text) for n, text in enumerate(TEXTS)}
    assert packed == pytest.approx(wanted, abs=1e-5)
    await brain.index.settle("toy")
    assert await meanings(brain) == packed


def similarity(text: str, embedder: str = "toy") -> float:
    np = vectors.numpy()
    code = np.frombuffer(vectors.code_of(encoding(text, embedder).pooled), np.uint8)[None, :]
    return float(vectors.similarities(encoding("oak boat", embedder).pooled, code)[0])


@pytest.mark.usefixtures("small_segments")
async def test_what_was_deleted_from_a_segment_takes_no_room(brain: Brain) -> None:
    for n, text in enumerate(TEXTS):
        await remember(brain, fact(f"f{n}", text))
    await encode_all(brain)
    await brain.index.settle("toy")
    (best,) = await meanings(brain, limit=1)
    before = await meanings(brain)
    await alter(brain, replace((await brain.memory.get([best]))[best], state="forgotten"))
    del before[best]
    assert len(await meanings(brain, limit=2)) == 2
    assert await meanings(brain) == before


@pytest.mark.usefixtures("small_segments")
async def test_thin_segments_are_packed_anew_and_read_anew(brain: Brain) -> None:
    made = [fact(f"f{n}", text) for n, text in enumerate(TEXTS)]
    await remember(brain, *made[:SMALL])
    await encode_all(brain)
    await brain.index.settle("toy")
    assert len(await meanings(brain)) == SMALL
    await alter(brain, *(replace(about, state="forgotten") for about in made[:2]))
    await remember(brain, *made[SMALL:])
    await encode_all(brain)
    await brain.index.settle("toy")
    wanted = {about.id: similarity(about.sentence) for about in made[2:]}
    assert await meanings(brain) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.usefixtures("small_segments")
async def test_another_embedder_is_never_read_from_what_was_in_memory(brain: Brain) -> None:
    for n, text in enumerate(TEXTS):
        await remember(brain, fact(f"f{n}", text))
    for embedder in ("toy", "new", "toy"):
        await encode_all(brain, embedder)
        await brain.index.settle(embedder)
        wanted = {f"f{n}": similarity(text, embedder) for n, text in enumerate(TEXTS)}
        assert await meanings(brain, embedder) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.usefixtures("small_segments")
async def test_a_brain_answers_the_same_after_it_was_opened_again(tmp_path: Path) -> None:
    told: list[object] = []
    for n in range(3):
        async with aclosing(SqliteBrains(tmp_path)) as brains:
            brain = await brains.open("ada")
            if n == 0:
                for number, text in enumerate(TEXTS):
                    await remember(brain, fact(f"f{number}", text))
                await tell(brain, "one", *TEXTS)
                await encode_all(brain)
                await brain.index.settle("toy")
            asked = asking("oak boat", spans=[EVER], embedder="toy")
            told.append(await brain.index.gather(asked))
    assert told[0] == told[1] == told[2]


@pytest.mark.usefixtures("small_segments")
async def test_who_reads_while_others_pack_sees_one_state(tmp_path: Path) -> None:
    """Another connection forgets, restores, encodes and packs meanwhile."""
    async with (
        aclosing(SqliteBrains(tmp_path)) as brains,
        aclosing(SqliteBrains(tmp_path)) as others,
    ):
        writer, reader = await brains.open("ada"), await others.open("ada")
        made = [fact(f"f{n}", text) for n, text in enumerate(TEXTS * 2)]
        await remember(writer, *made)
        await encode_all(writer)
        await writer.index.settle("toy")

        async def rewrite() -> None:
            for about in made * 2:
                await alter(writer, replace(about, state="forgotten"))
                await alter(writer, about)
                await encode_all(writer)
                await writer.index.settle("toy")

        writing = asyncio.create_task(rewrite())
        counts: set[int] = set()
        while not writing.done():
            counts.add(len(await meanings(reader)))
        await writing
        assert counts <= {len(made), len(made) - 1}
        assert await meanings(reader) == await meanings(writer)


# Owners


async def test_an_index_is_its_owners_alone(brains: Brains) -> None:
    for owner in ("ada", "Ada", "bob"):
        brain = await brains.open(owner)
        await hear(brain, "one", heard(owner, f"oak of {owner}"))
        await remember(brain, person("p1", owner), fact("f1", f"Oak of {owner}.", subject=owner))
        await encode_all(brain)
        await brain.index.settle(f"toy {owner}")
    for owner in ("ada", "Ada", "bob"):
        brain = await brains.open(owner)
        shown = await everything(brain)
        texts = await brain.index.texts(shown)
        assert set(texts.values()) == {f"Oak of {owner}.", f"{owner}.", f"oak of {owner}"}
        assert await brain.index.speakers() == [owner.casefold()]
        assert await brain.index.embedders() == {f"toy {owner}": True}


async def test_a_commit_that_fails_leaves_nothing_to_be_found(brain: Brain) -> None:
    await remember(brain, fact("f1", "Oak."))
    before = await brain.index.gather(asking("oak boat"))
    broken = Changeset(
        at=NOW,
        task_id="one",
        events=(heard("Bo", "boat"),),
        memories=(fact("f2", "Boat."), fact("f1", "Twice.")),
    )
    with pytest.raises(StoreError):
        await brain.commit(broken)
    assert await brain.index.gather(asking("oak boat")) == before
    assert await brain.index.speakers() == []
    await remember(brain, fact("f3", "Oak."))
    rows = [c.row for c in await everything(brain)]
    assert rows[0] == 1
    assert len(rows) == 2
