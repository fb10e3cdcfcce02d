"""Which of the candidates come into the context. Pure: the same candidates give the same answer."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from enplace.fetch.decay import decayed
from enplace.records.memory import Fact
from enplace.records.recollection import DroppedMemory, Match, RecalledMemory, Said
from enplace.records.words import fold, words

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallOptions:
    """How much is looked at and shown."""

    limit: int = 6
    """Most memories chosen."""
    candidates: int = 48
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
    visible: Collection[str],
    now: datetime,
    options: RecallOptions,
) -> tuple[list[RecalledMemory], list[DroppedMemory]]:
    """Memories to show, best first, and those found and not chosen.

    Args:
        terms: What was looked for.
        facts: Candidates that match, with the store's scores.
        said: What the owner said elsewhere, newest first.
        visible: Ids that stand in the context already.
        now: For the decay of confidence.
        options: Limits.
    """
    scored = _scored_facts(facts, terms, now) + _scored_said(said, terms, options)
    scored.sort(key=lambda memory: (-memory.score, -memory.at.timestamp(), memory.id))
    best = scored[0].score if scored else 0.0
    chosen: list[RecalledMemory] = []
    dropped: list[DroppedMemory] = []
    texts: set[str] = set()
    for memory in scored:
        if memory.id in visible:
            dropped.append(DroppedMemory(id=memory.id, stage="visible"))
        elif memory.score < options.gate_ratio * best:
            dropped.append(DroppedMemory(id=memory.id, stage="gate"))
        elif fold(memory.text) in texts:
            dropped.append(DroppedMemory(id=memory.id, stage="duplicate"))
        elif len(chosen) == options.limit:
            dropped.append(DroppedMemory(id=memory.id, stage="limit"))
        else:
            texts.add(fold(memory.text))
            chosen.append(memory)
    return chosen, dropped


def _scored_facts(
    matches: Sequence[Match], terms: Sequence[str], now: datetime
) -> list[RecalledMemory]:
    """Keyword score relative to the best, times the share of terms hit, times confidence left."""
    best = max((match.score for match in matches), default=0.0)
    scored: list[RecalledMemory] = []
    for match in matches:
        fact = match.item
        if not isinstance(fact, Fact):
            continue
        hit = _hit(terms, fact.sentence)
        age_s = (now - fact.recorded_at).total_seconds()
        left = decayed(fact.confidence, age_s, fact.half_life_s)
        keyword = match.score / best if best > 0 else 1.0
        scored.append(
            RecalledMemory(
                id=fact.id,
                kind="fact",
                text=fact.sentence,
                at=fact.recorded_at,
                score=(0.5 * keyword + 0.5 * len(hit) / len(terms)) * (0.5 + 0.5 * left),
                why=f"shares {', '.join(hit)}",
            )
        )
    return scored


def _scored_said(
    matches: Sequence[Match], terms: Sequence[str], options: RecallOptions
) -> list[RecalledMemory]:
    """The sentence that shares most terms; questions tell nothing and are passed over."""
    scored: list[RecalledMemory] = []
    for match in matches:
        said = match.item
        if not isinstance(said, Said):
            continue
        sentences = [s.strip() for s in _SENTENCE.findall(said.text) if not s.endswith("?")]
        hits = [(len(_hit(terms, sentence)), sentence) for sentence in sentences]
        count, sentence = max(hits, key=lambda hit: hit[0], default=(0, ""))
        if count:
            scored.append(
                RecalledMemory(
                    id=f"said:{said.task_id}:{said.ordinal}",
                    kind="said",
                    text=sentence[: options.said_characters],
                    at=said.at,
                    score=options.said_weight * count / len(terms),
                    why=f"shares {', '.join(_hit(terms, sentence))}",
                )
            )
    return scored


def _hit(terms: Sequence[str], text: str) -> list[str]:
    found = words(text)
    return [term for term in terms if any(word.startswith(term) for word in found)]
