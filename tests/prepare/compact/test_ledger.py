"""Names that stand for one thing: found by their shape, kept letter by letter, in time that is linear."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.prepare.compact.stories import often

from enplace.prepare.compact.chronicle import sentences
from enplace.prepare.compact.identifiers import MOST_CHARACTERS, identifiers
from enplace.prepare.compact.ledger import MOST_LINE_CHARACTERS, Ledger, Voice


def names(text: str) -> list[str]:
    return [name for name, _ in identifiers(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # languages
        ("def load_rows(path: Path) -> None:", ["load_rows"]),
        ("const userId = getUserById(id)", ["userId", "getUserById"]),
        ("func (s *Store) OpenTx() error {", ["OpenTx"]),
        ("let mut byte_count: usize = 0;", ["byte_count"]),
        ("public class HttpServer extends BaseServer", ["HttpServer", "BaseServer"]),
        ("#define MAX_RETRIES 5", ["MAX_RETRIES"]),
        ("SELECT user_id FROM sessions", ["SELECT", "user_id", "FROM"]),
        ("std::unordered_map<std::string>", ["unordered_map"]),
        ("data-test-id='login_form'", ["login_form"]),
        # paths, addresses, versions, hashes, numbers
        ("see src/store/brain.py now", ["src/store/brain.py"]),
        ("in /var/log/app.log, line 3", ["/var/log/app.log"]),
        ("open ./run.sh or ~/x/y", ["./run.sh", "~/x/y"]),
        ("get https://api.example.com/v1/users?id=7.", ["https://api.example.com/v1/users?id=7."]),
        ("commit 8f3a2b91 on v1.2.3", ["8f3a2b91", "v1.2.3"]),
        ("ticket ENT-1042 is due", ["ENT-1042"]),
        ("port 8080 and 42", ["8080"]),
        ("pass --no-verify and -q", ["--no-verify"]),
        ("ENOENT was raised", ["ENOENT"]),
        ("request.userId.length", ["userId"]),
        ("main.go holds main", ["main.go"]),
        # words of a language are none
        ("The quick brown fox jumps over it.", []),
        ("Das ist ein längerer Satz über nichts.", []),
        ("C'est la vie, n'est-ce pas?", []),
        ("これは文です。", []),
        ("he said: and/or either", []),
        ("", []),
    ],
)
def test_what_is_an_identifier(text: str, found: list[str]) -> None:
    assert names(text) == found


@given(st.text(max_size=400))
def test_a_name_stands_where_it_is_said_to_stand(text: str) -> None:
    for name, start in identifiers(text):
        assert 3 < len(name) <= MOST_CHARACTERS
        assert name in text[start : start + MOST_CHARACTERS]


@pytest.mark.parametrize(
    "piece",
    [
        "-",
        ".",
        "/",
        "~",
        "@",
        "$",
        "a",
        "1",
        "_",
        "a.",
        "a/",
        "-a",
        "./",
        "A_",
        "https://",
        "é",
        "a-",
    ],
)
def test_the_time_grows_with_the_text_alone(piece: str) -> None:
    """A line of ten thousand dots or dashes is nothing rare: progress bars, rules, table borders."""

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        began = time.process_time()
        list(identifiers(text))
        return time.process_time() - began

    assert seconds(20_000) < 0.25


@pytest.mark.parametrize("piece", ["a", ".", "a.", "! ", "\n", "a b. ", "?", ".a"])
def test_sentences_are_found_in_time_that_grows_with_the_text_alone(piece: str) -> None:
    began = time.process_time()
    sentences(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Do this. Not that!", ["Do this.", "Not that!"]),
        ("Is it? Yes.", ["Is it?", "Yes."]),
        ("one line\nanother", ["one line", "another"]),
        ("Never edit foo.py by hand. Use v1.2.3!", ["Never edit foo.py by hand.", "Use v1.2.3!"]),
        ("See https://w.org/a.html for it", ["See https://w.org/a.html for it"]),
        ("Wait... what?!", ["Wait...", "what?!"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_a_sentence_is_not_cut_within_a_name(text: str, found: list[str]) -> None:
    assert sentences(text) == found


@given(st.text(st.sampled_from("ab.!? \n/1"), max_size=120))
def test_sentences_hold_every_letter_of_a_text(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


# The ledger


def filled(*texts: tuple[str, Voice]) -> Ledger:
    ledger = Ledger()
    for ordinal, (text, voice) in enumerate(texts, 1):
        ledger.take(text, ordinal, voice)
    return ledger


def test_an_entry_knows_where_it_stood_first_and_last_and_its_line() -> None:
    ledger = filled(
        ("open load_rows", "user"), ("nothing", "tool"), ("a\n  call load_rows(path) \nb", "tool")
    )
    (entry,) = ledger.standing(9)
    assert (entry.name, entry.first, entry.last) == ("load_rows", 1, 3)
    assert entry.line == "call load_rows(path)"


def test_only_what_stands_in_no_later_event_is_told() -> None:
    ledger = filled(("load_rows save_rows", "tool"), ("save_rows", "tool"))
    assert [entry.name for entry in ledger.standing(1)] == ["load_rows"]
    assert {entry.name for entry in ledger.standing(2)} == {"load_rows", "save_rows"}


def test_what_the_model_named_itself_comes_before_what_tools_printed() -> None:
    ledger = filled(("tool_name", "tool"), ("user_name", "user"), ("call_name", "call"))
    assert [entry.name for entry in ledger.standing(9)] == ["call_name", "user_name", "tool_name"]


def test_what_was_named_long_ago_counts_less() -> None:
    ledger = Ledger()
    ledger.take("old_name", 1, "call")
    ledger.take("new_name", 2_000, "call")
    assert [entry.name for entry in ledger.standing(2_000)] == ["new_name", "old_name"]


def test_a_long_line_is_cut_around_the_name() -> None:
    ledger = filled(("x " * 400 + "load_rows" + " y" * 400, "tool"))
    (entry,) = ledger.standing(9)
    assert "load_rows" in entry.line
    assert len(entry.line) <= MOST_LINE_CHARACTERS


@pytest.mark.parametrize("offset", range(0, 40, 3))
def test_the_ends_of_a_cut_line_cut_no_other_name(offset: int) -> None:
    """I10: half a name is another name."""
    pad = "z" * offset + " "
    line = (
        pad + "first/long_path_of/something.py " * 9 + "load_rows" + " other_long_name_of_it" * 12
    )
    ledger = filled((line, "tool"))
    for entry in ledger.standing(9):
        assert set(names(entry.line)) <= set(names(line)), entry.line


@often(60)
@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("ab_1/. \n-Z"), max_size=60),
            st.sampled_from(["user", "assistant", "call", "tool"]),
        ),
        max_size=8,
    ),
    st.integers(0, 9),
)
def test_every_name_of_the_log_is_in_the_ledger_letter_by_letter(
    texts: list[tuple[str, Voice]], upto: int
) -> None:
    ledger = filled(*texts)
    assert set(ledger.names()) == {name for text, _ in texts for name in names(text)}
    later = {name for text, _ in texts[upto:] for name in names(text)}
    standing = {entry.name for entry in ledger.standing(upto)}
    assert standing == set(ledger.names()) - later
    for entry in ledger:
        assert entry.name in texts[entry.last - 1][0]
        assert entry.name in entry.text[entry.start :]
