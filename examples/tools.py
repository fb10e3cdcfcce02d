"""Two tools run side by side; results come back in the order asked."""
# Prints:
#   tool_call weather {'city': 'Lisbon'}
#   tool_call weather {'city': 'Porto'}
#   asked first: sunny in Lisbon
#   asked second: rain in Porto

import asyncio
import sys

import enplace
from enplace import ScriptedModel
from enplace.providers.scripted import call


async def weather(city: str) -> str:
    """Tell the weather of a city."""
    return {"Lisbon": "sunny in Lisbon", "Porto": "rain in Porto"}[city]


async def main(home: str) -> None:
    """The scripted model asks for two cities at once, then answers."""
    asked = call(("a", "weather", {"city": "Lisbon"}), ("b", "weather", {"city": "Porto"}))
    model = ScriptedModel([asked, "Lisbon is the better choice."])
    async with enplace.open(home, model=model, tools=[weather]) as engine:
        async for event in engine.owner("Ada").execute("trip", "Where is it nice?"):
            if event.kind == "tool_call":
                print("tool_call", event.tool, event.input)
    results = model.requests[-1].messages[-1].blocks
    print("asked first:", results[0].block.text)
    print("asked second:", results[1].block.text)


asyncio.run(main(sys.argv[1]))
