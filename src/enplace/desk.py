"""Sets the desk for a turn: wires the four rooms to one owner's brain and one task's log."""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from enplace.errors import BudgetExceeded, ContextOverflow, TaskNotFound
from enplace.fetch.history import last_words, load_history, load_more
from enplace.fetch.rank import RecallOptions
from enplace.fetch.recall import Asked, recall
from enplace.invoke.aside import Asides, ask_aside
from enplace.invoke.call import answer_events, cost_by
from enplace.invoke.step import Bench, step, unfinished
from enplace.invoke.tools import ANSWER_S, Workshop
from enplace.ports import (
    Brain,
    Clock,
    CostOf,
    Embedder,
    Journal,
    Model,
    PriceBook,
    TokenCounter,
    Tool,
)
from enplace.prepare.assemble import Prepared, Preparer
from enplace.prepare.budget import room_tokens
from enplace.prepare.compact.excerpt import excerpt
from enplace.prepare.compact.orchestrator import boundary_asked
from enplace.prepare.compact.policy import CompactionOptions
from enplace.prepare.layout import Layout, Wanted
from enplace.records.agent import Budget
from enplace.records.aside import Aside
from enplace.records.canonical import JsonObject
from enplace.records.changeset import Lease
from enplace.records.compaction import Excerpt
from enplace.records.context import Context, History
from enplace.records.event import AssistantSpoke, Compacted, Event
from enplace.records.learning import Utterance
from enplace.records.message import Reply, UserMessage
from enplace.records.model import ModelCard
from enplace.records.permission import PermissionRule
from enplace.records.price import Price
from enplace.records.recollection import RecallQuery, Recollection
from enplace.records.spending import left_of, used_up
from enplace.records.task import Session
from enplace.records.tool import ToolSpec
from enplace.turn import Desk
from enplace.upload.handover import hand_over
from enplace.upload.journal import TurnJournal
from enplace.upload.learning.asking import question
from enplace.upload.redact import Redactor

_log = logging.getLogger("enplace.prepare")

SYSTEM_PROMPT = "You are a helpful assistant."
FACTS_S = 60.0
"""Seconds that a model may take to tell what it finds in a batch."""
SEARCH_DEADLINE_S = 5.0
"""Seconds that a search outside of a turn may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions:
    """What a caller may choose about turns."""

    system: str = SYSTEM_PROMPT
    """Instructions, not knowledge: what is known belongs into memory."""
    layout: Layout = "epochs"
    recall: RecallOptions = field(default_factory=RecallOptions)
    parallel_tools: int = 10
    """Most tools of one answer running at once."""
    budget: Budget = field(default_factory=lambda: Budget(steps=100))
    """What one turn may use up. It ends with `BUDGET_EXCEEDED` where that is not enough."""
    permissions: tuple[PermissionRule, ...] = ()
    """Which tool calls may run, which need a person's yes, and which never run."""
    answer_s: float = ANSWER_S
    """Seconds for which a question waits for a person; then it is taken for a no."""
    compaction: CompactionOptions | None = field(default_factory=CompactionOptions)
    """What may go out of view when a context grows. None: nothing ever does, and a context over
    the window is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """A task in memory: its log as last read, and the view of it that is only ever extended."""

    history: History
    preparer: Preparer


@dataclass(frozen=True, kw_only=True)
class Station:
    """Where turns happen, and with what. Made once per owner."""

    brain: Brain
    model: Model
    embedder: Embedder | None
    tools: Mapping[str, Tool]
    clock: Clock
    options: TurnOptions
    counter: TokenCounter
    prices: PriceBook | None = None
    """None: nobody knows what calls cost."""
    asides: Asides = field(default_factory=Asides)
    """What the model is asked beside the turns."""
    redactor: Redactor = field(default_factory=Redactor)
    """Leaves secrets out of what is kept and of what is shown."""
    agent: str = ""
    """The sub-agent that works here; empty for the engine itself."""
    parent: str = ""
    """The task whose sub-agent it is: what was said there is not recalled here."""
    defers: bool = False
    """Whether other tools and another system prompt wait for the next epoch of each task, because
    they were loaded while tasks were open."""
    troubles: tuple[str, ...] = ()
    """Tools that could not be had, in words: each task is told once."""
    newest: Callable[[], "Station"] | None = None
    """Makes it as the newest reload leaves it; None: nothing is ever reloaded."""

    @property
    def now(self) -> "Station":
        """As the newest reload leaves it; a turn goes on with the model that it began with."""
        found = self if self.newest is None else self.newest()
        return found if found.model is self.model else replace(found, model=self.model)

    def preparer(self) -> Preparer:
        """A preparer that has seen nothing yet."""
        media, clean = self.model.card.media, self.redactor.laid
        return Preparer(self.counter, self.options.compaction, media, clean)

    def price(self, input_tokens: int = 0) -> Price | None:
        """What the model's provider asks now."""
        if self.prices is None:
            return None
        return self.prices.price(self.model.card.name, self.clock.now(), input_tokens=input_tokens)

    @cached_property
    def cost_of(self) -> CostOf | None:
        """Tells what a call cost that has just ended."""
        return None if self.prices is None else cost_by(self.prices, self.clock)

    @cached_property
    def wanted(self) -> Wanted:
        """The head that this station wants contexts to have."""
        specs = sorted((tool.spec for tool in self.tools.values()), key=lambda spec: spec.name)
        return Wanted(
            card=self.model.card,
            system=self.redactor.text(self.options.system),
            tools=tuple(self._without_secrets(spec) for spec in specs),
            layout=self.options.layout,
            defers=self.defers,
        )

    def _without_secrets(self, spec: ToolSpec) -> ToolSpec:
        redact = self.redactor
        schema = cast(JsonObject, redact.json(spec.schema))
        return replace(spec, description=redact.text(spec.description), schema=schema)


async def warm_up(station: Station, task_id: str, known: Warm | None) -> Warm:
    """A task's log up to now; of a task that is warm already only what is new is read."""
    log, history = station.brain.log, None
    if known is not None:
        history = await load_more(log, known.history, seen=known.preparer.view.last)
    if known is None or history is None:  # cold, or another process branched the log
        history, preparer = await load_history(log, task_id), station.preparer()
    else:
        preparer = known.preparer
    preparer.catch_up(history)
    return Warm(history=history, preparer=preparer)


async def branch_off(station: Station, task_id: str, parent: int) -> Warm:
    """A task as it was when the event `parent` was its last."""
    whole = await load_history(station.brain.log, task_id)
    kept = tuple(event for event in whole.events if event.place and event.place.ordinal <= parent)
    preparer = station.preparer()
    history = replace(whole, events=kept)
    preparer.catch_up(history)
    return Warm(history=history, preparer=preparer)


def open_journal(
    station: Station,
    lease: Lease,
    turn_id: str,
    session: Session,
    *,
    parent: int | None = None,
    last: Event | None = None,
) -> Journal:
    """The journal of one turn: it starts a branch behind `parent`, or goes on behind `last`."""
    return TurnJournal(
        station.brain,
        lease,
        turn_id,
        station.clock,
        session,
        redactor=station.redactor,
        parent=parent,
        last=last,
    )


def set_desk(station: Station, preparer: Preparer, journal: Journal) -> Desk:
    """Wire the steps of one turn."""
    brain, clock = station.brain, station.clock

    async def fetch(message: UserMessage, history: History) -> Recollection:
        if history.framed:
            return Recollection(query=RecallQuery(terms=(), reason="recalled before the crash"))
        preparer.catch_up(history)
        now = clock.now()
        in_view = preparer.in_view(station.now.wanted, now, station.price())
        asked = Asked(
            message=message.text,
            before=last_words(history),
            task_id=station.parent or history.task_id,
            visible=in_view.memories,
            out_of_view=0 if station.parent else in_view.gone,
        )
        return await recall(brain, station.embedder, asked, now=now, options=station.options.recall)

    async def prepare(history: History, found: Recollection) -> Prepared:
        _require_budget(station.now, history)
        take_aside(station, preparer, history.task_id)
        return await preparer.prepare(
            history,
            found,
            station.now.wanted,
            soul=brain.memory.soul,
            journal=journal,
            now=clock.now(),
            price=station.price(),
            asked=boundary_asked(history),
        )

    async def recover(history: History) -> Prepared | None:
        return await preparer.recover(
            history,
            station.now.wanted,
            soul=brain.memory.soul,
            journal=journal,
            now=clock.now(),
            price=station.price(),
        )

    def begin_aside(context: Context) -> None:
        asked = preparer.asks(context, station.now.wanted, station.price())
        compaction = station.options.compaction
        if asked is not None and compaction is not None:
            station.asides.begin(
                asked,
                station.model,
                most_s=compaction.prose_s,
                cost_of=station.cost_of,
            )

    def bench(history: History) -> Bench:
        here = station.now  # for each step: what a reload removed runs no more

        def left(events: Sequence[Event]) -> Budget:
            return left_of(here.options.budget, history.then(*events), clock.now())

        return replace(_bench(here, journal), left=left)

    async def upload(history: History) -> tuple[Event, ...]:
        return await hand_over(history, journal, is_due=not station.agent)

    return Desk(
        recall=fetch,
        unfinished=lambda history: unfinished(history, bench(history)),
        prepare=prepare,
        invoke=lambda context, history: _invoke(
            context,
            history,
            bench(history),
            recover,
            read_ahead=preparer.read_ahead,
            ask_aside=begin_aside,
        ),
        upload=upload,
    )


def _bench(station: Station, journal: Journal) -> Bench:
    options = station.options
    return Bench(
        model=station.model,
        workshop=Workshop(
            tools=station.tools,
            journal=journal,
            now=station.clock.now,
            rules=options.permissions,
            answer_s=options.answer_s,
            parallel=options.parallel_tools,
            agent=station.agent,
            shorten=shorten_with(station),
            redact=station.redactor.text,
        ),
        cost_of=station.cost_of,
        purpose="subagent" if station.agent else "turn",
    )


def _require_budget(station: Station, history: History) -> None:
    """Check that the turn may call a model once more.

    Raises:
        BudgetExceeded: It used up what it was given, or is given money and nobody knows prices.
    """
    budget = station.options.budget
    if budget.cost is not None and station.price() is None:
        name = station.model.card.name
        raise BudgetExceeded(f"no price book knows {name}: a budget in money cannot be kept")
    left = left_of(budget, history, station.clock.now())
    if spent := used_up(left):
        given = {name: value for name, value in asdict(budget).items() if value is not None}
        steps = sum(isinstance(event, AssistantSpoke) for event in history.of_turn)
        text = f"the turn used up its {spent} after {steps} model calls"
        raise BudgetExceeded(text, **given)


async def _invoke(
    context: Context,
    history: History,
    bench: Bench,
    recover: Callable[[History], Awaitable[Prepared | None]],
    *,
    read_ahead: Callable[[], Coroutine[Any, Any, None]],
    ask_aside: Callable[[Context], None],
) -> AsyncGenerator[Event, None]:
    """One step; where the provider refuses the context, one more with a collapsed one.

    While the model answers, what a collapse will need is read. Once it has answered, its cache has
    the context, and it may be asked for prose beside the turn.
    """
    refused: ContextOverflow | None = None
    reading = asyncio.create_task(read_ahead())
    try:
        async with aclosing(step(context, bench)) as events:
            async for event in events:
                if isinstance(event, AssistantSpoke):
                    ask_aside(context)
                yield event
    except ContextOverflow as error:
        refused = error
    finally:
        reading.cancel()
    if refused is None:
        return
    prepared = await recover(history)
    if prepared is None:
        raise _with_numbers(refused, context, bench.model.card) from refused
    _log.warning(
        "the provider refused a context; it is collapsed and sent once more",
        exc_info=refused,
        extra={"action": "recover", "task_id": history.task_id},
    )
    for event in prepared.changes:
        yield event
    try:
        async with aclosing(step(prepared.context, bench)) as events:
            async for event in events:
                yield event
    except ContextOverflow as error:
        raise _with_numbers(error, prepared.context, bench.model.card) from error


def _with_numbers(error: ContextOverflow, context: Context, card: ModelCard) -> ContextOverflow:
    """A provider's refusal with what the engine knows of the context."""
    known = {
        "tokens": context.estimated_tokens,
        "room_tokens": room_tokens(card),
        "window_tokens": card.window_tokens,
        "output_tokens": card.output_tokens,
        "model": context.model,
    }
    return ContextOverflow(error.message, **{**known, **error.details})


def take_aside(station: Station, preparer: Preparer, task_id: str) -> None:
    """Hand over what the model answered beside the turns, if it has."""
    aside = station.asides.take(task_id)
    if aside is not None:
        preparer.offer(aside)


async def record_reply(
    reply: Reply, context: Context, journal: Journal, cost_of: CostOf | None
) -> tuple[Event, ...]:
    """Store the answer of a model that the caller asked by itself."""
    return await journal.append(answer_events(reply, context, "turn", cost_of=cost_of))


async def close_part(
    station: Station, warm: Warm, lease: Lease, session: Session, label: str
) -> Compacted | None:
    """Collapse a task between two turns; None where nothing may go, or a turn was broken off."""
    preparer = warm.preparer
    if warm.history.broken is not None:  # it goes on, or a later message closes it
        return None
    take_aside(station, preparer, warm.history.task_id)
    events = await preparer.compact(
        station.wanted,
        label=label,
        soul=station.brain.memory.soul,
        journal=open_journal(station, lease, uuid.uuid4().hex, session),
        now=station.clock.now(),
        price=station.price(),
    )
    return next((event for event in events if isinstance(event, Compacted)), None)


async def ask_beside(station: Station, said: Sequence[Utterance]) -> Aside | None:
    """What a capable model finds in what was said; None where there is nothing to ask about."""
    context = question(said, station.model.card, lambda text: station.counter.count(text, "prose"))
    if context is None:
        return None
    return await ask_aside(
        station.model,
        context,
        most_s=FACTS_S,
        cost_of=station.cost_of,
        purpose="learning",
    )


async def search_memory(station: Station, asked: Asked) -> Recollection:
    """Look something up in long-term memory; nobody waits for a turn, so it may take longer."""
    options = replace(station.options.recall, deadline_s=SEARCH_DEADLINE_S)
    now = station.clock.now()
    return await recall(station.brain, station.embedder, asked, now=now, options=options)


def shorten_with(station: Station) -> Callable[[str], Excerpt | None]:
    """Says how a long tool output is shown, by the window of the station's model."""
    compaction = station.options.compaction
    if compaction is None:
        return lambda _: None
    most = round(compaction.ingest_ratio * room_tokens(station.model.card))
    return lambda text: excerpt(text, most, station.counter)


async def last_context(station: Station, task_id: str) -> Context:
    """The context of a task's last model call, from the log alone.

    Raises:
        TaskNotFound: No model was called in such a task.
    """
    history = await load_history(station.brain.log, task_id)
    calls = [i for i, event in enumerate(history.events) if isinstance(event, AssistantSpoke)]
    if not calls:
        raise TaskNotFound(f"no model call in task {task_id!r}", task_id=task_id)
    answer = history.events[calls[-1]].place
    asked = History(
        task_id=task_id,
        turn_id=answer.turn_id if answer else "",
        events=history.events[: calls[-1]],
        texts=history.texts,
    )
    preparer = station.preparer()
    preparer.catch_up(asked)
    now = answer.at if answer else station.clock.now()
    return preparer.context(asked, station.wanted, now)
