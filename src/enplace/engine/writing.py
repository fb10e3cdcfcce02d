"""How an owner's long-term memory is written: weighed, committed, and weighed anew if need be."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from enplace.engine.parts import MemoryOptions
from enplace.errors import IdempotencyConflict, MemoryNotFound, StaleMemory
from enplace.ports import Brain, Clock
from enplace.records.canonical import digest
from enplace.records.changeset import Changeset, Commit
from enplace.records.memory import Change, Document, Episode, Fact, Memory, Person
from enplace.records.people import keys_of, names_beside
from enplace.records.standing import standing_of
from enplace.records.words import fold
from enplace.records.write import (
    Erase,
    Keep,
    Operation,
    Outcome,
    Remember,
    Surroundings,
    Write,
    Written,
)
from enplace.upload.redact import Redactor
from enplace.upload.replay import KeyOf, Replayed, carry_out, replay

MOST_TRIES = 20
"""How often a write is weighed anew where another one came between."""
_NO_MOMENT = "other writers left no moment for this write; try again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a write is going to do."""

    outcome: Outcome
    memory: Memory
    memories: tuple[Memory, ...] = ()
    changes: tuple[Change, ...] = ()
    closed: tuple[str, ...] = ()
    disputes: tuple[str, ...] = ()


class Writer:
    """Writes to one owner's brain. A write that met another one is weighed again, not lost."""

    def __init__(
        self,
        brain: Callable[[], Awaitable[Brain]],
        clock: Clock,
        options: MemoryOptions,
        written: Callable[[Brain], None],
        redactor: Redactor,
    ) -> None:
        self.brain = brain
        self.clock = clock
        self.options = options
        self.written = written
        """Told when something was written that has no vector yet."""
        self.redactor = redactor

    def holds_one(self, predicate: str | None) -> bool:
        """Whether a predicate holds one value at a time."""
        return predicate is not None and self.options.predicate(predicate).holds_one

    async def on_facts(
        self,
        operation: Operation,
        about: Fact,
        *,
        key: str | None,
        expected: Mapping[str, int] | None = None,
    ) -> Written:
        """Carry out an operation on facts.

        Args:
            operation: What is asked for.
            about: The new fact, or the one it names.
            key: The caller's idempotency key.
            expected: Versions that facts must have.

        Raises:
            StaleMemory: One of them has another version, or others wrote without a pause.
            UsageError: The facts do not allow it.
            IdempotencyConflict: The key was used for another write.
        """
        operation, about = self.redactor.operation(operation), self.redactor.memory(about)
        ids = {about.id, *(expected or {})}
        if isinstance(operation, Remember):
            ids |= {id_ for id_ in (about.supersedes, operation.corrects) if id_}
        decisions: list[Plan | Write] = []

        def decide(near: Surroundings) -> Changeset | None:
            if near.earlier is not None:
                decisions.append(near.earlier)
                return None
            _require_versions(near.facts, expected or {})
            plan, changeset = self._planned(operation, near, key)
            decisions.append(plan)
            return changeset

        brain = await self.brain()
        done = await brain.weigh(
            about,
            decide,
            holds_one=self.holds_one(about.predicate),
            ids=sorted(ids),
            key=key,
        )
        decided = decisions[-1]
        if isinstance(decided, Write):
            return await self._again(brain, decided, _request(operation, about))
        assert done is not None  # a plan was written
        self.written(brain)
        return _told(decided, done)

    def _planned(
        self, operation: Operation, near: Surroundings, key: str | None
    ) -> tuple[Plan, Changeset]:
        """What an operation on facts does, at this moment."""
        now = self.clock.now()
        verdict = carry_out(
            operation,
            now,
            near.facts,
            holds_one=self.holds_one,
            key_of=_one_key_for(near.names),
        )
        changes = tuple(change for _, change in verdict.changed)
        plan = Plan(
            outcome=verdict.outcome,
            memory=verdict.fact,
            memories=verdict.added,
            changes=changes,
            closed=_closed(changes, but=verdict.fact.id),
            disputes=verdict.disputes,
        )
        return plan, _changeset(plan, operation, now, key=key)

    def step(self, step: Operation | Person, near: Surroundings) -> tuple[Written, Changeset]:
        """One step of a batch, decided beside what is near; the store writes it.

        Raises:
            UsageError: The facts do not allow it.
        """
        if isinstance(step, Person):
            plan = Plan(outcome="added", memory=step, memories=(step,))
            changeset = _changeset(plan, Keep(target=step.id), self.clock.now())
        else:
            plan, changeset = self._planned(step, near, None)
        return _told(plan, Commit()), changeset

    async def on_named(
        self,
        operation: Operation,
        target: str,
        *,
        key: str | None = None,
        expected_version: int | None = None,
    ) -> Written:
        """Carry out an operation on one fact.

        Raises:
            MemoryNotFound: There is no such fact.
            EnplaceError: As `on_facts`.
        """
        fact = (await (await self.brain()).memory.get([target])).get(target)
        if not isinstance(fact, Fact):
            raise MemoryNotFound(f"there is no fact {target!r}", id=target)
        expected = {} if expected_version is None else {target: expected_version}
        return await self.on_facts(operation, fact, key=key, expected=expected)

    async def keep(self, memory: Episode | Person | Document, *, key: str | None) -> Written:
        """Keep a memory that closes nothing, but for a document of the same name before it.

        Raises:
            IdempotencyConflict: The key was used for another write.
        """
        brain, memory = await self.brain(), self.redactor.memory(memory)
        operation = Keep(target=memory.id)
        earlier = None if key is None else await brain.memory.write_of_key(key)
        if earlier is not None:
            return await self._again(brain, earlier, _request(operation, memory))
        changes: tuple[Change, ...] = ()
        before = memory.supersedes if isinstance(memory, Document) else None
        if before is not None:
            known = (await brain.memory.get([before]))[before]
            retired = replace(known, state="retired")
            changes = (standing_of(retired, "retired", by=memory.id, reason="superseded"),)
        plan = Plan(
            outcome="superseded" if changes else "added",
            memory=memory,
            memories=(memory,),
            changes=changes,
            closed=tuple(change.target for change in changes),
        )
        return await self.commit(brain, plan, operation, key=key)

    async def change(
        self,
        operation: Operation,
        outcome: Outcome,
        memory: Memory,
        changes: Sequence[Change] = (),
        *,
        key: str | None = None,
    ) -> Written:
        """Give memories that are no facts another standing."""
        brain = await self.brain()
        plan = Plan(outcome=outcome, memory=memory, changes=tuple(changes))
        return await self.commit(brain, plan, operation, key=key)

    async def regroup(
        self,
        operation: Operation,
        outcome: Outcome,
        memory: Memory,
        changes: Sequence[Change] = (),
        *,
        key: str | None = None,
        people: Sequence[Person],
        without: int = 0,
        subjects: Sequence[str] = (),
    ) -> Written:
        """Weigh facts anew: a write is taken back, or names belong together now that did not.

        Args:
            operation: Why.
            outcome: How it is told.
            memory: What it is about.
            changes: Of memories that are no facts.
            key: The caller's idempotency key.
            people: Everybody, as they are after those changes, in the order they were recorded.
            without: The write that is taken back.
            subjects: Names that facts about are weighed anew.
        """
        brain = await self.brain()
        keys = keys_of(people)
        names = {other for name in subjects for other in names_beside(people, name)}
        for _ in range(MOST_TRIES):
            woven = await brain.memory.woven(
                without, subjects=sorted(names), holds_one=self.holds_one
            )
            after = replay(
                woven.writes,
                without=without,
                holds_one=self.holds_one,
                key_of=lambda name: keys.get(fold(name), fold(name)),
            )
            before = {fact.id: fact for fact in woven.facts}
            facts = {id_: fact for id_, (fact, _) in after.items()}
            plan = Plan(
                outcome=outcome,
                memory=facts.get(memory.id, memory) if isinstance(memory, Fact) else memory,
                memories=tuple(fact for id_, fact in facts.items() if id_ not in before),
                changes=(*changes, *_differences(before, after)),
            )
            try:
                return await self.commit(brain, plan, operation, key=key, revision=woven.revision)
            except StaleMemory:
                continue
        raise StaleMemory(_NO_MOMENT)

    async def commit(
        self,
        brain: Brain,
        plan: Plan,
        operation: Operation,
        *,
        key: str | None = None,
        revision: int | None = None,
    ) -> Written:
        """Write a plan, whole or not at all."""
        changeset = _changeset(plan, operation, self.clock.now(), key=key, revision=revision)
        done = await brain.commit(changeset)
        self.written(brain)
        return _told(plan, done)

    async def _again(self, brain: Brain, earlier: Write, request: str) -> Written:
        """The answer that a write got under the same key.

        Raises:
            IdempotencyConflict: That write asked for something else.
        """
        if isinstance(earlier.operation, Erase):
            raise IdempotencyConflict("what was written under this idempotency key was erased")
        if earlier.request != request:
            raise IdempotencyConflict("this idempotency key was used for another write")
        memory = (await brain.memory.get([earlier.target]))[earlier.target]
        found = await brain.memory.write(earlier.id)
        changes = found[1] if found else ()
        return Written(
            outcome=earlier.outcome,
            memory=memory,
            write=earlier.id,
            closed=_closed(changes, but=earlier.target),
        )


def new_id(letter: str) -> str:
    """A name for a new memory."""
    return f"{letter}{uuid.uuid4().hex[:16]}"


def _changeset(
    plan: Plan,
    operation: Operation,
    now: datetime,
    *,
    key: str | None = None,
    revision: int | None = None,
) -> Changeset:
    write = Write(
        id=0,
        at=now,
        operation=operation,
        outcome=plan.outcome,
        target=plan.memory.id,
        key=key,
        request=_request(operation, plan.memory) if key is not None else "",
    )
    return Changeset(
        at=now, memories=plan.memories, changes=plan.changes, write=write, revision=revision
    )


def _told(plan: Plan, done: Commit) -> Written:
    return Written(
        outcome=plan.outcome,
        memory=plan.memory,
        write=done.write,
        closed=plan.closed,
        disputes=plan.disputes,
    )


def _request(operation: Operation, memory: Memory) -> str:
    """Digest of what is asked for: ids and times that are made anew each time left out."""
    asked: object = operation
    if isinstance(operation, Remember):
        fact = replace(operation.fact, id="", recorded_at=datetime.min.replace(tzinfo=UTC))
        asked = replace(operation, fact=fact)
    elif isinstance(operation, Keep):
        asked = replace(memory, id="", recorded_at=datetime.min.replace(tzinfo=UTC))
        if isinstance(asked, Document):
            asked = replace(asked, supersedes=None)  # found, not asked for
    return digest(repr(asked))


def _closed(changes: Iterable[Change], *, but: str) -> tuple[str, ...]:
    """Ids of the memories that changes closed."""
    gone = (change for change in changes if change.action in {"closed", "retired"})
    return tuple(change.target for change in gone if change.target != but)


def _require_versions(facts: Iterable[Fact], expected: Mapping[str, int]) -> None:
    for fact in facts:
        if fact.version != expected.get(fact.id, fact.version):
            raise StaleMemory(
                f"{fact.id} has version {fact.version}, not {expected[fact.id]}",
                id=fact.id,
                version=fact.version,
            )


def _one_key_for(names: frozenset[str]) -> KeyOf:
    """Names that are one person's share a key; any other is its own."""
    one = min(names, default="")

    def key_of(name: str) -> str:
        folded = fold(name)
        return one if folded in names else folded

    return key_of


def _differences(before: Mapping[str, Fact], after: Mapping[str, Replayed]) -> Iterator[Change]:
    """What makes the facts as they stand into those that are to stand."""
    for id_, fact in before.items():
        if id_ not in after and fact.state == "forgotten":
            continue  # a retired one would be shown again by what was known before
        wanted, by = after.get(id_) or (replace(fact, state="retired"), None)
        if standing_of(wanted) != standing_of(fact):
            yield standing_of(wanted, "restated", by=by, reason="weighed anew")
    for id_, (fact, by) in after.items():
        if id_ not in before and by is not None:  # a new one that gave way already
            yield standing_of(fact, "restated", by=by, reason="weighed anew")
