"""What stands beside a memory counts for it: an answer need not repeat the question before it."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from enplace.records.recollection import Candidate

BESIDE: Mapping[int, float] = {-1: 0.7, 1: 0.6, -2: 0.5, 2: 0.4}
"""What a word counts that stands not here but so many places away."""
LONG_STEMS = 300.0
"""A neighbour of so many terms lends half: it would match anything."""


Loan: TypeAlias = tuple[int, int, float]
"""Which candidate borrows, of which one, and the share of what that one holds."""


def loans_among(candidates: Sequence[Candidate]) -> list[Loan]:
    """For each candidate what each of its neighbours lends it.

    Args:
        candidates: In any order; other things may have been written between two neighbours.
    """
    spots = spots_of(candidates)
    loans: list[Loan] = []
    for (place, spot), to in spots.items():
        for distance, worth in BESIDE.items():
            of = spots.get((place, spot + distance))
            if of is not None:
                loans.append((to, of, worth / (1 + candidates[of].size / LONG_STEMS)))
    return loans


def spots_of(candidates: Sequence[Candidate]) -> dict[tuple[int, int], int]:
    """Where candidates stand, by place and spot: their places in the sequence."""
    return {
        (each.place, each.spot): index
        for index, each in enumerate(candidates)
        if each.place is not None and each.spot is not None
    }
