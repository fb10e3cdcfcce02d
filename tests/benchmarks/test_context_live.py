"""The parts of `enplace-bench context` with the embedded model, as small as they can be."""

import json
from itertools import islice
from typing import Any

import pytest

from enplace_bench.context.live import soak
from enplace_bench.context.live.told import TOLD, chatter
from enplace_bench.main import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What a run of the command tells."""
    assert main(["context", *arguments, "--json"]) in {0, 1}
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_soak_compacts_within_its_window(capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "--parts", "soak", "--turns", "30")["soak"]
    assert (told["turns"], told["calls"], told["over_window"]) == (30, 30, 0)
    assert told["compactions"] >= 1
    assert 0 < told["largest_tokens"] <= told["room_tokens"]
    assert 0.5 < told["cached_share"] <= 1.0
    assert 0.0 < told["blocked_p50_ms"] <= told["blocked_most_ms"]


def test_questions_are_asked_before_a_collapse_and_behind_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = run(capsys, "--parts", "questions", "--asked", "3")["questions"]
    assert (told["asked"], told["gone"], told["reachable"]) == (3, 3, 3)
    assert told["tokens_after"] < told["tokens_before"]
    assert told["fewer_right"] == told["right_before"] - told["right_after"]


def test_rot_is_measured_over_the_same_history_both_ways(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("--parts", "rot", "--asked", "2", "--lengths", "200,1000")
    told = run(capsys, *arguments)["rot"]
    assert told["tokens"] == pytest.approx([200, 1_000], rel=0.25)
    assert told["compactions"] == [0, 1]
    assert told["raw"][0] == told["prepared"][0]
    assert told["prepared_tokens"][1] < told["tokens"][1]


def test_no_two_questions_share_an_answer_and_chatter_holds_none() -> None:
    said = " ".join(islice(chatter(3), 200))
    assert len(TOLD) == 40
    assert len({told.question for told in TOLD}) == 40
    for told in TOLD:
        assert [other for other in TOLD if told.is_right(other.said)] == [told]
        assert not told.is_right(told.question)
        assert not told.is_right(said)


def test_a_soak_asks_for_what_was_told_long_before() -> None:
    told = list(islice(soak.messages(), 300))
    for topic in TOLD[:10]:
        assert told.index(topic.said) < len(told) - told[::-1].index(topic.question) - 1
