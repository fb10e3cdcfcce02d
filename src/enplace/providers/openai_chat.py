"""Models behind any endpoint that speaks OpenAI chat completions."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import httpx_sse
import stamina

from enplace.errors import ContextOverflow, ModelError, ModelGarbled, ModelRefused, ModelUnavailable
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.message import Reply, TextPiece
from enplace.records.model import ModelCard
from enplace.wire.openai_chat import ChatStream, to_openai
from enplace.wire.overflow import is_overflow

OPENAI_URL = "https://api.openai.com/v1"
_BUSY = {408, 409, 429, 500, 502, 503, 504, 529}


class OpenAIChatModel:
    """Streams answers over HTTP. Implements `ports.Model`.

    A request that the provider was too busy for, or that never reached it, is tried again, but
    never once text has come.
    """

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
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        timeout = httpx.Timeout(connect=10.0, read=300.0, write=60.0, pool=60.0)
        self._client = client or httpx.AsyncClient(timeout=timeout)
        self._attempts = attempts

    def encode(self, context: Context) -> JsonObject:
        """See `ports.Model`."""
        return {**to_openai(context), "stream": True, "stream_options": {"include_usage": True}}

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """See `ports.Model`."""
        answer = ChatStream()
        async with _mapped(), self._answered(self.encode(context)) as response:
            async for event in httpx_sse.EventSource(response).aiter_sse():
                if event.data == "[DONE]":
                    break
                chunk = _chunk(event.data)
                if "error" in chunk:
                    raise _error(response.status_code, event.data)
                piece = answer.feed(chunk)
                if piece is not None:
                    yield piece
        yield answer.reply()

    async def aclose(self) -> None:
        """See `ports.Model`."""
        await self._client.aclose()

    @asynccontextmanager
    async def _answered(self, body: JsonObject) -> AsyncGenerator[httpx.Response, None]:
        """The response, once the provider accepts the request."""
        response: httpx.Response | None = None
        async for attempt in stamina.retry_context(
            on=_worth_another_try, attempts=self._attempts, timeout=120.0
        ):
            with attempt:
                response = await self._send(body)
        assert response is not None  # the last attempt raises
        try:
            yield response
        finally:
            await response.aclose()

    async def _send(self, body: JsonObject) -> httpx.Response:
        async with _mapped():
            request = self._client.build_request(
                "POST", self._url, json=body, headers=self._headers
            )
            response = await self._client.send(request, stream=True)
            if response.is_success:
                return response
            try:
                text = (await response.aread()).decode(errors="replace")
            finally:
                await response.aclose()
            raise _error(response.status_code, text)


@asynccontextmanager
async def _mapped() -> AsyncGenerator[None, None]:
    """Every error of the transport as one of ours."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx_sse.SSEError) as error:
        raise ModelUnavailable(f"the provider cannot be reached: {error!r}") from error


def _worth_another_try(error: Exception) -> bool:
    return isinstance(error, ModelUnavailable)


def _error(status: int, text: str) -> ModelError | ContextOverflow:
    """A provider's error answer as one of ours, by its status and its own words."""
    shown = text[:500]
    if is_overflow(status, text):
        return ContextOverflow(f"the provider refused the context: {shown}", status=status)
    if status in _BUSY:
        return ModelUnavailable(f"the provider answered {status}: {shown}", status=status)
    return ModelRefused(f"the provider answered {status}: {shown}", status=status)


def _chunk(data: str) -> dict[str, Any]:
    try:
        value: object = json.loads(data)
    except ValueError as error:
        raise ModelGarbled(f"no JSON in the stream: {data[:200]!r}") from error
    if not isinstance(value, dict):
        raise ModelGarbled(f"no chunk in the stream: {data[:200]!r}")
    return cast(dict[str, Any], value)
