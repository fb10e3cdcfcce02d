"""One task driven through the real `Preparer`, on a log in memory, with a world of files beside it."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from enplace.errors import ContextOverflow, EnplaceError
from enplace.invoke.call import answer_events
from enplace.prepare.assemble import Prepared, Preparer
from enplace.prepare.budget import room_tokens
from enplace.prepare.compact.excerpt import excerpt
from enplace.prepare.compact.orchestrator import boundary_asked
from enplace.prepare.compact.policy import CompactionOptions
from enplace.prepare.layout import Wanted
from enplace.providers.counts import CharacterCounter
from enplace.records.block import Block, TextBlock, ThinkingBlock, ToolCallBlock
from enplace.records.canonical import canonical, digest, json_object
from enplace.records.context import Context, History
from enplace.records.event import (
    AssistantSpoke,
    Compacted,
    EpochOpened,
    ErrorRaised,
    Event,
    NoteWritten,
    Place,
    ToolCalled,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
    TurnStarted,
    UserSpoke,
)
from enplace.records.memory import Note, SoulLine, expiry
from enplace.records.message import Reply, UserMessage
from enplace.records.model import CacheProfile, ModelCard
from enplace.records.price import Price, Rates
from enplace.records.recollection import Correction, RecalledMemory, RecallQuery, Recollection
from enplace.records.tool import ToolSpec
from enplace.records.usage import Usage

Outcome = TypeVar("Outcome")
Kind = TypeVar("Kind")

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TTL_S = 300.0
TASK = "t"


class Crash(Exception):
    """The process ends here."""


class ToolFailed(Exception):
    """A tool did nothing, and says why."""


@dataclass(frozen=True)
class Use:
    """A call of a tool: what the model writes, what comes back, and what it does to files."""

    tool: str
    given: Mapping[str, Any]
    output: str = ""
    is_error: bool = False
    act: Callable[[dict[str, str]], str] | None = None
    """What it does in the world of files, and answers then; a `ToolFailed` is an error."""
    note: Note | None = None
    """The model's own note, written with the result."""


Ask = Callable[["Task"], Use]
"""Makes a call out of what stands when the model asks for it."""


@dataclass
class Moment:
    """One request that was made, and what was so then."""

    context: Context
    log: tuple[Event, ...]
    """The live branch when it was sent, what preparing it appended included."""
    changes: tuple[Event, ...]
    """What preparing it appended."""
    files: Mapping[str, str]
    notes: Mapping[str, Note]
    facts: Mapping[str, str | None]
    """By id: what took its place, empty where nothing did; None while it holds."""
    now: datetime
    refused: bool = False

    @property
    def compacted(self) -> Compacted | None:
        """The compaction right in front of it."""
        return next((e for e in self.changes if isinstance(e, Compacted)), None)

    @property
    def shown(self) -> str:
        """Every text that stands in it."""
        return "\n".join(texts_of(self.context))


class Journal:
    """A log in memory that can fail. Implements `ports.Journal`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.turn_id = ""
        self.live: list[Event] = []
        self.every: list[Event] = []
        """Of all branches."""
        self.texts: dict[str, str] = {}
        self.crash: tuple[int, Literal["before", "after"]] | None = None
        """After how many more appends, and on which side of the one that fails."""
        self._ordinal = 0

    async def append(
        self,
        events: Sequence[Event],
        *,
        texts: Sequence[str] = (),
        writes: Sequence[Note] = (),
        due: str = "",
    ) -> tuple[Event, ...]:
        """See `ports.Journal`."""
        side = self._failing()
        if side == "before":
            raise Crash
        told = [NoteWritten(note=note, by="model") for note in writes]
        stored = tuple(self._place(event) for event in (*told, *events))
        self.live += stored
        self.every += stored
        self.texts.update((digest(text), text) for text in texts)
        if side == "after":
            raise Crash
        return stored

    def passing(self, event: Event) -> Event:
        """See `ports.Journal`."""
        return event

    def _failing(self) -> Literal["before", "after"] | None:
        if self.crash is None:
            return None
        left, side = self.crash
        self.crash = None if left == 0 else (left - 1, side)
        return side if left == 0 else None

    def _place(self, event: Event) -> Event:
        self._ordinal += 1
        place = Place(task_id=TASK, turn_id=self.turn_id, ordinal=self._ordinal, at=self.now())
        return replace(event, place=place)


@dataclass
class Task:
    """A task, its world, and every request that was made for it."""

    window: int = 8_000
    options: CompactionOptions | None = field(default_factory=CompactionOptions)
    factor: float = 1.0
    """Tokens that the provider reports over those that the engine counts."""
    rates: Rates = field(default_factory=lambda: Rates(hit=0.1, write=1.25))
    tier_above: int = 0
    system: str = "Be brief."
    tools: tuple[ToolSpec, ...] = ()
    defers: bool = False
    output_tokens: int = 500

    def __post_init__(self) -> None:
        self.time = START
        self.journal = Journal(lambda: self.time)
        self.counter = CharacterCounter()
        self.files: dict[str, str] = {}
        self.notes: dict[str, Note] = {}
        self.facts: dict[str, str | None] = {}
        self.soul: list[SoulLine] = []
        self.moments: list[Moment] = []
        self.overflows: list[ContextOverflow] = []
        self.calls = 0
        self.calls_room = self.room
        """By which outputs are as long as they are."""
        self.turns = 0
        self.replaced: int | None = None
        self._sent: dict[str, tuple[datetime, int]] = {}
        self.preparer = self.fresh()

    # What it is made of

    @property
    def card(self) -> ModelCard:
        return ModelCard(
            name="driven",
            window_tokens=self.window,
            output_tokens=self.output_tokens,
            cache=CacheProfile(ttl_s=TTL_S),
        )

    @property
    def room(self) -> int:
        return room_tokens(self.card)

    @property
    def wanted(self) -> Wanted:
        return Wanted(card=self.card, system=self.system, tools=self.tools, defers=self.defers)

    @property
    def price(self) -> Price:
        made = Price.of(
            "driven",
            input=1,
            output=5,
            hit=str(self.rates.hit),
            write=str(self.rates.write),
        )
        return replace(made, tier_above=self.tier_above)

    @property
    def history(self) -> History:
        return History(
            task_id=TASK,
            turn_id=self.journal.turn_id,
            events=tuple(self.journal.live),
            texts=self.journal.texts,
        )

    async def read(self, task_id: str, after: int = 0) -> Sequence[Event]:
        """The live branch; with it a task stands in for `ports.LogStore` where it is only read."""
        assert task_id == TASK
        return [event for event in self.log if at(event) > after]

    @property
    def log(self) -> list[Event]:
        """The live branch."""
        return self.journal.live

    def fresh(self) -> Preparer:
        """A preparer that has seen nothing."""
        return Preparer(self.counter, self.options)

    def replayed(self, events: Sequence[Event]) -> Preparer:
        """A preparer that has folded these events, all at once."""
        preparer = self.fresh()
        history = replace(self.history, events=tuple(events))
        preparer.catch_up(history)
        return preparer

    def restart(self) -> None:
        """Forget everything but the log."""
        self.preparer = self.fresh()
        self.journal.crash = None

    def restarting(self, work: Callable[[], Outcome]) -> Outcome:
        """Do something; where the process ends meanwhile, once more in a new one."""
        try:
            return work()
        except Crash:
            self.restart()
            return work()

    # What happens to it

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def jot(self, key: str, value: str, ttl_s: float | None = None) -> None:
        """A caller writes a note between two turns."""
        note = self.note(key, value, ttl_s)
        turn, self.journal.turn_id = self.journal.turn_id, ""
        run(self.journal.append([NoteWritten(note=note, by="caller")]))
        self.journal.turn_id = turn
        self.notes[key] = note

    def note(self, key: str, value: str, ttl_s: float | None = None) -> Note:
        return Note(
            task_id=TASK,
            key=key,
            value=value,
            written_at=self.time,
            expires_at=expiry(self.time, ttl_s),
        )

    def learn(self, text: str, *, instead_of: str | None = None) -> None:
        """Something is remembered that every message brings to mind."""
        self.facts[text] = None
        if instead_of is not None:
            self.facts[instead_of] = text

    def describe(self, text: str) -> None:
        line = SoulLine(section="values", key="v", text=text, recorded_at=self.time)
        self.soul = [line]

    def compact(self, label: str = "") -> Compacted | None:
        """Somebody asks for a boundary between two turns."""
        self.journal.turn_id = f"b{len(self.journal.every)}"
        self.preparer.catch_up(self.history)
        events = run(
            self.preparer.compact(
                self.wanted,
                label=label,
                soul=self._soul,
                journal=self.journal,
                now=self.time,
                price=self.price,
            )
        )
        return next((e for e in events if isinstance(e, Compacted)), None)

    def branch_before(self, message: UserSpoke) -> None:
        """Go back to where a message was said, as an edit of it does."""
        at = next(i for i, e in enumerate(self.log) if isinstance(e, UserSpoke) and e is message)
        self.journal.live = self.log[: at - 1]
        self.replaced = message.place.ordinal if message.place else None
        self.notes = {event.note.key: event.note for event in only(NoteWritten, self.log)}
        self.restart()

    def say(
        self,
        text: str,
        *steps: Sequence[Ask],
        answer: str = "",
        refusals: int = 0,
        thinks: bool = False,
        crash: tuple[int, Literal["before", "after"]] | None = None,
    ) -> bool:
        """Carry a message to its answer, through a crash if there is one.

        Returns:
            Whether it was answered: not if it overflowed.
        """
        self.turns += 1
        self.journal.turn_id = f"turn{self.turns}"
        try:
            self.preparer.catch_up(self.history)
            self.preparer.require_room_for(UserMessage(text=text), self.wanted)
        except ContextOverflow as error:
            self.overflows.append(error)
            return False
        self.journal.crash = crash
        started = TurnStarted(
            turn_id=self.journal.turn_id,
            session_id="s",
            message_digest="",
            replaces=self.replaced,
        )
        self.replaced = None
        if not any(isinstance(e, TurnStarted) for e in self.history.of_turn):
            self.restarting(lambda: self._start(started, text))
        script = Script(tuple(tuple(step) for step in steps), answer or f"Done: {text[:40]}.")
        script.refusals, script.thinks = refusals, thinks
        try:
            self.restarting(lambda: self._carry(script))
        except ContextOverflow as error:
            self.overflows.append(error)
            self.journal.crash = None
            self._fail(error)
            return False
        self.journal.crash = None
        run(self.journal.append([TurnCompleted(turn_id=self.journal.turn_id, usage=Usage())]))
        return True

    # How a turn goes

    def _start(self, started: TurnStarted, text: str) -> None:
        if not self.history.of_turn:
            run(self.journal.append([started, UserSpoke(text=text)]))

    def _fail(self, error: EnplaceError) -> None:
        run(
            self.journal.append(
                [
                    ErrorRaised(error=error.code, message=error.message, details=error.details),
                    TurnErrored(turn_id=self.journal.turn_id, error=error.code),
                ]
            )
        )

    def _carry(self, script: "Script") -> None:
        found = self._recall()
        self._finish(script)
        while not self.history.answered:
            prepared = self._prepare(found)
            self._send(prepared, refused=script.refusals > 0)
            if script.refusals > 0:
                script.refusals -= 1
                prepared = self._recover()
                self._send(prepared, refused=script.refusals > 0)
                if script.refusals > 0:
                    script.refusals -= 1
                    raise refusal()
            self._answer(script, prepared.context)
            self._finish(script)

    def _prepare(self, found: Recollection) -> Prepared:
        history = self.history
        return run(
            self.preparer.prepare(
                history,
                found,
                self.wanted,
                soul=self._soul,
                journal=self.journal,
                now=self.time,
                price=self.price,
                asked=boundary_asked(history),
            )
        )

    def _recover(self) -> Prepared:
        prepared = run(
            self.preparer.recover(
                self.history,
                self.wanted,
                soul=self._soul,
                journal=self.journal,
                now=self.time,
                price=self.price,
            )
        )
        if prepared is None:
            raise refusal()
        return prepared

    def _send(self, prepared: Prepared, *, refused: bool) -> None:
        self.moments.append(
            Moment(
                context=prepared.context,
                log=tuple(self.log),
                changes=prepared.changes,
                files=dict(self.files),
                notes=dict(self.notes),
                facts=dict(self.facts),
                now=self.time,
                refused=refused,
            )
        )

    def _answer(self, script: "Script", context: Context) -> None:
        taken = sum(isinstance(event, AssistantSpoke) for event in self.history.of_turn)
        blocks: list[Block] = []
        if script.thinks:
            self.calls += 1
            blocks.append(ThinkingBlock(text=f"thought {self.calls}", signature=f"s{self.calls}"))
        if taken >= len(script.steps):
            blocks.append(TextBlock(text=script.answer))
        else:
            blocks.append(TextBlock(text=f"Step {taken}."))
            uses = [ask(self) for ask in script.steps[taken]]
            for use in uses:
                self.calls += 1
                id_ = f"c{self.calls}"
                script.open[id_] = use
                blocks.append(
                    ToolCallBlock(id=id_, tool=use.tool, arguments=canonical(dict(use.given)))
                )
        reply = Reply(blocks=tuple(blocks), usage=self._usage(context), stop="end")
        run(self.journal.append(answer_events(reply, context, "turn")))

    def _finish(self, script: "Script") -> None:
        """Answer the calls that are open; one whose process ended is answered by nobody."""
        for call in self.history.open_calls:
            use = script.open.get(call.id)
            if use is None:  # never asked for in this process, so it has had no effect
                use = Use(call.tool, json_object(call.arguments) or {}, "unknown", is_error=True)
            called = ToolCalled(tool_call_id=call.id, tool=call.tool, input={})
            run(self.journal.append([called]))
            use = script.done[call.id] = script.done.get(call.id) or self._act(use)
            most = round(self.options.ingest_ratio * self.room) if self.options else 10**9
            result = ToolFinished(
                tool_call_id=call.id,
                tool=call.tool,
                blocks=(TextBlock(text=use.output),),
                is_error=use.is_error,
                excerpt=excerpt(use.output, most, self.counter),
            )
            run(self.journal.append([result], writes=() if use.note is None else (use.note,)))
            if use.note is not None:
                self.notes[use.note.key] = use.note

    def _act(self, use: Use) -> Use:
        if use.act is None:
            return use
        try:
            return replace(use, output=use.act(self.files))
        except ToolFailed as error:
            return replace(use, output=str(error), is_error=True)

    def _usage(self, context: Context) -> Usage:
        """As an ideal provider reports it, which lets go of what was not asked for in time."""
        tokens = sum(size.tokens for size in context.manifest if size.segment == "tools")
        tokens += sum(block.tokens for block in context.system)
        hit = self._held(context.head)
        for message in context.messages:
            tokens += sum(block.tokens for block in message.blocks)
            hit = max(hit, self._held(message.chain))
            self._sent[message.chain] = (self.time, tokens)
        self._sent[context.head] = (self.time, 1)
        reported = round(tokens * self.factor)
        hit = min(round(hit * self.factor), reported)
        return Usage(input_tokens=reported, cache_hit_tokens=hit, cache_write_tokens=reported - hit)

    def _held(self, chain: str) -> int:
        at, tokens = self._sent.get(chain, (START - timedelta(days=1), 0))
        return tokens if (self.time - at).total_seconds() <= TTL_S else 0

    def _recall(self) -> Recollection:
        query = RecallQuery(terms=(), reason="driven")
        if self.history.framed:
            return Recollection(query=query)
        self.preparer.catch_up(self.history)
        visible = self.preparer.in_view(self.wanted, self.time, self.price).memories
        return Recollection(
            query=query,
            memories=tuple(
                RecalledMemory(id=id_, kind="fact", text=id_, score=1.0, at=START, why="")
                for id_, successor in self.facts.items()
                if successor is None and id_ not in visible
            ),
            corrections=tuple(
                Correction(id=id_, text=id_, successor=successor or None)
                for id_, successor in self.facts.items()
                if successor is not None and id_ in visible
            ),
        )

    async def _soul(self) -> Sequence[SoulLine]:
        return self.soul


@dataclass
class Script:
    """What the model will ask for in a turn, step by step, and how it ends."""

    steps: tuple[tuple[Ask, ...], ...]
    answer: str
    refusals: int = 0
    thinks: bool = False
    open: dict[str, Use] = field(default_factory=dict[str, Use])
    """By call id."""
    done: dict[str, Use] = field(default_factory=dict[str, Use])
    """Calls whose effect the world has seen, with what they answered."""


def refusal() -> ContextOverflow:
    return ContextOverflow("the provider says that it is too long", tokens=9, room_tokens=8)


def run(waiting: Coroutine[Any, Any, Outcome]) -> Outcome:
    """The outcome of a coroutine that waits for nothing outside."""
    try:
        waiting.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")


def texts_of(context: Context) -> list[str]:
    """The texts that stand in a context, system prompt first, calls as they were written."""
    texts: list[str] = []
    for standing in (*context.system, *(b for m in context.messages for b in m.blocks)):
        block = standing.block
        if isinstance(block, ToolCallBlock):
            texts.append(block.arguments)
        else:
            texts.append(getattr(block, "text", ""))
    return texts


def only(kind: type[Kind], events: Sequence[Event]) -> list[Kind]:
    """The events of one record, in order."""
    return [event for event in events if isinstance(event, kind)]


def at(event: Event) -> int:
    """Its ordinal."""
    assert event.place is not None
    return event.place.ordinal


def epochs(events: Sequence[Event]) -> list[EpochOpened]:
    return only(EpochOpened, events)
