"""Files read again: what recordings tell of them, and what a request has of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from enplace_bench.context.payload import Block
from enplace_bench.context.rereads import Reread, answered, lines_of, reads_of, rereads_of
from enplace_bench.context.sessions import Session, session_of

MAIN = "/repo/src/main.go"


def session(*steps: tuple[str, Mapping[str, Any], str]) -> Session:
    """A call and its result for each step: tool, arguments, what came back."""
    events: list[dict[str, Any]] = [{"role": "user", "text": "go"}]
    for i, (tool, given, text) in enumerate(steps):
        call = {"id": f"c{i}", "name": tool, "args": given}
        events.append({"role": "assistant", "text": "", "tool_calls": [call]})
        events.append({"role": "tool", "text": text, "tool_call_id": f"c{i}", "name": tool})
    return session_of({"id": "s", "cwd": "/repo", "chars_per_token": 3, "events": events})


def numbered(first: int, *lines: str) -> str:
    return "\n".join(f"{first + i:6}→{line}" for i, line in enumerate(lines))


def read(first: int, *lines: str) -> tuple[str, Mapping[str, Any], str]:
    return "Read", {"file_path": MAIN}, numbered(first, *lines)


def shell(command: str, *lines: str) -> tuple[str, Mapping[str, Any], str]:
    text = "\n".join(["Wall time: 0", "Process exited with code 0", "Output:", *lines, ""])
    return "exec_command", {"cmd": command, "workdir": "/repo"}, text


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        (read(7, "a", "b"), {7: "a", 8: "b"}),
        (("read", {"path": MAIN}, "a\nb\n"), {1: "a", 2: "b"}),
        (
            (
                "read",
                {"path": MAIN, "offset": 5, "limit": 2},
                "a\nb\n\n[9 more lines in file. Use offset=7 to continue]",
            ),
            {5: "a", 6: "b"},
        ),
        (shell("sed -n '3,9p' src/main.go", "a", "b"), {3: "a", 4: "b"}),
        (shell("cat src/main.go", "a", "b"), {1: "a", 2: "b"}),
        (shell("nl -ba src/main.go | sed -n '3,4p'", "     3\ta", "     4\tb"), {3: "a", 4: "b"}),
    ],
)
def test_a_read_is_told_from_its_tool_and_its_lines_are_numbered(
    step: tuple[str, Mapping[str, Any], str], lines: Mapping[int, str]
) -> None:
    (found,) = reads_of(session(step))
    assert (found.path, found.lines) == (MAIN, lines)
    assert (found.call, found.event) == (1, 2)


@pytest.mark.parametrize(
    "step",
    [
        ("Read", {"file_path": MAIN}, "<tool_use_error>File does not exist.</tool_use_error>"),
        ("Bash", {"command": "cat src/main.go"}, "a\nb"),
        shell("cat src/main.go && git status", "a"),
        shell("cat src/main.go", "Warning: truncated output (original token count: 9000)", "a"),
    ],
)
def test_what_is_no_plain_read_is_left_out(step: tuple[str, Mapping[str, Any], str]) -> None:
    assert not list(reads_of(session(step)))


def test_a_reread_knows_which_lines_were_seen_before_and_where() -> None:
    found = rereads_of(session(read(1, "a", "b"), read(2, "b", "c"), read(1, "a", "b", "c")))
    assert [(at, reread.seen) for at, them in found.items() for reread in them] == [
        (3, {"b": {2}}),
        (5, {"a": {2}, "b": {2, 4}, "c": {4}}),
    ]
    assert found[5][0].seen_chars == 3


def test_reads_asked_for_at_once_do_not_see_each_other() -> None:
    calls = [{"id": str(i), "name": "Read", "args": {"file_path": MAIN}} for i in range(2)]
    results = [
        {"role": "tool", "text": numbered(1, "a"), "tool_call_id": str(i), "name": "Read"}
        for i in range(2)
    ]
    events = [{"role": "assistant", "text": "", "tool_calls": calls}, *results]
    assert not rereads_of(session_of({"id": "s", "cwd": "/repo", "events": events}))


def reread() -> Reread:
    recorded = session(read(1, "alpha", "beta"), read(1, "alpha", "beta", "gamma"))
    return rereads_of(recorded)[3][0]


def block(text: str, source: Sequence[int] = (), refs: Sequence[int] = ()) -> Block:
    return Block(text, 1, "user", tuple(source), tuple(refs))


@pytest.mark.parametrize(
    ("blocks", "current", "reachable", "state", "stale"),
    [
        ([], 0, 0, 0, 0),
        ([block(numbered(1, "alpha", "beta"), source=[2])], 9, 9, 0, 0),
        ([block("alpha\nbeta")], 0, 0, 0, 0),
        ([block("src/main.go\nalpha")], 5, 5, 0, 0),
        ([block("src/main.go, see [e4]", refs=[2])], 0, 9, 0, 0),
        ([block("src/main.go, see above", refs=[2])], 0, 0, 0, 0),
        ([block(f'<file path="{MAIN}">\n1→alpha\n2→beta\n</file>')], 9, 9, 9, 0),
        ([block('<file path="src/main.go">\n1→alpha\n2→BETA\n</file>')], 5, 5, 5, 1),
        ([block('<file path="src/main.go" lines="2-3">\nbeta\nold\n</file>')], 4, 4, 4, 1),
        ([block('<file path="src/other.go">\n1→ALPHA\n</file>')], 0, 0, 0, 0),
    ],
)
def test_what_a_request_has_of_a_reread(
    blocks: Sequence[Block], current: int, reachable: int, state: int, stale: int
) -> None:
    found = answered(reread(), blocks, "/repo")
    assert (found.current.part, found.current.whole) == (current, 9)
    assert (found.reachable.part, found.in_file_state.part) == (reachable, state)
    assert found.stale_lines == stale


def test_an_edit_behind_a_claim_says_that_it_is_old() -> None:
    edit = ("Edit", {"file_path": MAIN, "new_string": "BETA"}, "ok")
    recorded = session(read(1, "alpha", "beta"), edit, read(1, "alpha", "BETA"))
    (again,) = rereads_of(recorded)[5]
    assert again.changed == {3}
    claim, told = block(f'<file path="{MAIN}">\n2→beta\n</file>'), block("edited", source=[3])
    for blocks, unchanged in (([claim], 1), ([claim, told], 0), ([told, claim], 1)):
        found = answered(again, blocks, "/repo")
        assert (found.stale_lines, found.stale_unchanged) == (1, unchanged)


def test_lines_are_found_behind_numbers_and_inside_json() -> None:
    assert {"a b", "  c"} <= lines_of('1→a b\nx {"content":"q\\n  c\\nd"}')
