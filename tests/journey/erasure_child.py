"""A process that erases somebody, and is killed at a point on the way: HOME NAME POINT."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import enplace
from enplace.providers.scripted import ScriptedModel
from enplace.stores.sqlite import erasing
from enplace.stores.sqlite.brain import SqliteBrains
from enplace.stores.sqlite.file import BrainFile


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_before(work: Callable[..., Any]) -> Callable[..., Any]:
    def dead(*_: Any) -> None:
        die()

    return dead


def arm(point: str) -> None:
    """Die at a point of the erasure."""
    inside = erasing.Erasure
    match point:
        case "events":
            inside.memories = dying_before(inside.memories)
        case "writes":
            inside.rename = dying_before(inside.rename)
        case "committed":
            BrainFile.pack = dying_before(BrainFile.pack)
        case _:
            pack = BrainFile.pack

            def packed(self: BrainFile) -> bool:
                pack(self)
                die()
                return True

            BrainFile.pack = packed


async def main(home: Path, name: str, point: str) -> None:
    engine = enplace.open(
        home, model=ScriptedModel(lambda _: "ok"), brains=SqliteBrains(home), environment={}
    )
    async with engine:
        owner = engine.owner("ada")
        plan = await owner.erasure.plan(person=name)
        arm(point)
        await owner.erasure.execute(plan)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
