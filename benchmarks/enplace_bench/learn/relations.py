"""Who is what to whom: relations found in dialogues, against triples that people wrote.

`dialogre.jsonl.gz` has dialogues of a television series with triples (x, relation, y). Each dialogue
is heard with its speakers' names, none of them the owner. Relations are told in our predicates
(`PREDICATES`), both ways round as one: `per:children` is `per:parents` from the other end, and who is
somebody's friend has them as one. Names that the triples give to a speaker stand for the speaker.
Not compared are relations that our predicates do not have (impressions, clients, acquaintances,
alumni, works, dates of meeting) and those that repeat another one from the place's end. A fact
counts where its predicate is one of those compared and its object is more than `a sister`; others
count neither way.

`realtalk.jsonl.gz` has no triples: how many people and relations are found is told.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enplace.records.learning import Utterance
from enplace.records.memory import Fact
from enplace.records.words import fold
from enplace_bench.learn.telling import BEGIN, known, minutes, opened, say
from enplace_bench.recall.conversations import Conversation
from enplace_bench.recall.structured import SetClock

PREDICATES: Mapping[str, tuple[str, ...]] = {
    "per:alternate_names": ("name", "nickname"),
    "per:spouse": ("married_to",),
    "per:girl/boyfriend": ("partner_of", "engaged_to", "ex_partner_of"),
    "per:dates": ("partner_of", "ex_partner_of"),
    "per:siblings": ("sibling_of",),
    "per:parents": ("child_of",),
    "per:children": ("has_child",),
    "per:other_family": ("relative_of",),
    "per:friends": ("friend_of",),
    "per:roommate": ("lives_with",),
    "per:neighbor": ("neighbour_of",),
    "per:boss": ("manager",),
    "per:title": ("job_title",),
    "per:age": ("age",),
    "per:pet": ("has_pet",),
    "per:place_of_residence": ("lives_in",),
    "per:visited_place": ("visited", "travelling_to"),
    "per:place_of_work": ("works_at",),
    "per:employee_or_member_of": ("works_at", "member_of"),
    "per:origin": ("home_town", "nationality"),
    "per:place_of_birth": ("born_in",),
    "per:major": ("studies",),
    "per:schools_attended": ("studies_at", "graduated_from", "attends"),
}
"""Their relations, and what they may be called here."""
NAMES = "per:alternate_names"
_TURNED = {"per:children": "per:parents", "per:subordinate": "per:boss"}
"""Relations that are another one from the other end."""
_EVEN = frozenset(
    f"per:{name}"
    for name in (
        *("spouse", "girl/boyfriend", "dates", "siblings", "other_family", "friends"),
        *("roommate", "neighbor"),
    )
)
"""Relations that are the same from both ends."""
_COMPARED = {predicate for predicates in PREDICATES.values() for predicate in predicates}
OWNER = "somebody who listens"


@dataclass(frozen=True, slots=True)
class Triple:
    """What somebody or something is to another."""

    x: str
    relation: str
    y: str

    def turned(self) -> "Triple":
        """The way round in which it is compared."""
        relation = _TURNED.get(self.relation)
        if relation is not None:
            return Triple(self.y, relation, self.x)
        if self.relation in _EVEN and self.y < self.x:
            return Triple(self.y, self.relation, self.x)
        return self


@dataclass(slots=True)
class Counted:
    """Of one relation, or of all."""

    gold: int = 0
    found: int = 0
    """Of the gold, those that a fact tells."""
    told: int = 0
    """Facts."""
    right: int = 0
    """Of these, those that are gold."""

    @property
    def precision(self) -> float:
        """Share of right ones among the facts."""
        return self.right / self.told if self.told else 0.0

    @property
    def recall(self) -> float:
        """Share of found ones among the gold."""
        return self.found / self.gold if self.gold else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """Whom a conversation speaks of."""

    name: str
    turns: int
    people: int
    relations: int
    facts: int
    by_predicate: Mapping[str, int]


async def dialogues(home: Path, path: Path, most: int | None = None) -> dict[str, Counted]:
    """Compare with the triples, by relation; `all` and, without names, `relations`.

    Args:
        home: A new folder.
        path: `dialogre.jsonl.gz`.
        most: Most dialogues.
    """
    counted: dict[str, Counted] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file][:most]
    clock = SetClock(BEGIN)
    async with opened(home, clock) as engine:
        for number, row in enumerate(rows):
            owner = engine.owner(f"d{number}")
            brain = await engine.brains.open(owner.name)
            await say(owner, brain, list(_said(row["turns"])))
            await owner.learning.run()
            facts = (await known(brain)).standing(clock.at)
            _compare(facts, row["relations"], counted)
            await owner.aclose()
    together, apart = Counted(), Counted()
    for relation, one in counted.items():
        for sums in (together, *((apart,) if relation != NAMES else ())):
            sums.gold, sums.found = sums.gold + one.gold, sums.found + one.found
            sums.told, sums.right = sums.told + one.told, sums.right + one.right
    return {**dict(sorted(counted.items())), "relations": apart, "all": together}


def _said(turns: Iterable[str]) -> Iterable[Utterance]:
    for number, turn in enumerate(turns, start=1):
        speaker, _, text = turn.partition(":")
        if text.strip():
            speaker = re.split(r"[,&]", speaker)[0].strip()
            yield Utterance(
                task_id="talk", ordinal=number, at=BEGIN, text=text.strip(), speaker=speaker
            )


def _compare(
    facts: Sequence[Fact], relations: Sequence[Mapping[str, Any]], counted: dict[str, Counted]
) -> None:
    names = _Names(relations)
    gold = {
        Triple(x, relation, y).turned()
        for row in relations
        for relation in row["r"]
        if relation in PREDICATES or relation in _TURNED
        for x, y in [(names.of(row["x"]), _end(row, relation, names))]
    }
    seen: set[Triple] = set()
    for fact in facts:
        nameless = (fact.object or "a ").startswith(("a ", "an "))
        if fact.predicate not in _COMPARED or nameless:
            continue
        meant = _meant(fact, names)
        hits = {triple for triple in gold if any(_is_told(triple, one) for one in meant)}
        relation = next(iter(hits)).relation if hits else meant[0].relation
        of = counted.setdefault(relation, Counted())
        of.told += 1
        of.right += bool(hits)
        seen |= hits
    for triple in gold:
        of = counted.setdefault(triple.relation, Counted())
        of.gold += 1
        of.found += triple in seen


def _end(row: Mapping[str, Any], relation: str, names: "_Names") -> str:
    return fold(row["y"]) if relation == NAMES else names.of(row["y"])


def _meant(fact: Fact, names: "_Names") -> list[Triple]:
    """The triples that a fact may be."""
    meant: list[Triple] = []
    for relation, predicates in PREDICATES.items():
        if fact.predicate in predicates:
            value = fact.object or ""
            y = fold(value) if relation == NAMES else names.of(value)
            meant.append(Triple(names.of(fact.subject or ""), relation, y).turned())
    return meant


def _is_told(gold: Triple, told: Triple) -> bool:
    """Whether a fact tells a triple; a title or a place may be told with more or fewer words."""
    same = gold.relation == told.relation and gold.x == told.x
    one, other = set(gold.y.split()), set(told.y.split())
    return same and bool(one) and bool(other) and (one <= other or other <= one)


class _Names:
    """One name for everybody, by what the triples call them."""

    def __init__(self, relations: Sequence[Mapping[str, Any]]) -> None:
        self._one: dict[str, str] = {}
        for row in relations:
            if NAMES in row["r"]:
                one, other = self.of(row["x"]), self.of(row["y"])
                first, last = sorted((one, other), key=lambda name: not name.startswith("speaker "))
                self._one = {name: first if to == last else to for name, to in self._one.items()}
                self._one[last] = first

    def of(self, name: str) -> str:
        """The name that stands for all."""
        folded = fold(name)
        return self._one.get(folded, folded)


async def people(home: Path, conversations: Sequence[Conversation]) -> list[Met]:
    """Whom conversations speak of, each heard by somebody who takes no part."""
    met: list[Met] = []
    clock = SetClock(BEGIN)
    async with opened(home, clock) as engine:
        for number, conversation in enumerate(conversations):
            owner = engine.owner(f"{OWNER} {number}")
            brain = await engine.brains.open(owner.name)
            said: list[Utterance] = []
            for turn in conversation.turns:
                clock.at = max(clock.at, turn.at or BEGIN)
                if turn.text.strip():
                    said.append(
                        Utterance(
                            task_id=f"visit{turn.session}",
                            ordinal=len(said) + 1,
                            at=turn.at or BEGIN,
                            text=turn.text,
                            speaker=turn.speaker,
                        )
                    )
            await say(owner, brain, said)
            await owner.learning.run()
            clock.at += minutes(1)
            now_known = await known(brain)
            standing = now_known.standing(clock.at)
            kinds = Counter(f.predicate or "" for f in standing if f.fact_kind == "relation")
            met.append(
                Met(
                    name=conversation.id,
                    turns=len(said),
                    people=len(now_known.people),
                    relations=kinds.total(),
                    facts=len(standing),
                    by_predicate=dict(kinds.most_common()),
                )
            )
    return met
