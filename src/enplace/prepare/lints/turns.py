"""Lints of how a task goes on: memory written by reflex, and a head that never stands still."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, takewhile

from enplace.prepare.lints.setup import clipped
from enplace.records.agent_event import CatalogueReloaded
from enplace.records.event import EpochOpened, Event, NoteWritten, ToolFinished, UserSpoke
from enplace.records.lint import Lint

MOST_TURNS = 10
"""Of a task that are looked at: the newest."""
LEAST_TURNS = 6
"""Before writing can be called a habit."""
MOST_WITHOUT = 1
"""Turns among them that may write nothing."""
LEAST_CHANGES = 3
"""Of a head that a caller changed, within MOST_TURNS."""
MOST_EVENTS = 600
"""Of the log that are looked at: the newest."""

_CALLERS_DOING = frozenset({"system", "tools", "model"})
_WRITING = re.compile(
    r"(?:remember|memori[sz]e|note|take_note|write_note)$"
    r"|(?:.*[_.\-])?(?:add|save|store|write|create|update|insert|append|put)_?"
    r"(?:\w*_)?(?:memor(?:y|ies)|facts?|observations?)$"
    r"|(?:.*[_.\-])?(?:memor(?:y|ies)|facts?)[_.\-](?:\w*[_.\-])?"
    r"(?:add|save|store|write|create|update|insert|append|put)$",
    re.IGNORECASE,
)
_ASKED_FOR = re.compile(
    r"\b(?:remember|memori[sz]e|don['\u2019]?t forget|keep (?:it )?in mind|note|jot|log|record"
    r"|(?:write|put|take) (?:\w+ ){0,3}down|save|store|merk\w*|vergiss|notier\w*|speicher\w*"
    r"|recuerda|apunta|anota|guarda|retiens|note[rz]?|rappelle|souviens)\b",
    re.IGNORECASE,
)


def lint_turns(events: Sequence[Event], texts: Mapping[str, str]) -> tuple[Lint, ...]:
    """Lint the newest turns of a task.

    Args:
        events: The task's log.
        texts: Those that epochs refer to, by digest; what is missing is not told.
    """
    return (*_written(events), *_changed(events, texts))


def _turns(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Turns, the newest first, each with its message and what stands behind it."""
    turn: list[Event] = []
    for event in islice(reversed(events), MOST_EVENTS):
        turn.append(event)
        if isinstance(event, UserSpoke):
            yield turn[::-1]
            turn = []


def _written(events: Sequence[Event]) -> Iterator[Lint]:
    """Memory written in nearly every turn before the newest, without anybody asking for it."""
    looked, without, writes = -1, 0, False
    for event in islice(reversed(events), MOST_EVENTS):
        if isinstance(event, UserSpoke):
            looked += 1
            without += looked > 0 and not (writes and not _ASKED_FOR.search(event.text))
            writes = False
            if without > MOST_WITHOUT or looked == MOST_TURNS:
                break
        elif not writes:
            writes = _writes(event)
    if looked >= LEAST_TURNS and without <= MOST_WITHOUT:
        excerpt = f"{looked - without} of the last {looked} turns wrote"
        yield Lint(code="memory_every_turn", where="task", excerpt=excerpt)


def _writes(event: Event) -> bool:
    if isinstance(event, ToolFinished):
        return _is_writing(event.tool) and not event.is_error
    return isinstance(event, NoteWritten)


@lru_cache(maxsize=1_024)
def _is_writing(tool: str) -> bool:
    """Whether a tool writes to a memory, by its name."""
    return bool(_WRITING.match(tool))


def _changed(events: Sequence[Event], texts: Mapping[str, str]) -> Iterator[Lint]:
    """A head that the caller changed in the newest turn and in most before it."""
    looked = islice(_turns(events), MOST_TURNS)
    newest = _changes(next(looked, ()))
    if not newest:
        return
    before = [_changes(turn) for turn in looked]
    changes = [change for turn in (newest, *before) for change in turn]
    turns = 1 + len(before)
    if len(changes) < LEAST_CHANGES or 2 * len(changes) < turns:
        return
    kinds = " and ".join(sorted({kind for kind, _ in changes}))
    later, earlier = (texts.get(system, "") for _, system in changes[:2])
    told = _difference(earlier, later)
    excerpt = clipped(f"{len(changes)} of the last {turns} turns changed {kinds}{told}")
    yield Lint(code="prefix_changes", where="task", excerpt=excerpt)


def _changes(turn: Sequence[Event]) -> list[tuple[str, str]]:
    """What of the head a turn changed, with the digest of its system prompt; the newest first."""
    found: list[tuple[str, str]] = []
    for event in reversed(turn):
        if isinstance(event, EpochOpened) and event.reason in _CALLERS_DOING:
            found.append((event.reason, event.system))
        elif isinstance(event, CatalogueReloaded):
            names = (*event.added, *event.removed, *event.changed)
            found.append(("tools" if names else "system", ""))
    return found


def _difference(before: str, after: str) -> str:
    """What differs between two texts, in a few words; empty where one is not known."""
    if not before or not after or before == after:
        return ""
    start = max(after.rfind(" ", 0, _shared(before, after)) - 20, 0)
    ends = min(_shared(before[::-1], after[::-1]), len(before) - start, len(after) - start)
    return f": …{before[start : len(before) - ends]}… became …{after[start : len(after) - ends]}…"


def _shared(one: str, other: str) -> int:
    """Characters with which both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
