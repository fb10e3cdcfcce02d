"""A process that carries one task through compactions, and prints what its model was sent: HOME.

Twice the same, whatever a process draws for its hashes: `test_compaction.py` compares them.
"""

import asyncio
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import enplace
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import CARD, Answer, ScriptedModel, call
from enplace.records.canonical import digest
from enplace.records.context import Context
from enplace.records.event import Compacted
from enplace.wire.openai_chat import to_openai

TURNS = 12


class Clock:
    """It stands."""

    def now(self) -> datetime:
        """See `ports.Clock`."""
        return datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def build(target: str) -> str:
    """Build something."""
    return "\n".join(f"{target}/step_{n}.go: compiled in 0.{n}s" for n in range(60))


def script(context: Context) -> Answer:
    """A build, then the answer."""
    last = context.messages[-1]
    said = sum(message.role == "user" for message in context.messages)
    if last.role == "tool":
        return f"Built, in turn {said}, because it was asked for."
    asked = last.text.rsplit(" ", 1)[-1]
    return call((f"c-{asked}", "build", {"target": f"/srv/pkg/{asked}"}))


async def main(home: Path) -> None:
    model = ScriptedModel(script, card=replace(CARD, window_tokens=8_000, output_tokens=1_000))
    engine = enplace.open(
        home,
        model=model,
        tools=[build],
        embedder=None,
        counter=CharacterCounter(),
        clock=Clock(),
        environment={},
    )
    async with engine:
        ada = engine.owner("ada")
        for n in range(TURNS):
            async for _ in ada.execute("one", f"Please build part_{n}"):
                pass
        log = await ada.log("one")
    sent = [digest(json.dumps(to_openai(request), sort_keys=True)) for request in model.requests]
    compactions = sum(isinstance(event, Compacted) for event in log)
    sys.stdout.write(json.dumps({"sent": sent, "compactions": compactions}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
