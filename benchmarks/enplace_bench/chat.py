"""A chat in a real terminal: two turns, a restart, and a third that remembers.

`tmux` types into `enplace chat` as a person would, on the embedded model, and reads the screen. The
third turn is in another process and another task. `--out` writes what stood on the screen as the
page `docs/guide/chat.md`.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from enplace.config import Settings
from enplace.providers import weights
from enplace_bench.report import Bar, Report

FIRST = ("My dog is called Biscuit.", "I live in Lisbon.")
SECOND = ("What is my dog called?", "/context")
EXPECTED = "Biscuit"
PATIENCE_S = 60.0
PAGE = """# A chat

Two turns, then the process ends. Another process, another task: it remembers. This page is what stood
on the screen, written by `./dev run enplace-bench chat --out docs/guide/chat.md`.

```console
{first}
```

```console
{second}
```

`/context` shows why: what was said in the other task was recalled and laid in front of the message.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--out", type=Path, help="write the transcript as a page")


def run(options: argparse.Namespace) -> Report:
    """Talk, restart, talk."""
    if shutil.which("tmux") is None:
        raise SystemExit("tmux is not installed; on Debian: apt install tmux")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        models = weights.SMOLLM2.find_or_pull(Settings.from_env().home).parent
        (home / "models").symlink_to(models, target_is_directory=True)
        first = talk(home, "monday", (*FIRST, "/quit"))
        second = talk(home, "tuesday", (*SECOND, "/quit"))
    print(f"{first}\n\n{second}\n")
    if options.out is not None:
        options.out.write_text(PAGE.format(first=first, second=second), encoding="utf-8")
    answer = second.partition(SECOND[0])[2].partition("\n> ")[0]
    remembered = int(EXPECTED in answer)
    return Report(
        figures={"turns": len(FIRST) + 1, "remembered": remembered},
        bars=(Bar(name="the third turn remembers", figure=remembered, at_least=1),),
    )


def talk(home: Path, task: str, lines: Sequence[str]) -> str:
    """Start a chat, type lines, each when the prompt is there, and give back the screen."""
    command = f"enplace chat --usage --task {task}"
    with _terminal(home, command) as tmux:
        for line in lines:
            _wait_for_prompt(tmux)
            tmux("send-keys", "-l", line)
            tmux("send-keys", "Enter")
        deadline = time.monotonic() + PATIENCE_S
        while "[ended]" not in (screen := _screen(tmux)) and time.monotonic() < deadline:
            time.sleep(0.1)
    shown = [line.rstrip() for line in screen.splitlines() if "[ended]" not in line]
    return "\n".join([f"$ {command}", *shown]).strip()


@contextmanager
def _terminal(home: Path, command: str) -> Generator["Tmux", None, None]:
    tmux = Tmux(f"enplace-bench-{os.getpid()}")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    setting = f"ENPLACE_HOME={shlex.quote(str(home))} PATH={shlex.quote(path)}"
    shell = f"{setting} {command}; echo '[ended]'; sleep {PATIENCE_S}"
    tmux("-f", os.devnull, "new-session", "-d", "-x", "100", "-y", "60", shell)
    try:
        yield tmux
    finally:
        tmux("kill-server")


class Tmux:
    """A tmux server of its own."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    def __call__(self, *arguments: str) -> str:
        """Run one tmux command; what it printed."""
        done = subprocess.run(
            ["tmux", "-L", self._socket, *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout


def _screen(tmux: Tmux) -> str:
    return tmux("capture-pane", "-p", "-J", "-S", "-").rstrip()


def _wait_for_prompt(tmux: Tmux) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not _screen(tmux).endswith("\n>"):
        if time.monotonic() > deadline:
            raise SystemExit(f"no prompt came; the screen shows:\n{_screen(tmux)}")
        time.sleep(0.1)
