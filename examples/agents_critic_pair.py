"""Critic pair: one makes, one criticises, and both keep what they know from round to round."""
# Prints:
#   round 1: Our shop sells bread. | It does not say where.
#   round 2: Our shop in Mill Lane sells bread. | good
#   the maker saw its own first try again: yes

import asyncio
import sys

import enplace
from enplace import Context, ScriptedModel
from enplace.records.agent import AgentDefinition, Budget

MAKER = AgentDefinition(
    name="maker", description="Writes.", system="You are the maker.", budget=Budget(steps=20)
)
CRITIC = AgentDefinition(
    name="critic", description="Criticises.", system="You are the critic.", budget=Budget(steps=20)
)
SAID = {
    "maker": ["Our shop sells bread.", "Our shop in Mill Lane sells bread."],
    "critic": ["It does not say where.", "good"],
}
MOST_ROUNDS = 3


def answer(context: Context) -> str:
    """What the scripted model says, by who it is asked to be."""
    who = "maker" if "maker" in context.system[0].block.text else "critic"
    return SAID[who].pop(0)


async def main(home: str) -> None:
    """Until the critic is content, and never longer than three rounds."""
    model = ScriptedModel(answer)
    async with enplace.open(home, model=model, agents=[MAKER, CRITIC]) as engine:
        ada = engine.owner("Ada")
        asked, maker, critic = "Write a line for the window of our bakery.", None, None
        for number in range(1, MOST_ROUNDS + 1):
            made = await ada.delegate("maker", asked, task_id="window", goes_on=maker)
            judged = await ada.delegate("critic", made.answer, task_id="window", goes_on=critic)
            print(f"round {number}: {made.answer} | {judged.answer}")
            if judged.answer == "good":
                break
            asked, maker, critic = judged.answer, made.name, judged.name
    seen = any("sells bread" in str(r.messages[:-1]) for r in model.requests if len(r.messages) > 1)
    print("the maker saw its own first try again:", "yes" if seen else "no")


asyncio.run(main(sys.argv[1]))
