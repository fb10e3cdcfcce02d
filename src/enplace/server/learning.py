"""The Learning Centre over HTTP: what was learned and why, undo, review, and what happened since."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from enplace.engine import OwnerEngine
from enplace.records.learning import Batch
from enplace.server.entrance import PROBLEMS, Caller
from enplace.server.learning_answers import (
    BatchAnswer,
    EventsAnswer,
    LearnedAnswer,
    QuoteAnswer,
    ReviewAnswer,
    StatusAnswer,
    batch_answer,
    learned_answer,
    quote_answers,
    review_answer,
    status_answer,
    told_answers,
)
from enplace.server.memory import WITH_ETAG, MemoryId, answered
from enplace.server.memory_answers import WrittenAnswer
from enplace.server.memory_bodies import Moment

BatchId = Annotated[str, Path(alias="id", min_length=1, max_length=256)]


class RollbackBody(BaseModel):
    """How a batch is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"rewind": True}]})
    rewind: bool = Field(False, description="Its events are due again.")


class ReplayBody(BaseModel):
    """What is learned from anew."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"since": "2026-05-31T00:00:00Z"}]}
    )
    since: Moment | None = Field(None, description="What was learned from then on; null: all.")
    force: bool = Field(False, description="Even where much less would be found than before.")


learning_routes = APIRouter(tags=["learning"])


@learning_routes.get("/learn/status", responses=PROBLEMS)
async def status(owner: Caller) -> StatusAnswer:
    """How far the log was learned from, and what came of it."""
    return status_answer(await owner.learning.status())


@learning_routes.get("/learn/batches", responses=PROBLEMS)
async def batches(
    owner: Caller, limit: Annotated[int, Query(ge=1, le=1_000)] = 50
) -> list[BatchAnswer]:
    """What was learned in which batch, the last first."""
    return [batch_answer(batch) for batch in await owner.learning.batches(limit=limit)]


@learning_routes.get("/learn/batches/{id}", responses=PROBLEMS)
async def batch(owner: Caller, batch_id: BatchId) -> EventsAnswer:
    """What a batch did, in order; `last` is the id of its last write, 0 without one."""
    told = await owner.learning.told(batch_id)
    return EventsAnswer(
        events=told_answers(told), last=max((event.sequence for event in told), default=0)
    )


@learning_routes.get("/learn/events", responses=PROBLEMS)
async def events(
    owner: Caller,
    after: Annotated[int, Query(ge=0, le=1 << 53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Most writes.")] = 100,
) -> EventsAnswer:
    """What became of memory after a write, whoever made it."""
    told, last = await owner.learning.told_after(after, limit=limit)
    return EventsAnswer(events=told_answers(told), last=last)


@learning_routes.post("/learn/run", responses=PROBLEMS)
async def run(owner: Caller) -> list[LearnedAnswer]:
    """Learn from all that is due, at once."""
    return await _learned(owner, await owner.learning.run())


@learning_routes.post("/learn/dry-run", responses=PROBLEMS)
async def dry_run(owner: Caller) -> list[LearnedAnswer]:
    """What that would do, decided on in full; nothing is written."""
    return [learned_answer(learned) for learned in await owner.learning.dry_run()]


@learning_routes.post("/learn/batches/{id}/rollback", responses=PROBLEMS)
async def rollback(
    owner: Caller, batch_id: BatchId, body: Annotated[RollbackBody | None, Body()] = None
) -> BatchAnswer:
    """Take back all that a batch wrote, as if it had not been learned."""
    rewind = body.rewind if body else False
    return batch_answer(await owner.learning.rollback(batch_id, rewind=rewind))


@learning_routes.post("/learn/replay", responses=PROBLEMS)
async def replay(
    owner: Caller, body: Annotated[ReplayBody | None, Body()] = None
) -> list[LearnedAnswer]:
    """Learn anew from all that was learned since a moment, with the rules as they are now."""
    asked = body or ReplayBody(since=None, force=False)
    done = await owner.learning.replay(asked.since, force=asked.force)
    return await _learned(owner, done)


@learning_routes.get("/memory/review", tags=["memory"], responses=PROBLEMS)
async def review(owner: Caller) -> list[ReviewAnswer]:
    """What waits for a person, with what was said for it."""
    found = await owner.learning.review()
    return [review_answer(fact, await owner.learning.quotes(fact.id)) for fact in found]


@learning_routes.post("/memory/review/{id}/approve", tags=["memory"], responses=WITH_ETAG)
async def approve(owner: Caller, response: Response, memory_id: MemoryId) -> WrittenAnswer:
    """Believe what waits, as if the user had said it."""
    return answered(response, await owner.learning.approve(memory_id))


@learning_routes.post("/memory/review/{id}/decline", tags=["memory"], responses=WITH_ETAG)
async def decline(owner: Caller, response: Response, memory_id: MemoryId) -> WrittenAnswer:
    """Show what waits to nobody; undoing the write brings it back."""
    return answered(response, await owner.learning.decline(memory_id))


@learning_routes.get("/memory/{id}/evidence", tags=["memory"], responses=PROBLEMS)
async def evidence(owner: Caller, memory_id: MemoryId) -> list[QuoteAnswer]:
    """Everything that was said for a memory, word for word, in the order it was learned."""
    return quote_answers(await owner.learning.quotes(memory_id))


async def _learned(owner: OwnerEngine, done: Sequence[Batch]) -> list[LearnedAnswer]:
    return [
        LearnedAnswer(
            batch=batch_answer(each), events=told_answers(await owner.learning.told(each.id))
        )
        for each in done
    ]
