"""Which names are the same person."""

from collections.abc import Iterable, Mapping

from enplace.records.memory import Person
from enplace.records.words import fold


def keys_of(people: Iterable[Person]) -> dict[str, str]:
    """For each folded name the id of whoever goes by it, after all merges.

    A name that several go by stands for the one who was recorded first.

    Args:
        people: In the order they were recorded.
    """
    known = {person.id: person for person in people if person.state == "active"}
    keys: dict[str, str] = {}
    for person in known.values():
        for name in person.names:
            keys.setdefault(fold(name), root_of(person, known))
    return keys


def root_of(person: Person, known: Mapping[str, Person]) -> str:
    """Who a person turned out to be."""
    seen = {person.id}
    while (into := known.get(person.merged_into or "")) is not None and into.id not in seen:
        person = into
        seen.add(person.id)
    return person.id


def names_beside(people: Iterable[Person], name: str) -> list[str]:
    """All folded names of whoever goes by this one; itself, where nobody does."""
    keys, folded = keys_of(people), fold(name)
    one = keys.get(folded)
    return [folded] if one is None else [other for other, key in keys.items() if key == one]
