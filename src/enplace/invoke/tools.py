"""Runs the tools that an answer asked for: side by side, each answered exactly once."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import replace

from enplace.ports import Journal, Tool
from enplace.records.block import TextBlock, ToolCallBlock
from enplace.records.canonical import JsonObject, json_object, well_formed
from enplace.records.compaction import Excerpt
from enplace.records.event import Event, ToolCalled, ToolFinished
from enplace.records.secrets import MARK
from enplace.records.tool import ToolCall, ToolOutcome

_log = logging.getLogger("enplace.invoke")


OUTCOME_UNKNOWN = (
    "The outcome of this call is unknown: the process ended while the tool was running, and the"
    " tool may or may not have had its effect. Check before calling it again."
)

SECRET_GONE = (
    "This call did not run: its turn was broken off, and its arguments held a secret, which is not"
    " kept. Call it again with the secret if it is still needed."
)


async def run_tools(
    calls: Sequence[ToolCallBlock],
    tools: Mapping[str, Tool],
    journal: Journal,
    *,
    task_id: str,
    turn_id: str,
    started: Collection[str] = (),
    parallel: int = 10,
    shorten: Callable[[str], Excerpt | None] = lambda _: None,
    redact: Callable[[str], str] = str,
    is_from_log: bool = False,
) -> AsyncGenerator[Event, None]:
    """Run calls and store each result as it comes. Yields stored events only.

    Args:
        calls: Without a result so far, in the order they were asked.
        tools: By name.
        journal: Takes every start before it happens, and every result with what it wrote.
        task_id: The task.
        turn_id: The turn.
        started: Ids of calls that had started when the turn broke. Such a call runs again only
            if its tool is idempotent; otherwise its result says that the outcome is unknown.
        parallel: Most tools running at once.
        shorten: How an output is shown where it is too long; the event holds all of it.
        redact: Leaves the secrets out of an output; called before it is shortened.
        is_from_log: Whether the calls were read from the log, which does not hold their secrets.
    """
    ready: list[tuple[Tool, ToolCall]] = []
    refused: list[ToolFinished] = []
    for call in calls:
        tool, given = tools.get(call.tool), json_object(call.arguments)
        why_not = _refusal(call, tool, given, tools, started)
        if not why_not and is_from_log and MARK in call.arguments:
            why_not = SECRET_GONE
        if tool is None or given is None or why_not:
            refused.append(_failed(call, why_not))
        else:
            ready.append((tool, _call(call, given, task_id, turn_id)))
    starts = [
        ToolCalled(tool_call_id=call.id, tool=call.tool, input=call.input)
        for _, call in ready
        if call.id not in started
    ]
    if starts or refused:
        for event in await journal.append([*starts, *refused]):
            yield event
    if not ready:
        return
    slots = asyncio.Semaphore(parallel)
    running = [asyncio.create_task(_run(tool, call, slots)) for tool, call in ready]
    try:
        for finished in asyncio.as_completed(running):
            call, outcome = await finished
            result = ToolFinished(
                tool_call_id=call.id,
                tool=call.tool,
                blocks=tuple(TextBlock(text=redact(well_formed(b.text))) for b in outcome.blocks),
                is_error=outcome.is_error,
                effects=outcome.effects,
            )
            result = replace(result, excerpt=shorten(result.output))
            for event in await journal.append([result], writes=outcome.writes):
                yield event
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _run(
    tool: Tool, call: ToolCall, slots: asyncio.Semaphore
) -> tuple[ToolCall, ToolOutcome]:
    """Run one tool. Whatever it raises goes back to the model in words."""
    async with slots:
        try:
            return call, await tool.run(call)
        except Exception as error:  # noqa: BLE001  a tool may raise anything; the model hears of it
            _log.warning(
                "tool %s failed",
                call.tool,
                exc_info=error,
                extra={"action": "tool_failed", "task_id": call.task_id, "tool": call.tool},
            )
            text = f"{type(error).__name__}: {error}"
            return call, ToolOutcome(blocks=(TextBlock(text=text),), is_error=True)


def _refusal(
    call: ToolCallBlock,
    tool: Tool | None,
    given: JsonObject | None,
    tools: Mapping[str, Tool],
    started: Collection[str],
) -> str:
    """Why a call is answered without running its tool; empty where it may run."""
    if call.id in started and not (tool is not None and tool.spec.idempotent):
        return OUTCOME_UNKNOWN
    if tool is None:
        return f"There is no tool {call.tool!r}. Tools: {', '.join(sorted(tools)) or 'none'}."
    if given is None:
        return "The arguments are not a JSON object."
    if tool.spec.asks:
        return "permission_denied: this tool needs a person's yes, and nobody can be asked yet."
    return ""


def _call(block: ToolCallBlock, given: JsonObject, task_id: str, turn_id: str) -> ToolCall:
    return ToolCall(id=block.id, tool=block.tool, input=given, task_id=task_id, turn_id=turn_id)


def _failed(call: ToolCallBlock, text: str) -> ToolFinished:
    return ToolFinished(
        tool_call_id=call.id, tool=call.tool, blocks=(TextBlock(text=text),), is_error=True
    )
