"""Whether a message starts a turn, continues a broken one, or was answered before. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from enplace.errors import (
    IdempotencyConflict,
    MessageNotFound,
    PersonNeeded,
    QuestionClosed,
    QuestionNotFound,
)
from enplace.records.agent_event import PersonAnswered, PersonAsked
from enplace.records.context import History
from enplace.records.event import Event, TurnErrored, TurnStarted, UserSpoke, is_last
from enplace.records.message import UserMessage

ABANDONED = "ABANDONED"
"""Code of a broken turn that a later message closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A turn starts; one that a crash broke, if any, is closed first."""

    broken: str | None
    """Turn id."""
    parent: int | None = None
    """Where the log branches, because the message replaces one: `Changeset.parent`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """The message's turn stands in the log without an answer: it goes on from there."""

    turn_id: str
    so_far: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The message's turn has ended: its events are told again, and nothing is done."""

    events: tuple[Event, ...]


def admit(history: History, message: UserMessage, now: datetime) -> New | Continue | Again:
    """Decide by the idempotency key; a message without one always starts a turn (decision 0007).

    A turn that ended in an error is tried again by its key while no later turn stands behind it.

    Raises:
        PersonNeeded: The task waits for a person, and the message is not the one that waits.
        IdempotencyConflict: The key was used for another message.
        MessageNotFound: The message to replace is not on the task's live branch.
    """
    broken = history.broken
    started = _turn_of_key(history, message.idempotency_key)
    if started is None and broken is not None and message.replaces is None:
        _require_nobody_asked(replace(history, turn_id=broken), now)
    if started is None and message.replaces is not None:
        return New(broken=None, parent=_before(history, message.replaces))
    if started is None:
        return New(broken=broken)
    if started.message_digest != message.digest:
        raise IdempotencyConflict(
            f"idempotency key {message.idempotency_key!r} was used for another message",
            idempotency_key=message.idempotency_key,
            turn_id=started.turn_id,
        )
    events = tuple(e for e in history.events if e.place and e.place.turn_id == started.turn_id)
    newest = next(e for e in reversed(history.events) if isinstance(e, TurnStarted))
    last = next((event for event in reversed(events) if is_last(event)), None)
    failed = isinstance(last, TurnErrored) and last.error != ABANDONED
    if last is None or (failed and newest.turn_id == started.turn_id):
        return Continue(turn_id=started.turn_id, so_far=events)
    return Again(events=events)


def question_at(history: History, request_id: str | None, now: datetime) -> PersonAsked:
    """The question of a turn that waits.

    Args:
        history: The task's log; its turn is not looked at.
        request_id: None for the oldest that is open.
        now: An expired question cannot be answered.

    Raises:
        QuestionNotFound: There is none.
        QuestionClosed: It was answered before, or it has expired.
    """
    if request_id is not None and any(
        isinstance(event, PersonAnswered) and event.request_id == request_id
        for event in history.events
    ):
        raise QuestionClosed(request_id=request_id)
    open_ = replace(history, turn_id=history.broken or "").questions
    found = [event for event in open_ if request_id in {None, event.request_id}]
    if not found:
        raise QuestionNotFound(f"task {history.task_id!r} waits for no such answer")
    if found[0].expires_at <= now:
        raise QuestionClosed("the question has expired", request_id=found[0].request_id)
    return found[0]


def _require_nobody_asked(history: History, now: datetime) -> None:
    waiting = [event for event in history.questions if event.expires_at > now]
    if waiting:
        raise PersonNeeded(
            f"task {history.task_id!r} waits for a person: {waiting[0].question.text}",
            request_id=waiting[0].request_id,
            question=waiting[0].question.text,
        )


def message_at(history: History, ordinal: int) -> UserSpoke:
    """The message of an ordinal.

    Raises:
        MessageNotFound: It is not on the task's live branch.
    """
    for event in history.events:
        if isinstance(event, UserSpoke) and event.place and event.place.ordinal == ordinal:
            return event
    raise MessageNotFound(
        f"task {history.task_id!r} has no message e{ordinal} on its live branch", ordinal=ordinal
    )


def _before(history: History, ordinal: int) -> int:
    """Ordinal of the event before the turn that a message started; 0 for none."""
    message = message_at(history, ordinal)
    places = [event.place for event in history.events if event.place is not None]
    own = [p for p in places if message.place is not None and p.turn_id == message.place.turn_id]
    return own[0].parent or 0


def _turn_of_key(history: History, key: str | None) -> TurnStarted | None:
    if key is None:
        return None
    for event in reversed(history.events):
        if isinstance(event, TurnStarted) and event.idempotency_key == key:
            return event
    return None
