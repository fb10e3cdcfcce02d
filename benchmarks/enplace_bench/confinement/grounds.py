"""The grounds of the benchmark: allowed folders full of traps, and a canary beside them."""

import hashlib
import os
import shutil
import socket
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MARK = "CANARY-5f1e0c"
"""Stands in every file outside of the allowed folders; no tool may ever show it."""
CHAIN = 12
"""Links behind each other, the last of which leads out."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Two allowed folders, `root` and `other`, and what lies around them."""

    base: Path

    @property
    def root(self) -> Path:
        return self.base / "root"

    @property
    def other(self) -> Path:
        return self.base / "other"

    @property
    def roots(self) -> tuple[Path, Path]:
        return self.root, self.other

    @property
    def canary(self) -> Path:
        return self.base / "canary"

    def lay(self) -> Self:
        """Make all of it."""
        for folder in ("root/src", "root/deep/er", "root/swap", "other", "canary/deeper"):
            (self.base / folder).mkdir(parents=True)
        (self.base / "root-twin").mkdir()
        for secret in ("canary/secret.txt", "canary/deeper/secret.txt", "root-twin/secret.txt"):
            (self.base / secret).write_text(f"{MARK} one\n{MARK} two\n")
        (self.canary / "twin.txt").write_text(f"{MARK} twin\n")
        for name in ("notes.txt", "src/a.py", "deep/er/b.py", "swap/secret.txt", "swap-file"):
            (self.root / name).write_text("one\ntwo\nthree\n")
        (self.other / "notes.txt").write_text("one\ntwo\n")
        self._link()
        os.link(self.canary / "twin.txt", self.root / "hard")
        os.mkfifo(self.root / "fifo")
        with socket.socket(socket.AF_UNIX) as heard:
            heard.bind(str(self.root / "sock"))
        with suppress(PermissionError):  # only root can
            os.mknod(self.root / "device", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        return self

    def _link(self) -> None:
        links = {
            "link-in": "src/a.py",
            "link-out": "../canary/secret.txt",
            "dir-out": "../canary",
            "abs-out": str(self.canary),
            "abs-in": str(self.root / "src"),
            "to-other": str(self.other),
            "up": "..",
            "loop-a": "loop-b",
            "loop-b": "loop-a",
            "self": "self/self",
            "proc": "/proc/self/root",
            "etc": "/etc",
            "dangling-out": "../canary/new.txt",
            "in-and-out": f"{self.root}/src/../../canary",
            "deep/out": "er/../../../canary",
            f"chain-{CHAIN}": "../canary/secret.txt",
        }
        links |= {f"chain-{n}": f"chain-{n + 1}" for n in range(CHAIN)}
        for name, target in links.items():
            (self.root / name).symlink_to(target)

    def look(self) -> dict[str, tuple[object, ...]]:
        """Everything outside of the allowed folders: names, modes, times of change, bytes."""
        seen: dict[str, tuple[object, ...]] = {}
        for folder, folders, files in os.walk(self.base):
            here = Path(folder)
            if here == self.base:
                folders[:] = [name for name in folders if name not in {"root", "other"}]
            for path in [here, *(here / name for name in files)]:
                found = path.lstat()
                size = found.st_size if stat.S_ISREG(found.st_mode) else 0
                read = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
                seen[str(path)] = (found.st_mode, size, found.st_mtime_ns, read)
        return seen


class Swapper(threading.Thread):
    """Swaps a folder and a file of the root for links to the canary and back, without a pause."""

    def __init__(self, grounds: Grounds) -> None:
        super().__init__(name="swapper", daemon=True)
        self._grounds = grounds
        self._ends = threading.Event()
        self.swaps = 0

    def run(self) -> None:
        root, canary = self._grounds.root, self._grounds.canary
        pairs = ((root / "swap", canary), (root / "swap-file", canary / "secret.txt"))
        while not self._ends.is_set():
            for path, target in pairs:
                with suppress(OSError):  # a tool made something of the name meanwhile
                    aside = path.rename(path.with_name(f"{path.name}.aside"))
                    path.symlink_to(target)
                    self.swaps += 1
                    self._ends.wait(0.0002)
                    path.unlink()
                    aside.rename(path)
                with suppress(OSError):
                    self._restore(path)

    @staticmethod
    def _restore(path: Path) -> None:
        """Put back what is still aside, in the place of what a tool made."""
        aside = path.with_name(f"{path.name}.aside")
        if not aside.exists():
            return
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        aside.rename(path)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self.join()
