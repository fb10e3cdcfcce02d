"""What a write does to what was held before: a table of cases, and laws over any writes.

The first part of the table was written before any rule was; it is run apart.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from tests.upload.table import REFUSED, Case, Hall, Line, Store, cases, hall, without

from enplace.records.memory import Fact, Trust, trusted_less
from enplace.records.words import fold

FIRST, MORE = cases("first"), cases("more")


@pytest.mark.parametrize("store", ["sqlite", "memory"])
@pytest.mark.parametrize("case", FIRST, ids=str)
async def test_first_cases(case: Case, store: Store) -> None:
    await holds(case, store)


@pytest.mark.parametrize("store", ["sqlite", "memory"])
@pytest.mark.parametrize("case", MORE, ids=str)
async def test_more_cases(case: Case, store: Store) -> None:
    await holds(case, store)


async def holds(case: Case, store: Store) -> None:
    """Play a case, and compare all that it says."""
    async with hall(case.predicates, store) as room:
        assert await room.play(case.writes) == list(case.outcomes)
        for read in case.reads:
            assert await room.read(read) == read["objects"], read
            if "disputed" in read:
                assert await room.disputes(read) == read["disputed"], read
        asked, facts = await room.asked(), await room.facts_of()
        for label in case.retired_wrongly_if:
            assert not _is_lost(asked[room.numbers[label]], facts), label


def _is_lost(told: Fact, facts: Sequence[Fact]) -> bool:
    """Whether neither the fact itself stands nor one that says the same of the same time."""
    return not any(
        fact.id == told.id or (_says(fact) == _says(told) and fact.covers(told.start))
        for fact in facts
        if fact.state != "retired"
    )


def _says(fact: Fact) -> str:
    return fold(fact.object or fact.sentence)


@pytest.mark.parametrize("case", FIRST + MORE, ids=str)
async def test_undo_leaves_what_would_stand_without_the_write(case: Case) -> None:
    done = [w for w, told in zip(case.writes, case.outcomes, strict=True) if told != REFUSED]
    for index in _undoable(done):
        await undoes(case.predicates, done, index, case.reads, "memory")


def _undoable(writes: Sequence[Line]) -> list[int]:
    """Places of the writes that can be undone; a merge that was changed since cannot."""
    gone = {write["of"] for write in writes if write["op"] == "undo"}
    return [
        place
        for place, write in enumerate(writes)
        if write["op"] not in {"undo", "split"}
        and write.get("as") not in gone
        and not (write["op"] == "alias" and _names_change_after(writes, place))
    ]


def _names_change_after(writes: Sequence[Line], place: int) -> bool:
    about = {write["as"] for write in writes if write["op"] == "alias" and "as" in write}
    return any(
        write["op"] in {"alias", "split"} or write.get("of") in about
        for write in writes[place + 1 :]
    )


async def undoes(
    predicates: Mapping[str, str],
    writes: Sequence[Line],
    index: int,
    reads: Sequence[Line],
    store: Store,
) -> None:
    """Undo one of the writes; the same stands as if it had never been made."""
    named = [{**write, "as": write.get("as", f"write {i}")} for i, write in enumerate(writes)]
    last = datetime.fromisoformat(writes[-1]["recorded_at"])
    then = [{**read, "as_known": last.isoformat()} for read in reads]
    async with hall(predicates, store) as room, hall(predicates, store) as other:
        await room.play(named)
        believed = [await room.read(read) for read in then]
        undo = {"op": "undo", "of": named[index]["as"]}
        undo["recorded_at"] = (last + timedelta(days=1)).isoformat()
        assert await room.make(undo) == "undone"
        await other.play(without(named, index, await room.bearers()), leniently=True)
        assert await room.standing() == await other.standing()
        assert [await room.read(read) for read in then] == believed


# Laws over any writes

ONE, MANY = "lives_in", "likes"
CARDINALITY = {ONE: "one", MANY: "many"}
DAYS = 14
TRUSTS: tuple[Trust, ...] = ("user", "tool", "foreign")


def _day(day: float) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)


MOMENTS = [_day(half / 2 - 1) for half in range(2 * DAYS + 4)]
"""When it is asked what is true: on each day that writes speak of, and between."""
DAY = st.integers(0, DAYS)


@st.composite
def remembers(draw: st.DrawFn, *, names: bool) -> Line:
    """Something to remember; it may name what was remembered before."""
    write: dict[str, Any] = {
        "op": "remember",
        "subject": draw(st.sampled_from(["Ana", "Bo"])),
        "predicate": draw(st.sampled_from([ONE, ONE, MANY])),
        "object": draw(st.sampled_from(["oak", "elm", "fir"])),
        "trust": draw(st.sampled_from(TRUSTS)),
    }
    write["sentence"] = "{subject} {predicate} {object}.".format(**write)
    start, length = draw(st.none() | DAY), draw(st.none() | st.integers(1, DAYS))
    if start is not None:
        write["valid_from"] = _day(start).isoformat()
        if length is not None:
            write["valid_until"] = _day(start + length).isoformat()
    if names and draw(st.integers(0, 3)) == 0:
        write[draw(st.sampled_from(["supersedes", "corrects"]))] = draw(st.integers(0, 9))
    return write


@st.composite
def others(draw: st.DrawFn) -> Line:
    """Another write, about what was remembered before or about who is who."""
    operation = draw(st.sampled_from(["confirm", "forget", "undo", "close", "alias", "split"]))
    if operation in {"alias", "split"}:
        return {"op": operation, "of": "Ana", "name": "Bo"}
    about = {"op": operation, "of": draw(st.integers(0, 9))}
    return {**about, "at": _day(draw(DAY)).isoformat()} if operation == "close" else about


def _as_lines(drawn: Sequence[Line]) -> list[Line]:
    """Writes one by one, a third of a day apart; each names those before it by its label."""
    lines: list[Line] = []
    for index, write in enumerate(drawn):
        line = {**write, "as": str(index), "recorded_at": _day(index / 3 + 0.1).isoformat()}
        for key in ("of", "supersedes", "corrects"):
            if isinstance(line.get(key), int):
                line[key] = str(line[key] % max(1, index))
        lines.append(line)
    return lines


PLAIN = st.lists(remembers(names=False), min_size=2, max_size=8).map(_as_lines)
ANY = st.lists(remembers(names=True) | others(), min_size=2, max_size=10).map(_as_lines)


async def _held(room: Hall, subject: str, predicate: str) -> list[list[Fact]]:
    """What is held true, at each of the moments."""
    facts = [
        fact
        for fact in await room.facts_of()
        if (fact.subject, fact.predicate, fact.state) == (subject, predicate, "active")
    ]
    return [[fact for fact in facts if fact.covers(at)] for at in MOMENTS]


@given(ANY)
async def test_one_value_holds_at_a_time(writes: list[Line]) -> None:
    async with hall(CARDINALITY, "memory") as room:
        for write in writes:
            note(str(write))
            await room.make(write)
            for subject in ("Ana", "Bo"):
                for at in MOMENTS:
                    found = await room.owner.memory.facts(subject=subject, predicate=ONE, at=at)
                    assert len(found) <= 1, (write, at)


@given(PLAIN)
async def test_a_write_changes_nothing_that_it_does_not_speak_of(writes: list[Line]) -> None:
    async with hall(CARDINALITY, "memory") as room:
        for write in writes:
            place = (write["subject"], write["predicate"])
            before = await _held(room, *place)
            told = await room.make(write)
            after = await _held(room, *place)
            new = (await room.asked())[room.numbers[write["as"]]]
            for at, old, now in zip(MOMENTS, before, after, strict=True):
                says, said = {_says(fact) for fact in now}, {_says(fact) for fact in old}
                if told == "disputed" or not new.covers(at):
                    assert says == said, (write, told, at)
                elif write["predicate"] == MANY:
                    assert says == said | {new.object}
                else:
                    stronger = any(trusted_less(new.trust, fact.trust) for fact in old)
                    allowed = said if stronger else said | {new.object}
                    assert len(says) == 1, (write, at)
                    assert says <= allowed, (write, told, at)


@pytest.mark.parametrize("store", ["sqlite", "memory"])
@given(writes=ANY, which=st.integers(0, 9))
async def test_undo_of_any_write(writes: list[Line], which: int, store: Store) -> None:
    done: list[Line] = []
    async with hall(CARDINALITY, store) as room:
        for write in writes:
            # One that a merge made part of another may be forgotten alone; replayed it is both.
            gone = {f.id for f in await room.facts_of() if f.state == "retired"}
            is_gone = write["op"] == "forget" and room.facts.get(write["of"]) in gone
            if not is_gone and await room.make(write) != REFUSED:
                done.append(write)
    choice = _undoable(done)
    if choice:
        note(f"undone: {choice[which % len(choice)]} of {done}")
        reads = [
            {"subject": subject, "predicate": predicate, "at": at.isoformat()}
            for subject in ("Ana", "Bo")
            for predicate in CARDINALITY
            for at in MOMENTS[::5]
        ]
        await undoes(CARDINALITY, done, choice[which % len(choice)], reads, store)


async def test_what_is_said_again_is_less_in_doubt() -> None:
    async with hall({ONE: "one"}) as room:
        memory = room.owner.memory
        first = await memory.remember("Ana lives in Oslo.", subject="Ana", confidence=0.5)
        doubts = [0.5]
        for _ in range(3):
            room.clock.move(60)
            confirmed = await memory.confirm(first.memory.id)
            again = await memory.remember("Ana lives in Oslo.", subject="Ana", trust="foreign")
            assert (confirmed.outcome, again.outcome) == ("confirmed", "duplicate")
            for written in (confirmed, again):
                assert isinstance(written.memory, Fact)
                doubts.append(1 - written.memory.confidence)
        assert doubts == sorted(doubts, reverse=True)
        assert len(set(doubts)) == len(doubts)


async def test_recall_confirms_nothing() -> None:
    async with hall({ONE: "one"}) as room:
        memory = room.owner.memory
        told = await memory.remember("Ana lives in Oslo.", subject="Ana", confidence=0.5)
        room.clock.move(60)
        assert (await memory.recall("Where does Ana live?")).memories
        assert await memory.get(told.memory.id) == told.memory
        assert len((await memory.history(told.memory.id)).changes) == 1


async def test_less_trust_confirms_and_keeps_the_better() -> None:
    async with hall({ONE: "one"}) as room:
        home = {"op": "remember", "subject": "Ana", "predicate": ONE, "object": "Oslo"}
        line = {**home, "sentence": "Ana lives in Oslo.", "recorded_at": MOMENTS[0].isoformat()}
        found: list[tuple[str, Trust]] = []
        for trust in ("tool", "foreign", "user"):
            told = await room.make({**line, "trust": trust})
            found.append((told, (await room.facts_of())[0].trust))
        assert found == [("added", "tool"), ("confirmed", "tool"), ("confirmed", "user")]
