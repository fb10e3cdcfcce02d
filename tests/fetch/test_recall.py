"""The one memory call of a turn, under its deadline, on every store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.fetch.memories import NOW

from enplace.errors import BrainBusy
from enplace.fetch.rank import RecallOptions
from enplace.fetch.recall import Asked, recall
from enplace.ports import Brain, Brains, Embedder
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.records.block import TextBlock
from enplace.records.changeset import Changeset
from enplace.records.event import AssistantSpoke, Event, MessageHeard, UserSpoke
from enplace.records.filter import About, AllOf, During, Filter, Not, OfKind, Tagged
from enplace.records.gather import Gather
from enplace.records.memory import Change, Chunk, Document, Fact, Memory, Person
from enplace.records.recollection import Gathered, Recollection
from enplace.records.standing import standing_of
from enplace.stores.inmemory import InMemoryBrain, InMemoryBrains
from enplace.stores.inmemory.index import InMemoryIndex
from enplace.stores.inmemory.memory import InMemoryMemory
from enplace.stores.sqlite.brain import SqliteBrains
from enplace.upload.encoding import encode_pending

PATIENT = RecallOptions(deadline_s=60.0)
HURRIED = RecallOptions(deadline_s=0.2)
YESTERDAY, LAST_YEAR = NOW - timedelta(days=1), NOW - timedelta(days=365)


def in_files(folder: Path) -> Brains:
    return SqliteBrains(folder)


def in_memory(_: Path) -> Brains:
    return InMemoryBrains()


@pytest.fixture(params=[in_files, in_memory])
async def brain(
    request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[Brain]:
    assert anyio_backend == "asyncio"
    make: Callable[[Path], Brains] = request.param
    opened = make(tmp_path)
    yield await opened.open("ada")
    await opened.aclose()


def fact(id_: str, sentence: str, *, at: datetime = LAST_YEAR) -> Fact:
    return Fact(id=id_, sentence=sentence, recorded_at=at)


async def write(brain: Brain, *memories: Memory, at: datetime = LAST_YEAR) -> None:
    await brain.commit(Changeset(at=at, memories=memories))


async def change(brain: Brain, *changes: Change, at: datetime = YESTERDAY) -> None:
    await brain.commit(Changeset(at=at, changes=changes))


def closed(old: Fact, *, by: str | None = None, until: datetime = YESTERDAY) -> Change:
    return standing_of(replace(old, valid_until=until), "closed", by=by)


async def tell(brain: Brain, *events: Event, task: str = "talk", at: datetime = YESTERDAY) -> None:
    await brain.commit(Changeset(at=at, task_id=task, turn_id="t1", events=events))


async def ask(
    brain: Brain,
    message: str | Asked,
    *,
    embedder: Embedder | None = None,
    options: RecallOptions = PATIENT,
) -> Recollection:
    asked = Asked(message=message, policy="search") if isinstance(message, str) else message
    return await recall(brain, embedder, asked, now=NOW, options=options)


def texts(found: Recollection) -> list[str]:
    return [memory.text for memory in found.memories]


def reasons(found: Recollection) -> list[str]:
    assert all(lost.segment == "memory" for lost in found.lost)
    return [lost.reason for lost in found.lost]


PARROT = fact("f1", "Ada keeps a parrot called Hopper.")


# What is found


async def test_words_find_what_was_written_and_what_was_said(brain: Brain) -> None:
    await write(brain, PARROT, fact("f2", "Ada sails."))
    await tell(brain, UserSpoke(text="My parrot sings at night. It is cold."))
    found = await ask(brain, "What does my parrot do?")
    assert sorted(texts(found)) == [
        "Ada keeps a parrot called Hopper.",
        "My parrot sings at night. It is cold.",
    ]
    assert found.query.terms == ("parrot",)
    assert (found.silence, found.lost, found.corrections) == ("", (), ())


async def test_a_context_is_given_the_sentences_that_answer(brain: Brain) -> None:
    await tell(brain, UserSpoke(text="It is cold. My parrot sings at night."))
    found = await ask(brain, Asked(message="When does my parrot sing?"))
    assert texts(found) == ["My parrot sings at night."]
    assert found.memories[0].id == "said:talk:1"


async def test_a_message_that_looks_for_nothing_asks_no_embedder(brain: Brain) -> None:
    await write(brain, PARROT)
    embedder = ScriptedEmbedder()
    found = await ask(brain, Asked(message="thanks!", before="My parrot?"), embedder=embedder)
    assert found.query.reason == "the message names nothing to look for"
    assert (found.memories, found.lost, embedder.requests) == ((), (), [])


async def test_a_context_is_given_nothing_with_the_reason(brain: Brain) -> None:
    await write(brain, PARROT)
    found = await ask(brain, Asked(message="Nice parrot, good night!"))
    assert found.silence == "the message asks for nothing that could be looked up"
    assert found.memories == ()
    assert [(each.id, each.stage) for each in found.dropped] == [("f1", "gate")]
    search = await ask(brain, "Nice parrot, good night!")
    assert (texts(search), search.silence) == ([PARROT.sentence], "")


async def test_a_message_leans_on_the_one_before(brain: Brain) -> None:
    await write(brain, PARROT)
    found = await ask(brain, Asked(message="And its name?", before="Where does my parrot live?"))
    assert texts(found) == [PARROT.sentence]


async def test_speakers_are_known_by_name(brain: Brain) -> None:
    heard = (
        MessageHeard(speaker="Ana Li", text="I bought a boat.", said_at=YESTERDAY),
        MessageHeard(speaker="Bo", text="I bought a boat, too.", said_at=YESTERDAY),
    )
    await tell(brain, *heard)
    found = await ask(brain, "Which boat did Ana buy?")
    assert found.query.speakers == ("ana li",)
    assert [memory.speaker for memory in found.memories] == ["ana li", "bo"]


async def test_a_memory_that_holds_a_quoted_phrase_comes_first(brain: Brain) -> None:
    await write(
        brain,
        fact("f1", "A parrot, that parrot: it is blue."),
        fact("f2", "Somebody wrote of the blue parrot of Oslo and of many other things there."),
    )
    assert texts(await ask(brain, 'Who knows "the blue parrot"?'))[0].startswith("Somebody")
    assert texts(await ask(brain, "Who knows the parrot that is blue?"))[0].startswith("A parrot")


@pytest.mark.parametrize(("limit", "shown"), [(None, 3), (2, 2), (0, 0)])
async def test_a_limit_is_kept(brain: Brain, limit: int | None, shown: int) -> None:
    await write(brain, *(fact(f"f{n}", f"A parrot with {n}{n} feathers.") for n in range(4)))
    options = replace(PATIENT, search_limit=3)
    asked = Asked(message="parrot", policy="search", limit=limit)
    assert len((await ask(brain, asked, options=options)).memories) == shown


async def test_what_stands_in_the_context_is_not_chosen_again(brain: Brain) -> None:
    await write(brain, PARROT)
    asked = Asked(message="Where is my parrot?", visible=["f1"])
    found = await ask(brain, asked)
    assert [(each.id, each.stage) for each in found.dropped] == [("f1", "visible")]


async def test_what_was_said_in_the_running_task_is_in_its_history_anyway(brain: Brain) -> None:
    await tell(brain, UserSpoke(text="My parrot sings."), task="now")
    await tell(brain, UserSpoke(text="My parrot sleeps."), task="before")
    asked = Asked(message="my parrot", policy="search", task_id="now")
    assert texts(await ask(brain, asked)) == ["My parrot sleeps."]


@pytest.mark.parametrize(
    ("filter_", "shown"),
    [
        (None, {"f1", "f2", "said:talk:1", "p1"}),
        (OfKind(("fact",)), {"f1", "f2"}),
        (OfKind(("said", "person")), {"said:talk:1", "p1"}),
        (About(("Hopper",)), {"f1", "p1"}),
        (Tagged(("home",)), {"f2"}),
        (Not(OfKind(("fact",))), {"said:talk:1", "p1"}),
        (AllOf((OfKind(("fact",)), Not(Tagged(("home",))))), {"f1"}),
        (During(start=YESTERDAY), {"said:talk:1"}),
        (During(end=YESTERDAY), {"f1", "f2", "p1"}),
    ],
)
async def test_a_filter_is_kept_by_every_way_of_finding(
    brain: Brain, filter_: Filter | None, shown: set[str]
) -> None:
    embedder = ScriptedEmbedder()
    await write(
        brain,
        replace(fact("f1", "Ada's parrot is called Hopper."), subject="Hopper"),
        replace(fact("f2", "The parrot lives at home."), tags=("home",)),
        Person(id="p1", name="Hopper", aliases=("the parrot",), recorded_at=LAST_YEAR),
    )
    await tell(brain, UserSpoke(text="My parrot sings at night."))
    await encode_pending(brain, embedder)
    asked = Asked(message="What of the parrot Hopper?", policy="search", filter=filter_)
    found = await ask(brain, asked, embedder=embedder)
    assert {memory.id for memory in found.memories} == shown


# Time


async def test_what_held_then_and_what_holds_now(brain: Brain) -> None:
    old = fact("f1", "Ada's parrot lives in Oslo.", at=LAST_YEAR)
    await write(brain, old)
    new = fact("f2", "Ada's parrot lives in Rome.", at=YESTERDAY)
    await write(brain, new, at=YESTERDAY)
    await change(brain, closed(old, by="f2"))
    asked = Asked(message="Where does the parrot live?", policy="search")
    assert texts(await ask(brain, asked)) == [new.sentence]
    assert texts(await ask(brain, replace(asked, at=NOW - timedelta(days=99)))) == [old.sentence]
    both = await ask(brain, replace(asked, history=True))
    assert {m.text: m.label for m in both.memories} == {
        new.sentence: "",
        old.sentence: "until 2026-11-20",
    }


async def test_what_was_believed_then(brain: Brain) -> None:
    """A memory that was closed later is told as it stood, one that was written later is not."""
    old = fact("f1", "Ada's parrot lives in Oslo.")
    await write(brain, old)
    await tell(brain, UserSpoke(text="My parrot sings."), at=NOW - timedelta(days=200))
    await tell(brain, UserSpoke(text="My parrot sleeps."), task="later")
    await write(brain, fact("f2", "Ada's parrot lives in Rome.", at=YESTERDAY), at=YESTERDAY)
    await change(brain, closed(old, by="f2", until=LAST_YEAR + timedelta(days=1)))
    then = NOW - timedelta(days=99)
    asked = Asked(message="Where does the parrot live?", policy="search")
    believed = await ask(brain, replace(asked, as_known=then))
    assert {m.text: m.label for m in believed.memories} == {
        old.sentence: "",
        "My parrot sings.": "",
    }
    assert old.sentence not in texts(await ask(brain, replace(asked, at=then)))


async def test_what_was_believed_then_is_compared_by_its_own_vectors(brain: Brain) -> None:
    embedder = ScriptedEmbedder()
    await write(brain, fact("f0", "A walnut table.", at=YESTERDAY), at=YESTERDAY)
    await write(brain, PARROT, fact("f3", "Ada sails and has a table."))
    await encode_pending(brain, embedder)
    asked = Asked(message="Where is my parrot table?", policy="search")
    now = await ask(brain, asked, embedder=embedder)
    then = await ask(brain, replace(asked, as_known=NOW - timedelta(days=9)), embedder=embedder)
    likeness = {memory.id: dict(memory.signals).get("likeness") for memory in now.memories}
    assert {memory.id for memory in then.memories} == {"f1", "f3"}
    assert set(likeness) == {"f0", "f1", "f3"}
    for memory in then.memories:
        assert dict(memory.signals).get("likeness") == likeness[memory.id]


# Documents


async def test_a_piece_of_a_document_says_where_it_stands(brain: Brain) -> None:
    pieces = ("The parrot eats nuts.", "It sings at night.", "The boat is blue.")
    text = "\n".join(pieces)
    starts = [text.index(piece) for piece in pieces]
    headings = (("Parrots", "Food"), ("Parrots",), ())
    chunks = tuple(
        Chunk(text=piece, start=start, end=start + len(piece), heading=heading)
        for piece, start, heading in zip(pieces, starts, headings, strict=True)
    )
    document = Document(id="d1", name="notes.md", text=text, recorded_at=LAST_YEAR, chunks=chunks)
    await write(brain, document, PARROT)
    found = await ask(brain, "What does the parrot eat?")
    sources = {memory.id: memory.source for memory in found.memories}
    assert sources == {
        "chunk:d1:1": "notes.md:1-1 (Parrots > Food)",
        "chunk:d1:2": "notes.md:2-2 (Parrots)",
        "chunk:d1:3": "notes.md:3-3",
        "f1": "",
    }
    assert text[0:21] == found.memories[0].text


# Corrections


async def test_what_stands_in_view_and_holds_no_longer_is_corrected(brain: Brain) -> None:
    old = fact("f1", "Ada's parrot lives in Oslo.")
    gone = fact("f2", "Ada's owl lives in Oslo.")
    await write(brain, old, gone, replace(PARROT, id="f9"))
    await write(brain, fact("f3", "Ada's parrot lives in Rome."))
    await change(brain, closed(old, by="f3"), closed(gone))
    asked = Asked(message="thanks!", visible=["f9", "f2", "f1", "said:talk:1"])
    found = await ask(brain, asked)
    assert [(c.id, c.text, c.successor) for c in found.corrections] == [
        ("f1", old.sentence, "Ada's parrot lives in Rome."),
        ("f2", gone.sentence, None),
    ]


@pytest.mark.parametrize("visible", [["f1"], ["f2", "f1"], ["f1", "f2", "f3"]])
async def test_a_correction_tells_what_holds_now(brain: Brain, visible: list[str]) -> None:
    """However many facts have come and gone since."""
    facts = [fact(f"f{n}", f"Ada's parrot lives in house {n}.") for n in (1, 2, 3, 4)]
    await write(brain, *facts)
    await change(brain, *(closed(facts[n], by=facts[n + 1].id) for n in (0, 1, 2)))
    found = await ask(brain, Asked(message="thanks!", visible=visible))
    assert {c.id: c.successor for c in found.corrections} == dict.fromkeys(
        visible, "Ada's parrot lives in house 4."
    )


async def test_a_chain_that_ends_has_no_successor(brain: Brain) -> None:
    facts = [fact(f"f{n}", f"Ada's parrot lives in house {n}.") for n in (1, 2)]
    await write(brain, *facts)
    await change(brain, closed(facts[0], by="f2"), closed(facts[1]))
    found = await ask(brain, Asked(message="thanks!", visible=["f1"]))
    assert [c.successor for c in found.corrections] == [None]


async def test_facts_that_followed_each_other_around_have_no_successor(brain: Brain) -> None:
    facts = [fact(f"f{n}", f"Ada's parrot lives in house {n}.") for n in (1, 2)]
    await write(brain, *facts)
    await change(brain, closed(facts[0], by="f2"), closed(facts[1], by="f1"))
    found = await ask(brain, Asked(message="thanks!", visible=["f1"]))
    assert [c.successor for c in found.corrections] == [None]


# Embedders


async def test_an_embedder_finds_and_counts(brain: Brain) -> None:
    embedder = ScriptedEmbedder()
    await write(brain, PARROT, fact("f2", "Ada sails."))
    await encode_pending(brain, embedder)
    embedder.requests.clear()
    found = await ask(brain, "What is my parrot called?", embedder=embedder)
    assert embedder.requests == [("What is my parrot called?",)]
    signals = dict(found.memories[0].signals)
    assert found.memories[0].id == "f1"
    assert signals["likeness"] > 0
    assert signals["meaning"] > 0
    assert found.lost == ()


async def test_an_embedder_that_fails_costs_the_vectors_and_not_the_words(brain: Brain) -> None:
    embedder = ScriptedEmbedder()
    await write(brain, PARROT)
    await encode_pending(brain, embedder)
    embedder.fails = True
    found = await ask(brain, "parrot", embedder=embedder)
    assert texts(found) == [PARROT.sentence]
    assert reasons(found) == ["meaning: the scripted embedder fails, as it was told to"]


async def test_an_embedder_that_is_late_costs_the_vectors_and_not_the_words(brain: Brain) -> None:
    embedder = ScriptedEmbedder()
    await write(brain, PARROT)
    await encode_pending(brain, embedder)
    embedder.delay_s = 3_600.0
    found = await ask(brain, "parrot", embedder=embedder, options=RecallOptions(deadline_s=1.0))
    assert texts(found) == [PARROT.sentence]
    assert reasons(found) == ["meaning: deadline exceeded"]


async def test_vectors_of_another_embedder_are_no_silent_loss(brain: Brain) -> None:
    await write(brain, PARROT)
    await encode_pending(brain, ScriptedEmbedder(name="old/1"))
    found = await ask(brain, "parrot", embedder=ScriptedEmbedder(name="new/1"))
    assert texts(found) == [PARROT.sentence]
    assert reasons(found) == [
        "meaning: no vectors of 'new/1' yet; those of 'old/1' cannot be compared with it"
    ]


async def test_vectors_that_are_being_made_are_no_silent_loss(brain: Brain) -> None:
    embedder = ScriptedEmbedder(name="new/1")
    await write(brain, PARROT)
    await brain.index.adopt("new/1")
    assert reasons(await ask(brain, "parrot", embedder=embedder)) == [
        "meaning: no vectors of 'new/1' yet"
    ]
    assert reasons(await ask(brain, "walnut", embedder=embedder)) == []
    await encode_pending(brain, embedder)
    assert reasons(await ask(brain, "parrot", embedder=embedder)) == []


async def test_what_was_written_a_moment_ago_has_no_vector_and_is_found(brain: Brain) -> None:
    embedder = ScriptedEmbedder()
    await write(brain, fact("f2", "Ada sails."))
    await encode_pending(brain, embedder)
    await write(brain, PARROT)
    found = await ask(brain, Asked(message="Where is my parrot?"), embedder=embedder)
    assert (texts(found), found.lost) == ([PARROT.sentence], ())


# Stores in trouble


Trouble = Callable[[], Awaitable[None]]


async def never() -> None:
    """Take longer than anybody waits."""
    await asyncio.Event().wait()


async def busy() -> None:
    raise BrainBusy("others write")


class TroubledIndex(InMemoryIndex):
    """An index that meets its trouble before it answers."""

    trouble: Trouble | None = None
    until_s: float | None = None

    async def gather(self, asked: Gather) -> Gathered:
        if self.trouble is not None:
            await self.trouble()
        return await super().gather(replace(asked, until_s=self.until_s))


class TroubledMemory(InMemoryMemory):
    """A memory that meets its trouble before it answers."""

    trouble: Trouble | None = None

    async def closed(self, ids: Sequence[str], now: datetime) -> Mapping[str, Fact | None]:
        if self.trouble is not None:
            await self.trouble()
        return await super().closed(ids, now)


class TroubledBrain(InMemoryBrain):
    """A brain in memory with things in its way."""

    def __init__(self) -> None:
        super().__init__("ada")
        self.index = TroubledIndex(self._state)
        self.memory = TroubledMemory(self._state)


async def a_troubled_brain() -> TroubledBrain:
    """With a memory that is in view and holds no longer, and one to be found."""
    brain = TroubledBrain()
    old = fact("f1", "Ada's parrot lives in Oslo.")
    await write(brain, old, fact("f2", "Ada's parrot lives in Rome."))
    await change(brain, closed(old, by="f2"))
    return brain


MINE = Asked(message="Where is my parrot?", policy="search", visible=["f1"])


@pytest.mark.parametrize(
    ("trouble", "reason"), [(never, "deadline exceeded"), (busy, "others write")]
)
async def test_a_source_that_is_late_or_fails_is_named_and_the_other_is_heard(
    trouble: Trouble, reason: str
) -> None:
    brain = await a_troubled_brain()
    brain.index.trouble = trouble
    found = await ask(brain, MINE, options=HURRIED)
    assert reasons(found) == [f"memories: {reason}"]
    assert (texts(found), [c.id for c in found.corrections]) == ([], ["f1"])

    brain.index.trouble, brain.memory.trouble = None, trouble
    found = await ask(brain, MINE, options=HURRIED)
    assert reasons(found) == [f"corrections: {reason}"]
    assert (texts(found), found.corrections) == (["Ada's parrot lives in Rome."], ())

    brain.memory.trouble = None
    found = await ask(brain, MINE)
    assert (len(found.memories), len(found.corrections), found.lost) == (1, 1, ())


async def test_all_sources_may_be_lost_at_once() -> None:
    brain = await a_troubled_brain()
    brain.index.trouble, brain.memory.trouble = never, busy
    found = await ask(brain, MINE, options=HURRIED)
    assert reasons(found) == ["memories: deadline exceeded", "corrections: others write"]
    assert found.query.reason == "nothing was found in time"
    assert (found.memories, found.corrections) == ((), ())


async def test_a_store_that_runs_out_of_time_says_what_it_did_not_look_at() -> None:
    brain = await a_troubled_brain()
    brain.index.until_s = 0.0
    found = await ask(brain, MINE)
    ways = ("words", "graph", "time", "meaning")
    assert reasons(found) == [f"{way}: deadline exceeded" for way in ways]
    assert len(found.corrections) == 1


async def test_leaving_a_recall_leaves_no_search_behind() -> None:
    searching, stopped = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        searching.set()
        try:
            await never()
        finally:
            stopped.set()

    brain = await a_troubled_brain()
    brain.index.trouble = hang
    running = asyncio.create_task(ask(brain, MINE))
    async with asyncio.timeout(9):
        await searching.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await stopped.wait()


async def test_an_assistant_is_heard_where_nobody_else_answers(brain: Brain) -> None:
    """However little an assistant's words count, the best of nothing else is shown."""
    text = "Parrots nest in hollow trees."
    await tell(brain, AssistantSpoke(blocks=(TextBlock(text=text),), stop="end", model="m"))
    found = await ask(brain, Asked(message="Where do parrots nest?"))
    assert texts(found) == [text]
