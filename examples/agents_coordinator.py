"""Coordinator and specialists: who answers what is decided in Python, side by side."""
# Prints:
#   prices: The flat costs 800 a month. (answered)
#   travel: The train takes 20 minutes. (answered)
#   asked of each: one question, and nothing of the other's

import asyncio
import sys

import enplace
from enplace import Context, ScriptedModel
from enplace.records.agent import AgentDefinition, Budget

SPECIALISTS = {"prices": "What does the flat cost?", "travel": "How far is it from the office?"}


def specialist(name: str) -> AgentDefinition:
    """An agent of its own for each subject."""
    return AgentDefinition(
        name=name,
        description=f"Knows about {name}.",
        system=f"You answer questions about {name}, in one sentence.",
        budget=Budget(steps=5),
    )


def answer(context: Context) -> str:
    """What the scripted model says, by who it is asked to be."""
    is_prices = "prices" in context.system[0].block.text
    return "The flat costs 800 a month." if is_prices else "The train takes 20 minutes."


async def main(home: str) -> None:
    """Two specialists at once; each knows its brief and nothing else."""
    model = ScriptedModel(answer)
    agents = [specialist(name) for name in SPECIALISTS]
    async with enplace.open(home, model=model, agents=agents) as engine:
        ada = engine.owner("Ada")
        done = await asyncio.gather(
            *(ada.delegate(name, asked, task_id="flat") for name, asked in SPECIALISTS.items())
        )
    for name, each in zip(SPECIALISTS, done, strict=True):
        print(f"{name}: {each.answer} ({each.ended.outcome})")
    told = [str(request.messages) for request in model.requests]
    alone = all(sum(asked in text for asked in SPECIALISTS.values()) == 1 for text in told)
    print("asked of each:", "one question, and nothing of the other's" if alone else "too much")


asyncio.run(main(sys.argv[1]))
