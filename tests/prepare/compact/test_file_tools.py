"""What a call did with files, recognised by the tools of common agents and by shell commands."""

from typing import Any

import pytest

from enplace.prepare.compact.file_tools import (
    Anything,
    Change,
    Delete,
    Edit,
    Read,
    Rename,
    Touch,
    Write,
    touches,
)
from enplace.prepare.compact.files import FileBook
from enplace.records.canonical import digest
from enplace.records.tool import FileEffect


def seen(tool: str, given: dict[str, Any], output: str = "", **more: Any) -> list[Touch]:
    return list(touches(tool, given, output, **more))


def ran(command: str, output: str = "", **more: Any) -> list[Touch]:
    return seen("Bash", {"command": command}, output, **more)


def read(path: str, *texts: str, first: int = 1) -> Read:
    return Read(path, tuple(enumerate(texts, first)))


# File tools


CLAUDE_READ = "     1→import os\n     2→\n     3→print(os.name)\n"
REMINDED = CLAUDE_READ + "\n<system-reminder>\nConsider 4→ nothing.\n</system-reminder>\n"
SNIPPET = (
    "The file /w/a.py has been updated. Here's the result of running `cat -n` on a snippet of the"
    " edited file:\n    41→def load():\n    42→    return 1"
)


@pytest.mark.parametrize(
    ("tool", "given", "output", "done"),
    [
        # Claude Code
        (
            "Read",
            {"file_path": "/w/a.py"},
            CLAUDE_READ,
            [read("/w/a.py", "import os", "", "print(os.name)")],
        ),
        (
            "Read",
            {"file_path": "/w/a.py"},
            REMINDED,
            [read("/w/a.py", "import os", "", "print(os.name)")],
        ),
        (
            "Read",
            {"file_path": "/w/a.py", "offset": 9, "limit": 1},
            "     9→x = 1",
            [read("/w/a.py", "x = 1", first=9)],
        ),
        ("Read", {"file_path": "/w/../w/./a.py"}, "     1→x", [read("/w/a.py", "x")]),
        (
            "Edit",
            {"file_path": "/w/a.py", "old_string": "a", "new_string": "b", "replace_all": True},
            "updated",
            [Edit("/w/a.py", "a", "b", everywhere=True)],
        ),
        (
            "Edit",
            {"file_path": "/w/a.py", "old_string": "a", "new_string": "b"},
            SNIPPET,
            [
                Edit("/w/a.py", "a", "b"),
                read("/w/a.py", "def load():", "    return 1", first=41),
            ],
        ),
        (
            "MultiEdit",
            {
                "file_path": "/w/a.py",
                "edits": [
                    {"old_string": "a", "new_string": "b"},
                    {"old_string": "c", "new_string": "", "replace_all": True},
                ],
            },
            "Applied 2 edits",
            [Edit("/w/a.py", "a", "b"), Edit("/w/a.py", "c", "", everywhere=True)],
        ),
        (
            "Write",
            {"file_path": "/w/a.py", "content": "x\ny\n"},
            "File created successfully at: /w/a.py",
            [Write("/w/a.py", "x\ny\n")],
        ),
        # pi
        ("read", {"path": "/w/a.py"}, "one\ntwo\n", [read("/w/a.py", "one", "two")]),
        ("read", {"path": "/w/a.py", "offset": 5}, "five", [read("/w/a.py", "five", first=5)]),
        (
            "edit",
            {"path": "/w/a.py", "oldText": "a", "newText": "b"},
            "Successfully replaced text in /w/a.py.",
            [Edit("/w/a.py", "a", "b")],
        ),
        (
            "write",
            {"path": "/w/a.py", "content": "x"},
            "Successfully wrote 1 bytes to /w/a.py",
            [Write("/w/a.py", "x")],
        ),
        # what is none of a file tool's business
        ("Grep", {"pattern": "x", "path": "/w"}, "/w/a.py", []),
        ("Glob", {"pattern": "*.py", "path": "/w"}, "/w/a.py", []),
        ("TodoWrite", {"todos": []}, "Todos have been modified.", []),
        ("WebFetch", {"url": "https://w.org/a.py"}, "1: x", []),
    ],
)
def test_file_tools_of_common_agents(
    tool: str, given: dict[str, Any], output: str, done: list[Touch]
) -> None:
    assert seen(tool, given, output) == done


@pytest.mark.parametrize("tool", ["Read", "Edit", "MultiEdit", "Write", "read", "edit", "write"])
def test_a_file_tool_that_failed_did_nothing(tool: str) -> None:
    given = {
        "file_path": "/w/a.py",
        "path": "/w/a.py",
        "old_string": "a",
        "new_string": "b",
        "content": "c",
    }
    assert seen(tool, given, "<tool_use_error>not found</tool_use_error>", is_error=True) == []


@pytest.mark.parametrize(
    "notice",
    [
        "\n\n[Showing lines 1-2 of 90 (50.0KB limit). Use offset=3 to continue]",
        "\n\n[88 more lines in file. Use offset=3 to continue]",
    ],
)
def test_what_a_tool_says_itself_is_no_line_of_the_file(notice: str) -> None:
    """As pi's read puts it behind lines that it does not number."""
    assert seen("read", {"path": "/w/a.py"}, f"one\ntwo{notice}") == [read("/w/a.py", "one", "two")]


@pytest.mark.parametrize(
    "text", ["10\tten\n20\ttwenty\n30\tthirty", "1: one\n1: two\n1: three", "7| x\n3| y"]
)
def test_numbers_in_a_file_are_not_taken_for_those_of_its_lines(text: str) -> None:
    expected = [read("/w/a.tsv", *text.split("\n"))]
    assert seen("read", {"path": "/w/a.tsv"}, text) == expected
    assert ran("cat /w/a.tsv", text) == expected


# Patches


PATCH = """*** Begin Patch
*** Update File: /w/a.py
@@ def load():
 def load():
-    return 1
+    return 2
@@
 def store():
+    pass
*** Add File: /w/new.py
+one
+two
*** Delete File: /w/old.py
*** Update File: /w/b.py
*** Move to: /w/c.py
@@
-x
+y
*** End Patch
"""
PATCHED: list[Touch] = [
    Edit("/w/a.py", "def load():\n    return 1", "def load():\n    return 2"),
    Edit("/w/a.py", "def store():", "def store():\n    pass"),
    Write("/w/new.py", "one\ntwo"),
    Delete("/w/old.py"),
    Rename("/w/b.py", "/w/c.py"),
    Edit("/w/c.py", "x", "y"),
]


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("apply_patch", {"input": PATCH}),
        ("apply_patch", {"patch": PATCH}),
        ("exec_command", {"cmd": f"apply_patch <<'EOF'\n{PATCH}EOF"}),
    ],
)
def test_a_patch_is_its_edits(tool: str, given: dict[str, Any]) -> None:
    output = "Exit code: 0\nOutput:\nSuccess. Updated the following files:\nM /w/a.py\n"
    assert seen(tool, given, output) == PATCHED


def test_a_patch_that_failed_did_nothing() -> None:
    assert seen("apply_patch", {"input": PATCH}, "", is_error=True) == []
    assert ran(f"apply_patch <<'EOF'\n{PATCH}EOF", "", is_error=True) == []


@pytest.mark.parametrize(
    "output",
    [
        "apply_patch verification failed: Failed to find expected lines in /w/a.py",
        "Exit code: 1\nWall time: 0 seconds\nOutput:\nFailed to find context",
    ],
)
def test_a_patch_that_says_that_it_failed_changed_nothing_for_sure(output: str) -> None:
    """Codex reports it in words."""
    assert not any(
        isinstance(one, Write | Edit) for one in seen("apply_patch", {"input": PATCH}, output)
    )


# Shells


@pytest.mark.parametrize(
    ("command", "done"),
    [
        ("cat /w/a.py", [read("/w/a.py", "one", "two")]),
        ("cd /w && cat a.py", [read("/w/a.py", "one", "two")]),
        ("cd /w; cd src; cat ../a.py", [read("/w/a.py", "one", "two")]),
        ("head -2 /w/a.py", [read("/w/a.py", "one", "two")]),
        ("head -n 2 /w/a.py", [read("/w/a.py", "one", "two")]),
        ("sed -n '40,41p' /w/a.py", [read("/w/a.py", "one", "two", first=40)]),
        ('sed -n "40,41p" /w/a.py', [read("/w/a.py", "one", "two", first=40)]),
        ("sed -n 40,41p /w/a.py", [read("/w/a.py", "one", "two", first=40)]),
        ("tail -5 /w/a.py", []),
        ("cat /w/a.py /w/b.py", []),
        ("cat /w/a.py && cat /w/b.py", []),
        ("cat /w/a.py | grep one", []),
        ("cat /w/a.py; echo done", []),
        ("wc -l /w/a.py", []),
    ],
)
def test_what_a_shell_shows_of_a_file(command: str, done: list[Touch]) -> None:
    assert ran(command, "one\ntwo") == done


def test_numbered_lines_are_known_by_their_numbers() -> None:
    shown = "    40\tone\n    41\ttwo"
    for command in ("cat -n /w/a.py", "nl -ba /w/a.py", "nl -ba /w/a.py | sed -n '40,41p'"):
        assert ran(command, shown) == [read("/w/a.py", "one", "two", first=40)]


@pytest.mark.parametrize(
    "command",
    [
        "ls && cat /w/a.py",
        "cd /w && ls -la && cat a.py",
        "git status && echo '---' && cat /w/a.py",
        "git pull --ff-only && sed -n '1,130p' /w/a.py",
        "jq . s.json 2>/dev/null || sed -n '1,160p' /w/a.py",
        "printf '\\n-- a --\\n'; sed -n '1,5p' /w/a.py",
    ],
)
def test_what_other_commands_print_is_no_part_of_the_file(command: str) -> None:
    """All of them out of recorded sessions."""
    output = "total 8\n-rw-r--r-- a.py\nimport os"
    assert not any(isinstance(one, Read) for one in ran(command, output))


def test_a_command_runs_where_it_is_told_to() -> None:
    given = {"cmd": "sed -n '1,2p' src/a.py", "workdir": "/w"}
    header = "Chunk ID: ab\nWall time: 0.0 seconds\nProcess exited with code 0\nOutput:\n"
    assert seen("exec_command", given, f"{header}one\ntwo\n") == [read("/w/src/a.py", "one", "two")]


def test_nothing_was_shown_by_a_command_that_failed() -> None:
    assert ran("cat /w/a.py", "cat: /w/a.py: No such file", is_error=True) == []
    header = "Chunk ID: ab\nProcess exited with code 1\nOutput:\n"
    given = {"cmd": "cat /w/a.py"}
    output = f"{header}cat: /w/a.py: No such file or directory"
    assert seen("exec_command", given, output) == []


@pytest.mark.parametrize(
    ("command", "done"),
    [
        ("echo x > /w/a.py", [Change("/w/a.py")]),
        ("cd /w && echo x >> a.py", [Change("/w/a.py")]),
        ("cat /w/b.py > /w/a.py", [Change("/w/a.py")]),
        ("ls 2>/dev/null >/dev/null", []),
        ("go test ./... 2>&1", []),
        ("sed -i 's/a/b/' /w/a.py", [Change("/w/a.py")]),
        ("perl -i -pe s/a/b/ /w/a.py", [Change("/w/a.py")]),
        ("tee /w/a.py", [Change("/w/a.py")]),
        ("cat /w/b.py | tee /w/a.py", [Change("/w/a.py")]),
        ("cp /w/b.py /w/a.py", [Change("/w/a.py")]),
        ("mv /w/a.py /w/b.py", [Rename("/w/a.py", "/w/b.py")]),
        ("cd /w && git mv a.py b.py", [Rename("/w/a.py", "/w/b.py")]),
        ("rm -f /w/a.py /w/b.py", [Delete("/w/a.py"), Delete("/w/b.py")]),
        ("git rm /w/a.py", [Delete("/w/a.py")]),
    ],
)
def test_what_a_shell_does_to_a_file(command: str, done: list[Touch]) -> None:
    changed = [one for one in ran(command) if not isinstance(one, Change) or one in done]
    assert changed == done


@pytest.mark.parametrize(
    "command",
    [
        "python tools/generate.py",
        "make",
        "git checkout main",
        "git stash pop",
        "npm install",
        "FOO=1 ./run.sh",
        "python3 - <<'EOF'\nopen('/w/a.py', 'w')\nEOF",
        "grep -rl foo /w | xargs sed -i 's/foo/bar/'",
        "find /w -name '*.py' -exec sed -i s/a/b/ {} +",
        "find /w -name '*.pyc' -delete",
        "ls /w | xargs rm",
        "cat patch.diff | git apply",
        "echo 'x' | sh",
        "env FOO=1 python tools/generate.py",
        "ruff check --fix",
        "eslint . --fix",
    ],
)
def test_an_unknown_command_may_have_changed_anything(command: str) -> None:
    assert Anything() in ran(command)


@pytest.mark.parametrize(
    "command",
    [
        "ls -la /w",
        "git status --short",
        "git -C /w log --oneline -5",
        "cd /w && go test ./... | tail -20",
        "grep -rn foo /w | head",
        "find /w -name '*.go' -exec grep -l foo {} \\;",
        "git ls-files -z | xargs -0 grep -l foo",
        "npx tsc --noEmit",
        "pytest -q",
        "export FOO=1",
    ],
)
def test_what_only_looks_changes_nothing(command: str) -> None:
    assert ran(command, "some output") == []


@pytest.mark.parametrize("command", ["mv /w/a.py /w/b.py", "rm /w/a.py", "git mv /w/a.py /w/b.py"])
def test_a_command_that_failed_may_have_done_anything_or_nothing(command: str) -> None:
    done = ran(command, "Operation not permitted", is_error=True)
    assert done
    assert not any(isinstance(one, Rename | Delete) for one in done)


# Declared effects


def test_an_empty_file_was_read_as_well() -> None:
    """Whatever is told of it, the book takes it."""
    (done,) = seen("look", {}, "", effects=(FileEffect(path="/w/a.py", action="read"),))
    book = FileBook()
    assert book.take([done], 3) == []
    state = book.get("/w/a.py")
    assert state is not None
    assert state.read_at == 3


@pytest.mark.parametrize(
    ("effect", "done"),
    [
        (
            FileEffect(path="/w/a.py", action="read"),
            [Read("/w/a.py", ((1, "one"), (2, "two")), to_end=True)],
        ),
        (
            FileEffect(path="/w/a.py", action="read", lines=(8, 9)),
            [read("/w/a.py", "one", "two", first=8)],
        ),
        (FileEffect(path="/w/a.py", action="write"), [Change("/w/a.py")]),
        (FileEffect(path="/w/a.py", action="edit"), [Change("/w/a.py")]),
        (FileEffect(path="/w/a.py", action="delete"), [Delete("/w/a.py")]),
    ],
)
def test_what_a_tool_declares_is_believed(effect: FileEffect, done: list[Touch]) -> None:
    assert seen("anything", {"command": "make"}, "one\ntwo", effects=(effect,)) == done


ASKED = {"path": "./a.py", "content": "new\n", "old": "a", "new": "b"}


@pytest.mark.parametrize(
    ("effects", "done"),
    [
        ([FileEffect(path="a.py", action="edit")], [Edit("a.py", "a", "b")]),
        (
            [FileEffect(path="a.py", action="write", hash=digest("new\n"))],
            [Write("a.py", "new\n")],
        ),
        # what was asked for is not what stands there: it was appended, for instance
        ([FileEffect(path="a.py", action="write", hash=digest("old\nnew\n"))], [Change("a.py")]),
        ([FileEffect(path="a.py", action="write")], [Change("a.py")]),
        # of two files nobody knows which one the words are about
        (
            [FileEffect(path=path, action="edit") for path in ("a.py", "b.py")],
            [Change("a.py"), Change("b.py")],
        ),
    ],
)
def test_what_was_asked_for_tells_the_content(effects: list[FileEffect], done: list[Touch]) -> None:
    assert seen("anything", ASKED, "", effects=effects) == done


def test_an_output_that_lacks_its_middle_shows_no_lines() -> None:
    head = "Exit code: 0 (900,000 bytes were printed; 644,000 bytes in the middle are left out)"
    assert ran("cat a.py", f"{head}\nOutput:\none\ntwo\n") == []
    assert ran("cat a.py", "Exit code: 0\nOutput:\none\ntwo\n") == [read("a.py", "one", "two")]
