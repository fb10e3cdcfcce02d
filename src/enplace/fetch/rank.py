"""Which of the candidates are shown. Pure: the same candidates give the same answer."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from enplace.fetch.gate import Verdict
from enplace.fetch.score import Scored, Weights
from enplace.records.recollection import (
    Candidate,
    DroppedMemory,
    DropStage,
    RecalledMemory,
    RecallPolicy,
    RecallQuery,
    Standing,
)
from enplace.records.words import content_terms, fold

_TITLE = "".join(rf"|(?<=\b{title})\." for title in ("Mr", "Mrs", "Ms", "Dr", "Prof", "St"))
_SENTENCE = re.compile(rf"(?:[^.!?。！？\n]|\.(?=\w){_TITLE})+[.!?。！？]*")  # noqa: RUF001
NEAR_DUPLICATE = 0.9
"""Share of terms from which on two texts say the same."""
MOST_DROPPED = 50
"""Most candidates that are named as not shown."""
UNCONFIRMED = timedelta(days=365)
"""A fact that nothing confirmed for this long is shown with a word of warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallOptions:
    """How much is looked at and shown."""

    limit: int = 6
    """Most memories put into a context."""
    search_limit: int = 20
    """Most memories given to a search."""
    candidates: int = 24
    """Most candidates of each generator, for a context: a turn waits for them."""
    search_candidates: int = 60
    """The same for a search."""
    budget_characters: int = 8_000
    """Most characters put into a context."""
    said_characters: int = 240
    """Longest quotation of what was said, in a context."""
    deadline_s: float = 0.15
    """Sources that need longer are dropped, and the turn says so."""
    weights: Weights = field(default_factory=Weights)
    """Of the signals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a recall is for."""

    policy: RecallPolicy
    limit: int
    now: datetime
    at: datetime
    """Memories that hold then are shown."""
    visible: Collection[str] = ()
    """Ids that stand in the context already."""
    history: bool = False
    """Show what no longer holds as well, and say until when it did."""


def shortlist(
    scored: Sequence[Scored], verdict: Verdict, request: Request
) -> tuple[list[Scored], list[DroppedMemory]]:
    """The candidates that may be shown, best first, and those that may not.

    More are kept than are shown in the end: some will say the same.
    """
    kept: list[Scored] = []
    dropped: list[DroppedMemory] = []
    for each in scored:
        stage = _stage(each, verdict, request)
        if stage is None and len(kept) >= 2 * request.limit:
            stage = "limit"
        if stage is None:
            kept.append(each)
        elif len(dropped) < MOST_DROPPED:
            dropped.append(DroppedMemory(id=each.candidate.id, stage=stage, score=each.score))
    return kept, dropped


def _stage(each: Scored, verdict: Verdict, request: Request) -> DropStage | None:
    candidate = each.candidate
    if candidate.id in request.visible:
        return "visible"
    if not _stands(candidate, request):
        return "invalid"
    if request.policy == "inject" and not verdict.accepts(each):
        return "gate"
    return None


def _stands(candidate: Candidate, request: Request) -> bool:
    stands = candidate.standing
    if stands is None:
        return candidate.at <= request.at
    if stands.state not in {"active", "disputed"}:
        return False
    began = (stands.valid_from or stands.recorded_at) <= request.at or request.history
    return began and (request.history or not _ended(stands, request.at))


def _ended(stands: Standing, at: datetime) -> bool:
    return stands.valid_until is not None and stands.valid_until <= at


def choose(
    kept: Sequence[Scored],
    texts: Mapping[int, str],
    query: RecallQuery,
    request: Request,
    options: RecallOptions,
) -> tuple[list[RecalledMemory], list[DroppedMemory]]:
    """Memories to show, best first, and those that say the same, come too late or do not fit.

    Args:
        kept: What `shortlist` left.
        texts: Of these candidates, by row.
        query: What was looked for.
        request: What for.
        options: Limits.
    """
    chosen: list[RecalledMemory] = []
    dropped: list[DroppedMemory] = []
    seen = _Seen()
    room = options.budget_characters
    best = kept[0].score if kept else 1.0
    for each in kept:
        candidate = each.candidate
        text = texts.get(candidate.row, "")
        if request.policy == "inject" and candidate.kind == "said":
            text = quotation(text, query.terms, options.said_characters)
        stage: DropStage | None = None
        if not text:
            stage = "gate"  # a question tells nothing; or it was deleted meanwhile
        elif seen.has(candidate, text):
            stage = "duplicate"
        elif len(chosen) == request.limit:
            stage = "limit"
        elif request.policy == "inject" and len(text) > room:
            stage = "room"
        if stage is not None:
            dropped.append(DroppedMemory(id=candidate.id, stage=stage, score=each.score))
            continue
        room -= len(text)
        seen.add(candidate, text)
        chosen.append(_memory(each, text, query, request, best))
    return chosen, dropped


class _Seen:
    """Texts that are shown, to notice others that say the same."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._stems: list[tuple[str, frozenset[str]]] = []

    def has(self, candidate: Candidate, text: str) -> bool:
        if fold(text) in self._texts:
            return True
        if candidate.kind == "said":
            return False  # two people may say nearly the same, and each said it
        stems = frozenset(candidate.stems.split())
        return any(kind == candidate.kind and _alike(stems, other) for kind, other in self._stems)

    def add(self, candidate: Candidate, text: str) -> None:
        self._texts.add(fold(text))
        self._stems.append((candidate.kind, frozenset(candidate.stems.split())))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one) and len(one & other) >= NEAR_DUPLICATE * len(one | other)


def _memory(
    each: Scored, text: str, query: RecallQuery, request: Request, best: float
) -> RecalledMemory:
    candidate = each.candidate
    ratio = each.score / best if best > 0 else 1.0
    return RecalledMemory(
        id=candidate.id,
        kind=candidate.kind,
        text=text,
        at=candidate.at,
        score=round(min(1.0, max(0.0, ratio)), 4),
        why=why(each, query),
        label=label(candidate, request),
        speaker=candidate.speaker,
        role=candidate.role,
        signals=tuple((name, round(value, 4)) for name, value in each.signals.items() if value),
    )


def why(each: Scored, query: RecallQuery) -> str:
    """Why a memory was found, in a few words."""
    held = each.candidate.stems + each.candidate.context
    shared = [term for term in query.terms if f" {term} " in held]
    parts = [f"shares {', '.join(shared)}"] if shared else []
    near = each.signals.get("likeness", 0.0) + each.signals.get("meaning", 0.0)
    if near > 0 and not shared:
        parts.append("means something near")
    parts += [f"by {name}" for name in ("graph", "time") if name in each.candidate.sources]
    return "; ".join(parts) or "stands beside what was found"


def label(candidate: Candidate, request: Request) -> str:
    """What a reader must know of a memory before believing it."""
    stands = candidate.standing
    if stands is None:
        return ""
    parts: list[str] = []
    if stands.state == "disputed":
        parts.append("conflicting")
    if stands.valid_until is not None:
        was = "until" if _ended(stands, request.now) else "ends"
        parts.append(f"{was} {stands.valid_until.date().isoformat()}")
    last = stands.confirmed_at or stands.recorded_at
    decays = stands.half_life_s is not None and stands.half_life_s < float("inf")
    if decays and request.now - last > UNCONFIRMED:
        parts.append(f"unconfirmed since {last.date().isoformat()}")
    return ", ".join(parts)


def quotation(text: str, terms: Iterable[str], most: int) -> str:
    """The sentence of a text that shares most with a query; questions tell nothing."""
    sentences = [s.strip() for s in _SENTENCE.findall(text)]
    told = [sentence for sentence in sentences if sentence and sentence[-1] not in "?？"]  # noqa: RUF001
    wanted = set(terms)
    best = max(told, key=lambda sentence: len(wanted & set(content_terms(sentence))), default="")
    return best[:most]
