"""What was learned from a branch that an edit left behind."""

from tests.engine.house import House

from enplace.records.event import UserSpoke


async def edit(house: House, ordinal: int, text: str) -> None:
    async for _ in house.owner.execute("t", text, replaces=ordinal):
        pass


async def test_an_edit_takes_back_what_was_learned_from_what_it_replaced() -> None:
    house = House()
    await house.say("I live in Porto.")
    await house.say("My sister is called Clara.")
    await house.owner.learning.run()
    log = await house.owner.log("t")
    second = [event for event in log if isinstance(event, UserSpoke)][1]
    assert second.place is not None
    await edit(house, second.place.ordinal, "My sister is called Klara.")
    await house.owner.learning.run()
    facts = await house.owner.facts()
    assert [f.object for f in facts if f.predicate == "sibling_of"] == ["Klara"]
    assert [f.object for f in facts if f.predicate == "lives_in"] == ["Porto"]


async def test_what_was_said_again_elsewhere_stays() -> None:
    house = House()
    await house.say("I live in Porto.")
    await house.say("I live in Porto.", task="other")
    await house.owner.learning.run()
    log = await house.owner.log("t")
    (first,) = [event for event in log if isinstance(event, UserSpoke)]
    assert first.place is not None
    await edit(house, first.place.ordinal, "Good morning!")
    await house.owner.learning.run()
    assert [f.object for f in await house.owner.facts(predicate="lives_in")] == ["Porto"]
