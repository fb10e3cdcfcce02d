"""`enplace hitl ...` and `enplace cancel`: answer what turns ask, or stop them."""

import argparse
import json

from enplace.cli.show import question_json, question_line
from enplace.cli.turn import tell
from enplace.wiring import open as open_engine


async def pending(asked: argparse.Namespace) -> int:
    """List what people are asked, the oldest first."""
    async with open_engine() as engine:
        found = await engine.owner(asked.owner).questions()
    if asked.json:
        print(json.dumps([question_json(each) for each in found]))
        return 0
    for each in found:
        print(question_line(each, whole=True))
    if not found:
        print(f"nobody asks {asked.owner} anything")
    return 0


async def answer(asked: argparse.Namespace) -> int:
    """Answer a question, and carry its turn on; the text as it comes, or every event as JSON."""
    async with open_engine(asks_people=True) as engine:
        owner = engine.owner(asked.owner)
        events = owner.respond(
            asked.task, asked.answer, request_id=asked.request, feedback=asked.feedback
        )
        await tell(owner, asked.task, events, as_json=asked.json)
        await owner.learned()
    return 0


async def cancel(asked: argparse.Namespace) -> int:
    """End the turn of a task that waits, or was broken off; exit code 1 where there is none."""
    async with open_engine() as engine:
        cancelled = await engine.owner(asked.owner).cancel(asked.task)
    if asked.json:
        print(json.dumps({"cancelled": cancelled}))
    else:
        print("cancelled" if cancelled else f"no turn of {asked.task} is open")
    return 0 if cancelled else 1
