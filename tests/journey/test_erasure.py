"""Erasing out of a real file: afterwards its raw bytes hold nothing of what went."""

import json
import re
import signal
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests import forks
from tests.conftest import StandingClock
from tests.engine.house import House, only

from enplace.desk import TurnOptions
from enplace.errors import UsageError
from enplace.prepare.compact.policy import CompactionOptions
from enplace.providers.scripted import CARD, call
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.records.erasure import ErasureReceipt
from enplace.records.event import Compacted, EpochOpened, MessageHeard, TurnStarted, UserSpoke
from enplace.records.memory import Span
from enplace.stores.sqlite.brain import SqliteBrain, SqliteBrains
from enplace.wire.openai_chat import to_openai

pytestmark = pytest.mark.anyio

NAME, ALIAS = "Quenzilda", "Zilly"
CANARY = re.compile(rb"quenzild|zilly", re.IGNORECASE)
CHILD = Path(__file__).with_name("erasure_child.py")


def look_up(name: str) -> str:
    """Look somebody up."""
    told = {"who": name, "also": [name.upper()], "rows": f"a row of {name}\n" * 200}
    return json.dumps(told)


def house_in(folder: Path) -> House:
    return House(
        clock=StandingClock(),
        brains=SqliteBrains(folder),
        embedder=ScriptedEmbedder(),
        card=replace(CARD, window_tokens=16_000, output_tokens=1_000),
        tools=[look_up],
        turn=TurnOptions(compaction=CompactionOptions()),
    )


@pytest.fixture
async def house(tmp_path: Path, anyio_backend: str) -> AsyncIterator[House]:
    assert anyio_backend == "asyncio"
    house = house_in(tmp_path)
    yield house
    await house.owner.aclose()
    await house.brains.aclose()


def raw(folder: Path) -> bytes:
    """All bytes below a folder, and the names of its files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert files
    return b"\n".join(str(path).encode() + path.read_bytes() for path in files)


def file_in(folder: Path) -> Path:
    return next(folder.rglob("*.db"))


def killed(*words: str | Path) -> None:
    """Run a child that kills itself on the way."""
    child = forks.run(CHILD, *words)
    assert child.returncode == -signal.SIGKILL, child.stderr


async def spread(house: House, call_name: str = f"call with {NAME}") -> None:
    """Somebody who is named in everything that is ever kept."""
    owner = house.owner
    await owner.people.know(NAME, aliases=[ALIAS])
    await owner.people.know("Bo")
    await owner.people.relate(NAME, "sister_of", "Bo")
    first = await owner.remember(f"{NAME} lives in Porto.", subject=NAME, object="Porto")
    await owner.memory.confirm(first.memory.id)
    second = await owner.remember(f"The friend of Bo is {ALIAS}.", subject="Bo", object=ALIAS)
    await owner.memory.forget(second.memory.id)
    await owner.remember("Bo lives in Faro.", subject="Bo", predicate="lives_in", object="Faro")
    await owner.episodes.remember(
        f"dinner with {NAME} in Porto",
        f"{NAME} and Bo had dinner at the harbour of Porto in May 2026.",
        "The place is called Cais and the fish was good.",
        participants=[NAME, "Bo"],
    )
    text = f"# Guests\n\nBo comes with {ALIAS}.\n\n# Food\n\nFish for everybody.\n"
    await owner.documents.add("guests.md", text, tags=["party"])
    await owner.documents.add("guests.md", text + f"\n{NAME}'s cake.\n", tags=["party"])
    await owner.describe("identity", "family", f"Knows {NAME} well")
    await owner.describe("identity", "work", "Works at the harbour")
    await owner.hear(
        call_name,
        [
            MessageHeard(speaker=NAME, text="I am on my way.", said_at=house.clock.now()),
            MessageHeard(speaker="Bo", text=f"Hello {ALIAS}!", said_at=house.clock.now()),
        ],
    )
    await owner.note("t", "guests", f"Ask {NAME} about the fish", ttl_s=3_600)
    await house.say(
        f"{NAME}'s birthday is soon. What does {ALIAS} like?",
        call(("c1", "look_up", {"name": NAME}), text=f"Let me look up {NAME}."),
        f"{NAME} likes cake. So does {ALIAS.lower()}.",
        key=f"ask {NAME}",
    )
    await house.say("And where does Bo live?", "In Faro.")
    for number in range(3):
        asked = call((f"d{number}", "look_up", {"name": NAME}))
        await house.say(f"Is {NAME} at table {number}?", asked, f"{NAME} sits there.")
    await owner.compact("t", f"the party of {ALIAS}")
    await house.say("Go on.", "Gladly.")
    await house.say(f"Where does {NAME} live?", "In Porto.", task="u")
    await owner.learning.run()
    await owner.encoded()


async def exported(house: House) -> list[str]:
    return [line async for line in house.owner.memory.export()]


async def test_a_person_leaves_no_trace_in_the_file(house: House, tmp_path: Path) -> None:
    await spread(house)
    assert len(CANARY.findall(raw(tmp_path))) > 100
    assert only(Compacted, await house.owner.log("t"))

    plan = await house.owner.erasure.plan(person=NAME)
    receipt = await house.owner.erasure.execute(plan)

    assert CANARY.findall(raw(tmp_path)) == []
    assert receipt.clean
    assert receipt.scan.words == 3  # two names, and the stem of one
    assert receipt.scan.file_bytes > 50_000
    assert not CANARY.search(repr(receipt).encode())
    for table in ("memories", "changes", "writes"):
        assert receipt.deleted[table] > 0
    for table in ("events", "texts", "soul", "notes", "tasks"):
        assert receipt.rewritten[table] > 0
    for table in ("items", "vectors", "texts"):
        assert receipt.derived[table] > 0


async def test_everything_else_goes_on(house: House, tmp_path: Path) -> None:
    await spread(house)
    confirmed = [w for w in await house.owner.memory.writes(limit=100) if w.outcome == "confirmed"]
    await house.owner.erasure.execute(await house.owner.erasure.plan(person=NAME))

    events = await house.say("Where does Bo live?", "In Faro.")
    assert [event.reason for event in only(EpochOpened, events)] == ["erasure"]
    assert not only(EpochOpened, await house.say("Really?", "Yes."))
    warm = to_openai(await house.owner.context("t"))
    found = await house.owner.recall("where does Bo live")
    assert found.memories[0].text == "Bo lives in Faro."
    assert [line.text for line in await house.owner.soul()] == ["Works at the harbour"]
    with pytest.raises(UsageError, match="erased"):
        await house.owner.memory.undo(confirmed[0].id)
    await house.owner.learning.replay(force=True)
    await house.owner.encoded()
    assert not CANARY.search(raw(tmp_path))

    house.reopen()
    assert to_openai(await house.owner.context("t")) == warm
    check = sqlite3.connect(file_in(tmp_path))
    assert check.execute("pragma integrity_check").fetchone() == ("ok",)
    check.execute("insert into items_words (items_words, rank) values ('integrity-check', 1)")
    items, total = check.execute(
        "select count(*), (select items from totals) from items"
    ).fetchone()
    assert items == total
    check.close()


async def test_an_export_is_the_same_behind_an_import(house: House, tmp_path: Path) -> None:
    await spread(house)
    await house.owner.erasure.execute(await house.owner.erasure.plan(person=NAME))
    lines = await exported(house)
    other = house_in(tmp_path / "elsewhere")
    done = await other.owner.memory.import_(lines)
    assert not done.diverged
    assert await exported(other) == lines
    assert to_openai(await other.owner.context("t")) == to_openai(await house.owner.context("t"))
    assert (await other.owner.recall("where does Bo live")).memories[0].text == "Bo lives in Faro."
    await other.owner.aclose()
    await other.brains.aclose()


async def test_an_older_export_brings_nothing_back(house: House, tmp_path: Path) -> None:
    await spread(house, "call")
    before = await exported(house)
    await house.owner.erasure.execute(await house.owner.erasure.plan(person=NAME))

    done = await house.owner.memory.import_(before)

    assert "task:t" in done.diverged
    assert not [line for line in await exported(house) if CANARY.search(line.encode())]


async def test_a_session_leaves_no_trace(house: House, tmp_path: Path) -> None:
    owner = house.owner
    events = await house.say(
        f"The password of the boat is {NAME} and nobody else knows it.",
        f"I keep it to myself: the password of the boat is {NAME}.",
    )
    started = only(TurnStarted, events)[0]
    house.clock.move(7_200)
    place = only(UserSpoke, events)[0].place
    assert place is not None
    span = Span(task_id="t", ordinal=place.ordinal)
    await owner.remember(f"The boat's password is {NAME}.", object=NAME, evidence=[span])
    await house.say("What is the password of the boat?", "I would rather not say.", task="u")
    assert CANARY.search(raw(tmp_path))

    plan = await owner.erasure.plan(session=started.session_id)
    receipt = await owner.erasure.execute(plan)

    assert receipt.clean
    assert CANARY.findall(raw(tmp_path)) == []
    await house.say("Hello again.", "Hello.")


async def test_a_fact_leaves_no_trace(house: House, tmp_path: Path) -> None:
    events = await house.say(
        f"By the way, my safe word is {NAME}. The weather is fine.",
        call(("c1", "look_up", {"name": NAME}), text="One moment."),
        f"Noted: your safe word is {NAME}.",
    )
    place = only(UserSpoke, events)[0].place
    assert place is not None
    span = Span(task_id="t", ordinal=place.ordinal, start=0, end=34)
    fact = await house.owner.remember(
        f"Ada's safe word is {NAME}.", object=NAME, evidence=[span], idempotency_key="safe"
    )
    await house.owner.remember(f"Ada's safe word is {NAME}!", object=NAME)
    await house.say("What is my safe word?", f"It is {NAME}.", task="u")
    await house.owner.encoded()

    receipt = await house.owner.erasure.execute(
        await house.owner.erasure.plan(ids=[fact.memory.id])
    )

    assert receipt.clean
    assert CANARY.findall(raw(tmp_path)) == []
    assert "The weather is fine." in only(UserSpoke, await house.owner.log("t"))[0].text


async def test_vectors_that_were_packed_go_as_well(house: House, tmp_path: Path) -> None:
    for number in range(300):
        await house.owner.remember(f"Ada has seen the bird number {number} at the lake.")
    fact = await house.owner.remember(f"Ada has seen {NAME} at the lake.", object=NAME)
    await house.owner.encoded()
    await house.owner.erasure.execute(await house.owner.erasure.plan(ids=[fact.memory.id]))
    check = sqlite3.connect(file_in(tmp_path))
    rows = {row for (row,) in check.execute("select row from items")}
    for (packed,) in check.execute("select rows from segments"):
        assert {
            int.from_bytes(packed[at : at + 8], "little") for at in range(0, len(packed), 8)
        } <= rows
    assert {vector >> 1 for (vector,) in check.execute("select vector from vectors")} <= rows
    check.close()
    assert (await house.owner.recall("bird number 7 at the lake")).memories


# What breaks off


@pytest.mark.parametrize("point", ["events", "writes", "committed", "packed"])
async def test_a_crash_leaves_all_or_nothing(tmp_path: Path, point: str) -> None:
    house = house_in(tmp_path)
    await spread(house)
    plan = await house.owner.erasure.plan(person=NAME)
    before = await exported(house)
    await house.owner.aclose()
    await house.brains.aclose()

    killed(tmp_path, NAME, point)

    house = house_in(tmp_path)
    after = await exported(house)
    if point in {"events", "writes"}:
        assert after == before
    else:
        assert not CANARY.search("\n".join(after).encode())
        assert CANARY.findall(raw(tmp_path)) == []  # the next opening packed the file
    receipt: ErasureReceipt = await house.owner.erasure.execute(plan)
    assert receipt.clean
    assert CANARY.findall(raw(tmp_path)) == []
    await house.say("Hello again.", "Hello.")
    await house.owner.aclose()
    await house.brains.aclose()


async def test_a_reader_elsewhere_puts_the_packing_off(tmp_path: Path, house: House) -> None:
    await spread(house)
    reader = sqlite3.connect(file_in(tmp_path))
    reader.execute("begin")
    assert reader.execute("select count(*) from events").fetchone()[0]
    brain = await house.brains.open("ada")
    assert isinstance(brain, SqliteBrain)
    brain.pack_patience_s = 0.1
    receipt = await house.owner.erasure.execute(await house.owner.erasure.plan(person=NAME))
    assert not receipt.packed
    assert not receipt.clean
    assert receipt.scan.found
    reader.close()
    await house.brains.aclose()
    await house.brains.open("ada")
    assert CANARY.findall(raw(tmp_path)) == []


async def test_a_name_of_two_words_leaves_neither_of_them_in_what_was_looked_for(
    house: House, tmp_path: Path
) -> None:
    await house.owner.people.know("Quenzilda Orthmann")
    await house.owner.remember("Quenzilda Orthmann lives in Oslo.")
    await house.say("Where does Quenzilda Orthmann live?")
    await house.say("And what does she do?")
    plan = await house.owner.erasure.plan(person="Quenzilda Orthmann")
    await house.owner.erasure.execute(plan)
    await house.brains.aclose()
    assert not re.search(rb"quenzild|orthmann", raw(tmp_path), re.IGNORECASE)
