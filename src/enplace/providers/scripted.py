"""A model that answers from a script: the fake that ships, for tests, examples and replays.

It keeps a prefix cache as an ideal provider would and reports its hits, so that tests can assert
what a real provider would have charged.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from math import ceil

from enplace.errors import EnplaceError, ModelError
from enplace.records.block import (
    Block,
    FileBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.message import Reply, TextPiece
from enplace.records.model import ModelCard
from enplace.records.usage import Usage
from enplace.wire.openai_chat import to_openai

Answer = Reply | str | EnplaceError
"""A reply, a text to say, or an error to raise."""
Script = Iterable[Answer] | Callable[[Context], Answer]
"""Answers in order, or a function that answers each context."""

_WORD = re.compile(r"\s*\S+\s*")

CARD = ModelCard(name="scripted", window_tokens=128_000, output_tokens=4_096)


def say(text: str) -> Reply:
    """A reply that ends the turn."""
    return Reply(blocks=(TextBlock(text=text),), usage=Usage())


def call(*calls: tuple[str, str, Mapping[str, object]], text: str = "") -> Reply:
    """A reply that asks for tools: (call id, tool, input) each."""
    blocks: list[Block] = [TextBlock(text=text)] if text else []
    for id_, tool, given in calls:
        blocks.append(ToolCallBlock(id=id_, tool=tool, arguments=json.dumps(dict(given))))
    return Reply(blocks=tuple(blocks), usage=Usage(), stop="tool_calls")


class ScriptedModel:
    """Implements `ports.Model` without a model. `requests` holds every context it was given."""

    def __init__(self, script: Script, *, card: ModelCard = CARD) -> None:
        self.card = card
        self.requests: list[Context] = []
        self._answers = _answering(script)
        self._cached: set[str] = set()

    def encode(self, context: Context) -> JsonObject:
        """See `ports.Model`."""
        return to_openai(context)

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """See `ports.Model`. Text comes word by word."""
        self.requests.append(context)
        answer = self._answers(context)
        if isinstance(answer, EnplaceError):
            raise answer
        reply = say(answer) if isinstance(answer, str) else answer
        for word in _WORD.findall(reply.text):
            await asyncio.sleep(0)
            yield TextPiece(text=word)
        yield replace(reply, usage=self._consume(context, reply))

    async def aclose(self) -> None:
        """See `ports.Model`."""

    def _consume(self, context: Context, reply: Reply) -> Usage:
        """Tokens as an ideal provider reports them: every prefix it saw stays in its cache.

        An answer is in the cache too: it was generated there.
        """
        head = sum(size.tokens for size in context.manifest if size.segment == "tools")
        tokens = head + sum(block.tokens for block in context.system)
        hit = tokens if context.head in self._cached else 0
        self._cached.add(context.head)
        for message in context.messages:
            after_hit = hit == tokens
            tokens += sum(block.tokens for block in message.blocks)
            if message.chain in self._cached or (after_hit and message.role == "assistant"):
                hit = tokens
            self._cached.add(message.chain)
        return Usage(
            input_tokens=tokens,
            output_tokens=ceil(sum(len(_text_of(block)) for block in reply.blocks) / 4),
            cache_hit_tokens=hit,
            cache_write_tokens=tokens - hit,
        )


def _text_of(block: Block) -> str:
    match block:
        case TextBlock():
            return block.text
        case ToolCallBlock():
            return f"{block.tool} {block.arguments}"
        case ToolResultBlock() | ThinkingBlock():
            return block.text
        case ImageBlock() | FileBlock():
            return ""


def _answering(script: Script) -> Callable[[Context], Answer]:
    if callable(script):
        return script
    answers: Iterator[Answer] = iter(script)

    def answer(_: Context) -> Answer:
        try:
            return next(answers)
        except StopIteration:
            raise ModelError("the script has no further answer") from None

    return answer
