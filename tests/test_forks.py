"""Forks are as apart from each other and from the tests as processes that are started anew."""

import signal
import sys
from pathlib import Path

import pytest
from tests import forks
from tests.forks import Talk


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.py"


def test_a_script_has_its_words_its_environment_and_its_folder(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.write_text("import os, sys; print(sys.argv, dict(os.environ), os.getcwd(), __name__)")
    monkeypatch.chdir(script.parent)
    words = (str(script), "", "a b", "\udcff", "ü")
    done = forks.run(*words, environment={"PYTHONPATH": "/there", "X": "ü"})
    assert done.returncode == 0
    assert done.stderr == ""
    environment = {"PYTHONPATH": "/there", "X": "ü"}
    assert done.stdout == f"{list(words)} {environment} {script.parent} __main__\n"


@pytest.mark.parametrize(
    ("text", "code", "out", "error"),
    [
        ("print('said')", 0, "said\n", ""),
        ("import sys; sys.exit(3)", 3, "", ""),
        ("import sys; sys.exit('why')", 1, "", "why\n"),
        ("import atexit; atexit.register(print, 'last'); print('first')", 0, "first\nlast\n", ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, "", ""),
        ("import sys; print(repr(sys.stdin.read()))", 0, "''\n", ""),
    ],
)
def test_a_script_ends_as_it_does_by_itself(
    script: Path, text: str, code: int, out: str, error: str
) -> None:
    script.write_text(text)
    done = forks.run(script)
    assert (done.returncode, done.stdout, done.stderr) == (code, out, error)


def test_a_module_is_run_by_its_name(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script.write_text("import sys; print(sys.argv[1:], __name__)")
    monkeypatch.chdir(script.parent)
    assert forks.run("-m", script.stem, "word").stdout == "['word'] __main__\n"


def test_an_error_is_told_with_its_line(script: Path) -> None:
    script.write_text("\n1 / 0")
    done = forks.run(script)
    assert done.returncode == 1
    assert f'File "{script}", line 2' in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_nothing_is_left_to_the_next_one(script: Path) -> None:
    script.write_text(
        "import os, random, sys, enplace.errors\n"
        "print(hasattr(enplace.errors, 'left'), 'LEFT' in os.environ, os.getpid(), random.random())\n"
        "enplace.errors.left = os.environ['LEFT'] = 'something'\n"
    )
    first, second = forks.run(script).stdout.split(), forks.run(script).stdout.split()
    assert first[:2] == second[:2] == ["False", "False"]
    assert first[2] != second[2]
    assert first[3] != second[3], "drawn anew"


def test_scripts_run_side_by_side_and_are_talked_to(script: Path) -> None:
    script.write_text("print('ready', flush=True); print(input()[::-1]); print('over')")
    talks = [Talk(script) for _ in range(3)]
    assert [talk.output.readline() for talk in talks] == ["ready\n"] * 3
    for number, talk in enumerate(talks):
        talk.input.write(f"number {number}\n")
        talk.input.flush()
    assert [talk.finish() for talk in reversed(talks)] == [
        (0, f"{number} rebmun\nover\n", "") for number in reversed(range(3))
    ]


def test_a_script_that_is_killed_leaves_what_it_wrote(script: Path) -> None:
    script.write_text("import time; print('one', flush=True); time.sleep(60)")
    talk = Talk(script)
    assert talk.output.readline() == "one\n"
    assert talk.poll() is None
    talk.kill()
    assert talk.finish() == (-signal.SIGKILL, "", "")
    assert talk.poll() == talk.wait() == -signal.SIGKILL
    talk.kill()  # and nobody else has its number


def test_a_script_sees_no_open_file_of_the_tests(script: Path) -> None:
    script.write_text("import os, sys; print(len(os.listdir(sys.argv[1])) - 1)")
    listed = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    with script.open():
        assert int(forks.run(script, listed).stdout) == 3
