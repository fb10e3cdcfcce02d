"""The process that gets killed: one turn with tools, every stored event acknowledged on stdout.

Started as `python -m enplace_bench.crash_child HOME KEY`. Prints `ready`, then `ORDINAL KIND` for
each stored event as it is yielded, flushed: from then on the event must never be lost.
"""

import asyncio
import os
import sys
from pathlib import Path

import enplace
from enplace import Context, Engine, FunctionTool, Reply, ScriptedModel, ToolCall
from enplace.providers.scripted import call, say
from enplace.records.event import ToolFinished, UserSpoke

TASK = "voyage"
STEPS = 3
"""Model calls with tools in every turn; then comes the answer."""
TOOL_S = 0.004
"""Pause before and after a tool's effect, so that kills find tools at work."""


def message_of(key: str) -> str:
    """The message of a round; the script reads the key back from it."""
    return f"Log the position of round {key}"


def script(context: Context) -> Reply:
    """The same answer to the same context, in whatever process: calls named by key and step."""
    key = message_of("").join(context.messages[-1].text.split(message_of(""))[1:])
    return say(key)


class Voyage:
    """The script of a model that logs positions, and the tools that it does it with."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def stamp(self, line: str, call: ToolCall) -> str:
        """Write a line under the call's id, once, however often the call is run."""
        return line
