"""`enplace chat`: talk, turn by turn, in one task."""

import argparse
import sys
from collections.abc import Callable

from enplace.blocking import BlockingOwner
from enplace.blocking import open as open_blocking
from enplace.cli.show import context_lines, usage_line
from enplace.errors import EnplaceError, TaskNotFound
from enplace.records.event import (
    AdviceGiven,
    Degraded,
    EpochOpened,
    TextStreamed,
    ToolCalled,
    UsageReported,
)

HELP = """\
/usage            show tokens and cache hits after every model call, or stop showing them
/context          show what the model saw last, segment by segment
/remember TEXT    store a fact: a full sentence in the third person
/quit             leave; the task and all that is remembered stay
"""


def chat(asked: argparse.Namespace) -> int:
    """Read lines until the end of input; each is a turn, or a command that begins with a slash."""
    with open_blocking() as engine:
        owner = engine.owner(asked.owner)
        print(f"task {asked.task}, model {engine.engine.model.card.name}; /help shows commands")
        shows_usage = bool(asked.usage)
        while (line := _read()) is not None:
            command, _, rest = line.partition(" ")
            if command == "/quit":
                break
            if command == "/usage":
                shows_usage = not shows_usage
                print("usage is shown" if shows_usage else "usage is not shown")
            elif command == "/context":
                _show_context(owner, asked.task)
            elif command == "/remember":
                _safely(lambda text=rest: print(owner.remember(text).outcome))
            elif command.startswith("/"):
                print(HELP, end="")
            elif line:
                _safely(lambda text=line, usage=shows_usage: _turn(owner, asked.task, text, usage))
        _safely(owner.learned)
    return 0


def _read() -> str | None:
    """The next line; None at the end of input."""
    try:
        return input("> ").strip()
    except EOFError:
        print()
        return None


def _turn(owner: BlockingOwner, task_id: str, message: str, shows_usage: bool) -> None:
    for event in owner.execute(task_id, message):
        match event:
            case TextStreamed():
                print(event.text, end="", flush=True)
            case ToolCalled():
                print(f"\n[{event.tool} {event.input}]", flush=True)
            case Degraded():
                print(f"[without {event.segment}: {event.reason}]", flush=True)
            case AdviceGiven():
                print(f"[{event.code}, {event.where}: {event.advice}]", flush=True)
            case EpochOpened() if shows_usage:
                print(f"[new epoch: {event.reason}]", flush=True)
            case UsageReported():
                print(f"\n[{usage_line(event)}]" if shows_usage else "", flush=True)
            case _:
                pass


def _show_context(owner: BlockingOwner, task_id: str) -> None:
    try:
        print("\n".join(context_lines(owner.context(task_id))))
    except TaskNotFound:
        print("the model saw nothing yet")


def _safely(work: Callable[[], None]) -> None:
    """An error ends a turn, and not the conversation."""
    try:
        work()
    except EnplaceError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
