"""Processes that begin with enplace imported, because they are forked from one that has imported it.

A program that is started anew spends half a second of CPU on its imports, and as much on a
vocabulary to count tokens with; the tests start hundreds. A fork has memory, environment,
descriptors and an end of its own as well, runs the same script, and begins in a few milliseconds.
What is about starting itself uses `subprocess`.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

MOST_SECONDS = 120.0


class Fork:
    """Python in a process of its own.

    Args:
        words: As behind `python`: a script's path, or `-m` and the name of a module; arguments.
        environment: That of this process where none is given.
        descriptors: Its standard input, output and error output.
    """

    def __init__(
        self,
        words: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
        descriptors: tuple[int, int, int] = (0, 1, 2),
    ) -> None:
        self._code: int | None = None
        asked = {
            "words": [str(word) for word in words],
            "environment": dict(os.environ if environment is None else environment),
            "folder": str(Path.cwd()),
        }
        with tempfile.TemporaryFile("w") as file:
            json.dump(asked, file)
            file.flush()
            self.pid = _origin().fork([file.fileno(), *descriptors])

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended and somebody knows."""
        if self._code is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """As `wait` returns, or None while it runs."""
        if self._code is None:
            self._code = _origin().wait(self.pid, now=True)
        return self._code

    def wait(self) -> int:
        """Its exit code, once it has ended; minus the number of a signal that ended it."""
        while self._code is None:
            try:
                self._code = _origin().wait(self.pid)
            except TimeoutError:
                self.kill()
                raise
        return self._code


class Talk(Fork):
    """A script with pipes to talk to it, and no end of waiting for it."""

    def __init__(self, *words: str | Path, environment: Mapping[str, str] | None = None) -> None:
        (read_by_it, to_it), (from_it, written_by_it) = os.pipe(), os.pipe()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 # until `close`
        super().__init__(words, environment, (read_by_it, written_by_it, self._errors.fileno()))
        os.close(read_by_it)
        os.close(written_by_it)
        self.input: IO[str] = os.fdopen(to_it, "w")
        self.output: IO[str] = os.fdopen(from_it)

    def finish(self) -> tuple[int, str, str]:
        """Its exit code, the rest of its output, and its errors; it is killed if it does not end."""
        late = threading.Timer(MOST_SECONDS, self.kill)
        late.start()
        with self.output, self._errors:
            self.input.close()
            rest = self.output.read()
            code = self.wait()
            late.cancel()
            self._errors.seek(0)
            return code, rest, self._errors.read()


def run(
    *words: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end, with nothing on its standard input."""
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as errors,
        Path(os.devnull).open() as nothing,
    ):
        fork = Fork(words, environment, (nothing.fileno(), out.fileno(), errors.fileno()))
        code = fork.wait()
        out.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), errors.read())


class _Origin:
    """The process that the others are forked from. It does one thing at a time."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()  # one asks, the other answers, and so on
        self._line.settimeout(MOST_SECONDS)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        atexit.register(self._close)

    def fork(self, descriptors: Sequence[int]) -> int:
        socket.send_fds(self._line, [b"fork"], descriptors)
        return int(self._answer())

    def wait(self, pid: int, *, now: bool = False) -> int | None:
        self._line.sendall(f"{pid} {os.WNOHANG if now else 0}".encode())
        told = self._answer()
        return int(told) if told != b"runs" else None

    def _answer(self) -> bytes:
        told = self._line.recv(64)
        assert told, "the process to fork from has ended"
        return told

    def _close(self) -> None:
        self._line.close()
        self._process.wait(MOST_SECONDS)


@cache
def _origin() -> _Origin:
    return _Origin()


def _serve(line: socket.socket) -> list[str]:
    """Fork whenever asked. Returns in each fork, with the words that it was asked to run."""
    while True:
        told, given, *_ = socket.recv_fds(line, 64, 4)
        if not told:
            sys.exit()
        if not given:
            ended, status = os.waitpid(*map(int, told.split()))
            line.sendall(b"%d" % os.waitstatus_to_exitcode(status) if ended else b"runs")
            continue
        pid = os.fork()
        if pid == 0:
            line.close()
            return _begin(*given)
        for descriptor in given:
            os.close(descriptor)
        line.sendall(b"%d" % pid)


def _begin(asked_in: int, *standard: int) -> list[str]:
    """Be what was asked for, but for its script: the words."""
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    with os.fdopen(asked_in) as file:
        file.seek(0)
        asked = json.load(file)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    words: list[str] = asked["words"]
    first = asked["folder"] if words[0] == "-m" else str(Path(words[0]).parent)
    added = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[0:1] = [first, *filter(None, added)]
    return words


def _main() -> None:
    code = 1  # of an error that nobody catches

    @atexit.register  # before anybody else, and so done last
    def leave() -> None:
        """End without taking the memory apart, which costs a fork more than all else."""
        gc.collect()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    for name in ("enplace.cli.main", "enplace.server.serve", "genai_prices"):  # and what they use
        importlib.import_module(name)
    importlib.import_module("enplace.providers.counts").best_counter().count("")  # its vocabulary
    gc.collect()
    gc.freeze()  # no fork looks through what it was born with
    try:
        sys.argv[:] = _serve(socket.socket(fileno=int(sys.argv[1])))
        if sys.argv[0] == "-m":
            sys.argv[:] = sys.argv[1:]
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise
    code = 0


if __name__ == "__main__":
    _main()
