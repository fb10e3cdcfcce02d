"""Foreign files read in a process of their own, so that none of them can harm this one."""

import asyncio
import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from enplace.errors import ConfigError, UnreadableFile
from enplace.readers.foreign import MODULES
from enplace.readers.formats import Way

START_S = 60.0
"""Seconds that the process may take to start, on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """What reading one file may take."""

    file_bytes: int = 50_000_000
    characters: int = 5_000_000
    """Of the text that it gives."""
    seconds: float = 60.0
    """For one file of a foreign format."""
    memory_bytes: int = 2 << 30
    """Of the process that reads foreign formats: address space, on systems that limit it."""


class Converted(NamedTuple):
    """What a foreign file gave."""

    text: str
    digest: str
    """SHA-256 of its bytes."""


class Conversion:
    """Has foreign files read by another process, one after the other. It is started when needed."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def convert(self, way: Way, path: Path) -> Converted:
        """The text of a file.

        Raises:
            UnreadableFile: It gives none, or takes too much.
            ConfigError: What reads such files is not installed.
        """
        if any(importlib.util.find_spec(name) is None for name in MODULES[way]):
            raise ConfigError(
                f"{path.suffix} files need `pip install 'enplace[documents]'`", suffix=path.suffix
            )
        async with self._turn:
            try:
                return await self._asked(way, path)
            except BaseException:
                await self._end()  # whatever it was doing: the next file gets a fresh one
                raise

    async def aclose(self) -> None:
        """End the process; another call starts one again."""
        async with self._turn:
            await self._end()

    async def _asked(self, way: Way, path: Path) -> Converted:
        limits = self._limits
        process = self._process or await self._started()
        assert process.stdin is not None  # both are pipes
        assert process.stdout is not None
        request = {
            "way": way,
            "path": str(path),
            "bytes": limits.file_bytes,
            "characters": limits.characters,
            "seconds": limits.seconds,
        }
        try:
            async with asyncio.timeout(limits.seconds):
                process.stdin.write(f"{json.dumps(request)}\n".encode())
                await process.stdin.drain()
                size = int.from_bytes(await process.stdout.readexactly(4), "big")
                answer = json.loads(await process.stdout.readexactly(size))
        except TimeoutError as error:
            raise UnreadableFile(f"reading it took more than {limits.seconds:g} s") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise UnreadableFile(
                "the process that read it was ended: it needs too much memory or time"
            ) from error
        if "refused" in answer:
            raise UnreadableFile(str(answer["refused"]))
        return Converted(answer["text"], answer["digest"])

    async def _started(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "enplace.readers.worker",
            str(self._limits.memory_bytes),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=process_environment(),
            start_new_session=True,  # Ctrl-C reaches this process, which then ends that one
        )
        assert self._process.stdout is not None  # it is a pipe
        try:
            async with asyncio.timeout(START_S):
                await self._process.stdout.readexactly(4)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            raise UnreadableFile("the process that reads such files does not start") from error
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()


def process_environment() -> dict[str, str] | None:
    """What the process is told of: how to find this package, and no key of anybody's.

    None where a process needs more of its system than that.
    """
    if sys.platform == "win32":
        return None
    paths = os.pathsep.join(path for path in sys.path if path)
    return {"PYTHONPATH": paths, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
