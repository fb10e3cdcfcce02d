"""Calls of the workspace tools, as a model would make them."""

from collections.abc import Sequence
from typing import Any

from enplace.ports import Tool
from enplace.records.tool import ToolCall, ToolOutcome


class Desk:
    """Tools by name."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = {tool.spec.name: tool for tool in tools}

    async def call(self, tool: str, **given: Any) -> ToolOutcome:
        call = ToolCall(id="c1", tool=tool, input=given, task_id="t", turn_id="u")
        return await self.tools[tool].run(call)

    async def text(self, tool: str, **given: Any) -> str:
        outcome = await self.call(tool, **given)
        assert not outcome.is_error, outcome.text
        return outcome.text
