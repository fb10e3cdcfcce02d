"""Everything that one brain in memory holds."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime

from enplace.records.event import Event
from enplace.records.learning import Attempt, Batch
from enplace.records.memory import Change, Fact, Memory, Note, Person, SoulLine
from enplace.records.people import keys_of
from enplace.records.recollection import MemoryKind
from enplace.records.task import Due, Session
from enplace.records.write import Write


@dataclass
class Task:
    """A task and the events of all its branches, by ordinal."""

    created_at: datetime
    updated_at: datetime
    head: int = 0
    dead: set[int] = field(default_factory=set[int])
    events: list[Event] = field(default_factory=list[Event])

    def branch(self, after: int, *, dead: bool) -> Iterator[Event]:
        """The events of the live branch, or of the dead ones."""
        numbered = enumerate(self.events[after:], start=after + 1)
        return (event for ordinal, event in numbered if (ordinal in self.dead) == dead)


@dataclass(frozen=True, slots=True)
class Item:
    """Something that recall can find."""

    row: int
    kind: MemoryKind
    ref: str
    place: int | None
    spot: int | None
    at: str
    speaker: str
    role: str
    people: str
    tags: str
    traits: int
    text: str
    to_encode: str
    """What an embedder is given."""
    stems: tuple[str, ...]
    context: tuple[str, ...]
    counts: Counter[str]
    """How often each index term stands in it, its context included."""


@dataclass
class Place:
    """What stands beside each other: a session of a task, a document."""

    number: int
    session: str
    spots: int
    last_at: str


@dataclass
class Shelf:
    """The vectors of one embedder, as codes by row."""

    answers: bool = False
    pooled: dict[int, bytes] = field(default_factory=dict[int, bytes])
    tokens: dict[int, bytes] = field(default_factory=dict[int, bytes])


@dataclass
class Index:
    """What recall searches."""

    items: dict[int, Item] = field(default_factory=dict[int, Item])
    """By row, in order."""
    last_row: int = 0
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    """The newest place of each name."""
    last_place: int = 0
    shelves: dict[str, Shelf] = field(default_factory=dict[str, Shelf])
    """By embedder: at most the one that answers and the one that is taking over."""


@dataclass
class State:
    """Everything one brain holds."""

    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    position: int = 0
    texts: dict[str, str] = field(default_factory=dict[str, str])
    memories: dict[str, Memory] = field(default_factory=dict[str, Memory])
    """As they stand, in the order they were recorded."""
    changes: list[Change] = field(default_factory=list[Change])
    writes: list[Write] = field(default_factory=list[Write])
    """A write's place in here is its id, counted from 1."""
    index: Index = field(default_factory=Index)
    notes: dict[tuple[str, str], Note] = field(default_factory=dict[tuple[str, str], Note])
    soul: list[SoulLine] = field(default_factory=list[SoulLine])
    """Every version of every line, oldest first."""
    due: dict[str, Due] = field(default_factory=dict[str, Due])
    cursors: dict[str, int] = field(default_factory=dict[str, int])
    """By task the position of the last event that was learned from."""
    batches: dict[str, Batch] = field(default_factory=dict[str, Batch])
    attempts: dict[tuple[str, int], Attempt] = field(default_factory=dict[tuple[str, int], Attempt])
    """By task and the position before the stretch."""
    sessions: dict[str, Session] = field(default_factory=dict[str, Session])
    fences: dict[str, int] = field(default_factory=dict[str, int])
    erased_changes: int = 0
    """How many changes were erased; they still count, so that no revision comes twice."""

    def put_back(self, before: "State") -> None:
        """Hold what another state holds."""
        for each in fields(self):
            setattr(self, each.name, getattr(before, each.name))

    @property
    def revision(self) -> int:
        """Grows with every change of any memory."""
        return len(self.changes) + self.erased_changes

    @property
    def facts(self) -> list[Fact]:
        """All facts, in whatever state."""
        return [memory for memory in self.memories.values() if isinstance(memory, Fact)]

    @property
    def people(self) -> list[Person]:
        """All people, in whatever state."""
        return [memory for memory in self.memories.values() if isinstance(memory, Person)]

    def names_beside(self, name: str) -> set[str]:
        """All folded names of whoever goes by a folded name; nothing where nobody does."""
        keys = keys_of(self.people)
        return {other for other, key in keys.items() if key == keys.get(name)}
