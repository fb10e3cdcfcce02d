"""Tasks over HTTP: parts that are closed, turns that are stopped, tasks that go on in others."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from enplace.server.entrance import PROBLEMS, Caller, InHall
from enplace.server.sse import payload

MOST_PARTS = 100
"""Most tasks that one is split into."""


class CompactBody(BaseModel):
    """What ends."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(default="", max_length=256)
    """In a few words; the block says it."""


class CompactAnswer(BaseModel):
    """What a boundary did."""

    compaction: dict[str, Any] | None
    """As in the event `compaction_event`; null where nothing stands yet that could go."""


class CancelAnswer(BaseModel):
    """Whether there was a turn to stop."""

    cancelled: bool


class SplitBody(BaseModel):
    """What a task goes on in."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"into": ["trip/hotel", "trip/train"], "label": "booking"}]
        },
    )
    into: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(
        min_length=1, max_length=MOST_PARTS, description="Ids of new tasks."
    )
    label: str = Field(default="", max_length=256, description="What they are about.")


class SplitAnswer(BaseModel):
    """As in the event `task_split`."""

    source: str
    into: list[str]
    label: str


task_routes = APIRouter(tags=["tasks"])


@task_routes.post("/tasks/{task_id}/compact", responses=PROBLEMS)
async def compact(task_id: str, body: CompactBody, owner: Caller) -> CompactAnswer:
    """Close a part of a task: what stands so far becomes one handoff block. Nothing is deleted."""
    event = await owner.compact(task_id, body.label)
    return CompactAnswer(compaction=None if event is None else payload(event))


@task_routes.post("/tasks/{task_id}/cancel", responses=PROBLEMS)
async def cancel(task_id: str, hall: InHall, owner: Caller) -> CancelAnswer:
    """Stop the turn that runs, waits for a person, or was broken off; its key takes it up again."""
    cancelled = await owner.cancel(task_id)
    await hall.live.look(owner.name, task_id)
    return CancelAnswer(cancelled=cancelled)


@task_routes.post("/tasks/{task_id}/split", responses=PROBLEMS)
async def split(task_id: str, body: SplitBody, owner: Caller) -> SplitAnswer:
    """Go on with a task in new ones, which inherit its notes and nothing of its history."""
    event = await owner.split(task_id, body.into, body.label)
    return SplitAnswer(source=event.source, into=list(event.into), label=event.label)
