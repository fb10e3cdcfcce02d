"""Mem0: `add` with `infer=False`, `search` with its defaults, Qdrant in a folder.

`mem0` is what `pip install mem0ai` leaves: vectors alone, and nothing below its own threshold.
`mem0-keywords` adds the BM25 score of its extra, with a list of stop words that would otherwise be
fetched from a hub. Facts drawn by a model, lemmas and entities need models and are not measured.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import (
    Encoder,
    KnownVectors,
    PeerMissingError,
    Vector,
    load,
    version_of,
)
from enplace_bench.recall.peers.sqlite_fts import STOP_WORDS

_USER = "owner"


class Mem0:
    """Implements `Peer`."""

    name = "mem0"

    def __init__(self, encoder: Encoder) -> None:
        self._folder = tempfile.TemporaryDirectory()
        os.environ["MEM0_TELEMETRY"] = "False"  # read when it is imported
        os.environ["MEM0_DIR"] = self._folder.name
        try:
            self._mem0 = load("mem0", "mem0ai")
        except PeerMissingError:
            self._folder.cleanup()
            raise
        self.version = version_of("mem0ai")
        self._vectors = KnownVectors(encoder.embed)
        self._memory: Any = None
        self._built = 0

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        self._vectors.learn([turn.line for turn in turns], vectors)
        self._forget()
        self._built += 1
        home = Path(self._folder.name) / str(self._built)
        qdrant = {"path": str(home / "qdrant"), "embedding_model_dims": len(vectors[0])}
        unused = {"provider": "openai", "config": {"api_key": "never called"}}
        self._memory = self._mem0.Memory.from_config(
            {
                "vector_store": {"provider": "qdrant", "config": qdrant},
                "history_db_path": str(home / "history.db"),
                "llm": unused,
                "embedder": unused,
            }
        )
        self._memory.embedding_model = _Embedder(self._vectors)
        self._memory.vector_store._bm25_encoder = self._keywords()  # loads one from a hub else
        for turn in turns:
            said = {"role": turn.role or "user", "content": turn.line}
            self._memory.add([said], user_id=_USER, infer=False, metadata={"turn": turn.id})

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        self._vectors.learn([text.strip()], [vector])
        found = self._memory.search(text, top_k=k, filters={"user_id": _USER})
        return [one["metadata"]["turn"] for one in found["results"]]

    def close(self) -> None:
        """See `Peer`."""
        self._forget()
        self._folder.cleanup()

    def _keywords(self) -> Any:
        """The encoder of its keyword score; False for none."""
        return False

    def _forget(self) -> None:
        if self._memory is not None:
            self._memory.vector_store.client.close()
            self._memory.close()
            self._memory = None


class Mem0Keywords(Mem0):
    """Implements `Peer`."""

    name = "mem0-keywords"

    def __init__(self, encoder: Encoder) -> None:
        self._fastembed = load("fastembed", "mem0ai", "fastembed")
        super().__init__(encoder)

    def _keywords(self) -> Any:
        return self._fastembed.SparseTextEmbedding(
            "Qdrant/bm25", specific_model_path=self._folder.name, stopwords=set(STOP_WORDS)
        )


class _Embedder:
    """What Mem0 asks of an embedding model."""

    def __init__(self, vectors: KnownVectors) -> None:
        self._vectors = vectors

    def embed(self, text: str, memory_action: str | None = None) -> Vector:
        """See `mem0.embeddings.base.EmbeddingBase`."""
        del memory_action
        return self._vectors.embed([text])[0]

    def embed_batch(self, texts: Sequence[str], memory_action: str | None = None) -> list[Vector]:
        """See `mem0.embeddings.base.EmbeddingBase`."""
        del memory_action
        return self._vectors.embed(texts)
