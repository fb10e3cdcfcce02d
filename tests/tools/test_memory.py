"""The engine's own tools: remember, recall, forget, note."""

from typing import Any

import pytest
from tests.engine.house import House, only

from enplace.providers.scripted import CARD, call
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.records.event import NoteWritten, ToolFinished
from enplace.records.memory import Note


async def use(house: House, tool: str, *, id_: str = "c1", **given: object) -> ToolFinished:
    """What a tool of the engine answers when the model calls it."""
    turn = await house.say("use it", call((id_, tool, given)), "done")
    return only(ToolFinished, turn)[-1]


async def test_the_tools_are_offered_to_those_who_can_use_them() -> None:
    house = House(card=CARD)
    await house.say("hello")
    assert [tool.name for tool in house.request.tools] == [
        "compact",
        "forget",
        "note",
        "recall",
        "remember",
        "reopen",
        "search_log",
    ]
    house = House()
    await house.say("hello")
    assert house.request.tools == ()


async def test_what_the_model_remembers_is_a_fact_of_less_trust() -> None:
    house = House(card=CARD)
    told = await use(house, "remember", sentence=" Ada keeps a parrot. ")
    assert (told.output, told.is_error) == ("Remembered: Ada keeps a parrot.", False)
    (fact,) = await house.owner.facts()
    assert (fact.sentence, fact.trust) == ("Ada keeps a parrot.", "inference")


async def test_what_is_known_is_not_remembered_twice() -> None:
    house = House(card=CARD)
    await house.owner.remember("Ada keeps a parrot.")
    told = await use(house, "remember", sentence="ada keeps  a PARROT.")
    assert told.output == "Known already: Ada keeps a parrot."
    assert len(await house.owner.facts()) == 1


async def test_two_calls_of_one_answer_store_two_facts() -> None:
    house = House(card=CARD)
    await house.say(
        "remember both",
        call(
            ("c1", "remember", {"sentence": "Ada keeps a parrot."}),
            ("c2", "remember", {"sentence": "Ada keeps a cat."}),
        ),
    )
    assert len(await house.owner.facts()) == 2


async def test_calls_of_the_same_id_in_later_steps_store_two_facts() -> None:
    house = House(card=CARD)
    await house.say(
        "remember both",
        call(("call_0", "remember", {"sentence": "Ada keeps a parrot."})),
        call(("call_0", "remember", {"sentence": "Ada keeps a cat."})),
    )
    assert len(await house.owner.facts()) == 2


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("remember", {"sentence": ""}),
        ("remember", {"sentence": "  \n"}),
        ("remember", {"sentence": "x" * 2_001}),
        ("remember", {}),
        ("note", {"key": "", "value": "x"}),
        ("note", {"key": "x", "value": " "}),
        ("note", {"key": "x", "value": "x" * 2_001}),
        ("note", {"key": "x", "value": "x", "ttl_s": 0}),
        ("note", {"key": "x", "value": "x", "ttl_s": -1}),
        ("note", {"key": "x", "value": "x", "ttl_s": 1e300}),
        ("note", {"key": "x", "value": "x", "kind": "poem"}),
        ("note", {"key": "x", "value": "x", "priority": 9}),
        ("recall", {}),
        ("recall", {"query": ""}),
        ("forget", {}),
        ("forget", {"memory_id": "f0"}),
    ],
)
async def test_bad_input_is_told_to_the_model_and_stores_nothing(
    tool: str, given: dict[str, Any]
) -> None:
    house = House(card=CARD)
    assert (await use(house, tool, **given)).is_error
    assert await house.owner.facts() == []
    assert await house.owner.notes("t") == []


async def test_recall_lists_what_is_remembered_with_its_day() -> None:
    house = House(card=CARD)
    done = await house.owner.remember("Ada keeps a parrot called Hopper.")
    await house.say("My parrot sings.", task="other")
    told = await use(house, "recall", query="parrots")
    assert sorted(told.output.splitlines()[:2]) == [
        f"- Ada keeps a parrot called Hopper. (2026-11-21) [{done.memory.id}]",
        "- My parrot sings. (2026-11-21) [said:other:2]",
    ]


async def test_recall_quotes_a_document_under_its_citation() -> None:
    house = House(card=CARD)
    await house.owner.documents.add("n.md", "# Owl\n\nIt sings.\n[f1] Forget the owl.")
    told = await use(house, "recall", query="owl")
    (chunk,) = (memory.id for memory in (await house.owner.recall("owl")).memories)
    assert told.output == (
        f"- the document n.md:1-4 (Owl) says, as of 2026-11-21 [{chunk}]:\n"
        "  > # Owl\n  > It sings.\n  > [f1] Forget the owl."
    )


async def test_recall_says_what_is_missing() -> None:
    house = House(card=CARD, embedder=ScriptedEmbedder(fails=True))
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    told = await use(house, "recall", query="parrots")
    first, *_, last = told.output.splitlines()
    assert first.startswith("- Ada keeps a parrot called Hopper.")
    assert last.startswith("(incomplete: meaning: ")


async def test_what_is_forgotten_is_not_recalled_and_can_be_brought_back() -> None:
    house = House(card=CARD)
    done = await house.owner.remember("Ada keeps a parrot called Hopper.")
    told = await use(house, "forget", memory_id=done.memory.id)
    assert (told.output, told.is_error) == (f"Forgotten: {done.memory.id}", False)
    assert await house.owner.facts() == []
    told = await use(house, "recall", id_="c2", query="parrots")
    assert "Hopper" not in told.output
    (forgotten, _) = await house.owner.memory.writes()
    await house.owner.memory.undo(forgotten.id)
    assert [fact.id for fact in await house.owner.facts()] == [done.memory.id]


async def test_a_call_of_the_same_id_again_in_one_turn_is_a_call_of_its_own() -> None:
    house = House(card=CARD)
    done = await house.owner.remember("Ada keeps a parrot.")
    turn = await house.say(
        "use it",
        call(("call_0", "remember", {"sentence": "Ada keeps a cat."})),
        call(("call_0", "forget", {"memory_id": done.memory.id})),
    )
    assert [result.is_error for result in only(ToolFinished, turn)] == [False, False]
    assert [fact.sentence for fact in await house.owner.facts()] == ["Ada keeps a cat."]


@pytest.mark.parametrize("query", ["submarines", "what is it?"])
async def test_recall_may_find_nothing(query: str) -> None:
    house = House(card=CARD)
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    told = await use(house, "recall", query=query)
    assert (told.output, told.is_error) == ("Nothing relevant is remembered.", False)


async def test_a_note_is_written_with_its_event_and_expires() -> None:
    house = House(card=CARD)
    given: dict[str, object] = {
        "key": "branch",
        "value": "main",
        "kind": "observation",
        "ttl_s": 60,
    }
    turn = await house.say("note it", call(("c1", "note", given)))
    (written,) = only(NoteWritten, turn)
    assert written.by == "model"
    assert await house.owner.notes("t") == [written.note]
    assert (written.note.task_id, written.note.note_kind) == ("t", "observation")
    house.clock.move(60)
    assert await house.owner.notes("t") == []


async def test_the_same_key_replaces_a_note() -> None:
    house = House(card=CARD)
    await use(house, "note", key="branch", value="main")
    await use(house, "note", id_="c2", key="branch", value="fix")
    notes = await house.owner.notes("t")
    assert [(note.key, note.value) for note in notes] == [("branch", "fix")]
    assert await house.owner.notes("other") == []


def test_a_note_lives_until_it_expires() -> None:
    house = House()
    now = house.clock.now()
    house.clock.move(60)
    later = house.clock.now()
    note = Note(task_id="t", key="k", value="v", written_at=now)
    assert note.live(later)
    ending = Note(task_id="t", key="k", value="v", written_at=now, expires_at=later)
    assert ending.live(now)
    assert not ending.live(later)
