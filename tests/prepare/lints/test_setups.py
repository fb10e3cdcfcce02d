"""Labelled set-ups, played through a real engine: every lint on its bad ones, none on the good."""

from collections import Counter

import pytest

from enplace_bench.lints.setups import FILES, Setup, load, play

KNOWN = [setup for file in FILES["known"] for setup in load(file)]
BLIND_RIGHT = 59
"""Of sixty. Nobody looks at which is wrong: then it would be blind no more."""


@pytest.mark.parametrize("setup", KNOWN, ids=lambda setup: setup.name)
async def test_a_setup_is_advised_what_it_deserves_and_each_once(setup: Setup) -> None:
    given = await play(setup)
    assert Counter(event.code for event in given) == Counter(setup.lints)
    assert all(event.advice and event.where for event in given)


async def test_the_blind_set_comes_out_as_it_did() -> None:
    right = 0
    for file in FILES["blind"]:
        for setup in load(file):
            given = [event.code for event in await play(setup)]
            right += sorted(given) == sorted(setup.lints)
    assert right >= BLIND_RIGHT


@pytest.mark.parametrize("files", FILES.values())
def test_a_set_has_thirty_bad_and_thirty_good_setups(files: tuple[str, str]) -> None:
    bad, good = map(load, files)
    assert (len(bad), len(good)) == (30, 30)
    assert all(setup.lints for setup in bad)
    assert not any(setup.lints for setup in good)
    assert len({setup.name for setup in (*bad, *good)}) == 60
