"""Bytes to text, or the word that they are none."""

import codecs

from enplace.errors import UnreadableFile

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOOKED_AT = 8_192
"""Bytes by which a file without a mark is judged."""
MOST_CONTROLS = 0.02
"""Share of control characters from which on a file is binary."""
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")


def decoded(content: bytes) -> tuple[str, str]:
    """The text of some bytes with plain line ends, and what to know of it.

    UTF-8 unless a mark at the beginning says otherwise, or the bytes look like UTF-16. What is not
    UTF-8 is read as Latin-1, and the remark says so.

    Raises:
        UnreadableFile: The bytes are no text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strict(content[len(mark) :], encoding), ""
    encoding = _wide(content[:_LOOKED_AT])
    if encoding:
        return _strict(content, encoding), f"read as {encoding.upper()}: it has no mark"
    if _is_binary(content):
        raise UnreadableFile("it is binary, and of no format that can be read")
    try:
        return _lines(content.decode("utf-8")), ""
    except UnicodeDecodeError:
        return _lines(content.decode("latin-1")), "read as Latin-1: it is not UTF-8"


def _strict(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"it is broken: {error}") from error
    if "\0" in text:
        raise UnreadableFile("it is binary, and of no format that can be read")
    return _lines(text)


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark: every other byte of Western text is zero."""
    pairs = len(sample) // 2
    if pairs < 4:
        return ""
    even, odd = sample[0 : 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
    if odd > 0.6 * pairs and not even:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 * pairs and not odd else ""


def _is_binary(content: bytes) -> bool:
    if b"\0" in content:
        return True
    sample = content[:_LOOKED_AT]
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in sample)
    return controls > MOST_CONTROLS * len(sample)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
