"""bm25s: BM25 as Lucene has it, English Snowball stems, its own list of stop words."""

from collections.abc import Sequence
from typing import Any

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import Encoder, Vector, load, version_of


class Bm25s:
    """Implements `Peer`."""

    name = "bm25s"

    def __init__(self, encoder: Encoder) -> None:
        del encoder
        self._bm25s = load("bm25s", "bm25s", "PyStemmer")
        self._stemmer = load("Stemmer", "bm25s", "PyStemmer").Stemmer("english")
        self.version = version_of("bm25s")
        self._ids: list[str] = []
        self._index: Any = None

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        del vectors
        self._ids = [turn.id for turn in turns]
        self._index = self._bm25s.BM25(method="lucene")
        self._index.index(self._tokens([turn.line for turn in turns]), show_progress=False)

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        del vector
        k = min(k, len(self._ids))
        places, scores = self._index.retrieve(self._tokens([text]), k=k, show_progress=False)
        pairs = zip(places[0], scores[0], strict=True)
        return [self._ids[int(place)] for place, score in pairs if score > 0]

    def close(self) -> None:
        """See `Peer`."""
        self._index = None

    def _tokens(self, texts: Sequence[str]) -> Any:
        return self._bm25s.tokenize(
            list(texts), stopwords="en", stemmer=self._stemmer, show_progress=False
        )
