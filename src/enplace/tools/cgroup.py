"""A control group for one command, whose processes the kernel counts: where root runs this (Linux).

The kernel does not count root's processes in any other way. Everybody else's are counted by what
`ulimit -u` sets inside the sandbox.
"""

import asyncio
import os
import secrets
import signal
import subprocess
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
_ENTER = 'echo $$ > "$1/cgroup.procs" && (true)'
_PREFIX = "enplace-"
_STALE_S = 60.0
_EMPTY_WITHIN_S = 2.0
_PROBE_S = 10.0


@cache
def find_cgroups() -> Path | None:
    """Where this process may make control groups of its own; None where it may not. Asked once."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    for folder in _own():
        try:
            if _counts(folder):
                _sweep(folder)
                return folder
        except (OSError, subprocess.TimeoutExpired):
            continue
    return None


@asynccontextmanager
async def own_cgroup(most_tasks: int) -> AsyncGenerator[str, None]:
    """A control group for one command; the empty string where there can be none.

    Whatever is still in it at the end is killed.

    Args:
        most_tasks: Processes and threads at once.
    """
    folder = find_cgroups()
    if folder is None:
        yield ""
        return
    group = _make(folder, most_tasks)
    try:
        yield str(group)
    finally:
        await asyncio.to_thread(_empty, group)


def _own() -> Iterator[Path]:
    """The group that this process is in, in either form of the hierarchy."""
    try:
        told = Path("/proc/self/cgroup").read_text(encoding="utf-8")
    except OSError:
        return
    for line in told.splitlines():
        _, controllers, path = line.split(":", 2)
        if "pids" in controllers.split(","):
            yield from (_MOUNT / "pids" / path.lstrip("/"), _MOUNT / "pids")
        elif not controllers:
            yield _MOUNT / path.lstrip("/")


def _counts(folder: Path) -> bool:
    """Whether a process can enter a group made here, and finds its limit there."""
    return _starts(folder, 8) and not _starts(folder, 1)


def _starts(folder: Path, most_tasks: int) -> bool:
    group = _make(folder, most_tasks)
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", _ENTER, "sh", str(group)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_S,
            check=False,
        )
        return done.returncode == 0
    finally:
        _remove(group)


def _make(folder: Path, most_tasks: int) -> Path:
    group = folder / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(8)}"
    group.mkdir()
    try:
        (group / "pids.max").write_text(str(most_tasks), encoding="utf-8")
    except OSError:
        group.rmdir()
        raise
    return group


def _empty(group: Path) -> None:
    until = time.monotonic() + _EMPTY_WITHIN_S
    while not _remove(group) and time.monotonic() < until:
        time.sleep(0.01)


def _remove(group: Path) -> bool:
    """Kill what is in it, and remove it; whether it is gone."""
    with suppress(OSError):
        for pid in map(int, (group / "cgroup.procs").read_text(encoding="utf-8").split()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        group.rmdir()
    return not group.exists()


def _sweep(folder: Path) -> None:
    """Remove what engines left that were killed: empty groups of processes that are no more."""
    for group in folder.glob(f"{_PREFIX}*"):
        pid = group.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError):  # one that is not empty cannot be removed
            is_old = time.time() - group.stat().st_ctime > _STALE_S
            if is_old and not Path("/proc", pid).exists():
                group.rmdir()
