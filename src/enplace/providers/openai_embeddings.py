"""Embedders behind any endpoint that speaks OpenAI embeddings: one vector for each text."""

import math
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, cast

import httpx

from enplace.errors import ConfigError, ContextOverflow, EmbedderError, ModelError, ModelGarbled
from enplace.providers.openai_chat import OPENAI_URL
from enplace.providers.transport import EventTransport
from enplace.records.canonical import JsonObject
from enplace.records.encoding import EmbedderCard, Encoding

KNOWN_DIMENSIONS = {
    "text-embedding-3-small": 1_536,
    "text-embedding-3-large": 3_072,
    "text-embedding-ada-002": 1_536,
}
TEXTS_PER_REQUEST = 32
LONGEST_CHARACTERS = 6_000
"""Of a text; what comes after them is not read. The usual models take 8,191 tokens."""
SHORTEST_CHARACTERS = 250
"""A text is not cut below this for a model that takes less."""


class OpenAIEmbedder:
    """Encodes over HTTP. Implements `ports.Embedder`.

    Args:
        model: As the provider calls it.
        api_key: Empty where none is needed.
        base_url: Up to the version, `/embeddings` follows.
        dimensions: Of a vector. Fewer than the model has cut its vectors, which only models that
            were trained for it allow. Needed where the model is none of OpenAI's. Rounded up to a
            multiple of 8.
        client: Instead of one of its own.
        attempts: Most tries of one request.

    Raises:
        ConfigError: The dimensions are not known, or not above 0.
    """

    def __init__(
        self,
        model: str,
        *,
        api_key: str = "",
        base_url: str = OPENAI_URL,
        dimensions: int | None = None,
        client: httpx.AsyncClient | None = None,
        attempts: int = 3,
    ) -> None:
        known = KNOWN_DIMENSIONS.get(model) if dimensions is None else dimensions
        if known is None or known < 1:
            raise ConfigError(f"say how many dimensions the vectors of {model} have", model=model)
        rounded = -(-known // 8) * 8
        self.card = EmbedderCard(name=f"openai/{model}/{rounded}", pooled_dimensions=rounded)
        self._model = model
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        url = f"{base_url.rstrip('/')}/embeddings"
        self._transport = EventTransport(url, headers, client=client, attempts=attempts)

    async def encode(self, texts: Sequence[str]) -> Sequence[Encoding]:
        """See `ports.Embedder`."""
        made: list[Encoding] = []
        for start in range(0, len(texts), TEXTS_PER_REQUEST):
            batch = [_sendable(text) for text in texts[start : start + TEXTS_PER_REQUEST]]
            try:
                made += [Encoding(pooled=self._fitted(one)) for one in await self._ask(batch)]
            except (ModelError, ContextOverflow) as error:
                raise EmbedderError(
                    f"{self._model} cannot encode: {error.message}", **error.details
                ) from error
        return made

    async def aclose(self) -> None:
        """See `ports.Embedder`."""
        await self._transport.aclose()

    async def _ask(self, texts: Sequence[str]) -> list[list[float]]:
        """Their vectors. What is too long is found by halves, then cut by halves."""
        body: JsonObject = {"model": self._model, "input": [*texts], "encoding_format": "float"}
        try:
            return _vectors(await self._transport.whole(body), len(texts))
        except ContextOverflow:
            if len(texts) > 1:
                half = len(texts) // 2
                return await self._ask(texts[:half]) + await self._ask(texts[half:])
            if len(texts[0]) < SHORTEST_CHARACTERS * 2:
                raise
            return await self._ask([texts[0][: len(texts[0]) // 2]])

    def _fitted(self, vector: Sequence[float]) -> bytes:
        """A vector with the dimensions of the card, of unit length."""
        wanted = self.card.pooled_dimensions
        if len(vector) <= wanted - 8:
            raise EmbedderError(
                f"{self._model} makes vectors of {len(vector)} dimensions, not {wanted}:"
                f" set dimensions to {len(vector)}",
                dimensions=len(vector),
            )
        fitted = [*vector[:wanted], *(0.0,) * (wanted - len(vector))]
        length = math.hypot(*fitted)
        if not 0 < length < math.inf:
            raise EmbedderError(f"{self._model} made a vector that has no direction")
        return array("f", [component / length for component in fitted]).tobytes()


def _sendable(text: str) -> str:
    """What an endpoint takes: not empty, not too long, no halves of characters."""
    return text[:LONGEST_CHARACTERS].encode(errors="replace").decode() or " "


def _vectors(answer: Mapping[str, Any], count: int) -> list[list[float]]:
    """The vectors of an answer, in the order of the texts."""
    try:
        rows = cast(list[dict[str, Any]], answer["data"])
        placed = {
            int(row.get("index", place)): [float(component) for component in row["embedding"]]
            for place, row in enumerate(rows)
        }
        if len(rows) == count:
            return [placed[place] for place in range(count)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelGarbled(f"the answer has no vectors: {str(answer)[:200]}") from error
    raise ModelGarbled(f"{count} texts, but {len(rows)} vectors came")
