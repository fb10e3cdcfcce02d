"""Models behind Google's Gemini API, or any endpoint that speaks its generateContent."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from enplace.providers.transport import EventTransport
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.message import Reply, TextPiece
from enplace.records.model import ModelCard
from enplace.wire.gemini import GeminiStream, to_gemini

GEMINI_URL = "https://generativelanguage.googleapis.com/v1beta"


class GeminiModel:
    """Streams answers over HTTP. Implements `ports.Model`.

    Args:
        card: Its name stands in the address: of a model, or as a path such as `tunedModels/mine`.
        needs_seals: Whether the model refuses calls without a seal; see `to_gemini`.
    """

    def __init__(
        self,
        card: ModelCard,
        *,
        api_key: str = "",
        base_url: str = GEMINI_URL,
        needs_seals: bool = True,
        client: httpx.AsyncClient | None = None,
        attempts: int = 3,
    ) -> None:
        self.card = card
        self._needs_seals = needs_seals
        headers = {"x-goog-api-key": api_key} if api_key else {}
        path = card.name if "/" in card.name else f"models/{card.name}"
        url = f"{base_url.rstrip('/')}/{path}:streamGenerateContent?alt=sse"
        self._transport = EventTransport(url, headers, client=client, attempts=attempts)

    def encode(self, context: Context) -> JsonObject:
        """See `ports.Model`."""
        return to_gemini(context, needs_seals=self._needs_seals)

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """See `ports.Model`."""
        answer = GeminiStream()
        async with aclosing(self._transport.events(self.encode(context))) as chunks:
            async for chunk in chunks:
                piece = answer.feed(chunk)
                if piece is not None:
                    yield piece
        yield answer.reply()

    async def aclose(self) -> None:
        """See `ports.Model`."""
        await self._transport.aclose()
