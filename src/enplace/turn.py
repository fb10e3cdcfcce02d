"""The corridor: a turn, as the four steps."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from enplace.prepare.assemble import Prepared
from enplace.records.context import Context, History
from enplace.records.event import Event
from enplace.records.message import UserMessage
from enplace.records.recollection import Recollection


async def run_turn(
    message: UserMessage, history: History, at: "Desk"
) -> AsyncGenerator[Event, None]:
    """Carry one user message from its arrival to its answer.

    fetch -> (prepare -> invoke)* -> upload. Yields every event in the order it happened; the
    stored log is the same sequence, and an event is stored before it is yielded. A turn that asks
    a person ends here without an answer, and goes on where it stopped once it has one.

    Args:
        message: What the person says; it stands in the log already.
        history: The task's log up to now; of a turn that a crash broke, as far as it came.
        at: The steps, wired for this turn.
    """
    found = await at.recall(message, history)  # 1 fetch: one memory call per turn
    async with aclosing(at.unfinished(history)) as events:  # tools that a crash left open
        async for event in events:
            history = history.then(event)
            yield event
    while not (history.answered or history.questions):
        prepared = await at.prepare(history, found)  # 2 prepare: blocking, so it is quick
        for event in prepared.changes:
            history = history.then(event)
            yield event
        async with aclosing(at.invoke(prepared.context, history)) as events:
            async for event in events:  # 3 invoke: one model call and its tools
                history = history.then(event)
                yield event
    if history.questions:  # for a person: who answers takes the turn up again
        return
    for event in await at.upload(history):  # 4 upload: never waits for learning
        yield event


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The four steps, wired for one turn (`desk.py`)."""

    recall: Callable[[UserMessage, History], Awaitable[Recollection]]
    unfinished: Callable[[History], AsyncGenerator[Event, None]]
    prepare: Callable[[History, Recollection], Awaitable[Prepared]]
    invoke: Callable[[Context, History], AsyncGenerator[Event, None]]
    upload: Callable[[History], Awaitable[tuple[Event, ...]]]
