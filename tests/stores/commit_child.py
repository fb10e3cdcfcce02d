"""A process that commits to a brain others write to as well: HOME NAME COUNT."""

import asyncio
import sys
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from enplace.records.changeset import Changeset
from enplace.records.event import UserSpoke
from enplace.stores.sqlite.brain import SqliteBrains


async def main(home: str, name: str, count: int) -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()  # all begin together, with the opening
    async with aclosing(SqliteBrains(Path(home))) as brains:
        brain = await brains.open("ada")
        for n in range(count):
            await brain.commit(
                Changeset(
                    at=datetime.now(UTC),
                    task_id="shared" if n % 2 else name,
                    turn_id=name,
                    events=(UserSpoke(text=f"{name} {n}"),),
                )
            )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
