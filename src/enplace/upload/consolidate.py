"""What a new fact does to those that stand. Pure: the same facts give the same verdict.

A fact is closed only by one of the same subject and predicate, where the predicate holds one
value, both are valid at the same time, and the newcomer is trusted no less. Whatever misses one of
these stands beside it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enplace.errors import UsageError
from enplace.records.canonical import digest
from enplace.records.memory import Action, Change, Fact, MemoryState, Trust, trusted_less
from enplace.records.standing import standing_of
from enplace.records.words import fold
from enplace.records.write import Outcome

CONFIRM_WEIGHT: dict[Trust, float] = {
    "user": 0.5,
    "operator": 0.5,
    "tool": 0.4,
    "inference": 0.2,
    "document": 0.2,
    "foreign": 0.1,
}
"""Share of the remaining doubt that a confirmation takes away, by who confirms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be written, and how it is told."""

    outcome: Outcome
    fact: Fact
    """The fact that counts now, as it stands."""
    added: tuple[Fact, ...] = ()
    """New facts, as they stand."""
    changed: tuple[tuple[Fact, Change], ...] = ()
    """Facts that stood before, as they stand now, each with its change."""
    disputes: tuple[str, ...] = ()


def decide(
    new: Fact,
    near: Sequence[Fact],
    *,
    named: Sequence[Fact] = (),
    holds_one: bool,
    corrects: str | None = None,
) -> Verdict:
    """Weigh a new fact against those near it.

    Args:
        new: As it was asked for. `supersedes` names a fact that it closes whatever its predicate.
        near: Facts about its subject that have its predicate or say the same.
        named: The fact it names, with what carries that on, where they are not near.
        holds_one: Whether its predicate holds one value at a time.
        corrects: Id of the fact it names, where that was never true.

    Raises:
        UsageError: It names a fact, and is itself contradicted by one with more trust.
    """
    others = {fact.id: fact for fact in (*near, *named)}
    changed: list[tuple[Fact, Change]] = []
    added: list[Fact] = []
    if corrects is not None:
        new, changed = _correcting(new, others, corrects)
    elif new.supersedes is not None:
        old = others.pop(new.supersedes)
        known = _known(new, near)
        if known is not None:
            return _confirming(known, new) if known.id == old.id else _giving_way(old, known, new)
        changed.append(closed(old, new.start, by=new.id, reason="superseded by name"))
        added += _continuation(old, new)
    beside = [others[fact.id] for fact in near if fact.id in others]
    standing = [fact for fact in beside if fact.state == "active" and not _is_empty(fact)]
    known = _known(new, standing) if not changed else None
    if known is not None:
        return _confirming(known, new)
    if not holds_one:
        return _settled([new, *added], changed, beside)
    stronger = [fact for fact in _rivals(new, standing) if trusted_less(new.trust, fact.trust)]
    if any(fact.start <= new.start for fact in stronger):
        _require_unnamed(new, stronger)
        return _disputed(new, stronger)
    return _in_one_place(new, standing, beside, changed, added)


def _correcting(
    new: Fact, others: dict[str, Fact], corrects: str
) -> tuple[Fact, list[tuple[Fact, Change]]]:
    """The new fact in the place of one that was never true, and of what carried that one on."""
    wrong = others.pop(corrects)
    carried = carried_on(wrong, others.values())
    last = max((wrong, *carried), key=lambda fact: fact.start)
    told = replace(
        new,
        valid_from=new.valid_from or wrong.start,
        valid_until=new.valid_until or last.valid_until,
        supersedes=wrong.id,
    )
    changed = [_retired(fact, new, "corrected") for fact in (wrong, *carried)]
    for fact in carried:
        del others[fact.id]
    before = others.get(wrong.supersedes or "")
    if before is not None and before.valid_until == wrong.start < told.start:
        longer = replace(before, valid_until=told.start)  # what ended it was never true
        others[before.id], change = _changed(longer, "restated", by=new.id, reason="corrected")
        changed.append((others[before.id], change))
    return told, changed


def _require_unnamed(new: Fact, stronger: Sequence[Fact]) -> None:
    """What is disputed itself closes nothing by name."""
    if new.supersedes is not None:
        other = stronger[0]
        raise UsageError(f"{other.id} contradicts this and has more trust", id=other.id)


def _disputed(new: Fact, stronger: Sequence[Fact]) -> Verdict:
    held = replace(new, state="disputed")
    disputes = tuple(fact.id for fact in stronger)
    return Verdict(outcome="disputed", fact=held, added=(held,), disputes=disputes)


def _in_one_place(
    new: Fact,
    standing: Sequence[Fact],
    near: Sequence[Fact],
    changed: list[tuple[Fact, Change]],
    added: list[Fact],
) -> Verdict:
    """Where one value holds at a time: others give way, or the new one does."""
    said_by = new.trust
    for fact in standing:
        if _is_mate(new, fact) and _same(new, fact) and _overlap(new, fact):
            # It reaches further: both are one.
            changed.append(_retired(fact, new, "put more widely"))
            best = fact.trust if trusted_less(new.trust, fact.trust) else new.trust
            until = _later(new, fact)
            start = min(new.start, fact.start)
            new = replace(new, valid_from=start, valid_until=until, trust=best)
    origins = {fact.id: fact for fact in near}
    cutting: list[Fact] = []
    for fact in _rivals(new, standing):
        is_newer = origins.get(fact.continues or fact.id, fact).start > new.start
        is_older_news = is_newer and not trusted_less(fact.trust, said_by)
        if is_older_news or trusted_less(said_by, fact.trust):
            cutting.append(fact)  # what comes late or has less trust changes nothing current
            continue
        until = max(new.start, fact.start)
        changed.append(closed(fact, until, by=new.id, reason="superseded"))
        added += _continuation(fact, new)
    return _settled([*_cut(new, cutting), *added], changed, near)


def _cut(new: Fact, cutting: Iterable[Fact]) -> list[Fact]:
    """What is left of a fact beside others: itself up to the first, and where it goes on."""
    left: list[Fact] = []
    start: datetime | None = new.start
    for fact in sorted(cutting, key=lambda fact: fact.start):
        if start is not None and start < fact.start:
            left.append(_stretch(new, start, fact.start))
        if start is not None:
            start = None if fact.valid_until is None else max(start, fact.valid_until)
    if start is not None and (not left or _ends_after(new.valid_until, start)):
        left.append(_stretch(new, start, new.valid_until))
    return left


def _stretch(new: Fact, start: datetime, end: datetime | None) -> Fact:
    if start == new.start:
        return replace(new, valid_until=end)
    return _carrying_on(new, start, end, new)


def _settled(
    added: Sequence[Fact], changed: list[tuple[Fact, Change]], near: Iterable[Fact]
) -> Verdict:
    """The new fact stands, the first of `added`; a dispute that said the same ends with it."""
    new = added[0]
    gone = [fact for fact, change in changed if change.action in {"closed", "retired"}]
    settled = [
        fact
        for fact in near
        if fact.state == "disputed" and _is_mate(new, fact) and _same(new, fact)
        if _overlap(new, fact)
    ]
    if gone and new.supersedes is None:
        new = replace(new, supersedes=max(gone, key=lambda fact: fact.start).id)
    return Verdict(
        outcome="superseded" if gone else "added",
        fact=new,
        added=(new, *added[1:], *(rest for fact in settled for rest in _continuation(fact, new))),
        changed=(*changed, *(_settling(fact, new) for fact in settled)),
    )


def _settling(fact: Fact, new: Fact) -> tuple[Fact, Change]:
    """A dispute that is over, since the same is current now; that it was one stays known."""
    return closed(fact, max(new.start, fact.start), by=new.id, reason="settled")


def _known(new: Fact, near: Iterable[Fact]) -> Fact | None:
    """The first fact that says the same already, for as long."""
    standing = (fact for fact in near if fact.state == "active" and not _is_empty(fact))
    known = (fact for fact in standing if _same(new, fact) and _within(new, fact))
    return min(known, key=lambda fact: (fact.recorded_at, fact.id), default=None)


def _giving_way(old: Fact, known: Fact, new: Fact) -> Verdict:
    """A fact that was named gives way to one that is known already."""
    told = _confirming(known, new)
    gone = closed(old, new.start, by=known.id, reason="superseded by name")
    rest = tuple(_continuation(old, new))
    return replace(told, outcome="superseded", added=rest, changed=(gone, *told.changed))


def _confirming(known: Fact, new: Fact) -> Verdict:
    fact, change = confirmed(known, new.recorded_at, new.trust)
    outcome: Outcome = "confirmed" if new.predicate else "duplicate"
    return Verdict(outcome=outcome, fact=fact, changed=((fact, change),))


def confirmed(
    fact: Fact, at: datetime, trust: Trust, *, raises_trust: bool = True
) -> tuple[Fact, Change]:
    """A fact that somebody said again: less doubt is left, and its decay begins anew."""
    doubt = (1 - fact.confidence) * (1 - CONFIRM_WEIGHT[trust])
    best = trust if raises_trust and trusted_less(fact.trust, trust) else fact.trust
    now = replace(fact, confidence=1 - doubt, confirmed_at=at, trust=best)
    return _changed(now, "confirmed")


def closed(fact: Fact, until: datetime, *, by: str | None, reason: str) -> tuple[Fact, Change]:
    """A fact that was true until a moment; one that ended before that ends where it did."""
    end = until if fact.valid_until is None else min(until, fact.valid_until)
    return _changed(replace(fact, valid_until=end), "closed", by=by, reason=reason)


def stated(fact: Fact, state: MemoryState, action: Action, reason: str = "") -> tuple[Fact, Change]:
    """A fact in another state."""
    return _changed(replace(fact, state=state), action, reason=reason)


def _changed(
    fact: Fact, action: Action, *, by: str | None = None, reason: str = ""
) -> tuple[Fact, Change]:
    now = replace(fact, version=fact.version + 1)
    return now, standing_of(now, action, by=by, reason=reason)


def _retired(fact: Fact, new: Fact, reason: str) -> tuple[Fact, Change]:
    return _changed(replace(fact, state="retired"), "retired", by=new.id, reason=reason)


def _continuation(fact: Fact, new: Fact) -> Iterator[Fact]:
    """What held before goes on where the new fact ends: "for a month" closes nothing for ever."""
    if new.valid_until is not None and _ends_before(new.valid_until, fact.valid_until):
        start = max(new.valid_until, fact.start)
        yield _carrying_on(fact, start, fact.valid_until, new)


def _carrying_on(fact: Fact, start: datetime, end: datetime | None, new: Fact) -> Fact:
    return replace(
        fact,
        id=f"f{digest(f'{fact.id} from {start.isoformat()} after {new.id}')[:16]}",
        recorded_at=new.recorded_at,
        valid_from=start,
        valid_until=end,
        supersedes=None,
        continues=fact.continues or fact.id,
        version=1,
    )


def carried_on(fact: Fact, others: Iterable[Fact]) -> list[Fact]:
    """What carries a fact on, however often it was interrupted."""
    root = fact.continues or fact.id
    later = (other for other in others if other.continues == root and other.id != fact.id)
    return [other for other in later if other.start >= fact.start]


def _is_empty(fact: Fact) -> bool:
    return fact.valid_until is not None and fact.valid_until <= fact.start


def _rivals(new: Fact, standing: Iterable[Fact]) -> list[Fact]:
    """Those that say another thing of the same place and time."""
    beside = (fact for fact in standing if _is_mate(new, fact) and _overlap(new, fact))
    return [fact for fact in beside if not _same(new, fact)]


def _is_mate(new: Fact, fact: Fact) -> bool:
    """Whether both fill the same place. Both are about the same: `near` holds no others."""
    return new.predicate is not None and fold(new.predicate) == fold(fact.predicate or "")


def _same(new: Fact, fact: Fact) -> bool:
    """Whether both say the same, letter case and white space aside."""
    if new.predicate is None or new.object is None or fact.object is None:
        return fold(new.sentence) == fold(fact.sentence)
    return _is_mate(new, fact) and fold(new.object) == fold(fact.object)


def _within(new: Fact, fact: Fact) -> bool:
    reaches_further = _ends_before(fact.valid_until, new.valid_until)
    return fact.start <= new.start and not reaches_further and _overlap(new, fact)


def _overlap(one: Fact, other: Fact) -> bool:
    return _ends_after(one.valid_until, other.start) and _ends_after(other.valid_until, one.start)


def _ends_after(end: datetime | None, moment: datetime) -> bool:
    return end is None or end > moment


def _ends_before(end: datetime | None, other: datetime | None) -> bool:
    return end is not None and (other is None or end < other)


def _later(new: Fact, fact: Fact) -> datetime | None:
    ends = (new.valid_until, fact.valid_until)
    return None if None in ends else max(end for end in ends if end is not None)
