"""The live branch of a task's log."""

from collections.abc import Sequence

from enplace.records.event import Event


def live_branch(events: Sequence[Event], head: int) -> list[Event]:
    """Of a task's events in order of ordinals, those that lead to `head`."""
    live: list[Event] = []
    wanted: int | None = head
    for event in reversed(events):
        place = event.place
        if place is not None and place.ordinal == wanted:
            live.append(event)
            wanted = place.parent
    live.reverse()
    return live
