"""The options of `enplace memory ...`."""

import argparse
from typing import get_args

from enplace.cli import erasure, memory
from enplace.cli.parsing import (
    Adding,
    Commands,
    adding,
    count,
    group,
    moment_option,
    owner_and_json,
)
from enplace.records.memory import FactKind, PersonKind, Trust
from enplace.records.recollection import MemoryKind

STORED = ("fact", "episode", "person", "document")


def add_memory(found: Commands) -> None:
    """Add the command `memory` with all of its own commands."""
    commands = group(found, "memory", "look after what is remembered")
    shared = owner_and_json()
    add = adding(commands, shared)
    _reading(add)
    _writing(add)
    _people(adding(group(commands, "people", "whom the owner knows"), shared))
    _episodes(adding(group(commands, "episodes", "what happened"), shared))
    _documents(adding(group(commands, "documents", "texts of the owner's own"), shared))
    _whole(add)


def _reading(add: Adding) -> None:
    command = add("list", memory.list_all, "list memories in the order they were recorded")
    command.add_argument("--kind", choices=STORED, default="", help="only those of a kind")
    command.add_argument("--all", action="store_true", help="forgotten and retired ones as well")
    command.add_argument("--limit", type=count, default=100, help="most memories (default: 100)")

    command = add("show", memory.show, "show a memory and everything that became of it")
    command.add_argument("id", help="of any memory")
    moment_option(command, "--as-known", "as it was believed to stand then")

    command = add("search", memory.search, "search what is remembered")
    command.add_argument("text", help="what to look for, as one would ask a person")
    command.add_argument(
        "--kind", choices=get_args(MemoryKind), action="append", help="only those of a kind"
    )
    moment_option(command, "--since", "only what is from then or later")
    moment_option(command, "--until", "only what is from before then")
    command.add_argument("--person", action="append", help="said by or about somebody")
    command.add_argument("--tag", action="append", help="only what carries one of the tags")
    command.add_argument("--not-tag", action="append", help="nothing that carries the tag")
    moment_option(command, "--at", "what was true then (default: now)")
    moment_option(command, "--as-known", "as far as was believed then (default: now)")
    command.add_argument("--limit", type=count, default=20, help="most memories (default: 20)")
    command.add_argument("--explain", action="store_true", help="show what scores are made of")

    command = add("writes", memory.writes, "list what was written, the last first")
    command.add_argument("--limit", type=count, default=20, help="most writes (default: 20)")

    add("disputes", memory.disputes, "list facts that contradict facts with more trust")


def _writing(add: Adding) -> None:
    command = add("add", memory.add, "hold a sentence true")
    command.add_argument("sentence", help="a full sentence in the third person")
    _fact_options(command)

    command = add("correct", memory.correct, "put a sentence in the place of a fact")
    command.add_argument("id", help="of the fact that holds no longer")
    command.add_argument("sentence", help="what holds instead, about the same unless told")
    command.add_argument(
        "--never-true", action="store_true", help="the old fact was wrong from the beginning"
    )
    _fact_options(command)

    command = add("confirm", memory.confirm, "say that a fact is still true")
    command.add_argument("id", help="of a fact")

    command = add("expire", memory.expire, "say that a fact holds no longer")
    command.add_argument("id", help="of a fact")
    moment_option(command, "--until", "when it stopped being true (default: now)")

    command = add("forget", memory.forget, "show a memory to nobody any more; undo brings it back")
    command.add_argument("id", help="of any memory")

    command = add("erase", erasure.erase, "erase for good: nothing brings it back")
    command.add_argument(
        "ids", nargs="*", metavar="ID", help="of memories, or as a search names it"
    )
    command.add_argument("--person", metavar="NAME", help="everything about or naming somebody")
    command.add_argument("--session", metavar="ID", help="everything that was said in a visit")
    command.add_argument("--task", metavar="ID", help="everything that was said in a task")
    command.add_argument("--query", metavar="TEXT", help="what a search finds")
    command.add_argument("--dry-run", action="store_true", help="show what would go, and stop")
    command.add_argument("--yes", action="store_true", help="do not ask")

    command = add("release", memory.release, "believe a disputed or quarantined fact after all")
    command.add_argument("id", help="of a fact")

    command = add("undo", memory.undo, "take a write back, as if it had never been made")
    command.add_argument("write", type=count, help="its number")


def _fact_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--subject", help="whom it is about")
    command.add_argument("--predicate", help="what it says about them: lives_in")
    command.add_argument("--object", help="what it says it is")
    command.add_argument("--kind", choices=get_args(FactKind), help="what sort of thing it says")
    moment_option(command, "--valid-from", "since when it holds (default: now)")
    moment_option(command, "--valid-until", "until when it holds")
    command.add_argument("--trust", choices=get_args(Trust), help="where it comes from")
    command.add_argument("--tag", action="append", help="for filters; may be given again")
    _key_option(command)


def _people(add: Adding) -> None:
    add("list", memory.people, "list everybody who is known by name")

    command = add("know", memory.know, "know somebody by name, or by more names")
    command.add_argument("name")
    command.add_argument("--alias", action="append", help="another name; may be given again")
    command.add_argument("--kind", choices=get_args(PersonKind), default="person", help="of what")
    _key_option(command)

    command = add("merge", memory.merge, "say that two people are one")
    command.add_argument("name")
    command.add_argument("into", help="who that is")

    command = add("split", memory.split, "take a merge back")
    command.add_argument("name", help="who was merged into another")

    command = add("relate", memory.relate, "say how one is related to another")
    command.add_argument("source", help="Ana, in 'Ana is the mother of Bo'")
    command.add_argument("relation", help="mother_of")
    command.add_argument("target", help="Bo")
    command.add_argument("--sentence", help="the same in words")
    moment_option(command, "--valid-from", "since when (default: now)")
    moment_option(command, "--valid-until", "until when")
    _key_option(command)

    command = add("relations", memory.relations, "list how somebody is related to others")
    command.add_argument("name")
    moment_option(command, "--at", "at that time (default: now)")


def _episodes(add: Adding) -> None:
    command = add("add", memory.add_episode, "keep something that happened")
    command.add_argument("name", help="a short name of its own")
    command.add_argument("description", help="what happened, with whom and where")
    command.add_argument("value", help="what is worth knowing later")
    command.add_argument("--outcome", default="", help="how it ended")
    moment_option(command, "--started", "when it began")
    moment_option(command, "--ended", "when it ended")
    command.add_argument("--person", action="append", help="who took part; may be given again")
    command.add_argument("--tag", action="append", help="for filters; may be given again")
    _key_option(command)


def _documents(add: Adding) -> None:
    add("list", memory.documents, "list all current documents")

    command = add("add", memory.add_document, "keep a text; one of the same name takes its place")
    command.add_argument("file", help="a text in UTF-8; .md is read as Markdown")
    command.add_argument("--name", help="where it comes from (default: the file as given)")
    command.add_argument("--tag", action="append", help="for filters; may be given again")
    _key_option(command)


def _whole(add: Adding) -> None:
    command = add("export", memory.export, "write all that is kept to a file, as JSON Lines")
    command.add_argument("file", help="- for the standard output")

    command = add("import", memory.import_, "add what such a file has and this memory has not")
    command.add_argument("file", help="- for the standard input")

    add("sweep", memory.sweep, "delete notes that have expired")


def _key_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--key", help="idempotency key: the same again writes nothing")
