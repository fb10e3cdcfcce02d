"""What a model may call, and what the engine's own tools stand on."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from enplace.records.event import Event
from enplace.records.memory import (
    Trust,
)
from enplace.records.recollection import Recollection
from enplace.records.tool import ToolCall, ToolOutcome, ToolSpec
from enplace.records.write import Written


@runtime_checkable
class Tool(Protocol):
    """Something a model may call."""

    @property
    def spec(self) -> ToolSpec:
        """How the model sees it."""
        ...

    async def run(self, call: ToolCall) -> ToolOutcome:
        """Do it. Whatever it raises goes back to the model in words."""
        ...


@runtime_checkable
class TellingTool(Tool, Protocol):
    """A tool that tells what happens while it runs: a sub-agent."""

    def tell(self, call: ToolCall) -> AsyncGenerator[Event | ToolOutcome, None]:
        """Do it, and tell events as they happen; the outcome comes last.

        Events with a place stand in another task's log and are passed on; those without are stored
        in the log of the call's own task, unless the call told them when it ran before.
        """
        ...


@runtime_checkable
class Toolbox(Protocol):
    """Tools that must be fetched first: those of another process or machine."""

    @property
    def name(self) -> str:
        """What people call it; events name it."""
        ...

    async def open(self) -> Sequence[Tool]:
        """Connect, and tell what tools there are. Called again to ask anew, connected or not.

        Raises:
            ToolboxUnavailable: It cannot be reached.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections and processes."""
        ...


class Recall(Protocol):
    """Searches long-term memory."""

    async def __call__(self, text: str, *, task_id: str = "") -> Recollection:
        """What is near to a text; what was said in the task is left out."""
        ...


class LongTerm(Protocol):
    """Long-term memory of one owner, as the engine's own tools use it."""

    async def remember(
        self,
        sentence: str,
        *,
        subject: str | None = None,
        predicate: str | None = None,
        object: str | None = None,
        trust: Trust = "user",
        supersedes: str | None = None,
        idempotency_key: str | None = None,
    ) -> Written:
        """Hold a sentence true."""
        ...

    async def forget(self, memory_id: str, *, idempotency_key: str | None = None) -> Written:
        """Show a memory to nobody any more."""
        ...

    @property
    def recall(self) -> Recall:
        """Search, broadly."""
        ...

    def now(self) -> datetime:
        """The time."""
        ...
