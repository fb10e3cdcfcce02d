"""What the options of several commands share."""

import argparse
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol


class Commands(Protocol):
    """The commands of a parser, which argparse gives no public name."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        """Add a command."""
        ...


Adding = Callable[..., argparse.ArgumentParser]
"""Adds a command: its name, what it does, and what help says."""


def adding(under: Commands, *shared: argparse.ArgumentParser) -> Adding:
    """Adds commands that have options in common."""

    def add(name: str, run: Callable[..., Any], help_: str) -> argparse.ArgumentParser:
        command = under.add_parser(name, help=help_, description=help_, parents=list(shared))
        command.set_defaults(run=run)
        return command

    return add


def owner_and_json(*, again: bool = False) -> argparse.ArgumentParser:
    """The options of commands on a memory.

    Args:
        again: The command above has them too, and what it was given counts.
    """
    shared = argparse.ArgumentParser(add_help=False)
    owner = argparse.SUPPRESS if again else "default"
    json = argparse.SUPPRESS if again else False
    shared.add_argument("--owner", default=owner, help="whose memory (default: default)")
    shared.add_argument("--json", action="store_true", default=json, help="print JSON for programs")
    return shared


def group(commands: Commands, name: str, help_: str) -> Commands:
    """A command that has commands of its own, one of which is needed."""
    parser = commands.add_parser(name, help=help_)
    return parser.add_subparsers(title="commands", required=True, metavar="COMMAND")


def moment_option(command: argparse.ArgumentParser, name: str, help_: str) -> None:
    """An option that takes a day or a time."""
    command.add_argument(name, type=moment, metavar="TIME", help=help_)


def moment(text: str) -> datetime:
    """A day or a time; in this machine's time zone where it names none."""
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo is not None else found.astimezone()
    except (ValueError, OverflowError, OSError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time such as 2026-05-31 or 2026-05-31T18:30+02:00"
        ) from error


def count(text: str) -> int:
    """A number from 1."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 62:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)
