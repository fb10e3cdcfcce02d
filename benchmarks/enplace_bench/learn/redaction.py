"""Made-up secrets by every way into a brain, and then the bytes of its files.

They are typed by the user, come out of a tool, are remembered, and are written in notes: each way
with other ones, so that a leak tells its way. Then the log is learned from. What is left of a
secret anywhere in the folder, or in the export, is a leak. Harmless lines that look like secrets
must stay as they are.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from enplace.engine import OwnerEngine
from enplace.errors import BadInput
from enplace.providers.scripted import Answer
from enplace.records.context import Context
from enplace.records.event import MessageHeard
from enplace_bench.learn.made_secrets import Secret, made_secrets
from enplace_bench.learn.telling import BEGIN, carry, opened, reads
from enplace_bench.recall.structured import SetClock

SHORT = 8
WAYS = ("user", "tool", "remember", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """What reached the files."""

    secrets: int
    leaked: Mapping[str, Sequence[str]]
    """By way in: ids of the secrets of which something was found."""
    refused: int
    """Those that could not be written that way, because the text has a form that is not taken."""
    marks: int
    """How often `[redacted` stands in the files: proof that they can be searched."""
    harmless: int
    changed: int
    """Harmless lines that were not kept word for word."""

    @property
    def leaks(self) -> int:
        """All secrets of which something was found."""
        return sum(map(len, self.leaked.values()))


def harmless_lines() -> list[str]:
    """Lines that look as if they held a secret."""
    text = Path(__file__).with_name("harmless.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip()]


async def measure(home: Path, each: int | None = None, lines: int | None = None) -> Redacted:
    """Let everything in, and look for it.

    Args:
        home: A new folder.
        each: Most secrets by every way in.
        lines: Most harmless lines.
    """
    by_way = {way: made_secrets(seed)[:each] for seed, way in enumerate(WAYS)}
    harmless, reader, clock = harmless_lines()[:lines], _Reader(), SetClock(BEGIN)
    async with opened(home, clock, reader.answer) as engine:
        owner = engine.owner()
        refused = sum([await _let_in(owner, reader, *pair) for pair in by_way.items()])
        heard = [
            MessageHeard(speaker=owner.name, text=line, said_at=BEGIN + timedelta(seconds=n))
            for n, line in enumerate(harmless)
        ]
        await owner.hear("harmless", heard)
        await owner.learning.run()
        kept = [e.text for e in await owner.log("harmless") if isinstance(e, MessageHeard)]
        exported = "\n".join([line async for line in owner.memory.export()])
    stored = await asyncio.to_thread(_bytes_of, home) + exported.encode()
    return Redacted(
        secrets=sum(map(len, by_way.values())),
        leaked={way: _leaked(secrets, stored) for way, secrets in by_way.items()},
        refused=refused,
        marks=stored.count(b"[redacted"),
        harmless=len(harmless),
        changed=sum(one != other for one, other in zip(harmless, kept, strict=True)),
    )


class _Reader:
    """A model that reads what there is to be read, and then answers."""

    def __init__(self) -> None:
        self.text = ""

    def answer(self, context: Context) -> Answer:
        """The answer to a context."""
        if self.text and context.messages[-1].role != "tool":
            return reads("call", self.text)
        return "Thank you."


async def _let_in(owner: OwnerEngine, reader: _Reader, way: str, secrets: Sequence[Secret]) -> int:
    """Everything by one way in; how many of them could not be written."""
    refused = 0
    for number, secret in enumerate(secrets):
        task = f"{way}{number // 20}"
        try:
            match way:
                case "user":
                    await carry(owner, task, secret.text)
                case "tool":
                    reader.text = secret.text
                    await carry(owner, task, "show me the file")
                    reader.text = ""
                case "remember":
                    await owner.remember(secret.text)
                case _:
                    await owner.note(task, f"note{number}", secret.text)
        except BadInput:
            refused += 1
    return refused


def _bytes_of(home: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def _leaked(secrets: Sequence[Secret], stored: bytes) -> list[str]:
    return [
        secret.id
        for secret in secrets
        if any(_traced(secret, part).encode() in stored for part in secret.parts)
    ]


def _traced(secret: Secret, part: str) -> str:
    """What to look for: a few digits stand everywhere, so those are looked for in their place."""
    if len(part) >= SHORT:
        return part
    at = secret.text.index(part)
    return secret.text[max(0, at - 2 * SHORT) : at + len(part)]
