"""Runs the tools that an answer asked for: side by side, each answered exactly once."""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from enplace.invoke.plan import Ask, Asked, Refuse, Run, plan
from enplace.ports import Journal, TellingTool, Tool
from enplace.records.agent_event import PersonAsked, was_told
from enplace.records.block import TextBlock, ToolCallBlock
from enplace.records.canonical import well_formed
from enplace.records.compaction import Excerpt
from enplace.records.event import Event, ToolCalled, ToolFinished
from enplace.records.permission import PermissionRule
from enplace.records.question import Question
from enplace.records.tool import ToolCall, ToolOutcome

_log = logging.getLogger("enplace.invoke")

ANSWER_S = 72 * 3_600.0
"""Seconds for which a question waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """With what the tools of an answer run."""

    tools: Mapping[str, Tool]
    """By name."""
    journal: Journal
    """Takes every start before it happens, and every result with what it wrote."""
    now: Callable[[], datetime]
    rules: tuple[PermissionRule, ...] = ()
    answer_s: float = ANSWER_S
    parallel: int = 10
    """Most tools running at once."""
    agent: str = ""
    """The sub-agent that works here; empty for the engine itself."""
    shorten: Callable[[str], Excerpt | None] = lambda _: None
    """How an output is shown that is too long to be shown whole; None: whole."""
    redact: Callable[[str], str] = str
    """Leaves the secrets out of an output; what a tool writes to memory leaves them out itself."""

    def asked(self, call: ToolCall, question: Question, *, by_tool: bool) -> PersonAsked:
        """The event of a question."""
        return PersonAsked(
            request_id=uuid.uuid4().hex,
            tool_call_id=call.id,
            tool=call.tool,
            input=call.input,
            question=question,
            by="tool" if by_tool else "rule",
            expires_at=self.now() + timedelta(seconds=self.answer_s),
            agent=self.agent,
        )


async def run_tools(asked: Asked, workshop: Workshop) -> AsyncGenerator[Event, None]:
    """Run calls and store each result as it comes.

    Calls that a person must allow, or that ask a person while they run, have no result yet when
    this ends: a question stands in the log in its place. Yields stored events, and what sub-agents
    tell meanwhile as transient ones.
    """
    journal, fates = workshop.journal, plan(asked, workshop.tools, workshop.rules)
    runs = [fate for fate in fates if isinstance(fate, Run)]
    before: list[Event] = [
        ToolCalled(tool_call_id=run.call.id, tool=run.call.tool, input=run.call.input)
        for run in runs
        if not run.is_told
    ]
    before += [_failed(fate.call, fate.text) for fate in fates if isinstance(fate, Refuse)]
    before += [
        workshop.asked(fate.call, fate.question, by_tool=False)
        for fate in fates
        if isinstance(fate, Ask)
    ]
    if before:
        for event in await journal.append(before):
            yield event
    if not runs:
        return
    told: asyncio.Queue[_Told] = asyncio.Queue()
    slots = asyncio.Semaphore(workshop.parallel)
    running = [asyncio.create_task(_run(run, slots, told)) for run in runs]
    try:
        open_calls = len(runs)
        while open_calls:
            call, said = await told.get()
            if isinstance(said, ToolOutcome):
                open_calls -= 1
                result = _result(call, said, workshop)
                for event in await journal.append([result], writes=said.writes):
                    yield event
            elif was_told(said, asked.so_far):
                pass  # a crash came between it and the call's result
            elif said.place is None:
                for event in await journal.append([said]):
                    yield event
            else:
                yield _of_child(said, journal)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


_Told: TypeAlias = tuple[ToolCall, Event | ToolOutcome]


async def _run(run: Run, slots: asyncio.Semaphore, told: asyncio.Queue[_Told]) -> None:
    """Run one tool. Whatever it raises goes back to the model in words."""
    tool, call = run.tool, run.call
    async with slots:
        try:
            async with aclosing(_pieces(tool, call)) as pieces:
                async for piece in pieces:
                    told.put_nowait((call, piece))
        except Exception as error:  # noqa: BLE001  a tool may raise anything; the model hears of it
            _log.warning(
                "tool %s failed",
                call.tool,
                exc_info=error,
                extra={"action": "tool_failed", "task_id": call.task_id, "tool": call.tool},
            )
            text = f"{type(error).__name__}: {error}"
            told.put_nowait((call, ToolOutcome(blocks=(TextBlock(text=text),), is_error=True)))


async def _pieces(tool: Tool, call: ToolCall) -> AsyncGenerator[Event | ToolOutcome, None]:
    """What a tool tells, and its outcome at the end."""
    if not isinstance(tool, TellingTool):
        yield await tool.run(call)
        return
    async with aclosing(tool.tell(call)) as pieces:
        async for piece in pieces:
            yield piece
            if isinstance(piece, ToolOutcome):
                return
    raise EOFError("the tool ended without a result")


def _result(call: ToolCall, outcome: ToolOutcome, workshop: Workshop) -> Event:
    """How an outcome stands in the log: as the call's result, or as its question."""
    if outcome.asks is not None:
        return workshop.asked(call, outcome.asks, by_tool=True)
    result = ToolFinished(
        tool_call_id=call.id,
        tool=call.tool,
        blocks=tuple(
            TextBlock(text=workshop.redact(well_formed(block.text))) for block in outcome.blocks
        ),
        is_error=outcome.is_error,
        effects=outcome.effects,
    )
    return replace(result, excerpt=workshop.shorten(result.output))


def _of_child(event: Event, journal: Journal) -> Event:
    """An event of a sub-agent's task, as a transient one on its parent's stream."""
    passing = journal.passing(event)
    if passing.place is None or event.place is None:
        return passing
    return replace(passing, place=replace(passing.place, child=event.place.child))


def _failed(call: ToolCallBlock, text: str) -> ToolFinished:
    return ToolFinished(
        tool_call_id=call.id, tool=call.tool, blocks=(TextBlock(text=text),), is_error=True
    )
