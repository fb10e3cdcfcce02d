"""Contents of files that stay readable behind a collapse: what is known to stand there now."""

import re
from collections.abc import Callable, Iterator, Sequence

from enplace.prepare.compact.files import FileState

_WAY_OUT = re.compile(r"<(\s*)/(?=\s*(?:file|seen))", re.IGNORECASE)
_IN_PATH = {'"': "'", "<": "(", ">": ")", "\n": " "}
LEAST_RUN_LINES = 3
"""Shorter runs of lines say too little to be shown."""
LEAST_ROOM_TOKENS = 40
TAG_TOKENS = 20
FILE_SHARE = 0.5
"""Most of the room that one file takes."""


def attach(
    states: Sequence[FileState], upto: int, most_tokens: int, count: Callable[[str], int]
) -> list[str]:
    """Blocks with the newest known lines of the files that were touched last.

    Lines that stand in view already are left out. What is sure to stand there is a `file`; what a
    command may have changed since it was seen is `seen`, with the event that saw it.

    Args:
        states: Files, the one touched last first.
        upto: Last event that goes out of view: what later events show needs no block.
        most_tokens: Of all blocks together.
        count: Counts tokens.
    """
    blocks: list[str] = []
    left = most_tokens
    for state in states:
        if left < LEAST_ROOM_TOKENS:
            break
        if state.is_deleted or not state.lines:
            continue
        room = min(left, round(FILE_SHARE * most_tokens))
        for is_sure in (True, False):
            body, size = _fitting(state, upto, room - TAG_TOKENS, count, is_sure=is_sure)
            if body:
                blocks.append(_block(state, body, is_sure=is_sure))
                left -= size + TAG_TOKENS
                room -= size + TAG_TOKENS
    return blocks


def _block(state: FileState, body: str, *, is_sure: bool) -> str:
    path = "".join(_IN_PATH.get(letter, letter) for letter in state.path)
    body = _WAY_OUT.sub(r"<\1\\/", body)
    if is_sure:
        return f'<file path="{path}" as_of="e{state.touched_at}">\n{body}\n</file>'
    return f'<seen path="{path}" before="e{state.doubted_at}">\n{body}\n</seen>'


def _fitting(
    state: FileState, upto: int, room: int, count: Callable[[str], int], *, is_sure: bool
) -> tuple[str, int]:
    """Runs of lines, those seen last first while they fit, told in the order of the file."""
    kept: list[tuple[int, list[str]]] = []
    left = room
    runs = sorted(_runs(state, upto, is_sure=is_sure), key=lambda run: -_newest(state, run))
    for first, last in runs:
        lines: list[str] = []
        for number in range(first, last + 1):
            line = f"{number}→{state.lines[number].text}"
            size = count(line) + 1
            if size > left:
                break
            lines.append(line)
            left -= size
        if len(lines) >= LEAST_RUN_LINES:
            kept.append((first, lines))
    return "\n".join(line for _, lines in sorted(kept) for line in lines), room - left


def _runs(state: FileState, upto: int, *, is_sure: bool) -> Iterator[tuple[int, int]]:
    """Unbroken runs of lines that go out of view."""
    numbers = sorted(
        n
        for n, line in state.lines.items()
        if line.seen_at <= upto and state.is_sure(line) == is_sure
    )
    start = 0
    for i in range(1, len(numbers) + 1):
        if i == len(numbers) or numbers[i] != numbers[i - 1] + 1:
            yield numbers[start], numbers[i - 1]
            start = i


def _newest(state: FileState, run: tuple[int, int]) -> int:
    return max(state.lines[n].seen_at for n in range(run[0], run[1] + 1))
