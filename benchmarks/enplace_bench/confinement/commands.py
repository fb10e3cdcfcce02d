"""Hostile commands in the sandbox. Each is looked at from outside: what it says proves nothing."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from enplace.records.tool import ToolOutcome
from enplace.tools.roots import Roots
from enplace.tools.sandbox import Sandbox
from enplace.tools.shell import ShellOptions, run_command
from enplace_bench.confinement.grounds import MARK, Grounds

OPTIONS = ShellOptions(
    time_s=4.0,
    head_bytes=8_000,
    tail_bytes=4_000,
    processes=100,
    memory_bytes=400_000_000,
    file_bytes=10_000_000,
)
LATE_S = 3.0
"""What a command may need beyond its time: the moment to obey SIGTERM, and a busy machine."""
SECRET = "ENPLACE_BENCH_SECRET"
"""A variable of this process, whose value is the mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A command, and what must not come of it."""

    name: str
    command: str
    escaped: Callable[[ToolOutcome], bool] = lambda _: False
    """Whether it did what it must not, beside what is always looked at: the mark in the output, a
    change outside of the folders, a connection, a process left, too much time."""


@dataclass(slots=True)
class Listener:
    """Counts those who reach it: TCP, UDP, and an abstract Unix socket."""

    port: int = 0
    reached: int = 0


async def attack_all(
    grounds: Grounds, sandbox: Sandbox, *, only: Collection[str] = ()
) -> tuple[int, list[str]]:
    """Run every attack, or some by name; how many there were, and what each that escaped did."""
    escaped: list[str] = []
    roots = Roots(grounds.roots)
    with _listening() as listener:
        attacks = [a for a in attacks_on(grounds, listener.port) if not only or a.name in only]
        for attack in attacks:
            before, reached = grounds.look(), listener.reached
            began = time.monotonic()
            outcome = await run_command(attack.command, roots, OPTIONS, sandbox=sandbox)
            wall_s = time.monotonic() - began
            troubles = {
                "shows the canary": MARK in outcome.text,
                "changes what lies outside": grounds.look() != before,
                "reaches the network": listener.reached != reached,
                "leaves a process": bool(_left(grounds)),
                f"takes {wall_s:.1f} s": wall_s > OPTIONS.time_s + LATE_S,
                "does what it must not": attack.escaped(outcome),
            }
            escaped += [f"{attack.name}: {what}" for what, is_so in troubles.items() if is_so]
    return len(attacks), escaped


def attacks_on(grounds: Grounds, port: int) -> Iterator[Attack]:
    """All attacks."""
    yield from _on_files(grounds)
    yield from _on_the_network(port)
    yield from _on_processes(grounds)
    yield from _on_the_machine(grounds)


def _on_files(grounds: Grounds) -> Iterator[Attack]:
    base, canary, root = grounds.base, grounds.canary, grounds.root
    secret = f"{canary}/secret.txt"
    commands = {
        "write beside": f"echo x > {base}/new; mkdir -p {canary}/made; echo x > {canary}/new",
        "append to the canary": f"echo x >> {secret}; sed -i s/one/x/ {secret}; rm -rf {canary}",
        "read the canary": f"cat {secret} {canary}/deeper/* ../canary/secret.txt",
        "read by links": "cat link-out dir-out/secret.txt proc/$PWD/../canary/secret.txt chain-0",
        "write by links": "echo x > link-out; echo x > dangling-out; echo x > dir-out/new.txt",
        "read by /proc": f"for p in /proc/*/root /proc/*/cwd; do cat $p{secret}; done",
        "search everything": f"grep -rs {MARK} / --exclude-dir=proc; find / -name secret.txt -exec cat {{}} +",
        "make a link": f"ln -s {canary} planted; cat planted/secret.txt; ln {secret} planted-hard",
        "rename the root": f"mv {root} {base}/moved; mv {canary} {root}/",
        "climb by descriptors": "python3 -c \"import os; f = os.open('.', 0);"
        " [os.chdir('..') for _ in range(40)]; print(os.listdir('.'), os.listdir('canary'))\"",
        "mount": f"mount --bind / mnt; mount -o remount,rw /; umount {root}; chroot / true",
        "leave the namespaces": "unshare -Ur cat /etc/shadow; nsenter -t 1 -a id; unshare -m id",
        "make a device": "mknod disk b 8 0 && cat disk | head -c 100",
    }
    for name, command in commands.items():
        yield Attack(name=name, command=command)
    yield Attack(
        name="change the system",
        command="touch /usr/bin/enplace-bench-was-here /etc/enplace-bench-was-here"
        " /enplace-bench-was-here; echo x > /dev/enplace-bench-was-here",
        escaped=lambda _: any(
            Path(folder, "enplace-bench-was-here").exists()
            for folder in ("/usr/bin", "/etc", "/", "/dev")
        ),
    )
    yield Attack(
        name="secrets of the system",
        command="cat /etc/shadow /etc/gshadow /root/.ssh/* /home/*/.ssh/* /var/log/* /run/*",
        escaped=lambda done: "Permission denied" in done.text or ":" in _after_errors(done),
    )


def _on_the_network(port: int) -> Iterator[Attack]:
    client = f"""python3 - <<'X'
import socket
for kind, family, to in (
    (socket.SOCK_STREAM, socket.AF_INET, ("127.0.0.1", {port})),
    (socket.SOCK_DGRAM, socket.AF_INET, ("127.0.0.1", {port})),
    (socket.SOCK_STREAM, socket.AF_UNIX, "\\0enplace-bench-{port}"),
):
    try:
        with socket.socket(family, kind) as s:
            s.settimeout(1)
            s.connect(to)
            s.send(b"out")
    except OSError as error:
        print(error)
X"""
    yield Attack(name="connect", command=client)
    yield Attack(name="connect by the shell", command=f"echo out > /dev/tcp/127.0.0.1/{port}")
    yield Attack(
        name="other addresses",
        command="cat /proc/net/tcp /proc/net/route; ls /sys/class/net",
        escaped=lambda done: f"{port:04X} " in done.text,
    )


def _on_processes(grounds: Grounds) -> Iterator[Attack]:
    late = grounds.root / "late"
    here = os.getpid()
    yield Attack(name="kill the parent", command=f"kill -9 $PPID {here} 1; kill -9 -1; sleep 1")
    yield Attack(
        name="see other processes",
        command="ls /proc; ps aux; cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'; env",
        escaped=lambda done: SECRET in done.text or f"\n{here}\n" in done.text,
    )
    # The mark of the grounds in a command line is what `_left` looks for.
    stay = f"sh -c 'sleep 1.5; echo x > {late}; sleep 60'"
    for name, command in {
        "stay behind": f"{stay} & sleep 0.1",
        "stay behind in a session": f"nohup setsid {stay} >/dev/null 2>&1 & sleep 0.1",
        "stay behind twice forked": f"(setsid {stay} & ) & sleep 0.1",
    }.items():
        yield Attack(name=name, command=command)
    yield Attack(
        name="what stayed behind",
        command="sleep 2; ls late",
        escaped=lambda _: late.exists(),
    )
    yield Attack(name="ignore SIGTERM", command=f"trap '' TERM; {stay}")
    yield Attack(name="ignore everything", command="trap '' TERM INT HUP PIPE; while :; do :; done")
    bomb = "bomb() { bomb | bomb & }; bomb; sleep 60"
    yield Attack(name="fork bomb", command=bomb, escaped=lambda done: "processes" not in done.text)
    yield Attack(
        name="memory",
        command='python3 -c "held = [bytearray(10**7) for _ in range(10**4)]"',
        escaped=lambda done: "memory" not in done.text,
    )


def _on_the_machine(grounds: Grounds) -> Iterator[Attack]:
    pattern = Path("/proc/sys/kernel/core_pattern")
    before = pattern.read_text() if pattern.exists() else ""
    modes, large = _modes_of_devices(), grounds.root / "large"
    yield Attack(
        name="settings of the kernel",
        command="echo '|/bin/true' > /proc/sys/kernel/core_pattern; echo 1 > /proc/sys/vm/drop_caches",
        escaped=lambda _: pattern.exists() and pattern.read_text() != before,
    )
    yield Attack(
        name="modes of devices",
        command="chmod 600 /dev/full /dev/zero; chown 1 /dev/full",
        escaped=lambda _: _modes_of_devices() != modes,
    )
    yield Attack(
        name="a large file",
        command="head -c 50000000 /dev/zero > large",
        escaped=lambda _: large.stat().st_size > OPTIONS.file_bytes,
    )
    yield Attack(name="output without end", command="yes")
    yield Attack(
        name="50 MB of output",
        command="head -c 50000000 /dev/zero | tr '\\0' x",
        escaped=lambda done: len(done.text) > OPTIONS.head_bytes + OPTIONS.tail_bytes + 500,
    )


def _modes_of_devices() -> list[tuple[int, int]]:
    found = [os.stat(f"/dev/{name}") for name in ("full", "zero", "null")]
    return [(each.st_mode, each.st_uid) for each in found]


def _after_errors(done: ToolOutcome) -> str:
    """What was printed but for the lines of `cat` that say what is missing."""
    lines = done.text.partition("\nOutput:\n")[2].splitlines()
    return "\n".join(line for line in lines if "No such file" not in line)


def _left(grounds: Grounds) -> list[str]:
    """Processes of this machine that still name the grounds in their command line."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            told = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if f"echo x > {grounds.root}/late" in told and str(os.getpid()) != path.parent.name:
            found.append(told)
    return found


@contextmanager
def _listening() -> Generator[Listener, None, None]:
    listener = Listener()
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        listener.port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", listener.port))
        unix.bind(f"\0enplace-bench-{listener.port}")
        unix.listen()
        ends = threading.Event()
        threads = [
            threading.Thread(target=_count, args=(each, listener, ends))
            for each in (tcp, udp, unix)
        ]
        for thread in threads:
            thread.start()
        try:
            yield listener
        finally:
            ends.set()
            for thread in threads:
                thread.join()


def _count(heard: socket.socket, listener: Listener, ends: threading.Event) -> None:
    heard.settimeout(0.1)
    while not ends.is_set():
        try:
            if heard.type == socket.SOCK_DGRAM:
                heard.recv(100)
            else:
                heard.accept()[0].close()
        except TimeoutError:
            continue
        listener.reached += 1


async def unsandboxed(grounds: Grounds) -> list[str]:
    """What holds of a command without a sandbox, which a person has allowed: limits and an end."""
    roots = Roots([grounds.root])
    options = replace(OPTIONS, time_s=1.0, printed_bytes=20_000_000)
    wrong: list[str] = []
    for name, command, wanted in (
        ("time", "trap '' TERM; sleep 60 & sleep 60", "longer than"),
        ("output", "yes", "without end"),
        ("environment", "env; sleep 0", "Exit code: 0"),
        (
            "group",
            f"sh -c 'sleep 1.5; echo x > {grounds.root}/late; sleep 60' & sleep 0",
            "code: 0",
        ),
    ):
        began = time.monotonic()
        outcome = await run_command(command, roots, options, sandbox=None)
        if wanted not in outcome.text or SECRET in outcome.text:
            wrong.append(f"{name}: {outcome.text[:100]}")
        if time.monotonic() - began > 1.0 + LATE_S:
            wrong.append(f"{name}: late")
        await asyncio.sleep(0)
        if _left(grounds):
            wrong.append(f"{name}: leaves a process")
    return wrong
