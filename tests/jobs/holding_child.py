"""A process that begins the work of whoever it is named and never ends it: URL OWNER."""

import asyncio
import sys

from enplace.jobs.durable import DurableJobs
from enplace.jobs.options import DurableOptions

OPTIONS = DurableOptions(poll_s=0.02, beat_s=0.1, dead_after_s=1.5)


async def hold(owner: str) -> None:
    sys.stdout.write(f"{owner}\n")
    sys.stdout.flush()
    await asyncio.sleep(3_600)


async def main(url: str, owner: str) -> None:
    jobs = DurableJobs(url, options=OPTIONS)
    await jobs.start(hold)
    await jobs.submit(owner)
    await asyncio.sleep(3_600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
