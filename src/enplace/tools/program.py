"""Runs a program within limits of time, output, processes and memory, and leaves none of it behind.

Output is read as it comes; only its beginning and its end are kept, however much there is.
"""

import asyncio
import math
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

GRACE_S = 1.0
"""Between the request to end and the end."""
_LOOK_EVERY_S = 0.1
_DRAIN_S = 1.0
"""Most time for what a program has printed before it ended."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4_096

Ended = Literal["", "time", "output", "processes", "memory"]
"""Which limit a program was ended for; empty where it ended by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program may use."""

    time_s: float
    head_bytes: int
    """Most that is kept of the beginning of its output."""
    tail_bytes: int
    """Most that is kept of the end, behind the beginning."""
    printed_bytes: int | None = None
    """Most output before it is ended."""
    processes: int | None = None
    """Most at once. Looked at ten times a second, on Linux only."""
    memory_bytes: int | None = None
    """Most of all its processes together, shared pages counted in each; looked at likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a program ended."""

    code: int
    """Exit code; that of a signal is negative."""
    head: bytes
    tail: bytes
    printed_bytes: int
    ended: Ended = ""

    @property
    def left_out_bytes(self) -> int:
        """Output between head and tail that was not kept."""
        return self.printed_bytes - len(self.head) - len(self.tail)


async def run_program(
    command: Sequence[str],
    limits: Limits,
    *,
    folder: str,
    environment: Mapping[str, str],
    is_wrapped: bool = False,
) -> Ran:
    """Run a program to its end, or end it; standard output and error are one.

    When this returns or raises (a cancelled task included), the process group of the program is
    gone, and all that a sandbox held with it.

    Args:
        command: Program and arguments.
        limits: What it may use.
        folder: Where it runs.
        environment: All of it; nothing is inherited.
        is_wrapped: Whether the first process is a sandbox, and its child the first process of a
            process namespace: that is ended, and with it, at once, all that runs inside.

    Raises:
        OSError: It cannot be started.
    """
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb", 0) as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        finally:
            os.close(write_end)
        kept = _Kept(limits)
        try:
            reading, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: kept, output)
            try:
                ended = await _until_ended(process, kept, limits)
                if ended == "time":
                    await _ask_to_end(process, is_wrapped=is_wrapped)
                await _end(process, is_wrapped=is_wrapped)
                with suppress(TimeoutError):  # somebody who left the group may hold the pipe open
                    await asyncio.wait_for(kept.closed.wait(), _DRAIN_S)
            finally:
                reading.close()
        finally:
            try:
                await _end(process, is_wrapped=is_wrapped)
            finally:
                _signal_group(process, signal.SIGKILL)
        code = await process.wait()
    return Ran(
        code=code,
        head=bytes(kept.head),
        tail=bytes(kept.tail[-limits.tail_bytes :]) if limits.tail_bytes else b"",
        printed_bytes=kept.printed_bytes,
        ended=ended,
    )


class _Kept(asyncio.Protocol):
    """What is kept of an output."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.head, self.tail = bytearray(), bytearray()
        self.printed_bytes = 0
        self.full, self.closed = asyncio.Event(), asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.printed_bytes += len(data)
        room = self._limits.head_bytes - len(self.head)
        self.head += data[:room]
        self.tail += data[room:]
        if len(self.tail) > 2 * self._limits.tail_bytes:
            del self.tail[: len(self.tail) - self._limits.tail_bytes]
        if self.printed_bytes > (self._limits.printed_bytes or math.inf):
            self.full.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()


async def _until_ended(process: asyncio.subprocess.Process, kept: _Kept, limits: Limits) -> Ended:
    """Wait until it ends or meets a limit."""
    by_itself = asyncio.create_task(process.wait())
    full = asyncio.create_task(kept.full.wait())
    grown = asyncio.create_task(_until_grown(process.pid, limits))
    waits = (by_itself, full, grown)
    try:
        await asyncio.wait(waits, timeout=limits.time_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    if by_itself.done() and not by_itself.cancelled():
        return ""
    if full.done() and not full.cancelled():
        return "output"
    if grown.done() and not grown.cancelled():
        return grown.result()
    return "time"


async def _until_grown(pid: int, limits: Limits) -> Ended:
    """Wait until it has too many processes or too much memory; which of the two."""
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        if limits.processes is None and limits.memory_bytes is None:
            continue
        pids = list(family(pid, most=(limits.processes or 10_000) + 1))
        if limits.processes is not None and len(pids) > limits.processes:
            return "processes"
        if limits.memory_bytes is not None and sum(map(_memory, pids)) > limits.memory_bytes:
            return "memory"


async def _ask_to_end(process: asyncio.subprocess.Process, *, is_wrapped: bool) -> None:
    """SIGTERM, and a moment to obey it."""
    if is_wrapped:
        for pid in list(family(process.pid, most=1_000))[1:]:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGTERM)
    else:
        _signal_group(process, signal.SIGTERM)
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), GRACE_S)


async def _end(process: asyncio.subprocess.Process, *, is_wrapped: bool) -> None:
    """End all of it, and wait until it is gone; what is left of a group that ended, too."""
    if is_wrapped and process.returncode is None:
        # The sandbox itself ends last, when the system has ended everything inside.
        for pid in list(family(process.pid, most=2))[1:2]:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_S)
    _signal_group(process, signal.SIGKILL)
    await process.wait()


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def family(pid: int, *, most: int = 10_000) -> Iterator[int]:
    """A process, its children and theirs, as far as the system tells (Linux)."""
    known = [pid]
    for one in known:
        yield one
        if len(known) < most:
            known += _children(one)


def _children(pid: int) -> Iterator[int]:
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as told:
                yield from map(int, told.read().split())
    except OSError:  # it has ended, or this is not Linux
        return


def _memory(pid: int) -> int:
    """Bytes that a process holds in memory; 0 where it has ended."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as told:
            return int(told.read().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0
