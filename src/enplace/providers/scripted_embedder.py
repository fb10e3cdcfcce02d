"""An embedder without a model: the fake that ships, for tests, examples and replays.

Texts are as near to each other as they share index terms; it knows no synonyms.
"""

import asyncio
import hashlib
import math
from array import array
from collections.abc import Sequence
from functools import lru_cache

from enplace.errors import EmbedderError
from enplace.records.encoding import EmbedderCard, Encoding
from enplace.records.words import content_terms, terms

DIMENSIONS = 64


class ScriptedEmbedder:
    """Implements `ports.Embedder` without a model. `requests` holds every call's texts.

    Args:
        name: Of its card; vectors of another name are never compared with these.
        fails: While true every call fails.
        delay_s: Before each answer.
    """

    def __init__(
        self, *, name: str = "scripted/64/1", fails: bool = False, delay_s: float = 0.0
    ) -> None:
        self.card = EmbedderCard(
            name=name, pooled_dimensions=DIMENSIONS, token_dimensions=DIMENSIONS
        )
        self.fails = fails
        self.delay_s = delay_s
        self.requests: list[tuple[str, ...]] = []

    async def encode(self, texts: Sequence[str]) -> Sequence[Encoding]:
        """See `ports.Embedder`."""
        self.requests.append(tuple(texts))
        await asyncio.sleep(self.delay_s)
        if self.fails:
            raise EmbedderError("the scripted embedder fails, as it was told to")
        return [_encoding(text) for text in texts]

    async def aclose(self) -> None:
        """See `ports.Embedder`."""


def _encoding(text: str) -> Encoding:
    said = tuple(content_terms(text) or terms(text))
    vectors = [_direction(term) for term in said]
    total = [math.fsum(components) for components in zip(*vectors, strict=True)]
    if not any(total):  # no words, or words that cancel each other out
        total = list(_direction(text))
    length = math.hypot(*total)
    return Encoding(
        pooled=array("f", [component / length for component in total]).tobytes(),
        tokens=b"".join(array("f", vector).tobytes() for vector in vectors),
        terms=said,
    )


@lru_cache(maxsize=4_096)
def _direction(term: str) -> tuple[float, ...]:
    """A direction of unit length, the same in every process; about at right angles to any other."""
    drawn = hashlib.blake2b(term.encode(errors="replace"), digest_size=DIMENSIONS // 8).digest()
    bits = int.from_bytes(drawn, "big")
    size = 1 / math.sqrt(DIMENSIONS)
    return tuple(size if bits >> place & 1 else -size for place in range(DIMENSIONS))
