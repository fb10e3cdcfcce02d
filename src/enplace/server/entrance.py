"""Where every request comes in: the key decides whose memory it is."""

from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Request

from enplace.engine import Engine, OwnerEngine
from enplace.server.keys import Keys
from enplace.server.live import LiveTurns
from enplace.server.problems import Problem

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 401, 404, 405, 409, 413, 422, 500, 502, 503)
}
"""Every status that an error can have, for the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """What the endpoints share."""

    engine: Engine
    keys: Keys
    live: LiveTurns
    heartbeat_s: float
    started_s: float


def hall_of(request: Request) -> Hall:
    """The hall of the application that a request came to."""
    return cast(Hall, request.app.state.hall)


def owner_of(
    hall: Annotated[Hall, Depends(hall_of)], x_engine_key: Annotated[str | None, Header()] = None
) -> OwnerEngine:
    """The engine as the owner of the key sees it.

    Raises:
        InvalidKey: The header X-Engine-Key is missing or wrong.
    """
    return hall.engine.owner(hall.keys.owner_of(x_engine_key))


InHall = Annotated[Hall, Depends(hall_of)]
Caller = Annotated[OwnerEngine, Depends(owner_of)]
