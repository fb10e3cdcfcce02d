"""What is recalled for a message, and where naive clients put it."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace_bench.context.memories import (
    LONGEST,
    RECALLED,
    Bm25,
    Memory,
    NaiveMemory,
    Placement,
    pieces,
    recalled,
)
from enplace_bench.context.payload import Payload
from enplace_bench.context.replaying import Case, calls_of
from enplace_bench.context.sessions import Session, session_of

LONG_AGO = "The deployment of the billing service needs a database migration first."
LATER = "The billing service was renamed to ledger and deployed by hand last week."


def session(name: str, began: float, *texts: str) -> Session:
    """Users and assistants in turn."""
    events: list[dict[str, Any]] = [
        {"role": "user" if i % 2 == 0 else "assistant", "text": text, "t": began + i}
        for i, text in enumerate(texts)
    ]
    return session_of({"id": name, "chars_per_token": 4, "events": events})


@given(st.text())
def test_a_memory_is_never_longer_than_agreed(text: str) -> None:
    assert all(len(piece) <= LONGEST for piece in pieces(text))


def test_what_has_the_rare_words_of_the_question_comes_first() -> None:
    texts = ["the cat", "the dog and the cat", "the ledger of the dog"]
    index = Bm25([Memory(0, text) for text in texts])
    assert index.best("where is the ledger", range(1), but=9)[0] == texts[2]
    assert index.best("zebra", range(1), but=9) == []


def test_no_text_is_recalled_twice_and_no_more_than_ten() -> None:
    index = Bm25([Memory(0, f"ledger {i // 2}") for i in range(60)])
    found = index.best("ledger", range(1), but=9)
    assert len(found) == len({*found}) == RECALLED


def test_a_session_recalls_earlier_ones_and_never_itself() -> None:
    sessions = [
        session("later", 100.0, "how is the billing service deployed?", LATER),
        session("earlier", 0.0, "how is the billing service deployed?", LONG_AGO),
    ]
    earlier = recalled(sessions, only_earlier=True)
    assert list(earlier[0][0]) == [LONG_AGO]
    assert earlier[1] == {}
    others = recalled(sessions, only_earlier=False)
    assert list(others[1][0]) == [LATER]


PLACES: list[tuple[Placement, Sequence[Sequence[int]]]] = [
    ("before history", [[1], [1]]),
    ("at the tail", [[2], [4]]),
    ("appended", [[2], [2, 5]]),
]


@pytest.mark.parametrize(("placement", "places"), PLACES)
def test_memories_stand_where_the_placement_says(
    placement: Placement, places: Sequence[Sequence[int]]
) -> None:
    chat = session("chat", 0.0, "first question", "first answer", "second question", "answer")
    case = Case(session=chat, memories={0: ["one", "two"], 2: ["two", "three"]})
    payloads = [call.payload for call in calls_of(NaiveMemory(placement), case, 50_000)]
    assert [_places(payload) for payload in payloads] == places


def test_only_what_was_not_told_before_is_appended() -> None:
    chat = session("chat", 0.0, "first question", "first answer", "second question", "answer")
    case = Case(session=chat, memories={0: ["one", "two"], 2: ["two", "three"]})
    *_, last = calls_of(NaiveMemory("appended"), case, 50_000)
    assert last.payload
    assert last.payload.blocks[5].text == "<memories>\n- three\n</memories>"


def _places(payload: Payload | None) -> list[int]:
    blocks = payload.blocks if payload else ()
    return [i for i, block in enumerate(blocks) if block.text.startswith("<memories>")]
