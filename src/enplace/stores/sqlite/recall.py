"""Searches one brain file, and keeps its vectors."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from enplace.records.encoding import Encoding
from enplace.records.gather import Gather
from enplace.records.recollection import Candidate, Gathered
from enplace.stores.codec import decode_event
from enplace.stores.entries import entries_of, said_text
from enplace.stores.sqlite import index, memories, segments
from enplace.stores.sqlite.file import BrainFile
from enplace.stores.sqlite.segments import Meaning

Result = TypeVar("Result")


class Hopper(Protocol):
    """Runs work on the thread of a brain."""

    @property
    def file(self) -> BrainFile:
        """The brain's file."""
        ...

    def reading(self, work: Callable[[BrainFile], Result]) -> Awaitable[Result]:
        """Run a query."""
        ...

    def writing(self, work: Callable[[BrainFile], Result]) -> Awaitable[Result]:
        """Write in one transaction."""
        ...


class SqliteIndex:
    """Implements `ports.IndexStore`."""

    def __init__(self, brain: Hopper) -> None:
        self._brain = brain
        self._meaning = Meaning(brain.file)

    async def gather(self, asked: Gather) -> Gathered:
        """See `ports.IndexStore`."""
        return await self._brain.reading(lambda file: index.gather(file, asked, self._meaning))

    async def speakers(self) -> Sequence[str]:
        """See `ports.IndexStore`."""
        rows = await self._brain.reading(lambda file: file.rows("speakers"))
        return [row[0] for row in rows]

    async def texts(self, candidates: Sequence[Candidate]) -> Mapping[int, str]:
        """See `ports.IndexStore`."""
        wanted = [(candidate.row, candidate.kind, candidate.ref) for candidate in candidates]
        return await self._brain.reading(lambda file: _texts(file, wanted))

    async def adopt(self, embedder: str) -> bool:
        """See `ports.IndexStore`."""
        return await self._brain.writing(lambda file: _adopt(file, embedder))

    async def unencoded(self, embedder: str, limit: int) -> Sequence[tuple[int, str]]:
        """See `ports.IndexStore`."""

        def read(file: BrainFile) -> list[tuple[int, str]]:
            asked = {"side": _side(file, embedder), "limit": limit}
            texts = _texts(file, file.rows("without_vectors", asked), to_encode=True)
            return list(texts.items())

        return await self._brain.reading(read)

    async def waiting(self, embedder: str) -> int:
        """See `ports.IndexStore`."""

        def read(file: BrainFile) -> int:
            known = file.row("embedder", {"name": embedder})
            side = int(known[0]) if known else -1  # no vector is of it
            row = file.row("count_without_vectors", {"side": side})
            return int(row[0]) if row else 0

        return await self._brain.reading(read)

    async def encode(self, embedder: str, encodings: Sequence[tuple[int, Encoding]]) -> None:
        """See `ports.IndexStore`."""
        await self._brain.writing(lambda file: segments.put(file, _side(file, embedder), encodings))

    async def settle(self, embedder: str) -> None:
        """See `ports.IndexStore`."""

        def write(file: BrainFile) -> None:
            side = _side(file, embedder)
            file.run("set_current", {"side": side})
            _clear(file, 1 - side)
            segments.pack(file, side)

        await self._brain.writing(write)

    async def embedders(self) -> Mapping[str, bool]:
        """See `ports.IndexStore`."""
        rows = await self._brain.reading(lambda file: file.rows("embedders"))
        return {name: bool(current) for _, name, current in rows}


def _adopt(file: BrainFile, embedder: str) -> bool:
    known = file.row("embedder", {"name": embedder})
    if known is not None:
        return bool(known[1])
    current = next((side for side, _, is_current in file.rows("embedders") if is_current), 1)
    _clear(file, 1 - current)
    file.run("add_embedder", {"side": 1 - current, "name": embedder})
    return False


def _side(file: BrainFile, embedder: str) -> int:
    _adopt(file, embedder)
    row = file.row("embedder", {"name": embedder})
    assert row is not None  # adopted just now, on the same thread
    return int(row[0])


def _clear(file: BrainFile, side: int) -> None:
    for query in ("drop_embedder", "drop_side", "drop_segments"):
        file.run(query, {"side": side})


def _texts(
    file: BrainFile, wanted: Sequence[tuple[int, str, str]], *, to_encode: bool = False
) -> dict[int, str]:
    """Texts of items by row, given their rows, kinds and names; or what is encoded of each."""
    said = {ref: row for row, kind, ref in wanted if kind == "said"}
    asked = [[ref.rpartition(" ")[0], int(ref.rpartition(" ")[2])] for ref in said]
    events = file.rows("said_texts", {"refs": json.dumps(asked)}) if asked else []
    texts = {said[ref]: said_text(decode_event(body)) for ref, body in events}
    rows = {ref: row for row, kind, ref in wanted if kind != "said"}
    owners = {ref.rpartition(" ")[0] if " " in ref else ref for ref in rows}
    found = file.rows("memories_by_id", {"ids": memories.ids_json(sorted(owners))})
    for memory in map(memories.memory_of, found):
        for entry in entries_of(memory, ""):
            if entry.ref in rows:
                texts[rows[entry.ref]] = entry.to_encode if to_encode else entry.text
    return {row: texts[row] for row, _, _ in wanted if row in texts}
