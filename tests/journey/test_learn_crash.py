"""Learners are killed and held up, and every effect is there once."""

import random
from pathlib import Path

from enplace_bench.learn_rounds import Crash


async def test_what_learners_learn_is_there_once_whatever_becomes_of_them(tmp_path: Path) -> None:
    """At full size: `enplace-bench learn-crash`."""
    crash = Crash(tmp_path / "home", f"sqlite:///{tmp_path}/jobs.db", random.Random(0))
    tally = await crash.run(rounds=4)
    assert (tally.lost, tally.repeated, tally.stuck) == (0, 0, 0)
    assert tally.in_a_run.total() >= 2
    assert tally.batches > 10
