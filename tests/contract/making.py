"""What the suites of the stores are furnished with."""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from enplace.ports import Brain
from enplace.records.changeset import Changeset
from enplace.records.encoding import Encoding
from enplace.records.event import Event, MessageHeard, Place, UserSpoke
from enplace.records.gather import Gather
from enplace.records.memory import Change, Fact, Memory, Person
from enplace.records.recollection import Candidate, Concept, Gathered, RecallQuery
from enplace.records.standing import standing_of
from enplace.records.words import content_terms, fold
from enplace.records.write import Keep, Operation, Remember, Write

NOW = datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


# The log


def said(*texts: str) -> tuple[Event, ...]:
    return tuple(UserSpoke(text=text) for text in texts)


def heard(
    speaker: str, text: str, *, at: datetime = NOW, session: str = "", role: str = "user"
) -> MessageHeard:
    return MessageHeard(
        speaker=speaker,
        text=text,
        said_at=at,
        session=session,
        role="assistant" if role == "assistant" else "user",
    )


async def tell(
    brain: Brain, task_id: str, *texts: str, at: datetime = NOW, parent: int | None = None
) -> tuple[Place, ...]:
    commit = await brain.commit(
        Changeset(at=at, task_id=task_id, turn_id="t1", events=said(*texts), parent=parent)
    )
    return places(commit.events)


async def hear(
    brain: Brain, task_id: str, *events: Event, at: datetime = NOW, parent: int | None = None
) -> None:
    await brain.commit(Changeset(at=at, task_id=task_id, events=events, parent=parent))


def places(events: Sequence[Event]) -> tuple[Place, ...]:
    assert all(event.place is not None for event in events)
    return tuple(event.place for event in events if event.place is not None)


def texts_of(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, UserSpoke)]


# Memories


def fact(
    id_: str,
    sentence: str,
    *,
    at: datetime = NOW,
    subject: str | None = None,
    predicate: str | None = None,
    object: str | None = None,
    supersedes: str | None = None,
    tags: tuple[str, ...] = (),
) -> Fact:
    return Fact(
        id=id_,
        sentence=sentence,
        recorded_at=at,
        subject=subject,
        predicate=predicate,
        object=object,
        supersedes=supersedes,
        tags=tags,
    )


def person(id_: str, name: str, *aliases: str, merged_into: str | None = None) -> Person:
    return Person(id=id_, name=name, recorded_at=NOW, aliases=aliases, merged_into=merged_into)


async def remember(
    brain: Brain, *memories: Memory, at: datetime = NOW, key: str | None = None
) -> int:
    """Write memories, each by a write of its own; the id of the last one."""
    last = 0
    for memory in memories:
        operation: Operation = Keep(target=memory.id)
        if isinstance(memory, Fact):
            operation = Remember(fact=memory)
        last = await write(brain, operation, memory.id, memories=(memory,), at=at, key=key)
    return last


async def alter(
    brain: Brain,
    *memories: Memory,
    at: datetime = NOW,
    by: str | None = None,
    operation: Operation | None = None,
) -> int:
    """Give memories the standing that they have here, by one write."""
    changes = tuple(standing_of(memory, "restated", by=by) for memory in memories)
    asked = operation or Keep(target=memories[0].id)
    return await write(brain, asked, memories[0].id, changes=changes, at=at)


async def write(
    brain: Brain,
    operation: Operation,
    target: str,
    *,
    memories: tuple[Memory, ...] = (),
    changes: tuple[Change, ...] = (),
    at: datetime = NOW,
    key: str | None = None,
) -> int:
    made = Write(id=0, at=at, operation=operation, outcome="added", target=target, key=key)
    commit = await brain.commit(Changeset(at=at, memories=memories, changes=changes, write=made))
    return commit.write


# Recall

DIMENSIONS = 64
"""Of a toy's pooled vectors."""
TOKEN_DIMENSIONS = 16


def vector(name: str, dimensions: int = DIMENSIONS) -> bytes:
    """A vector that a name always gets, as floats."""
    signs = b"".join(sha256(f"{name} {n}".encode()).digest() for n in range(dimensions // 256 + 1))
    return struct.pack(
        f"{dimensions}f", *(((signs[n // 8] >> n % 8) & 1) * 2.0 - 1.0 for n in range(dimensions))
    )


def blend(names: Sequence[str], dimensions: int = DIMENSIONS) -> bytes:
    """The sum of the vectors of names."""
    rows = [struct.unpack(f"{dimensions}f", vector(name, dimensions)) for name in names]
    return struct.pack(f"{dimensions}f", *map(sum, zip(*rows, strict=True)))


def encoding(text: str, embedder: str = "toy") -> Encoding:
    """What a toy embedder makes of a text: texts with the same words are near to each other."""
    terms = tuple(content_terms(text))
    return Encoding(
        pooled=blend([f"{embedder} {term}" for term in terms or ("",)]),
        tokens=b"".join(vector(f"{embedder} {term}", TOKEN_DIMENSIONS) for term in terms),
        terms=terms,
    )


async def encode_all(brain: Brain, embedder: str = "toy", limit: int = 1_000) -> int:
    """Give vectors to what has none; how many items there were."""
    waiting = await brain.index.unencoded(embedder, limit)
    await brain.index.encode(embedder, [(row, encoding(text, embedder)) for row, text in waiting])
    return len(waiting)


def asking(
    text: str = "",
    *,
    names: Sequence[str] = (),
    spans: Sequence[tuple[datetime, datetime]] = (),
    concepts: Sequence[Concept] = (),
    embedder: str = "",
    **rest: object,
) -> Gather:
    """A request for what is near to a text."""
    query = RecallQuery(
        terms=tuple(dict.fromkeys(content_terms(text))),
        names=tuple(map(fold, names)),
        spans=tuple(spans),
        concepts=tuple(concepts),
    )
    made = encoding(text, embedder) if embedder else None
    return Gather(query=query, **{"at": NOW, "encoding": made, "embedder": embedder, **rest})  # type: ignore[arg-type]


async def found(brain: Brain, asked: Gather) -> list[str]:
    """Ids of what a generator found, in order of rows; neighbours left out."""
    return [c.id for c in (await brain.index.gather(asked)).candidates if c.sources]


def by_id(gathered: Gathered) -> dict[str, Candidate]:
    return {candidate.id: candidate for candidate in gathered.candidates}
