"""The owner's files: which there are, what they say, and when they change."""

import asyncio
import hashlib
import importlib
import importlib.util
import os
import re
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from typing import Any

from enplace.errors import BadInput, ConfigError, UnreadableFile
from enplace.readers.conversion import Conversion, ReadingLimits
from enplace.readers.encodings import decoded
from enplace.readers.formats import Format, format_asked, format_of
from enplace.readers.notebook import notebook_text
from enplace.records.reading import Listing, Reading, SourceFile

LEFT_ALONE = frozenset(["__MACOSX", "__pycache__", "bower_components", "node_modules"])
"""Folders that hold what others wrote or machines made; so do virtual environments. Hidden ones are
left alone as well."""
QUIET_MS, MOST_WAITING_MS = 500, 10_000
"""A folder is quiet when nothing has changed in it for this long; one that never is is not waited
for any longer than that."""
LOOK_UP_MS = 500
"""How long watching goes on before it looks whether it is to stop."""


class FileLibrary:
    """Files of this machine. Implements `ports.Library`."""

    def __init__(self, limits: ReadingLimits | None = None) -> None:
        self._limits = limits or ReadingLimits()
        self._conversion = Conversion(self._limits)

    async def list(self, place: str, *, patterns: Sequence[str] = (), prefix: str = "") -> Listing:
        """See `ports.Library`."""
        return await asyncio.to_thread(_listed, place, patterns, prefix)

    async def fingerprint(self, file: SourceFile) -> str:
        """See `ports.Library`."""
        content = await asyncio.to_thread(self._content, Path(file.path))
        return _fingerprint(format_asked(file.path), hashlib.sha256(content).hexdigest())

    async def read(self, file: SourceFile) -> Reading:
        """See `ports.Library`."""
        path, form = Path(file.path), format_asked(file.path)
        remark = ""
        if form.way in {"text", "notebook"}:
            content = await asyncio.to_thread(self._content, path)
            text, remark = decoded(content)
            text = notebook_text(text) if form.way == "notebook" else text
            digest = hashlib.sha256(content).hexdigest()
        else:
            await asyncio.to_thread(self._content_size, path)
            text, digest = await self._conversion.convert(form.way, path)
        if len(text) > self._limits.characters:
            raise UnreadableFile(f"it has more than {self._limits.characters:,} characters")
        if not text.strip():
            raise UnreadableFile("it holds no text")
        return Reading(
            text=text,
            media=form.media,
            fingerprint=_fingerprint(form, digest),
            remark=remark,
        )

    async def missing(self, paths: Sequence[str]) -> Sequence[str]:
        """See `ports.Library`."""
        return await asyncio.to_thread(lambda: [path for path in paths if _is_gone(path)])

    async def changes(self, places: Sequence[str]) -> AsyncGenerator[None, None]:
        """See `ports.Library`."""
        if importlib.util.find_spec("watchfiles") is None:
            raise ConfigError("watching needs `pip install 'enplace[documents]'`")
        watchfiles: Any = importlib.import_module("watchfiles")
        roots = [(await self.list(place)).root for place in places]
        stop = threading.Event()
        watching = watchfiles.watch(
            *roots,
            debounce=MOST_WAITING_MS,
            step=QUIET_MS,
            rust_timeout=LOOK_UP_MS,
            yield_on_timeout=True,
            stop_event=stop,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        try:
            await asyncio.to_thread(next, watching, None)
            yield None  # what changes from now on is seen
            while (found := await asyncio.to_thread(next, watching, None)) is not None:
                if found:
                    yield None
        finally:
            stop.set()  # else the thread would watch for ever

    async def aclose(self) -> None:
        """See `ports.Library`."""
        await self._conversion.aclose()

    def _content(self, path: Path) -> bytes:
        self._content_size(path)
        try:
            return path.read_bytes()
        except OSError as error:
            raise UnreadableFile(f"it cannot be opened: {error.strerror}") from error

    def _content_size(self, path: Path) -> None:
        try:
            size = path.stat().st_size
        except OSError as error:
            raise UnreadableFile(f"it cannot be opened: {error.strerror}") from error
        if size > self._limits.file_bytes:
            raise UnreadableFile(f"it is larger than {self._limits.file_bytes:,} bytes")


def _fingerprint(form: Format, digest: str) -> str:
    return f"{form.way}/{form.edition} {form.media} {digest}"


def _is_gone(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # it may be there: nobody may look
    return False


def _listed(place: str, patterns: Sequence[str], prefix: str) -> Listing:
    try:
        root = Path(place).expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise BadInput(f"there is no file or folder {place!r}", place=place) from error
    prefix = prefix.strip("/")
    if root.is_file():
        name = f"{prefix}/{root.name}" if prefix else root.name
        return Listing(root=str(root), files=(SourceFile(name=name, path=str(root)),))
    if not root.is_dir():
        raise BadInput(f"{place!r} is neither a file nor a folder", place=place)
    wanted = [_matcher(pattern) for pattern in patterns if not pattern.startswith("!")]
    unwanted = [_matcher(pattern[1:]) for pattern in patterns if pattern.startswith("!")]
    files: list[SourceFile] = []
    closed: list[tuple[str, str]] = []
    passed_over: list[tuple[str, str]] = []
    for path, why in _below(root, closed):
        relative = path.relative_to(root).as_posix()
        if wanted and not any(each.fullmatch(relative) for each in wanted):
            continue
        if any(each.fullmatch(relative) for each in unwanted):
            continue
        if not wanted and format_of(path.name) is None:
            continue  # pictures, archives, programs
        name = "/".join(part for part in (prefix or root.name, relative) if part)
        if why or not _is_sayable(name):
            passed_over.append((_sayable(name), why or "its name is no UTF-8"))
        else:
            files.append(SourceFile(name=name, path=str(path)))
    return Listing(
        root=str(root),
        files=tuple(sorted(files, key=lambda file: file.name)),
        passed_over=tuple(sorted([*passed_over, *closed])),
    )


def _below(root: Path, closed: list[tuple[str, str]]) -> Iterator[tuple[Path, str]]:
    """Every file below a folder with why it is not read; hidden ones and strangers' left out.

    Args:
        root: The folder.
        closed: Folders that cannot be opened are added here.
    """

    def note(error: OSError) -> None:
        closed.append((_sayable(str(error.filename)), f"it cannot be opened: {error.strerror}"))

    for folder, names, files in os.walk(root, onerror=note):
        if "pyvenv.cfg" in files:
            names.clear()
            continue
        names[:] = [name for name in names if not name.startswith(".") and name not in LEFT_ALONE]
        for name in files:
            path = Path(folder, name)
            if name.startswith("."):
                continue
            if path.is_symlink():  # it may lead anywhere
                yield path, "it is a link"
            elif path.is_file():
                yield path, ""


def _is_sayable(name: str) -> bool:
    return name.isprintable()


def _sayable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _matcher(pattern: str) -> re.Pattern[str]:
    """`*` and `?` within a name, `**` across folders; without a slash it is the name that counts."""
    pattern = pattern.strip().removeprefix("./").removeprefix("/")
    if not pattern:
        raise BadInput("a pattern is empty")
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(part) or re.escape(part) for part in parts), re.DOTALL)
