"""The server in this process: requests go to the application, not over a line."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx

import enplace
from enplace.engine import OwnerEngine
from enplace.ports import Brains, Embedder, Tool
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import Script, ScriptedModel
from enplace.server.app import create_app
from enplace.server.keys import Keys, hash_key
from enplace.stores.inmemory import InMemoryBrains

KEY, OTHER_KEY = "the key of Ada", "the key of Grace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One server-sent event."""

    id: str
    kind: str
    data: Mapping[str, Any]


class Hall:
    """An application on a scripted model, with two owners; brains are in memory unless given.

    Whatever else is given goes to `enplace.open`.
    """

    def __init__(
        self,
        script: Script = lambda _: "ok",
        *,
        tools: Sequence[Tool | Callable[..., Any]] = (),
        model: ScriptedModel | None = None,
        heartbeat_s: float = 15.0,
        brains: Brains | None = None,
        embedder: Embedder | Literal["default"] | None = "default",
        **opened: Any,
    ) -> None:
        self.model = model or ScriptedModel(script)
        self.brains = brains or InMemoryBrains()
        self.engine = enplace.open(
            model=self.model,
            tools=tools,
            brains=self.brains,
            embedder=embedder,
            counter=CharacterCounter(),
            environment={},
            **opened,
        )
        keys = Keys({hash_key(KEY): "ada", hash_key(OTHER_KEY): "grace"})
        self.app = create_app(self.engine, keys, heartbeat_s=heartbeat_s)

    @property
    def owner(self) -> OwnerEngine:
        """Ada's engine, past the server."""
        return self.engine.owner("ada")

    async def ask(self, method: str, url: str, **request: Any) -> httpx.Response:
        """One request with Ada's key, unless it brings headers of its own."""
        given: dict[str, Any] = {"X-Engine-Key": KEY, **request.pop("headers", {})}
        headers = {name: value for name, value in given.items() if value is not None}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hall") as client:
            return await client.request(method, url, headers=headers, **request)

    async def execute(self, message: str = "hello", **body: Any) -> list[Told]:
        """The events of a turn that is let in."""
        asked = {"task_id": "t", "message": message, **body}
        response = await self.ask("POST", "/execute", json=asked)
        assert response.status_code == 200, response.text
        return told_in(response.text)


def told_in(stream: str) -> list[Told]:
    """The events of a stream, each of exactly three lines."""
    assert stream.endswith("\n\n")
    found: list[Told] = []
    for text in stream[:-2].split("\n\n"):
        id_, kind, data = text.split("\n")
        found.append(
            Told(id=_after("id: ", id_), kind=_after("event: ", kind), data=json.loads(data[6:]))
        )
    return found


def _after(start: str, line: str) -> str:
    assert line.startswith(start), line
    return line.removeprefix(start)
