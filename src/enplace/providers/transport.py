"""Requests to a provider, answered by server-sent events or whole: sending, trying again, errors."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import httpx_sse
import stamina

from enplace.errors import ContextOverflow, ModelError, ModelGarbled, ModelRefused, ModelUnavailable
from enplace.records.canonical import JsonObject
from enplace.wire.overflow import is_overflow

_BUSY = {408, 409, 429, 500, 502, 503, 504, 529}
_BUSY_WORDS = {
    "overloaded",
    "rate_limit_error",
    "rate_limit_exceeded",
    "api_error",
    "server_error",
    "timeout_error",
}


class EventTransport:
    """Sends requests to one address of a provider and reads the events of the answer, or all of it.

    A request that the provider was too busy for, or that never reached it, is tried again, but
    never once events have come.

    Args:
        url: Where requests go.
        headers: Of every request.
        client: Instead of one of its own.
        attempts: Most tries of one request.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        client: httpx.AsyncClient | None = None,
        attempts: int = 3,
    ) -> None:
        self._url = url
        self._headers = dict(headers)
        timeout = httpx.Timeout(connect=10.0, read=300.0, write=60.0, pool=60.0)
        self._client = client or httpx.AsyncClient(timeout=timeout)
        self._attempts = attempts

    async def events(self, body: JsonObject) -> AsyncGenerator[Mapping[str, Any], None]:
        """The JSON of each event of the answer, in order.

        Raises:
            ContextOverflow: The provider says that the context is too large.
            ModelRefused: It rejects the request; the same again is rejected again.
            ModelUnavailable: It cannot be reached, or is too busy, also after the last try.
            ModelGarbled: What came is no stream of JSON objects.
        """
        async with _mapped(), self._answered(body) as response:
            async for event in httpx_sse.EventSource(response).aiter_sse():
                if event.data == "[DONE]":
                    return
                value = _object(event.data)
                failure = _failure(value)
                if failure:
                    raise provider_error(_status(value, response), failure)
                yield value

    async def whole(self, body: JsonObject) -> Mapping[str, Any]:
        """The JSON of an answer that comes in one.

        Raises:
            ContextOverflow: The provider says that the texts are too large.
            ModelRefused: It rejects the request; the same again is rejected again.
            ModelUnavailable: It cannot be reached, or is too busy, also after the last try.
            ModelGarbled: What came is no JSON object.
        """
        async with _mapped(), self._answered(body) as response:
            text = (await response.aread()).decode(errors="replace")
        value = _object(text)
        failure = _failure(value)
        if failure:
            raise provider_error(_status(value, response), failure)
        return value

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def _answered(self, body: JsonObject) -> AsyncGenerator[httpx.Response, None]:
        """The response, once the provider accepts the request."""
        response: httpx.Response | None = None
        async for attempt in stamina.retry_context(
            on=ModelUnavailable, attempts=self._attempts, timeout=120.0
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
            raise provider_error(response.status_code, text)


def _failure(told: Mapping[str, Any]) -> str | None:
    """The error that an event is, in the provider's words; None for any other event.

    An OpenAI response that failed repeats its request besides, whose words say nothing.
    """
    match told:
        case {"type": "response.failed", "response": {"error": {**error}}} if error:
            return json.dumps(error, ensure_ascii=False)
        case {"type": "response.failed"}:
            return "the response failed"
        case {"error": error} if error:
            return json.dumps(told, ensure_ascii=False)
        case {"type": "error"}:
            return json.dumps(told, ensure_ascii=False)
        case _:
            return None


def _status(told: Mapping[str, Any], response: httpx.Response) -> int:
    """The status that an error inside a stream names, as gateways do; else the response's."""
    match told:
        case {"error": {"code": int(code)}}:
            return code
        case _:
            return response.status_code


def provider_error(status: int, text: str) -> ModelError | ContextOverflow:
    """A provider's error answer as one of ours, by its status and its own words.

    An error inside a stream comes under the status of its success, so its words decide.
    """
    shown = f"the provider answered {status}: {text[:500]}"
    if is_overflow(status, text):
        return ContextOverflow(f"the provider refused the context: {text[:500]}", status=status)
    if status in _BUSY or (status < 400 and any(word in text for word in _BUSY_WORDS)):
        return ModelUnavailable(shown, status=status)
    return ModelRefused(shown, status=status)


@asynccontextmanager
async def _mapped() -> AsyncGenerator[None, None]:
    """Every error of the transport as one of ours."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ModelRefused(f"the provider's address is not usable: {error}") from error
    except (httpx.HTTPError, httpx.StreamError, httpx_sse.SSEError) as error:
        raise ModelUnavailable(f"the provider cannot be reached: {error!r}") from error
    except UnicodeEncodeError as error:
        raise ModelRefused("the API key has characters that no header can carry") from error


def _object(data: str) -> dict[str, Any]:
    try:
        value: object = json.loads(data)
    except ValueError as error:
        raise ModelGarbled(f"the provider's answer is no JSON: {data[:200]!r}") from error
    if not isinstance(value, dict):
        raise ModelGarbled(f"the provider's answer is no object: {data[:200]!r}")
    return cast(dict[str, Any], value)
