"""What the rooms ask of the world. Records in, records out; adapters stand at the edges."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from enplace.records.agent_event import PersonAsked
from enplace.records.canonical import JsonObject
from enplace.records.changeset import Changeset, Commit, Lease
from enplace.records.context import Context
from enplace.records.encoding import EmbedderCard, Encoding
from enplace.records.erasure import ErasurePlan, ErasureReceipt
from enplace.records.event import Event
from enplace.records.exchange import Imported
from enplace.records.gather import Gather
from enplace.records.learning import Attempt, Batch, BatchState, Proposal
from enplace.records.memory import (
    Change,
    Fact,
    Memory,
    MemoryState,
    Note,
    Person,
    SoulLine,
    Span,
    Trust,
)
from enplace.records.message import Reply, TextPiece
from enplace.records.model import ModelCard
from enplace.records.price import Price
from enplace.records.recollection import Candidate, Gathered, Recollection
from enplace.records.task import Due, Session, TaskSummary
from enplace.records.tool import ToolCall, ToolOutcome, ToolSpec
from enplace.records.usage import Cost, Usage
from enplace.records.write import Surroundings, Woven, Write, Written


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


class PriceBook(Protocol):
    """Knows what models cost. Quick: asked before and after every model call."""

    def price(self, model: str, at: datetime, *, input_tokens: int = 0) -> Price | None:
        """Prices of a model at a moment; None where it is in no book.

        Args:
            model: As its card names it.
            at: Prices have validity, and some a time of day.
            input_tokens: Of the call; a larger one may stand in a dearer tier.
        """
        ...


CostOf: TypeAlias = Callable[[str, Usage], Cost | None]
"""What a call of a model costs that has just ended; None where the model is in no price book."""


class Embedder(Protocol):
    """Makes vectors of texts."""

    @property
    def card(self) -> EmbedderCard:
        """What it is."""
        ...

    async def encode(self, texts: Sequence[str]) -> Sequence[Encoding]:
        """An encoding for each text, in order. Long texts are cut to what the model takes.

        Raises:
            EmbedderError: The model failed or cannot be loaded.
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

    async def encode(self, embedder: str, encodings: Sequence[tuple[int, Encoding]]) -> None:
        """Keep vectors of items."""
        ...

    async def settle(self, embedder: str) -> None:
        """Let this embedder answer, drop the vectors of any other, and pack what waits."""
        ...

    async def embedders(self) -> Mapping[str, bool]:
        """Names of the embedders that vectors are kept of, and whether each answers."""
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


Work: TypeAlias = Callable[[str], Awaitable[object]]
"""Does what an owner has due."""


class Jobs(Protocol):
    """Has work done beside the turns.

    What is to be done is always found anew in the owner's brain, and is never kept here: a job says
    no more than that there is something. So a run too many does no harm, and what is lost with a
    process is asked for again by whoever opens the brain next.
    """

    async def submit(self, owner: str) -> None:
        """Say that an owner has work due. It is done once `start` was called, here or elsewhere.

        Whatever was committed before is seen by a run that begins later. All that is said before
        that run begins is one job. After `aclose` it does nothing.

        Raises:
            StoreError: It could not be kept.
        """
        ...

    async def start(self, work: Work) -> None:
        """Begin to do work: one run for an owner at a time, owners side by side.

        A run that fails is logged and tried again, each time after a longer pause.

        Args:
            work: Runs in the event loop of the caller; cancelled by `aclose`.

        Raises:
            UsageError: It was started before.
            StoreError: Jobs cannot be read.
        """
        ...

    async def aclose(self) -> None:
        """Stop. Runs are cancelled and wait for their end; jobs that last are left to others."""
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
