"""What a turn tells on a terminal, while it goes on."""

import json
import shlex
from collections.abc import AsyncGenerator, Iterable

from enplace.cli.show import event_json, question_line, usage_line
from enplace.engine import OwnerEngine
from enplace.records.agent_event import (
    CatalogueReloaded,
    PersonAnswered,
    PersonAsked,
    SubAgentEnded,
    SubAgentStarted,
)
from enplace.records.event import (
    AdviceGiven,
    Degraded,
    EpochOpened,
    Event,
    TextStreamed,
    ToolCalled,
    UsageReported,
)


async def tell(
    owner: OwnerEngine, task_id: str, events: AsyncGenerator[Event, None], *, as_json: bool
) -> None:
    """Print a turn as it comes, and at its end what it waits for."""
    async for event in events:
        if as_json:
            print(event_json(event), flush=True)
        else:
            print(told(event), end="", flush=True)
    if not as_json:
        for asked in of_task(await owner.questions(), task_id):
            command = shlex.join(["enplace", "hitl", "answer", task_id])
            print(f"it waits for an answer: {question_line(asked)}\n  {command} ANSWER")


def of_task(questions: Iterable[PersonAsked], task_id: str) -> list[PersonAsked]:
    """Those of one task."""
    return [each for each in questions if each.place and each.place.task_id == task_id]


def told(event: Event, *, usage: bool = False) -> str:
    """What is printed of an event; nothing of most.

    Args:
        event: Of the turn, or of a sub-agent's.
        usage: Whether tokens and epochs are shown.
    """
    child = event.place.child if event.place else None
    who = f"{child.agent}: " if child else ""
    match event:
        case TextStreamed():
            return "" if child else event.text
        case ToolCalled():
            return f"\n[{who}{event.tool} {json.dumps(event.input, ensure_ascii=False)}]\n"
        case EpochOpened():
            return f"[{who}new epoch: {event.reason}]\n" if usage else ""
        case UsageReported():
            return f"\n[{who}{usage_line(event)}]\n" if usage else "" if child else "\n"
        case Degraded():
            return f"\n[{who}without {event.segment}: {event.reason}]\n"
        case AdviceGiven():
            return f"[{event.code}, {event.where}: {event.advice}]\n"
        case PersonAnswered():
            return (
                "" if child else f"[answered: {event.answer.text if event.answer else 'nobody'}]\n"
            )
        case SubAgentStarted():
            return f"\n[{event.agent} begins: {event.child}]\n"
        case SubAgentEnded():
            outcome = event.outcome.replace("_", " ")
            return f"\n[{event.agent} has ended: {outcome}, after {event.steps} model calls]\n"
        case CatalogueReloaded():
            names = [*event.added, *event.removed, *event.changed]
            return f"\n[from the next epoch on, other tools: {', '.join(names)}]\n"
        case _:
            return ""
