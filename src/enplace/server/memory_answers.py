"""What clients get about memory."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from enplace.engine import MemoryHistory
from enplace.records.erasure import ErasurePlan, ErasureReceipt
from enplace.records.exchange import Imported
from enplace.records.memory import (
    Action,
    Change,
    Document,
    Episode,
    Fact,
    FactKind,
    Memory,
    MemoryState,
    Person,
    PersonKind,
    SoulLine,
    SoulSection,
    Span,
    Trust,
)
from enplace.records.recollection import MemoryKind, RecalledMemory, Recollection
from enplace.records.write import Outcome, Write, Written


class Answer(BaseModel):
    """What is written below a field describes it in the document too."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class MemoryAnswer(Answer):
    """What memories of every kind have."""

    id: str
    subject: str | None
    """Whom it is about; of an episode its key, of a document its name."""
    content: str
    """What it says."""
    type: str
    """Of a fact what sort of thing it says; else its kind."""
    confidence: float
    source: str
    """`trajectory:TASK` where it was said, else where it comes from."""
    valid_from: datetime | None
    valid_until: datetime | None
    state: MemoryState
    trust: Trust
    tags: list[str]
    recorded_at: datetime
    version: int


class FactAnswer(MemoryAnswer):
    """A fact as it stands."""

    kind: Literal["fact"] = "fact"
    fact_kind: FactKind
    predicate: str | None
    object: str | None
    confirmed_at: datetime | None
    half_life_s: float | None
    """Null: it never fades."""
    supersedes: str | None
    evidence: list[Span]


class EpisodeAnswer(MemoryAnswer):
    """An episode."""

    kind: Literal["episode"] = "episode"
    key: str
    description: str
    value: str
    outcome: str
    participants: list[str]
    evidence: list[Span]


class PersonAnswer(MemoryAnswer):
    """Somebody who is known."""

    kind: Literal["person"] = "person"
    name: str
    person_kind: PersonKind
    aliases: list[str]
    merged_into: str | None


class DocumentAnswer(MemoryAnswer):
    """A document."""

    kind: Literal["document"] = "document"
    name: str
    media: str
    chunks: int
    supersedes: str | None


AnyMemory = FactAnswer | EpisodeAnswer | PersonAnswer | DocumentAnswer


class Found(Answer):
    """How well something matches, and why."""

    score: float
    """0..1, relative to the best of the same search."""
    why: str
    label: str
    """What a reader must know of it: `until 2024-05-20`, `conflicting`."""


class FoundFact(FactAnswer, Found):
    """A fact that was found."""


class FoundEpisode(EpisodeAnswer, Found):
    """An episode that was found."""


class FoundPerson(PersonAnswer, Found):
    """Somebody who was found."""


class WrittenAnswer(Answer):
    """What became of a write."""

    outcome: Outcome
    memory: AnyMemory
    write: int
    """For undo; 0 where nothing had to be written."""
    closed: list[str]
    disputes: list[str]
    advice: str


class ChangeAnswer(Answer):
    """What became of a memory at one moment."""

    at: datetime | None
    action: Action
    state: MemoryState
    valid_from: datetime | None
    valid_until: datetime | None
    confidence: float
    trust: Trust
    aliases: list[str]
    merged_into: str | None
    by: str | None
    reason: str
    write: int


class HistoryAnswer(Answer):
    """Everything that became of a memory."""

    memory: AnyMemory
    changes: list[ChangeAnswer]
    before: AnyMemory | None
    after: AnyMemory | None


class WriteAnswer(Answer):
    """A write."""

    id: int
    at: datetime
    operation: str
    outcome: Outcome
    target: str
    idempotency_key: str | None
    undone: bool


class FoundAnswer(Answer):
    """One memory that was found."""

    id: str
    kind: MemoryKind
    text: str
    at: datetime
    score: float
    why: str
    label: str
    speaker: str
    source: str
    signals: dict[str, float] | None
    """What the score is made of, where it was asked for."""


class DroppedAnswer(Answer):
    """One memory that was found and not chosen."""

    id: str
    stage: str
    score: float


class SearchAnswer(Answer):
    """What a search brought, best first."""

    memories: list[FoundAnswer]
    silence: str
    """Why nothing is shown, where that is so."""
    lost: list[str]
    """Sources that gave no answer, and why."""
    dropped: list[DroppedAnswer] | None
    """Where it was asked for."""
    terms: list[str] | None
    """What was looked for, where it was asked for."""


class SoulAnswer(Answer):
    """The owner's core identity."""

    identity: str
    values: list[str]
    style: list[str]
    preferences: list[str]
    patterns: list[str]


class SoulLineAnswer(Answer):
    """One version of a line of the soul."""

    section: SoulSection
    key: str
    text: str
    """Empty: the line was taken out."""
    version: int
    recorded_at: datetime
    evidence: list[Span]


class FullSoulAnswer(SoulAnswer):
    """The same with its lines, and all their versions."""

    lines: list[SoulLineAnswer]
    history: list[SoulLineAnswer]


class ImportedAnswer(Answer):
    """What an import did."""

    added: dict[str, int]
    skipped: dict[str, int]
    diverged: list[str]
    keys: list[str]


def memory_answer(memory: Memory) -> AnyMemory:
    """A memory as clients get it."""
    match memory:
        case Fact():
            return _fact(memory)
        case Episode():
            return _episode(memory)
        case Person():
            return _person(memory)
        case Document():
            return DocumentAnswer(
                **_shared(memory),
                subject=memory.name,
                content=memory.text,
                type="document",
                name=memory.name,
                media=memory.media,
                chunks=len(memory.chunks),
                supersedes=memory.supersedes,
            )


def _fact(fact: Fact) -> FactAnswer:
    shared = _shared(fact)
    shared |= {"valid_from": fact.start, "valid_until": fact.valid_until}
    shared |= {"confidence": fact.confidence, "source": _source(fact.evidence, fact.trust)}
    return FactAnswer(
        **shared,
        subject=fact.subject,
        content=fact.sentence,
        type=fact.fact_kind,
        fact_kind=fact.fact_kind,
        predicate=fact.predicate,
        object=fact.object,
        confirmed_at=fact.confirmed_at,
        half_life_s=fact.half_life_s if math.isfinite(fact.half_life_s) else None,
        supersedes=fact.supersedes,
        evidence=list(fact.evidence),
    )


def _episode(episode: Episode) -> EpisodeAnswer:
    shared = _shared(episode)
    shared |= {"valid_from": episode.started_at, "valid_until": episode.ended_at}
    shared |= {"source": _source(episode.evidence, episode.trust)}
    told = (episode.description, episode.value, episode.outcome)
    return EpisodeAnswer(
        **shared,
        subject=episode.key,
        content=" ".join(text for text in told if text),
        type="episode",
        key=episode.key,
        description=episode.description,
        value=episode.value,
        outcome=episode.outcome,
        participants=list(episode.participants),
        evidence=list(episode.evidence),
    )


def _person(person: Person) -> PersonAnswer:
    return PersonAnswer(
        **_shared(person),
        subject=person.name,
        content=", ".join(person.names),
        type=person.person_kind,
        name=person.name,
        person_kind=person.person_kind,
        aliases=list(person.aliases),
        merged_into=person.merged_into,
    )


def _shared(memory: Memory) -> dict[str, Any]:
    return {
        "id": memory.id,
        "state": memory.state,
        "trust": memory.trust,
        "tags": list(memory.tags),
        "recorded_at": memory.recorded_at,
        "version": memory.version,
        "confidence": 1.0,
        "source": memory.trust,
        "valid_from": None,
        "valid_until": None,
    }


def _source(evidence: Sequence[Span], trust: Trust) -> str:
    return f"trajectory:{evidence[0].task_id}" if evidence else trust


def found_answer(found: RecalledMemory, memory: Memory) -> FoundFact | FoundEpisode | FoundPerson:
    """A memory that a search in one store found.

    Raises:
        TypeError: Searches of stores find no documents.
    """
    beside: dict[str, Any] = {"score": found.score, "why": found.why, "label": found.label}
    match memory:
        case Fact():
            return FoundFact(**_fact(memory).model_dump(), **beside)
        case Episode():
            return FoundEpisode(**_episode(memory).model_dump(), **beside)
        case Person():
            return FoundPerson(**_person(memory).model_dump(), **beside)
        case Document():
            raise TypeError("a document is found by its pieces")


def written_answer(written: Written) -> WrittenAnswer:
    """What became of a write, as clients get it."""
    return WrittenAnswer(
        outcome=written.outcome,
        memory=memory_answer(written.memory),
        write=written.write,
        closed=list(written.closed),
        disputes=list(written.disputes),
        advice=written.advice,
    )


def history_answer(history: MemoryHistory) -> HistoryAnswer:
    """Everything that became of a memory, as clients get it."""
    return HistoryAnswer(
        memory=memory_answer(history.memory),
        changes=[_change(change) for change in history.changes],
        before=memory_answer(history.before) if history.before else None,
        after=memory_answer(history.after) if history.after else None,
    )


def _change(change: Change) -> ChangeAnswer:
    told = asdict(change)
    return ChangeAnswer(**{name: told[name] for name in ChangeAnswer.model_fields})


def write_answer(write: Write) -> WriteAnswer:
    """A write, as clients get it."""
    return WriteAnswer(
        id=write.id,
        at=write.at,
        operation=write.operation.op,
        outcome=write.outcome,
        target=write.target,
        idempotency_key=write.key,
        undone=write.undone,
    )


def search_answer(found: Recollection, *, explain: bool) -> SearchAnswer:
    """What a search brought, as clients get it."""
    return SearchAnswer(
        memories=[_recalled(memory, explain=explain) for memory in found.memories],
        silence="" if found.memories else found.silence or found.query.reason,
        lost=[lost.reason for lost in found.lost],
        dropped=[DroppedAnswer(**asdict(each)) for each in found.dropped] if explain else None,
        terms=list(found.query.terms) if explain else None,
    )


def _recalled(memory: RecalledMemory, *, explain: bool) -> FoundAnswer:
    return FoundAnswer(
        id=memory.id,
        kind=memory.kind,
        text=memory.text,
        at=memory.at,
        score=memory.score,
        why=memory.why,
        label=memory.label,
        speaker=memory.speaker,
        source=memory.source,
        signals=dict(memory.signals) if explain else None,
    )


def soul_answer(lines: Sequence[SoulLine]) -> SoulAnswer:
    """The soul, as clients get it."""
    return SoulAnswer(**_sections(lines))


def full_soul_answer(lines: Sequence[SoulLine], history: Sequence[SoulLine]) -> FullSoulAnswer:
    """The soul with its history, as clients get it."""
    return FullSoulAnswer(
        **_sections(lines),
        lines=[SoulLineAnswer(**asdict(line)) for line in lines],
        history=[SoulLineAnswer(**asdict(line)) for line in history],
    )


def _sections(lines: Sequence[SoulLine]) -> dict[str, Any]:
    told: dict[str, list[str]] = {}
    for line in lines:
        told.setdefault(line.section, []).append(line.text)
    return {
        "identity": "\n".join(told.get("identity", [])),
        **{name: told.get(name, []) for name in ("values", "style", "preferences", "patterns")},
    }


def imported_answer(imported: Imported) -> ImportedAnswer:
    """What an import did, as clients get it."""
    return ImportedAnswer(
        added=dict(imported.added),
        skipped=dict(imported.skipped),
        diverged=list(imported.diverged),
        keys=list(imported.keys),
    )


class DoomedAnswer(BaseModel):
    """A memory that would go."""

    id: str
    kind: str
    text: str
    why: str


class CutoutAnswer(BaseModel):
    """A place in the log that would go; `end` null: all of the event."""

    task_id: str
    ordinal: int
    start: int
    end: int | None
    text: str


class ErasurePlanAnswer(BaseModel):
    """What would be erased."""

    digest: str
    memories: list[DoomedAnswer]
    cutouts: list[CutoutAnswer]
    notes: list[tuple[str, str]] = Field(description="Task and key.")
    soul: list[tuple[str, str]] = Field(description="Section and key.")
    words: list[str] = Field(description="Replaced wherever they stand.")
    names: list[str] = Field(description="Replaced wherever they stand.")


class ScanAnswer(BaseModel):
    """A search of the file for what was erased."""

    words: int
    texts: int
    file_bytes: int
    found: int
    inside: int = Field(description="The same letters inside of longer words.")


class ErasureAnswer(BaseModel):
    """What an erasure did: rows by table. It never tells the words."""

    plan: str
    deleted: dict[str, int]
    rewritten: dict[str, int]
    derived: dict[str, int]
    scan: ScanAnswer
    packed: bool
    clean: bool


def erasure_plan_answer(plan: ErasurePlan) -> ErasurePlanAnswer:
    """A plan as it is told."""
    return ErasurePlanAnswer(
        digest=plan.digest,
        memories=[
            DoomedAnswer(id=each.id, kind=each.kind, text=each.text, why=each.why)
            for each in plan.memories
        ],
        cutouts=[
            CutoutAnswer(
                task_id=cutout.span.task_id,
                ordinal=cutout.span.ordinal,
                start=cutout.span.start,
                end=cutout.span.end,
                text=cutout.text,
            )
            for cutout in plan.cutouts
        ],
        notes=list(plan.notes),
        soul=list(plan.soul),
        words=list(plan.words),
        names=list(plan.names),
    )


def erasure_answer(receipt: ErasureReceipt) -> ErasureAnswer:
    """A receipt as it is told."""
    scan = receipt.scan
    return ErasureAnswer(
        plan=receipt.plan,
        deleted=dict(receipt.deleted),
        rewritten=dict(receipt.rewritten),
        derived=dict(receipt.derived),
        scan=ScanAnswer(
            words=scan.words,
            texts=scan.texts,
            file_bytes=scan.file_bytes,
            found=scan.found,
            inside=scan.inside,
        ),
        packed=receipt.packed,
        clean=receipt.clean,
    )
