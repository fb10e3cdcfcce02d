"""`enplace chat` at a terminal: lines are typed, and read as a person reads them."""

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.terminal import PROGRAM, Terminal


class Screen:
    """A pseudo terminal with a chat in it."""

    def __init__(self, line: int) -> None:
        self.shown = ""
        self.line = line

    def type(self, text: str) -> str:
        """Type a line; what is shown until the next prompt."""
        return self.type_until(text, "\n> ")

    def type_until(self, text: str, shown: str) -> str:
        """Type a line; what is shown up to a text."""
        os.write(self.line, f"{text}\n".encode())
        return self.until(shown)

    def until(self, text: str, seconds: float = 60.0) -> str:
        """What is shown up to a text, which is read as well."""
        deadline = time.monotonic() + seconds
        begin = len(self.shown)
        while text not in self.shown[begin:].replace("\r\n", "\n"):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.line], [], [], max(left, 0.0))
            assert ready, f"no {text!r} in {self.shown!r}"
            try:
                added = os.read(self.line, 4_096)
            except OSError:  # the other end was closed: Linux says so with an error
                added = b""
            if not added:
                break
            self.shown += added.decode(errors="replace")
        return self.shown[begin:].replace("\r\n", "\n")


@contextmanager
def chat(
    terminal: Terminal, *words: str, **settings: str
) -> Generator[tuple[Screen, subprocess.Popen[bytes]]]:
    # Where the tests run in the background, interrupts are ignored, and a child would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, "chat", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=terminal.environment({"TERM": "dumb", "MAX_TOKENS": "24", **settings}),
        start_new_session=True,
    )
    os.close(theirs)
    signal.signal(signal.SIGINT, before)
    try:
        yield Screen(ours), process
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    terminal = Terminal(home=tmp_path)
    terminal.share_weights()
    return terminal


def test_a_chat_from_its_first_line_to_its_last(terminal: Terminal) -> None:
    with chat(terminal, "--task", "talk") as (screen, process):
        assert "task talk, model smollm2-135m-instruct; /help shows commands" in screen.until("> ")
        assert "the model saw nothing yet" in screen.type("/context")
        assert "usage is shown" in screen.type("/usage")
        assert "added" in screen.type("/remember Ada's parrot is called Hopper.")
        answer = screen.type("What is the name of Ada's parrot?")
        assert "Hopper" in answer
        assert "[new epoch: task_start]" in answer
        assert " tokens in, 0 of them from the cache (0 expected), " in answer
        second = screen.type("Thank you.")
        assert " tokens in, " in second
        assert "new epoch" not in second
        assert "usage is not shown" in screen.type("/usage")
        context = screen.type("/context")
        assert "task talk, model smollm2-135m-instruct" in context
        assert "Hopper" in context
        assert "/quit" in screen.type("/help")
        assert "/quit" in screen.type("/nonsense")
        assert "BAD_INPUT" in screen.type("/remember")
        os.write(screen.line, b"/quit\n")
        assert process.wait(timeout=20) == 0
    tasks = terminal.run("tasks", "--json").json
    assert [task["task_id"] for task in tasks] == ["talk"]


def test_a_chat_ends_with_its_input(terminal: Terminal) -> None:
    with chat(terminal) as (screen, process):
        screen.until("> ")
        os.write(screen.line, b"\x04")
        assert process.wait(timeout=20) == 0


def test_an_interrupted_chat_says_so_by_its_exit_code(terminal: Terminal) -> None:
    with chat(terminal) as (screen, process):
        screen.until("> ")
        time.sleep(0.5)  # the prompt is shown just before it waits: only then is it interrupted
        process.send_signal(2)
        assert process.wait(timeout=20) == 130
        assert "Traceback" not in screen.until("never shown", seconds=5)
