"""The sandbox of the shell: bubblewrap, where it starts.

A command in it sees the allowed folders and the system's programs, the latter read-only; a `/tmp`
and `/dev/shm` of its own; no network, no other process, no environment but its own, no
capabilities. It dies with whoever started it, and so does all that it started.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path

from enplace.tools.cgroup import find_cgroups

_PLACES = "/usr/local/bin:/usr/bin:/bin:/run/current-system/sw/bin:/run/wrappers/bin"
"""Where bubblewrap is looked for; not on the PATH of the process, which anybody may have set."""
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = """
alternatives ca-certificates group ld.so.cache ld.so.conf ld.so.conf.d locale.alias localtime magic
mime.types nsswitch.conf passwd pki/ca-trust pki/tls/certs protocols services shells ssl/certs
ssl/openssl.cnf timezone
"""
"""Of /etc, which holds secrets beside these; what is not there is passed over."""
_ETC_OF_NETWORK = "hosts resolv.conf"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TMP_BYTES = 512_000_000
"""Most that a command may keep in a `/tmp` and a `/dev/shm` of its own, each."""
_PROBE_S = 10.0


_FIRST = '"$@"; exit $?'
"""The first process of the sandbox's process namespace: when it ends, the system ends all others
before the sandbox itself can end. Bubblewrap's own would end beside them."""
_COUNTED = '{ ulimit -u "$1" || ulimit -p "$1"; } 2>/dev/null; shift; '
"""Limits processes; `-p` is the word of some shells for it."""
_DEVICES = 'mount --bind /dev /dev && mount -o remount,bind,ro /dev && exec "$@"'
"""Makes the devices read-only, in a view of the file system of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A sandbox that has been started once, so it works."""

    program: str
    name: str
    """As it calls itself, with its version."""
    nests: bool = False
    """Whether a command might make further namespaces inside; older releases cannot forbid it."""
    has_proc: bool = True
    """False: there is no `/proc` in it; a container whose own is masked allows no new one."""
    guards_devices: bool = False
    """Whether modes of device files are protected. They are from everybody but root outside, who
    is their owner inside as well."""
    is_root: bool = False
    """Whether root starts it."""
    counts: bool = False
    """Whether the kernel counts the processes inside by themselves, and keeps to a limit."""

    def __str__(self) -> str:
        gaps = [] if self.has_proc else ["without /proc"]
        if self.is_root and not self.guards_devices:
            gaps.append("modes of device files unprotected")
        if not self.counts and find_cgroups() is None:
            gaps.append("number of processes watched only")
        return ", ".join((self.name, *gaps))

    def wrap(
        self,
        command: Sequence[str],
        *,
        writes: Sequence[Path],
        reads: Sequence[Path] = (),
        most_tasks: int | None = None,
        has_network: bool = False,
    ) -> list[str]:
        """A command as it is started inside. It gets the environment that this is started with.

        Args:
            command: Program and arguments.
            writes: Folders that it may read and write; it starts in the first.
            reads: Folders and files that it may read besides the system's.
            most_tasks: Processes and threads inside, where the kernel `counts` them.
            has_network: Whether it reaches the network of this machine.
        """
        etc = f"{_ETC} {_ETC_OF_NETWORK}" if has_network else _ETC
        seen = [*_SYSTEM, *(f"/etc/{name}" for name in etc.split())]
        folders = [
            *(word for path in seen for word in ("--ro-bind-try", path, path)),
            # Root outside is the owner of /proc/sys inside, without any capability, and could turn
            # it against the machine (core_pattern).
            *(("--proc", "/proc", "--remount-ro", "/proc") if self.has_proc else ()),
            *("--dev", "/dev"),
            *("--size", str(TMP_BYTES), "--tmpfs", "/dev/shm"),
            *("--size", str(TMP_BYTES), "--tmpfs", "/tmp"),
            *(word for path in reads for word in ("--ro-bind", str(path), str(path))),
            *(word for path in writes for word in ("--bind", str(path), str(path))),
            *("--remount-ro", "/dev", "--remount-ro", "/"),
        ]
        limited = self.counts and most_tasks is not None
        before = ("unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", _DEVICES, "sh")
        return [
            *(before if self.guards_devices else ()),
            self.program,
            *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
            *(("--share-net",) if has_network else ()),
            *(() if self.nests else ("--unshare-user", "--disable-userns")),
            *folders,
            *("--chdir", str(writes[0]), "--as-pid-1", "--", "/bin/sh", "-c"),
            *((_COUNTED + _FIRST, "sh", str(most_tasks)) if limited else (_FIRST, "sh")),
            *command,
        ]


@cache
def find_sandbox(places: str = _PLACES) -> Sandbox | None:
    """The strictest sandbox that starts on this machine; None where none does. Asked once.

    Args:
        places: Folders to look for bubblewrap in, with colons between them.
    """
    program = shutil.which("bwrap", path=places)
    if program is None:
        return None
    name, is_root = _version(program), os.geteuid() == 0
    for guards, has_proc, nests in product((True, False), (True, False), (False, True)):
        if guards and not is_root:
            continue
        sandbox = Sandbox(
            program=program,
            name=name,
            nests=nests,
            has_proc=has_proc,
            guards_devices=guards,
            is_root=is_root,
        )
        if _starts(sandbox):
            return replace(sandbox, counts=_counts(sandbox))
    return None


def _version(program: str) -> str:
    try:
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_PROBE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "bubblewrap"
    return " ".join(told.stdout.split()) or "bubblewrap"


def _counts(sandbox: Sandbox) -> bool:
    """Whether few processes may start where few are in it, and none where it is full."""
    counting = replace(sandbox, counts=True)
    return _starts(counting, most_tasks=8) and not _starts(counting, most_tasks=1)


def _starts(sandbox: Sandbox, most_tasks: int | None = None) -> bool:
    """Whether it starts, lets a command write where it may, and hides what lies beside it."""
    with tempfile.TemporaryDirectory(prefix="enplace-probe-") as made:
        inside, beside = Path(made, "inside"), Path(made, "beside")
        inside.mkdir()
        beside.touch()
        test = 'echo seen > probe && test ! -e "$1"'
        if sandbox.guards_devices:
            test += " && ! chmod a+r /dev/full"
        command = sandbox.wrap(
            ["/bin/sh", "-c", test, "sh", str(beside)],
            writes=[inside],
            most_tasks=most_tasks,
        )
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PATH": _PATH},
                timeout=_PROBE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0 and (inside / "probe").exists()
