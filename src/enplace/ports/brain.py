"""Brains: everything that is kept for one owner, and how it is written."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, runtime_checkable

from enplace.ports.store import IndexStore, LessonStore, LogStore, MemoryStore, NoteStore
from enplace.records.changeset import Changeset, Commit, Lease
from enplace.records.erasure import ErasurePlan, ErasureReceipt
from enplace.records.event import Event
from enplace.records.exchange import Imported
from enplace.records.learning import Batch, Proposal
from enplace.records.memory import (
    Fact,
    Note,
)
from enplace.records.task import Session
from enplace.records.write import Surroundings


class Journal(Protocol):
    """Writes the log of one turn, under its lease."""

    async def append(
        self,
        events: Sequence[Event],
        *,
        texts: Sequence[str] = (),
        writes: Sequence[Note] = (),
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

    @property
    def index(self) -> IndexStore:
        """All of it, to be searched."""
        ...

    @property
    def lessons(self) -> LessonStore:
        """How far it was learned from."""
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

    async def weigh(
        self,
        fact: Fact,
        decide: Callable[[Surroundings], Changeset | None],
        *,
        holds_one: bool,
        ids: Sequence[str] = (),
        key: str | None = None,
    ) -> Commit | None:
        """Write what is decided on a fact, with no other write since what it was decided on.

        Args:
            fact: A new one, or one that is there.
            decide: Pure and quick; called again where the store has to begin anew. What it raises
                is raised, and nothing is written; None writes nothing.
            holds_one: Whether its predicate does: where many values hold, none depends on another.
            ids: Of facts that it names.
            key: The caller's idempotency key.

        Raises:
            StoreError: Nothing was written.
        """
        ...

    async def learn(
        self,
        batch: Batch,
        proposals: Sequence[Proposal],
        decide: Callable[[Proposal, Surroundings], Sequence[Changeset]],
        *,
        dry: bool = False,
    ) -> Commit | None:
        """Write what a batch learned and move its task's cursor, whole or not at all.

        Args:
            batch: It is learned from only while the task's cursor stands at its `after`.
            proposals: Weighed one after the other; each sees what those before it wrote.
            decide: Pure and quick. What it raises is raised, and nothing is written.
            dry: Decide on everything, and write nothing.

        Returns:
            The id of its last write; None where somebody else moved the cursor: nothing was
            written.

        Raises:
            StoreError: Nothing was written.
        """
        ...

    def lease(self, task_id: str) -> AbstractAsyncContextManager[Lease]:
        """Hold a task for a turn; free at once when its holder dies.

        Raises:
            TaskBusy: Somebody holds it.
        """
        ...


@runtime_checkable
class Portable(Protocol):
    """A brain that can be taken elsewhere."""

    def export_lines(self) -> AsyncGenerator[str, None]:
        """All of it but vectors, as lines of JSON without line ends; the same brain, the same lines.

        What is written while they are read is not among them.
        """
        ...

    async def import_lines(self, lines: Iterable[str]) -> Imported:
        """Add what is new in such lines, whole or not at all.

        Raises:
            BadInput: A line is damaged; its number is in the error. Nothing was written.
        """
        ...


@runtime_checkable
class Erasing(Protocol):
    """A brain out of which things can be erased for good."""

    async def erase(self, plan: ErasurePlan, at: datetime) -> ErasureReceipt:
        """Carry out a plan, whole or not at all, and search for what it names.

        What is gone already is passed over, so that a plan may be carried out again. Turns of the
        tasks that it touches must not be running: hold their leases.

        Raises:
            StoreError: Nothing was erased.
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
