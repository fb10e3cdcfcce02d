"""What is known of files: which lines a task has seen, as they are after all that it did to them.

Line by line: a read of lines 40 to 80 is known as these lines, an edit moves those behind it, and
what nobody can be sure of any more is not shown as if it were.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from enplace.prepare.compact.file_tools import (
    Anything,
    Change,
    Delete,
    Edit,
    Read,
    Rename,
    Touch,
    Write,
)
from enplace.records.canonical import digest

Who = Literal["model", "unknown", ""]


@dataclass(slots=True)
class Line:
    """One line of a file as it stands."""

    text: str
    seen_at: int
    """Ordinal of the event that showed it or wrote it."""


@dataclass(slots=True)
class FileState:
    """One file, as far as the task has seen it."""

    path: str
    lines: dict[int, Line] = field(default_factory=dict[int, Line])
    """By number, 1-based: lines that nothing is known to have changed."""
    doubted_at: int = 0
    """Ordinal of the last event that may have changed any file: lines seen before are in doubt."""
    read_at: int = 0
    """Ordinal of the event that showed it last; 0 where it was only written."""
    changed_at: int = 0
    changed_by: Who = ""
    """Who changed it last; empty where nobody did."""
    was: str = ""
    """Path before it was renamed."""
    shown: set[int] = field(default_factory=set[int])
    """Ordinals of the reads of which some line may still be the newest sight of it."""
    is_deleted: bool = False

    @property
    def touched_at(self) -> int:
        """Ordinal of the event that had to do with it last."""
        return max(self.read_at, self.changed_at)

    @property
    def version(self) -> str:
        """Digest of what is known of it."""
        return digest("\n".join(f"{n}:{line.text}" for n, line in sorted(self.lines.items())))[:12]

    def is_sure(self, line: Line) -> bool:
        """Whether a line is sure to stand there still."""
        return line.seen_at >= self.doubted_at

    def forget(self) -> None:
        """What was seen of it may hold no longer; the events that showed it remain the last sight."""
        self.lines = {}
        self.shown = set()

    def runs(self) -> Iterator[tuple[int, int]]:
        """First and last number of every unbroken run of known lines."""
        first = last = 0
        for number in sorted(self.lines):
            if number != last + 1 or not first:
                if first:
                    yield first, last
                first = number
            last = number
        if first:
            yield first, last


class FileBook:
    """The files of one task, filled call by call."""

    def __init__(self) -> None:
        self._files: dict[str, FileState] = {}
        self._gone: dict[str, FileState] = {}

    def take(
        self, touches: Iterable[Touch], ordinal: int, *, is_whole: bool = True
    ) -> Sequence[int]:
        """Enter what a call did, in order.

        Args:
            touches: What it did.
            ordinal: Of the event that holds its result.
            is_whole: Whether the result stands whole in view: else it replaces no earlier one.

        Returns:
            Ordinals of reads all of whose lines were shown or written again since.
        """
        superseded: list[int] = []
        for touch in touches:
            self._take(touch, ordinal)
            state = None if isinstance(touch, Anything) else self._files.get(touch.path)
            if state is not None and is_whole and isinstance(touch, Read | Write):
                alive = {line.seen_at for line in state.lines.values()}
                superseded += sorted(state.shown - alive)
                state.shown &= alive
        return superseded

    def _take(self, touch: Touch, ordinal: int) -> None:
        match touch:
            case Read():
                self._read(touch, ordinal)
            case Write():
                state = self._state(touch.path)
                lines = touch.text.split("\n")
                state.lines = {n: Line(text, ordinal) for n, text in enumerate(lines, 1)}
                self._changed(state, ordinal, "model")
            case Edit():
                self._edit(touch, ordinal)
            case Change():
                for state in self._at(touch.path):
                    state.forget()
                    self._changed(state, ordinal, "unknown")
            case Delete():
                for state in self._at(touch.path):
                    state.is_deleted = True
                    self._changed(state, ordinal, "model")
                    self._gone[state.path] = state
            case Rename():
                self._rename(touch, ordinal)
            case Anything():
                for state in self._files.values():
                    state.doubted_at = ordinal

    def states(self) -> Sequence[FileState]:
        """Every file, the one touched last first."""
        return sorted(self._files.values(), key=lambda state: (-state.touched_at, state.path))

    def get(self, path: str) -> FileState | None:
        """What is known of a path."""
        return self._files.get(path)

    def _state(self, path: str) -> FileState:
        state = self._files.get(path)
        if state is None:
            state = self._files[path] = FileState(path)
        state.is_deleted = False
        return state

    def _below(self, path: str) -> list[FileState]:
        """The known files of a folder."""
        return [state for name, state in self._files.items() if name.startswith(f"{path}/")]

    def _at(self, path: str) -> Sequence[FileState]:
        """The file of a path, or those of a folder."""
        return self._below(path) or [self._state(path)]

    def _read(self, touch: Read, ordinal: int) -> None:
        state = self._state(touch.path)
        if not touch.lines:
            state.read_at = ordinal
            return
        if not state.lines:
            self._follow(state, touch)
        last = touch.lines[-1][0]
        for number, text in touch.lines:
            state.lines[number] = Line(text, ordinal)
        if touch.to_end:
            state.lines = {n: line for n, line in state.lines.items() if n <= last}
        state.read_at = ordinal
        state.shown.add(ordinal)

    def _follow(self, state: FileState, touch: Read) -> None:
        """A new path that shows what a deleted one held is that file under another name."""
        shown = dict(touch.lines)
        for path, gone in self._gone.items():
            same = sum(1 for n, line in gone.lines.items() if shown.get(n) == line.text)
            if gone.lines and same >= max(3, len(gone.lines) * 0.8):
                state.was = path
                del self._gone[path]
                return

    def _edit(self, touch: Edit, ordinal: int) -> None:
        state = self._state(touch.path)
        self._changed(state, ordinal, "model")
        if not state.lines or not touch.old:
            state.forget()
            return
        height = touch.old.count("\n") + 1
        if touch.everywhere:
            _replace_everywhere(state, touch, height, ordinal)
            return
        places = list(_places(state, touch.old, height))
        moves = touch.new.count("\n") + 1 != height
        in_doubt = moves and any(not state.is_sure(line) for line in state.lines.values())
        if len(places) != 1 or in_doubt:
            # Somewhere in lines that were never shown: those behind it may have moved.
            state.forget()
            return
        _replace(state, places[0], height, touch, ordinal)

    def _rename(self, touch: Rename, ordinal: int) -> None:
        moving = self._below(touch.path)
        if not moving:
            goes_into = self._below(touch.to) or _is_folder(touch.to, touch.path)
            to = f"{touch.to}/{_base(touch.path)}" if goes_into else touch.to
            moving = [self._state(touch.path)]
        else:
            to = touch.to
        for state in moving:
            del self._files[state.path]
            state.was, state.path = state.path, to + state.path[len(touch.path) :]
            self._changed(state, ordinal, "model")
            self._files[state.path] = state

    @staticmethod
    def _changed(state: FileState, ordinal: int, by: Who) -> None:
        state.changed_at, state.changed_by = ordinal, by


def _places(state: FileState, old: str, height: int) -> Iterator[int]:
    """Numbers of the lines at which a text begins among those known."""
    head = old.split("\n", 1)[0]
    for number, line in state.lines.items():
        if head in line.text and all(number + i in state.lines for i in range(height)):
            text = "\n".join(state.lines[number + i].text for i in range(height))
            if old in text:
                yield number


def _replace(state: FileState, first: int, height: int, edit: Edit, ordinal: int) -> None:
    """Put a text in the place of another, and move the lines behind it."""
    text = "\n".join(state.lines[first + i].text for i in range(height))
    fresh = text.replace(edit.old, edit.new, 1).split("\n")
    by = len(fresh) - height
    if not all(state.is_sure(state.lines[first + i]) for i in range(height)):
        ordinal = state.lines[first].seen_at  # where it stands is as sure as it was
    moved = {n: line for n, line in state.lines.items() if n < first}
    moved |= {first + i: Line(text, ordinal) for i, text in enumerate(fresh)}
    moved |= {n + by: line for n, line in state.lines.items() if n >= first + height}
    state.lines = moved


def _replace_everywhere(state: FileState, edit: Edit, height: int, ordinal: int) -> None:
    """Put a text in the place of another wherever it stands, also where nobody saw it."""
    moves = edit.new.count("\n") + 1 != height
    last = max(state.lines)
    is_doubted = any(not state.is_sure(line) for line in state.lines.values())
    if height > 1 or (moves and (len(state.lines) < last or is_doubted)):
        state.forget()  # it may begin or end in a line that was never shown
        return
    lines: dict[int, Line] = {}
    by = 0
    for number, line in sorted(state.lines.items()):
        if edit.old not in line.text:
            lines[number + by] = line
            continue
        for text in line.text.replace(edit.old, edit.new).split("\n"):
            lines[number + by] = Line(text, ordinal if state.is_sure(line) else line.seen_at)
            by += 1
        by -= 1
    state.lines = lines


def _is_folder(path: str, what: str) -> bool:
    """Whether a file that goes there goes into it, by the shape of the names alone."""
    return "." in _base(what) and "." not in _base(path)


def _base(path: str) -> str:
    return path.rsplit("/", 1)[-1]
