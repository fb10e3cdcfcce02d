"""One step of a turn: a model call and the tools it asked for."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from enplace.invoke.call import call_model
from enplace.invoke.plan import Asked
from enplace.invoke.tools import Workshop, run_tools
from enplace.ports import CostOf, Model
from enplace.records.agent import Budget
from enplace.records.context import Context, History
from enplace.records.event import AssistantSpoke, Event, TextStreamed
from enplace.records.message import Reply
from enplace.records.usage import Purpose

_log = logging.getLogger("enplace.invoke")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a step works with."""

    model: Model
    workshop: Workshop
    cost_of: CostOf | None = None
    """What a call costs; None where nobody knows."""
    purpose: Purpose = "turn"
    left: Callable[[Sequence[Event]], Budget] = lambda _: Budget()
    """What the turn may still use up, after these events of the step."""


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
    said: list[Event] = []
    call = call_model(
        bench.model,
        context,
        bench.workshop.journal,
        bench.purpose,
        cost_of=bench.cost_of,
        agent=bench.workshop.agent,
        heard=replies.append,
    )
    async with aclosing(call) as events:
        async for event in events:
            if not isinstance(event, TextStreamed):
                said.append(event)
            yield event
    calls = [call for reply in replies for call in reply.calls]  # the log's may lack secrets
    if calls:
        asked = Asked(
            calls=calls,
            task_id=context.task_id,
            turn_id=context.turn_id,
            answer=next(e.place.ordinal for e in said if isinstance(e, AssistantSpoke) and e.place),
            left=bench.left(said),
        )
        async with aclosing(run_tools(asked, bench.workshop)) as events:
            async for event in events:
                yield event


async def unfinished(history: History, bench: Bench) -> AsyncGenerator[Event, None]:
    """Finish what a crash or a question left open: calls of the turn's last answer."""
    answer = history.last_answer
    if answer is None or not history.open_calls:
        return
    asked = Asked(
        calls=history.open_calls,
        task_id=history.task_id,
        turn_id=history.turn_id,
        answer=answer.place.ordinal if answer.place else 0,
        order=[call.id for call in answer.calls],
        so_far=history.since_answer,
        is_from_log=True,
        left=bench.left(()),
    )
    async with aclosing(run_tools(asked, bench.workshop)) as events:
        async for event in events:
            yield event
