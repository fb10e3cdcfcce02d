"""Which events of a task were said by somebody, and how far a batch reaches. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from enplace.records.event import (
    AssistantSpoke,
    Event,
    MessageHeard,
    Place,
    ToolFinished,
    UserSpoke,
)
from enplace.records.learning import Utterance
from enplace.records.words import fold

MOST_UTTERANCES = 16
"""Of one batch: its transaction keeps the brain for some milliseconds."""
BEFORE = 6
"""Utterances in front of a batch that are read again, so that a short answer has its question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Part of a task's log."""

    said: tuple[Utterance, ...]
    """With those in front of it, which were learned from before."""
    fresh: frozenset[int]
    """Ordinals of those that were not."""
    upto: int
    """Position of its last event."""


def stretch(events: Sequence[Event], after: int, upto: int, most: int, owner: str = "") -> Stretch:
    """What is to be learned from next.

    Args:
        events: Of the task's live branch.
        after: Position of the last event that was learned from.
        upto: Position of the last event that is due.
        most: Most utterances.
        owner: Name under which the owner speaks in conversations that were held elsewhere.
    """
    known = [event for event in events if event.place and event.place.position <= after]
    fresh = [event for event in events if event.place and after < event.place.position <= upto]
    before = [*islice(utterances(reversed(known), owner), BEFORE)][::-1]
    said: list[Utterance] = []
    last = upto
    for event in fresh:
        heard = tuple(utterances([event], owner))
        if heard and len(said) == most:
            break
        said += heard
        last = event.place.position if event.place else last
    else:
        last = upto
    return Stretch(said=(*before, *said), fresh=frozenset(each.ordinal for each in said), upto=last)


def utterances(events: Iterable[Event], owner: str = "") -> Iterable[Utterance]:
    """What was said in events, in order; other events say nothing, nor do sub-agents."""
    for event in events:
        place = event.place
        if place is None:
            continue
        match event:
            case UserSpoke():
                if not event.agent:
                    yield _said(place, event.text)
            case AssistantSpoke():
                if event.text.strip() and not event.agent:
                    yield replace(_said(place, event.text), role="assistant")
            case MessageHeard():
                own = event.role == "assistant" or fold(event.speaker) == fold(owner)
                heard = _said(replace(place, at=event.said_at), event.text)
                yield replace(heard, role=event.role, speaker="" if own else event.speaker)
            case ToolFinished():
                yield replace(_said(place, event.output), role="tool")
            case _:
                pass


def _said(place: Place, text: str) -> Utterance:
    return Utterance(task_id=place.task_id, ordinal=place.ordinal, at=place.at, text=text)
