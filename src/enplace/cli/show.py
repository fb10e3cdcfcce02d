"""How things look on a terminal, and as JSON."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from enplace.records.block import Block, TextBlock, ToolCallBlock
from enplace.records.context import Context
from enplace.records.event import Event, UsageReported
from enplace.stores.codec import encode_event

MOST_CHARACTERS = 100


def usage_line(event: UsageReported) -> str:
    """What a model call consumed, and what the cache gave."""
    usage = event.usage
    line = (
        f"{usage.input_tokens} tokens in, {usage.cache_hit_tokens} of them from the cache"
        f" ({event.expected_hit_tokens} expected), {usage.output_tokens} out"
    )
    return f"{line}; {event.break_reason}" if event.break_reason else line


def event_json(event: Event) -> str:
    """One event as one line of JSON."""
    return encode_event(event)


def jsonable(value: dict[str, Any]) -> Any:
    """The fields of a record as JSON values: times as ISO 8601 text, and null for infinity."""
    text = json.dumps(value, default=_as_text)
    return json.loads(text, parse_constant=lambda _: None)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def context_lines(context: Context) -> Iterator[str]:
    """The manifest of a context, then its blocks in the order they are sent."""
    epoch = context.epoch.place
    yield (
        f"task {context.task_id}, model {context.model}, epoch e{epoch.ordinal if epoch else '?'}"
        f" ({context.epoch.reason}), about {context.estimated_tokens} tokens,"
        f" {context.expected_hit_tokens} of them expected in the cache"
    )
    yield f"{'segment':<10} {'tokens':>7} {'blocks':>7}  why"
    for size in context.manifest:
        yield f"{size.segment:<10} {size.tokens:>7} {size.blocks:>7}  {size.why}"
    yield ""
    for tool in context.tools:
        yield f"tools      {tool.name}: {_short(tool.description)}"
    for block in context.system:
        yield f"{block.segment:<10} {_short(_text(block.block))}"
    for message in context.messages:
        for block in message.blocks:
            why = f"  <- {block.why}" if block.why else ""
            source = f"e{block.source}" if block.source else ""
            text = _short(_text(block.block))
            yield f"{block.segment:<10} {message.role:<10}{source:<6} {text}{why}"


def _text(block: Block) -> str:
    if isinstance(block, ToolCallBlock):
        return f"calls {block.tool} {block.arguments}"
    return block.text if isinstance(block, TextBlock) else f"{block.tool} answers {block.text}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"
