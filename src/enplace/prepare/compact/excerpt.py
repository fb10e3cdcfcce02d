"""The ingest cap: a tool output that is too long is shown as its beginning, its end and its shape."""

from enplace.ports import TextKind, TokenCounter
from enplace.records.compaction import Excerpt

HEAD_SHARE = 0.65
"""Of what is shown: the beginning tells what it is, the end how it came out."""


def excerpt(
    text: str, most_tokens: int, counter: TokenCounter, kind: TextKind = "code"
) -> Excerpt | None:
    """How a tool output is shown; None where it is shown whole.

    Cut at line ends where there are any near. It never breaks a cache, since it happens before the
    output stands in any request.

    Args:
        text: The output.
        most_tokens: Most that may be shown of it.
        counter: Counts tokens.
        kind: What it is, for the counter.
    """
    tokens = counter.count(text, kind)
    if tokens <= most_tokens:
        return None
    shown = max(len(text) * most_tokens // tokens - 200, 200)
    if shown >= len(text):
        return None
    head = _line_end(text, round(shown * HEAD_SHARE))
    tail = _line_start(text, len(text) - (shown - head))
    before, lines = text.count("\n", 0, head + 1), text.count("\n") + 1
    behind = text.count("\n", 0, tail)
    gap = (
        f"[... lines {before + 1} to {behind} of {lines} are left out, {tail - head} characters;"
        " {ref} holds all of it, `reopen` reads any lines ...]"
    )
    return Excerpt(head=head, tail=len(text) - tail, gap=gap)


def _line_end(text: str, near: int) -> int:
    """The last line end before an offset, if one is near it."""
    at = text.rfind("\n", near // 2, near)
    return at if at > 0 else near


def _line_start(text: str, near: int) -> int:
    """The first line start behind an offset, if one is near it."""
    at = text.find("\n", near, near + (len(text) - near) // 2)
    return at + 1 if at >= 0 else near
