"""The case of the help desk, as short as it can be."""

import json
import random

import pytest

from enplace_bench import support_story as story
from enplace_bench.main import main
from enplace_bench.support_story import PHASES, planted


def test_a_short_case_stays_within_its_window_and_loses_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["support", "--turns", "60", "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["turns"], told["facts_found"]) == (60, 20)
    assert 0.4 < told["largest_context_share"] <= 1.0
    assert 0.0 < told["cost_ratio"] <= 1.5  # ten turns against ten: noisier than the whole case
    assert {"recall", "search_log", "reopen"} == told["found_by"].keys()
    assert told["compactions"]["summary, boundary"] >= 1
    assert told["phases_ended"][0] == "the intake (boundary)"


def test_every_fact_stands_in_one_place_and_chatter_holds_none() -> None:
    facts = [fact for phase in PHASES[:-1] for fact in planted(phase)]
    luck = random.Random(1)
    chatter = " ".join(story.message(luck) + story.answer(luck) for _ in range(300))
    chatter += " ".join(story.record(f"{phase}-{n}-80") for phase in PHASES for n in range(60))
    assert len(facts) == 20
    for fact in facts:
        assert [other for other in facts if fact.answer in other.text] == [fact]
        assert not any(fact.answer in other.question for other in facts)
        assert fact.answer not in chatter
