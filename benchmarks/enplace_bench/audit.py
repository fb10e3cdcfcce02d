"""Holds the log of a voyage against the effects of its tools."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from enplace.records.event import Event, ToolFinished, TurnCompleted, TurnStarted
from enplace_bench import voyage


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What is wrong, in numbers."""

    lost: int
    """Tools that answered without an error and whose effect is not there."""
    repeated: int
    """Effects of the same call, facts, results and turns beyond the first."""
    unfinished: int
    """Turns without their one `completed`."""
    unknown: int
    """Calls that were not run again because their outcome is unknown; no fault."""


async def audit(home: Path) -> Audit:
    """Look at everything once all turns have ended."""
    async with voyage.engine_of(home) as engine:
        owner = engine.owner()
        logs = [await owner.log(task.task_id) for task in await owner.tasks()]
        sentences = [fact.sentence for fact in await owner.facts()]
    events = [event for log in logs for event in log]
    results = [event for event in events if isinstance(event, ToolFinished)]
    effects = {tool: voyage.lines(home, tool) for tool in ("stamp", "spend")}
    twice = [_beyond_first(lines) for lines in effects.values()]
    twice += [
        _beyond_first(sentences),
        _beyond_first(result.tool_call_id for result in results),
        _beyond_first(e.idempotency_key for e in events if isinstance(e, TurnStarted)),
    ]
    return Audit(
        lost=sum(not _is_there(result, effects, sentences) for result in results),
        repeated=sum(twice),
        unfinished=_unfinished(events),
        unknown=sum(result.is_error for result in results),
    )


def _beyond_first(items: Iterable[object]) -> int:
    return sum(count - 1 for count in Counter(items).values())


def _is_there(
    result: ToolFinished, effects: dict[str, list[str]], sentences: Sequence[str]
) -> bool:
    if result.is_error:
        return True
    if result.tool == "remember":
        return voyage.sentence_of(result.tool_call_id) in sentences
    return result.tool_call_id in effects[result.tool]


def _unfinished(events: Sequence[Event]) -> int:
    started = {event.turn_id for event in events if isinstance(event, TurnStarted)}
    ended = Counter(event.turn_id for event in events if isinstance(event, TurnCompleted))
    return sum(ended[turn_id] != 1 for turn_id in started)
