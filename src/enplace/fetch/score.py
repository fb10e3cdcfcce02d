"""How well each candidate answers a query: a sum of signals, each on a scale of its own.

No signal is scaled by the other candidates, so that looking at fewer of them changes none; only
neighbours and sessions lend what they hold, and what has no vector yet is given what vectors add on
average. The weights were chosen on three kinds of conversation at once and are the same for all
(docs/decisions/0018-ranking.md has what each is worth).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from typing import NamedTuple

from enplace.fetch.beside import Loan, loans_among
from enplace.fetch.decay import decayed
from enplace.fetch.meaning import likeness
from enplace.records.encoding import Encoding
from enplace.records.memory import Trust
from enplace.records.recollection import Candidate, Gathered, RecallQuery
from enplace.records.traits import Trait, own_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each signal counts."""

    words: float = 0.6
    """Share of the query's rarity that the words hold, where there are vectors too."""
    words_alone: float = 1.6
    """The same where there are none."""
    likeness: float = 2.0
    """Late interaction: how near each word of the query comes to some word of the memory."""
    meaning: float = 1.5
    """Cosine of the whole texts."""
    meaning_alone: float = 3.0
    """The same where the embedder gives no token vectors."""
    pairs: float = 0.2
    """Words that stand beside each other in both."""
    pairs_alone: float = 0.4
    """The same where there are no vectors."""
    piece_words: float = 0.4
    """`words` of a piece of a document, which is longer than what people say: it holds more words by
    chance, and few of its tokens are compared. Its whole vector says more."""
    piece_pairs: float = 0.1
    """`pairs` of a piece of a document."""
    piece_likeness: float = 1.2
    """`likeness` of a piece of a document."""
    piece_meaning: float = 2.4
    """`meaning` of a piece of a document."""
    phrase: float = 3.0
    """Holds what the query quotes, word for word."""
    speaker: float = 0.4
    """Said by the one person that the query names."""
    assistant: float = -2.0
    """Said by an assistant, unless that is what is asked for: mostly it says again what it was
    told."""
    standing: float = 0.6
    """Asks for something from now on."""
    own_words: float = 0.2
    """Speaks of the speaker; among people."""
    reaction: float = -0.1
    """Opens with a reaction to what was said before; among people."""
    question: float = -0.2
    """Ends by asking; among people."""
    time: float = 0.15
    """Says when, where the query asks that."""
    session: float = 0.5
    """Stands in a session where other things answer too."""
    session_many: float = 0.15
    """The same where the answer is gathered from several memories."""
    name: float = -0.5
    """Says only who somebody is."""
    date: float = 0.8
    """From the time that the query speaks of."""
    graph: float = 1.4
    """What the query asks of somebody whom it names, or of one they are related to."""


BM25_K1, BM25_B = 1.2, 0.3
IN_CONTEXT = 0.5
"""What a word counts that stands not in the text but around it: a heading, a name."""
SESSION_BEST = 3
"""A session is as good as the mean of its best few."""
SOON_AFTER: Sequence[tuple[timedelta, float]] = (
    (timedelta(0), 1.0),
    (timedelta(days=2), 0.6),
    (timedelta(days=8), 0.3),
)
"""What a date counts for what was said this long after it: people tell of it later."""
TRUST_FACTOR: Mapping[Trust, float] = {
    "user": 1.0,
    "operator": 1.0,
    "tool": 0.98,
    "inference": 0.95,
    "document": 0.95,
    "foreign": 0.85,
}


class Scored(NamedTuple):
    """A candidate with its score."""

    candidate: Candidate
    score: float
    signals: Mapping[str, float]


def score(
    query: RecallQuery,
    found: Gathered,
    *,
    now: datetime,
    encoding: Encoding | None = None,
    weights: Weights | None = None,
) -> list[Scored]:
    """Every candidate with its score, best first; equal ones in order of rows.

    Args:
        query: What is looked for.
        found: The candidates and how common the query's words are.
        now: For the decay of confidence.
        encoding: Of the query, where the candidates were compared with one.
        weights: Others than the usual ones.
    """
    use = weights or Weights()
    candidates = found.candidates
    rarity = rarity_of(query, found)
    loans = loans_among(candidates)
    held = _words(found, query, rarity, loans)
    alike = likeness(found, encoding, rarity, loans)
    base = _baseline(candidates, alike, use)
    rows: list[tuple[Candidate, dict[str, float]]] = []
    for candidate, words, near in zip(candidates, held, alike, strict=True):
        signals = _own_signals(query, candidate, use)
        pairs = _pairs(query, candidate, found, rarity) if query.pairs else 0.0
        if near is not None:
            is_piece = candidate.kind == "chunk"
            signals["words"] = (use.piece_words if is_piece else use.words) * words
            signals["pairs"] = (use.piece_pairs if is_piece else use.pairs) * pairs
            signals |= _by_vectors(candidate, near, use)
        else:
            signals["words"] = use.words_alone * words
            signals["pairs"] = use.pairs_alone * pairs
            signals["meaning"] = base
            if candidate.meaning is not None:  # an embedder of whole texts only
                signals["meaning"] = use.meaning_alone * candidate.meaning
        rows.append((candidate, signals))
    _add_sessions(rows, use.session_many if query.asks_many else use.session)
    scored = [
        Scored(candidate, _total(candidate, signals, now), signals) for candidate, signals in rows
    ]
    return sorted(scored, key=lambda each: (-each.score, each.candidate.row))


def rarity_of(query: RecallQuery, found: Gathered) -> dict[str, float]:
    """For each term of a query how rare it is in all memory, > 0: its inverse frequency."""
    held = {term: min(found.frequencies.get(term, 0), found.items) for term in query.terms}
    return {term: log(1 + (found.items - n + 0.5) / (n + 0.5)) for term, n in held.items()}


def _words(
    found: Gathered,
    query: RecallQuery,
    rarity: Mapping[str, float],
    loans: Sequence[Loan],
) -> list[float]:
    """For each candidate the share of the query's rarity that it and its neighbours hold.

    Each word counts where it is strongest, here or beside, before they are added up.
    """
    terms = {term: f" {term} " for term in query.terms}
    held = [_held(candidate, terms, found.average_stems) for candidate in found.candidates]
    best = [dict(own) for own in held]
    for to, of, worth in loans:
        for term, value in held[of].items():
            if worth * value > best[to].get(term, 0.0):
                best[to][term] = worth * value
    mass = sum(rarity.values()) or 1.0
    return [sum(rarity[term] * value for term, value in each.items()) / mass for each in best]


def _held(candidate: Candidate, terms: Mapping[str, str], average: float) -> dict[str, float]:
    """For each term that a candidate holds how much of it: by BM25, 0 to 2.2.

    Args:
        candidate: Of any kind.
        terms: Of the query, each with spaces around it.
        average: Mean length of a text, in terms.
    """
    stems, around = candidate.stems, candidate.context
    norm = BM25_K1 * (1 - BM25_B + BM25_B * candidate.size / (average or 1.0))
    held: dict[str, float] = {}
    for term, spaced in terms.items():
        often = stems.count(spaced)
        if often:
            if f"{spaced}{term} " in stems:  # two in a row share a space
                often = stems.split().count(term)
            held[term] = often * (BM25_K1 + 1) / (often + norm)
        elif spaced in around:
            held[term] = IN_CONTEXT
    return held


def _pairs(
    query: RecallQuery, candidate: Candidate, found: Gathered, rarity: Mapping[str, float]
) -> float:
    """How many pairs of words stand beside each other in both, by their rarity; at most 1.5."""
    shared = [pair for pair in query.pairs if f" {pair[0]} {pair[1]} " in candidate.stems]
    if not shared:
        return 0.0
    rarest = log(1 + (found.items + 0.5) / 0.5) / 6
    return min(1.5, sum(max(rarity.get(t, 0.0) for t in pair) / 6 or rarest for pair in shared))


def _own_signals(query: RecallQuery, candidate: Candidate, use: Weights) -> dict[str, float]:
    """What speaks for a candidate beside its words."""
    signals: dict[str, float] = {}
    traits = candidate.traits
    if candidate.kind == "person":
        signals["name"] = use.name
    elif candidate.kind != "said":
        signals["own words"] = use.own_words
    elif candidate.role == "assistant":
        signals["assistant"] = 0.0 if query.asks_assistant else use.assistant
    elif not candidate.speaker:
        signals["standing"] = use.standing if traits & Trait.STANDING else 0.0
    else:
        signals["own words"] = use.own_words * own_words(traits) / 3
        signals["reaction"] = use.reaction if traits & Trait.REACTION else 0.0
        signals["question"] = use.question if traits & Trait.QUESTION else 0.0
    if len(query.speakers) == 1 and candidate.speaker == query.speakers[0]:
        signals["speaker"] = use.speaker
    if query.asks_when and traits & Trait.TIME:
        signals["time"] = use.time
    if query.phrases and any(phrase in candidate.stems for phrase in query.phrases):
        signals["phrase"] = use.phrase
    if query.spans:
        signals["date"] = use.date * max(_dated(candidate.at, span) for span in query.spans)
    if candidate.path:
        signals["graph"] = use.graph * candidate.path
    return signals


def _by_vectors(candidate: Candidate, near: float, use: Weights) -> dict[str, float]:
    """What the vectors of a candidate say that has vectors of its tokens."""
    is_piece = candidate.kind == "chunk"
    likeness, meaning = (
        (use.piece_likeness, use.piece_meaning) if is_piece else (use.likeness, use.meaning)
    )
    return {"likeness": likeness * near, "meaning": meaning * (candidate.meaning or 0.0)}


def _dated(at: datetime, span: tuple[datetime, datetime]) -> float:
    start, end = span
    if at < start:
        return 0.0
    return next((worth for after, worth in SOON_AFTER if at < end + after), 0.0)


def _baseline(
    candidates: Sequence[Candidate], alike: Sequence[float | None], use: Weights
) -> float:
    """What vectors add on average: candidates that have none yet are given it."""
    added: list[float] = []
    for candidate, near in zip(candidates, alike, strict=True):
        if near is not None:
            added.append(sum(_by_vectors(candidate, near, use).values()))
        elif candidate.meaning is not None:
            added.append(use.meaning_alone * candidate.meaning)
    return sum(added) / len(added) if added else 0.0


def _add_sessions(rows: Sequence[tuple[Candidate, dict[str, float]]], weight: float) -> None:
    """A session counts by its best few, compared with the best session."""
    sums: dict[int, list[float]] = {}
    for candidate, signals in rows:
        if candidate.place is not None:
            sums.setdefault(candidate.place, []).append(sum(signals.values()))
    means = {
        place: sum(best) / len(best)
        for place, totals in sums.items()
        if (best := sorted(totals, reverse=True)[:SESSION_BEST])
    }
    top = max(means.values(), default=0.0)
    for candidate, signals in rows:
        if candidate.place is not None:
            signals["session"] = weight * max(means[candidate.place] - top, -5.0)


def _total(candidate: Candidate, signals: Mapping[str, float], now: datetime) -> float:
    """The sum, less a little for what is trusted less or was long not confirmed."""
    total = sum(signals.values())
    stands = candidate.standing
    if stands is None:
        return total
    left = stands.confidence
    if stands.half_life_s is not None:
        since = (now - (stands.confirmed_at or stands.recorded_at)).total_seconds()
        left = decayed(left, since, stands.half_life_s)
    factor = TRUST_FACTOR[stands.trust] * (0.8 + 0.2 * left)
    return total * factor if total > 0 else total / factor
