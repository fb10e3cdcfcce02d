"""`enplace lint`: what in a set-up is seldom meant so, and what to do instead."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from enplace.cli.parsing import Commands, adding, owner_and_json
from enplace.errors import BadInput, TaskNotFound
from enplace.fetch.history import load_history
from enplace.prepare.lints.advice import lint_task
from enplace.prepare.lints.setup import lint_setup
from enplace.records.lint import Lint
from enplace.wiring import open as open_engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """A task or a file, and what it deserves advice about."""

    name: str
    """`task NAME`, or the path."""
    lints: tuple[Lint, ...]


def add_lint(found: Commands) -> None:
    """Add the command."""
    add = adding(found, owner_and_json())
    command = add("lint", lint, "say what in a set-up is seldom meant so, and what to do instead")
    command.add_argument("files", nargs="*", metavar="FILE", help="system prompts, not tasks")
    command.add_argument("--task", help="look at this task only (default: all)")


async def lint(asked: argparse.Namespace) -> int:
    """Lint files that hold system prompts, or tasks; exit code 1 where there is advice."""
    if asked.files and asked.task:
        raise BadInput("either files or a task")
    found = _files(asked.files) if asked.files else await _tasks(asked.owner, asked.task)
    if asked.json:
        print(json.dumps([row for each in found for row in _rows(each)]))
    else:
        print("\n".join(_lines(found)))
    return 1 if any(each.lints for each in found) else 0


def _files(names: Sequence[str]) -> list[Linted]:
    return [Linted(name=name, lints=lint_setup(_text_of(name))) for name in names]


def _text_of(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{name} cannot be read: {error}") from error


async def _tasks(owner: str, task: str | None) -> list[Linted]:
    async with open_engine() as engine:
        known = [found.task_id for found in await engine.owner(owner).tasks()]
        if task is not None and task not in known:
            raise TaskNotFound(f"there is no task {task!r}", task_id=task)
        log = (await engine.brains.open(owner)).log
        return [
            Linted(name=f"task {name}", lints=lint_task(await load_history(log, name)))
            for name in (known if task is None else [task])
        ]


def _rows(each: Linted) -> Iterator[dict[str, str]]:
    for found in each.lints:
        yield {
            "in": each.name,
            "code": found.code,
            "where": found.where,
            "excerpt": found.excerpt,
            "advice": found.advice,
        }


def _lines(linted: Sequence[Linted]) -> Iterator[str]:
    for each in linted:
        for found in each.lints:
            yield f"{each.name}, {found.where}: {found.code}"
            yield f"  {found.excerpt}"
            yield f"  -> {found.advice}"
    count = sum(len(each.lints) for each in linted)
    yield f"{count} lints in {len(linted)} looked at" if count else "nothing to advise"
