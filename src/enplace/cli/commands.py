"""What the commands do, apart from the demo."""

import argparse
import json
from dataclasses import asdict

from enplace.cli.show import context_lines, event_json, jsonable
from enplace.records.event import Degraded, TextStreamed, ToolCalled, UsageReported
from enplace.wiring import open as open_engine


async def ask(asked: argparse.Namespace) -> int:
    """Carry a message to its answer; the text as it comes, or every event as JSON."""
    async with open_engine() as engine:
        owner = engine.owner(asked.owner)
        async for event in owner.execute(asked.task, asked.message, idempotency_key=asked.key):
            if asked.json:
                print(event_json(event), flush=True)
            elif isinstance(event, TextStreamed):
                print(event.text, end="", flush=True)
            elif isinstance(event, ToolCalled):
                print(f"\n[{event.tool} {json.dumps(event.input)}]", flush=True)
            elif isinstance(event, Degraded):
                print(f"\n[without {event.segment}: {event.reason}]", flush=True)
            elif isinstance(event, UsageReported):
                print(flush=True)
    return 0


async def remember(asked: argparse.Namespace) -> int:
    """Store a fact and say what became of it."""
    async with open_engine() as engine:
        done = await engine.owner(asked.owner).remember(asked.sentence, supersedes=asked.supersedes)
    if asked.json:
        print(json.dumps({"outcome": done.outcome, "fact": jsonable(asdict(done.fact))}))
    else:
        print(f"{done.outcome} {done.fact.id}: {done.fact.sentence}")
    return 0


async def recall(asked: argparse.Namespace) -> int:
    """Show what comes back, best first, and why."""
    async with open_engine() as engine:
        found = await engine.owner(asked.owner).recall(asked.text)
    if asked.json:
        print(json.dumps(jsonable(asdict(found))))
        return 0
    for memory in found.memories:
        print(f"{memory.score:.2f}  {memory.text}  [{memory.id}, {memory.why}]")
    for lost in found.lost:
        print(f"incomplete: {lost.reason}")
    if not found.memories:
        print(found.query.reason or "nothing relevant is remembered")
    return 0


async def context(asked: argparse.Namespace) -> int:
    """Show the last context of a task: its manifest and its blocks, or the request itself."""
    async with open_engine() as engine:
        seen = await engine.owner(asked.owner).context(asked.task)
        request = engine.model.encode(seen)
    if asked.wire:
        print(json.dumps(request, indent=None if asked.json else 2, ensure_ascii=False))
    elif asked.json:
        print(json.dumps({"manifest": [asdict(size) for size in seen.manifest]}))
    else:
        print("\n".join(context_lines(seen)))
    return 0
