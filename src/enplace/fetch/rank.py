"""Which of the candidates come into the context. Pure: the same candidates give the same answer."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from enplace.fetch.decay import decayed
from enplace.records.memory import Fact
from enplace.records.recollection import (
    DroppedMemory,
    DropStage,
    Match,
    MemoryKind,
    RecalledMemory,
    Said,
)
from enplace.records.words import fold, words

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallOptions:
    """How much is looked at and shown."""

    limit: int = 6
    """Most memories chosen."""
    candidates: int = 24
    """Most candidates each source is asked for."""
    gate_ratio: float = 0.5
    """Candidates below this share of the best score are not shown."""
    said_weight: float = 0.75
    """What was said and not learned counts for less than a fact."""
    said_characters: int = 240
    """Longest quotation of what was said."""
    deadline_s: float = 0.15
    """Sources that need longer are dropped, and the turn says so."""


def choose(
    terms: Sequence[str],
    facts: Sequence[Match],
    said: Sequence[Match],
    *,
    own: Sequence[str] = (),
    visible: Collection[str],
    now: datetime,
    options: RecallOptions,
) -> tuple[list[RecalledMemory], list[DroppedMemory]]:
    """Memories to show, best first, and those found and not chosen.

    Args:
        terms: What was looked for.
        facts: Candidates that match, with the store's scores.
        said: What the owner said elsewhere, newest first.
        own: Of the terms those that must be shared where anything shares them: what only shares
            words with the message before is not what is asked for now.
        visible: Ids that stand in the context already.
        now: For the decay of confidence.
        options: Limits.
    """
    scored = [*_scored_facts(facts, terms, now), *_scored_said(said, terms, options)]
    scored.sort(key=lambda found: (-found.score, -found.at.timestamp(), found.id))
    chosen: list[RecalledMemory] = []
    dropped: list[DroppedMemory] = []
    if len(own) < len(terms) and any(not found.hit.isdisjoint(own) for found in scored):
        beside = [found for found in scored if found.hit.isdisjoint(own)]
        dropped += [DroppedMemory(id=found.id, stage="gate") for found in beside]
        scored = [found for found in scored if not found.hit.isdisjoint(own)]
    least = options.gate_ratio * scored[0].score if scored else 0.0
    texts: set[str] = set()
    for found in scored:
        stage = _dropped_at(found, visible, least, texts)
        if stage is None and len(chosen) == options.limit:
            stage = "limit"
        if stage is not None:
            dropped.append(DroppedMemory(id=found.id, stage=stage))
            continue
        texts.add(fold(found.text))
        chosen.append(_memory(found, terms))
    return chosen, dropped


class _Found(NamedTuple):
    """A candidate with its score: light, since most are dropped."""

    score: float
    at: datetime
    id: str
    kind: MemoryKind
    text: str
    hit: frozenset[str]
    """Terms it shares."""


def _dropped_at(
    found: _Found, visible: Collection[str], least: float, texts: Collection[str]
) -> DropStage | None:
    if found.id in visible:
        return "visible"
    if found.score < least:
        return "gate"
    return "duplicate" if fold(found.text) in texts else None


def _memory(found: _Found, terms: Sequence[str]) -> RecalledMemory:
    shared = ", ".join(term for term in terms if term in found.hit)
    return RecalledMemory(
        id=found.id,
        kind=found.kind,
        text=found.text,
        at=found.at,
        score=found.score,
        why=f"shares {shared}",
    )


def _scored_facts(
    matches: Sequence[Match], terms: Sequence[str], now: datetime
) -> Iterator[_Found]:
    """Keyword score relative to the best, and the share of terms hit, times confidence left."""
    best = max((match.score for match in matches), default=0.0)
    for match in matches:
        fact = match.item
        if isinstance(fact, Fact):
            hit = _hit(terms, fact.sentence)
            age_s = (now - fact.recorded_at).total_seconds()
            left = decayed(fact.confidence, age_s, fact.half_life_s)
            keyword = match.score / best if best > 0 else 1.0
            score = (0.5 * keyword + 0.5 * len(hit) / len(terms)) * (0.5 + 0.5 * left)
            yield _Found(score, fact.recorded_at, fact.id, "fact", fact.sentence, hit)


def _scored_said(
    matches: Sequence[Match], terms: Sequence[str], options: RecallOptions
) -> Iterator[_Found]:
    """The sentence that shares most terms; questions tell nothing and are passed over."""
    for match in matches:
        said = match.item
        if not isinstance(said, Said):
            continue
        sentences = [s.strip() for s in _SENTENCE.findall(said.text) if not s.endswith("?")]
        hits = [(_hit(terms, sentence), sentence) for sentence in sentences]
        hit, sentence = max(hits, key=lambda pair: len(pair[0]), default=(frozenset[str](), ""))
        if hit:
            score = options.said_weight * len(hit) / len(terms)
            id_ = f"said:{said.task_id}:{said.ordinal}"
            yield _Found(score, said.at, id_, "said", sentence[: options.said_characters], hit)


def _hit(terms: Sequence[str], text: str) -> frozenset[str]:
    """The terms with which a word of the text begins."""
    found = _spaced(text)
    return frozenset(term for term in terms if f" {term}" in found)


@lru_cache(maxsize=4_096)
def _spaced(text: str) -> str:
    """The words of a text with a space before each; the same few facts are looked at every turn."""
    return " " + " ".join(words(text))
