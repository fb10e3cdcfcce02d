"""Model calls beside the turns: nobody waits for them, and they write nothing."""

import asyncio
import logging
from contextlib import aclosing

from enplace.errors import EnplaceError
from enplace.invoke.call import usage_of
from enplace.ports import CostOf, Model
from enplace.records.aside import Aside
from enplace.records.context import Context
from enplace.records.message import Reply
from enplace.records.usage import Purpose
from enplace.wire.overflow import is_silent_overflow

_log = logging.getLogger("enplace.invoke")


class Asides:
    """The calls of one owner that run beside the turns: for each task one at most."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[Context, asyncio.Task[Aside]]] = {}

    def begin(
        self, context: Context, model: Model, *, most_s: float, cost_of: CostOf | None = None
    ) -> None:
        """Ask a model, unless the task has a call that runs or that nobody has taken yet."""
        if context.task_id not in self._begun:
            call = ask_aside(model, context, most_s=most_s, cost_of=cost_of)
            self._begun[context.task_id] = context, asyncio.create_task(call)

    def take(self, task_id: str) -> Aside | None:
        """What came of a task's call, told once; None where none has ended."""
        asked, call = self._begun.get(task_id, (None, None))
        if asked is None or call is None or not call.done():
            return None
        del self._begun[task_id]
        if call.cancelled():
            return Aside(asked=asked, trouble="cancelled")
        error = call.exception()
        if error is None:
            return call.result()
        extra = {"action": "aside", "task_id": task_id}
        _log.error("a model call beside the turn failed", exc_info=error, extra=extra)
        return Aside(asked=asked, trouble=f"{type(error).__name__}: {error}")

    async def aclose(self) -> None:
        """Stop all of them, and wait until they have stopped."""
        calls = [call for _, call in self._begun.values()]
        self._begun.clear()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


async def ask_aside(
    model: Model,
    context: Context,
    *,
    most_s: float,
    cost_of: CostOf | None = None,
    purpose: Purpose = "collapse",
) -> Aside:
    """Ask a model once. What its provider does wrong is told in the answer, not raised."""
    reply: Reply | None = None
    trouble = "the model's stream ended without an answer"
    try:
        async with asyncio.timeout(most_s), aclosing(model.stream(context)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Reply):
                    reply, trouble = piece, ""
    except TimeoutError:
        trouble = f"no answer within {most_s:g} s"
    except EnplaceError as error:
        trouble = f"{error.code}: {error.message}"
    if reply is None:
        return Aside(asked=context, trouble=trouble)
    if is_silent_overflow(reply.usage, model.card.window_tokens, reply.stop):
        trouble = "the provider cut the context instead of refusing it"
    usage = usage_of(reply, context, purpose, cost_of=cost_of)
    return Aside(asked=context, reply=reply, usage=usage, trouble=trouble)
