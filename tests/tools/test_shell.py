"""The shell: what a command sees, what it may use, and that nothing of it is left."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from enplace.errors import BadInput
from enplace.prepare.compact.file_tools import Change, Read, touches
from enplace.records.canonical import JsonObject
from enplace.records.tool import ToolCall, ToolOutcome
from enplace.tools.cgroup import find_cgroups
from enplace.tools.program import Limits, family, run_program
from enplace.tools.roots import Roots
from enplace.tools.sandbox import Sandbox, find_sandbox
from enplace.tools.shell import ShellOptions, run_command, shell_tool
from enplace.tools.workspace import workspace_tools

pytestmark = pytest.mark.anyio

OPTIONS = ShellOptions(time_s=20.0, head_bytes=600, tail_bytes=300)
SANDBOX = find_sandbox()
needs_sandbox = pytest.mark.skipif(SANDBOX is None, reason="no sandbox starts here")
either = pytest.mark.parametrize(
    "sandbox", [None, pytest.param(SANDBOX, marks=needs_sandbox)], ids=["open", "sandbox"]
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "secret.txt").write_text("secret\n")
    return root


async def ran(
    root: Path, command: str, sandbox: Sandbox | None, options: ShellOptions = OPTIONS
) -> ToolOutcome:
    return await run_command(command, Roots([root]), options, sandbox=sandbox)


def body(outcome: ToolOutcome) -> str:
    return outcome.text.partition("\nOutput:\n")[2]


def has(mark: str) -> bool:
    """Whether a process of this machine has a text in its command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                return True
        except OSError:
            continue
    return False


def wait_for(happens: Callable[[], bool]) -> None:
    until = time.monotonic() + 20.0
    while not happens():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


# What a command does


@either
async def test_a_command_runs_in_the_first_folder(root: Path, sandbox: Sandbox | None) -> None:
    outcome = await ran(root, "pwd; cat a.txt; echo made > b.txt; echo bad >&2; exit 3", sandbox)
    assert outcome.text == f"Exit code: 3\nOutput:\n{root}\none\ntwo\nbad\n"
    assert outcome.is_error
    assert (root / "b.txt").read_text() == "made\n"
    good = await ran(root, "test -d /dev && [[ a == a ]]", sandbox)
    assert (good.text, good.is_error) == ("Exit code: 0\nOutput:\n", False)


@either
async def test_nothing_of_this_process_is_in_its_environment(
    root: Path, sandbox: Sandbox | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENPLACE_TEST_SECRET", "hidden")
    options = replace(OPTIONS, environment={"GIVEN": "yes"})
    told = body(await ran(root, "env", sandbox, options))
    assert "hidden" not in told
    assert "GIVEN=yes" in told
    names = {line.partition("=")[0] for line in told.splitlines()}
    own = {"PATH", "HOME", "TMPDIR", "LANG", "TERM", "GIVEN"}
    assert names - {"PWD", "SHLVL", "OLDPWD", "_"} == own


@either
async def test_all_folders_are_there(root: Path, tmp_path: Path, sandbox: Sandbox | None) -> None:
    other = tmp_path / "other"
    other.mkdir()
    roots = Roots([root, other])
    command = f"echo x > {other}/made && ls {other}"
    outcome = await run_command(command, roots, OPTIONS, sandbox=sandbox)
    assert body(outcome) == "made\n"


@pytest.mark.parametrize("command", ["", " ", "echo a\0b", "x" * 100_001])
async def test_a_command_that_cannot_be_run_is_refused(root: Path, command: str) -> None:
    with pytest.raises(BadInput, match="a command is"):
        await ran(root, command, None)


@pytest.mark.parametrize("seconds", [0, 601])
async def test_a_time_limit_has_limits(root: Path, seconds: int) -> None:
    with pytest.raises(BadInput, match="1 to 600"):
        await run_command("true", Roots([root]), OPTIONS, sandbox=None, time_limit_s=seconds)


# Limits


@either
async def test_a_command_that_takes_too_long_is_ended_with_all_it_started(
    root: Path, sandbox: Sandbox | None
) -> None:
    mark = f"sleep 61.{os.getpid()}"
    command = f"trap 'echo asked; exit 0' TERM; {mark} & {mark} & wait"
    began = time.monotonic()
    outcome = await ran(root, command, sandbox, replace(OPTIONS, time_s=0.4))
    assert outcome.text == "Ended: it ran longer than 0.4 s.\nOutput:\nasked\n"
    assert outcome.is_error
    assert time.monotonic() - began < 6.0
    assert not has(mark)


@either
async def test_who_does_not_obey_is_killed(root: Path, sandbox: Sandbox | None) -> None:
    mark = f"62.{os.getpid()}"
    command = f"trap '' TERM; sleep {mark} & while :; do sleep 0.05; done"
    outcome = await ran(root, command, sandbox, replace(OPTIONS, time_s=0.2))
    assert outcome.text.startswith("Ended: it ran longer")
    assert not has(mark)


@either
async def test_what_runs_in_the_background_ends_with_the_command(
    root: Path, sandbox: Sandbox | None
) -> None:
    mark = f"sleep 63.{os.getpid()}"
    outcome = await ran(root, f"{mark} & echo started", sandbox)
    assert body(outcome) == "started\n"
    assert not has(mark)


@needs_sandbox
async def test_who_leaves_the_group_stays_in_the_sandbox(root: Path) -> None:
    mark = f"sleep 64.{os.getpid()}"
    await ran(root, f"setsid nohup {mark} >/dev/null 2>&1 & (setsid {mark} &); true", SANDBOX)
    assert not has(mark)


@either
async def test_of_a_long_output_beginning_and_end_are_kept(
    root: Path, sandbox: Sandbox | None
) -> None:
    outcome = await ran(root, "seq 1 200000", sandbox)
    printed = len("".join(f"{n}\n" for n in range(1, 200_001)))
    assert outcome.text.startswith(
        f"Exit code: 0 ({printed:,} bytes were printed; {printed - 900:,} bytes in the middle are"
        " left out)\nOutput:\n1\n2\n3\n"
    )
    assert outcome.text.endswith("199999\n200000\n")
    assert len(outcome.text) < 1_200


@either
async def test_an_output_without_end_is_ended(root: Path, sandbox: Sandbox | None) -> None:
    outcome = await ran(root, "yes", sandbox, replace(OPTIONS, printed_bytes=3_000_000))
    assert outcome.text.startswith("Ended: it printed without end. (")
    assert len(outcome.text) < 1_200


@either
async def test_an_output_is_text_whatever_was_printed(root: Path, sandbox: Sandbox | None) -> None:
    outcome = await ran(root, r"printf 'a\000b\377c\n'", sandbox)
    assert body(outcome) == "a\ufffdb\ufffdc\n"
    split = replace(OPTIONS, head_bytes=3)
    assert body(await ran(root, "printf 'ääää'", sandbox, split)) == "ääää"


@needs_sandbox
async def test_too_many_processes_are_ended(root: Path) -> None:
    options = replace(OPTIONS, processes=30)
    outcome = await ran(root, "bomb() { bomb | bomb & }; bomb; sleep 9", SANDBOX, options)
    assert outcome.text.startswith("Ended: it had more than 30 processes.")


@either
async def test_too_much_memory_is_ended(root: Path, sandbox: Sandbox | None) -> None:
    options = replace(OPTIONS, memory_bytes=60_000_000)
    command = f"{sys.executable} -c 'import time; held = bytearray(9 * 10**7); time.sleep(9)'"
    reads = (Path(sys.prefix), Path(sys.base_prefix))
    outcome = await ran(root, command, sandbox, replace(options, reads=reads))
    assert outcome.text.startswith("Ended: it used more than 60,000,000 bytes")


@either
async def test_a_file_has_a_largest_size(root: Path, sandbox: Sandbox | None) -> None:
    options = replace(OPTIONS, file_bytes=1_000_000)
    assert (await ran(root, "head -c 2000000 /dev/zero > big", sandbox, options)).is_error
    assert (root / "big").stat().st_size <= 1_000_000


@either
async def test_a_cancelled_command_is_killed(root: Path, sandbox: Sandbox | None) -> None:
    mark = f"sleep 65.{os.getpid()}"
    task = asyncio.create_task(ran(root, f"touch begun; {mark} & {mark}", sandbox))
    await asyncio.to_thread(wait_for, (root / "begun").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not has(mark)


# The sandbox


def has_called(heard: socket.socket) -> bool:
    heard.setblocking(False)
    try:
        heard.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@needs_sandbox
@pytest.mark.parametrize("has_network", [True, False])
async def test_there_is_a_network_only_where_it_is_wished(root: Path, *, has_network: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as heard:
        port = heard.getsockname()[1]
        options = replace(OPTIONS, has_network=has_network)
        outcome = await ran(root, f"echo hello > /dev/tcp/127.0.0.1/{port}", SANDBOX, options)
        assert has_called(heard) == has_network
    assert outcome.is_error == (not has_network)


@pytest.mark.skipif(find_cgroups() is None, reason="no control groups for us")
@either
async def test_a_control_group_is_gone_with_its_command(
    root: Path, sandbox: Sandbox | None
) -> None:
    told = body(await ran(root, "cat /proc/1/cgroup /proc/self/cgroup; setsid sleep 67 &", sandbox))
    folder = find_cgroups()
    assert folder is not None
    assert not [name for name in os.listdir(folder) if name in told and name.startswith("enplace-")]
    assert sandbox is not None or "/enplace-" in told


@needs_sandbox
async def test_a_command_in_the_sandbox_sees_its_folders_and_the_system(
    root: Path, tmp_path: Path
) -> None:
    told = body(
        await ran(
            root,
            f"cat {tmp_path}/secret.txt ../secret.txt; ls ..; ls /; ls /etc/shadow; touch /usr/x;"
            f" echo x > {tmp_path}/secret.txt; echo own > /tmp/own; cat /tmp/own",
            SANDBOX,
            replace(OPTIONS, head_bytes=9_000),
        )
    )
    assert "secret\n" not in told
    assert "Read-only file system" in told
    assert told.endswith("own\n")
    assert (tmp_path / "secret.txt").read_text() == "secret\n"
    assert os.listdir(tmp_path) in (["root", "secret.txt"], ["secret.txt", "root"])


PATTERN = Path("/proc/sys/kernel/core_pattern")


def settings_and_modes() -> tuple[str, int]:
    return PATTERN.read_text(), os.stat("/dev/full").st_mode


@needs_sandbox
async def test_what_root_owns_outside_is_not_its_own_inside(root: Path) -> None:
    """Whoever runs this as root would own the kernel's settings and the devices in the sandbox."""
    before = settings_and_modes()
    command = f"echo x > {PATTERN}; chmod 600 /dev/full; umount /proc; mount -o remount,rw /"
    outcome = await ran(root, command, SANDBOX)
    assert outcome.is_error
    assert settings_and_modes() == before


@needs_sandbox
async def test_more_folders_can_be_shown(root: Path, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    (shown / "x").write_text("x\n")
    options = replace(OPTIONS, reads=(shown,))
    outcome = await ran(root, f"cat {shown}/x; echo y > {shown}/x", SANDBOX, options)
    assert body(outcome).startswith("x\n")
    assert (shown / "x").read_text() == "x\n"


RUNS_FOR_EVER = """
import asyncio, sys
from enplace.tools.roots import Roots
from enplace.tools.sandbox import find_sandbox
from enplace.tools.shell import ShellOptions, run_command
asyncio.run(run_command(sys.argv[2], Roots([sys.argv[1]]), ShellOptions(), sandbox=find_sandbox()))
"""


@needs_sandbox
async def test_a_command_in_the_sandbox_dies_with_its_engine(root: Path) -> None:
    mark = f"sleep 66.{os.getpid()}"
    command = [sys.executable, "-c", RUNS_FOR_EVER, str(root), f"touch begun; setsid {mark}"]
    engine = await asyncio.create_subprocess_exec(*command)
    await asyncio.to_thread(wait_for, (root / "begun").exists)
    (first, *others) = family(engine.pid)
    assert others
    os.kill(first, signal.SIGKILL)
    await engine.wait()
    groups = find_cgroups()
    await asyncio.to_thread(wait_for, lambda: not has(mark))
    if groups is not None:  # the next engine would do it, after a minute
        for name in os.listdir(groups):
            if name.startswith(f"enplace-{engine.pid}-"):
                os.rmdir(groups / name)


def test_no_sandbox_is_found_where_none_starts(tmp_path: Path) -> None:
    assert find_sandbox(str(tmp_path)) is None
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n"
    )
    broken.chmod(0o755)
    assert find_sandbox(f"{tmp_path}:") is None


def test_a_sandbox_that_confines_nothing_is_none(tmp_path: Path) -> None:
    """Started it is, but what lies beside the folder can be seen from it."""
    shell = 'while [ "$1" != -- ]; do [ "$1" = --chdir ] && cd "$2"; shift; done; shift; exec "$@"'
    naked = tmp_path / "bwrap"
    naked.write_text(f"#!/bin/sh\n{shell}\n")
    naked.chmod(0o755)
    done = subprocess.run(
        [naked, "--chdir", "/", "--", "echo", "ok"], capture_output=True, check=True
    )
    assert done.stdout == b"ok\n"
    assert find_sandbox(str(tmp_path)) is None


# The tool


def test_without_a_sandbox_the_tool_asks(root: Path) -> None:
    spec = shell_tool(Roots([root]), sandbox=None).spec
    assert (spec.asks, spec.idempotent) == (True, False)
    assert "a person is asked before each command" in spec.description


@needs_sandbox
def test_in_a_sandbox_it_does_not(root: Path) -> None:
    spec = shell_tool(Roots([root]), sandbox=SANDBOX).spec
    assert not spec.asks
    assert f"sandbox ({SANDBOX})" in spec.description
    assert str(root) in spec.description


def test_there_is_a_shell_only_where_it_is_wished(root: Path) -> None:
    names = [tool.spec.name for tool in workspace_tools([root])]
    assert names == [
        "read_file",
        "write_file",
        "edit_file",
        "list_files",
        "find_files",
        "search_files",
    ]
    assert [tool.spec.name for tool in workspace_tools([root], shell=True)] == [*names, "shell"]


@either
async def test_what_a_command_shows_and_changes_is_known(
    root: Path, sandbox: Sandbox | None
) -> None:
    tool = shell_tool(Roots([root]), OPTIONS, sandbox=sandbox)

    async def done(command: str) -> list[object]:
        given: JsonObject = {"command": command}
        call = ToolCall(id="c", tool="shell", input=given, task_id="t", turn_id="u")
        outcome = await tool.run(call)
        return list(touches("shell", given, outcome.text, is_error=outcome.is_error))

    assert await done("cat a.txt") == [Read("a.txt", ((1, "one"), (2, "two")))]
    assert await done("sed -i s/one/1/ a.txt") == [Change("a.txt")]
    (root / "long").write_text("".join(f"line {n}\n" for n in range(500)))
    assert await done("cat long") == [], "of a cut output nobody knows the numbers of lines"


# Programs


async def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    limits = Limits(time_s=1.0, head_bytes=10, tail_bytes=10)
    with pytest.raises(FileNotFoundError):
        await run_program(["nothing-of-that-name"], limits, folder=str(tmp_path), environment={})
    assert len(os.listdir("/proc/self/fd")) == before


async def test_who_left_the_group_and_holds_the_output_open_is_not_waited_for(
    tmp_path: Path,
) -> None:
    """Without a sandbox it stays; the engine goes on."""
    limits = Limits(time_s=9.0, head_bytes=99, tail_bytes=0)
    began = time.monotonic()
    ran = await run_program(
        ["/bin/sh", "-c", "setsid sleep 3 & echo done"],
        limits,
        folder=str(tmp_path),
        environment={"PATH": "/usr/bin:/bin"},
    )
    assert (ran.head, ran.code) == (b"done\n", 0)
    assert time.monotonic() - began < 2.9
