"""Lines that stand for tool results which went out of view."""

from collections.abc import Iterator, Sequence

from enplace.prepare.compact.chronicle import Chronicle
from enplace.records.block import ToolResultBlock
from enplace.records.context import ContextMessage

NEWEST_KEPT = 3
"""Newest tool results that no snip takes."""
LEAST_TOKENS = 60
"""A smaller result is not worth a line that stands for it."""


def stub(chronicle: Chronicle, ordinal: int, text: str) -> str:
    """The line that stands for a result.

    Args:
        chronicle: The task.
        ordinal: Of the event that holds the result.
        text: The result as it was shown.
    """
    about = chronicle.results.get(ordinal, "")
    lines = text.count("\n") + 1
    return f"[e{ordinal}] {about}: {lines} lines, no longer shown; `reopen` gives them.".replace(
        " : ", ": "
    )


def old_results(messages: Sequence[ContextMessage]) -> Iterator[tuple[int, int]]:
    """Ordinals and tokens of the results that are worth a snip, without the newest ones."""
    shown = [
        (block.source, block.tokens)
        for message in messages
        if message.role == "tool"
        for block in message.blocks
        if isinstance(block.block, ToolResultBlock) and block.source and block.why != "snipped"
    ]
    yield from (each for each in shown[:-NEWEST_KEPT] if each[1] >= LEAST_TOKENS)
