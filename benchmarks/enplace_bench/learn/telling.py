"""An engine on a temporary brain, what is said to it, and what stands in it afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import enplace
from enplace.engine import Engine, EngineOptions, OwnerEngine
from enplace.engine.parts import LearningOptions
from enplace.ports import Brain, Model
from enplace.providers.scripted import Script, ScriptedModel, call
from enplace.records.block import TextBlock
from enplace.records.changeset import Changeset
from enplace.records.context import Context
from enplace.records.event import MessageHeard, ToolFinished
from enplace.records.learning import Utterance
from enplace.records.memory import Fact, Person, SoulLine
from enplace.records.message import Reply
from enplace.records.words import fold
from enplace_bench.recall.structured import SetClock

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When things are said that have no time of their own."""
ALL = 1 << 30
BY_HAND = EngineOptions(learning=LearningOptions(in_background=False))


def opened(
    home: Path,
    clock: SetClock,
    script: Script = (),
    *,
    model: Model | None = None,
    options: EngineOptions = BY_HAND,
) -> Engine:
    """An engine that recalls by words, learns by hand, and whose model follows a script.

    Its tool `read` gives what the call asks for, so that anything can come out of a tool.
    """

    def read(text: str) -> str:
        """Read something."""
        return text

    return enplace.open(
        home,
        model=model or ScriptedModel(script),
        tools=[read],
        embedder=None,
        clock=clock,
        options=options,
        environment={},
    )


def reads(call_id: str, text: str) -> Reply:
    """A step in which the tool gives a text."""
    return call((call_id, "read", {"text": text}))


async def say(owner: OwnerEngine, brain: Brain, said: Sequence[Utterance]) -> None:
    """Put a conversation that was held elsewhere into one task's log, tool results included.

    Args:
        owner: Whose conversation it is; nobody is the owner.
        brain: Of that owner.
        said: Of one task, in order.
    """
    for one in said:
        if one.role == "tool":
            result = ToolFinished(
                tool_call_id=f"heard{one.ordinal}", tool="read", blocks=(TextBlock(text=one.text),)
            )
            await brain.commit(
                Changeset(at=one.at, task_id=one.task_id, events=(result,), due="heard")
            )
        else:
            speaker = one.speaker or owner.name
            heard = MessageHeard(speaker=speaker, text=one.text, said_at=one.at, role=one.role)
            await owner.hear(one.task_id, [heard])


async def carry(owner: OwnerEngine, task_id: str, message: str) -> None:
    """A whole turn."""
    async for _ in owner.execute(task_id, message):
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What long-term memory holds."""

    facts: tuple[Fact, ...]
    """In whatever state, in the order they were recorded."""
    people: tuple[Person, ...]
    soul: tuple[SoulLine, ...]
    """The lines that count."""

    def standing(self, now: datetime) -> list[Fact]:
        """The facts that hold at a moment or are going to."""
        return [f for f in self.facts if f.state == "active" and not has_ended(f, now)]

    def state(self, now: datetime) -> frozenset[tuple[object, ...]]:
        """All that stands, without ids and versions: equal ones know the same."""
        return frozenset(
            [
                (
                    *(f.subject, f.predicate, f.object, f.sentence, f.fact_kind, f.state, f.trust),
                    *(f.start, f.valid_until, f.confidence, f.tags, f.evidence),
                )
                for f in self.facts
                if f.state in {"active", "disputed", "quarantined"} and not has_ended(f, now)
            ]
            + [("soul", line.section, line.key, line.text) for line in self.soul if line.text]
            + [("person", p.name, p.aliases) for p in self.people if p.state == "active"]
        )


def has_ended(fact: Fact, now: datetime) -> bool:
    """Whether a fact holds no longer at a moment."""
    return fact.valid_until is not None and fact.valid_until <= now


async def known(brain: Brain) -> Known:
    """Everything that a brain holds now."""
    found = await brain.memory.all("fact", limit=ALL, everything=True)
    people = await brain.memory.all("person", limit=ALL, everything=True)
    return Known(
        facts=tuple(fact for fact in found if isinstance(fact, Fact)),
        people=tuple(person for person in people if isinstance(person, Person)),
        soul=tuple(line for line in await brain.memory.soul() if line.text),
    )


def head_of(context: Context) -> str:
    """The words of a context's head: instructions and soul."""
    return fold("\n".join(_words_of(block) for block in context.system))


def words_of(context: Context) -> str:
    """All words of a context."""
    blocks = [block for message in context.messages for block in message.blocks]
    return "\n".join([head_of(context), fold("\n".join(map(_words_of, blocks)))])


def _words_of(block: object) -> str:
    text = getattr(block, "text", None)
    return text if isinstance(text, str) else str(block)


def minutes(count: float) -> timedelta:
    """A span of time."""
    return timedelta(minutes=count)
