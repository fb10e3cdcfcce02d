"""The parts of a brain: what is kept for one owner, and how it is read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from enplace.records.agent_event import PersonAsked
from enplace.records.encoding import Encoding
from enplace.records.event import Event
from enplace.records.gather import Gather
from enplace.records.learning import Attempt, Batch, BatchState
from enplace.records.memory import (
    Change,
    Fact,
    Memory,
    MemoryState,
    Note,
    Person,
    SoulLine,
    Span,
)
from enplace.records.recollection import Candidate, Gathered
from enplace.records.task import Due, TaskSummary
from enplace.records.write import Woven, Write


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

    async def due(self) -> Sequence[Due]:
        """What waits to be learned from, oldest first."""
        ...

    async def questions(self) -> Sequence[PersonAsked]:
        """What people were asked on live branches and have not answered, oldest first."""
        ...


class NoteStore(Protocol):
    """Reads working memory."""

    async def live(self, task_id: str, now: datetime) -> Sequence[Note]:
        """Notes that have not expired: highest priority first, then oldest first."""
        ...

    async def sweep(self, now: datetime) -> int:
        """Delete notes that have expired; how many there were."""
        ...


class MemoryStore(Protocol):
    """Reads what is remembered across tasks. Memories are given as they stand."""

    async def get(
        self, ids: Sequence[str], *, as_known: datetime | None = None
    ) -> Mapping[str, Memory]:
        """Memories by id, in whatever state; unknown ids are absent.

        Args:
            ids: Of memories of any kind.
            as_known: Give them as they were believed to stand then; those recorded later are absent.
        """
        ...

    async def facts(
        self,
        at: datetime,
        *,
        as_known: datetime | None = None,
        subject: str | None = None,
        predicate: str | None = None,
        state: MemoryState = "active",
    ) -> Sequence[Fact]:
        """Facts of a state that are valid at a moment, in the order they were recorded.

        Args:
            at: What was true then.
            as_known: As far as was believed then; now by default.
            subject: Only those about whoever goes by this name.
            predicate: Only those with this predicate.
            state: Active ones, or for instance those in dispute.
        """
        ...

    async def closed(self, ids: Sequence[str], now: datetime) -> Mapping[str, Fact | None]:
        """Of these facts those that hold no longer, each with its successor."""
        ...

    async def all(
        self, kind: str = "", *, after: int = 0, limit: int, everything: bool = False
    ) -> Sequence[Memory]:
        """Memories in the order they were recorded.

        Args:
            kind: fact, episode, person or document; empty for all.
            after: How many to pass over.
            limit: Most memories.
            everything: Those that were forgotten or retired as well.
        """
        ...

    async def named(self, kind: str, name: str) -> Memory | None:
        """The newest episode of a key, document of a name, or person of any name; None without."""
        ...

    async def changes(self, ids: Sequence[str]) -> Sequence[Change]:
        """Everything that became of these memories, oldest first."""
        ...

    async def write(self, write_id: int) -> tuple[Write, Sequence[Change]] | None:
        """A write and what it changed; None for an unknown one."""
        ...

    async def writes(self, *, before: int | None = None, limit: int) -> Sequence[Write]:
        """Writes, the last one first."""
        ...

    async def write_of_key(self, key: str) -> Write | None:
        """The write that was made under an idempotency key."""
        ...

    async def woven(
        self, write_id: int = 0, *, subjects: Sequence[str] = (), holds_one: Callable[[str], bool]
    ) -> Woven:
        """Every write whose effect may depend on this one, or on facts about these names.

        Args:
            write_id: 0 for none.
            subjects: Names.
            holds_one: Of a folded predicate; where many values hold, none depends on another.
        """
        ...

    async def people(self) -> Sequence[Person]:
        """Everybody who is known by name, merged ones included, in the order they were recorded."""
        ...

    async def soul(self, *, history: bool = False) -> Sequence[SoulLine]:
        """The latest version of every line, in order of section and key; removed lines absent.

        With `history` every version of every line.
        """
        ...


class LessonStore(Protocol):
    """How far the log was learned from. Work is what stands behind a task's cursor."""

    async def due(self) -> Sequence[Due]:
        """Tasks that wait to be learned from behind their cursor, oldest first."""
        ...

    async def cursor(self, task_id: str) -> int:
        """Position of the last event that was learned from; 0 before the first batch."""
        ...

    async def attempt(self, task_id: str, after: int, at: datetime, trouble: str = "") -> Attempt:
        """Count a try of the events behind a position, or with `trouble` say why it failed."""
        ...

    async def attempts(self) -> Sequence[Attempt]:
        """Tries of stretches that were not learned from yet, oldest first."""
        ...

    async def batches(self, *, limit: int, state: BatchState | None = None) -> Sequence[Batch]:
        """Batches, the last first."""
        ...

    async def batch(self, batch_id: str) -> tuple[Batch, Sequence[int]] | None:
        """A batch and the ids of its writes, oldest first; None for an unknown one."""
        ...

    async def evidence(self, memory_id: str) -> Sequence[Span]:
        """Everything in the log that a memory was written or confirmed by, each once, in order."""
        ...

    async def take_back(self, batch_id: str, *, rewind: bool) -> None:
        """Mark a batch as rolled back; with `rewind` the cursor goes back to where it began."""
        ...


class IndexStore(Protocol):
    """Finds memories. Everything that was committed is found at once."""

    async def gather(self, asked: Gather) -> Gathered:
        """Candidates for a query, with their neighbours; the same brain gives the same answer."""
        ...

    async def speakers(self) -> Sequence[str]:
        """Folded names of those who said anything that is remembered, who said most first."""
        ...

    async def texts(self, candidates: Sequence[Candidate]) -> Mapping[int, str]:
        """What these candidates say, word for word, by row; those deleted meanwhile are absent."""
        ...

    async def adopt(self, embedder: str) -> bool:
        """Take vectors of this embedder from now on; the one that answers goes on until `settle`.

        Returns:
            Whether it answers already.
        """
        ...

    async def unencoded(self, embedder: str, limit: int) -> Sequence[tuple[int, str]]:
        """Rows and texts of items without a vector of this embedder, newest first."""
        ...

    async def waiting(self, embedder: str) -> int:
        """How many items have no vector of this embedder."""
        ...

    async def encode(self, embedder: str, encodings: Sequence[tuple[int, Encoding]]) -> None:
        """Keep vectors of items."""
        ...

    async def settle(self, embedder: str) -> None:
        """Let this embedder answer, drop the vectors of any other, and pack what waits."""
        ...

    async def embedders(self) -> Mapping[str, bool]:
        """Names of the embedders that vectors are kept of, and whether each answers."""
        ...
