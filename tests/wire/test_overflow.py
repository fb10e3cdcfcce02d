"""Which error answers say that a context was too large, in each provider's own words.

The words stand in `overflow.tsv`, each with where it was read in November 2026: owner/repo#n is an
issue or pull request on GitHub, otherwise the source that quotes them is named. Where an error is
only described, its words are as this project has known them.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import pytest

from enplace.records.message import Stop
from enplace.records.usage import Usage
from enplace.wire.overflow import is_overflow, is_silent_overflow


class Answer(NamedTuple):
    provider: str
    status: int
    text: str


def answers(verdict: str) -> list[Answer]:
    """The rows of a verdict, in order."""
    table = Path(__file__).with_name("overflow.tsv")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert all(row["read in"] for row in rows), "every row has a source"
    return [
        Answer(row["provider"], int(row["status"]), row["answer"])
        for row in rows
        if row["verdict"] == verdict
    ]


TOO_LARGE = answers("too large")
OTHERS = answers("other")


@pytest.mark.parametrize("answer", TOO_LARGE, ids=lambda answer: answer.provider)
def test_a_context_that_was_too_large_is_recognised(answer: Answer) -> None:
    assert is_overflow(answer.status, answer.text)
    assert is_overflow(answer.status, answer.text.upper())


@pytest.mark.parametrize("answer", OTHERS, ids=lambda answer: answer.provider)
def test_another_error_is_not_taken_for_one(answer: Answer) -> None:
    assert not is_overflow(answer.status, answer.text)


def test_many_providers_are_known() -> None:
    assert len({answer.provider.partition(",")[0] for answer in TOO_LARGE}) >= 25


@pytest.mark.parametrize(
    ("input_tokens", "output_tokens", "stop", "silent"),
    [
        (8_193, 20, "end", True),  # Z.ai counts all of it and answers
        (8_193, 20, "tool_calls", True),
        (8_192, 0, "length", True),  # Xiaomi MiMo cuts it to the window
        (8_120, 0, "length", True),
        (8_192, 20, "end", False),
        (8_000, 0, "length", False),
        (8_120, 72, "length", False),
        (8_192, 0, "end", False),
        (0, 0, "end", False),
    ],
)
def test_an_answer_to_a_context_that_did_not_fit(
    input_tokens: int, output_tokens: int, stop: Stop, silent: bool
) -> None:
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    assert is_silent_overflow(usage, 8_192, stop) == silent
    assert not is_silent_overflow(usage, 0, stop), "nobody knows the window"
