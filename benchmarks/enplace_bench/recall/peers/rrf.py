"""The usual hybrid: full text and vectors, joined by reciprocal rank fusion with k = 60."""

from collections.abc import Sequence

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import Encoder, Vector
from enplace_bench.recall.peers.pooled import Pooled
from enplace_bench.recall.peers.sqlite_fts import SqliteFts

RRF_K = 60
DEEP = 4
"""How many times deeper than the result each of the two lists goes."""


class Rrf:
    """Implements `Peer`."""

    name = "rrf"

    def __init__(self, encoder: Encoder) -> None:
        self._legs = (SqliteFts(encoder), Pooled(encoder))
        self.version = " + ".join(leg.name for leg in self._legs)

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        for leg in self._legs:
            leg.build(turns, vectors)

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        scores: dict[str, float] = {}
        for leg in self._legs:
            for rank, one in enumerate(leg.search(text, vector, DEEP * k), start=1):
                scores[one] = scores.get(one, 0.0) + 1 / (RRF_K + rank)
        return sorted(scores, key=lambda one: -scores[one])[:k]

    def close(self) -> None:
        """See `Peer`."""
        for leg in self._legs:
            leg.close()
