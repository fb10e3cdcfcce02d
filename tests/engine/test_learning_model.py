"""A model that is asked what it finds, beside the rules."""

import json
from dataclasses import replace

from tests.engine.house import BARE, House

from enplace.engine import LearningOptions
from enplace.errors import ModelUnavailable

ABLE = replace(BARE, can_extract=True)
TOLD = json.dumps(
    [
        {
            "message": 1,
            "quote": "the kiln in our shed runs on wood",
            "subject": "user",
            "predicate": "fires_with",
            "object": "wood",
        },
        {
            "message": 1,
            "quote": "the kiln in our shed runs on gas",
            "subject": "user",
            "predicate": "fires_with",
            "object": "gas",
        },
    ]
)
SAID = "Funny, the kiln in our shed runs on wood."


async def house_that_heard(**options: object) -> House:
    house = House(card=ABLE, learning=LearningOptions(in_background=False, **options))  # type: ignore[arg-type]
    await house.say(SAID)
    return house


async def test_what_the_words_bear_out_is_learned_and_the_rest_is_counted() -> None:
    house = await house_that_heard()
    house.answers.append(TOLD)
    (batch,) = await house.owner.learning.run()
    facts = await house.owner.facts(predicate="fires_with")
    assert [(fact.object, fact.trust) for fact in facts] == [("wood", "user")]
    assert batch.report.dropped["ungrounded: quote"] == 1
    assert batch.report.asked is not None
    assert batch.report.asked.purpose == "learning"
    assert batch.report.asked_tokens > 0


async def test_a_model_that_fails_leaves_what_the_rules_found_and_says_so() -> None:
    house = await house_that_heard()
    await house.say("I live in Porto.")
    house.answers.append(ModelUnavailable("down"))
    (batch,) = await house.owner.learning.run()
    assert "down" in batch.report.trouble
    assert [fact.object for fact in await house.owner.facts(predicate="lives_in")] == ["Porto"]


async def test_beyond_the_tokens_of_a_day_only_rules_learn() -> None:
    house = await house_that_heard(daily_tokens=1)
    house.answers.append(TOLD)
    await house.owner.learning.run()
    asked = len(house.model.requests)
    await house.say(SAID, task="other")
    await house.owner.learning.run()
    assert len(house.model.requests) == asked + 1, "the turn's own call, and none to learn"
    house.clock.move(90_000)
    await house.say(SAID, task="next day")
    house.answers.append(TOLD)
    await house.owner.learning.run()
    assert len(house.model.requests) == asked + 3


async def test_a_model_is_not_asked_where_that_is_switched_off_or_beyond_it() -> None:
    for card, asks in ((ABLE, False), (BARE, True)):
        house = House(card=card, learning=LearningOptions(in_background=False, asks_model=asks))
        await house.say(SAID)
        await house.owner.learning.run()
        assert len(house.model.requests) == 1
