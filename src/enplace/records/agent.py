"""Agents as data: what a sub-agent is told, what it may use, and how much of it."""

import re
from dataclasses import dataclass, field

_NAME = re.compile(r"[a-z][a-z0-9_]*")
MOST_NAME_CHARACTERS = 40
"""Of an agent: the tool that starts it is called `delegate_to_` and its name, at most 64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a turn may use up. None: no limit of this kind.

    It is looked at before each model call, so the last one may go over it.
    """

    tokens: int | None = None
    """Input and output tokens of all its model calls, those of its sub-agents among them."""
    cost: str | None = None
    """Decimal number as text, in the currency of the price book."""
    steps: int | None = None
    """Model calls of its own."""
    seconds: float | None = None
    """Wall time, without the time in which it waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDefinition:
    """A kind of agent. Any number of sub-agents may be made of it."""

    name: str
    """Lower case, digits and underscores: it names the tool that starts one."""
    description: str
    """What to delegate to it; the planner reads this."""
    system: str
    """Its system prompt."""
    model: str = ""
    """As known to the engine; empty: the engine's own."""
    tools: tuple[str, ...] = ()
    """Names of the tools it may use; a trailing `*` stands for any rest."""
    agents: tuple[str, ...] = ()
    """Names of the agents it may delegate to."""
    budget: Budget = field(default_factory=Budget)
    notes: tuple[str, ...] = ()
    """Keys of the parent's notes that it is shown; a trailing `*` stands for any rest."""


def name_trouble(name: str) -> str:
    """Why a name is none for an agent, in words; empty where it is one."""
    if _NAME.fullmatch(name) and len(name) <= MOST_NAME_CHARACTERS:
        return ""
    return (
        f"{name!r} is no name of an agent: it begins with a lower-case letter, goes on with these,"
        f" digits and underscores, and has at most {MOST_NAME_CHARACTERS}"
    )
