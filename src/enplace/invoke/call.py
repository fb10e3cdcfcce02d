"""One streamed model call."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from enplace.errors import ModelGarbled
from enplace.ports import Journal, Model
from enplace.records.context import Context
from enplace.records.event import AssistantSpoke, Event, TextStreamed, UsageReported
from enplace.records.message import Reply
from enplace.records.usage import Purpose, Usage

SHORTFALL_RATIO = 0.05
SHORTFALL_TOKENS = 2_000
"""A hit that is short of the expected one by more than both is a break that needs a reason."""


async def call_model(
    model: Model, context: Context, journal: Journal, purpose: Purpose = "turn"
) -> AsyncGenerator[Event, None]:
    """Ask a model once: text as it comes, then the stored answer and what it consumed.

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
    for event in await journal.append(answer_events(reply, context, purpose)):
        yield event


def answer_events(reply: Reply, context: Context, purpose: Purpose) -> list[Event]:
    """A reply as the log keeps it: what was said, and what it consumed."""
    spoke = AssistantSpoke(blocks=reply.blocks, stop=reply.stop, model=context.model, raw=reply.raw)
    usage = UsageReported(
        usage=reply.usage,
        purpose=purpose,
        model=context.model,
        counted_tokens=context.counted_tokens,
        expected_hit_tokens=context.expected_hit_tokens,
        break_reason=break_reason(context, reply.usage),
        prefix=context.prefix,
    )
    return [spoke, usage]


def break_reason(context: Context, usage: Usage) -> str | None:
    """Why the cache gave less than an unbroken prefix gives; None where it did not."""
    if context.break_reason is not None:
        return context.break_reason
    missing = context.expected_hit_tokens - usage.cache_hit_tokens
    short = missing > SHORTFALL_TOKENS and missing > SHORTFALL_RATIO * context.expected_hit_tokens
    return "provider" if short else None
