"""Models behind any endpoint that speaks OpenAI responses."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from enplace.providers.openai_chat import OPENAI_URL
from enplace.providers.transport import EventTransport
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.message import Reply, TextPiece
from enplace.records.model import ModelCard
from enplace.wire.openai_responses import ResponseStream, to_openai_responses


class OpenAIResponsesModel:
    """Streams answers over HTTP. Implements `ports.Model`.

    Args:
        is_reasoning: Whether the model thinks; see `to_openai_responses`.
    """

    def __init__(
        self,
        card: ModelCard,
        *,
        api_key: str = "",
        base_url: str = OPENAI_URL,
        is_reasoning: bool = True,
        client: httpx.AsyncClient | None = None,
        attempts: int = 3,
    ) -> None:
        self.card = card
        self._is_reasoning = is_reasoning
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        url = f"{base_url.rstrip('/')}/responses"
        self._transport = EventTransport(url, headers, client=client, attempts=attempts)

    def encode(self, context: Context) -> JsonObject:
        """See `ports.Model`."""
        return {**to_openai_responses(context, is_reasoning=self._is_reasoning), "stream": True}

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """See `ports.Model`."""
        answer = ResponseStream()
        async with aclosing(self._transport.events(self.encode(context))) as events:
            async for event in events:
                piece = answer.feed(event)
                if piece is not None:
                    yield piece
        yield answer.reply()

    async def aclose(self) -> None:
        """See `ports.Model`."""
        await self._transport.aclose()
