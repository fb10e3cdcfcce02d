"""What came back from long-term memory for one message, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from enplace.records.memory import Fact, Memory, MemoryState, Trust

MemoryKind = Literal["fact", "episode", "person", "chunk", "said"]
RecallPolicy = Literal["inject", "search"]
"""`inject` is precise, for the context, and may find nothing relevant; `search` is broad, for people
and the memory tool."""


class Concept(NamedTuple):
    """A relation or property that a question may mean."""

    name: str
    steps: frozenset[str]
    """Predicates with a direction: `mother_of<` leads to the subject, `job_title>` to the object."""


TermRole = Literal["topic", "frame", "date", "greeting"]
"""What a term of a message does: says what it is about, what sort of answer is wanted, when; or it
is small talk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallQuery:
    """What to look for."""

    terms: tuple[str, ...]
    """Index terms without stop words, each once, those of the message first."""
    reason: str = ""
    """Why there are no terms, where there are none."""
    text: str = ""
    """What an embedder is given: the message as its speakers would put it."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Terms that stand beside each other."""
    phrases: tuple[str, ...] = ()
    """Quoted texts as index terms, written as `Candidate.stems`: a memory that holds one word for
    word comes first."""
    speakers: tuple[str, ...] = ()
    """Of those who said something that is remembered, the ones it names; folded."""
    names: tuple[str, ...] = ()
    """Words and pairs of words that may be names, folded."""
    concepts: tuple[Concept, ...] = ()
    """Relations and properties that its words may mean."""
    spans: tuple[tuple[datetime, datetime], ...] = ()
    """Times that the message speaks of, each [start, end)."""
    roles: tuple[TermRole, ...] = ()
    """What each term does in the message."""
    asks: bool = False
    """Whether it asks about somebody or something, the assistant itself aside."""
    asks_assistant: bool = False
    """Whether it asks for what the assistant said before."""
    asks_when: bool = False
    """Whether the answer is a time."""
    asks_many: bool = False
    """Whether the answer is gathered from several memories."""


class Standing(NamedTuple):
    """How a stored memory stands."""

    state: MemoryState
    recorded_at: datetime
    confidence: float
    confirmed_at: datetime | None
    half_life_s: float | None
    trust: Trust
    valid_from: datetime | None
    valid_until: datetime | None

    @classmethod
    def of(cls, memory: Memory) -> "Standing":
        """How a memory stands that is given as it stands."""
        fact = memory if isinstance(memory, Fact) else None
        return cls(
            memory.state,
            memory.recorded_at,
            fact.confidence if fact else 1.0,
            fact.confirmed_at if fact else None,
            fact.half_life_s if fact else None,
            memory.trust,
            fact.valid_from if fact else None,
            fact.valid_until if fact else None,
        )


class Candidate(NamedTuple):
    """A memory that may be what is looked for, with all that ranking asks about it."""

    row: int
    """In the index: grows with every item, never used twice."""
    kind: MemoryKind
    ref: str
    place: int | None
    """Items of one place stand beside each other: a session, a document."""
    spot: int | None
    at: datetime
    speaker: str
    role: str
    people: str
    """Folded names between bars: `|ana|bo|`."""
    traits: int
    """`records.traits.Trait` of what was said."""
    stems: str
    """Index terms of its text in order, without stop words; a space before and after each."""
    size: int
    """How many they are."""
    context: str
    """Index terms of what stands around it, likewise."""
    standing: Standing | None
    """None for what was said and pieces of documents."""
    meaning: float | None = None
    """Cosine of its pooled vector with the query's; None where it has no vector."""
    path: float = 0.0
    """How much of what the query asks is met on the way here from those it names: 0 to about 2."""
    sources: tuple[str, ...] = ()
    """The generators that found it; empty for a neighbour of one that was found."""

    @property
    def id(self) -> str:
        """As memories are named to callers: a fact's id, `said:TASK:ORDINAL`, `chunk:DOC:SPOT`."""
        if self.kind in {"said", "chunk"}:
            name, _, number = self.ref.rpartition(" ")
            return f"{self.kind}:{name}:{number}"
        return self.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSource:
    """A source that gave no answer, and why: never an empty list without a word."""

    segment: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Candidates for one query, and what the index knows about its words."""

    candidates: tuple[Candidate, ...] = ()
    """In order of rows."""
    matches: bytes = b""
    """For each candidate, for each token of the query, the best cosine among the candidate's tokens:
    32-bit floats, row after row; 0 where the candidate has no token vectors. Empty where no
    candidate has any."""
    items: int = 0
    """How many items the index holds."""
    average_stems: float = 0.0
    """Mean length of an item's text, in terms."""
    frequencies: Mapping[str, int] = field(default_factory=dict[str, int])
    """For each term of the query how many items hold it."""
    lost: tuple[LostSource, ...] = ()


DropStage = Literal["visible", "invalid", "gate", "duplicate", "limit", "room"]
"""Why a memory that was found is not shown: it stands in view already; does not hold at the time
asked about; is too weak beside what is asked; says the same as another; comes after enough others;
does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledMemory:
    """One memory chosen for the context."""

    id: str
    """Fact or episode id, `said:TASK:ORDINAL`, or `chunk:DOCUMENT:SPOT`."""
    kind: MemoryKind
    text: str
    at: datetime
    """When it was recorded, happened or was said."""
    score: float
    """0..1, relative to the best of the same recall."""
    why: str
    label: str = ""
    """What a reader must know of it: `until 2024-05-20`, `unconfirmed since 2023-01-02`,
    `conflicting`."""
    speaker: str = ""
    """Who said it, where somebody other than the owner did."""
    role: str = ""
    """Of what was said: `user`, or `assistant` for what a model answered."""
    source: str = ""
    """Of a piece of a document: its name and lines, and its headings in brackets:
    `guide/setup.md:12-30 (Setup > Linux)`. `documents.resolve` gives the lines."""
    signals: tuple[tuple[str, float], ...] = ()
    """What the score is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedMemory:
    """One memory that was found and not chosen, and the stage that dropped it."""

    id: str
    stage: DropStage
    score: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A memory that stands in view and no longer holds."""

    id: str
    text: str
    successor: str | None
    """Sentence that holds instead; None where nothing took its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """The one memory call of a turn."""

    query: RecallQuery
    memories: tuple[RecalledMemory, ...] = ()
    """Not yet visible in the context, best first."""
    corrections: tuple[Correction, ...] = ()
    dropped: tuple[DroppedMemory, ...] = ()
    """What was found and not chosen, in the order it was dropped."""
    lost: tuple[LostSource, ...] = ()
    silence: str = ""
    """Why nothing is shown, where candidates were found and none was relevant."""
