"""Reviewer chain: each reviewer gets what the one before left, and may stop the chain."""
# Prints:
#   writer: The bridge opens in May.
#   facts: CHANGED: The bridge opens in June.
#   style: OK
#   final: The bridge opens in June.

import asyncio
import sys

import enplace
from enplace import ScriptedModel
from enplace.records.agent import AgentDefinition

ROLES = {
    "writer": "You write what the brief asks for.",
    "facts": "You check facts against the brief. Answer OK, CHANGED: and the new text, or STOP: why.",
    "style": "You check wording. Answer OK, CHANGED: and the new text, or STOP: why.",
}
SAID = ["The bridge opens in May.", "CHANGED: The bridge opens in June.", "OK"]


async def main(home: str) -> None:
    """A text on its way through two reviewers."""
    agents = [AgentDefinition(name=n, description=n, system=s) for n, s in ROLES.items()]
    async with enplace.open(home, model=ScriptedModel(SAID), agents=agents) as engine:
        ada = engine.owner("Ada")
        brief = "One sentence: when does the bridge open? The council says in June."
        text = ""
        for name in ROLES:
            asked = f"{brief}\n\nText to check:\n{text}" if text else brief
            # the key makes a repeated run go on where this one broke off
            done = await ada.delegate(name, asked, task_id="bridge", key=f"1 {name}")
            print(f"{name}: {done.answer}")
            if done.answer.startswith("STOP:"):
                break
            text = done.answer.removeprefix("CHANGED: ") if done.answer != "OK" else text
    print("final:", text)


asyncio.run(main(sys.argv[1]))
