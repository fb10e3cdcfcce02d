"""Operations on facts, carried out one by one: live, and again when one of them is undone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from enplace.errors import UsageError
from enplace.records.memory import Change, Fact, Memory, trusted_less
from enplace.records.standing import stood
from enplace.records.words import fold
from enplace.records.write import (
    Close,
    Confirm,
    Erase,
    Forget,
    Operation,
    Outcome,
    Release,
    Remember,
    Write,
)
from enplace.upload.consolidate import Verdict, carried_on, closed, confirmed, decide, stated

HoldsOne = Callable[[str | None], bool]
"""Whether a predicate holds one value at a time."""
KeyOf = Callable[[str], str]
"""The one key that all names of a subject share."""
OnFacts = Remember | Confirm | Close | Forget | Release
Replayed = tuple[Fact, str | None]
"""A fact as it would stand, and the id of the fact that its last change was owed to."""


def carry_out(
    operation: Operation,
    at: datetime,
    near: Sequence[Fact],
    *,
    holds_one: HoldsOne,
    key_of: KeyOf,
) -> Verdict:
    """What an operation on facts does.

    Args:
        operation: Remember, Confirm, Close, Forget or Release.
        at: When it is made.
        near: The fact it names, and what is near to that one or to a new one.
        holds_one: Of predicates.
        key_of: Of names; those of whoever it is about share one.

    Raises:
        UsageError: The fact it names does not allow it.
    """
    if isinstance(operation, Remember):
        if operation.fact.state == "quarantined":  # shown to nobody, so nothing gives way to it
            fact = operation.fact
            return Verdict(outcome="quarantined", fact=fact, added=(fact,))
        _require_target(operation, near)
        return _weighed(operation.fact, near, holds_one, key_of, corrects=operation.corrects)
    known = {fact.id: fact for fact in near}
    fact = known.get(getattr(operation, "target", ""))
    if fact is None:
        raise UsageError(f"{operation.op} names no fact")
    match operation:
        case Confirm():
            _require(fact.state in {"active", "disputed"}, "holds no longer", fact)
            pair = confirmed(fact, at, operation.trust, raises_trust=False)
            if fact.state == "disputed" and operation.trust == "user":
                believed = replace(pair[0], version=fact.version)
                return replace(_released(believed, near, holds_one, key_of), outcome="confirmed")
            return _one("confirmed", pair)
        case Close():
            _require(fact.state == "active", "does not hold", fact)
            _require(operation.until >= fact.start, "began to hold later than that", fact)
            return _closing(fact, operation.until, near)
        case Forget():
            _require(fact.state != "forgotten", "is forgotten already", fact)
            gone = [fact, *carried_on(fact, near)]
            pairs = [stated(each, "forgotten", "forgotten") for each in gone]
            return Verdict(outcome="forgotten", fact=pairs[0][0], changed=tuple(pairs))
        case Release():
            held = fact.state in {"quarantined", "disputed"}
            _require(held, "is neither quarantined nor disputed", fact)
            believed = replace(fact, confirmed_at=at)
            return _released(believed, near, holds_one, key_of)
        case _:
            raise UsageError(f"{operation.op} is no operation on facts")


def _weighed(
    new: Fact,
    near: Sequence[Fact],
    holds_one: HoldsOne,
    key_of: KeyOf,
    *,
    corrects: str | None = None,
) -> Verdict:
    traits = frozenset(_traits(new, key_of, holds_one))
    beside: list[Fact] = []
    named: list[Fact] = []
    for fact in near:
        (named if traits.isdisjoint(_traits(fact, key_of, holds_one)) else beside).append(fact)
    # Without a subject there is no place that two values could compete for.
    one = new.subject is not None and holds_one(new.predicate)
    return decide(new, beside, named=named, holds_one=one, corrects=corrects)


def _one(outcome: Outcome, pair: tuple[Fact, Change]) -> Verdict:
    return Verdict(outcome=outcome, fact=pair[0], changed=(pair,))


def _closing(fact: Fact, until: datetime, near: Sequence[Fact]) -> Verdict:
    """What carries the fact on ends as well, or never begins."""
    pairs = [closed(fact, until, by=None, reason="closed")]
    for each in carried_on(fact, near):
        end = max(until, each.start)
        pairs.append(closed(each, end, by=None, reason="closed"))
    return Verdict(outcome="closed", fact=pairs[0][0], changed=tuple(pairs))


def _released(fact: Fact, near: Sequence[Fact], holds_one: HoldsOne, key_of: KeyOf) -> Verdict:
    """A fact that was held back is believed, as if the user had said it."""
    others = [other for other in near if other.id != fact.id]
    believed = replace(fact, state="active", trust="user")
    verdict = _weighed(believed, others, holds_one, key_of)
    stands = next((each for each in verdict.added if each.id == fact.id), None)
    if stands is None:  # another fact says the same and is confirmed by it
        pair = stated(fact, "retired", "retired", "another says the same")
        return replace(verdict, outcome="released", changed=(*verdict.changed, pair))
    pair = stated(stands, "active", "released")
    return replace(
        verdict,
        outcome="released",
        fact=pair[0],
        added=tuple(each for each in verdict.added if each.id != fact.id),
        changed=(*verdict.changed, pair),
    )


def replay(
    writes: Iterable[Write], *, without: int = 0, holds_one: HoldsOne, key_of: KeyOf
) -> dict[str, Replayed]:
    """Every fact as it would stand if one write had never been made.

    What a later write said of the undone one falls with it; what it said besides stands.
    """
    facts = _Facts(key_of, holds_one)
    for write in writes:
        if write.undone or write.id == without:
            continue
        if isinstance(write.operation, Erase):
            facts.put(facts.standing(write.operation.effects))
            continue
        verdict = _done(write, facts, holds_one, key_of)
        if verdict is not None:
            facts.put((fact, None) for fact in verdict.added)
            facts.put((fact, change.by) for fact, change in verdict.changed)
            if isinstance(write.operation, Remember):
                facts.spoken_for[write.operation.fact.id] = verdict.fact.id
    return {id_: (fact, facts.ended_by.get(id_)) for id_, fact in facts.by_id.items()}


def _done(write: Write, facts: "_Facts", holds_one: HoldsOne, key_of: KeyOf) -> Verdict | None:
    """What a write does now, as far as the facts still allow it; None for nothing."""
    if not isinstance(write.operation, OnFacts):
        return None
    operation = facts.resolved(write.operation)
    try:
        near = facts.concerning(operation)
        return carry_out(operation, write.at, near, holds_one=holds_one, key_of=key_of)
    except UsageError:
        if not isinstance(operation, Remember):
            return None
    alone = Remember(fact=replace(operation.fact, supersedes=None))
    near = facts.concerning(alone)
    return carry_out(alone, write.at, near, holds_one=holds_one, key_of=key_of)


class _Facts:
    """Facts by what makes them near to each other."""

    def __init__(self, key_of: KeyOf, holds_one: HoldsOne) -> None:
        self.by_id: dict[str, Fact] = {}
        self.ended_by: dict[str, str | None] = {}
        self.spoken_for: dict[str, str] = {}
        """By id of a fact that was asked for, the one that says it: another where it confirmed."""
        self._key_of = key_of
        self._one = holds_one
        self._near: dict[tuple[str | None, ...], dict[str, None]] = {}

    def put(self, facts: Iterable[Replayed]) -> None:
        """Keep facts as they stand now."""
        for fact, by in facts:
            self.ended_by[fact.id] = by
            if fact.id not in self.by_id:
                for trait in _traits(fact, self._key_of, self._one):
                    self._near.setdefault(trait, {})[fact.id] = None
            self.by_id[fact.id] = fact

    def standing(self, effects: Iterable[Change]) -> list[Replayed]:
        """Facts with the standing that a write gave them, of which no more is known."""
        return [
            (fact, change.by) for change in effects if isinstance(fact := self._stood(change), Fact)
        ]

    def _stood(self, change: Change) -> Memory | None:
        fact = self.by_id.get(change.target)
        return None if fact is None else stood(fact, change, fact.version + 1)

    def resolved(self, operation: OnFacts) -> OnFacts:
        """An operation that names facts which are there, where others say the same."""

        def there(id_: str | None) -> str | None:
            return id_ if id_ is None or id_ in self.by_id else self.spoken_for.get(id_, id_)

        if not isinstance(operation, Remember):
            return replace(operation, target=there(operation.target))
        named = replace(operation.fact, supersedes=there(operation.fact.supersedes))
        return Remember(fact=named, corrects=there(operation.corrects))

    def concerning(self, operation: OnFacts) -> list[Fact]:
        """The facts that an operation names, and those near to them or to a new one that count."""
        if isinstance(operation, Remember):
            ids = (operation.corrects, operation.fact.supersedes)
        else:
            ids = (operation.target,)
        named = [self.by_id[id_] for id_ in ids if id_ in self.by_id]
        about = [*named, operation.fact] if isinstance(operation, Remember) else named
        start = min((fact.start for fact in about), default=None)
        traits = {trait for fact in about for trait in _traits(fact, self._key_of, self._one)}
        found = {fact.id: fact for fact in named}
        for trait in traits:
            for id_ in self._near.get(trait, ()):
                fact = self.by_id[id_]
                if start is not None and _counts(fact, start):
                    found[id_] = fact
        links = {fact.continues for fact in found.values()} | {f.supersedes for f in named}
        return [*found.values(), *(self.by_id[i] for i in links - found.keys() if i in self.by_id)]


def _counts(fact: Fact, start: datetime) -> bool:
    """Whether a fact can matter to what begins then."""
    is_over = fact.valid_until is not None and fact.valid_until <= start
    return fact.state in {"active", "disputed"} and not is_over


def _traits(fact: Fact, key_of: KeyOf, holds_one: HoldsOne) -> list[tuple[str | None, ...]]:
    """Two facts are near to each other where they share one of these."""
    subject = None if fact.subject is None else key_of(fact.subject)
    traits: list[tuple[str | None, ...]] = [(subject, "says", fold(fact.sentence))]
    if subject is not None and fact.predicate is not None:
        value = None if holds_one(fact.predicate) else fold(fact.object or "")
        traits.append((subject, "fills", fold(fact.predicate), value))
    return traits


def _require_target(operation: Remember, near: Sequence[Fact]) -> None:
    new = operation.fact
    known = {fact.id: fact for fact in near}
    named = operation.corrects or new.supersedes
    if named is None:
        return
    old = known.get(named)
    if operation.corrects is not None and (old is None or old.state != "active"):
        raise UsageError(f"no fact {named!r} stands", id=named)
    if old is None or (operation.corrects is None and not old.holds(new.start)):
        raise UsageError(f"no fact {named!r} holds then", id=named)
    if trusted_less(new.trust, old.trust):
        raise UsageError(f"{named} has the trust {old.trust!r}, more than {new.trust!r}", id=named)


def _require(allowed: bool, why_not: str, fact: Fact) -> None:
    if not allowed:
        raise UsageError(f"{fact.id} {why_not}", id=fact.id, state=fact.state)
