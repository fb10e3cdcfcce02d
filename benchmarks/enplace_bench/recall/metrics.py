"""How good ranked lists are, per question and on average.

For a question with evidence, in the first k turns of its list:

- `recall@k`: the share of its evidence; `any@k`: whether any of it; `all@k`: whether all of it
- `mrr`: 1 / rank of the first evidence in the whole list, 0 where there is none
- `ndcg@k`: binary gain, discounted by log2(rank + 1), over that of the best possible list
- `session_recall@k`, `session_any@k`: the same for sessions; a session ranks as its best turn does
- `budget_recall@n`: the share of the evidence in the turns that fit n tokens, by characters / 4;
  the first turn that does not fit ends the list

Questions without evidence count nowhere; a question that got no list counts as an empty one. Where
the evidence of a question is whole sessions, only the figures of sessions exist for it.
"""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from statistics import fmean

from enplace_bench.recall.conversations import ABSTENTION, Conversation, Question

CUTS = (5, 10, 20)
BUDGETS_TOKENS = (500, 1_000, 2_000, 4_000)
CHARACTERS_PER_TOKEN = 4
APART = frozenset({"adversarial", ABSTENTION})
"""Kinds that do not count in `ALL`: what they ask about was not said, or not by that person."""
ALL = "all"
RESAMPLES = 1_000


# One list


def recall_at(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """The share of gold in the first k."""
    return len(set(ranked[:k]) & set(gold)) / len(set(gold))


def any_at(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """1 where any gold is in the first k, else 0."""
    return float(not set(gold).isdisjoint(ranked[:k]))


def all_at(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """1 where all gold is in the first k, else 0."""
    return float(set(gold).issubset(ranked[:k]))


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str]) -> float:
    """1 / rank of the first gold, 0 where there is none."""
    return next((1 / rank for rank, one in enumerate(ranked, start=1) if one in gold), 0.0)


def ndcg_at(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """Discounted gain of the first k over that of the best list of k."""
    gain = sum(1 / log2(rank + 1) for rank, one in enumerate(ranked[:k], start=1) if one in gold)
    most = min(k, len(set(gold)))
    return gain / sum(1 / log2(rank + 1) for rank in range(1, most + 1))


def within(ranked: Sequence[str], tokens_of: Mapping[str, float], budget_tokens: float) -> int:
    """How many turns from the top fit a budget."""
    left = budget_tokens
    for count, one in enumerate(ranked):
        left -= tokens_of[one]
        if left < 0:
            return count
    return len(ranked)


# All questions of a conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The figures of one question."""

    set_name: str
    conversation: str
    question: int
    kind: str
    figures: Mapping[str, float]


def score(conversation: Conversation, ranked: Mapping[int, Sequence[str]]) -> list[Scored]:
    """The figures of every question with evidence.

    Args:
        conversation: Whose questions were asked.
        ranked: Turn ids, best first, by the question's index. An id that comes again is left out.

    Raises:
        KeyError: A list names a turn that the conversation does not have.
    """
    sessions = {turn.id: str(turn.session) for turn in conversation.turns}
    tokens = {turn.id: len(turn.text) / CHARACTERS_PER_TOKEN for turn in conversation.turns}
    names = {name: str(n) for n, name in enumerate(conversation.session_ids, start=1)}
    scored: list[Scored] = []
    for question in conversation.questions:
        if not question.evidence:
            continue
        turns = list(dict.fromkeys(ranked.get(question.index, ())))
        figures = _of_sessions(
            list(dict.fromkeys(sessions[one] for one in turns)),
            {sessions.get(one) or names[one] for one in question.evidence},
        )
        if all(one in sessions for one in question.evidence):
            figures |= _of_turns(turns, question, tokens)
        scored.append(
            Scored(
                set_name=conversation.set_name,
                conversation=conversation.id,
                question=question.index,
                kind=question.kind,
                figures=figures,
            )
        )
    return scored


def _of_turns(
    turns: Sequence[str], question: Question, tokens: Mapping[str, float]
) -> dict[str, float]:
    gold = question.evidence
    figures = {"mrr": reciprocal_rank(turns, gold)}
    for k in CUTS:
        figures[f"recall@{k}"] = recall_at(turns, gold, k)
        figures[f"any@{k}"] = any_at(turns, gold, k)
        figures[f"all@{k}"] = all_at(turns, gold, k)
        figures[f"ndcg@{k}"] = ndcg_at(turns, gold, k)
    for budget in BUDGETS_TOKENS:
        figures[f"budget_recall@{budget}"] = recall_at(turns, gold, within(turns, tokens, budget))
    return figures


def _of_sessions(sessions: Sequence[str], gold: Collection[str]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for k in CUTS:
        figures[f"session_recall@{k}"] = recall_at(sessions, gold, k)
        figures[f"session_any@{k}"] = any_at(sessions, gold, k)
    return figures


# Averages


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """An average with the 95 % interval of a bootstrap over questions."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        """In percent, as in a table."""
        return f"{100 * self.value:.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}]"


def mean(values: Sequence[float], seed: int = 0) -> Mean:
    """The mean of some values; the same values and seed give the same interval.

    Raises:
        ValueError: There are none.
    """
    if not values:
        raise ValueError("no values to average")
    dice = random.Random(seed)
    means = sorted(fmean(dice.choices(values, k=len(values))) for _ in range(RESAMPLES))
    tail = RESAMPLES // 40
    return Mean(value=fmean(values), low=means[tail], high=means[-tail - 1], count=len(values))


def by_kind(scored: Iterable[Scored]) -> dict[str, list[Scored]]:
    """Questions of one set by their kinds in the order of the alphabet, after those of `ALL`."""
    ones = list(scored)
    groups = {ALL: [one for one in ones if one.kind not in APART]}
    for kind in sorted({one.kind for one in ones}):
        groups[kind] = [one for one in ones if one.kind == kind]
    return {kind: group for kind, group in groups.items() if group}


def means(scored: Iterable[Scored], names: Iterable[str]) -> dict[str, Mean]:
    """The means of some figures; one that no question has is left out."""
    ones = list(scored)
    values = {name: [one.figures[name] for one in ones if name in one.figures] for name in names}
    return {name: mean(found) for name, found in values.items() if found}


def difference(ours: Iterable[Scored], theirs: Iterable[Scored], name: str) -> Mean:
    """How much a figure is above another's on the same questions.

    Where the interval does not hold 0, the difference is more than the luck of these questions.

    Raises:
        ValueError: They share no question with that figure.
    """
    others = {(one.set_name, one.conversation, one.question): one.figures for one in theirs}
    return mean(
        [
            one.figures[name] - others[key][name]
            for one in ours
            if (key := (one.set_name, one.conversation, one.question)) in others
            and name in one.figures
            and name in others[key]
        ]
    )
