"""The command line: `enplace COMMAND`."""

import argparse
import asyncio
import inspect
import logging
import sys
from collections.abc import Sequence

from enplace.cli import chat, commands, demo, doctor, lint
from enplace.cli.agents import add_agents
from enplace.cli.documents_parser import add_documents
from enplace.cli.learning_parser import add_learning, add_review
from enplace.cli.memory_parser import add_memory
from enplace.cli.parsing import Commands
from enplace.cli.people_parser import add_people
from enplace.errors import EnplaceError, UsageError

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 when it was done, 1 when it failed, 2 when it was asked wrongly, 130 when interrupted.
    """
    asked = build_parser().parse_args(arguments)
    logging.getLogger("stamina").addHandler(logging.NullHandler())  # else it prints its retries
    try:
        done = asked.run(asked)
        return asyncio.run(done) if inspect.iscoroutine(done) else done
    except EnplaceError as error:
        print(f"enplace: {error.code}: {error.message}", file=sys.stderr)
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone: `enplace ... | head`
        sys.stderr.close()
        return EXIT_FAILED


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = argparse.ArgumentParser(
        prog="enplace", description="The context engine for LLM agents."
    )
    found = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    ask = found.add_parser("ask", help="ask the model, with all that is remembered")
    ask.add_argument("message", help="what you say")
    ask.add_argument("--task", default="cli", help="the task it belongs to (default: cli)")
    ask.add_argument("--key", help="idempotency key: the same again continues or repeats the turn")
    ask.set_defaults(run=commands.ask)

    remember = found.add_parser("remember", help="store a fact")
    remember.add_argument("sentence", help="a full sentence in the third person")
    remember.add_argument("--supersedes", metavar="ID", help="the fact that holds no longer")
    remember.set_defaults(run=commands.remember)

    recall = found.add_parser("recall", help="search what is remembered")
    recall.add_argument("text", help="what to look for")
    recall.set_defaults(run=commands.recall)

    context = found.add_parser("context", help="show what the model saw last in a task")
    context.add_argument("task", help="the task")
    context.add_argument("--wire", action="store_true", help="the request exactly as it was sent")
    context.add_argument("--why", action="store_true", help="why it is so, and what it cost")
    context.set_defaults(run=commands.context)

    compact = found.add_parser("compact", help="close a part of a task: it becomes one short block")
    compact.add_argument("task", help="the task")
    compact.add_argument("--label", default="", help="what ends here, in a few words")
    compact.set_defaults(run=commands.compact)

    for add in (add_people, add_memory, add_documents, add_learning, add_review, add_agents):
        add(found)

    tasks = found.add_parser("tasks", help="list the tasks of an owner")
    tasks.set_defaults(run=commands.tasks)

    talk = found.add_parser("chat", help="talk, turn by turn")
    talk.add_argument("--task", default="chat", help="the task it belongs to (default: chat)")
    talk.add_argument("--usage", action="store_true", help="show tokens and cache hits")
    talk.set_defaults(run=chat.chat)

    _add_servers(found)
    models = found.add_parser("models", help="show the model in use and what it can do")
    models.set_defaults(run=commands.models)

    check = found.add_parser("doctor", help="find the usual troubles and say what to do")
    check.set_defaults(run=doctor.doctor)

    lint.add_lint(found)

    show = found.add_parser("demo", help="tell, kill, restart, ask: memory that survives")
    show.add_argument("--home", help="keep the brain in this folder instead of a temporary one")
    show.set_defaults(run=demo.run)

    for command in (ask, remember, recall, context, compact, tasks, talk):
        command.add_argument("--owner", default="default", help="whose memory (default: default)")
    for command in (ask, remember, recall, context, compact, tasks, models, check, show):
        command.add_argument("--json", action="store_true", help="print JSON for programs")
    return parser


def _add_servers(found: Commands) -> None:
    """Commands that go on until they are stopped."""
    worker = found.add_parser("worker", help="do the work that others leave in the jobs")
    worker.set_defaults(run=commands.worker)
    serve = found.add_parser("serve", help="serve the HTTP API")
    serve.add_argument("--host", default="127.0.0.1", help="address (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8765, help="port (default: 8765)")
    serve.set_defaults(run=commands.serve)


if __name__ == "__main__":
    sys.exit(main())
