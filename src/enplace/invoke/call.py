"""One streamed model call."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from enplace.errors import ContextOverflow, ModelGarbled
from enplace.ports import Clock, CostOf, Journal, Model, PriceBook
from enplace.records.context import Context
from enplace.records.event import AssistantSpoke, Event, TextStreamed, UsageReported
from enplace.records.message import Reply
from enplace.records.usage import Cost, Purpose, Usage
from enplace.wire.overflow import is_silent_overflow

SHORTFALL_RATIO = 0.05
SHORTFALL_TOKENS = 2_000
"""A hit that is short of the expected one by more than both is a break that needs a reason."""


def cost_by(book: PriceBook, clock: Clock) -> CostOf:
    """Asks a price book, at the time when a call has ended."""

    def cost_of(model: str, usage: Usage) -> Cost | None:
        price = book.price(model, clock.now(), input_tokens=usage.input_tokens)
        return None if price is None else price.cost(usage)

    return cost_of


async def call_model(
    model: Model,
    context: Context,
    journal: Journal,
    purpose: Purpose = "turn",
    *,
    cost_of: CostOf | None = None,
    agent: str = "",
    heard: Callable[[Reply], object] = lambda _: None,
) -> AsyncGenerator[Event, None]:
    """Ask a model once: text as it comes, then the stored answer and what it consumed.

    `heard` is told the answer word for word; the stored one has no secrets. `agent` names the
    sub-agent that asks.

    Raises:
        ContextOverflow: The provider says that the context is too large.
        ModelError: The model failed, or ended its stream without an answer.
    """
    reply: Reply | None = None
    async with aclosing(model.stream(context)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Reply):
                reply = piece
            else:
                yield journal.passing(TextStreamed(text=piece.text))
    if reply is None:
        raise ModelGarbled("the model's stream ended without an answer", model=context.model)
    window = model.card.window_tokens
    if is_silent_overflow(reply.usage, window, reply.stop):
        raise ContextOverflow(
            "the provider cut the context instead of refusing it",
            tokens=reply.usage.input_tokens,
            window_tokens=window,
        )
    heard(reply)
    events = answer_events(reply, context, purpose, cost_of=cost_of, agent=agent)
    for event in await journal.append(events):
        yield event


def answer_events(
    reply: Reply,
    context: Context,
    purpose: Purpose,
    *,
    cost_of: CostOf | None = None,
    agent: str = "",
) -> list[Event]:
    """A reply as the log keeps it: what was said, and what it consumed.

    Args:
        reply: What the model answered.
        context: What it was given.
        purpose: What the call was for.
        cost_of: Tells the cost; without it, the event has none.
        agent: The sub-agent whose model it is; empty for the engine's own.
    """
    spoke = AssistantSpoke(
        blocks=reply.blocks, stop=reply.stop, model=context.model, raw=reply.raw, agent=agent
    )
    return [spoke, usage_of(reply, context, purpose, cost_of=cost_of)]


def usage_of(
    reply: Reply, context: Context, purpose: Purpose, *, cost_of: CostOf | None = None
) -> UsageReported:
    """What a reply consumed, as the log keeps it. Arguments as `answer_events`."""
    return UsageReported(
        usage=reply.usage,
        purpose=purpose,
        model=context.model,
        counted_tokens=context.counted_tokens,
        expected_hit_tokens=context.expected_hit_tokens,
        break_reason=break_reason(context, reply.usage),
        prefix=context.prefix,
        cost=None if cost_of is None else cost_of(context.model, reply.usage),
    )


def break_reason(context: Context, usage: Usage) -> str | None:
    """Why the cache gave less than an unbroken prefix gives; None where it did not.

    A break that was foreseen did not happen where the cache gave all of it even so, for instance
    because the provider kept it for longer than it promises.
    """
    if context.break_reason is not None:
        gave_all = 0 < context.unbroken_tokens <= usage.cache_hit_tokens * (1 + SHORTFALL_RATIO)
        return None if gave_all else context.break_reason
    missing = context.expected_hit_tokens - usage.cache_hit_tokens
    is_short = missing > max(SHORTFALL_TOKENS, SHORTFALL_RATIO * context.expected_hit_tokens)
    return "provider" if is_short else None
