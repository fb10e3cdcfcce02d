"""The ports of a brain, asked of every store."""

import unicodedata
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.making import (
    NOW,
    asking,
    fact,
    found,
    later,
    person,
    places,
    remember,
    said,
    tell,
    texts_of,
)

from enplace.errors import BadInput, LeaseLost, StaleMemory, StoreError, TaskBusy, UsageError
from enplace.ports import Brain, Brains
from enplace.records.canonical import digest
from enplace.records.changeset import Changeset, Lease
from enplace.records.event import NoteWritten, Place
from enplace.records.memory import Fact, Note, SoulLine, Span
from enplace.records.standing import standing_of
from enplace.records.task import Due, Session
from enplace.records.write import Keep, Write
from enplace.stores.names import file_name
from enplace.stores.sqlite.brain import SqliteBrains

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


# Writing all or nothing


async def everything(brain: Brain, lease: Lease | None, task_id: str | None) -> Changeset:
    """A changeset that writes to every store of a brain."""
    return Changeset(
        at=NOW,
        task_id=task_id,
        events=said("secret"),
        lease=lease,
        texts=("secret",),
        memories=(fact("f2", "Secret.", supersedes="f1"), person("p1", "Secret")),
        changes=(standing_of(fact("f1", "Gone."), "closed", by="f2"),),
        write=Write(id=0, at=NOW, operation=Keep(target="p1"), outcome="added", target="p1"),
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
        "due": await brain.log.due(),
        "notes": await brain.notes.live("one", NOW),
        "memories": await brain.memory.all(limit=9, everything=True),
        "changes": await brain.memory.changes(["f1", "f2", "p1"]),
        "writes": await brain.memory.writes(limit=9),
        "found": await brain.index.gather(asking("secret")),
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
            memories=(fact("f1", "Ada lives in Kiel."),),
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


async def revision_of(brain: Brain, about: Fact) -> int:
    seen: list[int] = []
    await brain.weigh(about, lambda near: seen.append(near.revision), holds_one=True)
    return seen[-1]


async def test_a_commit_that_builds_on_an_old_revision_leaves_nothing(brain: Brain) -> None:
    about = fact("f9", "Anything.")
    old = await revision_of(brain, about)
    async with furnished(brain):
        new = await revision_of(brain, about)
        assert new > old
        with pytest.raises(StaleMemory):
            await brain.commit(replace(await everything(brain, None, "one"), revision=old))
    await brain.commit(replace(await everything(brain, None, "one"), revision=new))


@pytest.mark.parametrize("broken", ["a memory twice", "a change of nobody", "a key twice"])
async def test_a_commit_that_cannot_be_written_leaves_nothing(brain: Brain, broken: str) -> None:
    await remember(brain, person("p0", "Bo"), key="k")
    change = await everything(brain, None, "one")
    assert change.write is not None
    match broken:
        case "a memory twice":
            change = replace(change, memories=(*change.memories, person("p0", "Secret")))
        case "a change of nobody":
            made = standing_of(person("p9", "Nobody"))
            change = replace(change, changes=(*change.changes, made))
        case _:
            change = replace(change, write=replace(change.write, key="k"))
    async with furnished(brain):
        with pytest.raises(StoreError):
            await brain.commit(change)


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
    await remember(brain, fact("f1", "Ada lives in Kiel."))
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


async def test_sweeping_deletes_what_has_expired_in_every_task(brain: Brain) -> None:
    other = Note(task_id="two", key="k", value="v", written_at=NOW, expires_at=later(5))
    await brain.commit(
        Changeset(
            at=NOW, notes=(note("short", until=5), note("later", until=6), note("ever"), other)
        )
    )
    assert await brain.notes.sweep(later(4)) == 0
    assert await brain.notes.sweep(later(5)) == 2
    assert await brain.notes.sweep(later(5)) == 0
    assert [n.key for n in await brain.notes.live("one", NOW)] == ["ever", "later"]
    assert await brain.notes.live("two", NOW) == []


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
    history = await brain.memory.soul(history=True)
    assert [(x.key, x.version, x.text) for x in history] == [
        ("x", 1, "Ada"),
        ("z", 1, "short"),
        ("z", 2, ""),
        ("z", 3, "long"),
        ("a", 1, "brave"),
        ("b", 1, "kind"),
        ("b", 2, "kinder"),
    ]


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


async def test_a_session_that_was_closed_stays_closed(brain: Brain) -> None:
    closed = Session(id="s1", opened_at=NOW, last_at=NOW, closed_at=later(9))
    await brain.commit(Changeset(at=NOW, session=replace(closed, closed_at=None)))
    await brain.commit(Changeset(at=later(9), session=closed))
    again = replace(closed, last_at=later(20), closed_at=None)
    await brain.commit(Changeset(at=later(20), session=again))
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
        assert await found(brain, asking("secret of anybody")) == ["f1"]
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
