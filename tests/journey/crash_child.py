"""A process that carries one message to its answer, to be killed on the way: HOME MESSAGE KEY.

Every stored event is acknowledged on standard output, as `task ordinal kind`, once it was yielded.
"""

import asyncio
import random
import sys
from pathlib import Path

import enplace
from enplace.providers.scripted import Answer, ScriptedModel, call
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.records.context import Context
from enplace.records.tool import ToolCall
from enplace.tools.function import FunctionTool

TASK = "one"
STEPS = 3
"""Model calls that ask for three tools each, before the answer."""


def script(context: Context) -> Answer:
    """Three tools at a time, then the answer; the ids tell message and step."""
    since = 0
    for message in reversed(context.messages):
        if message.role == "user":
            break
        since += message.role == "assistant"
    said = [m.text for m in context.messages if m.role == "user"][-1].rsplit("\n", 1)[-1]
    if since == STEPS:
        return f"Done with {said}, at last."
    name = f"{said}-{since}"
    return call(
        (f"{name}-kept", "keep", {"text": name}),
        (f"{name}-sent", "send", {"text": name}),
        (f"{name}-known", "remember", {"sentence": f"It is known that {name} happened."}),
        text=f"This is step {since} of {said}.",
    )


def tools(home: Path) -> list[FunctionTool]:
    """One tool that may run again and one that must not; each leaves a line per effect."""

    async def pause() -> None:
        await asyncio.sleep(random.uniform(0.0, 0.004))

    def lines(name: str) -> list[str]:
        path = home / name
        return path.read_text().splitlines() if path.exists() else []

    def add(name: str, line: str) -> None:
        with (home / name).open("a") as file:
            file.write(f"{line}\n")

    async def keep(text: str, call: ToolCall) -> str:
        """Keep a text, once."""
        await pause()
        if call.id not in lines("kept"):
            add("kept", call.id)
        await pause()
        return f"kept {text}"

    async def send(text: str, call: ToolCall) -> str:
        """Send a text."""
        await pause()
        add("sent", call.id)
        await pause()
        return f"sent {text}"

    return [FunctionTool(keep, idempotent=True), FunctionTool(send)]


async def main(home: Path, message: str, key: str) -> None:
    model = ScriptedModel(script)
    engine = enplace.open(
        home, model=model, tools=tools(home), embedder=ScriptedEmbedder(), environment={}
    )
    async with engine:
        async for event in engine.owner("ada").execute(TASK, message, idempotency_key=key):
            if event.place is not None and not event.place.part:
                sys.stdout.write(f"{TASK} {event.place.id} {event.kind}\n")
                sys.stdout.flush()
            await asyncio.sleep(0.0005)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
