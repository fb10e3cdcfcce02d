"""Pieces of one document make room for those of others."""

from hypothesis import given
from hypothesis import strategies as st
from tests.fetch.memories import fact, said

from enplace.fetch.score import Scored
from enplace.fetch.spread import ANOTHER_PIECE, spread


def piece(row: int, document: int, score: float) -> Scored:
    """A piece of a document, called by its row."""
    candidate = fact(row, "owl", kind="chunk")._replace(place=document, spot=row)
    return Scored(candidate, score, {"words": score})


def rows(scored: list[Scored]) -> list[int]:
    return [each.candidate.row for each in scored]


def test_a_second_piece_stands_behind_the_first_of_another_document_that_is_near() -> None:
    scored = [piece(1, 1, 2.0), piece(2, 1, 1.9), piece(3, 1, 1.9), piece(4, 2, 1.7)]
    ordered = spread(scored)
    assert rows(ordered) == [1, 4, 2, 3]
    assert [round(each.score, 2) for each in ordered] == [2.0, 1.7, 1.5, 1.1]
    assert ordered[2].signals.keys() == {"words", "another piece"}
    assert round(ordered[2].signals["another piece"], 6) == -ANOTHER_PIECE


def test_a_document_that_is_far_ahead_keeps_its_pieces_together() -> None:
    assert rows(spread([piece(1, 1, 3.0), piece(2, 1, 2.9), piece(3, 2, 1.0)])) == [1, 2, 3]


@given(st.lists(st.tuples(st.floats(-9, 9), st.sampled_from(["said", "fact"]))))
def test_without_documents_nothing_changes(values: list[tuple[float, str]]) -> None:
    candidates = [
        Scored(said(row, "owl") if kind == "said" else fact(row, "owl"), value, {})
        for row, (value, kind) in enumerate(values)
    ]
    scored = sorted(candidates, key=lambda each: (-each.score, each.candidate.row))
    assert spread(scored) == scored


@given(st.lists(st.tuples(st.floats(-9, 9), st.integers(1, 3))))
def test_nothing_is_lost_and_the_best_comes_first(values: list[tuple[float, int]]) -> None:
    pieces = [piece(row, document, value) for row, (value, document) in enumerate(values)]
    scored = sorted(pieces, key=lambda each: (-each.score, each.candidate.row))
    ordered = spread(scored)
    assert sorted(rows(ordered)) == sorted(rows(scored))
    assert [each.score for each in ordered] == sorted((e.score for e in ordered), reverse=True)
    assert ordered[:1] == scored[:1]
