"""Files in the allowed folders: read, write, edit, list. Each call declares what it did."""

import asyncio
import hashlib
import os
import secrets
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock

from enplace.errors import BadInput
from enplace.ports import Tool
from enplace.records.block import TextBlock
from enplace.records.tool import FileEffect, ToolOutcome
from enplace.tools.function import FunctionTool
from enplace.tools.roots import Reached, Roots, make_file, open_file, require_file, shown

MOST_FILE_BYTES = 20_000_000
"""Of a file that is read or written."""
MOST_LINES = 2_000
"""Most lines that one call shows."""
MOST_SHOWN_CHARACTERS = 256_000
MOST_LINE_CHARACTERS = 2_000
"""Of a longer line the beginning is shown."""
MOST_LISTED = 1_000


def file_tools(roots: Roots) -> tuple[Tool, ...]:
    """The tools of one set of allowed folders."""
    folders = "Paths are relative to the allowed folder"
    if len(roots.folders) > 1:
        folders = f"The allowed folders are {roots}; relative paths start in the first"
    writing = Lock()

    async def read_file(
        path: str, first_line: int | None = None, last_line: int | None = None
    ) -> ToolOutcome:
        """Read a text file, or some of its lines. Each line comes with its number and a tab."""
        return await asyncio.to_thread(_read, roots, path, first_line, last_line)

    async def write_file(path: str, content: str) -> ToolOutcome:
        """Write a whole file, in the place of what it held. Missing folders are made."""
        return await asyncio.to_thread(_write, roots, writing, path, content)

    async def edit_file(path: str, old: str, new: str) -> ToolOutcome:
        """Put `new` in the place of `old`, which must stand in the file exactly once.

        Give `old` word for word with its white space, without line numbers, and with enough of
        what stands around it to be the only one.
        """
        return await asyncio.to_thread(_edit, roots, writing, path, old, new)

    async def list_files(path: str = ".") -> ToolOutcome:
        return await asyncio.to_thread(_list, roots, path)

    list_files.__doc__ = f"List a folder: its folders, and its files with their bytes. {folders}."
    return (
        FunctionTool(read_file, idempotent=True),
        FunctionTool(write_file, idempotent=True),
        FunctionTool(edit_file),
        FunctionTool(list_files, idempotent=True),
    )


# Reading


def _read(roots: Roots, path: str, first: int | None, last: int | None) -> ToolOutcome:
    with _opened(roots, path) as (reached, found, data):
        name = shown(reached.path)
    text = _text_of(data, name)
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()  # what ends with a line end has no empty line behind it
    begin, end = first if first is not None else 1, last if last is not None else len(lines)
    if not 1 <= begin <= end or begin > len(lines):
        raise BadInput(f"{name} has {len(lines)} lines, and {begin} to {end} is no part of them")
    end = min(end, len(lines), begin + MOST_LINES - 1)
    rows, end = _rows(lines, begin, end)
    is_whole = (begin, end) == (1, len(lines))
    notices: list[str] = []
    if not found.st_size:
        notices.append("the file is empty")
    if end < len(lines) and (last is None or end < last):
        notices.append(f"lines {begin} to {end} of {len(lines)}; first_line={end + 1} shows more")
    if "\r\n" in text:
        notices.append("its lines end with CRLF")
    effect = FileEffect(
        path=reached.path,
        action="read",
        lines=None if is_whole else (begin, end),
        hash=_digest(data),
    )
    return _told("\n".join((*rows, *(f"[{notice}]" for notice in notices))), effect)


def _rows(lines: Sequence[str], begin: int, end: int) -> tuple[list[str], int]:
    """Lines with their numbers, as many as may be shown at once, and the number of the last."""
    rows: list[str] = []
    room = MOST_SHOWN_CHARACTERS
    for number in range(begin, end + 1):
        line = lines[number - 1].removesuffix("\r")
        if len(line) > MOST_LINE_CHARACTERS:
            left = len(line) - MOST_LINE_CHARACTERS
            line = f"{line[:MOST_LINE_CHARACTERS]}… ({left:,} characters more)"
        room -= len(line)
        if room < 0:
            break
        rows.append(f"{number}\t{line}")
    return rows, begin + len(rows) - 1


@contextmanager
def _opened(
    roots: Roots, path: str
) -> Generator[tuple[Reached, os.stat_result, bytes], None, None]:
    """Where a path leads, what the file there is, and its bytes.

    Raises:
        OutsideRoots: The path leads out.
        BadInput: There is no such file, or it is no ordinary one, or too large.
    """
    with roots.reach(path) as reached:
        file, found = open_file(reached, allows_hard_links=roots.allows_hard_links)
        with os.fdopen(file, "rb") as stream:
            # One more than allowed: it may grow while it is read.
            data = b"" if found.st_size > MOST_FILE_BYTES else stream.read(MOST_FILE_BYTES + 1)
        if max(found.st_size, len(data)) > MOST_FILE_BYTES:
            raise BadInput(
                f"{shown(reached.path)} has {found.st_size:,} bytes, and at most"
                f" {MOST_FILE_BYTES:,} are read; search_files finds lines in smaller ones"
            )
        yield reached, found, data


def _text_of(data: bytes, name: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise BadInput(f"{name} is not a text in UTF-8, but {len(data):,} bytes of something else")
    return text


# Writing


def _write(roots: Roots, writing: Lock, path: str, content: str) -> ToolOutcome:
    data = _bytes_of(content)
    with writing, roots.reach(path, makes_folders=True) as reached:
        before = reached.stat()
        if before is not None:
            require_file(shown(reached.path), before)
        _replace(reached, data, before)
        name = shown(reached.path)
    lines = len(content.splitlines())
    what = "Made" if before is None else "Wrote"
    effect = FileEffect(path=reached.path, action="write", hash=_digest(data))
    return _told(f"{what} {name}: {lines} lines, {len(data):,} bytes.", effect)


def _edit(roots: Roots, writing: Lock, path: str, old: str, new: str) -> ToolOutcome:
    if not old or old == new:
        raise BadInput("old is empty, or the same as new")
    with writing, _opened(roots, path) as (reached, before, data):
        name = shown(reached.path)
        text = _text_of(data, name)
        if old not in text and "\r\n" in text:  # shown without the CR, so written without
            old, new = (each.replace("\r\n", "\n").replace("\n", "\r\n") for each in (old, new))
        at = _only_place(text, old, name)
        changed = _bytes_of(text[:at] + new + text[at + len(old) :])
        now = reached.stat()
        if now is None or _identity(now) != _identity(before):
            raise BadInput(f"{name} was changed by somebody else meanwhile; read it again")
        _replace(reached, changed, before)
    first = text.count("\n", 0, at) + 1
    last = first + new.removesuffix("\n").count("\n")
    effect = FileEffect(
        path=reached.path, action="edit", lines=(first, last), hash=_digest(changed)
    )
    where = f"line {first}" if first == last else f"lines {first} to {last}"
    return _told(f"Edited {name}, now {where}.", effect)


def _only_place(text: str, old: str, name: str) -> int:
    """Where a text stands that stands there once."""
    at = text.find(old)
    if at < 0:
        raise BadInput(
            f"old does not stand in {name}; read it, and give the text word for word with its"
            " white space and without line numbers"
        )
    places: list[int] = []
    while at >= 0:
        places.append(at)
        at = text.find(old, at + 1)
    if len(places) > 1:
        lines = ", ".join(str(text.count("\n", 0, place) + 1) for place in places[:10])
        raise BadInput(
            f"old stands in {name} {len(places)} times, in lines {lines}; give more of what"
            " stands around the one that is meant"
        )
    return places[0]


def _replace(reached: Reached, data: bytes, before: os.stat_result | None) -> None:
    """Put a new file in the place of whatever has the name, in one step.

    A link or another name of the old file is left as it is: only this name is changed.
    """
    if reached.name == ".":
        raise BadInput(f"{shown(reached.path)} is a folder")
    temporary = f".enplace-{secrets.token_hex(8)}.tmp"
    file = make_file(reached, temporary)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
            stream.flush()
            if before is not None:
                with suppress(PermissionError):  # only root may give files away
                    os.fchown(file, before.st_uid, before.st_gid)
                os.fchmod(file, stat.S_IMODE(before.st_mode) & 0o777)
            os.fsync(file)
        os.rename(temporary, reached.name, src_dir_fd=reached.folder, dst_dir_fd=reached.folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=reached.folder)
        raise


def _bytes_of(content: str) -> bytes:
    try:
        data = content.encode()
    except UnicodeEncodeError as error:
        raise BadInput("the content holds letters that no UTF-8 can carry") from error
    if len(data) > MOST_FILE_BYTES:
        raise BadInput(f"a file has at most {MOST_FILE_BYTES:,} bytes, not {len(data):,}")
    return data


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


# Listing


def _list(roots: Roots, path: str) -> ToolOutcome:
    with roots.open_folder(path) as (folder, name):
        names = sorted(os.listdir(folder))
        rows = [_row(Reached(folder=folder, name=each, path=each)) for each in names[:MOST_LISTED]]
    if not rows:
        return _told(f"{shown(name)} is empty.")
    if len(names) > MOST_LISTED:
        rows.append(f"[{len(names) - MOST_LISTED:,} more; find_files finds names by a pattern]")
    return _told("\n".join(rows))


def _row(reached: Reached) -> str:
    found, name = reached.stat(), shown(reached.name)
    if found is None:
        return f"{name} (gone)"
    if stat.S_ISDIR(found.st_mode):
        return f"{name}/"
    if stat.S_ISREG(found.st_mode):
        return f"{name} {found.st_size}"
    return f"{name} (link)" if stat.S_ISLNK(found.st_mode) else f"{name} (no ordinary file)"


def _told(text: str, *effects: FileEffect) -> ToolOutcome:
    return ToolOutcome(blocks=(TextBlock(text=text),), effects=effects)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
