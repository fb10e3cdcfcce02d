"""Chroma: vectors in its own index, by cosine."""

from collections.abc import Sequence
from typing import Any

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import Encoder, Vector, load, version_of

_TABLE = "turns"


class Chroma:
    """Implements `Peer`."""

    name = "chromadb"

    def __init__(self, encoder: Encoder) -> None:
        del encoder
        chromadb = load("chromadb", "chromadb")
        self.version = version_of("chromadb")
        self._client = chromadb.EphemeralClient(
            settings=chromadb.config.Settings(anonymized_telemetry=False)
        )
        self._held: Any = None

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        self.close()
        self._held = self._client.create_collection(
            _TABLE, metadata={"hnsw:space": "cosine"}, embedding_function=None
        )
        self._held.add(
            ids=[turn.id for turn in turns],
            documents=[turn.line for turn in turns],
            embeddings=[list(vector) for vector in vectors],
        )

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        del text
        found = self._held.query(
            query_embeddings=[list(vector)], n_results=min(k, self._held.count()), include=[]
        )
        return list(found["ids"][0])

    def close(self) -> None:
        """See `Peer`."""
        if self._held is not None:
            self._client.delete_collection(_TABLE)
            self._held = None
