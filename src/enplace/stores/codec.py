"""Records to JSON text and back, for whoever stores them: decode(encode(x)) == x."""

from dataclasses import replace
from functools import cache, lru_cache
from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from enplace.errors import BrainDamaged, StoreError
from enplace.records.agent_event import (
    CatalogueReloaded,
    Delegating,
    PersonAnswered,
    PersonAsked,
    TaskSplit,
)
from enplace.records.event import (
    AdviceGiven,
    AssistantSpoke,
    Compacted,
    Degraded,
    EpochOpened,
    Erased,
    ErrorRaised,
    Event,
    Framed,
    Lifecycle,
    MessageHeard,
    NoteWritten,
    Place,
    TextStreamed,
    ToolCalled,
    ToolFinished,
    UsageReported,
    UserSpoke,
)
from enplace.records.learning import Report
from enplace.records.memory import Document, Episode, Fact, Memory, Person
from enplace.records.write import Operation

_AnyEvent: TypeAlias = Annotated[
    Annotated[Lifecycle, Discriminator("phase")]
    | Annotated[Delegating, Discriminator("phase")]
    | UserSpoke
    | MessageHeard
    | EpochOpened
    | Framed
    | Compacted
    | TextStreamed
    | AssistantSpoke
    | UsageReported
    | ToolCalled
    | ToolFinished
    | NoteWritten
    | PersonAsked
    | PersonAnswered
    | TaskSplit
    | CatalogueReloaded
    | Erased
    | Degraded
    | AdviceGiven
    | ErrorRaised,
    Discriminator("kind"),
]
_AnyOperation: TypeAlias = Annotated[Operation, Discriminator("op")]
_MEMORIES: dict[str, type[Memory]] = {
    "fact": Fact,
    "episode": Episode,
    "person": Person,
    "document": Document,
}

# Made when they are first used: together they take 0.07 s, and few processes use all.


@cache
def _events() -> TypeAdapter[Event]:
    return TypeAdapter(_AnyEvent)


@cache
def _memories(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_MEMORIES[kind])


@cache
def _operations() -> TypeAdapter[Operation]:
    return TypeAdapter(_AnyOperation)


@cache
def _reports() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def encode_event(event: Event) -> str:
    """JSON text of an event, with its place where it has one.

    Raises:
        StoreError: It holds what JSON cannot: a lone surrogate, or values too deep.
    """
    try:
        return _events().dump_json(event).decode()
    except PydanticSerializationError as error:
        raise StoreError(f"an event cannot be written: {error}") from error


def decode_event(text: str | bytes, place: Place | None = None) -> Event:
    """The event of a JSON text, put in `place` where one is given.

    Raises:
        BrainDamaged: The text is no event.
    """
    try:
        event = _events().validate_json(text)
    except ValidationError as error:
        raise BrainDamaged(f"an event cannot be read: {error.errors()[0]['msg']}") from error
    return event if place is None else replace(event, place=place)


def encode_memory(memory: Memory) -> str:
    """JSON text of a memory; a half-life without end is written as `Infinity`."""
    return to_json(memory, inf_nan_mode="constants").decode()


def decode_memory(kind: str, text: str) -> Memory:
    """The memory of a JSON text. Memories are never rewritten: the same text is the same memory.

    Raises:
        BrainDamaged: The text is none of this kind.
    """
    return _long(kind, text) if len(text) > SHORT_CHARACTERS else _short(kind, text)


SHORT_CHARACTERS = 20_000
"""Longer memories are documents; of these fewer are kept decoded."""


@lru_cache(maxsize=4_096)
def _short(kind: str, text: str) -> Memory:
    return _decoded(kind, text)


@lru_cache(maxsize=64)
def _long(kind: str, text: str) -> Memory:
    return _decoded(kind, text)


def _decoded(kind: str, text: str) -> Memory:
    try:
        return _memories(kind).validate_json(text)
    except (ValidationError, KeyError) as error:
        raise BrainDamaged(f"a {kind} cannot be read: {_why(error)}") from error


def encode_operation(operation: Operation) -> str:
    """JSON text of an operation."""
    return to_json(operation, inf_nan_mode="constants").decode()


def decode_operation(text: str) -> Operation:
    """The operation of a JSON text.

    Raises:
        BrainDamaged: The text is no operation.
    """
    try:
        return _operations().validate_json(text)
    except ValidationError as error:
        raise BrainDamaged(f"a write cannot be read: {_why(error)}") from error


def encode_report(report: Report) -> str:
    """JSON text of what a batch did."""
    return to_json(report).decode()


def decode_report(text: str) -> Report:
    """What a batch did, of a JSON text.

    Raises:
        BrainDamaged: The text is no report.
    """
    try:
        return _reports().validate_json(text)
    except ValidationError as error:
        raise BrainDamaged(f"a report cannot be read: {_why(error)}") from error


def _why(error: ValidationError | KeyError) -> str:
    return error.errors()[0]["msg"] if isinstance(error, ValidationError) else "unknown kind"
