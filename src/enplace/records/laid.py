"""The texts that events refer to by digest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from enplace.records.event import Compacted, EpochOpened, Event, Frame, Framed


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
