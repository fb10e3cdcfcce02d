"""MemPalace: one drawer per turn, searched as its server does it.

It leaves empty lock files in `~/.mempalace/locks`; its settings there are not read.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import Encoder, KnownVectors, Vector, load, version_of

_BATCH = 256


class MemPalace:
    """Implements `Peer`."""

    name = "mempalace"
    strategy = "vector"

    def __init__(self, encoder: Encoder) -> None:
        self._palace = load("mempalace.palace", "mempalace")
        self._searcher = load("mempalace.searcher", "mempalace")
        self.version = version_of("mempalace")
        self._vectors = KnownVectors(encoder.embed)
        self._folder = tempfile.TemporaryDirectory()
        os.environ["MEMPALACE_CONFIG_DIR"] = self._folder.name
        self._path = ""
        self._built = 0
        self._embedding = load("mempalace.embedding", "mempalace")

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        self._vectors.learn([turn.line for turn in turns], vectors)
        self._embedding.get_embedding_function = self._embedder
        self._built += 1
        self._path = str(Path(self._folder.name) / str(self._built))
        drawers = self._palace.get_collection(self._path, create=True)
        for start in range(0, len(turns), _BATCH):
            some = turns[start : start + _BATCH]
            drawers.upsert(
                ids=[turn.id for turn in some],
                documents=[turn.line for turn in some],
                metadatas=[
                    {"wing": "said", "room": str(turn.session), "source_file": turn.id}
                    for turn in some
                ],
            )

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        self._vectors.learn([text], [vector])
        self._embedding.get_embedding_function = self._embedder
        found = self._searcher.search_memories(
            text, self._path, n_results=k, candidate_strategy=self.strategy
        )
        return [one["source_path"] for one in found["results"]]

    def close(self) -> None:
        """See `Peer`."""
        self._folder.cleanup()

    def _embedder(self, *_: object, **__: object) -> Any:
        return _embedder_of(self._vectors)


class MemPalaceUnion(MemPalace):
    """Implements `Peer`."""

    name = "mempalace-union"
    strategy = "union"


def _embedder_of(vectors: KnownVectors) -> Any:
    """What Chroma asks of an embedding function; its class is known only where it is installed."""
    base: Any = load("chromadb", "mempalace").EmbeddingFunction
    numpy: Any = load("numpy", "mempalace")

    class Given(base):
        def __init__(self) -> None: ...

        def __call__(self, input: Sequence[str]) -> list[Any]:
            return [numpy.asarray(one, dtype="float32") for one in vectors.embed(list(input))]

        @staticmethod
        def name() -> str:
            return "default"

        def get_config(self) -> dict[str, Any]:
            return {}

        @staticmethod
        def build_from_config(config: dict[str, Any]) -> Any:
            del config
            return _embedder_of(vectors)

    return Given()
