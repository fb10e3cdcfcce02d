"""The options of `enplace documents ...`."""

import argparse

from enplace.cli import documents
from enplace.cli.parsing import Commands, adding, group, owner_and_json


def add_documents(found: Commands) -> None:
    """Add the command `documents` with all of its own commands."""
    add = adding(group(found, "documents", "the owner's own files"), owner_and_json())

    command = add("add", documents.add, "keep files and folders as documents; again goes on")
    command.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder and below")
    command.add_argument("--prefix", default="", help="begins names instead of the folder's name")
    _choosing(command)

    add("list", documents.list_all, "list all current documents")

    command = add("remove", documents.remove, "take documents out of what can be found")
    command.add_argument("names", nargs="+", metavar="NAME", help="as `list` shows it")

    command = add("show", documents.show, "show the lines that a citation names")
    command.add_argument("citation", help="guide/setup.md:12-30, or the id of a piece")

    command = add("watch", documents.watch, "keep folders as documents whenever something changes")
    command.add_argument("folders", nargs="+", metavar="FOLDER", help="a folder and below")
    _choosing(command)


def _choosing(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--pattern", action="append", metavar="GLOB", help="only files such as *.md; may be again"
    )
    command.add_argument(
        "--exclude", action="append", metavar="GLOB", help="no files such as draft*; may be again"
    )
    command.add_argument("--tag", action="append", help="for filters; may be given again")
