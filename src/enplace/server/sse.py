"""Events as they are published: name, payload, and the text of a server-sent event."""

import json
from dataclasses import asdict
from datetime import datetime

from enplace.records.agent_event import (
    AgentEvent,
    CatalogueReloaded,
    PersonAnswered,
    PersonAsked,
    SubAgentEnded,
    SubAgentStarted,
    TaskSplit,
)
from enplace.records.canonical import Json, JsonObject
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
    MessageHeard,
    NoteWritten,
    Place,
    TextStreamed,
    ToolCalled,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
    TurnStarted,
    UsageReported,
    UserSpoke,
)

HEARTBEAT_S = 15.0
"""Silence after which a heartbeat is sent, so that nobody in between closes the line."""


def event_text(event: Event) -> str:
    """One server-sent event. Its id names its place, so that a client can go on from there."""
    place = event.place
    body = payload(event)
    if place is not None and place.child is not None:
        body["child"] = asdict(place.child)
    return _text(event.kind, place.id if place else "", body)


def heartbeat_text(last_id: str) -> str:
    """A sign of life under the id of the last event: resuming from it loses nothing."""
    return _text("heartbeat", last_id, {})


def error_text(last_id: str, body: JsonObject) -> str:
    """An error that stands in no log, because nothing could be stored any more."""
    return _text("error", last_id, body)


def _text(kind: str, id_: str, body: JsonObject) -> str:
    return f"id: {id_}\nevent: {kind}\ndata: {json.dumps(body)}\n\n"


def payload(event: Event) -> JsonObject:
    """What an event tells, under the published names."""
    match event:
        case TurnStarted() | TurnCompleted() | TurnErrored():
            return _lifecycle(event)
        case UserSpoke() | MessageHeard() | TextStreamed():
            return _said(event)
        case AssistantSpoke():
            return {"text": event.text, "stop": event.stop, "model": event.model}
        case EpochOpened():
            return {"reason": event.reason, "model": event.model}
        case Framed():
            frames: list[Json] = [
                {"segment": frame.segment, "shows": [*frame.shows]} for frame in event.frames
            ]
            return {"frames": frames, "why": event.why}
        case Compacted() | UsageReported():
            return _measured(event)
        case ToolCalled():
            return {"tool": event.tool, "tool_call_id": event.tool_call_id, "input": event.input}
        case ToolFinished():
            result: JsonObject = {
                "tool": event.tool,
                "tool_call_id": event.tool_call_id,
                "output": event.output,
            }
            return {**result, "error": event.output} if event.is_error else result
        case NoteWritten():
            return _note(event)
        case Erased() | Degraded() | AdviceGiven() | ErrorRaised():
            return _remark(event)
        case _:
            return _of_agents(event)


def _of_agents(event: AgentEvent) -> JsonObject:
    match event:
        case PersonAsked() | PersonAnswered():
            return _asking(event)
        case SubAgentStarted() | SubAgentEnded():
            return _delegating(event)
        case TaskSplit():
            return {"source": event.source, "into": [*event.into], "label": event.label}
        case CatalogueReloaded():
            names = {"added": event.added, "removed": event.removed, "changed": event.changed}
            return {change: [*tools] for change, tools in names.items()}


def _asking(event: PersonAsked | PersonAnswered) -> JsonObject:
    names: JsonObject = {"request_id": event.request_id, "tool_call_id": event.tool_call_id}
    if isinstance(event, PersonAnswered):
        answer: Json = None if event.answer is None else asdict(event.answer)
        return {**names, "answer": answer}
    return {
        **names,
        "kind": event.question.question_kind,
        "question": event.question.text,
        "options": [*event.question.options],
        "tool": event.tool,
        "input": event.input,
        "expires_at": _iso(event.expires_at),
    }


def _delegating(event: SubAgentStarted | SubAgentEnded) -> JsonObject:
    body: JsonObject = {
        "phase": event.phase,
        "child_task_id": event.child,
        "agent": event.agent,
        "tool_call_id": event.tool_call_id,
    }
    if isinstance(event, SubAgentEnded):
        body["outcome"] = event.outcome
        body["usage"] = asdict(event.usage)
        body["cost"] = None if event.cost is None else asdict(event.cost)
        body["steps"] = event.steps
    return body


def _remark(event: Erased | Degraded | AdviceGiven | ErrorRaised) -> JsonObject:
    match event:
        case Erased():
            return {"events": event.events}
        case Degraded():
            return {"segment": event.segment, "reason": event.reason}
        case AdviceGiven():
            return {
                "code": event.code,
                "advice": event.advice,
                "where": event.where,
                "excerpt": event.excerpt,
            }
        case ErrorRaised():
            return {"error": event.error, "message": event.message, "details": event.details}


def _said(event: UserSpoke | MessageHeard | TextStreamed) -> JsonObject:
    if not isinstance(event, MessageHeard):
        return {"text": event.text}
    said: JsonObject = {"text": event.text, "speaker": event.speaker, "role": event.role}
    return {**said, "said_at": _iso(event.said_at)}


def _lifecycle(event: TurnStarted | TurnCompleted | TurnErrored) -> JsonObject:
    place = event.place
    body: JsonObject = {
        "phase": event.phase,
        "task_id": place.task_id if place else "",
        "turn_id": event.turn_id,
        "timestamp": _moment(place),
    }
    if isinstance(event, TurnErrored):
        body["error"] = event.error
    return body


def _measured(event: Compacted | UsageReported) -> JsonObject:
    if isinstance(event, UsageReported):
        return _usage(event)
    return {
        "before_tokens": event.before_tokens,
        "after_tokens": event.after_tokens,
        "strategy": event.strategy,
        "trigger": event.trigger,
        "reason": event.reason,
        "expected_saving": event.expected_saving,
        "label": event.label,
    }


def _usage(event: UsageReported) -> JsonObject:
    tokens: dict[str, int] = asdict(event.usage)
    return {
        **tokens,
        "purpose": event.purpose,
        "model": event.model,
        "expected_hit_tokens": event.expected_hit_tokens,
        "break_reason": event.break_reason,
        "cost": None if event.cost is None else asdict(event.cost),
    }


def _note(event: NoteWritten) -> JsonObject:
    note = event.note
    return {
        "key": note.key,
        "value": note.value,
        "kind": note.note_kind,
        "expires_at": _iso(note.expires_at) if note.expires_at else None,
        "by": event.by,
    }


def _moment(place: Place | None) -> str:
    return _iso(place.at) if place else ""


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
