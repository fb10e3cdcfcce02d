"""Errors as HTTP answers: one envelope, stable codes, and a limit on what is read."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enplace.errors import (
    AgentNotFound,
    BadInput,
    BrainBusy,
    BrainTooNew,
    BudgetExceeded,
    ContextOverflow,
    EmbedderError,
    EnplaceError,
    IdempotencyConflict,
    MemoryNotFound,
    MessageNotFound,
    ModelError,
    ModelUnavailable,
    PersonNeeded,
    QuestionClosed,
    QuestionNotFound,
    StaleMemory,
    StoreError,
    TaskBusy,
    TaskNotFound,
    ToolboxUnavailable,
    TurnCancelled,
    UsageError,
    VagueMemory,
)
from enplace.records.canonical import Json, JsonObject, well_formed
from enplace.server.keys import InvalidKey
from enplace.server.live_turn import Draining

MOST_BODY_BYTES = 1 << 20

_STATUS: tuple[tuple[type[EnplaceError], int], ...] = (
    (InvalidKey, 401),
    (TaskNotFound, 404),
    (MessageNotFound, 404),
    (MemoryNotFound, 404),
    (QuestionNotFound, 404),
    (AgentNotFound, 404),
    (TaskBusy, 409),
    (PersonNeeded, 409),
    (QuestionClosed, 409),
    (TurnCancelled, 409),
    (IdempotencyConflict, 409),
    (StaleMemory, 409),
    (BadInput, 422),
    (ContextOverflow, 422),
    (BudgetExceeded, 422),
    (VagueMemory, 422),
    (UsageError, 422),
    (EmbedderError, 503),
    (ToolboxUnavailable, 503),
    (ModelUnavailable, 503),
    (ModelError, 502),
    (Draining, 503),
    (BrainTooNew, 503),
    (BrainBusy, 503),
    (StoreError, 500),
)
"""First match counts."""


class Problem(BaseModel):
    """Every error looks like this. Route on `error`, never on `message`."""

    error: str
    message: str
    details: dict[str, Any]


def status_of(error: EnplaceError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def body_of(error: EnplaceError) -> JsonObject:
    """The envelope of an error."""
    return {"error": error.code, "message": error.message, "details": error.details}


def answer_problems(app: FastAPI) -> None:
    """Make every error of an app come in the envelope."""

    def known(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, EnplaceError)  # registered for nothing else
        headers = {"Retry-After": "1"} if error.retryable else None
        return JSONResponse(body_of(error), status_of(error), headers=headers)

    def http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # registered for nothing else
        code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "BAD_REQUEST")
        return _problem(error.status_code, code, str(error.detail), headers=error.headers)

    def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # registered for nothing else
        if any(found["type"] == "json_invalid" for found in error.errors()):
            return _problem(400, "BAD_REQUEST", "the body is no JSON")
        fields: list[Json] = [
            {
                "field": well_formed(".".join(str(part) for part in found["loc"])),
                "problem": well_formed(str(found["msg"])),
            }
            for found in error.errors()
        ]
        return _problem(422, BadInput.code, "the request is not valid", {"fields": fields})

    app.add_exception_handler(EnplaceError, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def _problem(
    status: int,
    code: str,
    message: str,
    details: JsonObject | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = {"error": code, "message": message, "details": details or {}}
    return JSONResponse(body, status, headers=headers)


class BodyLimit:
    """Refuses a request body that is too large, as soon as that is known.

    Args:
        app: Gets the others.
        most_bytes: Of a body.
        larger: Paths whose bodies may have more, and how much.
    """

    def __init__(
        self,
        app: ASGIApp,
        most_bytes: int = MOST_BODY_BYTES,
        larger: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._most = most_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._larger.get(scope["path"], self._most)
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > most:
                text = f"a request body has at most {most} bytes"
                answer = _problem(413, "BODY_TOO_LARGE", text, {"most_bytes": most})
                await answer(scope, receive, send)
                return
            if message["type"] != "http.request" or not message.get("more_body"):
                break
        given = False

        async def replay() -> Message:
            nonlocal given
            if not given:
                given = True
                return {"type": "http.request", "body": bytes(body), "more_body": False}
            return await receive()

        await self._app(scope, replay, send)
