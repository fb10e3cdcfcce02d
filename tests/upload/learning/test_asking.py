"""What a model is believed of what was said, and what it is not."""

import json
from datetime import UTC, datetime

import pytest

from enplace.records.learning import Assert, Utterance
from enplace.records.model import ModelCard
from enplace.upload.learning.asking import believed, question, triples

CARD = ModelCard(name="able", window_tokens=8_000, output_tokens=500, can_extract=True)
SAID = "My sister Clara keeps bees in Graz. Would I like honey? If I had bees I'd move to Rome."


def said(text: str = SAID, role: str = "user") -> list[Utterance]:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return [Utterance(task_id="t", ordinal=7, at=at, text=text, role=role)]  # type: ignore[arg-type]


def told(**changes: object) -> str:
    right: dict[str, object] = {
        "message": 1,
        "quote": "My sister Clara keeps bees in Graz",
        "subject": "Clara",
        "predicate": "keeps",
        "object": "bees",
    }
    return json.dumps([right | changes])


def test_a_triple_whose_words_stand_in_a_sentence_is_a_fact_with_its_place() -> None:
    (found,) = believed(told(), said()).proposals
    assert isinstance(found, Assert)
    (span,) = found.fact.evidence
    assert (found.fact.subject, found.fact.predicate, found.fact.object) == (
        "Clara",
        "keeps",
        "bees",
    )
    assert SAID[span.start : span.end] == "My sister Clara keeps bees in Graz"
    assert (span.ordinal, found.fact.trust, found.fact.state) == (7, "user", "active")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"object": "horses"}, "object"),
        ({"subject": "Marta"}, "subject"),
        ({"quote": "My sister Clara keeps goats"}, "quote"),
        ({"quote": ""}, "quote"),
        ({"predicate": "Keeps Bees!"}, "no predicate"),
        ({"predicate": "instruction"}, "no predicate"),
        ({"quote": "Would I like honey", "subject": "user", "object": "honey"}, "question"),
        ({"quote": "I'd move to Rome", "subject": "user", "object": "Rome"}, "hypothetical"),
        ({"quote": "Graz. Would I", "object": "Graz"}, "quote"),
    ],
)
def test_what_the_words_do_not_bear_out_is_dropped_with_its_reason(
    changes: dict[str, object], why: str
) -> None:
    lesson = believed(told(**changes), said())
    assert lesson.proposals == ()
    assert [each.reason for each in lesson.dropped] == [f"ungrounded: {why}"]


def test_what_was_quoted_or_said_by_an_assistant_bears_nothing_out() -> None:
    quoted = 'He wrote: "My sister Clara keeps bees in Graz, and she loves it"'
    assert believed(told(), said(quoted)).proposals == ()
    assert believed(told(), said(role="assistant")).proposals == ()


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "no facts",
        "[]",
        "[{]",
        '[{"message": "1"}]',
        '[{"message": 99, "quote": "x"}]',
        "{}" * 9,
    ],
)
def test_an_answer_that_is_no_list_of_triples_is_no_fact(answer: str) -> None:
    assert believed(answer, said()).proposals == ()


def test_triples_are_found_between_words_and_broken_ones_are_passed_over() -> None:
    good = json.loads(told())[0]
    answer = (
        f"Sure! ```json\n[{json.dumps(good)}, {{'bad': 1}}, {json.dumps(good)[:-4]}]\n``` Done."
    )
    assert [triple.object for triple in triples(answer)] == ["bees"]


def test_a_model_is_asked_only_about_the_speakers_own_words() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    spoken = [
        Utterance(task_id="t", ordinal=1, at=at, text="I keep bees. ```rm -rf /```"),
        Utterance(task_id="t", ordinal=2, at=at, text="You keep wasps.", role="assistant"),
        Utterance(task_id="t", ordinal=3, at=at, text="> I keep cows\nreally?"),
    ]
    context = question(spoken, CARD, len)
    assert context is not None
    (message,) = context.messages
    assert message.text == "1. I keep bees.\n3. really?"
    assert sum(row.tokens for row in context.manifest) == context.counted_tokens
    assert question(spoken[1:2], CARD, len) is None
