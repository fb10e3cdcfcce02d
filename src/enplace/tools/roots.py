"""The folders that tools may use, and the only way to what lies in them.

A path of the model is walked from its root, folder by folder, each opened below the one before it
by its descriptor and never through a link. A symbolic link is read and walked in the same way, so
that it may lead anywhere inside of the roots and nowhere else. What is swapped between two steps
can make a walk fail; it cannot lead it out.

That holds wherever files can be opened below a folder's descriptor: Linux, macOS, the BSDs.
Elsewhere (Windows) `Roots` refuses to be made.
"""

import os
import stat
import unicodedata
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from enplace.errors import BadInput, ConfigError, OutsideRoots

MOST_PATH_BYTES = 4_096
MOST_NAME_BYTES = 255
MOST_NAMES = 128
"""Most folders inside each other on one way; each of them is held open while it is walked."""
MOST_LINKS = 40
"""Most symbolic links on one way, as in the kernel."""

_NO_ROOTS = ("/proc", "/sys", "/dev")
"""What lies there is no file of anybody's, and some of it is a door to everything else."""


def _flags(names: str) -> int:
    """Of `os.open`; what a system does not have is left out, so that this can be imported there."""
    return sum(getattr(os, name, 0) for name in names.split())


_STEP = _flags("O_DIRECTORY O_NOFOLLOW O_CLOEXEC")
_THROUGH = _STEP | _flags("O_PATH")
"""How a folder on the way is opened: with O_PATH the right to pass is enough."""
_READ = _flags("O_NOFOLLOW O_NONBLOCK O_NOCTTY O_CLOEXEC")
_WRITE = _flags("O_WRONLY O_CREAT O_EXCL O_NOFOLLOW O_CLOEXEC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a path of the model leads: a name in an open folder."""

    folder: int
    """Descriptor; closed when the walk is over."""
    name: str
    """Of one thing in it, which need not exist; `.` is the folder itself."""
    path: str
    """The one way to write it: below the first root relative to it, else absolute."""

    def stat(self) -> os.stat_result | None:
        """What stands there, links not followed; None where nothing does."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None


class Roots:
    """The allowed folders.

    Args:
        folders: Each exists, and none lies in another. Paths that are not absolute are relative to
            the first.
        allows_hard_links: Whether files that have a second name are read. That name may lie
            outside, and nobody can tell.

    Raises:
        ConfigError: They cannot be used.
    """

    def __init__(self, folders: Sequence[Path | str], *, allows_hard_links: bool = False) -> None:
        if os.open not in os.supports_dir_fd:
            raise ConfigError("allowed roots need a system that opens files below a folder")
        if not folders:
            raise ConfigError("no allowed root is named")
        self.allows_hard_links = allows_hard_links
        self.folders = tuple(_real(folder) for folder in folders)
        for one in self.folders:
            if any(one != other and one.is_relative_to(other) for other in self.folders):
                raise ConfigError(f"the allowed root {one} lies in another one; name only that")
        if len(set(self.folders)) < len(self.folders):
            raise ConfigError("an allowed root is named twice")
        self._spelled = tuple(
            (spelling, root)
            for given, root in zip(folders, self.folders, strict=True)
            for spelling in dict.fromkeys((str(root), os.path.abspath(given)))
        )

    @contextmanager
    def reach(self, path: str, *, makes_folders: bool = False) -> Generator[Reached, None, None]:
        """Walk to where a path leads.

        Args:
            path: As the model wrote it.
            makes_folders: Make those on the way that are missing.

        Raises:
            OutsideRoots: It leads out, or could.
            BadInput: It is no usable path, or a folder on the way is missing or is none.
        """
        walk = _Walk(self, path, makes_folders=makes_folders)
        try:
            yield walk.go()
        finally:
            walk.close()

    @contextmanager
    def open_folder(self, path: str) -> Generator[tuple[int, str], None, None]:
        """A folder's descriptor, and the one way to write its path.

        Raises:
            OutsideRoots: It leads out, or could.
            BadInput: There is no such folder.
        """
        with self.reach(path) as reached:
            folder = open_below(reached.folder, reached.name, reached.path)
            try:
                yield folder, reached.path
            finally:
                os.close(folder)

    def start(self, path: str) -> tuple[Path, list[str]]:
        """The root that a path lies in by its letters, and the names on the way from there."""
        if not path.startswith("/"):
            return self.folders[0], names_of(path)
        for spelling, root in self._spelled:
            if path == spelling or path.startswith(f"{spelling}/"):
                return root, names_of(path[len(spelling) :])
        raise OutsideRoots(f"{shown(path)} lies outside of the allowed folders: {self}")

    def spell(self, root: Path, names: Sequence[str]) -> str:
        """The one way to write a path."""
        if root == self.folders[0]:
            return "/".join(names) or "."
        return "/".join((str(root), *names))

    def __str__(self) -> str:
        return ", ".join(map(str, self.folders))


class _Walk:
    """One way from a root to where a path leads; holds the folders that it went through."""

    def __init__(self, roots: Roots, path: str, *, makes_folders: bool) -> None:
        accept(path)
        if ".." in path.split("/"):
            raise OutsideRoots(f"`..` is not allowed in a path: {shown(path)}")
        self._roots, self._path, self._makes = roots, path, makes_folders
        self._folders: list[int] = []
        self._names: list[str] = []
        self._links = 0
        self._root, names = roots.start(path)
        self._left = deque(names)

    def close(self) -> None:
        while self._folders:
            os.close(self._folders.pop())

    def go(self) -> Reached:
        """Walk.

        Raises:
            OutsideRoots: It leads out.
            BadInput: It leads nowhere.
        """
        self._enter_root()
        while self._left:
            name = self._left.popleft()
            if name == "..":  # of a link's target: those of the model are refused
                self._leave()
                continue
            found = self._look(name)
            if found is not None and stat.S_ISLNK(found.st_mode):
                self._turn_to(self._target(name))
            elif not self._left:
                path = self._roots.spell(self._root, (*self._names, name))
                return Reached(folder=self._folders[-1], name=name, path=path)
            else:
                if found is None:
                    self._make(name)
                self._enter(name)
        path = self._roots.spell(self._root, self._names)
        return Reached(folder=self._folders[-1], name=".", path=path)

    def _enter_root(self) -> None:
        self.close()
        self._names.clear()
        try:
            self._folders.append(os.open(self._root, _THROUGH))
        except OSError as error:
            told = f"the allowed folder {self._root} cannot be opened: {error.strerror}"
            raise BadInput(told) from error

    def _look(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._folders[-1], follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadInput(f"{shown(self._path)}: {error.strerror}") from error

    def _enter(self, name: str) -> None:
        if len(self._folders) > MOST_NAMES:
            raise BadInput(f"{shown(self._path)}: a path has at most {MOST_NAMES} names")
        folder = open_below(self._folders[-1], name, self._path, flags=_THROUGH)
        self._folders.append(folder)
        self._names.append(name)

    def _leave(self) -> None:
        if len(self._folders) == 1:
            raise OutsideRoots(f"{shown(self._path)} leads out of the allowed folders by a link")
        os.close(self._folders.pop())
        self._names.pop()

    def _make(self, name: str) -> None:
        if not self._makes:
            raise BadInput(f"{shown(self._path)}: there is no folder {shown(name)}")
        try:
            os.mkdir(name, dir_fd=self._folders[-1])
        except FileExistsError:
            pass  # somebody else made it, and it is entered like any other
        except OSError as error:
            raise BadInput(f"{shown(self._path)}: {error.strerror}") from error

    def _target(self, name: str) -> str:
        self._links += 1
        if self._links > MOST_LINKS:
            raise BadInput(f"{shown(self._path)}: too many links behind each other")
        try:
            return os.readlink(name, dir_fd=self._folders[-1])
        except OSError as error:
            raise BadInput(f"{shown(self._path)} was changed meanwhile") from error

    def _turn_to(self, target: str) -> None:
        """Go on where a link leads; its words are not told, since they may be nobody's business."""
        out = f"{shown(self._path)} leads out of the allowed folders by a link"
        if target.startswith("/"):
            try:
                self._root, names = self._roots.start(target)
            except OutsideRoots:
                raise OutsideRoots(out) from None
            self._enter_root()
        else:
            names = names_of(target)
        self._left.extendleft(reversed(names))


def open_below(folder: int, name: str, path: str, *, flags: int = _STEP) -> int:
    """Open a folder in another one, never through a link.

    Args:
        folder: Descriptor of the other one.
        name: Of the folder.
        path: For the error.
        flags: How.

    Raises:
        BadInput: There is no such folder.
    """
    try:
        return os.open(name, flags, dir_fd=folder)
    except FileNotFoundError as error:
        raise BadInput(f"{shown(path)}: there is no such folder") from error
    except OSError as error:  # a file, or a link that was put there a moment ago
        raise BadInput(f"{shown(path)}: {shown(name)} is no folder") from error


def open_file(reached: Reached, *, allows_hard_links: bool) -> tuple[int, os.stat_result]:
    """Open an ordinary file for reading; nothing else is so much as touched.

    Returns:
        Its descriptor, which the caller closes, and what it is.

    Raises:
        BadInput: There is no such file, or it is no ordinary one.
    """
    path, found = shown(reached.path), reached.stat()
    if found is None:
        raise BadInput(f"{path}: there is no such file")
    require_file(path, found)
    try:
        file = os.open(reached.name, _READ, dir_fd=reached.folder)
    except OSError as error:
        raise BadInput(f"{path} cannot be opened: {error.strerror}") from error
    try:
        opened = os.fstat(file)
        require_file(path, opened)
        if not allows_hard_links:
            _require_one_name(path, opened)
    except BadInput:
        os.close(file)
        raise
    return file, opened


def make_file(reached: Reached, name: str) -> int:
    """Make a new file beside what was reached, open for writing; its descriptor.

    Raises:
        OSError: It is there already, or cannot be made.
    """
    return os.open(name, _WRITE, 0o666, dir_fd=reached.folder)


def require_file(path: str, found: os.stat_result) -> None:
    """Refuse what is no ordinary file.

    Raises:
        BadInput: It says what it is.
    """
    if stat.S_ISREG(found.st_mode):
        return
    kind = stat.S_IFMT(found.st_mode)
    what = _KINDS.get(kind, "no ordinary file")
    raise BadInput(f"{path} is {what}")


def _require_one_name(path: str, found: os.stat_result) -> None:
    if found.st_nlink > 1:
        raise BadInput(
            f"{path} has {found.st_nlink} names (hard links), and the others may lie outside of the"
            " allowed folders, so it is not read"
        )


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link that was put there meanwhile",
    stat.S_IFIFO: "a pipe, no ordinary file",
    stat.S_IFSOCK: "a socket, no ordinary file",
    stat.S_IFCHR: "a device, no ordinary file",
    stat.S_IFBLK: "a device, no ordinary file",
}


def accept(path: str) -> None:
    """Refuse what no path of a model should hold.

    Raises:
        BadInput: Empty, too long or deep, not UTF-8, or with control characters in it.
    """
    if not path.strip():
        raise BadInput("the path is empty")
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in path):
        raise BadInput(f"control characters are not allowed in a path: {shown(path)}")
    if len(path.encode()) > MOST_PATH_BYTES:
        raise BadInput(f"a path has at most {MOST_PATH_BYTES} bytes, not {len(path.encode())}")
    names = names_of(path)
    if len(names) > MOST_NAMES:
        raise BadInput(f"a path has at most {MOST_NAMES} names, not {len(names)}")
    if any(len(name.encode()) > MOST_NAME_BYTES for name in names):
        raise BadInput(f"a name in a path has at most {MOST_NAME_BYTES} bytes")


def names_of(path: str) -> list[str]:
    """The names on a way, without those that stay where they are."""
    return [name for name in path.split("/") if name not in {"", "."}]


def shown(path: str) -> str:
    """A path as it may stand in a text of one line: what cannot be seen is escaped, long is cut."""
    seen = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)
    return seen if len(seen) <= 200 else f"{seen[:200]}…"


def _real(folder: Path | str) -> Path:
    real = Path(os.path.realpath(folder))
    if not real.is_dir():
        raise ConfigError(f"the allowed root {folder} is not a folder")
    if real == Path("/") or any(real.is_relative_to(each) for each in _NO_ROOTS):
        raise ConfigError(f"{real} cannot be an allowed root: it holds everything there is")
    return real
