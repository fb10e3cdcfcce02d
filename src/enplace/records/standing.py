"""A memory as it stands: what was recorded, with its last change on top."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from enplace.records.memory import Action, Change, Document, Episode, Fact, Memory, Person


def standing_of(
    memory: Memory, action: Action = "recorded", *, by: str | None = None, reason: str = ""
) -> Change:
    """How a memory stands, as a change that says why."""
    fact = memory if isinstance(memory, Fact) else None
    person = memory if isinstance(memory, Person) else None
    return Change(
        target=memory.id,
        action=action,
        state=memory.state,
        valid_from=fact.valid_from if fact else None,
        valid_until=fact.valid_until if fact else None,
        confidence=fact.confidence if fact else 1.0,
        confirmed_at=fact.confirmed_at if fact else None,
        trust=memory.trust,
        aliases=person.aliases if person else (),
        merged_into=person.merged_into if person else None,
        by=by,
        reason=reason,
    )


def stood(memory: Memory, change: Change, version: int) -> Memory:
    """A memory with the standing that a change gave it."""
    match memory:
        case Fact():
            return replace(
                memory,
                state=change.state,
                valid_from=change.valid_from,
                valid_until=change.valid_until,
                confidence=change.confidence,
                confirmed_at=change.confirmed_at,
                trust=change.trust,
                version=version,
            )
        case Person():
            return replace(
                memory,
                state=change.state,
                aliases=change.aliases,
                merged_into=change.merged_into,
                trust=change.trust,
                version=version,
            )
        case Episode() | Document():
            return replace(memory, state=change.state, trust=change.trust, version=version)


def kind_of(memory: Memory) -> str:
    """The name of its kind, as stores keep it."""
    match memory:
        case Fact():
            return "fact"
        case Episode():
            return "episode"
        case Person():
            return "person"
        case Document():
            return "document"


def text_of(memory: Memory) -> str:
    """What it says, in one line; of a document its name."""
    match memory:
        case Fact():
            return memory.sentence
        case Episode():
            return f"{memory.key}: {memory.description}"
        case Person():
            return ", ".join(memory.names)
        case Document():
            return memory.name


def moment_of(memory: Memory) -> datetime:
    """When it happened, began to hold or was recorded."""
    match memory:
        case Fact():
            return memory.start
        case Episode():
            return memory.started_at or memory.recorded_at
        case _:
            return memory.recorded_at


def as_stood(
    memories: Iterable[Memory], changes: Iterable[Change], moment: datetime
) -> list[Memory]:
    """Memories as they were believed to stand at a moment; those recorded later are absent.

    Args:
        memories: In whatever standing.
        changes: All of theirs, oldest first.
        moment: Changes made at it count.
    """
    last: dict[str, tuple[Change, int]] = {}
    for change in changes:
        if change.at is not None and change.at <= moment:
            _, version = last.get(change.target, (change, 0))
            last[change.target] = (change, version + 1)
    return [stood(memory, *last[memory.id]) for memory in memories if memory.id in last]
