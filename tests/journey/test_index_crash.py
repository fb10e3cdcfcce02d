"""An index whose process dies finds what is remembered, no less and no more."""

import os
import random
import sys
import time
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.contract.making import asking, encode_all, encoding, hear, later, remember
from tests.forks import Talk
from tests.journey.index_child import SEGMENT_ITEMS, WORDS

from enplace.ports import Brain
from enplace.records.recollection import Gathered
from enplace.stores import vectors
from enplace.stores.inmemory import InMemoryBrain
from enplace.stores.sqlite.brain import SqliteBrains

ROUNDS = 6
"""Of killing a process that goes on where the one before it was killed."""
CHILD = Path(__file__).with_name("index_child.py")
ROOT = Path(__file__).parents[2]


def killed_child(home: Path, seed: int, seconds: float) -> list[str]:
    """Let a process write for a while and kill it; what it acknowledged."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    process = Talk(CHILD, home, str(seed), environment=environment)
    told = [process.output.readline()]
    time.sleep(seconds)  # any moment will do: this is the moment that is drawn
    process.kill()
    _, rest, errors = process.finish()
    assert errors == ""
    told += rest.splitlines(keepends=True)
    return [line.strip() for line in told if line.endswith("\n")]


async def rebuilt(brain: Brain) -> InMemoryBrain:
    """A brain in memory that is told all that this one remembers."""
    made = InMemoryBrain("ada")
    for event in await brain.log.read("one"):
        assert event.place is not None
        await hear(made, "one", event, at=event.place.at)
    for memory in await brain.memory.all(limit=10_000, everything=True):
        await remember(made, memory)
    return made


def shown(gathered: Gathered) -> list[object]:
    """What can be found, without what tells in which order it was added."""
    bare = (c._replace(row=0, place=None, spot=None, meaning=None) for c in gathered.candidates)
    return sorted((c._replace(ref="") if c.kind == "said" else c for c in bare), key=repr)


async def check(brain: Brain) -> int:
    """The index equals one that is made of what is remembered; how many items it has."""
    everything = asking(" ".join(WORDS), spans=[(later(-9e9), later(9e9))], limit=10_000)
    other = await rebuilt(brain)
    one, two = await brain.index.gather(everything), await other.index.gather(everything)
    assert shown(one) == shown(two)
    assert (one.items, one.average_stems, one.frequencies) == (
        two.items,
        two.average_stems,
        two.frequencies,
    )
    assert await brain.index.speakers() == await other.index.speakers()
    texts = await brain.index.texts(one.candidates)
    waiting = dict(await brain.index.unencoded("toy", 10_000))
    assert waiting == {row: texts[row] for row in waiting}
    if (await brain.index.embedders())["toy"]:
        asked = asking("tea boat", embedder="toy", spans=[(later(-9e9), later(9e9))], limit=10_000)
        for candidate in (await brain.index.gather(asked)).candidates:
            row = candidate.row
            known = "meaning" in candidate.sources
            assert known == (row not in waiting) == (candidate.meaning is not None)
            assert candidate.meaning == (pytest.approx(near(texts[row])) if known else None)
    return one.items


def near(text: str) -> float:
    np = vectors.numpy()
    code = np.frombuffer(vectors.code_of(encoding(text).pooled), np.uint8)[None, :]
    return float(vectors.similarities(encoding("tea boat").pooled, code)[0])


async def test_a_killed_process_leaves_a_whole_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "SEGMENT_ITEMS", SEGMENT_ITEMS)
    facts: set[str] = set()
    for seed in range(ROUNDS):
        draw = random.Random(seed)  # the same moments in every run, as far as they can be chosen
        told = killed_child(tmp_path, seed, draw.uniform(0.0, 0.3))
        facts |= {line.removeprefix("fact ") for line in told if line.startswith("fact ")}
        async with aclosing(SqliteBrains(tmp_path)) as brains:
            brain = await brains.open("ada")
            known = await brain.memory.all(limit=10_000, everything=True)
            assert facts <= {memory.id for memory in known}, "what was told survives"
            await check(brain)
    assert facts
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        brain = await brains.open("ada")
        await encode_all(brain, limit=10_000)
        await brain.index.settle("toy")
        assert await check(brain) > 0
        assert await brain.index.unencoded("toy", 9) == []
