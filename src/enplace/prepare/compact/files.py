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

    def take(self, touches: Iterable[Touch], ordinal: int) -> Sequence[int]:
        """Enter what a call did, in order.

        Returns:
            Ordinals of reads all of whose lines were shown or written again since.
        """
        superseded: list[int] = []
        for touch in touches:
            self._take(touch, ordinal)
            state = None if isinstance(touch, Anything) else self._files.get(touch.path)
            if state is not None and isinstance(touch, Read | Write):
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
                state = self._files.get(touch.path)
                if state is not None:
                    state.forget()
                    self._changed(state, ordinal, "unknown")
            case Delete():
                state = self._files.get(touch.path)
                if state is not None:
                    state.is_deleted = True
                    self._changed(state, ordinal, "model")
                    self._gone[touch.path] = state
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

    def _read(self, touch: Read, ordinal: int) -> None:
        state = self._state(touch.path)
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
                state.was, state.lines = path, dict(gone.lines)
                del self._gone[path]
                return

    def _edit(self, touch: Edit, ordinal: int) -> None:
        state = self._state(touch.path)
        self._changed(state, ordinal, "model")
        if not state.lines or not touch.old:
            state.forget()
            return
        height = touch.old.count("\n") + 1
        places = list(_places(state, touch.old, height))
        if not places or (len(places) > 1 and not touch.everywhere):
            # Somewhere in lines that were never shown: those behind it may have moved.
            state.forget()
            return
        for first in reversed(places):
            _replace(state, first, height, touch, ordinal)

    def _rename(self, touch: Rename, ordinal: int) -> None:
        state = self._files.pop(touch.path, None)
        if state is None:
            return
        path = touch.to if "." in touch.to.rsplit("/", 1)[-1] else f"{touch.to}/{_base(touch.path)}"
        state.was, state.path = state.path, path
        self._changed(state, ordinal, "model")
        self._files[path] = state

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
    moved = {n: line for n, line in state.lines.items() if n < first}
    moved |= {first + i: Line(text, ordinal) for i, text in enumerate(fresh)}
    moved |= {n + by: line for n, line in state.lines.items() if n >= first + height}
    state.lines = moved


def _base(path: str) -> str:
    return path.rsplit("/", 1)[-1]
