"""Learning from the log in batches, asked of every store."""

from asyncio import gather
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from tests.contract.making import NOW, fact, later, person, remember, said, tell, write

from enplace.errors import StoreError
from enplace.ports import Brain
from enplace.records.changeset import Changeset
from enplace.records.learning import Adopt, Assert, Attempt, Batch, End, Meet, Proposal, Report
from enplace.records.memory import Episode, Fact, Person, SoulLine, Span
from enplace.records.standing import standing_of
from enplace.records.task import Due
from enplace.records.write import (
    Close,
    Keep,
    Operation,
    Outcome,
    Remember,
    Surroundings,
    Undo,
    Write,
)

Decide = Callable[[Proposal, Surroundings], Sequence[Changeset]]


def batch(
    id_: str = "b1", *, task_id: str = "one", after: int = 0, upto: int = 1, heard: int = 0
) -> Batch:
    return Batch(
        id=id_,
        task_id=task_id,
        after=after,
        upto=upto,
        at=NOW,
        extractor="rules/1",
        reason="idle",
        report=Report(heard=heard, dropped={"question": 1}),
    )


def lives(id_: str, town: str, *, at: float = 0, evidence: tuple[Span, ...] = ()) -> Fact:
    return replace(
        fact(
            id_,
            f"Ada lives in {town}.",
            at=later(at),
            subject="Ada",
            predicate="lives_in",
            object=town,
        ),
        evidence=evidence,
    )


def asserting(*facts: Fact) -> list[Proposal]:
    return [Assert(fact=each, rule="test") for each in facts]


def made(operation: Operation, outcome: Outcome, target: str) -> Write:
    return Write(id=0, at=NOW, operation=operation, outcome=outcome, target=target)


def adding(proposal: Proposal, near: Surroundings) -> list[Changeset]:
    """Writes whatever is proposed, as if nothing else were known."""
    match proposal:
        case Assert():
            told = made(Remember(fact=proposal.fact), "added", proposal.fact.id)
            memory: Fact | Person | Episode = proposal.fact
        case Meet():
            told = made(Keep(target=proposal.memory.id), "added", proposal.memory.id)
            memory = proposal.memory
        case Adopt():
            return [Changeset(at=NOW, soul=(proposal.line,))]
        case End():
            return []
    return [Changeset(at=NOW, memories=(memory,), write=told, revision=near.revision)]


def only_new(proposal: Proposal, near: Surroundings) -> list[Changeset]:
    """Confirms what is there already."""
    assert isinstance(proposal, Assert)
    known = [other for other in near.facts if other.object == proposal.fact.object]
    if not known:
        return adding(proposal, near)
    change = standing_of(replace(known[0], confidence=0.5), "confirmed")
    told = made(Remember(fact=proposal.fact), "confirmed", known[0].id)
    return [Changeset(at=NOW, changes=(change,), write=told)]


async def all_of(brain: Brain) -> list[object]:
    """Everything that learning touches."""
    ids = [memory.id for memory in await brain.memory.all(limit=100, everything=True)]
    return [
        await brain.memory.get(ids),
        await brain.memory.changes(ids),
        await brain.memory.writes(limit=100),
        await brain.memory.soul(history=True),
        await brain.lessons.batches(limit=100),
        await brain.lessons.attempts(),
        await brain.lessons.due(),
        await brain.lessons.cursor("one"),
    ]


async def say(brain: Brain, task_id: str, *texts: str) -> int:
    """Say something and let it wait to be learned from; the last position."""
    commit = await brain.commit(Changeset(at=NOW, task_id=task_id, events=said(*texts), due="turn"))
    place = commit.events[-1].place
    assert place is not None
    return place.position


async def test_a_batch_writes_what_it_learned_and_moves_the_cursor(brain: Brain) -> None:
    upto = await say(brain, "one", "I live in Porto.", "I like tea.")
    line = SoulLine(section="style", key="short", text="Be brief.", recorded_at=NOW)
    proposals = [
        *asserting(lives("f1", "Porto")),
        Meet(memory=person("p1", "Bo"), rule="test"),
        Adopt(line=line, rule="test"),
    ]
    done = await brain.learn(batch(upto=upto, heard=2), proposals, adding)
    assert done is not None
    assert done.write == 2
    assert await brain.lessons.cursor("one") == upto
    assert [f.id for f in await brain.memory.facts(NOW)] == ["f1"]
    assert [p.id for p in await brain.memory.people()] == ["p1"]
    assert await brain.memory.soul() == [replace(line, batch="b1")]
    assert [w.batch for w in await brain.memory.writes(limit=9)] == ["b1", "b1"]
    report = Report(heard=2, outcomes={"added": 2, "adopted": 1}, dropped={"question": 1})
    assert await brain.lessons.batches(limit=9) == [replace(batch(upto=upto), report=report)]
    assert await brain.lessons.batch("b1") == (replace(batch(upto=upto), report=report), [1, 2])
    assert await brain.lessons.batch("b2") is None


async def test_what_was_learned_is_found_at_once(brain: Brain) -> None:
    await brain.learn(batch(), asserting(lives("f1", "Porto")), adding)
    assert (await brain.memory.get(["f1"]))["f1"].state == "active"
    assert [text for _, text in await brain.index.unencoded("toy", 9)] == ["Ada lives in Porto."]


async def test_an_explicit_write_belongs_to_no_batch(brain: Brain) -> None:
    await remember(brain, lives("f1", "Porto"))
    assert [w.batch for w in await brain.memory.writes(limit=9)] == [None]


@pytest.mark.parametrize(
    "stale",
    [batch("b2"), batch("b2", after=3, upto=9), batch("b2", after=5, upto=5)],
    ids=["learned already", "somewhere else", "nothing"],
)
async def test_only_what_stands_behind_the_cursor_is_learned_from(
    brain: Brain, stale: Batch
) -> None:
    await brain.learn(batch(upto=5), asserting(lives("f1", "Porto")), adding)
    before = await all_of(brain)

    def never(proposal: Proposal, near: Surroundings) -> list[Changeset]:
        raise AssertionError(proposal, near)

    assert await brain.learn(stale, asserting(lives("f2", "Lisbon")), never) is None
    assert await all_of(brain) == before


async def test_of_two_that_learn_the_same_one_does(brain: Brain) -> None:
    done = await gather(
        brain.learn(batch("b1"), asserting(lives("f1", "Porto")), adding),
        brain.learn(batch("b2"), asserting(lives("f2", "Porto")), adding),
    )
    assert [each is None for each in done] == [False, True]
    assert len(await brain.memory.facts(NOW)) == 1
    assert [b.id for b in await brain.lessons.batches(limit=9)] == ["b1"]


async def test_each_task_has_its_cursor(brain: Brain) -> None:
    await brain.learn(batch("b1", upto=7), [], adding)
    assert await brain.lessons.cursor("two") == 0
    assert await brain.learn(batch("b2", task_id="two", upto=3), [], adding) is not None
    assert (await brain.lessons.cursor("one"), await brain.lessons.cursor("two")) == (7, 3)


async def test_a_batch_that_fails_writes_nothing(brain: Brain) -> None:
    await remember(brain, lives("f0", "Lisbon"))
    upto = await say(brain, "one", "I live in Porto.")
    await brain.lessons.attempt("one", 0, NOW)
    before = await all_of(brain)

    def failing(proposal: Proposal, near: Surroundings) -> Sequence[Changeset]:
        assert isinstance(proposal, Assert)
        if proposal.fact.id == "f2":
            raise ZeroDivisionError
        return adding(proposal, near)

    proposals = asserting(lives("f1", "Porto"), lives("f2", "Faro"))
    with pytest.raises(ZeroDivisionError):
        await brain.learn(batch(upto=upto), proposals, failing)
    assert await all_of(brain) == before
    with pytest.raises(StoreError):  # the same memory twice
        await brain.learn(batch(upto=upto), asserting(*[lives("f1", "Porto")] * 2), adding)
    assert await all_of(brain) == before
    found = {text for _, text in await brain.index.unencoded("toy", 9)}
    assert found == {"Ada lives in Lisbon.", "I live in Porto."}
    assert await brain.learn(batch(upto=upto), proposals, adding) is not None


async def test_a_dry_batch_decides_on_everything_and_writes_nothing(brain: Brain) -> None:
    upto = await say(brain, "one", "I live in Porto.")
    await brain.lessons.attempt("one", 0, NOW)
    before = await all_of(brain)
    seen: list[list[str]] = []

    def noting(proposal: Proposal, near: Surroundings) -> list[Changeset]:
        seen.append([f.id for f in near.facts])
        return adding(proposal, near)

    proposals = asserting(lives("f1", "Porto"), lives("f2", "Faro"))
    done = await brain.learn(batch(upto=upto), proposals, noting, dry=True)
    assert done is not None
    assert done.write == 0
    assert seen == [[], ["f1"]]
    assert await all_of(brain) == before
    assert await brain.learn(batch(after=1, upto=9), proposals, noting, dry=True) is None
    done = await brain.learn(batch(upto=upto), proposals, noting)
    assert done is not None
    assert done.write == 2


async def test_each_proposal_sees_what_those_before_it_wrote(brain: Brain) -> None:
    proposals = asserting(lives("f1", "Porto"), lives("f2", "Porto"), lives("f3", "Faro"))
    await brain.learn(batch(), proposals, only_new)
    assert [f.id for f in await brain.memory.facts(NOW)] == ["f1", "f3"]
    (done,) = await brain.lessons.batches(limit=9)
    assert done.report.outcomes == {"added": 2, "confirmed": 1}


async def test_all_that_a_place_holds_is_near_whatever_its_predicate(brain: Brain) -> None:
    likes = [
        fact(f"f{n}", f"Ada likes {what}.", subject="Ada", predicate="likes", object=what)
        for n, what in enumerate(("tea", "gin", "rum"))
    ]
    await remember(brain, *likes, lives("f9", "Porto"), person("p1", "Ada", "Countess"))
    new = fact("f5", "Countess likes ale.", subject="countess", predicate="likes", object="ale")
    about = replace(new, id="e1", sentence="Ada likes nothing.", object=None)
    seen: list[tuple[set[str], frozenset[str]]] = []

    def noting(_: Proposal, near: Surroundings) -> list[Changeset]:
        seen.append(({f.id for f in near.facts}, near.names))
        return []

    proposals = [
        *asserting(new),
        Assert(fact=new, rule="test", instead_of=""),
        End(about=about, rule="test", until=NOW),
        Meet(memory=person("p2", "Ada"), rule="test"),
        Adopt(line=SoulLine(section="style", key="k", text="t", recorded_at=NOW), rule="test"),
    ]
    await brain.learn(batch(), proposals, noting)
    place = ({"f0", "f1", "f2"}, frozenset({"ada", "countess"}))
    assert seen[:3] == [place] * 3
    assert not any(facts or names for facts, names in seen[3:])


async def test_what_a_fact_followed_is_near_where_that_fact_is_to_go(brain: Brain) -> None:
    first = replace(lives("f1", "Porto"), valid_until=later(60))
    second = replace(lives("f2", "Faro", at=60), supersedes="f1")
    await remember(brain, first, second)
    seen: list[set[str]] = []

    def noting(_: Proposal, near: Surroundings) -> list[Changeset]:
        seen.append({f.id for f in near.facts})
        return []

    new = lives("f3", "Lagos", at=120)
    await brain.learn(batch(), [Assert(fact=new, rule="test", instead_of="Faro")], noting)
    assert seen == [{"f1", "f2"}]


async def test_a_proposal_may_be_several_writes_or_none(brain: Brain) -> None:
    await remember(brain, lives("f0", "Lisbon"))

    def moving(proposal: Proposal, near: Surroundings) -> list[Changeset]:
        assert isinstance(proposal, Assert)
        if proposal.fact.object == "Faro":
            return []
        (old,) = near.facts
        change = standing_of(replace(old, valid_until=NOW), "closed")
        told = made(Close(target=old.id, until=NOW), "closed", old.id)
        closing = Changeset(at=NOW, changes=(change,), write=told, revision=near.revision)
        return [closing, *adding(proposal, near)]

    proposals = asserting(lives("f1", "Porto"), lives("f2", "Faro"))
    done = await brain.learn(batch(), proposals, moving)
    assert done is not None
    assert done.write == 3
    assert [f.id for f in await brain.memory.facts(NOW)] == ["f1"]
    found = await brain.lessons.batch("b1")
    assert found is not None
    assert (found[0].report.outcomes, found[1]) == ({"added": 1, "closed": 1}, [2, 3])


async def test_outcomes_are_added_to_those_that_a_report_has(brain: Brain) -> None:
    begun = replace(batch(), report=Report(heard=3, outcomes={"added": 2, "ignored": 1}))
    await brain.learn(begun, asserting(lives("f1", "Porto")), adding)
    (done,) = await brain.lessons.batches(limit=1)
    assert done.report == Report(heard=3, outcomes={"added": 3, "ignored": 1})


async def test_an_id_of_a_batch_is_used_once(brain: Brain) -> None:
    await brain.learn(batch("b1"), [], adding)
    with pytest.raises(StoreError):
        await brain.learn(batch("b1", after=1, upto=2), [], adding)
    assert await brain.lessons.cursor("one") == 1


# What waits


async def test_what_stands_behind_the_cursor_waits(brain: Brain) -> None:
    assert await brain.lessons.due() == []
    first = await say(brain, "one", "a", "b")
    await tell(brain, "three", "nobody said that this waits")
    other = await say(brain, "two", "c")
    waiting = [
        Due(task_id="one", position=first, reason="turn"),
        Due(task_id="two", position=other, reason="turn"),
    ]
    assert await brain.lessons.due() == waiting
    await brain.learn(batch("b1", upto=1), [], adding)
    assert await brain.lessons.due() == waiting
    await brain.learn(batch("b2", after=1, upto=first), [], adding)
    assert await brain.lessons.due() == waiting[1:]
    assert await brain.log.due() == waiting
    last = await say(brain, "one", "d")
    assert await brain.lessons.due() == [
        waiting[1],
        Due(task_id="one", position=last, reason="turn"),
    ]


async def test_tries_are_counted_until_their_stretch_is_learned_from(brain: Brain) -> None:
    tried = await brain.lessons.attempt("one", 0, NOW)
    assert tried == Attempt(task_id="one", after=0, tries=1, at=NOW)
    failed = await brain.lessons.attempt("one", 0, later(1), "poison")
    assert failed == replace(tried, trouble="poison")
    again = await brain.lessons.attempt("one", 0, later(9))
    assert again == Attempt(task_id="one", after=0, tries=2, at=later(9))
    further = await brain.lessons.attempt("one", 4, later(5))
    elsewhere = await brain.lessons.attempt("two", 0, later(6))
    assert await brain.lessons.attempts() == [further, elsewhere, again]
    await brain.learn(batch(upto=4), [], adding)
    assert await brain.lessons.attempts() == [further, elsewhere]


async def test_batches_come_with_the_last_one_first(brain: Brain) -> None:
    for n in range(4):
        await brain.learn(batch(f"b{n}", after=n, upto=n + 1), [], adding)
    aside = replace(batch("b4", after=4, upto=5), state="set_aside")
    await brain.learn(replace(aside, report=Report(trouble="poison")), [], adding)
    await brain.lessons.take_back("b2", rewind=False)

    async def ids(**asked: object) -> list[str]:
        return [b.id for b in await brain.lessons.batches(**{"limit": 9, **asked})]  # type: ignore[arg-type]

    assert await ids() == ["b4", "b3", "b2", "b1", "b0"]
    assert await ids(limit=2) == ["b4", "b3"]
    assert await ids(state="done") == ["b3", "b1", "b0"]
    assert await ids(state="done", limit=1) == ["b3"]
    assert await ids(state="rolled_back") == ["b2"]
    assert await ids(state="set_aside") == ["b4"]


async def test_a_batch_is_taken_back_and_its_stretch_waits_again_where_it_is_asked_for(
    brain: Brain,
) -> None:
    upto = await say(brain, "one", "a", "b", "c")
    await brain.learn(batch("b1", upto=1), asserting(lives("f1", "Porto")), adding)
    await brain.learn(batch("b2", after=1, upto=2), [], adding)
    await brain.learn(batch("b3", after=2, upto=upto), [], adding)
    await brain.lessons.take_back("b1", rewind=False)
    assert await brain.lessons.cursor("one") == upto
    assert await brain.lessons.due() == []
    await brain.lessons.take_back("b2", rewind=True)
    assert await brain.lessons.cursor("one") == 1
    assert [due.position for due in await brain.lessons.due()] == [upto]
    await brain.lessons.take_back("b3", rewind=True)
    assert await brain.lessons.cursor("one") == 1
    states = {b.id: b.state for b in await brain.lessons.batches(limit=9)}
    assert states == {"b1": "rolled_back", "b2": "rolled_back", "b3": "rolled_back"}
    assert len(await brain.memory.facts(NOW)) == 1  # whoever takes it back undoes its writes
    assert await brain.learn(batch("b4", after=1, upto=upto), [], adding) is not None
    with pytest.raises(StoreError):
        await brain.lessons.take_back("b9", rewind=True)


# Evidence


async def test_evidence_is_of_whatever_wrote_or_confirmed_a_memory(brain: Brain) -> None:
    spans = [Span(task_id="one", ordinal=n, start=0, end=9) for n in range(5)]
    proposals = asserting(
        lives("f1", "Porto", evidence=(spans[0], spans[1])),
        lives("f2", "Porto", evidence=(spans[1], spans[2])),
        lives("f3", "Faro", evidence=(spans[3],)),
        lives("f4", "Porto", evidence=(spans[4],)),
    )
    await brain.learn(batch(), proposals, only_new)
    assert await brain.lessons.evidence("f1") == [*spans[:3], spans[4]]
    assert await brain.lessons.evidence("f3") == [spans[3]]
    assert await brain.lessons.evidence("f2") == []
    await write(brain, Undo(write=4), "f1")
    assert await brain.lessons.evidence("f1") == spans[:3]


async def test_evidence_is_of_people_and_episodes_too(brain: Brain) -> None:
    span = Span(task_id="one", ordinal=1)
    bo = replace(person("p1", "Bo"), evidence=(span,))
    await remember(brain, bo)
    assert await brain.lessons.evidence("p1") == [span]
    assert await brain.lessons.evidence("p2") == []
