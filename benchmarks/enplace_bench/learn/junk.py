"""Noise with planted facts in it: what survives of the one, and whether the other is found.

The noise is told as turns of tasks: what the user says, what tools give, what the assistant says.
Each of the planted facts is told in five ways at random places. A memory whose evidence is noise
is junk, whatever it says; a planted fact is found where one standing memory holds all its words.
Turns of recorded conversations can be mixed in as well; since they do hold facts, what survives of
them is told apart.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from enplace.engine import OwnerEngine
from enplace.providers.scripted import Answer, say
from enplace.records.context import Context
from enplace.records.event import AssistantSpoke, ToolFinished, UserSpoke
from enplace.records.memory import Span
from enplace.records.words import fold
from enplace_bench.learn.noise import Noise, corpus
from enplace_bench.learn.telling import BEGIN, Known, known, minutes, opened, reads
from enplace_bench.recall.conversations import Conversation
from enplace_bench.recall.structured import SetClock

TURNS, RECORDED = 10_000, 1_000
TURNS_OF_TASK = 40
OWNER = "one"
Origin = Literal["noise", "planted", "recorded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A fact that is told in five ways."""

    id: str
    predicate: str
    said: tuple[str, ...]
    has: tuple[str, ...]
    """Folded words that it cannot be told without."""


@dataclass(slots=True, kw_only=True)
class Turn:
    """What happens in a turn."""

    origin: Origin
    kind: str
    user: str
    tools: list[str] = field(default_factory=list[str])
    assistant: str = "Done."


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivors:
    """What was kept."""

    turns: int
    """User turns, tool results and answers of noise."""
    by_origin: dict[str, int]
    """Memories and lines of the soul that stand, by where their evidence comes from."""
    junk_by_kind: dict[str, int]
    """Those from noise, by its kind."""
    planted: int
    found: int
    missed: tuple[str, ...]
    """Predicates of planted facts that were not found."""
    lost: int
    """Of these, those that are known and do not stand any more."""

    @property
    def junk_rate(self) -> float:
        """Share of those from noise, without what recorded conversations gave."""
        kept = self.by_origin.get("noise", 0) + self.by_origin.get("planted", 0)
        return self.by_origin.get("noise", 0) / kept if kept else 0.0

    @property
    def found_share(self) -> float:
        """Share of the planted facts that were found."""
        return self.found / self.planted if self.planted else 1.0


def planted() -> list[Planted]:
    """The facts that are planted."""
    with Path(__file__).with_name("planted.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        Planted(
            id=row["id"],
            predicate=str(row["fact"]["predicate"]),
            said=tuple(row["said"]),
            has=tuple(fold(word) for word in row["has"]),
        )
        for row in rows
    ]


async def measure(
    home: Path,
    *,
    turns: int = TURNS,
    facts: Sequence[Planted] = (),
    recorded: Sequence[Conversation] = (),
    seed: int = 7,
) -> Survivors:
    """Tell the noise and what is mixed into it, task by task, and learn after each."""
    clock, actor = SetClock(BEGIN), _Actor()
    told = _mixed(turns, facts, recorded, random.Random(seed))
    origins: dict[tuple[str, int], tuple[Origin, str]] = {}
    async with opened(home, clock, actor.answer) as engine:
        owner, brain = engine.owner(OWNER), await engine.brains.open(OWNER)
        for number, turn in enumerate(told):
            task = f"task{number // TURNS_OF_TASK}"
            clock.at += minutes(0.4)
            await _play(owner, actor, task, turn, origins)
            if number % TURNS_OF_TASK == TURNS_OF_TASK - 1:
                await owner.learning.run()
        await owner.learning.run()
        now_known = await known(brain)
    return _counted(now_known, clock, turns, facts, origins)


class _Actor:
    """A model that plays its part of a turn: it reads, then speaks."""

    def __init__(self) -> None:
        self.turn = Turn(origin="noise", kind="", user="")
        self._read = 0

    def answer(self, context: Context) -> Answer:
        """The answer to a context."""
        read = 0
        for message in reversed(context.messages):
            if message.role == "user":
                break
            read += message.role == "tool"
        if read < len(self.turn.tools):
            self._read += 1
            return reads(f"call{self._read}", self.turn.tools[read])
        return say(self.turn.assistant)


async def _play(
    owner: OwnerEngine,
    actor: _Actor,
    task: str,
    turn: Turn,
    origins: dict[tuple[str, int], tuple[Origin, str]],
) -> None:
    actor.turn = turn
    kinds = {UserSpoke: turn.kind, ToolFinished: "tool_dump", AssistantSpoke: "assistant_chatter"}
    async for event in owner.execute(task, turn.user):
        if event.place is not None and type(event) in kinds:
            kind = kinds[cast(type[UserSpoke], type(event))]
            origins[task, event.place.ordinal] = (turn.origin, kind)


def _mixed(
    turns: int, facts: Sequence[Planted], recorded: Sequence[Conversation], luck: random.Random
) -> list[Turn]:
    noise = list(_turns(corpus(7, turns, standalone=True)))
    others = [Turn(origin="planted", kind="planted", user=s) for f in facts for s in f.said]
    luck.shuffle(others)
    heard = [
        Turn(origin="recorded", kind=conversation.set_name, user=turn.text)
        for conversation in recorded
        for turn in conversation.turns
        if turn.text.strip() and turn.speaker in {"user", conversation.turns[0].speaker}
    ]
    others += luck.sample(heard, min(RECORDED, len(heard)))
    places = sorted(
        ((luck.uniform(0, len(noise)), turn) for turn in others), key=lambda place: place[0]
    )
    mixed: list[Turn] = []
    for number, turn in enumerate(noise):
        while places and places[0][0] <= number:
            mixed.append(places.pop(0)[1])
        mixed.append(turn)
    return [*mixed, *(turn for _, turn in places)]


def _turns(lines: Iterable[Noise]) -> Iterator[Turn]:
    """The lines of noise as turns; what a tool gives before anybody spoke comes in the next one."""
    before: list[str] = []
    turn: Turn | None = None
    for line in lines:
        if line.who == "user":
            if turn is not None:
                yield turn
            turn = Turn(origin="noise", kind=line.kind, user=line.text, tools=before)
            before = []
        elif line.who == "tool":
            (before if turn is None else turn.tools).append(line.text)
        elif turn is not None:
            turn.assistant = line.text
    if turn is not None:
        yield turn


def _counted(
    now_known: Known,
    clock: SetClock,
    turns: int,
    facts: Sequence[Planted],
    origins: dict[tuple[str, int], tuple[Origin, str]],
) -> Survivors:
    standing = now_known.standing(clock.at)
    people = [person for person in now_known.people if person.state == "active"]
    kept = [_origin(each.evidence, origins) for each in (*standing, *people, *now_known.soul)]
    told = [fold(fact.sentence) for fact in standing] + [fold(x.text) for x in now_known.soul]
    missed = [fact for fact in facts if not _is_in(fact, told)]
    once = [fold(fact.sentence) for fact in now_known.facts]
    return Survivors(
        turns=turns,
        by_origin=dict(Counter(origin for origin, _ in kept)),
        junk_by_kind=dict(Counter(kind for origin, kind in kept if origin == "noise")),
        planted=len(facts),
        found=len(facts) - len(missed),
        missed=tuple(fact.predicate for fact in missed),
        lost=sum(_is_in(fact, once) for fact in missed),
    )


def _origin(
    evidence: Sequence[Span], origins: dict[tuple[str, int], tuple[Origin, str]]
) -> tuple[Origin, str]:
    """Where a memory comes from; what a planted fact brought about is not junk."""
    unknown: tuple[Origin, str] = ("noise", "no evidence")
    found = [origins.get((span.task_id, span.ordinal), unknown) for span in evidence] or [unknown]
    return min(found, key=lambda each: ("planted", "recorded", "noise").index(each[0]))


def _is_in(fact: Planted, told: Sequence[str]) -> bool:
    return any(all(word in sentence for word in fact.has) for sentence in told)
