"""The texts of events: those they refer to by digest, and what was said in them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from enplace.records.block import TextBlock
from enplace.records.event import (
    AssistantSpoke,
    Compacted,
    EpochOpened,
    Event,
    Frame,
    Framed,
    MessageHeard,
    ToolFinished,
    UserSpoke,
)


def digests_of(event: Event) -> Iterator[str]:
    """The digests of all texts that an event refers to."""
    match event:
        case EpochOpened():
            yield from (name for name in (event.system, event.tools, event.soul) if name)
        case Framed():
            yield from (frame.text for frame in event.frames)
            if event.receipt is not None:
                yield event.receipt
        case Compacted():
            yield from event.texts
            yield from (frame.text for frame in event.frames)
        case _:
            pass


def renamed(event: Event, names: Mapping[str, str]) -> Event:
    """An event that refers to other texts.

    Args:
        event: Any.
        names: New digests by old ones; others stay.
    """

    def name(known: str) -> str:
        return names.get(known, known)

    def laid(frames: Iterable[Frame]) -> tuple[Frame, ...]:
        return tuple(replace(frame, text=name(frame.text)) for frame in frames)

    match event:
        case EpochOpened():
            soul = None if event.soul is None else name(event.soul)
            return replace(event, system=name(event.system), tools=name(event.tools), soul=soul)
        case Framed():
            receipt = None if event.receipt is None else name(event.receipt)
            return replace(event, frames=laid(event.frames), receipt=receipt)
        case Compacted():
            texts = tuple(map(name, event.texts))
            return replace(event, texts=texts, frames=laid(event.frames))
        case _:
            return event


def said_parts(event: Event) -> tuple[list[str], str] | None:
    """The texts of what somebody said, and what joins them; None for other events."""
    match event:
        case UserSpoke() | MessageHeard():
            return [event.text], ""
        case AssistantSpoke():
            return [block.text for block in event.blocks if isinstance(block, TextBlock)], ""
        case ToolFinished():
            return [block.text for block in event.blocks], "\n"
        case _:
            return None


def said_in(event: Event) -> str:
    """All that was said in an event, as evidence counts its characters; nothing for others."""
    parts = said_parts(event)
    return parts[1].join(parts[0]) if parts else ""
