"""Pieces of one document make room for others: the second says less that is new than the first."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from enplace.fetch.score import Scored

ANOTHER_PIECE = 0.4
"""What each piece of a document that stands before it costs a piece. Somebody who asks is given more
places to look at, and still several of one document that is far ahead of all others."""


def spread(scored: Sequence[Scored]) -> list[Scored]:
    """The same candidates, best first, when pieces pay for those of their document before them.

    Args:
        scored: Best first. What is no piece of a document keeps its score.
    """
    groups: dict[object, list[Scored]] = {}
    for index, each in enumerate(scored):
        is_piece = each.candidate.kind == "chunk" and each.candidate.place is not None
        groups.setdefault(each.candidate.place if is_piece else (index,), []).append(each)
    heads = [(-group[0].score, group[0].candidate.row, 0, group) for group in groups.values()]
    heapify(heads)
    ordered: list[Scored] = []
    while heads:
        negative, _, at, group = heappop(heads)
        ordered.append(_paying(group[at], -negative))
        if at + 1 < len(group):
            following = group[at + 1]
            left = following.score - ANOTHER_PIECE * (at + 1)
            heappush(heads, (-left, following.candidate.row, at + 1, group))
    return ordered


def _paying(each: Scored, left: float) -> Scored:
    if left == each.score:
        return each
    signals = {**each.signals, "another piece": left - each.score}
    return each._replace(score=left, signals=signals)
