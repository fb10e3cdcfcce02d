"""A process that writes, encodes and packs until it is killed: HOME SEED.

Every memory and message is acknowledged on standard output by its id once it is committed.
"""

import asyncio
import random
import sys
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from tests.contract.making import alter, encode_all, fact, hear, heard, later, remember

from enplace.ports import Brain
from enplace.stores import vectors
from enplace.stores.sqlite.brain import SqliteBrains

SEGMENT_ITEMS = 4
WORDS = ("tea", "oak", "kiel", "boat", "red", "cello", "sail", "sand")


async def main(home: Path, seed: int) -> None:
    vectors.SEGMENT_ITEMS = SEGMENT_ITEMS
    draw = random.Random(seed)
    async with aclosing(SqliteBrains(home)) as brains:
        brain = await brains.open("ada")
        while True:
            done = await step(brain, draw)
            sys.stdout.write(f"{done}\n")
            sys.stdout.flush()


async def step(brain: Brain, draw: random.Random) -> str:
    """Do one thing; what was done."""
    known = await brain.memory.all("fact", limit=1_000, everything=True)
    number = len(known)
    text = " ".join(draw.choices(WORDS, k=3))
    match draw.choice(["fact", "fact", "said", "hide", "encode", "settle", "branch"]):
        case "fact":
            await remember(brain, fact(f"f{number}", text, at=later(number), subject="Ana"))
            return f"fact f{number}"
        case "said":
            await hear(brain, "one", heard("Bo", text, at=later(number)), heard("Cy", text))
            return "said"
        case "hide" if known:
            about = draw.choice(known)
            await alter(brain, replace(about, state=draw.choice(["active", "forgotten"])))
            return f"hidden {about.id}"
        case "branch" if draw.random() < 0.2:
            log = await brain.log.read("one")
            events = heard("Cy", text, at=later(number))
            if log and log[-1].place is not None:
                await hear(brain, "one", events, parent=max(0, log[-1].place.ordinal - 3))
            return "branch"
        case "encode":
            await encode_all(brain, limit=draw.choice([1, 3, 20]))
            return "encoded"
        case _:
            await brain.index.settle("toy")
            return "settled"


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
