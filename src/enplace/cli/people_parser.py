"""The options of `enplace hitl ...` and `enplace cancel`."""

from enplace.cli import people
from enplace.cli.parsing import Commands, adding, group, owner_and_json


def add_people(found: Commands) -> None:
    """Add the command `hitl` with its own commands, and `cancel`."""
    add = adding(
        group(found, "hitl", "people in the loop: questions and answers"), owner_and_json()
    )
    add("list", people.pending, "list what people are asked, the oldest first")

    command = add("answer", people.answer, "answer a question; its turn goes on")
    command.add_argument("task", help="the task that waits")
    command.add_argument("answer", help="yes, no, one of the options or any text")
    command.add_argument("--feedback", default="", help="for the model, beside the answer")
    command.add_argument("--request", metavar="ID", help="which question (default: the oldest)")

    add = adding(found, owner_and_json())
    command = add("cancel", people.cancel, "end the turn of a task that waits or was broken off")
    command.add_argument("task", help="the task")
