"""The process that gets killed: one turn with tools, every stored event acknowledged on stdout.

Started as `python -m enplace_bench.voyage HOME KEY`. Prints `ready`, then `ORDINAL KIND` for each
stored event as it is yielded, flushed: from then on the event must never be lost; at last `done`.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import enplace
from enplace import Context, Engine, Event, FunctionTool, Reply, ScriptedModel, ToolCall
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import call, say

STEPS = 3
"""Model calls of a turn that ask for all three tools at once; then comes the answer."""
TOOL_S = 0.004
"""Pause before and after a tool's effect, so that kills find tools at work."""

_KEY = re.compile(r"Log the position of round (\w+)\.")


def engine_of(home: Path) -> Engine:
    """An engine on a script that gives the same answer to the same context in any process.

    It counts by characters and recalls by words: a tokenizer or an embedder would spend most of
    the turn loading.
    """
    return enplace.open(
        home,
        model=ScriptedModel(_script),
        tools=_tools(home),
        counter=CharacterCounter(),
        embedder=None,
        environment={},
    )


def task_of(key: str) -> str:
    """The task of a round: rounds whose keys begin alike share one."""
    return key.partition("_")[0]


async def carry(engine: Engine, key: str) -> AsyncGenerator[Event, None]:
    """The turn of a round; again with the same key it goes on where it was broken."""
    message = f"Log the position of round {key}."
    async for event in engine.owner().execute(task_of(key), message, idempotency_key=key):
        if event.place and not event.place.part:
            yield event


def lines(home: Path, tool: str) -> list[str]:
    """The effects of a tool: one line each, the call's id."""
    path = home / f"{tool}.txt"
    return path.read_text().splitlines() if path.exists() else []


def sentence_of(call_id: str) -> str:
    """What `remember` is asked to store by the call of an id."""
    return f"The ship's position at {call_id} was logged."


def _script(context: Context) -> Reply:
    users = [i for i, message in enumerate(context.messages) if message.role == "user"]
    key = _KEY.findall(context.messages[users[-1]].text)[-1]
    step = sum(message.role == "tool" for message in context.messages[users[-1] :])
    if step == STEPS:
        return say(f"The position of round {key} is in the log, as you asked.")
    ids = {tool: f"{key}_{step}_{tool}" for tool in ("stamp", "spend", "remember")}
    return call(
        (ids["stamp"], "stamp", {}),
        (ids["spend"], "spend", {}),
        (ids["remember"], "remember", {"sentence": sentence_of(ids["remember"])}),
    )


def _tools(home: Path) -> tuple[FunctionTool, ...]:
    async def stamp(call: ToolCall) -> str:
        """Write a line, unless it is there."""
        await asyncio.sleep(TOOL_S)
        if call.id not in lines(home, "stamp"):
            _append(home / "stamp.txt", call.id)
        await asyncio.sleep(TOOL_S)
        return "stamped"

    async def spend(call: ToolCall) -> str:
        """Write a line, whether it is there or not."""
        await asyncio.sleep(TOOL_S)
        _append(home / "spend.txt", call.id)
        await asyncio.sleep(TOOL_S)
        return "spent"

    return FunctionTool(stamp, idempotent=True), FunctionTool(spend)


def _append(path: Path, line: str) -> None:
    """In one system call, so that no kill leaves half a line."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{line}\n".encode())
    os.close(file)


async def _main(home: Path, key: str) -> None:
    async with engine_of(home) as engine:
        await engine.owner().tasks()  # opens the brain, so that kills fall into the turn
        print("ready", flush=True)
        async for event in carry(engine, key):
            assert event.place is not None  # `carry` yields stored events
            sys.stdout.write(f"{event.place.ordinal} {event.kind}\n")
            sys.stdout.flush()
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), sys.argv[2]))
