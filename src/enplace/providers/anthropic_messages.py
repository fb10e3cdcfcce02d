"""Models behind any endpoint that speaks Anthropic messages."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from enplace.providers.transport import EventTransport
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.message import Reply, TextPiece
from enplace.records.model import ModelCard
from enplace.wire.anthropic_messages import MessageStream, to_anthropic

ANTHROPIC_URL = "https://api.anthropic.com"
_VERSION = "2023-06-01"


class AnthropicModel:
    """Streams answers over HTTP. Implements `ports.Model`."""

    def __init__(
        self,
        card: ModelCard,
        *,
        api_key: str = "",
        base_url: str = ANTHROPIC_URL,
        client: httpx.AsyncClient | None = None,
        attempts: int = 3,
    ) -> None:
        self.card = card
        headers = {"anthropic-version": _VERSION, "x-api-key": api_key}
        url = f"{base_url.rstrip('/')}/v1/messages"
        self._transport = EventTransport(url, headers, client=client, attempts=attempts)

    def encode(self, context: Context) -> JsonObject:
        """See `ports.Model`."""
        return {**to_anthropic(context, head_ttl=self.card.cache.head_ttl), "stream": True}

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """See `ports.Model`."""
        answer = MessageStream()
        async with aclosing(self._transport.events(self.encode(context))) as events:
            async for event in events:
                piece = answer.feed(event)
                if piece is not None:
                    yield piece
        yield answer.reply()

    async def aclose(self) -> None:
        """See `ports.Model`."""
        await self._transport.aclose()
