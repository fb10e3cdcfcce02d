"""LanceDB: its hybrid query, full text and vectors joined by its own reciprocal rank fusion."""

import os
import tempfile
from collections.abc import Sequence
from typing import Any

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import Encoder, Vector, load, version_of


class Lance:
    """Implements `Peer`."""

    name = "lancedb"

    def __init__(self, encoder: Encoder) -> None:
        del encoder
        os.environ.setdefault("LANCEDB_LOG", "error")  # it warns of every table it makes
        self._lancedb = load("lancedb", "lancedb")
        self._index = load("lancedb.index", "lancedb")
        self.version = version_of("lancedb")
        self._home = tempfile.TemporaryDirectory()
        self._table: Any = None

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        rows = [
            {"id": turn.id, "line": turn.line, "vector": list(vector)}
            for turn, vector in zip(turns, vectors, strict=True)
        ]
        db = self._lancedb.connect(self._home.name)
        self._table = db.create_table("turns", data=rows, mode="overwrite")
        self._table.create_index("line", config=self._index.FTS())

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        query = self._table.search(query_type="hybrid", vector_column_name="vector")
        rows = query.vector(list(vector)).text(text).distance_type("cosine").limit(k).to_list()
        return [row["id"] for row in rows]

    def close(self) -> None:
        """See `Peer`."""
        self._table = None
        self._home.cleanup()
