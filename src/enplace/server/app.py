"""The HTTP face: `POST /execute`, its replay, health, and all other routes put together."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from enplace.engine import Engine, OwnerEngine
from enplace.errors import BadInput
from enplace.server.entrance import PROBLEMS, Caller, Hall, InHall
from enplace.server.hitl import hitl_routes
from enplace.server.keys import Keys
from enplace.server.learning import learning_routes
from enplace.server.live import LiveTurns
from enplace.server.live_turn import Ask, LiveTurn, event_key
from enplace.server.memory import MOST_BYTES, memory_routes
from enplace.server.problems import BodyLimit, answer_problems, body_of
from enplace.server.sse import HEARTBEAT_S, error_text, event_text, heartbeat_text
from enplace.server.tasks import task_routes

DRAIN_S = 30.0
"""Seconds that running turns have to end when the server is stopped."""

_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events; the kinds are listed in the reference.",
        "content": {"text/event-stream": {"itemSchema": _EVENT}},
    }
}


class ExecuteBody(BaseModel):
    """One message of the user."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"task_id": "groceries", "message": "What did I run out of?"}]
        },
    )
    message: str = Field(min_length=1, description="What the user says; no history.")
    task_id: str = Field(min_length=1, max_length=256, description="Created where it is unknown.")
    idempotency_key: str | None = Field(
        None, min_length=1, max_length=256, description="The same again never does a turn twice."
    )
    edit_message_id: str | None = Field(
        None, pattern=r"^e?[1-9][0-9]{0,14}$", description="Message that this one replaces."
    )
    retry_message_id: str | None = Field(
        None, pattern=r"^e?[1-9][0-9]{0,14}$", description="Message to answer again."
    )


class Health(BaseModel):
    """Whether the server is alive, and what of it."""

    status: str
    uptime_seconds: float
    subsystems: dict[str, str]


class ReloadAnswer(BaseModel):
    """What models are offered from now on; a task that is open takes it at its next epoch."""

    version: int
    """Counts reloads."""
    tools: list[str]
    agents: list[str]
    troubles: list[str]
    """What could not be reached, in words."""


LastEventId = Annotated[str | None, Header(description="Go on after this event.")]

routes = APIRouter()


@routes.get("/health")
async def health(hall: InHall) -> Health:
    """Whether the server is alive. Needs no key."""
    return Health(
        status="ok",
        uptime_seconds=round(time.monotonic() - hall.started_s, 3),
        subsystems={
            "model": hall.engine.model.card.name,
            "running_turns": str(hall.live.count),
            "waiting_turns": str(hall.live.waiting_count),
            "tools": hall.engine.tools,
            "compaction": hall.engine.compaction,
            "learning": hall.engine.learning,
        },
    )


@routes.post("/execute", response_class=StreamingResponse, responses={**_STREAM, **PROBLEMS})
async def execute(
    body: ExecuteBody, hall: InHall, owner: Caller, last_event_id: LastEventId = None
) -> StreamingResponse:
    """Run one turn and stream its events.

    A client that leaves does not stop the turn. Where a person is asked the stream stays open, with
    heartbeats, and goes on when the question is answered; it ends when the question expires. Sent
    again with `Last-Event-ID`, the request starts nothing: it goes on with the task's events after
    that one.
    """
    if last_event_id is not None:
        return _stream(await _resumed(hall, owner, body.task_id, last_event_id))
    turn = await hall.live.start(owner, _ask(body))
    return _stream(_followed(turn, "", hall.heartbeat_s))


@routes.get("/execute/replay", response_class=StreamingResponse, responses={**_STREAM, **PROBLEMS})
async def replay(
    hall: InHall,
    owner: Caller,
    task_id: Annotated[str, Query(min_length=1, max_length=256)],
    after: Annotated[str, Query(pattern=r"^[0-9]{0,15}(\.[0-9]{1,15})?$")] = "",
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """The task's events after an id, then those of the turn that runs or waits for a person."""
    from_id = last_event_id if last_event_id is not None else after
    return _stream(await _resumed(hall, owner, task_id, from_id))


@routes.post("/admin/reload", responses=PROBLEMS)
async def reload(hall: InHall, _: Caller) -> ReloadAnswer:
    """Read definitions of agents anew, and ask other processes for their tools again."""
    offer = await hall.engine.reload()
    return ReloadAnswer(
        version=offer.version,
        tools=[tool.spec.name for tool in offer.tools],
        agents=[agent.name for agent in offer.agents],
        troubles=list(offer.troubles),
    )


def create_app(engine: Engine, keys: Keys, *, heartbeat_s: float = HEARTBEAT_S) -> FastAPI:
    """The server as an ASGI application.

    Args:
        engine: Closed with the application.
        keys: Who may come in.
        heartbeat_s: Silence after which a stream shows that it is alive.
    """
    hall = Hall(
        engine=engine,
        keys=keys,
        live=LiveTurns(),
        heartbeat_s=heartbeat_s,
        started_s=time.monotonic(),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        await engine.work()
        yield
        await hall.live.drain(DRAIN_S)
        await engine.aclose()

    # Routes as they are: a router that is included makes each of them anew for every application.
    # Memory last: there an id may be any name.
    routed = (routes, hitl_routes, task_routes, learning_routes, memory_routes)
    app = FastAPI(
        title="Enplace",
        version=version("enplace"),
        lifespan=lifespan,
        routes=[route for router in routed for route in router.routes],
    )
    app.state.hall = hall
    app.add_middleware(BodyLimit, larger=MOST_BYTES)
    answer_problems(app)
    return app


def _ask(body: ExecuteBody) -> Ask:
    if body.edit_message_id and body.retry_message_id:
        raise BadInput("a message is edited or retried, not both")
    return Ask(
        task_id=body.task_id,
        message=body.message,
        idempotency_key=body.idempotency_key,
        edit=_ordinal(body.edit_message_id),
        retry=_ordinal(body.retry_message_id),
    )


def _ordinal(message_id: str | None) -> int | None:
    return int(message_id.removeprefix("e")) if message_id else None


def _stream(texts: AsyncGenerator[str, None]) -> StreamingResponse:
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(texts, media_type="text/event-stream", headers=headers)


async def _followed(turn: LiveTurn, after: str, heartbeat_s: float) -> AsyncGenerator[str, None]:
    """The events of a turn that runs or waits as text; its failure too, if the log could not take it."""
    last = after
    async with aclosing(turn.follow(after, patience_s=heartbeat_s)) as events:
        async for event in events:
            if event is None:
                yield heartbeat_text(last)
                continue
            last = event.place.id if event.place else last
            yield event_text(event)
    if turn.error is not None and not turn.error_told:
        yield error_text(last, body_of(turn.error))


async def _resumed(
    hall: Hall, owner: OwnerEngine, task_id: str, after: str
) -> AsyncGenerator[str, None]:
    """What is stored after an id, then what the turn that runs or waits has beyond it, once each.

    That turn is looked up before the log is read, so no event falls in between: an event
    is stored before the turn tells it.

    Raises:
        TaskNotFound: There is no such task.
        UsageError: `after` is no event id.
    """
    turn = await hall.live.waiting(owner, task_id)
    stored = await owner.log(task_id, after=event_key(after)[0])

    async def texts() -> AsyncGenerator[str, None]:
        last = after
        for event in stored:
            last = event.place.id if event.place else last
            yield event_text(event)
        if turn is not None:
            async with aclosing(_followed(turn, last, hall.heartbeat_s)) as followed:
                async for text in followed:
                    yield text

    return texts()
