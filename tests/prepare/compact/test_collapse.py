"""The handoff block: what it holds, in what room, and that all of it is reachable from it."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.prepare.compact.stories import often

from enplace.invoke.plan import OUTCOME_UNKNOWN
from enplace.prepare.compact.attachments import attach
from enplace.prepare.compact.cached_snip import LEAST_TOKENS, NEWEST_KEPT, old_results, stub
from enplace.prepare.compact.chronicle import Chronicle, gloss_of
from enplace.prepare.compact.collapse import RANGE_ORDINALS, hand_off
from enplace.prepare.compact.excerpt import excerpt
from enplace.prepare.compact.file_tools import Anything, Delete, Edit, Read, Write
from enplace.prepare.compact.files import FileBook
from enplace.prepare.compact.identifiers import identifiers
from enplace.providers.counts import CharacterCounter
from enplace.records.block import Block, TextBlock, ToolCallBlock, ToolResultBlock
from enplace.records.context import ContextBlock, ContextMessage
from enplace.records.event import AssistantSpoke, ToolFinished, UserSpoke
from enplace.records.tool import FileEffect

COUNT = CharacterCounter().count
REFERENCE = re.compile(r"\[e(\d+)(?:-e(\d+))?\]")


class Told:
    """A chronicle, told event by event."""

    def __init__(self) -> None:
        self.chronicle = Chronicle()
        self.last = 0
        self.texts: list[str] = []

    def user(self, text: str) -> int:
        return self._take(UserSpoke(text=text), text)

    def answer(self, text: str) -> int:
        blocks = (TextBlock(text=text),)
        return self._take(AssistantSpoke(blocks=blocks, stop="end", model="m"), text)

    def use(
        self,
        tool: str,
        output: str = "done",
        *,
        is_error: bool = False,
        effects: tuple[FileEffect, ...] = (),
        **given: object,
    ) -> int:
        """A call and its result; the ordinal is the result's."""
        id_ = f"c{self.last}"
        blocks: tuple[Block, ...] = (ToolCallBlock(id=id_, tool=tool, arguments=json.dumps(given)),)
        self._take(AssistantSpoke(blocks=blocks, stop="tool_calls", model="m"), json.dumps(given))
        result = ToolFinished(
            tool_call_id=id_,
            tool=tool,
            blocks=(TextBlock(text=output),),
            is_error=is_error,
            effects=effects,
        )
        return self._take(result, output)

    def handoff(self, most_tokens: int = 2_000, **given: Any) -> str:
        made = hand_off(
            self.chronicle,
            self.last,
            most_tokens=most_tokens,
            count=COUNT,
            **given,
        )
        assert made.tokens == COUNT(made.text)
        return made.text

    def _take(self, event: UserSpoke | AssistantSpoke | ToolFinished, text: str) -> int:
        self.last += 1
        self.texts.append(text)
        self.chronicle.take(event, self.last)
        return self.last


def section(block: str, title: str) -> list[str]:
    """The lines of a part of it."""
    found = re.search(rf"## {title}\n(.*?)(?:\n\n##|\n</handoff>)", block, re.DOTALL)
    return found[1].split("\n") if found else []


def a_task(turns: int = 20, width: int = 400) -> Told:
    told = Told()
    for n in range(turns):
        told.user(f"Message {n}: please keep setup_{n} as it is.")
        told.use("Bash", f"ok test_{n} " * (width // 10), command=f"make target_{n}")
        told.use("Bash", f"Error: no socket_{n}", is_error=True, command=f"run job_{n}")
        told.answer(f"We decided to use driver_{n} because it works. Done with part_{n}.")
    return told


# What stands in it


def test_the_user_s_messages_stand_word_for_word() -> None:
    told = Told()
    texts = ["Fix it.", "Never touch main.\nReally, not v1.2.3 in foo.py!", "Go on?"]
    for text in texts:
        told.user(text)
        told.answer("ok")
    block = told.handoff()
    for ordinal, text in zip((1, 3, 5), texts, strict=True):
        assert f"[e{ordinal}] {text}\n" in block


def test_paths_in_the_user_s_words_stay_as_they_were_said() -> None:
    told = Told()
    for name in ("a.py", "b.py", "c.py"):
        told.use("Read", "     1→x", file_path=f"/srv/pkg/{name}")
    text = "cd /srv/pkg/ first, then move /srv/pkg/a.py; see https://w.org/srv/pkg/x.html"
    told.user(text)
    assert f"] {text}\n" in told.handoff()


def test_the_message_that_is_being_answered_is_not_told_twice() -> None:
    told = Told()
    told.user("The first one.")
    told.answer("ok")
    asked = told.user("The second one.")
    told.use("Bash", command="ls")
    block = told.handoff(asked_at=asked)
    assert "The first one." in block
    assert "The second one." not in block


@pytest.mark.parametrize(
    "filler", ["It was told at length and says nothing. ", "x.y.z is a chain. "]
)
def test_of_a_long_message_directives_come_first_and_whole(filler: str) -> None:
    told = Told()
    directive = "You must never edit src/app/main.go or bump v1.2.3 without asking."
    told.user(filler * 60 + directive + " " + filler * 60)
    told.answer("ok")
    block = told.handoff(600)
    assert directive in block
    assert COUNT(block) <= 600


def test_short_messages_stay_whole_where_a_long_one_is_cut() -> None:
    told = Told()
    told.user("A long story. " * 500)
    told.user("Please keep main_branch untouched.")
    told.user("And run test_all.")
    block = told.handoff(1_000)
    assert "] Please keep main_branch untouched.\n" in block
    assert "] And run test_all.\n" in block


def test_the_newest_list_of_what_is_to_do_stands_as_data() -> None:
    told = Told()
    for state in ("pending", "in_progress"):
        told.use(
            "TodoWrite",
            todos=[
                {"content": "Read it", "status": "completed"},
                {"content": "Write it", "status": state},
            ],
        )
    lines = section(told.handoff(), "Open items, as last written")
    assert lines == ["[e3]", "[x] Read it", "[>] Write it"]


def test_a_plan_in_codex_s_words_is_a_list_as_well() -> None:
    told = Told()
    told.use("update_plan", plan=[{"step": "Build", "status": "pending"}], explanation="x")
    assert section(told.handoff(), "Open items, as last written") == ["[e1]", "[ ] Build"]


def test_tasks_that_are_made_one_by_one_are_a_list_as_well() -> None:
    told = Told()
    told.use("TaskCreate", "Task #1 created", subject="Build it")
    told.use("TaskCreate", "Task #2 created", subject="Ship it")
    last = told.use("TaskUpdate", "Updated task #1", taskId="1", status="completed")
    lines = section(told.handoff(), "Open items, as last written")
    assert lines == [f"[e{last}]", "[x] #1 Build it", "[ ] #2 Ship it"]


@pytest.mark.parametrize("most_tokens", [400, 975, 2_000])
def test_what_is_still_to_do_survives_in_a_small_window_too(most_tokens: int) -> None:
    """I8. 975 tokens are the block of a window of 8k, that of the embedded model."""
    told = a_task(10)
    told.use(
        "TodoWrite",
        todos=[{"content": f"Finish the part number {n}", "status": "completed"} for n in range(8)]
        + [{"content": f"Still do part_{n}", "status": "pending"} for n in range(4)],
    )
    block = told.handoff(most_tokens)
    for n in range(4):
        assert f"[ ] Still do part_{n}" in block


def test_failed_attempts_stand_as_action_and_error() -> None:
    told = Told()
    error = "Traceback (most recent call last):\n  File x.py\nValueError: bad_value 7"
    one = told.use("Bash", error, is_error=True, command="python x.py")
    other = told.use("Bash", "Process exited with code 2\nerror: no rule", command="make all")
    assert section(told.handoff(), "What failed") == [
        f"[e{one}] Bash python x.py -> ValueError: bad_value 7",
        f"[e{other}] Bash make all -> error: no rule",
    ]


@pytest.mark.parametrize("most_tokens", [260, 975, 2_000])
def test_the_last_failed_attempt_always_stands(most_tokens: int) -> None:
    """I11, also where its line is long and the window small."""
    told = a_task(10)
    last = told.use(
        "Bash", "error: " + "no such file or folder " * 9, is_error=True, command="run " + "x" * 90
    )
    assert f"[e{last}] Bash run xxx" in told.handoff(most_tokens)


def test_decisions_are_told_as_whole_sentences() -> None:
    told = Told()
    told.answer("Looking. We decided to keep v1.2.3 of foo.py because bar.go needs it. Done.")
    lines = section(told.handoff(), "Said on the way")
    assert lines == ["[e1] We decided to keep v1.2.3 of foo.py because bar.go needs it."]


def test_what_a_model_wrote_stands_instead_of_its_sentences() -> None:
    told = a_task(3)
    block = told.handoff(prose="The goal is to ship </handoff> it.")
    assert section(block, "Where the task stands")
    assert section(block, "Said on the way") == []
    assert block.count("</handoff>") == 1


def test_a_label_says_what_ended() -> None:
    told = a_task(2)
    assert "no longer shown (the set-up)." in told.handoff(label="the set-up")
    assert told.handoff(label="x </handoff> y").count("</handoff>") == 1


@pytest.mark.parametrize(
    "text",
    [
        "</handoff>",
        "</HANDOFF>",
        "< / handoff >",
        "</hand<//srv/pkg/handoff>off>",
        "<//srv/pkg/handoff> in load_rows",
    ],
)
def test_no_text_can_close_the_block(text: str) -> None:
    told = Told()
    for name in ("a.py", "b.py"):
        told.use("Read", "     1→x", file_path=f"/srv/pkg/{name}")
    told.user(f"look at {text} now")
    told.answer(f"We decided to show {text} because it is there.")
    told.use("Bash", f"error: {text} in socket_7", is_error=True, command=f"echo {text}")
    told.use("TodoWrite", todos=[{"content": f"quote {text}", "status": "pending"}])
    told.answer(f"Last: {text}")
    block = told.handoff(label=text, prose="")
    closings = re.findall(r"<\s*/\s*handoff", block, re.IGNORECASE)
    assert closings == ["</handoff"]
    assert block.endswith("\n</handoff>")


def test_a_root_is_taken_off_paths_and_off_nothing_else() -> None:
    told = Told()
    for name in ("a.py", "b.py"):
        told.use("Read", "     1→x", file_path=f"/srv/pkg/{name}")
    told.use("Bash", "see https://w.org/srv/pkg/x_1.html and /mnt/srv/pkg/y_1.py", command="ls")
    block = told.handoff()
    assert "Paths are below /srv/pkg." in block
    assert "\na.py read [e2]" in block
    assert "https://w.org/srv/pkg/x_1.html" in block
    assert "/mnt/srv/pkg/y_1.py" in block


@pytest.mark.parametrize("most_tokens", [300, 975, 4_000])
def test_every_identifier_stands_letter_by_letter(most_tokens: int) -> None:
    """I10: half a name is another name."""
    told = a_task(12)
    told.use(
        "Bash",
        "a/very/long/path_of/some_thing/that/is_cut.py " * 40,
        command="go test ./internal/some_package/another_one " * 6,
    )
    known = {name for text in told.texts for name, _ in identifiers(text)}
    known |= {name for text in told.texts for name, _ in identifiers(text.replace('"', " "))}
    block = told.handoff(most_tokens)
    body = block.split("exact words.", 1)[1]
    body = re.sub(r"\[e\d+(?:-e\d+)?\]", " ", body)
    assert {name for name, _ in identifiers(body)} - known == set()


# That all of it is reachable


def reachable(block: str) -> set[int]:
    found: set[int] = set()
    for one in REFERENCE.finditer(block):
        first, last = int(one[1]), int(one[2] or one[1])
        if last - first < RANGE_ORDINALS:
            found |= set(range(first, last + 1))
    return found


@pytest.mark.parametrize("most_tokens", [300, 975, 2_000, 8_000])
@pytest.mark.parametrize("turns", [1, 10, 60])
def test_every_event_is_behind_a_reference(turns: int, most_tokens: int) -> None:
    told = a_task(turns)
    assert set(range(1, told.last + 1)) <= reachable(told.handoff(most_tokens))


# What of files it may believe


def test_a_call_whose_outcome_nobody_knows_leaves_nothing_sure_of_its_file() -> None:
    """The process ended while the tool was running: it may have had its effect."""
    told = Told()
    told.use("Read", "     1→one\n     2→two\n     3→three", file_path="/w/a.py")
    told.use(
        "Edit",
        OUTCOME_UNKNOWN,
        is_error=True,
        file_path="/w/a.py",
        old_string="two",
        new_string="2",
    )
    state = told.chronicle.files.get("/w/a.py")
    assert state is not None
    assert not any(state.is_sure(line) for line in state.lines.values())


def test_what_an_excerpt_leaves_out_supersedes_nothing() -> None:
    """Lines that stood whole in an earlier result, and now in the gap of a later one."""
    told = Told()
    rows = [f"{n:6}→row number {n}" for n in range(1, 2_001)]
    first = told.use("Read", "\n".join(rows[999:1_004]), file_path="/w/a.py", offset=1_000)
    whole = "\n".join(rows)
    told.last += 1
    asked = ToolCallBlock(id="long", tool="Read", arguments='{"file_path":"/w/a.py"}')
    told.chronicle.take(AssistantSpoke(blocks=(asked,), stop="tool_calls", model="m"), told.last)
    told.last += 1
    shown = ToolFinished(
        tool_call_id="long",
        tool="Read",
        blocks=(TextBlock(text=whole),),
        excerpt=excerpt(whole, 1_000, CharacterCounter()),
    )
    assert shown.excerpt is not None
    assert first not in told.chronicle.take(shown, told.last)


KEYS = ["file_path", "path", "command", "edits", "old_string", "new_string", "content", "patch"]
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.integers(-3, 3),
        st.text(max_size=40),
        st.sampled_from(["/w/a.py", "cat /w/a.py", "mv /w/a.py /w", "rm -r /", "sed -i '", "| ;"]),
        st.just("*** Begin Patch\n*** Update File: /w/a.py\n@@\n-x\n+y\n*** End Patch"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*KEYS, "status", "todos"]), inner, max_size=3),
    ),
    max_leaves=6,
)


@often(200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Read", "Edit", "Write", "Bash", "apply_patch", "TodoWrite", "task"]),
            st.dictionaries(st.sampled_from([*KEYS, "todos", "offset", "id"]), VALUES, max_size=4),
            st.one_of(st.text(max_size=80), st.just(""), st.just("     1→x\n     2→y")),
            st.booleans(),
            st.lists(
                st.builds(
                    FileEffect,
                    path=st.sampled_from(["/w/a.py", "", "/w"]),
                    action=st.sampled_from(["read", "write", "edit", "delete", "rename"]),
                    lines=st.sampled_from([None, (1, 2), (0, 0)]),
                ),
                max_size=1,
            ),
        ),
        max_size=8,
    )
)
def test_whatever_a_tool_is_given_and_answers_its_task_goes_on(
    uses: list[tuple[str, dict[str, Any], str, bool, list[FileEffect]]],
) -> None:
    """What the chronicle could not take, no task could ever load again."""
    told = Told()
    for tool, given_, output, is_error, effects in uses:
        told.use(tool, output, is_error=is_error, effects=tuple(effects), **given_)
    block = told.handoff()
    assert set(range(1, told.last + 1)) <= reachable(block)
    assert all(text.endswith(">") for text in attached(told.chronicle.files))


# In what room


@pytest.mark.parametrize("most_tokens", [300, 975, 2_000, 8_000])
@pytest.mark.parametrize("turns", [1, 10, 60, 400])
def test_it_keeps_to_its_room(turns: int, most_tokens: int) -> None:
    """However long the task is."""
    block = a_task(turns).handoff(most_tokens)
    assert COUNT(block) <= 1.05 * most_tokens + 20


def test_a_long_task_is_handed_off_quickly() -> None:
    import time

    told = a_task(400, width=4_000)
    told.handoff(8_000)  # the ledger has read everything now
    began = time.process_time()
    told.handoff(8_000)
    assert time.process_time() - began < 0.25


@often(60)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("user"), st.text(max_size=300)),
            st.tuples(st.just("answer"), st.text(max_size=300)),
            st.tuples(st.just("use"), st.text(max_size=600)),
            st.tuples(st.just("fail"), st.text(max_size=300)),
        ),
        max_size=25,
    ),
    st.integers(300, 3_000),
)
def test_whatever_was_said_the_block_is_whole_and_within_its_room(
    happenings: list[tuple[str, str]], most_tokens: int
) -> None:
    told = Told()
    for what, text in happenings:
        match what:
            case "user":
                told.user(text)
            case "answer":
                told.answer(text)
            case _:
                told.use("Bash", text, is_error=what == "fail", command=text[:50])
    block = told.handoff(most_tokens)
    assert block.startswith("<handoff>\n")
    assert re.findall(r"<\s*/\s*handoff", block, re.IGNORECASE) == ["</handoff"]
    assert COUNT(block) <= 1.05 * most_tokens + 20
    assert set(range(1, told.last + 1)) <= reachable(block)
    assert told.handoff(most_tokens) == block, "the same task gives the same block"


@pytest.mark.parametrize("most_tokens", [300, 975, 2_000])
def test_many_changed_files_keep_to_its_room_too(most_tokens: int) -> None:
    told = Told()
    for n in range(300):
        told.use("Write", file_path=f"/srv/pkg/some/where/file_{n}.py", content=f"x = {n}")
    block = told.handoff(most_tokens)
    assert COUNT(block) <= 1.05 * most_tokens + 20
    assert "file_299.py changed [e600]" in block


def test_of_very_many_messages_the_first_and_those_that_ask_stand() -> None:
    """A long task of short messages keeps its rules."""
    told = Told()
    told.user("Rule one: never touch the main_branch.")
    for n in range(300):
        told.user(f"Message {n}: go on." if n != 150 else "You must always run test_all first.")
        told.answer("ok")
    block = told.handoff(1_400)
    assert "Rule one: never touch the main_branch." in block
    assert "You must always run test_all first." in block
    assert "Message 299: go on." in block
    assert COUNT(block) <= 1.05 * 1_400 + 20


# Contents of files behind it


def book(*touches: Read | Write | Edit | Delete | Anything) -> FileBook:
    made = FileBook()
    for ordinal, touch in enumerate(touches, 1):
        made.take([touch], ordinal)
    return made


def lines(path: str, first: int, count: int, text: str = "line") -> Read:
    return Read(path, tuple((n, f"{text} {n}") for n in range(first, first + count)))


def attached(made: FileBook, upto: int = 99, most_tokens: int = 1_000) -> list[str]:
    return attach(made.states(), upto, most_tokens, lambda text: COUNT(text, "code"))


def test_what_is_known_of_a_file_stands_by_its_numbers() -> None:
    (block,) = attached(book(lines("/w/a.py", 40, 3)))
    first, *rest = block.split("\n")
    assert re.fullmatch(r'<file path="/w/a\.py"[^>]*>', first)
    assert rest == ["40→line 40", "41→line 41", "42→line 42", "</file>"]


def test_runs_stand_in_the_order_of_the_file() -> None:
    (block,) = attached(book(lines("/w/a.py", 40, 3), lines("/w/a.py", 1, 3)))
    numbers = [int(line.split("→")[0]) for line in block.split("\n")[1:-1]]
    assert numbers == [1, 2, 3, 40, 41, 42]


@pytest.mark.parametrize(
    ("made", "upto"),
    [
        (book(lines("/w/a.py", 1, 2)), 99),
        (book(lines("/w/a.py", 1, 9)), 0),
        (book(lines("/w/a.py", 1, 9), Delete("/w/a.py")), 99),
        (book(lines("/w/a.py", 1, 9), Anything()), 99),
        (book(), 99),
    ],
)
def test_what_is_not_attached(made: FileBook, upto: int) -> None:
    """Too little, what stands in view, what is gone, and what nobody can be sure of."""
    assert [block for block in attached(made, upto) if not block.startswith("<seen ")] == []


def test_what_a_command_may_have_changed_says_so() -> None:
    (block,) = attached(book(lines("/w/a.py", 1, 4), Anything()))
    first, *rest = block.split("\n")
    assert first == '<seen path="/w/a.py" before="e2">'
    assert rest == ["1→line 1", "2→line 2", "3→line 3", "4→line 4", "</seen>"]


def test_only_the_lines_that_go_out_of_view_are_attached() -> None:
    made = book(lines("/w/a.py", 1, 9), lines("/w/a.py", 5, 5, "new"))
    (block,) = attached(made, upto=1)
    assert block.split("\n")[1:-1] == [f"{n}→line {n}" for n in range(1, 5)]


def test_the_file_touched_last_comes_first_and_none_takes_all_the_room() -> None:
    made = book(lines("/w/a.py", 1, 500), lines("/w/b.py", 1, 500))
    blocks = attached(made, most_tokens=600)
    assert [block.split('"')[1] for block in blocks] == ["/w/b.py", "/w/a.py"]
    assert sum(COUNT(block, "code") for block in blocks) <= 630


@pytest.mark.parametrize("most_tokens", [0, 10, 39, 40, 100, 400])
def test_attachments_keep_to_their_room(most_tokens: int) -> None:
    made = book(*(lines(f"/w/{name}.py", 1, 60) for name in "abcdef"))
    blocks = attached(made, most_tokens=most_tokens)
    assert sum(COUNT(block, "code") for block in blocks) <= most_tokens * 1.05


@pytest.mark.parametrize("text", ["</file>", "</FILE>", "< /file>", "</handoff>"])
def test_no_line_of_a_file_can_close_its_tag(text: str) -> None:
    made = book(Write("/w/a.html", f"one\n{text}\nthree\nfour"))
    (block,) = attached(made)
    assert re.findall(r"<\s*/\s*file", block, re.IGNORECASE) == ["</file"]
    assert block.endswith("\n</file>")
    assert "\n4→four\n" in block


def test_a_path_cannot_end_the_tag_that_names_it() -> None:
    made = book(Write('/w/a">\n</file>.py', "one\ntwo\nthree"))
    (block,) = attached(made)
    assert block.count("</file>") == 1
    assert block.split("\n")[1:] == ["1→one", "2→two", "3→three", "</file>"]


# Lines that stand for results


def results(*sizes: int) -> list[ContextMessage]:
    return [
        ContextMessage(
            role="tool",
            blocks=(
                ContextBlock(
                    block=ToolResultBlock(call_id=f"c{n}", tool="t", text="x"),
                    segment="history",
                    tokens=size,
                    source=n,
                ),
            ),
            chain="",
        )
        for n, size in enumerate(sizes, 1)
    ]


def test_the_newest_results_and_small_ones_stay() -> None:
    sizes = [100, LEAST_TOKENS - 1, 500, *[900] * NEWEST_KEPT]
    assert list(old_results(results(*sizes))) == [(1, 100), (3, 500)]
    assert list(old_results(results(*[900] * NEWEST_KEPT))) == []


def test_a_stub_says_what_it_stands_for_and_where_that_is() -> None:
    told = Told()
    at = told.use("Bash", "one\ntwo\nthree", command="make target_7")
    line = stub(told.chronicle, at, "one\ntwo\nthree")
    assert line == f"[e{at}] Bash make target_7: 3 lines, no longer shown; `reopen` gives them."


@pytest.mark.parametrize(
    ("tool", "given", "gloss"),
    [
        ("Read", {"file_path": "/w/a.py", "limit": 3}, "Read /w/a.py"),
        ("Bash", {"command": "make\n  all"}, "Bash make all"),
        ("exec_command", {"cmd": "ls", "workdir": "/w"}, "exec_command ls"),
        ("Grep", {"pattern": "foo_bar", "path": "/w"}, "Grep"),
        ("ask", {"question": "why?"}, "ask why?"),
        ("now", {}, "now"),
        ("count", {"n": 3}, "count"),
    ],
)
def test_a_gloss_names_the_tool_and_what_it_was_about(
    tool: str, given: dict[str, object], gloss: str
) -> None:
    assert gloss_of(tool, given).startswith(gloss)


def test_a_gloss_ends_with_a_whole_name() -> None:
    command = "go test ./internal/some_package/another_one/and_more_of/it_all_together/here.go " * 3
    words = set(command.split()) | {"Bash"}
    assert set(gloss_of("Bash", {"command": command}).rstrip("…. ").split()) <= words
