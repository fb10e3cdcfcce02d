"""Contents of files that stay readable behind a collapse: what is known to stand there now."""

from collections.abc import Callable, Iterator, Sequence

from enplace.prepare.compact.files import FileState

LEAST_RUN_LINES = 3
"""Shorter runs of lines say too little to be shown."""
FILE_SHARE = 0.5
"""Most of the room that one file takes."""


def attach(
    states: Sequence[FileState], upto: int, most_tokens: int, count: Callable[[str], int]
) -> list[str]:
    """Blocks with the newest known lines of the files that were touched last.

    Lines that stand in view already are left out, and so is everything that may have changed since
    it was seen: what is shown is what the file holds.

    Args:
        states: Files, the one touched last first.
        upto: Last event that goes out of view: what later events show needs no block.
        most_tokens: Of all blocks together.
        count: Counts tokens.
    """
    blocks: list[str] = []
    left = most_tokens
    for state in states:
        if left < 40:
            break
        if state.is_deleted or not state.lines:
            continue
        room = min(left, round(FILE_SHARE * most_tokens))
        body, size = _fitting(state, upto, room - 20, count)
        if body:
            block = f'<file path="{state.path}">\n{body}\n</file>'
            blocks.append(block)
            left -= size + 20
    return blocks


def _fitting(
    state: FileState, upto: int, room: int, count: Callable[[str], int]
) -> tuple[str, int]:
    """Runs of lines, those seen last first while they fit, told in the order of the file."""
    kept: list[tuple[int, list[str]]] = []
    left = room
    for first, last in sorted(_runs(state, upto), key=lambda run: -_newest(state, run)):
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


def _runs(state: FileState, upto: int) -> Iterator[tuple[int, int]]:
    """Unbroken runs of lines that go out of view, each seen by one event."""
    numbers = sorted(n for n, line in state.lines.items() if line.seen_at <= upto)
    start = 0
    for i in range(1, len(numbers) + 1):
        is_end = i == len(numbers) or numbers[i] != numbers[i - 1] + 1
        if is_end:
            yield numbers[start], numbers[i - 1]
            start = i


def _newest(state: FileState, run: tuple[int, int]) -> int:
    return max(state.lines[n].seen_at for n in range(run[0], run[1] + 1))
