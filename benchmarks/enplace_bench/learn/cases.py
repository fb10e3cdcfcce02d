"""Labelled conversations: what stands afterwards, what was closed, and whether it can be undone.

Each case has a brain of its own; its turns are heard at their times, and learned from whenever the
task changes and at the end. Counted is one minute after the last turn. Then all batches are rolled
back, the last first, and after each the brain must know what it knew before it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from enplace.engine import Engine
from enplace.ports import Model
from enplace.records.canonical import JsonObject
from enplace.records.memory import Fact
from enplace_bench.learn.gold import Case, Gold, is_near, is_same, is_typed
from enplace_bench.learn.telling import BEGIN, Known, has_ended, known, minutes, opened, say
from enplace_bench.recall.structured import SetClock

_BESIDE = frozenset(("species", "breed"))
"""Predicates that count neither way where no label has them: they come with a pet."""


@dataclass(slots=True)
class Tally:
    """What was counted, over some cases."""

    cases: int = 0
    wanted: int = 0
    """Facts that were to stand."""
    found: int = 0
    """Of these, those that do."""
    typed: int = 0
    """Of these, those with an accepted predicate, not just the words."""
    right: int = 0
    """Standing facts that are wanted."""
    near: int = 0
    """With a subject and an object that are wanted or fine, and another predicate."""
    fine: int = 0
    wrong: int = 0
    never: int = 0
    """Of the wrong ones, those that must never stand."""
    wrongly_retired: int = 0
    """Wanted facts that stood once and do not."""
    past: int = 0
    closed: int = 0
    """Past facts that do not stand and are kept with their end."""
    outlived: int = 0
    """Past facts that still stand."""
    days: int = 0
    """Past facts whose day is known and that are kept."""
    right_days: int = 0
    batches: int = 0
    undone: int = 0
    """Batches whose roll-back restored what was known before."""
    stuck: int = 0
    """Tasks whose learning failed, so that it waits to be tried again."""
    failures: list[str] = field(default_factory=list[str])
    """Ids of cases with a batch that was not."""

    def add(self, other: "Tally") -> None:
        """Count another tally too."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures += other.failures

    @property
    def precision(self) -> float:
        """Share of right ones among the standing facts that count."""
        return _share(self.right, self.right + self.wrong)

    @property
    def strict_precision(self) -> float:
        """The same, with everything as wrong that has a predicate which nobody labelled."""
        return _share(self.right, self.right + self.wrong + self.near)

    @property
    def recall(self) -> float:
        """Share of the wanted facts that stand."""
        return _share(self.found, self.wanted)

    @property
    def typed_share(self) -> float:
        """Share of those found that say so in their fields."""
        return _share(self.typed, self.found)

    def as_json(self) -> JsonObject:
        """Everything, with stable names."""
        numbers: JsonObject = {name: int(getattr(self, name)) for name in _NUMBERS}
        return {
            "precision": round(self.precision, 4),
            "strict_precision": round(self.strict_precision, 4),
            "recall": round(self.recall, 4),
            "typed_share": round(self.typed_share, 4),
            **numbers,
        }


_NUMBERS = (
    *("cases", "wanted", "found", "typed", "right", "near", "fine", "wrong", "never"),
    *(
        "wrongly_retired",
        "past",
        "closed",
        "outlived",
        "days",
        "right_days",
        "batches",
        "undone",
        "stuck",
    ),
)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


async def measure(
    home: Path, cases: Sequence[Case], model: Model | None = None
) -> dict[str, Tally]:
    """Tallies by kind of case."""
    clock = SetClock(BEGIN)
    tallies: dict[str, Tally] = {}
    async with opened(home, clock, model=model) as engine:
        for number, case in enumerate(cases):
            tally = await _one(engine, f"case{number}", clock, case)
            tallies.setdefault(case.kind, Tally()).add(tally)
    return dict(sorted(tallies.items()))


async def _one(engine: Engine, name: str, clock: SetClock, case: Case) -> Tally:
    owner, brain = engine.owner(name), await engine.brains.open(name)
    end = case.said[-1].at + minutes(1)
    states: list[tuple[Sequence[str], Known]] = []
    for _, group in groupby(case.said, key=lambda one: one.task_id):
        said = list(group)
        clock.at = said[-1].at
        before = await known(brain)
        await say(owner, brain, said)
        batches = await owner.learning.run()
        states.append(([batch.id for batch in batches], before))
    clock.at = end
    tally = _judged(case, await known(brain), end)
    tally.stuck = len((await owner.learning.status()).failing)
    for ids, before in reversed(states):
        for id_ in reversed(ids):
            await owner.learning.rollback(id_)
        restored = (await known(brain)).state(end) == before.state(end)
        tally.batches += len(ids)
        tally.undone += len(ids) if restored else 0
        if not restored:
            tally.failures.append(case.id)
    await owner.aclose()
    return tally


def _judged(case: Case, now_known: Known, now: datetime) -> Tally:
    standing = now_known.standing(now)
    tally = Tally(cases=1)
    for gold in case.stand:
        tally.wanted += 1
        meant = [fact for fact in standing if is_same(fact, gold)]
        tally.found += bool(meant)
        tally.typed += any(is_typed(fact, gold) for fact in meant)
        tally.wrongly_retired += not meant and _stood(now_known.facts, gold)
    for gold in case.past:
        kept = [fact for fact in now_known.facts if is_same(fact, gold) and has_ended(fact, now)]
        stands = any(is_same(fact, gold) for fact in standing)
        tally.past += 1
        tally.closed += bool(kept) and not stands
        tally.outlived += stands
        if gold.until is not None and kept:
            tally.days += 1
            tally.right_days += any(_ends_on(fact, gold) for fact in kept)
    verdicts = Counter(_verdict(fact, case) for fact in standing)
    tally.right, tally.near, tally.fine = (verdicts[name] for name in ("right", "near", "fine"))
    tally.never = verdicts["never"]
    tally.wrong = verdicts["wrong"] + verdicts["never"]
    return tally


def _stood(facts: Iterable[Fact], gold: Gold) -> bool:
    return any(is_same(fact, gold) and fact.state != "quarantined" for fact in facts)


def _ends_on(fact: Fact, gold: Gold) -> bool:
    return fact.valid_until is not None and fact.valid_until.date() == gold.until


def _verdict(fact: Fact, case: Case) -> str:
    if any(is_same(fact, gold) for gold in case.stand):
        return "right"
    if any(is_typed(fact, gold) for gold in case.never):
        return "never"
    if any(is_same(fact, gold) for gold in case.fine) or _is_nameless(fact):
        return "fine"
    if fact.predicate in _BESIDE:
        return "fine"
    if any(is_near(fact, gold) for gold in (*case.stand, *case.fine)):
        return "near"
    return "wrong"


def _is_nameless(fact: Fact) -> bool:
    """`has a sister`: that there is somebody follows from whatever is said of them."""
    return fact.fact_kind == "relation" and (fact.object or "").startswith("a ")
