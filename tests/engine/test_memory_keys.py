"""What is asked again under the same key happens once, for memories of every kind."""

import pytest
from tests.engine.house import House

from enplace.errors import BadInput, IdempotencyConflict


async def test_a_document_added_again_under_its_key_is_the_same_one() -> None:
    house = House()
    first = await house.owner.documents.add("plan.md", "# Plan\n\nSail.", idempotency_key="k")
    again = await house.owner.documents.add("plan.md", "# Plan\n\nSail.", idempotency_key="k")
    assert (again.memory.id, again.write) == (first.memory.id, first.write)
    with pytest.raises(IdempotencyConflict):
        await house.owner.documents.add("plan.md", "Stay.", idempotency_key="k")


async def test_a_person_told_again_under_a_key_is_known_once() -> None:
    house = House()
    first = await house.owner.people.know("Ana", aliases=["Annie"], idempotency_key="k")
    again = await house.owner.people.know("Ana", aliases=["Annie"], idempotency_key="k")
    more = await house.owner.people.know("Ana", aliases=["Nan"], idempotency_key="other")
    assert (again.memory.id, again.write) == (first.memory.id, first.write)
    assert (more.outcome, more.memory.id) == ("confirmed", first.memory.id)
    assert [person.names for person in await house.owner.people.all()] == [("Ana", "Annie", "Nan")]
    with pytest.raises(IdempotencyConflict):
        await house.owner.people.know("Ana", aliases=["Anne"], idempotency_key="k")


async def test_an_outcome_that_cannot_be_stored_is_refused() -> None:
    house = House()
    with pytest.raises(BadInput, match="outcome"):
        await house.owner.episodes.remember(
            "cellar flood",
            "The cellar of Ana's house in Bergen was flooded by the storm in May.",
            "The pump is broken and Bo has the spare one.",
            outcome="\x00",
        )
