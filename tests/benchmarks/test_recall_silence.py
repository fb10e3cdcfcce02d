"""The silence part of the recall benchmark: its messages, and its figures."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

import enplace
from enplace.records.changeset import Changeset
from enplace.records.event import MessageHeard
from enplace_bench.recall.conversations import Conversation, Question, Turn
from enplace_bench.recall.silence import (
    ANSWERABLE,
    GIBBERISH,
    HEADINGS,
    NEVER_SAID,
    POOLED,
    SMALL_TALK,
    SPECIFIC,
    SWAPPED,
    Judged,
    Opened,
    measure,
    rows,
    summary,
    threshold,
)
from enplace_bench.recall.silence_sets import (
    gibberish,
    never_said,
    small_talk,
    specific,
    swapped,
)

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def conversation(
    id_: str, names: tuple[str, str], said: list[str], asked: list[str]
) -> Conversation:
    """Two people who speak by turns; each question is answered by the first turn."""
    return Conversation(
        set_name="made",
        id=id_,
        turns=tuple(
            Turn(
                id=f"D1:{number}",
                session=1,
                at=NOW,
                speaker=names[number % 2],
                role=None,
                text=text,
            )
            for number, text in enumerate(said)
        ),
        questions=(
            *(
                Question(index=index, text=text, kind="single-hop", evidence=("D1:0",))
                for index, text in enumerate(asked)
            ),
            Question(index=98, text="Who is Ada's king?", kind="adversarial", evidence=("D1:0",)),
            Question(index=99, text="What did Ada dream?", kind="single-hop", evidence=()),
        ),
    )


ADA = conversation(
    "ada",
    ("Ada", "Bo"),
    ["I moored the sailing boat in Gothenburg.", "Lovely! My parrot hates boats."],
    ["Where did Ada moor the sailing boat?", "What does Bo's parrot hate?"],
)
CY = conversation(
    "cy",
    ("Cyrus Lee", "Dana"),
    ["I baked a walnut cake for the marathon.", "Good luck with running, Cyrus!"],
    ["Which cake did Cyrus bake?", "Who did Cyruss's friend Dana wish luck?", "What was baked?"],
)
ADA_AGAIN = conversation("again", ("Ada", "Eve"), ["Hello.", "Hello."], ["What did Ada say?"])


# Messages


def test_generators_give_distinct_messages_and_the_same_for_the_same_seed() -> None:
    for make in (gibberish, small_talk):
        messages = make(200, 5)
        assert len(set(messages)) == 200
        assert all(message.strip() for message in messages)
        assert make(200, 5) == messages
        assert make(200, 6) != messages
        assert make(50, 5) == messages[:50]


def test_swapped_questions_name_those_who_speak() -> None:
    found = swapped([ADA, CY], 20)
    assert found == swapped([ADA, CY], 20)
    texts = {one.text for one in found if one.target == 0}
    assert texts <= {
        f"{start} {one} {end}"
        for one, other in (("Ada", "Bo"), ("Bo", "Ada"))
        for start, end in (
            ("Which cake did", "bake?"),
            ("Who did", f"'s friend {other} wish luck?"),
        )
    } | {
        f"Who did {one}'s friend {other} wish luck?"
        for one, other in (("Ada", "Bo"), ("Bo", "Ada"))
    }
    assert len(texts) == 2, "`What was baked?` names nobody"
    assert {one.text for one in found if one.target == 1} & {
        "Where did Cyrus Lee moor the sailing boat?",
        "Where did Dana moor the sailing boat?",
    }


def test_questions_are_not_swapped_where_a_name_is_shared() -> None:
    assert swapped([ADA, ADA_AGAIN], 5) == []
    assert swapped([ADA], 5) == []


@pytest.mark.parametrize(
    ("question", "is_specific"),
    [
        ("Where did Ada moor her boats?", False),
        ("Where did Ada moor her yacht?", True),
        ("What has Ada been mooring?", False),
        ("Where would they have been?", False),
        ("Is it an owl?", False),
        ("Does Bo hate it?", False),
    ],
)
def test_a_question_is_specific_if_it_holds_a_word_that_was_never_said(
    question: str, is_specific: bool
) -> None:
    assert specific(question, ADA) is is_specific


def test_questions_about_what_was_never_said_are_spread_over_conversations() -> None:
    found = never_said([ADA, CY])
    assert len(found) == 50
    assert [one.target for one in found[:4]] == [0, 1, 0, 1]
    assert found[0].text == "What is Ada's blood type?"
    assert found[1].text == "Which dentist does Dana go to?"
    assert never_said([]) == []


# Figures


def judged(kind: str, covered: float, *, set_name: str = "made", least: float = 0.5) -> Judged:
    return Judged(
        set_name=set_name, kind=kind, text="?", covered=covered, accepted=covered >= least
    )


def test_shares_by_hand() -> None:
    found = summary(
        [
            *(judged(ANSWERABLE, number / 20, set_name="one") for number in range(20)),
            *(judged(ANSWERABLE, 0.9, set_name="two") for _ in range(20)),
            judged(GIBBERISH, 0.0, set_name="one"),
            judged(GIBBERISH, 0.3, set_name="two"),
            judged(SWAPPED, 0.7, set_name="two"),
        ]
    )
    assert found.acceptance["one"].value == 0.5
    assert found.acceptance["two"].value == 1.0
    assert (found.acceptance[POOLED].value, found.acceptance[POOLED].count) == (0.75, 40)
    assert found.threshold_at_95 == 0.1, "2 of 40 lie below"
    assert found.silence[POOLED][GIBBERISH].value == 1.0
    assert found.at_95[POOLED][GIBBERISH].value == 0.5
    assert str(found.silence["two"][SWAPPED]) == "0.0 (1)"
    assert SMALL_TALK not in found.silence[POOLED]
    table = rows(found)
    assert [row[0] for row in table] == ["one", "one", "two", "two", POOLED, POOLED]
    assert {len(row) for row in table} == {len(HEADINGS)}


def test_a_threshold_accepts_at_least_the_share_that_is_asked_for() -> None:
    assert threshold([0.1, 0.2, 0.3, 0.4], 0.5) == 0.3
    assert threshold([0.1, 0.2, 0.3, 0.4], 0.51) == 0.2
    assert threshold([0.7], 0.95) == 0.7
    with pytest.raises(ValueError, match="no values"):
        threshold([])


async def test_a_small_measurement() -> None:
    @asynccontextmanager
    async def open_brain(of: Conversation, has_embedder: bool) -> AsyncGenerator[Opened]:
        assert not has_embedder
        brain = await enplace.InMemoryBrains().open(of.id)
        said = tuple(
            MessageHeard(speaker=turn.speaker, text=turn.text, said_at=turn.at, session="1")
            for turn in of.turns
            if turn.at
        )
        await brain.commit(Changeset(at=NOW, task_id="talk", events=said, due="heard"))
        yield Opened(brain=brain, embedder=None, now=NOW)

    found = await measure([ADA, CY], open_brain, of_each=10, with_embedder=[False])
    assert list(found) == [False]
    assert found[False].acceptance[POOLED].count == 5
    assert found[False].acceptance[POOLED].value >= 0.6
    quiet = found[False].silence[POOLED]
    assert quiet[GIBBERISH].count == quiet[SMALL_TALK].count == quiet[NEVER_SAID].count == 10
    assert quiet[GIBBERISH].value == quiet[SMALL_TALK].value == 1.0
    assert quiet[SPECIFIC].value >= quiet[SWAPPED].value
