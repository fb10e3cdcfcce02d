"""How candidates are looked for: the rules that every store's index follows."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import NamedTuple, TypeAlias

from enplace.records.recollection import LostSource, RecallQuery
from enplace.records.stems import stem
from enplace.stores.moments import to_time

PLACE_IDLE = timedelta(minutes=30)
"""What is said after a longer silence stands in a place of its own, as a session does."""
MOST_EDGES = 256
"""Most relations followed in one hop."""
HOPS = 2

Generator: TypeAlias = tuple[str, Callable[[], Iterable[int]]]
"""A name, and what gives the rows it finds."""
Edge: TypeAlias = tuple[str, str | None, str | None, str | None]
"""A fact's id, the folded names at its ends, and its predicate."""
ME = "me"
"""A name that the owner may have."""
KnownAs: TypeAlias = Callable[[Collection[str]], Mapping[str, Iterable[str]]]
"""Of some words those that are somebody's name, each with all names of that person."""
UNMET = 0.3
"""What a fact counts that is about somebody who is meant, and says nothing that is asked."""
ASIDE = 0.5
"""What is left of the worth of a path after a step that nothing in the query speaks of."""
LEADING = 0.9
"""What the steps count that lead to an answer."""


def generate(
    generators: Iterable[Generator], until_s: float | None
) -> tuple[dict[int, list[str]], list[LostSource]]:
    """Rows with the names of those that found them, and those that had not begun in time.

    Args:
        generators: Run in this order.
        until_s: By the monotonic clock.
    """
    found: dict[int, list[str]] = {}
    lost: list[LostSource] = []
    for name, rows in generators:
        if until_s is not None and time.monotonic() > until_s:
            lost.append(LostSource(segment="memory", reason=f"{name}: deadline exceeded"))
            continue
        for row in dict.fromkeys(rows()):
            found.setdefault(row, []).append(name)
    return found, lost


def worth_scoring(
    terms: Iterable[str], frequencies: Mapping[str, int], most_read: int
) -> list[str]:
    """The terms to search by, rarest first: until `most_read` items, and one at least."""
    rarest = sorted(set(terms), key=lambda term: (frequencies[term], term))
    chosen: list[str] = []
    budget = most_read
    for term in rarest:
        budget -= frequencies[term]
        if frequencies[term] and (budget >= 0 or not chosen):
            chosen.append(term)
    return chosen


def related(
    names: Iterable[str],
    query: RecallQuery,
    edges: Callable[[set[str]], Iterable[Edge]],
    known_as: KnownAs,
) -> dict[str, float]:
    """Facts about those named and those they are related to, and how well each is meant.

    Walks along facts, whose ends are people. Whoever is reached keeps what of the query was met on
    the way: "my sister's husband's job" is met in full by the job of the husband of the sister.

    Args:
        names: Folded, with all other names of the same people.
        query: What is asked about.
        edges: Facts with any of these names at an end.
        known_as: Names of people.

    Returns:
        Ids of facts with how much of what is asked they meet, above 0; 1 for one thing, 2 for three.
    """
    terms = frozenset(query.terms)

    @cache
    def meant(predicate: str, sign: str) -> frozenset[str]:
        concepts = {c.name for c in query.concepts if f"{predicate}{sign}" in c.steps}
        said = {word for word in predicate.split("_") if stem(word) in terms}
        return frozenset(concepts or said)

    walk = _Walk()
    start = _Reached(frozenset[str](), 1.0, ())
    reached: dict[str, _Reached] = dict.fromkeys(names, start)
    seen = set(reached)
    for _ in range(HOPS + 1):
        following: dict[str, _Reached] = {}
        for id_, subject, target, predicate in edges(set(reached)) if reached else ():
            for end, other, sign in ((subject, target, ">"), (target, subject, "<")):
                if end not in reached:
                    continue
                before = reached[end]
                gained = before.met | meant(predicate or "", sign)
                is_meant = len(gained) > len(before.met)
                walk.meet(id_, before, gained, is_meant=is_meant)
                if other and other not in seen and (is_meant or not before.led):
                    worth = before.worth if is_meant else before.worth * ASIDE
                    onward = _Reached(gained, worth, (*before.led, id_))
                    following[other] = max(following.get(other, onward), onward, key=_promise)
        reached = {}
        for name, names_too in known_as(following).items():
            onward = following[name]
            reached |= dict.fromkeys((n for n in names_too if n not in seen), onward)
        seen |= reached.keys()
    return walk.shares()


class _Reached(NamedTuple):
    """Somebody to whom the walk has come."""

    met: frozenset[str]
    """Concepts met on the way."""
    worth: float
    """Less for each step that nothing in the query speaks of."""
    led: tuple[str, ...]
    """The facts that led here."""


def _promise(reached: _Reached) -> tuple[int, float]:
    return len(reached.met), reached.worth


class _Walk:
    """What a walk along facts has met."""

    def __init__(self) -> None:
        self._best: dict[str, tuple[float, float, tuple[str, ...]]] = {}

    def meet(self, id_: str, before: _Reached, gained: frozenset[str], *, is_meant: bool) -> None:
        """Count a fact: how many concepts it completes, and its worth."""
        worth = before.worth if is_meant else before.worth * UNMET
        found = (len(gained) * worth, worth, before.led)
        self._best[id_] = max(self._best.get(id_, found), found)

    def shares(self) -> dict[str, float]:
        """What each fact meets of the most that any meets; those that led to it almost as much."""
        most = max((met for met, _, _ in self._best.values()), default=0.0)
        clear = (1 + most) / 2  # the more of it is met, the less it is chance
        shares = {
            id_: clear * met / most if met else UNMET * worth
            for id_, (met, worth, _) in self._best.items()
        }
        for met, _, led in self._best.values():
            if most and met == most:
                for before in led:
                    shares[before] = max(shares[before], LEADING * clear)
        return shares


def walked(
    query: RecallQuery,
    edges: Callable[[set[str]], Iterable[Edge]],
    known_as: KnownAs,
) -> dict[str, float]:
    """As `related`, from those whom the query names; from the owner, where it names nobody else."""
    known = known_as({*query.names, ME})
    mine = {ME, *known.get(ME, ())}
    others = {n for name in query.names if name != ME for n in (name, *known.get(name, ()))}
    start = others | mine if ME in query.names else others
    return related(start, query, edges, known_as) or related(mine, query, edges, known_as)


def most_meant(met: Mapping[str, float], limit: int) -> dict[str, float]:
    """Of these facts those that are meant most; of equal ones those that came first."""
    best = sorted(met, key=lambda id_: -met[id_])[:limit]
    return {id_: met[id_] for id_ in best}


def goes_on(held: str, session: str, last_at: str, at: str) -> bool:
    """Whether something stands in the same place as what was there before it.

    Args:
        held: The session of the place; empty where nobody named one.
        session: Of what is new.
        last_at: When the last thing was said there, as `moments.to_text` writes it.
        at: When the new one was.
    """
    idle = to_time(at) - to_time(last_at) > PLACE_IDLE
    return held == session and (bool(session) or not idle)
