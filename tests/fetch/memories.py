"""Candidates made by hand, as a store would give them."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from enplace.fetch.query import make_query
from enplace.records.encoding import Encoding
from enplace.records.memory import MemoryState, Trust
from enplace.records.recollection import Candidate, Gathered, MemoryKind, RecallQuery, Standing
from enplace.records.traits import traits_of
from enplace.records.words import content_terms

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def query(message: str, before: str = "", *, speakers: Sequence[str] = ()) -> RecallQuery:
    """What a message of now looks for."""
    return make_query(message, before, now=NOW, speakers=speakers)


def standing(
    *,
    state: MemoryState = "active",
    recorded_at: datetime = NOW,
    confidence: float = 1.0,
    confirmed_at: datetime | None = None,
    half_life_s: float | None = None,
    trust: Trust = "user",
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> Standing:
    """How a memory stands; without arguments nothing speaks against it."""
    return Standing(
        state,
        recorded_at,
        confidence,
        confirmed_at,
        half_life_s,
        trust,
        valid_from,
        valid_until,
    )


def fact(
    row: int,
    text: str,
    stands: Standing | None = None,
    *,
    kind: MemoryKind = "fact",
    context: str = "",
    meaning: float | None = None,
    path: float = 0.0,
    sources: tuple[str, ...] = ("words",),
) -> Candidate:
    """A memory that was written, called `f` and its row."""
    stands = stands or standing()
    return Candidate(
        row=row,
        kind=kind,
        ref=f"f{row}",
        place=None,
        spot=None,
        at=stands.valid_from or stands.recorded_at,
        speaker="",
        role="",
        people="",
        traits=0,
        stems=f" {' '.join(content_terms(text))} ",
        size=len(content_terms(text)),
        context=f" {' '.join(content_terms(context))} ",
        standing=stands,
        meaning=meaning,
        path=path,
        sources=sources,
    )


def said(
    row: int,
    text: str,
    *,
    place: int = 1,
    spot: int | None = None,
    at: datetime = NOW,
    speaker: str = "",
    role: str = "user",
    meaning: float | None = None,
    sources: tuple[str, ...] = ("words",),
) -> Candidate:
    """Something that was said, by default far from everything else."""
    return Candidate(
        row=row,
        kind="said",
        ref=f"t {row}",
        place=place,
        spot=10 * row if spot is None else spot,
        at=at,
        speaker=speaker,
        role=role,
        people="",
        traits=traits_of(text),
        stems=f" {' '.join(content_terms(text))} ",
        size=len(content_terms(text)),
        context=f" {' '.join(content_terms(speaker))} ",
        standing=None,
        meaning=meaning,
        sources=sources,
    )


def gathered(
    asked: RecallQuery, *candidates: Candidate, items: int = 100, average_stems: float = 8.0
) -> Gathered:
    """Candidates in order of rows; each word is as common as it is among them."""
    held = [each.stems + each.context for each in candidates]
    return Gathered(
        candidates=tuple(sorted(candidates)),
        items=items,
        average_stems=average_stems,
        frequencies={term: sum(f" {term} " in words for words in held) for term in asked.terms},
    )


def compared(
    found: Gathered, asked: RecallQuery, near: Mapping[int, float | Sequence[float]]
) -> tuple[Gathered, Encoding]:
    """The candidates with vectors: how near some of them come to every term of the query, by row.

    Their pooled vectors come as near as all of their tokens do on average.
    """
    width = len(asked.terms)
    matches = array("f")
    candidates: list[Candidate] = []
    for each in found.candidates:
        value = near.get(each.row)
        if value is None:
            matches.extend([0.0] * width)
            candidates.append(each._replace(meaning=None))
            continue
        row = list(value) if isinstance(value, Sequence) else [value] * width
        matches.extend(row)
        candidates.append(each._replace(meaning=sum(row) / len(row)))
    encoding = Encoding(pooled=b"", tokens=b"", terms=asked.terms)
    return replace(found, candidates=tuple(candidates), matches=matches.tobytes()), encoding
