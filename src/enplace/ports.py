"""What the rooms ask of the world. Records in, records out; adapters stand at the edges."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from enplace.records.canonical import JsonObject
from enplace.records.changeset import Changeset, Commit, Lease
from enplace.records.context import Context
from enplace.records.event import Event
from enplace.records.memory import Fact, Note, SoulLine
from enplace.records.message import Reply, TextPiece
from enplace.records.model import ModelCard
from enplace.records.recollection import Match
from enplace.records.task import Due, Session, TaskSummary
from enplace.records.tool import ToolCall, ToolOutcome, ToolSpec


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Now, aware and in UTC."""
        ...


TextKind = Literal["prose", "code", "json"]


class TokenCounter(Protocol):
    """Estimates tokens. Pure and quick: a call costs microseconds."""

    def count(self, text: str, kind: TextKind = "prose") -> int:
        """Tokens of a text, >= 0, and > 0 where the text is not empty."""
        ...


class Model(Protocol):
    """Answers a context."""

    @property
    def card(self) -> ModelCard:
        """What it can do."""
        ...

    def encode(self, context: Context) -> JsonObject:
        """The request exactly as `stream` sends it. Pure."""
        ...

    def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """Answer a context: any number of pieces of text, then one Reply, which ends the stream.

        Closing the iterator early cancels the call.

        Raises:
            ContextOverflow: The provider says that the context is too large.
            ModelError: The model failed; `retryable` tells whether the same call may succeed later.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections and memory."""
        ...


class Journal(Protocol):
    """Writes the log of one turn, under its lease."""

    async def append(
        self,
        events: Sequence[Event],
        *,
        texts: Sequence[str] = (),
        writes: Sequence[Fact | Note] = (),
        due: str = "",
    ) -> tuple[Event, ...]:
        """Store events and what belongs to them, all or nothing.

        Args:
            events: In order.
            texts: Those the events refer to by digest.
            writes: Memory that stands or falls with the events.
            due: Why the task's events now wait to be learned from; empty where they do not yet.

        Returns:
            The events in their places; they survive the process.
        """
        ...

    def passing(self, event: Event) -> Event:
        """The place of a transient event: after the last stored one. Nothing is stored."""
        ...


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


class LogStore(Protocol):
    """Reads the events of tasks."""

    async def read(self, task_id: str, after: int = 0) -> Sequence[Event]:
        """Events of the live branch with a larger ordinal, in order; empty for an unknown task."""
        ...

    async def dead(self, task_id: str) -> Sequence[Event]:
        """Events of the branches that edits and retries left behind, in order of ordinals."""
        ...

    async def texts(self, digests: Sequence[str]) -> Mapping[str, str]:
        """Texts by digest; a digest that is not stored is absent."""
        ...

    async def tasks(self) -> Sequence[TaskSummary]:
        """All tasks, the one changed last first."""
        ...

    async def search(self, terms: Sequence[str], *, limit: int, but_task: str) -> Sequence[Match]:
        """What the owner said in other tasks and was not learned from yet, best first."""
        ...

    async def due(self) -> Sequence[Due]:
        """What waits to be learned from, oldest first."""
        ...


class NoteStore(Protocol):
    """Reads working memory."""

    async def live(self, task_id: str, now: datetime) -> Sequence[Note]:
        """Notes that have not expired: highest priority first, then oldest first."""
        ...


class MemoryStore(Protocol):
    """Reads what is remembered across tasks."""

    async def search(self, terms: Sequence[str], *, limit: int, now: datetime) -> Sequence[Match]:
        """Facts that hold now and contain a word beginning with any of the terms, best first."""
        ...

    async def get(self, ids: Sequence[str]) -> Mapping[str, Fact]:
        """Facts by id, open or closed; unknown ids are absent."""
        ...

    async def closed(self, ids: Sequence[str], now: datetime) -> Mapping[str, Fact | None]:
        """Of these facts those that hold no longer, each with its successor."""
        ...

    async def same(self, sentence: str, now: datetime) -> Fact | None:
        """A fact that holds now and says the same, letter case and white space aside."""
        ...

    async def soul(self) -> Sequence[SoulLine]:
        """The latest version of every line, in order of section and key; removed lines absent."""
        ...

    async def facts(self, now: datetime) -> Sequence[Fact]:
        """Every fact that holds now, oldest first."""
        ...


class Brain(Protocol):
    """All that is kept for one owner. No call can reach another owner's."""

    @property
    def owner(self) -> str:
        """Whose it is."""
        ...

    @property
    def log(self) -> LogStore:
        """Tasks and their events."""
        ...

    @property
    def notes(self) -> NoteStore:
        """Working memory."""
        ...

    @property
    def memory(self) -> MemoryStore:
        """Long-term memory and soul."""
        ...

    async def session(self) -> Session | None:
        """The session that is not closed."""
        ...

    async def commit(self, changeset: Changeset) -> Commit:
        """Write a changeset, whole or not at all. What is returned survives the process.

        Raises:
            LeaseLost: A newer lease of the task exists.
            StoreError: Nothing was written.
        """
        ...

    def lease(self, task_id: str) -> AbstractAsyncContextManager[Lease]:
        """Hold a task for a turn; free at once when its holder dies.

        Raises:
            TaskBusy: Somebody holds it.
        """
        ...


class Brains(Protocol):
    """Opens brains."""

    async def open(self, owner: str) -> Brain:
        """The owner's brain; an empty one where there is none yet. Cheap to call again.

        Raises:
            BadInput: Not a usable name.
            BrainTooNew: Written by a newer release.
            BrainDamaged: Not a brain file.
        """
        ...

    async def aclose(self) -> None:
        """Close all of them."""
        ...
