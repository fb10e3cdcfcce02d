"""The planner's repair, as anybody runs it."""

import json

import pytest

from enplace_bench.main import main


def test_a_planner_and_its_sub_agents_mend_a_failing_test(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["agents", "--json"]) == 0
    told = capsys.readouterr().out.splitlines()
    figures = json.loads(told[-1])
    assert figures["fixed"]
    assert (figures["failing_before"], figures["failing_after"]) == (1, 0)
    assert figures["largest_child_share"] < 0.25
    assert figures["parent"]["rest"] == 0
    assert {child["agent"] for child in figures["children"]} == {"coder", "tester"}
