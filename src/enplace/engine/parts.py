"""What an engine is made of."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from enplace.desk import TurnOptions
from enplace.ports import Brain, Brains, Clock, Model, TokenCounter, Tool
from enplace.records.recollection import Recollection

Search: TypeAlias = Callable[[str], Awaitable[Recollection]]
EngineTools: TypeAlias = Callable[[Brain, Search, Clock], Sequence[Tool]]
"""Makes the engine's own tools for one owner: its brain, a way to search it, the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What a caller may choose about an engine."""

    turn: TurnOptions = field(default_factory=TurnOptions)
    session_idle_s: float = 1_800.0
    """A session ends when nothing is said for this long, in seconds."""
    warm_tasks: int = 64
    """Most tasks kept in memory per owner; a colder one is read again from its log."""


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
