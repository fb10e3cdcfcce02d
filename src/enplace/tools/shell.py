"""The shell: commands in a sandbox where one starts, else each with a person's yes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from enplace.errors import BadInput
from enplace.records.block import TextBlock
from enplace.records.tool import ToolOutcome
from enplace.tools.cgroup import own_cgroup
from enplace.tools.function import FunctionTool
from enplace.tools.program import Limits, Ran, run_program
from enplace.tools.roots import Roots
from enplace.tools.sandbox import Sandbox

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOST_COMMAND_BYTES = 100_000
"""The system takes one argument of 128 KiB."""
_LIMITED = (
    'if [ -n "$1" ]; then echo $$ > "$1/cgroup.procs" || exit 125; fi;'
    ' ulimit -c 0; ulimit -f "$2"; shift 2; exec nice -n 10 "$@"'
)
"""Enters a control group where there is one, allows no core dumps, and files of so many blocks;
whatever the command does, it does not come before the engine."""
_TASKS_OF_A_PROCESS = 4
"""The kernel counts threads as well, so its limit is this much higher."""
_BLOCK_BYTES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellOptions:
    """What a caller may choose about the shell."""

    time_s: float = 120.0
    """How long a command may run, unless the model asks for more."""
    most_time_s: float = 600.0
    """The most that it gets."""
    head_bytes: int = 160_000
    """Most that is kept of the beginning of an output."""
    tail_bytes: int = 96_000
    """Most that is kept of its end."""
    printed_bytes: int = 256_000_000
    """Most output at all; a command that prints more is ended."""
    processes: int = 256
    """Most processes of a command at once."""
    memory_bytes: int = 4_000_000_000
    """Most memory of them together; a page that two of them share counts twice."""
    file_bytes: int = 1_000_000_000
    """Largest file that a command can write."""
    reads: tuple[Path, ...] = ()
    """Folders that commands in the sandbox may read besides the roots and the system's."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables that commands get. None of this process's own is handed on."""
    has_network: bool = False
    """Whether commands in the sandbox reach the network of this machine."""


def shell_tool(
    roots: Roots, options: ShellOptions | None = None, *, sandbox: Sandbox | None
) -> FunctionTool:
    """The tool `shell`.

    Args:
        roots: Commands start in the first.
        options: Limits, and what commands see.
        sandbox: None: the tool asks before every call.
    """
    chosen = options or ShellOptions()

    async def shell(command: str, time_limit_s: int | None = None) -> ToolOutcome:
        return await run_command(command, roots, chosen, sandbox=sandbox, time_limit_s=time_limit_s)

    tool = FunctionTool(shell)
    tool.spec = replace(
        tool.spec, description=_description(roots, chosen, sandbox), asks=sandbox is None
    )
    return tool


async def run_command(
    command: str,
    roots: Roots,
    options: ShellOptions,
    *,
    sandbox: Sandbox | None,
    time_limit_s: float | None = None,
) -> ToolOutcome:
    """Run one command of the model.

    Raises:
        BadInput: It cannot be run as it is.
    """
    size = len(command.encode("utf-8", "replace"))
    if not command.strip() or "\0" in command or size > MOST_COMMAND_BYTES:
        raise BadInput(f"a command is a text of 1 to {MOST_COMMAND_BYTES} bytes without NUL")
    if time_limit_s is not None and not 1 <= time_limit_s <= options.most_time_s:
        raise BadInput(f"time_limit_s is 1 to {options.most_time_s:g}")
    time_s = options.time_s if time_limit_s is None else time_limit_s
    limits = Limits(
        time_s=time_s,
        head_bytes=options.head_bytes,
        tail_bytes=options.tail_bytes,
        printed_bytes=options.printed_bytes,
        processes=options.processes,
        memory_bytes=options.memory_bytes,
    )
    async with own_cgroup(_TASKS_OF_A_PROCESS * options.processes) as cgroup:
        ran = await run_program(
            _started(command, roots, options, sandbox, cgroup),
            limits,
            folder=str(roots.folders[0]),
            environment={**_environment(roots, sandbox), **options.environment},
            is_wrapped=sandbox is not None,
        )
    text = f"{_header(ran, time_s, options)}\nOutput:\n{_output(ran)}"
    is_error = bool(ran.ended) or ran.code != 0
    return ToolOutcome(blocks=(TextBlock(text=text),), is_error=is_error)


def _started(
    command: str, roots: Roots, options: ShellOptions, sandbox: Sandbox | None, cgroup: str
) -> list[str]:
    shell = "/bin/bash" if os.path.exists("/bin/bash") else "/bin/sh"
    inner = [shell, "-c", command]
    if sandbox is not None:
        inner = sandbox.wrap(
            inner,
            writes=roots.folders,
            reads=options.reads,
            most_tasks=_TASKS_OF_A_PROCESS * options.processes,
            has_network=options.has_network,
        )
    blocks = str(options.file_bytes // _BLOCK_BYTES)
    return ["/bin/sh", "-c", _LIMITED, "sh", cgroup, blocks, *inner]


def _environment(roots: Roots, sandbox: Sandbox | None) -> dict[str, str]:
    home = str(roots.folders[0]) if sandbox is None else "/tmp"
    return {"PATH": PATH, "HOME": home, "TMPDIR": "/tmp", "LANG": "C.UTF-8", "TERM": "dumb"}


def _header(ran: Ran, time_s: float, options: ShellOptions) -> str:
    match ran.ended:
        case "":
            head = f"Exit code: {ran.code}"
        case "time":
            head = f"Ended: it ran longer than {time_s:g} s."
        case "output":
            head = "Ended: it printed without end."
        case "processes":
            head = f"Ended: it had more than {options.processes} processes."
        case "memory":
            head = f"Ended: it used more than {options.memory_bytes:,} bytes of memory."
    if ran.left_out_bytes:
        head += f" ({ran.printed_bytes:,} bytes were printed; {ran.left_out_bytes:,} {LEFT_OUT})"
    return head


LEFT_OUT = "bytes in the middle are left out"
"""Stands in the header of an output that is not whole; `file_tools` reads no lines from it."""


def _output(ran: Ran) -> str:
    kept = [ran.head, ran.tail] if ran.left_out_bytes else [ran.head + ran.tail]
    gap = f"\n[... {ran.left_out_bytes:,} {LEFT_OUT} ...]\n"
    return gap.join(part.decode("utf-8", "replace") for part in kept).replace("\0", "\ufffd")


def _description(roots: Roots, options: ShellOptions, sandbox: Sandbox | None) -> str:
    """What the model reads of the tool. It says what stands around a command."""
    first = "Run a command in a shell, in the first allowed folder. Name files relative to it."
    limits = (
        f" A command ends after {options.time_s:g} s; time_limit_s may ask for up to"
        f" {options.most_time_s:g}. Of a long output the beginning and the end are kept. What runs"
        " in the background ends with the command."
    )
    if sandbox is None:
        return (
            f"{first}{limits} There is no sandbox here, so a person is asked before each command."
        )
    network = "the network" if options.has_network else "no network"
    around = (
        f" It runs in a sandbox ({sandbox}): it can write in {roots} and in a /tmp of its own that"
        f" is gone afterwards, can read the system's programs, sees no other files, and has"
        f" {network}."
    )
    return f"{first}{around}{limits}"
