"""What is told in one task is there in another."""
# Prints:
#   Known: Ada's dog is called Biscuit.

import asyncio
import sys

import enplace
from enplace import Context, ScriptedModel


def answer(context: Context) -> str:
    """A stand-in for a model: repeats the first memory it is shown."""
    memory = next(b for m in context.messages for b in m.blocks if b.segment == "memory")
    return memory.block.text.splitlines()[1].removeprefix("- ").partition(" (")[0]


async def main(home: str) -> None:
    """Tell in one engine, ask in another one."""
    async with enplace.open(home, model=ScriptedModel([])) as engine:
        await engine.owner("Ada").remember("Ada's dog is called Biscuit.")
    async with enplace.open(home, model=ScriptedModel(answer)) as engine:
        async for event in engine.owner("Ada").execute("walk", "What is my dog called?"):
            if event.kind == "assistant_message":
                print("Known:", event.text)


asyncio.run(main(sys.argv[1]))
