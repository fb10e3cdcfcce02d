"""taOSmd: its vector memory with the fusion it takes by default, and its late interaction."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import (
    Encoder,
    KnownVectors,
    PeerMissingError,
    Vector,
    load,
    version_of,
)

_PACKAGES = ("taosmd", "httpx", "numpy")  # the first imports the others without asking for them


class Taosmd:
    """Implements `Peer`."""

    name = "taosmd"
    late_interaction = False

    def __init__(self, encoder: Encoder) -> None:
        self._taosmd = load("taosmd.vector_memory", *_PACKAGES)
        load("numpy", *_PACKAGES)
        self.version = version_of("taosmd")
        self._encoder = encoder
        self._vectors = KnownVectors(encoder.embed)
        self._folder = tempfile.TemporaryDirectory()
        self._runner = asyncio.Runner()
        self._memory: Any = None
        self._built = 0

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        self._vectors.learn([turn.line for turn in turns], vectors)
        self._runner.run(self._build(turns))

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        self._vectors.learn([text], [vector])
        found = self._runner.run(self._memory.search(text, limit=k))
        return [one["metadata"]["turn"] for one in found]

    def close(self) -> None:
        """See `Peer`."""
        self._runner.run(self._forget())
        self._runner.close()
        self._folder.cleanup()

    async def _build(self, turns: Sequence[Turn]) -> None:
        await self._forget()
        self._built += 1
        path = Path(self._folder.name) / f"{self._built}.db"
        self._memory = self._taosmd.VectorMemory(path, late_interaction=self.late_interaction)
        self._memory.embed = self._embed  # in place of a model it would look for
        self._memory.embed_tokens = self._embed_tokens
        await self._memory.init()
        for turn in turns:
            await self._memory.add(turn.line, {"turn": turn.id})

    async def _forget(self) -> None:
        if self._memory is not None:
            await self._memory.close()
            self._memory = None

    async def _embed(self, text: str, task: str = "") -> Vector:
        del task
        return self._vectors.embed([text])[0]

    async def _embed_tokens(self, text: str, task: str = "") -> list[Vector]:
        del task
        assert self._encoder.embed_tokens is not None  # as `TaosmdLate` makes sure
        return self._encoder.embed_tokens(text)


class TaosmdLate(Taosmd):
    """Implements `Peer`."""

    name = "taosmd-late"
    late_interaction = True

    def __init__(self, encoder: Encoder) -> None:
        if encoder.embed_tokens is None:
            raise PeerMissingError("needs an encoder that gives a vector per token")
        super().__init__(encoder)
