"""The engine itself: recorded sessions through its own way of preparing contexts."""

import re
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar

from enplace.errors import ContextOverflow
from enplace.ports import TextKind
from enplace.prepare.assemble import Preparer
from enplace.prepare.compact.excerpt import excerpt
from enplace.prepare.compact.policy import CompactionOptions
from enplace.prepare.layout import Wanted
from enplace.records.block import Block as EngineBlock
from enplace.records.block import TextBlock, ToolCallBlock, ToolResultBlock
from enplace.records.context import Context, ContextBlock, History
from enplace.records.event import (
    AssistantSpoke,
    EpochOpened,
    Event,
    Place,
    ToolCalled,
    ToolFinished,
    TurnStarted,
    UsageReported,
    UserSpoke,
)
from enplace.records.memory import Note, SoulLine
from enplace.records.model import CacheProfile, ModelCard
from enplace.records.price import CONSERVATIVE, Price, Rates
from enplace.records.recollection import RecalledMemory, RecallQuery, Recollection
from enplace.records.usage import Usage
from enplace_bench.context.payload import Block, Payload, Refused, fixed_prefix, tokens_of
from enplace_bench.context.sessions import Recorded, Session

_REFERENCE = re.compile(r"\[e(\d+)(?:-e(\d+))?\]")
PREFIX = "[system prompt and tools]"
Only = Literal["", "snip", "collapse", "nothing"]
_T = TypeVar("_T")
_LONG = 2.0
"""Price of a write that is kept for an hour."""


class SessionCounter:
    """Counts as the session was fitted, and the fixed prefix as large as it is said to be."""

    def __init__(self, session: Session, prefix_tokens: int) -> None:
        self._ratio = session.chars_per_token
        self._prefix_tokens = prefix_tokens

    def count(self, text: str, kind: TextKind = "prose") -> int:
        """See `ports.TokenCounter`."""
        if text.startswith(PREFIX):
            return self._prefix_tokens + int(-(-(len(text) - len(PREFIX)) // self._ratio))
        return int(-(-len(text) // self._ratio))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnplaceStrategy:
    """The engine with its default options, or with one of its ways alone."""

    name: str = "enplace"
    rates: Rates = CONSERVATIVE
    only: Only = ""
    options: CompactionOptions = field(default_factory=CompactionOptions)

    def replay(self, session: Session, window: int, prefix_tokens: int) -> "EnplaceReplay":
        """See `payload.Strategy`."""
        options = replace(
            self.options,
            collapses=self.options.collapses and self.only in {"", "collapse"},
            snips=self.options.snips and self.only in {"", "snip"},
        )
        return EnplaceReplay(session, window, prefix_tokens, options, self.rates)


class EnplaceReplay:
    """One session through `Preparer`. Implements `payload.Replay`."""

    def __init__(
        self,
        session: Session,
        window: int,
        prefix_tokens: int,
        options: CompactionOptions,
        rates: Rates,
    ) -> None:
        self._session, self._window, self._prefix_tokens = session, window, prefix_tokens
        self._options = options
        self._counter = SessionCounter(session, prefix_tokens)
        self._preparer = Preparer(self._counter, options)
        self._journal = _Journal()
        self._card = ModelCard(
            name="recorded",
            window_tokens=window,
            output_tokens=0,
            cache=CacheProfile(ttl_s=3_600.0 if rates.write >= _LONG else 300.0),
        )
        self._price = Price(
            model="recorded",
            input=Decimal(1),
            output=Decimal(str(rates.output)),
            hit=Decimal(str(rates.hit)),
            write=Decimal(str(rates.write)),
            write_1h=Decimal(str(rates.write)),
            book="the benchmark's",
        )
        first = next((e.index for e in session.events if e.role != "system"), 0)
        self._system = session.events[:first]
        text = "\n\n".join([PREFIX, *(event.text for event in self._system)])
        self._wanted = Wanted(card=self._card, system=text)
        self._history = History(task_id=session.id, turn_id="")
        self._next = first
        self._open: dict[str, str] = {}
        self._turns = 0
        self._sent_tokens = 0
        self._recalled: tuple[RecalledMemory, ...] = ()
        self._rendered: dict[int, tuple[ContextBlock, Block]] = {}

    def remember(self, index: int, texts: Sequence[str]) -> None:
        """Memories that a recall brings for the user event `index`."""
        at = _moment(self._session.events[index].at_s)
        visible = self._preparer.in_view(self._wanted, at, self._price).memories
        self._recalled = tuple(
            RecalledMemory(
                id=f"m{abs(hash(text))}", kind="fact", text=text, score=1.0, at=at, why=""
            )
            for text in texts
            if f"m{abs(hash(text))}" not in visible
        )

    def call(self, index: int) -> Payload | Refused:
        """See `payload.Replay`."""
        events = self._session.events
        while self._next < index:
            self._take(events[self._next])
            self._next += 1
        now = _moment(events[index].at_s)
        self._journal.now = now
        if not self._turns:
            self._say(Recorded(index=-1, role="user", at_s=events[index].at_s, text="(continue)"))
        self._answer_open()
        found = Recollection(query=RecallQuery(terms=(), reason=""), memories=self._recalled)
        began = time.thread_time()
        try:
            prepared = _run(
                self._preparer.prepare(
                    self._history,
                    found,
                    self._wanted,
                    soul=_no_soul,
                    journal=self._journal,
                    now=now,
                    price=self._price,
                )
            )
        except ContextOverflow as error:
            self._catch_up()
            self._spoke(events[index], None)
            return Refused(int(str(error.details.get("tokens", 0))))
        self._recalled = ()
        self._history = self._history.then(*prepared.changes)
        self._journal.fresh.clear()
        cpu_s = time.thread_time() - began
        payload = replace(self._payload(prepared.context, prepared.changes), cpu_s=cpu_s)
        self._spoke(events[index], prepared.context)
        return payload

    def _catch_up(self) -> None:
        """Events that were stored before the context turned out too large."""
        self._history = self._history.then(*self._journal.fresh)
        self._journal.fresh.clear()

    def _take(self, event: Recorded) -> None:
        self._journal.now = _moment(event.at_s)
        if event.role in {"user", "system"}:
            self._answer_open()
            self._say(event)
        elif event.role == "tool" and event.call_id in self._open:
            self._finish(event.call_id, event.text, event.is_error, event.index)

    def _say(self, event: Recorded) -> None:
        self._turns += 1
        turn_id = f"t{self._turns}"
        self._journal.turn_id = turn_id
        self._history = replace(self._history, turn_id=turn_id)
        started = TurnStarted(turn_id=turn_id, session_id="s", message_digest="")
        self._store([started], -1)
        self._store([UserSpoke(text=event.text)], event.index)

    def _finish(self, call_id: str, text: str, is_error: bool, index: int) -> None:
        most = round(self._options.ingest_ratio * self._window)
        result = ToolFinished(
            tool_call_id=call_id,
            tool=self._open.pop(call_id),
            blocks=(TextBlock(text=text),),
            is_error=is_error,
            excerpt=excerpt(text, most, self._counter),
        )
        self._store([result], index)

    def _answer_open(self) -> None:
        """Every call has a result, as the engine sees to it."""
        for call_id in list(self._open):
            self._finish(call_id, "The outcome of this call is unknown.", True, -1)

    def _spoke(self, event: Recorded, context: Context | None) -> None:
        """The recorded answer, and what its call consumed in an ideal cache."""
        blocks: list[EngineBlock] = [TextBlock(text=event.text)] if event.text else []
        for call in event.calls:
            id_ = call.id or f"call{event.index}"
            blocks.append(ToolCallBlock(id=id_, tool=call.tool, arguments=call.arguments))
            self._open[id_] = call.tool
        self._journal.now = _moment(event.at_s)
        self._store(
            [AssistantSpoke(blocks=tuple(blocks), stop="end", model="recorded")], event.index
        )
        if context is not None:
            tokens = context.counted_tokens
            hit = min(context.expected_hit_tokens, self._sent_tokens)
            self._sent_tokens = tokens
            output = self._counter.count(event.text) + sum(
                self._counter.count(call.arguments) for call in event.calls
            )
            usage = Usage(
                input_tokens=tokens,
                output_tokens=output,
                cache_hit_tokens=hit,
                cache_write_tokens=tokens - hit,
            )
            self._store(
                [
                    UsageReported(
                        usage=usage,
                        purpose="turn",
                        model="recorded",
                        counted_tokens=tokens,
                        expected_hit_tokens=context.expected_hit_tokens,
                        break_reason=context.break_reason,
                        prefix=context.prefix,
                    )
                ],
                -1,
            )
        called = [
            ToolCalled(tool_call_id=b.id, tool=b.tool, input={})
            for b in blocks
            if isinstance(b, ToolCallBlock)
        ]
        self._store(called, -1)

    def _store(self, events: Sequence[Event], index: int) -> None:
        stored = self._journal.put(events, index)
        self._journal.fresh.clear()
        self._history = self._history.then(*stored)

    def _payload(self, context: Context, changes: Sequence[Event]) -> Payload:
        blocks = [fixed_prefix(self._prefix_tokens)]
        blocks += [
            Block(e.text, tokens_of(e.text, self._session), "system", (e.index,))
            for e in self._system
        ]
        head = len(blocks) - 1
        ends: list[int] = []
        for message in context.messages:
            blocks += [self._block(block, message.role) for block in message.blocks]
            ends.append(len(blocks) - 1)
        answers = [i for i, m in enumerate(context.messages) if m.role == "assistant"]
        before = [ends[answers[-1] - 1]] if answers and answers[-1] > 0 else []
        marks = sorted({head, *before, len(blocks) - 1})
        epochs = [e.reason for e in changes if isinstance(e, EpochOpened)]
        return Payload(
            blocks=tuple(blocks),
            breakpoints=tuple(marks),
            announced=", ".join(epochs),
        )

    def _block(self, block: ContextBlock, role: Any) -> Block:
        known = self._rendered.get(id(block))
        if known is not None and known[0] is block:
            return known[1]
        text = _text(block.block)
        index = self._journal.indices.get(block.source or 0, -1)
        refs = sorted(set(self._refs(text))) if "[e" in text else []
        made = Block(
            text,
            tokens_of(text, self._session),
            role,
            (index,) if index >= 0 else (),
            tuple(refs) if block.why == "snipped" or index < 0 or role == "tool" else (),
        )
        self._rendered[id(block)] = (block, made)
        return made

    def _refs(self, text: str) -> Iterator[int]:
        for found in _REFERENCE.finditer(text):
            first, last = int(found[1]), int(found[2] or found[1])
            if last - first < 20:
                for ordinal in range(first, last + 1):
                    index = self._journal.indices.get(ordinal, -1)
                    if index >= 0:
                        yield index


class _Journal:
    """A log in memory. Implements `ports.Journal`."""

    def __init__(self) -> None:
        self.now = datetime.fromtimestamp(0, UTC)
        self.turn_id = ""
        self.indices: dict[int, int] = {}
        """Recorded event by ordinal."""
        self.fresh: list[Event] = []
        self._ordinal = 0

    def put(self, events: Sequence[Event], index: int) -> tuple[Event, ...]:
        """Place events."""
        stored: list[Event] = []
        for event in events:
            self._ordinal += 1
            self.indices[self._ordinal] = index
            place = Place(task_id="t", turn_id=self.turn_id, ordinal=self._ordinal, at=self.now)
            stored.append(replace(event, place=place))
        self.fresh += stored
        return tuple(stored)

    async def append(
        self,
        events: Sequence[Event],
        *,
        texts: Sequence[str] = (),
        writes: Sequence[Note] = (),
        due: str = "",
    ) -> tuple[Event, ...]:
        """See `ports.Journal`."""
        return self.put(events, -1)

    def passing(self, event: Event) -> Event:
        """See `ports.Journal`."""
        return event


def _run(waiting: Coroutine[Any, Any, _T]) -> _T:
    """The outcome of a coroutine that waits for nothing outside."""
    try:
        waiting.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("it waits for something")


async def _no_soul() -> Sequence[SoulLine]:
    return ()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _text(block: EngineBlock) -> str:
    match block:
        case TextBlock():
            return block.text
        case ToolCallBlock():
            return f"[call {block.id} {block.tool} {block.arguments}]"
        case ToolResultBlock():
            return f"[result {block.call_id}]\n{block.text}"
        case _:
            return ""


VARIANTS: Mapping[str, Callable[[], EnplaceStrategy]] = {
    "enplace": EnplaceStrategy,
    "enplace, snips alone": lambda: EnplaceStrategy(name="enplace, snips alone", only="snip"),
    "enplace, collapses alone": lambda: EnplaceStrategy(
        name="enplace, collapses alone", only="collapse"
    ),
}
