"""The tool with which a model asks the person."""

from typing import Any

import pytest
from tests.engine.house import only

import enplace
from enplace import InMemoryBrains, ScriptedModel
from enplace.providers.scripted import call
from enplace.records.agent import AgentDefinition
from enplace.records.agent_event import PersonAsked
from enplace.records.event import ToolFinished, TurnCompleted
from enplace.records.question import Answer
from enplace.records.tool import ToolCall, ToolOutcome
from enplace.tools.asking import MOST_CHARACTERS, MOST_OPTIONS, AskPerson

SEAT = {"question": "Aisle or window?", "options": ["aisle", "window"]}


async def run(given: dict[str, Any], answer: Answer | None = None) -> ToolOutcome:
    asked = ToolCall(
        id="c", tool="ask_person", input=given, task_id="t", turn_id="u", answer=answer
    )
    return await AskPerson().run(asked)


def engine_on(model: ScriptedModel, **given: Any) -> enplace.Engine:
    brains = InMemoryBrains()
    return enplace.open(model=model, brains=brains, embedder=None, environment={}, **given)


async def test_a_question_of_the_model_is_answered_in_words() -> None:
    model = ScriptedModel([call(("c1", "ask_person", SEAT)), "Booked."])
    async with engine_on(model, asks_people=True) as engine:
        ada = engine.owner("ada")
        turn = [event async for event in ada.execute("t", "Book a seat.")]
        (asked,) = only(PersonAsked, turn)
        assert (asked.question.text, asked.question.options) == (
            "Aisle or window?",
            ("aisle", "window"),
        )
        assert asked.question.question_kind == "question"
        rest = [event async for event in ada.respond("t", "window", feedback="not over a wing")]
    assert only(ToolFinished, rest)[0].output == "window\n\nnot over a wing"
    assert isinstance(rest[-1], TurnCompleted)


@pytest.mark.parametrize("asks_people", [False, True])
async def test_it_is_offered_where_somebody_answers(asks_people: bool) -> None:
    agent = AgentDefinition(name="clerk", description="C.", system="S.", tools=("ask_*", "note"))
    for given in ({}, {"agents": [agent], "agent": "clerk"}):
        model = ScriptedModel(["ok"])
        async with engine_on(model, asks_people=asks_people, **given) as engine:
            _ = [event async for event in engine.owner("ada").execute("t", "hello")]
        names = {tool.name for tool in model.requests[0].tools}
        assert ("ask_person" in names) is asks_people
        assert "note" in names


BAD: tuple[dict[str, Any], ...] = (
    {},
    {"question": ""},
    {"question": "  "},
    {"question": 7},
    {"question": "?" * (MOST_CHARACTERS + 1)},
    {"question": "Which?", "options": "a"},
    {"question": "Which?", "options": ["a", 7]},
    {"question": "Which?", "options": ["a", ""]},
    {"question": "Which?", "options": ["a"] * (MOST_OPTIONS + 1)},
)


@pytest.mark.parametrize("given", BAD)
async def test_what_is_no_question_is_an_error_in_words(given: dict[str, Any]) -> None:
    outcome = await run(given)
    assert outcome.is_error
    assert outcome.asks is None
    assert outcome.text


async def test_without_options_any_text_is_an_answer() -> None:
    asked = (await run({"question": "Where to?", "options": None})).asks
    assert asked is not None
    assert asked.options == ()
    assert (await run({"question": "Where to?"}, Answer(text="Oslo"))).text == "Oslo"
