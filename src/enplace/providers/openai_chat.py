"""Models behind any endpoint that speaks OpenAI chat completions."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from enplace.providers.transport import EventTransport
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.message import Reply, TextPiece
from enplace.records.model import ModelCard
from enplace.wire.openai_chat import ChatStream, to_openai

OPENAI_URL = "https://api.openai.com/v1"


class OpenAIChatModel:
    """Streams answers over HTTP. Implements `ports.Model`."""

    def __init__(
        self,
        card: ModelCard,
        *,
        api_key: str = "",
        base_url: str = OPENAI_URL,
        client: httpx.AsyncClient | None = None,
        attempts: int = 3,
    ) -> None:
        self.card = card
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        url = f"{base_url.rstrip('/')}/chat/completions"
        self._transport = EventTransport(url, headers, client=client, attempts=attempts)

    def encode(self, context: Context) -> JsonObject:
        """See `ports.Model`."""
        return {**to_openai(context), "stream": True, "stream_options": {"include_usage": True}}

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """See `ports.Model`."""
        answer = ChatStream()
        async with aclosing(self._transport.events(self.encode(context))) as chunks:
            async for chunk in chunks:
                piece = answer.feed(chunk)
                if piece is not None:
                    yield piece
        yield answer.reply()

    async def aclose(self) -> None:
        """See `ports.Model`."""
        await self._transport.aclose()
