"""The options of `enplace learn ...` and `enplace review ...`."""

from enplace.cli import learning
from enplace.cli.parsing import Commands, adding, count, group, moment, owner_and_json


def add_learning(found: Commands) -> None:
    """Add the command `learn` with all of its own commands."""
    add = adding(group(found, "learn", "what is learned from conversations"), owner_and_json())
    add("status", learning.status, "how far the log was learned from, and what came of it")
    add("run", learning.run, "learn from all that is due, at once")
    add("dry-run", learning.dry_run, "show what that would do, and write nothing")

    command = add("rollback", learning.rollback, "take back all that a batch wrote")
    command.add_argument("batch", help="its id")
    command.add_argument("--rewind", action="store_true", help="its events are due again")

    command = add("replay", learning.replay, "learn anew, with the rules as they are now")
    command.add_argument(
        "--from",
        dest="since",
        type=moment,
        metavar="TIME",
        help="only what was learned from then on (default: all)",
    )
    command.add_argument(
        "--force", action="store_true", help="even where much less would be found than before"
    )

    command = add("batches", learning.batches, "list what was learned in which batch")
    command.add_argument("--limit", type=count, default=20, help="most batches (default: 20)")


def add_review(found: Commands) -> None:
    """Add the command `review`, which by itself lists."""
    said = "decide on what waits for a person"
    parser = found.add_parser("review", help=said, description=said, parents=[owner_and_json()])
    parser.set_defaults(run=learning.review)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    add = adding(commands, owner_and_json(again=True))
    add("list", learning.review, "list what waits, with what was said for it")

    command = add("approve", learning.approve, "believe it, as if you had said it yourself")
    command.add_argument("id", help="of a fact that waits")

    command = add("decline", learning.decline, "show it to nobody; undo brings it back")
    command.add_argument("id", help="of a fact that waits")
