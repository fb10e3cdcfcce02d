"""Whether anything that was found is worth showing unasked.

One number decides: the share of what a message asks that the best evidence covers. It means the
same for every kind of conversation, so that one threshold serves all.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from enplace.fetch.beside import spots_of
from enplace.fetch.score import Scored, rarity_of
from enplace.records.encoding import Encoding
from enplace.records.recollection import Candidate, Gathered, RecallQuery, TermRole

LOOKED_AT = 10
"""How many of the best candidates are looked at as evidence."""
LEAST_WITH_VECTORS, LEAST = 0.63, 0.28
"""Share of what is asked that must be covered, with and without vectors: 95 of 100 questions that
can be answered pass."""
SEGMENT_STEMS = 90
"""A memory is evidence together with what stands beside it, up to so many terms."""
SAME_WORD = 0.3
"""Added to the likeness of a word where the evidence holds the very word."""
CHANCE, USUAL_STEMS, FEW_STEMS = 0.05, 60, 8
"""Long evidence comes near any word by chance: likeness loses this much for each e-fold of its
length over the usual one."""
EVERY_WORD = 0.5
"""What the most common word counts beside one that is said once: rarity in one memory tells little
of how telling a word is."""
NEVER_SAID, MUCH = 2.0, 200
"""What a word counts that is nowhere in memory: it is what cannot be answered. A memory of fewer
items has not said most words yet, and it counts less there."""
AROUND = 0.1
"""What a word counts that only frames the question, or names a time."""
FEW_TOPICS = 2
"""A message that asks nothing and has fewer has to be met by the very word."""
RATIO_OF_BEST = 0.5
"""Memories that score less than this share of the best are not shown beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says of a recall."""

    silence: str = ""
    """Why nothing is shown; empty where something may be."""
    covered: float = 1.0
    """Share of what is asked that the best evidence covers, 0 to about 1."""
    least_score: float = 0.0

    def accepts(self, each: Scored) -> bool:
        """Whether a candidate may be shown."""
        return not self.silence and each.score >= self.least_score


def judge(
    query: RecallQuery, found: Gathered, scored: Sequence[Scored], encoding: Encoding | None
) -> Verdict:
    """Decide whether the candidates answer what a message asks.

    Args:
        query: What it asks.
        found: All candidates.
        scored: The same, best first.
        encoding: Of the query, where there are vectors.
    """
    if not scored:
        return Verdict(silence="nothing that is remembered shares anything with it", covered=0.0)
    best_score = scored[0].score
    least_score = best_score - (1 - RATIO_OF_BEST) * abs(best_score)
    topics, frames = _terms(query, "topic"), _terms(query, "frame")
    if query.speakers and not topics and "greeting" not in query.roles:
        return Verdict(least_score=least_score)  # "What does Ana do?" asks for anything of hers
    is_own = query.asks and "me" in query.names
    if not topics and not (frames and is_own):
        return Verdict(silence="the message asks for nothing that could be looked up", covered=0.0)
    looked_at = [each.candidate for each in scored[:LOOKED_AT]]
    if len(topics) < (1 if query.asks else FEW_TOPICS):
        # "flood", "What do I work as?": likeness would always find something
        if not any(_says(candidate, topics or frames) for candidate in looked_at):
            return Verdict(
                silence=f"nothing that was found says {(topics or frames)[0]!r}", covered=0.0
            )
        if not topics:
            return Verdict(least_score=least_score)
    weights = _weights(query, found)
    evidence = Evidence(found, encoding)
    best, least = max(
        (_covered(evidence, candidate, weights) for candidate in looked_at),
        key=lambda share: share[0] / share[1],
    )
    if best < least:
        return Verdict(
            silence=f"what was found covers {best:.0%} of what is asked; {least:.0%} is needed",
            covered=best,
        )
    return Verdict(covered=best, least_score=least_score)


def _terms(query: RecallQuery, role: TermRole) -> list[str]:
    return [term for term, its in zip(query.terms, query.roles, strict=True) if its == role]


def _says(candidate: Candidate, terms: Sequence[str]) -> bool:
    """Whether a memory holds one of some terms."""
    held = candidate.stems + candidate.context
    return any(f" {term} " in held for term in terms)


def _weights(query: RecallQuery, found: Gathered) -> dict[str, float]:
    """What each term of the question counts."""
    most = log(2 * found.items + 2)
    never_said = 1.0 + (NEVER_SAID - 1.0) * min(1.0, found.items / MUCH)
    weights: dict[str, float] = {}
    for (term, rarity), role in zip(rarity_of(query, found).items(), query.roles, strict=True):
        factor = 1.0 if found.frequencies.get(term) else never_said
        rare = EVERY_WORD + (1.0 - EVERY_WORD) * min(1.0, rarity / most)
        weights[term] = rare * (factor if role == "topic" else AROUND)
    return weights


class Evidence:
    """Candidates with those that stand beside them, and how near they come to a query's words."""

    def __init__(self, found: Gathered, encoding: Encoding | None) -> None:
        self._candidates = found.candidates
        self._spots = spots_of(found.candidates)
        self._rows = {candidate.row: index for index, candidate in enumerate(found.candidates)}
        self._pieces: dict[str, list[int]] = {}
        self._matches = array("f")
        self._width = 0
        if encoding is not None and found.matches:
            self._width = len(encoding.terms)
            self._matches.frombytes(found.matches)
            for index, term in enumerate(encoding.terms):
                self._pieces.setdefault(term, []).append(index)

    def has_vectors(self, segment: Sequence[int]) -> bool:
        """Whether any of a segment was compared by its tokens."""
        width = self._width
        return any(any(self._matches[width * index : width * (index + 1)]) for index in segment)

    def around(self, candidate: Candidate) -> list[int]:
        """A memory with what follows and what comes before it, while there is room."""
        segment, room = [self._rows[candidate.row]], SEGMENT_STEMS - candidate.size
        if candidate.place is None or candidate.spot is None:
            return segment
        for distance in (1, -1, 2, -2):
            other = self._spots.get((candidate.place, candidate.spot + distance))
            if other is not None and self._candidates[other].size <= room:
                segment.append(other)
                room -= self._candidates[other].size
        return segment

    def held(self, segment: Sequence[int]) -> tuple[str, int]:
        """All index terms of a segment, with spaces, and how many they are."""
        members = [self._candidates[index] for index in segment]
        return "".join(c.stems + c.context for c in members), sum(c.size for c in members)

    def nearest(self, term: str, segment: Sequence[int]) -> float:
        """How near a segment comes to a word: the mean over its tokens of the best match."""
        pieces = self._pieces.get(term, ())
        best = [
            max(self._matches[self._width * index + piece] for index in segment) for piece in pieces
        ]
        return sum(best) / len(best) if best else 0.0


def _covered(
    evidence: Evidence, candidate: Candidate, weights: Mapping[str, float]
) -> tuple[float, float]:
    """Share of the weights that a memory and what stands beside it support, and the least needed."""
    segment = evidence.around(candidate)
    held, size = evidence.held(segment)
    has_vectors = evidence.has_vectors(segment)
    chance = CHANCE * log(max(size, FEW_STEMS) / USUAL_STEMS)
    total = 0.0
    for term, weight in weights.items():
        same = f" {term} " in held
        if has_vectors:
            total += weight * (evidence.nearest(term, segment) - chance + SAME_WORD * same)
        else:
            total += weight * same
    share = total / (sum(weights.values()) or 1.0)
    return share, LEAST_WITH_VECTORS if has_vectors else LEAST
