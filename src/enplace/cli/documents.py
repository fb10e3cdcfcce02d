"""What `enplace documents ...` does."""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from time import monotonic

from enplace.cli.memory import owner_of
from enplace.cli.show import written_json, written_lines
from enplace.engine import OwnerEngine
from enplace.records.reading import EncodingTold, FileTold

TELL_EVERY_S = 0.2
"""On a terminal; elsewhere each told line stays, so there are fewer."""
TELL_ELSEWHERE_EVERY_S = 5.0


@dataclass(slots=True)
class Progress:
    """One line of the standard error that is written anew as work goes on."""

    told_at: float = 0.0
    is_terminal: bool = field(default_factory=sys.stderr.isatty)

    def tell(self, line: str) -> None:
        """Show how far it is, unless that was shown just now."""
        pause = TELL_EVERY_S if self.is_terminal else TELL_ELSEWHERE_EVERY_S
        if monotonic() - self.told_at < pause:
            return
        self.told_at = monotonic()
        end = "" if self.is_terminal else "\n"
        print(f"{self._begin}{line}", end=end, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away, so that something else can stand there."""
        print(self._begin, end="", file=sys.stderr, flush=True)

    @property
    def _begin(self) -> str:
        return "\r\033[K" if self.is_terminal else ""


async def add(asked: argparse.Namespace) -> int:
    """Keep files and folders as documents; 1 where a file could not be read."""
    progress, told = Progress(), list[FileTold]()
    patterns = (*(asked.pattern or ()), *(f"!{each}" for each in asked.exclude or ()))
    try:
        async with owner_of(asked) as owner:
            for place in asked.paths:
                files = owner.documents.ingest(
                    place, patterns=patterns, prefix=asked.prefix, tags=asked.tag or ()
                )
                await _tell(files, asked, progress, told)
            await _encoded(owner, progress)
    except asyncio.CancelledError:
        progress.clear()
        done = sum(file.outcome in {"added", "superseded"} for file in told)
        print(f"stopped: {done} files were kept; the same again goes on", file=sys.stderr)
        raise
    counts = Counter(file.outcome for file in told)
    if asked.json:
        files = [asdict(file) for file in told]
        print(json.dumps({"counts": counts, "files": files}))
    else:
        print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "no file")
    return 1 if counts["failed"] else 0


async def watch(asked: argparse.Namespace) -> int:
    """Keep folders as documents, now and whenever something changes, until Ctrl-C."""
    patterns = (*(asked.pattern or ()), *(f"!{each}" for each in asked.exclude or ()))
    async with owner_of(asked) as owner:
        print(f"watching {', '.join(asked.folders)}; stop with Ctrl-C", flush=True)
        files = owner.documents.watch(asked.folders, patterns=patterns, tags=asked.tag or ())
        async with aclosing(files):
            async for file in files:
                print(json.dumps(asdict(file)) if asked.json else _line(file), flush=True)
    return 0


async def list_all(asked: argparse.Namespace) -> int:
    """List all current documents."""
    async with owner_of(asked) as owner:
        found = await owner.documents.all()
    if asked.json:
        rows = [
            {
                "id": each.id,
                "name": each.name,
                "characters": len(each.text),
                "chunks": len(each.chunks),
                "recorded_at": each.recorded_at.isoformat(),
                "origin": each.origin,
            }
            for each in found
        ]
        print(json.dumps(rows))
        return 0
    for each in found:
        day = each.recorded_at.date().isoformat()
        print(f"{day}  {len(each.chunks):>5} pieces  {each.name}")
    if not found:
        print("there is no document")
    return 0


async def remove(asked: argparse.Namespace) -> int:
    """Take documents out of what can be found."""
    async with owner_of(asked) as owner:
        done = [await owner.documents.remove(name) for name in asked.names]
    if asked.json:
        print(json.dumps([written_json(each) for each in done]))
    else:
        print("\n".join(line for each in done for line in written_lines(each)))
    return 0


async def show(asked: argparse.Namespace) -> int:
    """Show the lines that a citation names."""
    async with owner_of(asked) as owner:
        passage = await owner.documents.resolve(asked.citation)
    print(json.dumps(asdict(passage)) if asked.json else passage.text)
    return 0


async def _tell(
    files: AsyncGenerator[FileTold, None],
    asked: argparse.Namespace,
    progress: Progress,
    told: list[FileTold],
) -> None:
    async with aclosing(files):
        async for file in files:
            told.append(file)
            if file.reason and not asked.json:
                progress.clear()
                print(_line(file), flush=True)
            progress.tell(f"{file.done} of {file.of} files: {file.name}")
    progress.clear()


async def _encoded(owner: OwnerEngine, progress: Progress) -> None:
    """Wait for the vectors; without them pieces are found by their words alone."""
    last: EncodingTold | None = None
    async with aclosing(owner.documents.encoded()) as told:
        async for last in told:
            if last.of:
                progress.tell(f"{last.done} of {last.of} vectors")
    progress.clear()
    if last is not None and last.trouble:
        print(f"without vectors: {last.trouble}", file=sys.stderr)


def _line(file: FileTold) -> str:
    reason = f": {file.reason}" if file.reason else ""
    return f"{file.outcome:<11} {file.name}{reason}"
