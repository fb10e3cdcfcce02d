"""Bytes become text, or are refused."""

import pytest

from enplace.errors import UnreadableFile
from enplace.readers.encodings import decoded

SAID = "Zoë walks\nto Łódź"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_and_plain_unicode_is_read_without_a_word(encoding: str) -> None:
    assert decoded(SAID.encode(encoding)) == (SAID, "")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_unmarked_utf_16_is_recognised_and_told(encoding: str) -> None:
    text, remark = decoded(SAID.replace("Łódź", "Lodz").encode(encoding))
    assert text == "Zoë walks\nto Lodz"
    assert remark == f"read as {encoding.upper()}: it has no mark"


def test_what_is_not_utf_8_is_read_as_latin_1_and_told() -> None:
    assert decoded("Zoë".encode("latin-1")) == ("Zoë", "read as Latin-1: it is not UTF-8")


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n\x00\x00", bytes(range(1, 32)) * 9, b"\xff\xfea\x00\x00\xd8", b"a\x00b"],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        decoded(content)


def test_line_ends_of_other_systems_become_plain_ones() -> None:
    assert decoded(b"a\r\nb\rc\n")[0] == "a\nb\nc\n"
