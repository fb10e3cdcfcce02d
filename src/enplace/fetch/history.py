"""A task's log, read once and then only what is new."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from enplace.ports import LogStore
from enplace.records.context import History
from enplace.records.event import Compacted, EpochOpened, Erased, Event, Framed, UserSpoke


async def load_history(log: LogStore, task_id: str) -> History:
    """The history of a task up to now; an unknown task has an empty one."""
    events = tuple(await log.read(task_id))
    return History(task_id=task_id, turn_id="", events=events, texts=await _texts(log, events))


async def load_more(log: LogStore, known: History, *, seen: int = 0) -> History | None:
    """A history with what came since; None where it must be read anew, from its beginning.

    That is where the log branched, or something in it was erased.

    The texts are those of the new events only.

    Args:
        log: Where it is read.
        known: What was read before.
        seen: Ordinal up to which the reader came by itself, by carrying a turn.
    """
    last = known.events[-1].place if known.events else None
    after = last.ordinal if last else 0
    fresh = tuple(await log.read(known.task_id, after))
    if fresh and after and fresh[0].place and fresh[0].place.parent != after:
        return None
    if any(isinstance(event, Erased) for event in fresh):
        return None
    if seen > after and not any(event.place and event.place.ordinal == seen for event in fresh):
        return None
    return replace(known, events=known.events + fresh, texts=await _texts(log, fresh))


async def _texts(log: LogStore, events: Sequence[Event]) -> Mapping[str, str]:
    digests = sorted(set(_digests(events)))
    return await log.texts(digests) if digests else {}


def last_words(history: History) -> str:
    """What the owner said in the turn before the current one; empty where there was none."""
    for event in reversed(history.events):
        if isinstance(event, UserSpoke) and event.place and event.place.turn_id != history.turn_id:
            return event.text
    return ""


def _digests(events: Iterable[Event]) -> Iterable[str]:
    for event in events:
        if isinstance(event, EpochOpened):
            yield from (event.system, event.tools)
            if event.soul is not None:
                yield event.soul
        elif isinstance(event, Framed):
            yield from (frame.text for frame in event.frames)
        elif isinstance(event, Compacted):
            yield from event.texts
            yield from (frame.text for frame in event.frames)
