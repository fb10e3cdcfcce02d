"""One step of a turn: a model call and the tools it asked for."""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from enplace.invoke.call import call_model
from enplace.invoke.tools import run_tools
from enplace.ports import CostOf, Journal, Model, Tool
from enplace.records.compaction import Excerpt
from enplace.records.context import Context, History
from enplace.records.event import AssistantSpoke, Event, ToolCalled
from enplace.records.message import Reply

_log = logging.getLogger("enplace.invoke")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a step works with."""

    model: Model
    tools: Mapping[str, Tool]
    journal: Journal
    parallel: int = 10
    """Most tools running at once."""
    shorten: Callable[[str], Excerpt | None] = lambda _: None
    """How a tool's output is shown where it is too long; None: whole."""
    redact: Callable[[str], str] = str
    """Leaves the secrets out of a tool's output."""
    cost_of: CostOf | None = None
    """What a call costs; None where nobody knows."""


async def step(context: Context, bench: Bench) -> AsyncGenerator[Event, None]:
    """Call the model once and run the tools it asks for.

    Yields text as it comes, and every stored event when it is stored. The results of tools are
    yielded in the order they finish; a context shows them in the order they were asked.

    Raises:
        ContextOverflow: The provider says that the context is too large.
        ModelError: The model failed.
    """
    _log.debug(
        "request",
        extra={"action": "request", "task_id": context.task_id, "request_context": context},
    )
    replies: list[Reply] = []
    call = call_model(
        bench.model, context, bench.journal, cost_of=bench.cost_of, heard=replies.append
    )
    async with aclosing(call) as events:
        async for event in events:
            yield event
    calls = [call for reply in replies for call in reply.calls]  # the log's may lack secrets
    if calls:
        results = run_tools(
            calls,
            bench.tools,
            bench.journal,
            task_id=context.task_id,
            turn_id=context.turn_id,
            parallel=bench.parallel,
            shorten=bench.shorten,
            redact=bench.redact,
        )
        async with aclosing(results) as events:
            async for event in events:
                yield event


async def unfinished(history: History, bench: Bench) -> AsyncGenerator[Event, None]:
    """Finish what a crash left open: the tools of the turn's last answer without a result."""
    if not history.open_calls:
        return
    events = history.of_turn
    last = max(i for i, event in enumerate(events) if isinstance(event, AssistantSpoke))
    started = {e.tool_call_id for e in events[last:] if isinstance(e, ToolCalled)}
    results = run_tools(
        history.open_calls,
        bench.tools,
        bench.journal,
        task_id=history.task_id,
        turn_id=history.turn_id,
        started=started,
        parallel=bench.parallel,
        shorten=bench.shorten,
        redact=bench.redact,
        is_from_log=True,
    )
    async with aclosing(results) as events:
        async for event in events:
            yield event
