"""The table of cases, and an owner's engine that its writes and reads are put to."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from tests.conftest import StandingClock

import enplace
from enplace.engine import EngineOptions, MemoryOptions, OwnerEngine
from enplace.errors import EnplaceError
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import ScriptedModel
from enplace.records.memory import Fact
from enplace.records.words import fold
from enplace.records.write import Remember, Written
from enplace.stores.inmemory.brain import InMemoryBrains
from enplace.upload.predicates import Predicate

FOLDER = Path(__file__).parent / "cases"
REFUSED = "error:refused"
Line = Mapping[str, Any]
"""A write or a read of the table, as JSON."""


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    family: str
    name: str
    predicates: Mapping[str, str]
    writes: Sequence[Line]
    outcomes: Sequence[str]
    reads: Sequence[Line]
    retired_wrongly_if: Sequence[str]

    def __str__(self) -> str:
        return f"{self.family}: {self.name}"


def cases(table: str) -> list[Case]:
    """All cases of a file of the table."""
    lines = (FOLDER / f"{table}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Case(**json.loads(line)) for line in lines]


Store = Literal["sqlite", "memory"]
NAMES = {"supersedes", "corrects"}
"""Keys by which something to remember names another fact."""


def without(writes: Sequence[Line], index: int, bearers: Mapping[str, str]) -> list[Line]:
    """The writes as if one had never been made, nor anything that only spoke of its fact.

    Args:
        writes: Each with a label.
        index: Of the one that is left out.
        bearers: By label, that of the write that wrote the fact it stands for.
    """
    gone = writes[index]["as"]
    left: list[Line] = []
    for write in (*writes[:index], *writes[index + 1 :]):
        keys = NAMES if write["op"] in WRITES_LABELS else {"of", *NAMES}
        told = {k: bearers.get(v, v) if k in keys else v for k, v in write.items()}
        if told.get("of") != gone or "name" in told:
            left.append({k: v for k, v in told.items() if k not in NAMES or v != gone})
    return left


WRITES_LABELS = {"undo", "alias", "split"}
"""Operations whose `of` is no fact: a write, or a name."""


@dataclass
class Hall:
    """An owner's engine, whose clock stands where each write says."""

    owner: OwnerEngine
    clock: StandingClock
    facts: dict[str, str] = field(default_factory=dict[str, str])
    """By label of a write, the fact that it was answered with."""
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    """By label of a write, its number."""

    async def play(self, writes: Sequence[Line], *, leniently: bool = False) -> list[str]:
        """Make all writes; how each was told.

        Args:
            writes: Lines of the table.
            leniently: One whose names are refused is made without them.
        """
        told: list[str] = []
        for write in writes:
            outcome = await self.make(write)
            if outcome == REFUSED and leniently and write["op"] == "remember":
                bare = {key: value for key, value in write.items() if key not in NAMES}
                outcome = await self.make(bare)
            told.append(outcome)
        return told

    async def make(self, write: Line) -> str:
        """Make one write; how it was told."""
        self.clock.time = datetime.fromisoformat(write["recorded_at"])
        make: Callable[[Line], Awaitable[Written]] = getattr(self, f"_{write['op']}")
        try:
            written = await make(write)
        except (EnplaceError, KeyError):  # KeyError: it names what was refused
            return REFUSED
        if "as" in write:
            self.numbers[write["as"]] = written.write
            self.facts[write["as"]] = written.memory.id
        return written.outcome

    async def read(self, read: Line, *, disputed: bool = False) -> list[str]:
        """What a read gives: objects, and sentences where there is none."""
        found = await self.owner.memory.facts(
            subject=read["subject"],
            predicate=read["predicate"],
            at=_moment(read["at"]),
            as_known=_moment(read["as_known"]),
            disputed=disputed,
        )
        told: dict[str, str] = {}
        for fact in found:
            if read["predicate"] is not None or fact.predicate is None:
                text = fact.object or fact.sentence
                told.setdefault(fold(text), text)
        return sorted(told.values())

    async def disputes(self, read: Line) -> list[str]:
        """What a read shows as conflicting."""
        current = {fold(text) for text in await self.read(read)}
        disputed = await self.read(read, disputed=True)
        return [text for text in disputed if fold(text) not in current]

    async def facts_of(self) -> list[Fact]:
        """Every fact, in whatever state."""
        found = await self.owner.memory.all("fact", limit=10_000, everything=True)
        return [fact for fact in found if isinstance(fact, Fact)]

    async def standing(self) -> list[str]:
        """Every fact that may be shown, told without ids and versions."""
        return sorted(
            f"{fact.sentence} [{fact.start}, {fact.valid_until}) of {fact.recorded_at}:"
            f" {fact.state}, {fact.trust}, {fact.confidence} at {fact.confirmed_at}"
            f"{', goes on' if fact.continues else ''}"
            for fact in await self.facts_of()
            if fact.state in {"active", "disputed"}
        )

    async def asked(self) -> dict[int, Fact]:
        """By number of a write, the fact that it asked for."""
        writes = await self.owner.memory.writes(limit=10_000)
        asked = ((write.id, write.operation) for write in writes)
        return {id_: each.fact for id_, each in asked if isinstance(each, Remember)}

    async def bearers(self) -> dict[str, str]:
        """By label, that of the write that wrote the fact it stands for."""
        asked = await self.asked()
        wrote = {asked[n].id: label for label, n in self.numbers.items() if n in asked}
        return {label: wrote[id_] for label, id_ in self.facts.items() if id_ in wrote}

    async def _remember(self, write: Line) -> Written:
        return await self.owner.memory.remember(
            write["sentence"],
            subject=write.get("subject"),
            predicate=write.get("predicate"),
            object=write.get("object"),
            valid_from=_moment(write.get("valid_from")),
            valid_until=_moment(write.get("valid_until")),
            trust=write.get("trust", "user"),
            supersedes=self.facts[write["supersedes"]] if "supersedes" in write else None,
            corrects=self.facts[write["corrects"]] if "corrects" in write else None,
        )

    async def _confirm(self, write: Line) -> Written:
        return await self.owner.memory.confirm(self.facts[write["of"]])

    async def _close(self, write: Line) -> Written:
        return await self.owner.memory.close(self.facts[write["of"]], until=_moment(write["at"]))

    async def _forget(self, write: Line) -> Written:
        return await self.owner.memory.forget(self.facts[write["of"]])

    async def _undo(self, write: Line) -> Written:
        return await self.owner.memory.undo(self.numbers[write["of"]])

    async def _alias(self, write: Line) -> Written:
        people = self.owner.people
        for name in (write["of"], write["name"]):
            await people.know(name)
        return await people.merge(write["name"], into=write["of"])

    async def _split(self, write: Line) -> Written:
        return replace(await self.owner.people.split(write["name"]), outcome="undone")


@asynccontextmanager
async def hall(
    predicates: Mapping[str, str], store: Store = "sqlite"
) -> AsyncGenerator[Hall, None]:
    """An engine whose predicates hold as many values as the case says."""
    known = {fold(name): Predicate(holds_one=holds == "one") for name, holds in predicates.items()}
    clock = StandingClock()
    with TemporaryDirectory() as home:
        async with enplace.open(
            home,
            model=ScriptedModel(["ok"]),
            embedder=None,
            options=EngineOptions(memory=MemoryOptions(predicates=known)),
            counter=CharacterCounter(),
            brains=InMemoryBrains() if store == "memory" else None,
            clock=clock,
            environment={},
        ) as engine:
            yield Hall(owner=engine.owner("ada"), clock=clock)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
