"""The tools for work in allowed folders, all of them at once."""

from collections.abc import Sequence
from pathlib import Path

from enplace.ports import Tool
from enplace.tools.files import file_tools
from enplace.tools.roots import Roots
from enplace.tools.sandbox import find_sandbox
from enplace.tools.search import search_tools
from enplace.tools.shell import ShellOptions, shell_tool


def workspace_tools(
    roots: Roots | Sequence[Path | str],
    *,
    shell: bool = False,
    shell_options: ShellOptions | None = None,
) -> tuple[Tool, ...]:
    """read_file, write_file, edit_file, list_files, find_files, search_files; and shell.

    Args:
        roots: The folders outside of which nothing is read or written; paths are relative to the
            first.
        shell: Whether there is a shell. With it a sandbox is looked for, once per process; where
            none starts, a person is asked before every command.
        shell_options: Limits of commands, and what they see.

    Raises:
        ConfigError: The folders cannot be used.
    """
    allowed = roots if isinstance(roots, Roots) else Roots(roots)
    tools: tuple[Tool, ...] = (*file_tools(allowed), *search_tools(allowed))
    if shell:
        tools += (shell_tool(allowed, shell_options, sandbox=find_sandbox()),)
    return tools
