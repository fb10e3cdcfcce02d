"""The ports of a brain, asked of every store."""

import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.errors import BadInput, LeaseLost, TaskBusy, UsageError
from enplace.ports import Brain, Brains
from enplace.records.canonical import digest
from enplace.records.changeset import Changeset, Lease
from enplace.records.event import Event, NoteWritten, Place, UserSpoke
from enplace.records.memory import Fact, Note, SoulLine, Span
from enplace.records.recollection import Match, Said
from enplace.records.task import Due, Session
from enplace.records.words import words
from enplace.stores.inmemory import InMemoryBrains
from enplace.stores.names import file_name
from enplace.stores.sqlite.brain import SqliteBrains

NOW = datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def in_files(folder: Path) -> Brains:
    return SqliteBrains(folder)


def in_memory(_: Path) -> Brains:
    return InMemoryBrains()


@pytest.fixture(params=[in_files, in_memory])
async def brains(
    request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[Brains]:
    assert anyio_backend == "asyncio"
    make: Callable[[Path], Brains] = request.param
    opened = make(tmp_path)
    yield opened
    await opened.aclose()


@pytest.fixture
async def brain(brains: Brains) -> Brain:
    return await brains.open("ada")


def said(*texts: str) -> tuple[Event, ...]:
    return tuple(UserSpoke(text=text) for text in texts)


async def tell(
    brain: Brain, task_id: str, *texts: str, at: datetime = NOW, parent: int | None = None
) -> tuple[Place, ...]:
    commit = await brain.commit(
        Changeset(at=at, task_id=task_id, turn_id="t1", events=said(*texts), parent=parent)
    )
    return places(commit.events)


def places(events: Sequence[Event]) -> tuple[Place, ...]:
    assert all(event.place is not None for event in events)
    return tuple(event.place for event in events if event.place is not None)


def texts_of(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, UserSpoke)]


async def remember(brain: Brain, *facts: Fact, at: datetime = NOW) -> None:
    await brain.commit(Changeset(at=at, facts=facts))


def fact(id_: str, sentence: str, *, at: datetime = NOW, supersedes: str | None = None) -> Fact:
    return Fact(id=id_, sentence=sentence, recorded_at=at, supersedes=supersedes)


def ids(matches: Sequence[Match]) -> list[str]:
    return [match.item.id for match in matches if isinstance(match.item, Fact)]


def quotes(matches: Sequence[Match]) -> list[Said]:
    return [match.item for match in matches if isinstance(match.item, Said)]


# The log


async def test_a_commit_gives_every_event_its_place(brain: Brain) -> None:
    commit = await brain.commit(
        Changeset(at=NOW, task_id="one", turn_id="t1", events=said("a", "b", "c"))
    )
    assert places(commit.events) == tuple(
        Place(
            task_id="one",
            turn_id="t1",
            ordinal=n,
            parent=n - 1 or None,
            position=n,
            at=NOW,
        )
        for n in (1, 2, 3)
    )
    assert await brain.log.read("one") == list(commit.events)


async def test_ordinals_count_per_task_and_positions_per_owner(
    brains: Brains, brain: Brain
) -> None:
    placed = [
        *await tell(brain, "one", "a", "b"),
        *await tell(brain, "two", "c"),
        *await tell(brain, "one", "d"),
        *await tell(brain, "two", "e", "f"),
    ]
    assert [(p.task_id, p.ordinal, p.parent) for p in placed] == [
        ("one", 1, None),
        ("one", 2, 1),
        ("two", 1, None),
        ("one", 3, 2),
        ("two", 2, 1),
        ("two", 3, 2),
    ]
    assert [p.position for p in placed] == [1, 2, 3, 4, 5, 6]
    (elsewhere,) = await tell(await brains.open("bob"), "one", "x")
    assert (elsewhere.ordinal, elsewhere.position) == (1, 1)


async def test_a_read_goes_on_after_an_ordinal(brain: Brain) -> None:
    await tell(brain, "one", "a", "b", "c", "d")
    await tell(brain, "two", "x")
    assert texts_of(await brain.log.read("one")) == ["a", "b", "c", "d"]
    assert texts_of(await brain.log.read("one", 2)) == ["c", "d"]
    assert await brain.log.read("one", 4) == []
    assert await brain.log.read("one", 99) == []
    assert await brain.log.read("three") == []


async def test_a_read_follows_the_live_branch(brain: Brain) -> None:
    await tell(brain, "one", "a", "b", "c")
    (edited,) = await tell(brain, "one", "d", parent=1)
    assert (edited.ordinal, edited.parent) == (4, 1)
    assert texts_of(await brain.log.read("one")) == ["a", "d"]
    await tell(brain, "one", "e")
    assert texts_of(await brain.log.read("one")) == ["a", "d", "e"]
    assert texts_of(await brain.log.read("one", 1)) == ["d", "e"]
    assert texts_of(await brain.log.read("one", 3)) == ["d", "e"]


async def test_what_a_branch_left_behind_is_dead_and_stays(brain: Brain) -> None:
    await tell(brain, "one", "a", "b", "c")
    assert await brain.log.dead("one") == []
    await tell(brain, "one", "d", "e", parent=1)
    assert texts_of(await brain.log.dead("one")) == ["b", "c"]
    (begun,) = await tell(brain, "one", "f", parent=0)
    assert (begun.ordinal, begun.parent) == (6, None)
    assert texts_of(await brain.log.read("one")) == ["f"]
    assert texts_of(await brain.log.dead("one")) == ["a", "b", "c", "d", "e"]
    assert await brain.log.dead("two") == []
    found = await brain.log.search(list("abcdef"), limit=9, but_task="two")
    assert [said.text for said in quotes(found)] == ["f"]


async def test_notes_written_on_a_dead_branch_are_gone(brain: Brain) -> None:
    async def write(*notes: Note, parent: int | None = None) -> None:
        events = tuple(NoteWritten(note=note, by="caller") for note in notes)
        await brain.commit(
            Changeset(at=NOW, task_id="one", events=events, notes=notes, parent=parent)
        )

    first, again = note("k", priority=1), note("k", priority=2)
    await write(first)
    await write(again, note("other"))
    assert await brain.notes.live("one", NOW) == [again, note("other")]
    await tell(brain, "one", "not so", parent=1)
    assert await brain.notes.live("one", NOW) == [first]


async def test_tasks_come_with_the_one_changed_last_first(brain: Brain) -> None:
    assert await brain.log.tasks() == []
    await tell(brain, "one", "a", "b")
    await tell(brain, "two", "c", at=later(1))
    await tell(brain, "three", "d", at=later(2))
    await tell(brain, "one", "e", at=later(3))
    tasks = await brain.log.tasks()
    assert [(t.task_id, t.head) for t in tasks] == [("one", 3), ("three", 1), ("two", 1)]
    assert (tasks[0].created_at, tasks[0].updated_at) == (NOW, later(3))


async def test_of_tasks_changed_at_the_same_time_the_name_decides(brain: Brain) -> None:
    for task_id in ("b", "c", "a"):
        await tell(brain, task_id, "x")
    assert [task.task_id for task in await brain.log.tasks()] == ["a", "b", "c"]


async def test_texts_are_kept_by_digest_and_once(brain: Brain) -> None:
    for _ in range(2):
        await brain.commit(Changeset(at=NOW, texts=("head", "frame", "", "ünï\x00code\n")))
    names = [digest(text) for text in ("head", "frame", "", "ünï\x00code\n")]
    assert await brain.log.texts([*names, "0" * 64, names[0]]) == {
        digest(text): text for text in ("head", "frame", "", "ünï\x00code\n")
    }
    assert await brain.log.texts([]) == {}


async def test_a_due_mark_reaches_up_to_the_last_event(brain: Brain) -> None:
    for task_id, reason in (("one", "first"), ("two", "second"), ("one", "third")):
        await brain.commit(Changeset(at=NOW, task_id=task_id, events=said("a", "b"), due=reason))
    await tell(brain, "three", "not due")
    assert await brain.log.due() == [
        Due(task_id="two", position=4, reason="second"),
        Due(task_id="one", position=6, reason="third"),
    ]


# What was said


async def test_what_was_said_is_found_newest_first_and_never_in_the_given_task(
    brain: Brain,
) -> None:
    await tell(brain, "one", "The cello stands in the hall.", at=NOW)
    await tell(brain, "two", "My cellos are old.", "Nothing here.", at=later(1))
    await tell(brain, "three", "A CELLO again", at=later(2))
    found = await brain.log.search(["cello"], limit=10, but_task="two")
    assert quotes(found) == [
        Said(task_id="three", ordinal=1, text="A CELLO again", at=later(2)),
        Said(task_id="one", ordinal=1, text="The cello stands in the hall.", at=NOW),
    ]
    everywhere = await brain.log.search(["cello", "noth"], limit=2, but_task="")
    assert [(s.task_id, s.ordinal) for s in quotes(everywhere)] == [("three", 1), ("two", 2)]
    assert await brain.log.search([], limit=10, but_task="") == []
    assert await brain.log.search(["viola"], limit=10, but_task="") == []


async def test_the_name_of_a_task_is_no_word_of_what_was_said(brain: Brain) -> None:
    await tell(brain, "cello", "Nobody was here.")
    assert await brain.log.search(["cello"], limit=10, but_task="") == []
    assert await brain.log.search(["t"], limit=10, but_task="x") == []


# Writing all or nothing


async def everything(brain: Brain, lease: Lease | None, task_id: str | None) -> Changeset:
    """A changeset that writes to every store of a brain."""
    return Changeset(
        at=NOW,
        task_id=task_id,
        events=said("secret"),
        lease=lease,
        texts=("secret",),
        facts=(fact("f2", "Secret.", supersedes="f1"),),
        notes=(Note(task_id="one", key="k", value="secret", written_at=NOW),),
        soul=(SoulLine(section="values", key="k", text="secret", recorded_at=NOW),),
        session=Session(id="s2", opened_at=NOW, last_at=NOW),
        due="secret",
    )


async def dump(brain: Brain) -> dict[str, object]:
    """All that the ports of a brain show."""
    return {
        "log": await brain.log.read("one"),
        "tasks": await brain.log.tasks(),
        "texts": await brain.log.texts([digest("secret")]),
        "said": await brain.log.search(["secret"], limit=9, but_task=""),
        "due": await brain.log.due(),
        "notes": await brain.notes.live("one", NOW),
        "facts": await brain.memory.facts(NOW),
        "found": await brain.memory.search(["secret"], limit=9, now=NOW),
        "closed": await brain.memory.closed(["f1"], NOW),
        "soul": await brain.memory.soul(),
        "session": await brain.session(),
    }


@asynccontextmanager
async def furnished(brain: Brain) -> AsyncGenerator[dict[str, object], None]:
    """A brain that holds something, and must hold just the same afterwards."""
    await brain.commit(
        Changeset(
            at=NOW,
            task_id="one",
            events=said("hello"),
            facts=(fact("f1", "Ada lives in Kiel."),),
            session=Session(id="s1", opened_at=NOW, last_at=NOW),
        )
    )
    before = await dump(brain)
    yield before
    assert await dump(brain) == before


async def test_a_commit_under_an_old_lease_leaves_nothing(brain: Brain) -> None:
    async with brain.lease("one") as old:
        pass
    async with furnished(brain), brain.lease("one") as new:
        assert new.fence > old.fence
        with pytest.raises(LeaseLost):
            await brain.commit(await everything(brain, old, "one"))


async def test_a_commit_under_a_lease_that_never_was_leaves_nothing(brain: Brain) -> None:
    async with furnished(brain):
        with pytest.raises(LeaseLost):
            await brain.commit(await everything(brain, Lease(task_id="one", fence=1), "one"))


async def test_events_without_a_task_are_refused_and_leave_nothing(brain: Brain) -> None:
    async with furnished(brain):
        with pytest.raises(UsageError):
            await brain.commit(await everything(brain, None, None))


async def test_the_same_changeset_is_written_under_the_newest_lease(brain: Brain) -> None:
    async with furnished(brain) as before:
        pass
    async with brain.lease("one"):
        pass
    async with brain.lease("one") as lease:
        await brain.commit(await everything(brain, lease, "one"))
    after = await dump(brain)
    assert [name for name in before if before[name] == after[name]] == []


async def test_a_lease_that_was_released_still_counts_until_there_is_a_newer_one(
    brain: Brain,
) -> None:
    async with brain.lease("one") as lease:
        pass
    await brain.commit(await everything(brain, lease, "one"))
    assert texts_of(await brain.log.read("one")) == ["secret"]


# Leases


async def test_a_task_is_held_once_and_other_tasks_are_free(brains: Brains, brain: Brain) -> None:
    async with brain.lease("one"):
        with pytest.raises(TaskBusy) as error:
            async with brain.lease("one"):
                pytest.fail("held twice")
        assert error.value.details == {"task_id": "one"}
        async with brain.lease("two"):
            pass
        other = await brains.open("bob")
        async with other.lease("one"):
            pass
    async with brain.lease("one"):
        pass


async def test_a_lease_is_free_again_after_an_error(brain: Brain) -> None:
    with pytest.raises(ZeroDivisionError):
        async with brain.lease("one"):
            raise ZeroDivisionError
    async with brain.lease("one"):
        pass


async def test_the_fence_grows_with_every_lease_of_the_task(brain: Brain) -> None:
    fences: list[int] = []
    for _ in range(3):
        async with brain.lease("one") as lease:
            assert lease.task_id == "one"
            fences.append(lease.fence)
    async with brain.lease("two") as lease:
        assert lease.fence <= fences[0]
    assert fences == sorted(set(fences))


async def test_task_names_of_any_kind_are_leased_apart(brain: Brain) -> None:
    async with brain.lease("a/b"), brain.lease("a-b"), brain.lease("A-B"), brain.lease(".."):
        pass
    async with brain.lease("x" * 256), brain.lease("\N{SNOWMAN}" * 256):
        pass


# Facts


async def test_a_fact_comes_back_as_it_was_written(brain: Brain) -> None:
    whole = Fact(
        id="f1",
        sentence="Ada plays the cello.",
        recorded_at=NOW,
        subject="Ada",
        predicate="plays",
        object="cello",
        confidence=0.7,
        half_life_s=60.5,
        trust="tool",
        valid_from=later(-60),
        valid_until=later(3600),
        evidence=(Span(task_id="one", ordinal=3, start=1, end=9), Span(task_id="two", ordinal=1)),
    )
    await remember(brain, whole, fact("f2", "Bob."))
    assert await brain.memory.get(["f1", "nobody", "f1"]) == {"f1": whole}
    assert await brain.memory.get([]) == {}
    assert await brain.memory.facts(NOW) == [whole, fact("f2", "Bob.")]
    assert ids(await brain.memory.search(["cello"], limit=5, now=NOW)) == ["f1"]


async def test_a_fact_ends_when_its_time_is_over(brain: Brain) -> None:
    short = Fact(id="f1", sentence="It rains.", recorded_at=NOW, valid_until=later(10))
    await remember(brain, short)
    assert await brain.memory.facts(later(9)) == [short]
    assert await brain.memory.closed(["f1"], later(9)) == {}
    assert await brain.memory.facts(later(10)) == []
    assert await brain.memory.search(["rain"], limit=5, now=later(10)) == []
    assert await brain.memory.same("it rains.", later(10)) is None
    assert await brain.memory.closed(["f1"], later(10)) == {"f1": None}
    assert await brain.memory.get(["f1"]) == {"f1": short}


async def test_a_successor_closes_what_it_supersedes(brain: Brain) -> None:
    await remember(brain, fact("f1", "Ada lives in Kiel."), fact("f2", "Ada sings."))
    moved = fact("f3", "Ada lives in Oslo.", at=later(60), supersedes="f1")
    await remember(brain, moved, at=later(60))
    assert await brain.memory.facts(later(60)) == [fact("f2", "Ada sings."), moved]
    closed = (await brain.memory.get(["f1"]))["f1"]
    assert (closed.sentence, closed.valid_until) == ("Ada lives in Kiel.", later(60))
    assert await brain.memory.closed(["f1", "f2", "f3", "nobody"], later(60)) == {"f1": moved}
    assert ids(await brain.memory.search(["live"], limit=5, now=later(60))) == ["f3"]
    assert await brain.memory.same("Ada lives in Kiel.", later(60)) is None


async def test_a_successor_closes_at_the_time_from_which_it_holds(brain: Brain) -> None:
    await remember(brain, fact("f1", "Ada lives in Kiel."))
    moved = Fact(
        id="f2",
        sentence="Ada lives in Oslo.",
        recorded_at=later(60),
        valid_from=later(30),
        supersedes="f1",
    )
    await remember(brain, moved, at=later(60))
    assert (await brain.memory.get(["f1"]))["f1"].valid_until == later(30)
    again = fact("f3", "Ada lives in Rome.", at=later(90), supersedes="f1")
    await remember(brain, again, at=later(90))
    assert (await brain.memory.get(["f1"]))["f1"].valid_until == later(30)


async def test_a_chain_names_the_next_link(brain: Brain) -> None:
    await remember(brain, fact("f1", "One."))
    second = fact("f2", "Two.", at=later(1), supersedes="f1")
    third = fact("f3", "Three.", at=later(2), supersedes="f2")
    await remember(brain, second)
    await remember(brain, third)
    closed = await brain.memory.closed(["f1", "f2", "f3"], later(3))
    assert {id_: next_ and next_.id for id_, next_ in closed.items()} == {"f1": "f2", "f2": "f3"}


async def test_a_fact_that_supersedes_an_unknown_one_stands_alone(brain: Brain) -> None:
    alone = fact("f1", "One.", supersedes="nobody")
    await remember(brain, alone)
    assert await brain.memory.facts(NOW) == [alone]


async def test_the_same_fact_id_again_changes_nothing(brain: Brain) -> None:
    await remember(brain, fact("f1", "Ada lives in Kiel."))
    moved = fact("f2", "Ada lives in Oslo.", at=later(1), supersedes="f1")
    await remember(brain, moved)
    await remember(brain, fact("f3", "Ada sings.", at=later(2)))
    before = await brain.memory.facts(later(3)), await brain.memory.get(["f1", "f2", "f3"])
    await remember(brain, moved)
    await remember(brain, fact("f2", "Something else.", at=later(2), supersedes="f3"))
    assert (
        await brain.memory.facts(later(3)),
        await brain.memory.get(["f1", "f2", "f3"]),
    ) == before
    assert ids(await brain.memory.search(["oslo"], limit=5, now=later(3))) == ["f2"]
    assert await brain.memory.search(["someth"], limit=5, now=later(3)) == []


@pytest.mark.parametrize(
    "sentence", ["ADA  lives\tin kiel. ", "ada lives in Kiel.", "\nAda lives in KIEL."]
)
async def test_letter_case_and_white_space_do_not_matter_to_sameness(
    brain: Brain, sentence: str
) -> None:
    await remember(brain, fact("f1", "Ada lives in Kiel."), fact("f2", "ada LIVES in kiel."))
    same = await brain.memory.same(sentence, NOW)
    assert same is not None
    assert same.id == "f1"


@pytest.mark.parametrize("sentence", ["Ada lives in Kiel", "Ada lives inKiel.", "Ada.", ""])
async def test_anything_else_is_not_the_same(brain: Brain, sentence: str) -> None:
    await remember(brain, fact("f1", "Ada lives in Kiel."))
    assert await brain.memory.same(sentence, NOW) is None


SENTENCES = {
    "call": "She called her mother.",
    "caller": "The CALLER was unknown.",
    "recall": "He can recall it.",
    "cafe": "They met in a Café.",
    "snake": "The name is max_open_files.",
    "kiel": "Ada lives in Kiel-Süd, at no. 42b.",
}


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (["call"], {"call", "caller"}),
        (["called"], {"call"}),
        (["caller"], {"caller"}),
        (["c"], {"call", "caller", "cafe", "recall"}),
        (["cafe"], {"cafe"}),
        (["open"], {"snake"}),
        (["openfiles"], set[str]()),
        (["max"], {"snake"}),
        (["sud"], {"kiel"}),
        (["42"], {"kiel"}),
        (["42b"], {"kiel"}),
        (["2b"], set[str]()),
        (["kiel", "moth"], {"kiel", "call"}),
        (["and"], set[str]()),
        (["or"], set[str]()),
        (["near"], set[str]()),
        ([], set[str]()),
    ],
)
async def test_a_term_matches_the_beginning_of_a_word(
    brain: Brain, terms: list[str], found: set[str]
) -> None:
    await remember(brain, *(fact(id_, sentence) for id_, sentence in SENTENCES.items()))
    assert set(ids(await brain.memory.search(terms, limit=20, now=NOW))) == found
    for id_, sentence in SENTENCES.items():
        await tell(brain, id_, sentence)
    assert {q.task_id for q in quotes(await brain.log.search(terms, limit=20, but_task=""))} == (
        found
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Ärger über Straße naïve Ångström",
        "мой новый йогурт, ёлка",
        "Ελλάδα και η θάλασσα",
        "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}stanbul'da ya\N{LATIN SMALL LETTER S WITH CEDILLA}am",
        "한국 사람",
        "ガラスのがくぶち",
        "她住在柏林",
        "\N{LATIN SMALL LIGATURE FI}le \uff46\uff55\uff4c\uff4c x² 1½ ①",
        "हिन्दी में",
        "עִבְרִית",
        "don't can\u2019t e-mail",
    ],
)
async def test_every_word_is_found_by_itself_in_any_script(brain: Brain, sentence: str) -> None:
    await remember(brain, fact("f1", sentence))
    await tell(brain, "one", sentence)
    terms = words(sentence)
    assert terms
    facts = [t for t in terms if not await brain.memory.search([t], limit=5, now=NOW)]
    quoted = [t for t in terms if not await brain.log.search([t], limit=5, but_task="")]
    assert (facts, quoted) == ([], [])


async def test_more_and_rarer_words_come_first(brain: Brain) -> None:
    await remember(brain, *(fact(f"tea{n}", f"Somebody number {n} drinks tea.") for n in range(8)))
    await remember(brain, fact("rare", "Somebody else has a harpsichord."))
    await remember(brain, fact("both", "Somebody plays harpsichord over tea."))
    found = await brain.memory.search(["tea", "harpsichord"], limit=20, now=NOW)
    assert ids(found)[:2] == ["both", "rare"]
    assert len(found) == 10
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)
    first = await brain.memory.search(["tea", "harpsichord"], limit=2, now=NOW)
    assert ids(first) == ["both", "rare"]


async def test_facts_that_hold_no_longer_take_no_room_from_those_that_do(brain: Brain) -> None:
    for n in range(6):
        before = f"f{n - 1}" if n else None
        await remember(brain, fact(f"f{n}", "Ada lives in Kiel.", at=later(n), supersedes=before))
    found = await brain.memory.search(["kiel"], limit=3, now=later(10))
    assert ids(found) == ["f5"]


# Working memory


def note(key: str, *, priority: int = 0, at: datetime = NOW, until: float | None = None) -> Note:
    return Note(
        task_id="one",
        key=key,
        value=f"value of {key}",
        written_at=at,
        note_kind="observation",
        priority=priority,
        expires_at=None if until is None else later(until),
    )


async def test_notes_come_by_priority_then_age_then_key(brain: Brain) -> None:
    wanted = [
        note("top", priority=5, at=later(9)),
        note("old", at=later(1)),
        note("a", at=later(2)),
        note("b", at=later(2)),
        note("low", priority=-1),
    ]
    other = Note(task_id="two", key="top", value="other", written_at=NOW)
    await brain.commit(Changeset(at=NOW, notes=(*reversed(wanted), other)))
    assert await brain.notes.live("one", NOW) == wanted
    assert await brain.notes.live("two", NOW) == [other]
    assert await brain.notes.live("three", NOW) == []


async def test_a_note_lives_until_it_expires(brain: Brain) -> None:
    await brain.commit(Changeset(at=NOW, notes=(note("short", until=10), note("long"))))
    assert [n.key for n in await brain.notes.live("one", later(9.999999))] == ["long", "short"]
    assert [n.key for n in await brain.notes.live("one", later(10))] == ["long"]


async def test_writing_a_key_again_replaces_the_whole_note(brain: Brain) -> None:
    await brain.commit(Changeset(at=NOW, notes=(note("k", until=10, priority=3),)))
    again = Note(task_id="one", key="k", value="new", written_at=later(20))
    await brain.commit(Changeset(at=later(20), notes=(again,)))
    assert await brain.notes.live("one", later(20)) == [again]


# Soul


async def test_the_latest_version_of_a_line_counts(brain: Brain) -> None:
    def line(section: str, key: str, text: str, at: datetime = NOW) -> SoulLine:
        match section:
            case "identity" | "values" | "style":
                return SoulLine(section=section, key=key, text=text, recorded_at=at)
            case _:
                raise AssertionError(section)

    await brain.commit(
        Changeset(at=NOW, soul=(line("values", "b", "kind"), line("style", "z", "short")))
    )
    await brain.commit(
        Changeset(at=NOW, soul=(line("values", "a", "brave"), line("identity", "x", "Ada")))
    )
    await brain.commit(
        Changeset(
            at=later(1),
            soul=(line("values", "b", "kinder", later(1)), line("style", "z", "", later(1))),
        )
    )
    soul = await brain.memory.soul()
    assert [(x.section, x.key, x.text, x.version) for x in soul] == [
        ("identity", "x", "Ada", 1),
        ("values", "a", "brave", 1),
        ("values", "b", "kinder", 2),
    ]
    assert [x.recorded_at for x in soul] == [NOW, NOW, later(1)]
    await brain.commit(Changeset(at=later(2), soul=(line("style", "z", "long", later(2)),)))
    back = next(x for x in await brain.memory.soul() if x.section == "style")
    assert (back.text, back.version) == ("long", 3)


async def test_a_line_of_the_soul_keeps_its_evidence(brain: Brain) -> None:
    evidence = (Span(task_id="one", ordinal=3, start=1, end=9), Span(task_id="two", ordinal=1))
    line = SoulLine(section="patterns", key="k", text="t", recorded_at=NOW, evidence=evidence)
    await brain.commit(Changeset(at=NOW, soul=(line,)))
    assert await brain.memory.soul() == [line]


# Sessions


async def test_a_new_session_closes_the_one_before(brain: Brain) -> None:
    assert await brain.session() is None
    first = Session(id="s1", opened_at=NOW, last_at=NOW)
    await brain.commit(Changeset(at=NOW, session=first))
    assert await brain.session() == first
    moved = Session(id="s1", opened_at=NOW, last_at=later(60))
    await brain.commit(Changeset(at=later(60), session=moved))
    assert await brain.session() == moved
    # opened before the first one: what counts is the order in which they are written
    second = Session(id="s0", opened_at=later(-9), last_at=later(90))
    await brain.commit(Changeset(at=later(90), session=second))
    assert await brain.session() == second
    closed = Session(id="s0", opened_at=later(-9), last_at=later(90), closed_at=later(99))
    await brain.commit(Changeset(at=later(99), session=closed))
    assert await brain.session() is None


# Owners

OWNERS = [
    "ada",
    "Ada",
    "ADA",
    "ada ",
    " ada",
    "ada.db",
    "ada/",
    "/ada",
    "../ada",
    "..",
    ".",
    "a/b",
    "a-b",
    "a.b",
    "a\\b",
    "a_b",
    "a%2Fb",
    "a:b",
    "~",
    "*",
    "-",
    "é",
    unicodedata.normalize("NFD", "é"),
    "日本",
    "日本語",
    "\N{FOX FACE}",
    "x" * 500,
    "x" * 499 + "y",
    "X" * 500,
    "\N{SNOWMAN}" * 500,
]


def top_folders(home: Path) -> set[str]:
    """Where below a home files were written."""
    return {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()}


async def test_owners_of_any_name_never_meet(brains: Brains, tmp_path: Path) -> None:
    for owner in OWNERS:
        brain = await brains.open(owner)
        assert brain.owner == owner
        assert await brain.memory.facts(NOW) == []
        await remember(brain, fact("f1", f"Secret of {owner!r}."))
        await tell(brain, "one", f"I am {owner!r}.")
    for owner in OWNERS:
        brain = await brains.open(owner)
        assert await brain.memory.facts(NOW) == [fact("f1", f"Secret of {owner!r}.")]
        assert texts_of(await brain.log.read("one")) == [f"I am {owner!r}."]
    assert top_folders(tmp_path) <= {"brains", "locks"}


@pytest.mark.parametrize(
    "owner", ["", "x" * 513, "a\nb", "a\x00b", "\t", "\ud800", "a\N{RIGHT-TO-LEFT OVERRIDE}b"]
)
async def test_names_that_are_no_names_are_refused(brains: Brains, owner: str) -> None:
    with pytest.raises(BadInput):
        await brains.open(owner)


async def test_a_brain_opened_twice_is_one_brain(brains: Brains, brain: Brain) -> None:
    await tell(brain, "one", "a")
    again = await brains.open("ada")
    assert texts_of(await again.log.read("one")) == ["a"]
    async with brain.lease("one"):
        with pytest.raises(TaskBusy):
            async with again.lease("one"):
                pytest.fail("held twice")


def test_file_names_differ_where_letter_case_is_lost_too() -> None:
    for one, other in combinations(OWNERS, 2):
        assert file_name(one).casefold() != file_name(other).casefold(), (one, other)


@given(st.text(min_size=1, max_size=512).filter(str.isprintable))
def test_a_file_name_is_safe_on_every_file_system(owner: str) -> None:
    name = file_name(owner)
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.")
    assert len(name) <= 120
    assert name.strip(".")
    assert file_name(owner) == name


async def test_data_stay_in_the_files(tmp_path: Path) -> None:
    for n in range(2):
        async with aclosing(SqliteBrains(tmp_path)) as brains:
            brain = await brains.open("ada")
            assert len(await brain.log.read("one")) == n
            (place,) = await tell(brain, "one", f"visit {n}")
            assert (place.ordinal, place.position) == (n + 1, n + 1)
