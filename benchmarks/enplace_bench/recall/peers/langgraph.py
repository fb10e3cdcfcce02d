"""LangGraph: its `InMemoryStore` with an embedding function, as its memory guide sets it up.

Its `SqliteStore` ranks by the same cosine, and needs a Python whose sqlite3 loads extensions.
"""

from collections.abc import Sequence
from typing import Any

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import Encoder, KnownVectors, Vector, load, version_of

_NAMESPACE = ("memories",)


class LangGraph:
    """Implements `Peer`."""

    name = "langgraph"

    def __init__(self, encoder: Encoder) -> None:
        self._memory = load("langgraph.store.memory", "langgraph")
        self.version = f"checkpoint {version_of('langgraph-checkpoint')}"
        self._vectors = KnownVectors(encoder.embed)
        self._store: Any = None

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        self._vectors.learn([turn.line for turn in turns], vectors)
        self._store = self._memory.InMemoryStore(
            index={"dims": len(vectors[0]), "embed": self._vectors.embed, "fields": ["text"]}
        )
        for turn in turns:  # not in one batch: that fails where two texts are equal
            self._store.put(_NAMESPACE, turn.id, {"text": turn.line})

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        self._vectors.learn([text], [vector])
        return [item.key for item in self._store.search(_NAMESPACE, query=text, limit=k)]

    def close(self) -> None:
        """See `Peer`."""
        self._store = None
