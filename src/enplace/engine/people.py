"""Whom an owner knows, by all their names, and how they are related.

A relation is a fact between two people: directed, typed and valid for a time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from enplace.engine.acceptance import accept_name, accept_tags
from enplace.engine.memory import OwnerMemory
from enplace.engine.writing import Writer, new_id
from enplace.errors import IdempotencyConflict, MemoryNotFound, UsageError
from enplace.records.memory import Fact, Person, PersonKind, Trust
from enplace.records.people import keys_of
from enplace.records.standing import standing_of
from enplace.records.words import fold
from enplace.records.write import Keep, Merge, Split, Written


class People:
    """People of one owner, and organisations, pets and places."""

    def __init__(self, writer: Writer, memory: OwnerMemory) -> None:
        self._writer = writer
        self._memory = memory

    async def know(
        self,
        name: str,
        *,
        aliases: Sequence[str] = (),
        kind: PersonKind = "person",
        trust: Trust = "user",
        tags: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Written:
        """Know somebody by name; one who is known already learns the other names.

        Facts that were written under any of these names are about the same person from now on.

        Raises:
            BadInput: A name is not acceptable.
            IdempotencyConflict: The key was used for another write.
        """
        names = [accept_name(name, "name"), *(accept_name(alias, "alias") for alias in aliases)]
        name, *aliases = names = list(self._writer.redactor.texts(names))
        store = (await self._writer.brain()).memory
        known = await store.named("person", name)
        earlier = None if idempotency_key is None else await store.write_of_key(idempotency_key)
        if not isinstance(known, Person):
            person = Person(
                id=new_id("p"),
                name=name,
                recorded_at=self._writer.clock.now(),
                person_kind=kind,
                aliases=_others(names[1:], names[:1]),
                trust=trust,
                tags=accept_tags(tags),
            )
            written = await self._writer.keep(person, key=idempotency_key)
            await self._gathered(person)
            return written
        if earlier is not None and (earlier.target != known.id or _others(names, known.names)):
            raise IdempotencyConflict("this idempotency key was used for another write")
        if earlier is not None:
            return Written(outcome=earlier.outcome, memory=known, write=earlier.id)
        fresh = _others(names[1:], known.names)
        if not fresh:
            return Written(outcome="duplicate", memory=known, write=0)
        person = replace(known, aliases=(*known.aliases, *fresh))
        people = [person if p.id == person.id else p for p in await store.people()]
        return await self._writer.regroup(
            Keep(target=person.id),
            "confirmed",
            person,
            [standing_of(person, "restated", reason="more names")],
            key=idempotency_key,
            people=people,
            subjects=person.names,
        )

    async def merge(self, name: str, into: str) -> Written:
        """Say that two people are one: facts about either are about both.

        Raises:
            MemoryNotFound: One of them is not known.
            UsageError: They are one already.
        """
        person, other = await self._known(name), await self._known(into)
        store = (await self._writer.brain()).memory
        people = await store.people()
        keys = keys_of(people)
        if keys[fold(person.name)] == keys[fold(other.name)]:
            raise UsageError(f"{name!r} and {into!r} are one already")
        merged = replace(person, merged_into=other.id)
        return await self._writer.regroup(
            Merge(target=person.id, into=other.id),
            "merged",
            merged,
            [standing_of(merged, "merged", by=other.id)],
            people=[merged if p.id == person.id else p for p in people],
            subjects=(*person.names, *other.names),
        )

    async def split(self, name: str) -> Written:
        """Take a merge back: facts go to the name that they were written under.

        Raises:
            MemoryNotFound: Nobody of this name is known.
            UsageError: It was not merged into another.
        """
        store = (await self._writer.brain()).memory
        people = await store.people()
        merged = [p for p in people if p.merged_into and fold(name) in map(fold, p.names)]
        if not merged:
            raise UsageError(f"{name!r} was not merged into anybody")
        person = replace(merged[0], merged_into=None)
        return await self._writer.regroup(
            Split(target=person.id),
            "split",
            person,
            [standing_of(person, "split")],
            people=[person if p.id == person.id else p for p in people],
            subjects=(
                *person.names,
                *(n for p in people if p.id == merged[0].merged_into for n in p.names),
            ),
        )

    async def relate(
        self,
        source: str,
        relation: str,
        target: str,
        *,
        sentence: str | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        trust: Trust = "user",
        idempotency_key: str | None = None,
    ) -> Written:
        """Say how one person is related to another: `source relation target`.

        Args:
            source: `Ana` in "Ana is the mother of Bo".
            relation: `mother_of`.
            target: `Bo`.
            sentence: The same in words; made from the three where it is not given.
            valid_from: Since when.
            valid_until: Until when, not included.
            trust: Where it comes from.
            idempotency_key: The same again answers the same and writes nothing.

        Raises:
            EnplaceError: As `OwnerMemory.remember`.
        """
        for what, name in {"source": source, "relation": relation, "target": target}.items():
            accept_name(name, what)
        return await self._memory.remember(
            sentence or f"{source} {relation.replace('_', ' ')} {target}.",
            subject=source,
            predicate=relation,
            object=target,
            kind="relation",
            valid_from=valid_from,
            valid_until=valid_until,
            trust=trust,
            idempotency_key=idempotency_key,
        )

    async def all(self) -> Sequence[Person]:
        """Everybody who is known, merged ones included."""
        return await (await self._writer.brain()).memory.people()

    async def relations(
        self, name: str, *, at: datetime | None = None, as_known: datetime | None = None
    ) -> Sequence[Fact]:
        """How somebody is related to others, in either direction, at a moment."""
        store = (await self._writer.brain()).memory
        keys = keys_of(await store.people())
        key = keys.get(fold(name), fold(name))
        found = await self._memory.facts(at=at, as_known=as_known)
        return [
            fact
            for fact in found
            if fact.fact_kind == "relation"
            and key in {keys.get(fold(end or ""), fold(end or "")) for end in _ends(fact)}
        ]

    async def _known(self, name: str) -> Person:
        found = await (await self._writer.brain()).memory.named("person", name)
        if not isinstance(found, Person):
            raise MemoryNotFound(f"nobody is known by the name {name!r}", name=name)
        return found

    async def _gathered(self, person: Person) -> None:
        """Facts that stood under several names of somebody new are weighed together."""
        store = (await self._writer.brain()).memory
        woven = await store.woven(subjects=person.names, holds_one=self._writer.holds_one)
        if not person.aliases or not woven.facts:
            return
        people = await store.people()
        await self._writer.regroup(
            Keep(target=person.id), "merged", person, people=people, subjects=person.names
        )


def _others(names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Names that are not among the known ones, each once, letter case aside."""
    have = {fold(name) for name in known}
    fresh = {fold(name): name for name in reversed(names) if fold(name) not in have}
    return tuple(reversed(fresh.values()))


def _ends(fact: Fact) -> tuple[str | None, str | None]:
    return fact.subject, fact.object
