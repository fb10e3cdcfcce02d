"""The four steps one by one, with a model call of your own."""
# Prints:
#   sent 2 messages
#   TurnCompleted

import asyncio
import sys
from typing import Any

import enplace
from enplace import ScriptedModel, from_openai, to_openai


async def my_client(**body: Any) -> dict[str, Any]:
    """Where your own client would be called, for instance the OpenAI SDK's."""
    print("sent", len(body["messages"]), "messages")
    message = {"role": "assistant", "content": "Hello, Ada."}
    return {
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 4},
    }


async def main(home: str) -> None:
    """Fetch, prepare, your own call, record, upload."""
    async with (
        enplace.open(home, model=ScriptedModel([])) as engine,
        engine.owner("Ada").turn("own-loop", "Hello!") as turn,
    ):
        found = await turn.fetch()
        context = await turn.prepare(found)
        await turn.record(from_openai(await my_client(**to_openai(context))), context)
        for event in await turn.upload():
            print(type(event).__name__)


asyncio.run(main(sys.argv[1]))
