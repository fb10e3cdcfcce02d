"""A task's log, read once and then only what is new."""

from collections.abc import Iterable, Mapping

from enplace.ports import LogStore
from enplace.records.context import History
from enplace.records.event import EpochOpened, Event, Framed, UserSpoke


async def load_history(
    log: LogStore, task_id: str, turn_id: str, known: History | None = None
) -> History:
    """The history of a task up to now.

    Args:
        log: Where it is kept.
        task_id: An unknown task has an empty history.
        turn_id: The turn it is read for.
        known: What was read before; only later events are read again.
    """
    events = known.events if known is not None else ()
    after = events[-1].place.ordinal if events and events[-1].place else 0
    fresh = await log.read(task_id, after)
    digests = sorted(set(_digests(fresh)))
    texts: Mapping[str, str] = {}
    if digests:
        texts = await log.texts(digests)
    return History(task_id=task_id, turn_id=turn_id, events=(*events, *fresh), texts=texts)


def last_words(history: History) -> str:
    """What the owner said in the turn before the current one; empty where there was none."""
    own = len(history.of_turn)
    for event in reversed(history.events[: len(history.events) - own]):
        if isinstance(event, UserSpoke):
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
