"""What becomes of a proposal beside what is known: the operations it amounts to. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enplace.records.canonical import digest
from enplace.records.learning import Adopt, Assert, End, Meet, Proposal
from enplace.records.memory import Fact, Person, SoulLine, SoulSection, trusted_less
from enplace.records.words import content_terms, fold
from enplace.records.write import Close, Operation, Remember, Surroundings
from enplace.upload.learning.phrases.rules import ONE_AT_A_TIME
from enplace.upload.learning.wording import OWNER

HoldsOne = Callable[[str | None], bool]

SOUL_OF: dict[str, SoulSection] = {
    **dict.fromkeys(("name", "pronouns", "lives_in", "works_at", "job_title"), "identity"),
    **dict.fromkeys(("native_language", "diet", "allergic_to"), "identity"),
    "habit": "patterns",
}
"""What the owner says of themselves that belongs to their core identity, and where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is known and does not depend on the place of a fact."""

    soul: tuple[SoulLine, ...] = ()
    """The latest line of every key."""
    names: frozenset[str] = frozenset()
    """Folded, of everybody who is known."""
    forgotten: frozenset[tuple[str, str, str]] = frozenset()
    """Places (`place_of`) of facts that the owner asked to forget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A fact that nobody is shown until a person has looked at it."""

    fact: Fact


Step = Operation | Hold | SoulLine | Person
"""An operation on facts, a fact to hold back, a line to adopt, or somebody to keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """In which batch proposals are weighed, and by what."""

    batch: str
    """Its id: facts that it adds get ids of their own, so that the same may be learned again after
    a roll-back."""
    now: datetime
    """When it is learned: from then on it is known."""
    holds_one: HoldsOne
    """Of predicates."""
    beside: Beside


def steps(proposal: Proposal, near: Surroundings, by: Weighing) -> Iterator[Step]:
    """What a proposal amounts to; nothing where all of it is known or may not be kept.

    Args:
        proposal: From a lesson.
        near: The facts in its place.
        by: Everything else that counts.
    """
    match proposal:
        case Assert():
            yield from _asserted(proposal, near.facts, by)
        case End():
            for fact in _ended(proposal, near.facts):
                yield Close(target=fact.id, until=max(proposal.until, fact.start))
                yield from _lines_of(fact, by, text="")
        case Adopt(line=line):
            yield from _adopted(line, by)
        case Meet(memory=Person() as person):
            if by.beside.names.isdisjoint(map(fold, person.names)):
                yield replace(person, id=_own_id(person.id, by), recorded_at=by.now)
        case Meet():
            return


def place_of(fact: Fact) -> tuple[str, str, str]:
    """Where a fact stands: whom it is about, what of them, and what it says."""
    return fold(fact.subject or ""), fold(fact.predicate or ""), fold(fact.object or fact.sentence)


def _asserted(proposal: Assert, near: Sequence[Fact], by: Weighing) -> Iterator[Step]:
    said = proposal.fact
    if place_of(said) in by.beside.forgotten or _is_heard(said, near):
        return
    fact = replace(
        said,
        id=_own_id(said.id, by),
        recorded_at=by.now,
        valid_from=said.valid_from or min(said.recorded_at, by.now),
    )
    if fact.valid_until is not None and fact.valid_until <= fact.start:
        fact = replace(fact, valid_from=None, valid_until=None)
    if fact.state == "quarantined":
        if not any(fold(other.sentence) == fold(fact.sentence) for other in near):
            yield Hold(fact=fact)
        return
    for other in near:
        if _makes_way(other, fact):
            yield Close(target=other.id, until=max(fact.start, other.start))
    yield Remember(fact=fact, corrects=_wrong(proposal, fact, near, by.holds_one))
    if fact.holds(by.now):
        yield from _lines_of(fact, by, text=fact.sentence)


def _own_id(id_: str, by: Weighing) -> str:
    return f"{id_[0]}{digest(f'{by.batch} {id_}')[:16]}"


def _is_heard(fact: Fact, near: Sequence[Fact]) -> bool:
    """Whether a fact that says the same has this evidence already: it is not said twice."""
    return any(
        set(fact.evidence) & set(other.evidence) and place_of(other) == place_of(fact)
        for other in near
        if other.state == "active"
    )


def _makes_way(other: Fact, fact: Fact) -> bool:
    """Whether a standing wish gives way to a newer one on the same topic."""
    wishes = other.fact_kind == fact.fact_kind == "instruction"
    on_one = bool(set(other.tags) & set(fact.tags) & ONE_AT_A_TIME)
    return wishes and on_one and other.state == "active" and place_of(other) != place_of(fact)


# --- the soul -------------------------------------------------------------------------------------


def _adopted(line: SoulLine, by: Weighing) -> Iterator[SoulLine]:
    known = {(each.section, each.key): each.text for each in by.beside.soul}
    if fold(known.get((line.section, line.key), "")) != fold(line.text):
        yield replace(line, recorded_at=by.now)


def _lines_of(fact: Fact, by: Weighing, *, text: str) -> Iterator[SoulLine]:
    """The line of the soul that goes with what the owner says of themselves."""
    predicate = fold(fact.predicate or "")
    section = SOUL_OF.get(predicate)
    if section is None or fold(fact.subject or "") != OWNER or fact.trust != "user":
        return
    key = predicate if by.holds_one(predicate) else f"{predicate}: {fold(fact.object or '')}"[:80]
    line = SoulLine(section=section, key=key, text=text, recorded_at=by.now, evidence=fact.evidence)
    yield from _adopted(line, by)


# --- what a proposal takes the place of -------------------------------------------------------------


def _wrong(proposal: Assert, fact: Fact, near: Sequence[Fact], holds_one: HoldsOne) -> str | None:
    """Id of a fact that was never true, by what is said now."""
    mates = [
        other
        for other in near
        if other.state == "active"
        and fold(other.predicate or "") == fold(fact.predicate or "")
        and fold(other.object or "") != fold(fact.object or "")
        and not trusted_less(fact.trust, other.trust)
        and (other.valid_until is None or other.valid_until > fact.start)
    ]
    if proposal.instead_of is not None:
        meant = [other for other in mates if fold(other.object or "") == fold(proposal.instead_of)]
        return meant[-1].id if meant else None
    if not holds_one(fact.predicate) or proposal.fact.valid_from is None:
        return None
    # "since March", said in April of something that was last heard of in May: that was outdated
    late = [other for other in mates if other.start > fact.start and not _is_dated(other.start)]
    return late[-1].id if late and fact.valid_until is None else None


def _is_dated(start: datetime) -> bool:
    """Whether a beginning was told: what is known from hearsay begins at the second it was said."""
    return (start.hour, start.minute, start.second, start.microsecond) == (0, 0, 0, 0)


def _ended(proposal: End, near: Sequence[Fact]) -> list[Fact]:
    """The facts that hold no longer: those in its place that say what it names."""
    about = proposal.about
    return [
        fact
        for fact in near
        if fact.state == "active"
        and fold(fact.predicate or "") == fold(about.predicate or "")
        and (fact.valid_until is None or fact.valid_until > proposal.until)
        and not trusted_less(about.trust, fact.trust)
        and _names(about.object or "", fact.object or "")
    ]


def _names(named: str, held: str) -> bool:
    """Whether what is named is what is held, in more words or fewer; nothing names everything."""
    one, other = set(content_terms(named)), set(content_terms(held))
    return (
        not named
        or fold(named) == fold(held)
        or (bool(one & other) and (one <= other or other <= one))
    )
