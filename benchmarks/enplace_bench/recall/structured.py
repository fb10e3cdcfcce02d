"""A made world of people, told to a brain fact by fact, and questions about it.

It was written before the ranking was. Facts are superseded, people have several names, relations
end; 40 questions are answered by current facts alone, 30 over one or two relations, 30 by episodes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import enplace
from enplace.engine import OwnerEngine
from enplace.ports import Embedder
from enplace.providers.scripted import ScriptedModel
from enplace.records.changeset import Changeset
from enplace.records.memory import Episode
from enplace.upload.advice import advice_on

WORLD = Path(__file__).parents[1] / "world"
TOP = 5
KINDS = ("facts", "graph", "episodes")
ME = "Mara Lindqvist"
"""Whose memory it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about the world, and the memories that answer it."""

    kind: str
    text: str
    expected: tuple[str, ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came back for a question."""

    question: Question
    found: tuple[str, ...]
    """Keys of the memories, best first."""

    @property
    def recall(self) -> float:
        """Share of what answers it among the top five."""
        wanted = self.question.expected
        return sum(key in self.found[:TOP] for key in wanted) / len(wanted)


class SetClock:
    """A clock that stands where it was set. Implements `ports.Clock`."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at


def rows(name: str) -> Iterator[dict[str, Any]]:
    """The lines of one file of the world."""
    with (WORLD / f"{name}.jsonl").open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def questions() -> list[Question]:
    """All questions, in the order of the file."""
    return [
        Question(
            kind=row["kind"],
            text=row["q"],
            expected=tuple(row["expected"]),
            asked_at=datetime.fromisoformat(row["asked_at"]),
        )
        for row in rows("questions")
    ]


Telling = Literal["everything", "episodes", "vague episodes"]


async def ask_all(
    home: Path, embedder: Embedder | None, telling: Telling = "everything"
) -> list[Asked]:
    """Tell the world to a new brain and ask everything.

    Args:
        home: Folder for the brain.
        embedder: None: by words alone.
        telling: All of it; or the episodes alone, as they are or in vague words, and then only
            they are asked for.
    """
    clock = SetClock(datetime(2021, 1, 1, tzinfo=UTC))
    async with enplace.open(
        home, model=ScriptedModel([]), embedder=embedder, clock=clock
    ) as engine:
        owner = engine.owner("mara")
        if telling == "vague episodes":
            keys = await _tell_vaguely(engine, clock)
        else:
            keys = await tell(owner, clock, only_episodes=telling == "episodes")
        await owner.encoded()
        asked = [q for q in questions() if telling == "everything" or q.kind == "episodes"]
        return [await _ask(owner, clock, question, keys) for question in asked]


async def _ask(
    owner: OwnerEngine, clock: SetClock, question: Question, keys: Mapping[str, str]
) -> Asked:
    clock.at = question.asked_at
    found = await owner.recall(question.text, limit=TOP)
    return Asked(question=question, found=tuple(keys.get(m.id, m.id) for m in found.memories))


async def tell(
    owner: OwnerEngine, clock: SetClock, *, only_episodes: bool = False
) -> dict[str, str]:
    """Tell the world; the world's key of each memory by its id."""
    for row in () if only_episodes else rows("people"):
        aliases = [*row["aliases"], *(["me"] if row["name"] == ME else [])]
        await owner.people.know(row["name"], aliases=aliases, kind=row["kind"])
    ids: dict[str, str] = {}
    for at, row in sorted(_told(), key=lambda pair: pair[0]):
        if only_episodes and "description" not in row:
            continue
        clock.at = at
        if "description" in row:
            written = await owner.episodes.remember(
                row["key"],
                row["description"],
                row["value"],
                started_at=datetime.fromisoformat(row["started_at"]),
                participants=row["participants"],
            )
        elif "relation" in row:
            written = await owner.people.relate(
                row["source"],
                row["relation"],
                row["target"],
                sentence=row["sentence"],
                valid_from=_moment(row.get("valid_from")),
                valid_until=_moment(row.get("valid_until")),
            )
        else:
            written = await owner.memory.remember(
                row["sentence"],
                subject=row["subject"],
                predicate=row["predicate"],
                object=row["object"],
                kind=row["kind"],
                valid_from=_moment(row.get("valid_from")),
                valid_until=_moment(row.get("valid_until")),
                trust=row.get("trust", "user"),
                supersedes=ids.get(row.get("supersedes", "")),
            )
        ids[row.get("id", row["key"])] = written.memory.id
    return {id_: key for key, id_ in ids.items()}


def _told() -> Iterator[tuple[datetime, dict[str, Any]]]:
    for name in ("facts", "relations"):
        for row in rows(name):
            yield datetime.fromisoformat(row["recorded_at"]), row
    for row in rows("episodes"):
        yield datetime.fromisoformat(row["started_at"]) + timedelta(days=1), row


async def _tell_vaguely(engine: enplace.Engine, clock: SetClock) -> dict[str, str]:
    """The same episodes in vague words, past the check that would refuse them."""
    brain = await engine.brains.open("mara")
    keys: dict[str, str] = {}
    for row in rows("episodes"):
        clock.at = datetime.fromisoformat(row["started_at"])
        episode = Episode(
            id=f"v{row['id']}",
            key=row["vague_key"],
            description=row["vague_description"],
            value=row["vague_value"],
            recorded_at=clock.at,
            started_at=clock.at,
        )
        await brain.commit(Changeset(at=clock.at, memories=(episode,)))
        keys[episode.id] = row["id"]
    return keys


def mean_recall(asked: Sequence[Asked], kind: str) -> float:
    """Recall among the top five, over the questions of a kind."""
    return fmean(one.recall for one in asked if one.question.kind == kind)


def advice_agreement() -> float:
    """Share of the labelled entries of which the advice says the same as people did."""
    entries = list(rows("entries"))
    agreed = sum(
        bool(advice_on(row["key"], row["description"], row["value"])) == (row["label"] == "vague")
        for row in entries
    )
    return agreed / len(entries)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
