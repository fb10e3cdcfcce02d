"""Runs the server until it is told to stop."""

import secrets
import socket
from collections.abc import Callable

import uvicorn

from enplace.config import Settings
from enplace.engine import Engine
from enplace.server.app import DRAIN_S, create_app
from enplace.server.keys import Keys, hash_key


def keys_of(settings: Settings) -> tuple[Keys, str | None]:
    """The keys that the settings name, or a fresh one, which is returned to be shown once."""
    owner = settings.engine_owner
    if settings.engine_key_hash:
        return Keys({settings.engine_key_hash: owner}), None
    if settings.engine_api_key:
        return Keys({hash_key(settings.engine_api_key): owner}), None
    fresh = f"enp_{secrets.token_urlsafe(32)}"
    return Keys({hash_key(fresh): owner}), fresh


async def serve(engine: Engine, keys: Keys, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; running turns are let end before the process does.

    Turns that wait for a person are not waited for: they go on at the next start.
    """
    app = create_app(engine, keys)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=int(DRAIN_S),
    )
    await _Server(config, app.state.hall.live.close).serve()


class _Server(uvicorn.Server):
    """Tells before it waits for open lines that it is about to: some are open for days."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)
