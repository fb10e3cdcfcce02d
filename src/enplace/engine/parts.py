"""What an engine is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from enplace.desk import TurnOptions
from enplace.ports import (
    Brains,
    Clock,
    Embedder,
    Jobs,
    Library,
    LogStore,
    LongTerm,
    Model,
    PriceBook,
    TokenCounter,
    Tool,
    Toolbox,
)
from enplace.records.agent import AgentDefinition
from enplace.records.learning import Lesson, Utterance
from enplace.records.words import fold
from enplace.upload.learning.lesson import EXTRACTOR, lesson
from enplace.upload.learning.scene import Known
from enplace.upload.predicates import Predicate, known_predicate

EngineTools: TypeAlias = Callable[[LongTerm, LogStore], Sequence[Tool]]
"""Makes the engine's own tools for one owner, out of its long-term memory and its tasks' logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryOptions:
    """What a caller may choose about long-term memory."""

    predicates: Mapping[str, Predicate] = field(default_factory=dict[str, Predicate])
    """By folded name; beside and before those that are known (`upload/predicates.py`)."""

    def predicate(self, name: str) -> Predicate:
        """What is known of a predicate."""
        folded = fold(name)
        return self.predicates.get(folded) or known_predicate(folded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extractor:
    """Finds what is worth keeping in what was said."""

    name: str
    """With its version; every batch keeps it."""
    lesson: Callable[[Sequence[Utterance], Known], Lesson]
    """Pure. What it raises is tried again, and at last what it fails at is set aside."""


RULES = Extractor(name=EXTRACTOR, lesson=lesson)
"""By code alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningOptions:
    """When an owner's log is learned from."""

    idle_s: float = 20.0
    """Seconds without a new turn."""
    turns: int = 12
    """Turns after which it is learned without waiting for a pause."""
    in_background: bool = True
    """False: only by hand, `OwnerEngine.learning.run`."""
    extractor: Extractor = RULES
    asks_model: bool = True
    """Whether a model that can (`ModelCard.can_extract`) is asked beside the rules."""
    daily_tokens: int = 200_000
    """Most tokens, in and out, that it is given within a day for one owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What a caller may choose about an engine."""

    turn: TurnOptions = field(default_factory=TurnOptions)
    memory: MemoryOptions = field(default_factory=MemoryOptions)
    learning: LearningOptions = field(default_factory=LearningOptions)
    session_idle_s: float = 1_800.0
    """A session ends when nothing is said for this long, in seconds."""
    warm_tasks: int = 64
    """Most tasks kept in memory per owner; a colder one is read again from its log."""
    redacts: bool = True
    """Whether secrets are left out of what is kept: `[redacted kind]` stands in their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The world, as the engine is given it."""

    brains: Brains
    model: Model
    counter: TokenCounter
    clock: Clock
    tools: tuple[Tool, ...] = ()
    """The caller's."""
    engine_tools: EngineTools | None = None
    engine_tool_names: frozenset[str] = frozenset()
    """Of the tools that it may make: what agents may name, whether it is offered to them or not."""
    embedder: Embedder | None = None
    """None: recall by words alone."""
    prices: PriceBook | None = None
    """None: nobody knows what calls cost."""
    toolboxes: tuple[Toolbox, ...] = ()
    """Tools of other processes; asked for at the first turn."""
    agents: Callable[[], Sequence[AgentDefinition]] | None = None
    """Reads the definitions of agents; asked again at every reload. None: there are none."""
    agent: str = ""
    """The agent that answers the owner; empty: the model, with every tool there is."""
    models: Mapping[str, Model] = field(default_factory=dict[str, Model])
    """Models that agents may name."""
    jobs: Jobs | None = None
    """None: work beside the turns is done by this process, as long as it lasts."""
    library: Library | None = None
    """None: no file becomes a document; texts still can."""
