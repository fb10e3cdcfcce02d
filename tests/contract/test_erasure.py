"""Erasing for good: what goes, what stays, and what is told of it, in every store."""

from collections.abc import Sequence
from dataclasses import asdict

import pytest
from tests.conftest import StandingClock
from tests.engine.house import House, only

from enplace.errors import BadInput, MemoryNotFound, TaskBusy, TaskNotFound, UsageError
from enplace.ports import Brains
from enplace.providers.scripted import call
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.records.changeset import Changeset
from enplace.records.erasure import MARK, ErasurePlan
from enplace.records.event import EpochOpened, Erased, Framed, MessageHeard, UserSpoke
from enplace.records.learning import Proposal
from enplace.records.memory import Fact, Span
from enplace.records.write import Surroundings
from enplace.wire.openai_chat import to_openai

pytestmark = pytest.mark.anyio


@pytest.fixture
def house(brains: Brains) -> House:
    return House(clock=StandingClock(), brains=brains, embedder=ScriptedEmbedder())


async def everything(house: House) -> str:
    """All that is kept, as anybody may read it."""
    owner, told = house.owner, list[object]()
    brain = await house.brains.open("ada")
    for task in await owner.tasks():
        events = [*await owner.log(task.task_id), *await owner.dead_branches(task.task_id)]
        told += [task.task_id, events, await owner.notes(task.task_id)]
        texts = [f.text for e in only(Framed, events) for f in e.frames]
        told += [await brain.log.texts([*texts, *(e.receipt or "" for e in only(Framed, events))])]
    memories = await owner.memory.all(everything=True, limit=1_000)
    told += [memories, await owner.soul(history=True), await owner.memory.writes()]
    told += [await brain.memory.changes([memory.id for memory in memories])]
    told += [await brain.index.speakers(), await owner.recall("what is known", limit=100)]
    return repr(told).casefold()


async def sent(house: House, task: str = "t") -> str:
    return repr(to_openai(await house.owner.context(task)))


# What a plan tells


async def test_a_plan_changes_nothing_and_tells_what_would_go(house: House) -> None:
    written = await house.owner.remember("Ada's door code is 4711.", object="4711")
    await house.owner.remember("Ada likes tea.")
    before = await everything(house)

    plan = await house.owner.erasure.plan(ids=[written.memory.id])

    assert [(each.id, each.kind, each.why) for each in plan.memories] == [
        (written.memory.id, "fact", "chosen")
    ]
    assert set(plan.words) == {"Ada's door code is 4711", "4711"}
    assert await everything(house) == before
    assert plan.digest == (await house.owner.erasure.plan(ids=[written.memory.id])).digest


async def test_a_value_that_others_share_is_no_word_of_a_plan(house: House) -> None:
    written = await house.owner.remember("Ada lives in Porto.", subject="Ada", object="Porto")
    await house.owner.remember("Bo was born in Porto.", subject="Bo")

    plan = await house.owner.erasure.plan(ids=[written.memory.id])

    assert plan.words == ("Ada lives in Porto",)


async def test_what_is_not_there_cannot_be_planned(house: House) -> None:
    erasure = house.owner.erasure
    with pytest.raises(MemoryNotFound):
        await erasure.plan(ids=["f0"])
    with pytest.raises(MemoryNotFound):
        await erasure.plan(ids=["said:t:1"])
    with pytest.raises(TaskNotFound):
        await erasure.plan(task="nowhere")
    with pytest.raises(MemoryNotFound):
        await erasure.plan(session="never")
    for wrong in ({}, {"person": "Bo", "task": "t"}, {"person": "B"}, {"person": "Ada"}):
        with pytest.raises(BadInput):
            await erasure.plan(**wrong)
    assert (await erasure.plan(person="Nobody")).memories == ()


# By id


async def test_a_memory_goes_with_its_evidence_and_all_that_says_it(house: House) -> None:
    await house.say("My door code is 4711. I like tea.", "Noted: your door code is 4711.")
    place = only(UserSpoke, await house.owner.log("t"))[0].place
    assert place is not None
    code = await house.owner.remember(
        "Ada's door code is 4711.",
        object="4711",
        evidence=[Span(task_id="t", ordinal=place.ordinal, start=0, end=21)],
    )
    tea = await house.owner.remember(
        "Ada likes tea.",
        evidence=[Span(task_id="t", ordinal=place.ordinal, start=22, end=33)],
    )
    await house.owner.note("t", "todo", "Ask about the code 4711")
    await house.owner.describe("identity", "door", "Has the door code 4711")
    await house.say("What is my door code?", "It is 4711.", task="u")
    assert "4711" in await everything(house)

    receipt = await house.owner.erasure.execute(
        await house.owner.erasure.plan(ids=[code.memory.id])
    )

    assert receipt.clean, receipt
    assert receipt.deleted["memories"] == 1
    assert receipt.deleted["writes"] == 1
    assert receipt.derived["items"] > 0
    assert "4711" not in await everything(house)
    spoke = only(UserSpoke, await house.owner.log("t"))[0]
    assert spoke.text == f"{MARK} I like tea."
    kept = await house.owner.memory.get(tea.memory.id)
    assert isinstance(kept, Fact)
    span = kept.evidence[0]
    assert spoke.text[span.start : span.end] == "I like tea."
    assert [line.text for line in await house.owner.soul()] == []
    assert [note.value for note in await house.owner.notes("t")] == [f"Ask about the code {MARK}"]
    with pytest.raises(MemoryNotFound):
        await house.owner.memory.get(code.memory.id)


async def test_what_was_learned_from_the_same_words_alone_goes_as_well(house: House) -> None:
    await house.say("Marta moved to Porto in May.")
    place = only(UserSpoke, await house.owner.log("t"))[0].place
    assert place is not None
    whole = Span(task_id="t", ordinal=place.ordinal, start=0, end=28)
    one = await house.owner.remember("Marta moved to Porto.", evidence=[whole])
    other = await house.owner.remember("The user told of a move in May.", evidence=[whole])

    plan = await house.owner.erasure.plan(ids=[one.memory.id])
    receipt = await house.owner.erasure.execute(plan)

    assert {(each.id, each.why) for each in plan.memories} == {
        (one.memory.id, "chosen"),
        (other.memory.id, "derived"),
    }
    assert receipt.derived["facts"] == 1


async def test_a_message_goes_by_the_name_that_a_recall_gives_it(house: House) -> None:
    await house.say("The alarm of the old house rings at seven.")
    found = await house.owner.recall("when does the alarm ring", limit=1)
    assert found.memories[0].id.startswith("said:")

    await house.owner.erasure.execute(await house.owner.erasure.plan(ids=[found.memories[0].id]))

    assert "alarm" not in await everything(house)
    found = await house.owner.recall("when does the alarm ring")
    assert "said:t:2" not in {memory.id for memory in found.memories}


async def test_erased_writes_are_never_undone_and_their_keys_not_used_again(house: House) -> None:
    first = await house.owner.remember(
        "Ada lives in Lisbon.", subject="Ada", predicate="lives_in", object="Lisbon"
    )
    written = await house.owner.remember(
        "Ada lives in Porto.",
        subject="Ada",
        predicate="lives_in",
        object="Porto",
        idempotency_key="k",
    )
    later = await house.owner.remember("Ada likes tea.", subject="Ada", predicate="likes")

    await house.owner.erasure.execute(await house.owner.erasure.plan(ids=[written.memory.id]))

    with pytest.raises(UsageError, match="erased"):
        await house.owner.memory.undo(written.write)
    with pytest.raises(UsageError, match="erased"):
        await house.owner.remember("Ada lives in Porto.", idempotency_key="k")
    writes = await house.owner.memory.writes()
    assert [(write.id, write.outcome) for write in writes] == [
        (later.write, "added"),
        (written.write, "erased"),
        (first.write, "added"),
    ]
    # what it closed stays closed, even where all is weighed anew
    await house.owner.memory.undo(later.write)
    old = await house.owner.memory.get(first.memory.id)
    assert isinstance(old, Fact)
    assert old.valid_until is not None


async def test_a_stale_write_is_noticed_across_an_erasure(house: House) -> None:
    brain = await house.brains.open("ada")
    one = await house.owner.remember("Ada plays chess on Sundays.")
    before = (await brain.memory.woven(holds_one=lambda _: False)).revision
    await house.owner.erasure.execute(await house.owner.erasure.plan(ids=[one.memory.id]))
    assert (await brain.memory.woven(holds_one=lambda _: False)).revision > before - 1
    await house.owner.remember("Ada plays go on Mondays.")
    assert (await brain.memory.woven(holds_one=lambda _: False)).revision > before


# By person


async def marta(house: House) -> None:
    """Somebody who is spoken of everywhere."""
    owner = house.owner
    await owner.people.know("Marta", aliases=["Martinha"])
    await owner.people.know("Bo")
    await owner.people.relate("Marta", "sister_of", "Bo")
    await owner.remember("Marta lives in Porto.", subject="Marta", object="Porto")
    await owner.remember("Bo lives in Porto.", subject="Bo", object="Porto")
    await owner.episodes.remember(
        "the dinner with Marta in Porto",
        "Marta and Bo had dinner in the harbour of Porto in May 2026.",
        "The fish was good, and the place is called Cais.",
        participants=["Marta", "Bo"],
    )
    await owner.documents.add("guests.md", "# Guests of Marta\n\nBo comes. MARTINHA comes late.\n")
    await owner.describe("identity", "family", "Is a friend of Marta")
    await owner.note("Marta's cake", "who", "The cake is for Marta")
    await owner.hear(
        "call",
        [
            MessageHeard(speaker="Marta", text="I am on my way.", said_at=house.clock.now()),
            MessageHeard(speaker="Bo", text="Hello martinha!", said_at=house.clock.now()),
        ],
    )
    await house.say("Marta's birthday is soon. What does MARTA like?", "Marta likes cake.")
    await house.say("And Bo?", "Bo likes fish.")
    await owner.encoded()


async def test_a_person_is_nowhere_to_be_found(house: House) -> None:
    await marta(house)

    plan = await house.owner.erasure.plan(person="martinha")
    receipt = await house.owner.erasure.execute(plan)

    assert set(plan.names) == {"Marta", "Martinha"}
    assert receipt.clean, receipt
    assert "marti" not in await everything(house)
    assert "marta" not in await everything(house)
    kept = await house.owner.memory.all(limit=100)
    assert "Bo lives in Porto." in repr(kept)
    found = await house.owner.recall("who comes as a guest")
    assert any("Bo comes" in memory.text for memory in found.memories)
    document = await house.owner.documents.named("guests.md")
    assert document is not None
    for chunk in document.chunks:
        assert document.text[chunk.start : chunk.end] == chunk.text
    assert await house.owner.encoded() == ""
    assert not (await house.owner.erasure.plan(person="Marta")).memories


async def test_a_turn_goes_on_in_an_epoch_that_says_why(house: House) -> None:
    await marta(house)
    assert "Marta" in await sent(house)

    await house.owner.erasure.execute(await house.owner.erasure.plan(person="Marta"))
    events = await house.say("What did I ask first?", "Something.")

    assert [event.reason for event in only(EpochOpened, events)] == ["erasure"]
    assert len(only(Erased, await house.owner.log("t"))) == 1
    assert "Marta" not in repr(to_openai(house.request))
    assert MARK in repr(to_openai(house.request))
    assert not only(EpochOpened, await house.say("Thanks.", "You are welcome."))
    warm = await house.owner.context("t")
    house.reopen()
    assert to_openai(await house.owner.context("t")) == to_openai(warm)


async def test_another_process_reads_the_log_anew(house: House) -> None:
    await marta(house)
    other = house.another()
    _ = [event async for event in other.execute("t", "Go on about Marta.")]

    await house.owner.erasure.execute(await house.owner.erasure.plan(person="Marta"))
    _ = [event async for event in other.execute("t", "And now?")]

    assert "Marta" not in repr(to_openai(house.request))


async def test_a_running_turn_of_a_task_is_not_disturbed(house: House) -> None:
    await marta(house)
    plan = await house.owner.erasure.plan(person="Marta")
    brain = await house.brains.open("ada")
    async with brain.lease("t"):
        with pytest.raises(TaskBusy):
            await house.owner.erasure.execute(plan)
    assert "marta" in await everything(house)


async def test_a_part_of_a_longer_word_stays(house: House) -> None:
    await house.owner.remember("Ana eats a banana with Ana's spoon.")
    await house.owner.remember("Bo eats a banana.")
    receipt = await house.owner.erasure.execute(await house.owner.erasure.plan(person="Ana"))
    assert receipt.clean
    told = await everything(house)
    assert "banana" in told
    assert "ana's" not in told


async def test_names_are_found_inside_of_what_tools_were_given(house: House) -> None:
    arguments = {"text": 'For José\nand "Zoë"', "pin": 4711}
    await house.say("Send it.", call(("c1", "send", arguments)), "Sent.")
    await house.owner.people.know("José", aliases=["Zoë"])
    receipt = await house.owner.erasure.execute(await house.owner.erasure.plan(person="José"))
    assert receipt.clean
    told = await everything(house)
    assert "jos" not in told
    assert "zoë" not in told
    assert "4711" in told


# By session, task and query


async def test_a_task_goes_with_all_that_was_learned_from_it(house: House) -> None:
    await house.say("My locker at the station is number 93.", "I will keep that.", task="old")
    place = only(UserSpoke, await house.owner.log("old"))[0].place
    assert place is not None
    here = Span(task_id="old", ordinal=place.ordinal)
    await house.say("The locker is near the stairs.", "Fine.", task="new")
    place = only(UserSpoke, await house.owner.log("new"))[0].place
    assert place is not None
    there = Span(task_id="new", ordinal=place.ordinal)
    gone = await house.owner.remember("Ada's locker is number 93.", evidence=[here])
    stays = await house.owner.remember("Ada has a locker.", evidence=[here, there])
    await house.owner.note("old", "plan", "Bring the bag to the locker 93")
    count = len(await house.owner.log("old"))

    plan = await house.owner.erasure.plan(task="old")
    receipt = await house.owner.erasure.execute(plan)

    assert receipt.clean, receipt
    assert {each.id for each in plan.memories} == {gone.memory.id}
    assert "number 93" not in await everything(house)
    assert await house.owner.notes("old") == []
    log = await house.owner.log("old")
    assert [event.kind for event in log[count:]] == ["erasure"]
    assert only(UserSpoke, log)[0].text == MARK
    kept = await house.owner.memory.get(stays.memory.id)
    assert isinstance(kept, Fact)
    assert kept.evidence == (there,)
    assert (await house.say("Hello again.", "Hello.", task="old"))[-1].kind == "thread_lifecycle"


async def test_a_session_goes_and_the_next_one_stays(house: House) -> None:
    first = await house.say("The treasure lies under the oak tree.", "A secret, then.")
    started = first[0]
    house.clock.move(7_200)
    await house.say("What a fine day it is today.", "It is.")
    session = asdict(started)["session_id"]

    plan = await house.owner.erasure.plan(session=session)
    await house.owner.erasure.execute(plan)

    told = await everything(house)
    assert "treasure" not in told
    assert "secret" not in told
    assert "fine day" in told


async def test_what_a_query_finds_is_shown_and_goes(house: House) -> None:
    await house.owner.remember("Ada collects stamps of Iceland.")
    await house.owner.remember("Bo repairs bicycles.")
    plan = await house.owner.erasure.plan(query="which stamps does Ada collect")
    assert "Ada collects stamps of Iceland." in {each.text for each in plan.memories}
    await house.owner.erasure.execute(plan)
    assert "stamps" not in await everything(house)


# Again, and again


async def test_a_plan_may_be_carried_out_twice(house: House) -> None:
    await marta(house)
    plan = await house.owner.erasure.plan(person="Marta")
    await house.owner.erasure.execute(plan)
    once = await everything(house)
    again = await house.owner.erasure.execute(plan)
    assert again.clean
    assert dict(again.deleted) == {}
    assert dict(again.rewritten) == {}
    assert await everything(house) == once


async def test_what_was_erased_is_not_learned_again(house: House) -> None:
    await house.say("My sister lives in Tallinn. I work at a bakery.", "Nice.")
    await house.owner.learning.run()
    learned = await house.owner.memory.all(limit=100)
    doomed = [each for each in learned if "Tallinn" in repr(each)]
    assert doomed
    plan = await house.owner.erasure.plan(ids=[each.id for each in doomed if each.id[0] == "f"])
    await house.owner.erasure.execute(plan)

    await house.owner.learning.replay(force=True)

    told = await everything(house)
    assert "tallinn" not in told
    assert "bakery" in told


async def test_learning_that_was_under_way_writes_nothing(house: House) -> None:
    brain = await house.brains.open("ada")
    await house.say("My sister lives in Tallinn.", "Nice.")
    due = (await brain.lessons.due())[0]
    cursor = await brain.lessons.cursor(due.task_id)
    await brain.lessons.attempt(due.task_id, cursor, house.clock.now())
    batch = (await house.owner.learning.dry_run())[0].batch
    await house.owner.erasure.execute(await house.owner.erasure.plan(task="t"))

    def nothing(_: Proposal, __: Surroundings) -> Sequence[Changeset]:
        return ()

    assert await brain.learn(batch, (), nothing) is None
    await house.owner.learning.run()
    assert "tallinn" not in await everything(house)


async def test_an_empty_plan_does_nothing(house: House) -> None:
    receipt = await house.owner.erasure.execute(ErasurePlan(by="ids"))
    assert receipt.clean
    assert dict(receipt.deleted) == {}
