"""The prefix law: what was sent is the beginning of what is sent next, or an epoch says why.

Messages are chained by digest, so that comparing two contexts compares two short texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from enplace.records.block import (
    Block,
    FileBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from enplace.records.canonical import Json, canonical, digest
from enplace.records.context import ContextBlock
from enplace.records.model import CacheProfile
from enplace.records.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The last request of a branch."""

    epoch: int
    prefix: str
    """Digest of everything in it."""
    usage: Usage
    counted_tokens: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a cache should give for the next request."""

    hit_tokens: int
    break_reason: str | None


def head_digest(model: str, tools: str, system: str, soul: str | None) -> str:
    """With what the chain of an epoch begins; arguments are digests, but for the model's name."""
    return digest(canonical([model, tools, system, soul]))


def chain(before: str, role: str, blocks: Sequence[ContextBlock], raw: str | None) -> str:
    """Digest of a message and of all before it."""
    body: list[Json] = [_plain(block.block) for block in blocks]
    return digest(canonical([before, role, body, raw]))


def expect(
    sent: Sent | None,
    epoch: int,
    opened_for: str,
    *,
    kept_tokens: int,
    holds: bool,
    now: datetime,
    at: CacheProfile,
) -> Expectation:
    """What the cache should hold of the next request, and why not more.

    Args:
        sent: The request before; None at the start of a task.
        epoch: The epoch of the next request.
        opened_for: Why that epoch was opened.
        kept_tokens: What that epoch left of the request before.
        holds: Whether the request before is a prefix of the next one.
        now: When the next request is made.
        at: How the provider keeps prefixes.
    """
    if sent is None:
        return Expectation(hit_tokens=0, break_reason=None)
    if sent.epoch != epoch:
        is_warm = (now - sent.at).total_seconds() <= at.ttl_s and kept_tokens >= at.min_tokens
        return Expectation(hit_tokens=kept_tokens if is_warm else 0, break_reason=opened_for)
    if not holds:
        return Expectation(hit_tokens=0, break_reason="messages")
    if (now - sent.at).total_seconds() > at.ttl_s:
        return Expectation(hit_tokens=0, break_reason="ttl")
    if sent.usage.input_tokens < at.min_tokens:
        return Expectation(hit_tokens=0, break_reason="minimum")
    kept = sent.usage.input_tokens + sent.usage.output_tokens
    return Expectation(hit_tokens=kept, break_reason=None)


def _plain(block: Block) -> Json:
    match block:
        case TextBlock():
            return block.text
        case ToolCallBlock():
            return [block.id, block.tool, block.arguments]
        case ToolResultBlock():
            return [block.call_id, block.text, block.is_error]
        case ThinkingBlock():
            return [block.text, block.signature, block.is_redacted]
        case ImageBlock():
            return [block.media_type, digest(block.data)]
        case FileBlock():
            return [block.media_type, digest(block.data), block.name]
