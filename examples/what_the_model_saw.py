"""The manifest of a context, and why each memory is in it."""
# Prints:
#   system 1 block(s)
#   soul 1 block(s)
#   memory 1 block(s)
#   history 0 block(s)
#   notes 1 block(s)
#   tools 7 block(s)
#   message 1 block(s)
#   memory is there because it shares lisbon, ada, live

import asyncio
import sys

import enplace
from enplace import ScriptedModel


async def main(home: str) -> None:
    """One turn with soul, memory and a note."""
    async with enplace.open(home, model=ScriptedModel(["Yes."])) as engine:
        ada = engine.owner("Ada")
        await ada.describe("preferences", "units", "Ada prefers metric units.")
        await ada.remember("Ada lives in Lisbon.")
        await ada.note("trip", "budget", "200 euros", ttl_s=3_600)
        async for _ in ada.execute("trip", "Where in Lisbon does Ada live?"):
            pass
        context = await ada.context("trip")
    for size in context.manifest:
        print(size.segment, size.blocks, "block(s)")
    for block in context.messages[0].blocks:
        if block.segment == "memory":
            print("memory is there because it", block.why.partition(": ")[2].partition(" (")[0])


asyncio.run(main(sys.argv[1]))
