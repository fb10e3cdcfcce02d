"""People in the loop over HTTP: what waits for an answer, and the answer."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from enplace.engine import OwnerEngine
from enplace.errors import BadInput, QuestionNotFound
from enplace.records.agent_event import PersonAsked
from enplace.server.entrance import PROBLEMS, Caller, InHall
from enplace.server.live_turn import Response


class PendingQuestion(BaseModel):
    """What a person is asked."""

    request_id: str
    task_id: str
    kind: Literal["permission", "question"]
    """`permission`: whether a call may run."""
    question: str
    options: list[str]
    """Answers to choose from; empty: any text."""
    tool: str
    """Of the call that waits."""
    input: dict[str, Any]
    created_at: datetime
    expires_at: datetime
    """When it is taken for a no."""


class PendingAnswer(BaseModel):
    """All questions of the owner, the oldest first."""

    pending: list[PendingQuestion]


class RespondBody(BaseModel):
    """What the person says. One of `task_id` and `request_id` is needed; `request_id` wins."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"task_id": "trip", "answer": "yes"}]}
    )
    answer: str = Field(min_length=1, description="yes, no, one of the options or free text.")
    task_id: str | None = Field(
        None, min_length=1, max_length=256, description="Its oldest question is answered."
    )
    request_id: str | None = Field(None, min_length=1, max_length=256)
    feedback: str = Field("", description="For the model, beside the answer.")


class RespondAnswer(BaseModel):
    """The turn goes on; those who follow it hear the rest."""

    status: Literal["resumed"] = "resumed"
    request_id: str


hitl_routes = APIRouter(tags=["people in the loop"])


@hitl_routes.get("/hitl/pending", responses=PROBLEMS)
async def pending(owner: Caller) -> PendingAnswer:
    """What people are asked and have not answered."""
    return PendingAnswer(pending=[_pending(asked) for asked in await owner.questions()])


@hitl_routes.post("/hitl/respond", responses=PROBLEMS)
async def respond(body: RespondBody, hall: InHall, owner: Caller) -> RespondAnswer:
    """Answer a question; its turn goes on by itself, on the streams that follow it.

    An answer is stored before this returns. Only the first one counts.
    """
    said = Response(
        task_id=await _task_of(body, owner),
        answer=body.answer,
        request_id=body.request_id,
        feedback=body.feedback,
    )
    return RespondAnswer(request_id=await hall.live.respond(owner, said))


async def _task_of(body: RespondBody, owner: OwnerEngine) -> str:
    """The task whose question is answered.

    Raises:
        QuestionNotFound: No task is named, and no open question has this id.
        BadInput: Neither a task nor a question is named.
    """
    if body.request_id is not None:
        for asked in await owner.questions():
            if asked.request_id == body.request_id and asked.place is not None:
                return asked.place.task_id
        if body.task_id is None:
            raise QuestionNotFound(request_id=body.request_id)
    if body.task_id is None:
        raise BadInput("task_id or request_id must say what is answered")
    return body.task_id


def _pending(asked: PersonAsked) -> PendingQuestion:
    assert asked.place is not None  # it was read from a log
    return PendingQuestion(
        request_id=asked.request_id,
        task_id=asked.place.task_id,
        kind=asked.question.question_kind,
        question=asked.question.text,
        options=list(asked.question.options),
        tool=asked.tool,
        input=asked.input,
        created_at=asked.place.at,
        expires_at=asked.expires_at,
    )
