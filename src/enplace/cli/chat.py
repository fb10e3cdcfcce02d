"""`enplace chat`: talk, turn by turn, in one task; what the model asks is answered right there."""

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from enplace.blocking import BlockingOwner
from enplace.blocking import open as open_blocking
from enplace.cli.show import context_lines, question_line
from enplace.cli.turn import of_task, told
from enplace.errors import EnplaceError, TaskNotFound
from enplace.records.event import Event

HELP = """\
/usage            show tokens and cache hits after every model call, or stop showing them
/context          show what the model saw last, segment by segment
/remember TEXT    store a fact: a full sentence in the third person
/answer           answer now what the task waits for
/quit             leave; the task and all that is remembered stay
"""


def chat(asked: argparse.Namespace) -> int:
    """Read lines until the end of input; each is a turn, or a command that begins with a slash."""
    with open_blocking(asks_people=True) as engine:
        owner = engine.owner(asked.owner)
        print(f"task {asked.task}, model {engine.engine.model.card.name}; /help shows commands")
        talk = _Talk(owner=owner, task_id=asked.task, shows_usage=bool(asked.usage))
        if talk.answer():
            while (line := _read("> ")) is not None and talk.take(line):
                pass
        _safely(owner.learned)
    return 0


@dataclass(slots=True, kw_only=True)
class _Talk:
    """One chat."""

    owner: BlockingOwner
    task_id: str
    shows_usage: bool

    def take(self, line: str) -> bool:
        """Do what a line says; whether the chat goes on."""
        command, _, rest = line.partition(" ")
        match command:
            case "/quit":
                return False
            case "/usage":
                self.shows_usage = not self.shows_usage
                print("usage is shown" if self.shows_usage else "usage is not shown")
            case "/context":
                _show_context(self.owner, self.task_id)
            case "/remember":
                _safely(lambda: print(self.owner.remember(rest).outcome))
            case "/answer":
                return self.answer()
            case _ if command.startswith("/"):
                print(HELP, end="")
            case _ if line:
                _safely(lambda: self._show(self.owner.execute(self.task_id, line)))
                return self.answer()
            case _:
                pass
        return True

    def answer(self) -> bool:
        """Ask the person what the task waits for; whether the chat goes on."""
        while asked := of_task(self.owner.questions(), self.task_id):
            print(f"{question_line(asked[0])}  [/later, /cancel]")
            said = _read("? ")
            if said is None or said == "/quit":
                return False
            if said == "/later":
                break
            if said == "/cancel":
                _safely(self._cancel)
            elif said:
                _safely(partial(self._respond, said, asked[0].request_id))
        return True

    def _cancel(self) -> None:
        print("cancelled" if self.owner.cancel(self.task_id) else "nothing is open")

    def _respond(self, said: str, request_id: str) -> None:
        self._show(self.owner.respond(self.task_id, said, request_id=request_id))

    def _show(self, events: Iterable[Event]) -> None:
        for event in events:
            print(told(event, usage=self.shows_usage), end="", flush=True)


def _read(prompt: str) -> str | None:
    """The next line; None at the end of input."""
    try:
        return input(prompt).strip()
    except EOFError:
        print()
        return None


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
