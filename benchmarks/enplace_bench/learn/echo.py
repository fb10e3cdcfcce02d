"""What is said again: by the assistant it proves nothing, by the owner it is more evidence.

A hundred times something that is known is asked for, comes back from memory, and is repeated by the
assistant, every other time by a tool as well; then the log is learned from. Nothing may change. Then
ten facts are told in five ways each, on five days in five tasks: one row with five pieces of
evidence is right.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from enplace.engine import Engine
from enplace.providers.scripted import Answer
from enplace.records.context import Context
from enplace.records.learning import Utterance
from enplace.records.memory import Fact
from enplace.records.words import fold
from enplace_bench.learn.telling import BEGIN, Known, carry, known, minutes, opened, reads, say
from enplace_bench.recall.structured import SetClock

ROUNDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Fivefold:
    """A fact, and five ways to tell it."""

    has: tuple[str, ...]
    """Folded words that a sentence about it holds."""
    asks: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoes:
    """What became of memory."""

    rounds: int
    known: int
    """Facts that were there to be repeated."""
    changed: int
    """Memories that the repetition added or altered."""
    told: int
    """Facts that were told in five ways."""
    one_row: int
    """Of these, those that are one row."""
    evidence: int
    """Messages that are evidence for their rows; right is five each."""
    whole: int
    """Those that are one row with five pieces."""


def fivefold() -> list[Fivefold]:
    """The facts that are told."""
    with Path(__file__).with_name("five_ways.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        Fivefold(has=tuple(row["has"]), asks=row["asks"], said=tuple(row["said"])) for row in rows
    ]


async def measure(home: Path, rounds: int = ROUNDS) -> Echoes:
    """Repeat, and tell in five ways."""
    facts, clock, parrot = fivefold(), SetClock(BEGIN), _Parrot()
    async with opened(home, clock, parrot.answer) as engine:
        before, after = await _repeat(engine, clock, parrot, facts, rounds)
        rows = [await _tell(engine, clock, f"five{i}", fact) for i, fact in enumerate(facts)]
    return Echoes(
        rounds=rounds,
        known=len(before.facts),
        changed=_changes(before, after),
        told=len(facts),
        one_row=sum(len(counts) == 1 for counts in rows),
        evidence=sum(sum(counts) for counts in rows),
        whole=sum(counts == [5] for counts in rows),
    )


class _Parrot:
    """A model that says what it was given to say, every other time after it read it somewhere."""

    def __init__(self) -> None:
        self.told: Sequence[str] = ()
        self.has_read = False
        self._number = 0

    def answer(self, context: Context) -> Answer:
        """The answer to a context."""
        if self.has_read and context.messages[-1].role != "tool":
            self._number += 1
            return reads(f"call{self._number}", "\n".join(self.told))
        return " ".join(["You told me:", *self.told, "I am sure of it."])


async def _repeat(
    engine: Engine, clock: SetClock, parrot: _Parrot, facts: Sequence[Fivefold], rounds: int
) -> tuple[Known, Known]:
    owner, brain = engine.owner("echo"), await engine.brains.open("echo")
    said = [
        Utterance(task_id="told", ordinal=n, at=clock.at, text=fact.said[0])
        for n, fact in enumerate(facts, start=1)
    ]
    await say(owner, brain, said)
    await owner.learning.run()
    before = await known(brain)
    for number in range(rounds):
        clock.at += minutes(7)
        fact = facts[number % len(facts)]
        found = await owner.recall(fact.asks, limit=3)
        parrot.told = [memory.text for memory in found.memories] or [fact.said[0]]
        parrot.has_read = number // len(facts) % 2 == 1
        await carry(owner, f"echo{number // 10}", fact.asks)
        await owner.learning.run()
    return before, await known(brain)


def _changes(before: Known, after: Known) -> int:
    """How many memories are not as they were."""
    was = {fact.id: fact for fact in before.facts}
    now = {fact.id: fact for fact in after.facts}
    people = {person.id: person for person in before.people}
    others = sum(people.get(person.id) != person for person in after.people)
    others += len(set(after.soul) ^ set(before.soul))
    return others + sum(was.get(id_) != now.get(id_) for id_ in was.keys() | now.keys())


async def _tell(engine: Engine, clock: SetClock, name: str, fact: Fivefold) -> list[int]:
    """Evidence of each row that holds a fact, after it was told in five ways."""
    owner, brain = engine.owner(name), await engine.brains.open(name)
    clock.at = BEGIN
    for number, text in enumerate(fact.said):
        task = f"t{number}"
        await say(owner, brain, [Utterance(task_id=task, ordinal=1, at=clock.at, text=text)])
        await owner.learning.run()
        clock.at += timedelta(days=1)
    rows = [row for row in (await known(brain)).facts if _holds(row, fact)]
    spans = [await owner.learning.evidence(row.id) for row in rows]
    return [len({(span.task_id, span.ordinal) for span in each}) for each in spans]


def _holds(row: Fact, fact: Fivefold) -> bool:
    told = fold(row.sentence)
    return row.predicate not in {"species", "breed"} and all(word in told for word in fact.has)
