"""Records to JSON text and back, for whoever stores them: decode(encode(x)) == x."""

from dataclasses import replace
from functools import lru_cache
from typing import Annotated, TypeAlias

from pydantic import Discriminator, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from enplace.errors import BrainDamaged, StoreError
from enplace.records.event import (
    AssistantSpoke,
    Degraded,
    EpochOpened,
    ErrorRaised,
    Event,
    Framed,
    Lifecycle,
    NoteWritten,
    Place,
    TextStreamed,
    ToolCalled,
    ToolFinished,
    UsageReported,
    UserSpoke,
)
from enplace.records.memory import Fact

_AnyEvent: TypeAlias = Annotated[
    Annotated[Lifecycle, Discriminator("phase")]
    | UserSpoke
    | EpochOpened
    | Framed
    | TextStreamed
    | AssistantSpoke
    | UsageReported
    | ToolCalled
    | ToolFinished
    | NoteWritten
    | Degraded
    | ErrorRaised,
    Discriminator("kind"),
]
_EVENT: TypeAdapter[Event] = TypeAdapter(_AnyEvent)
_FACT: TypeAdapter[Fact] = TypeAdapter(Fact)


def encode_event(event: Event) -> str:
    """JSON text of an event, with its place where it has one.

    Raises:
        StoreError: It holds what JSON cannot: a lone surrogate, or values too deep.
    """
    try:
        return _EVENT.dump_json(event).decode()
    except PydanticSerializationError as error:
        raise StoreError(f"an event cannot be written: {error}") from error


def decode_event(text: str | bytes, place: Place | None = None) -> Event:
    """The event of a JSON text, put in `place` where one is given.

    Raises:
        BrainDamaged: The text is no event.
    """
    try:
        event = _EVENT.validate_json(text)
    except ValidationError as error:
        raise BrainDamaged(f"an event cannot be read: {error.errors()[0]['msg']}") from error
    return event if place is None else replace(event, place=place)


def encode_fact(fact: Fact) -> str:
    """JSON text of a fact; a half-life without end is written as `Infinity`."""
    return to_json(fact, inf_nan_mode="constants").decode()


@lru_cache(maxsize=4_096)
def decode_fact(text: str) -> Fact:
    """The fact of a JSON text. Facts are never edited, so the same text is the same fact.

    Raises:
        BrainDamaged: The text is no fact.
    """
    try:
        return _FACT.validate_json(text)
    except ValidationError as error:
        raise BrainDamaged(f"a fact cannot be read: {error.errors()[0]['msg']}") from error
