"""One vector per turn, and the cosine to that of the question."""

from collections.abc import Sequence
from typing import Any

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import Encoder, Vector, load, version_of


class Pooled:
    """Implements `Peer`."""

    name = "pooled"

    def __init__(self, encoder: Encoder) -> None:
        del encoder
        self._numpy = load("numpy", "numpy")
        self.version = f"numpy {version_of('numpy')}"
        self._ids: list[str] = []
        self._vectors: Any = None

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        self._ids = [turn.id for turn in turns]
        self._vectors = self._numpy.asarray(vectors, dtype="float32")

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        del text
        cosines = self._vectors @ self._numpy.asarray(vector, dtype="float32")
        best = self._numpy.argsort(-cosines, kind="stable")[:k]
        return [self._ids[int(place)] for place in best]

    def close(self) -> None:
        """See `Peer`."""
        self._vectors = None
