"""Vectors of a brain: written in small rows, packed into segments, scanned and compared.

A segment never changes; packing anew makes another one, so that what is in memory is never stale.
An item that was deleted stays in its segment until it is packed anew, and is left out when the
segment is read: else it would take the place of one that can be found.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from enplace.records.encoding import Encoding
from enplace.records.gather import Gather
from enplace.stores import vectors
from enplace.stores.sqlite.file import BrainFile


class Compared(NamedTuple):
    """How near items are to a query."""

    meanings: dict[int, float]
    """By row; those without vectors are absent."""
    matches: bytes
    """`Gathered.matches`, for the rows asked about."""


class Meaning:
    """The vectors of one brain file. Keeps the segments of the embedder in use in memory."""

    def __init__(self, file: BrainFile) -> None:
        self._file = file
        self._segments: dict[tuple[int, int], tuple[Any, Any]] = {}
        """By number and how many of its items are gone, without those."""
        self._last: tuple[tuple[object, ...], tuple[Any, Any]] | None = None
        """What was scanned last, and the state of the file then."""

    def nearest(self, asked: Gather) -> list[int]:
        """Rows of the items whose pooled vectors are nearest to the query's, nearest first."""
        side = self._side(asked)
        if side is None or asked.encoding is None:
            return []
        rows, codes = self._scanned(side)
        if not len(rows):
            return []
        order, _ = vectors.nearest(asked.encoding.pooled, codes, asked.limit)
        return [int(row) for row in rows[order]]

    def compared(self, asked: Gather, numbers: list[int]) -> "Compared":
        """What the vectors of items say of a query."""
        side, encoding = self._side(asked), asked.encoding
        if side is None or encoding is None or not numbers:
            return Compared({}, b"")
        return Compared(
            self._meanings(side, encoding, numbers), self._matches(side, encoding, numbers)
        )

    def _meanings(self, side: int, encoding: Encoding, numbers: list[int]) -> dict[int, float]:
        np = vectors.numpy()
        rows, codes = self._scanned(side)
        places = np.searchsorted(rows, numbers)
        known = [
            (number, place)
            for number, place in zip(numbers, places.tolist(), strict=True)
            if place < len(rows) and rows[place] == number
        ]
        if not known:
            return {}
        found = vectors.similarities(encoding.pooled, codes[[place for _, place in known]])
        return {number: value for (number, _), value in zip(known, found.tolist(), strict=True)}

    def _matches(self, side: int, encoding: Encoding, numbers: list[int]) -> bytes:
        if not encoding.tokens or not encoding.terms:
            return b""
        dimensions = len(encoding.tokens) // 4 // len(encoding.terms)
        keys = [2 * number + side for number in numbers]
        codes = dict(self._file.rows("token_codes", {"vectors": _json(keys)}))
        if not any(codes.values()):
            return b""
        tokens = [codes.get(key, b"") for key in keys]
        return vectors.best_matches(encoding.tokens, dimensions, tokens).tobytes()

    def _side(self, asked: Gather) -> int | None:
        """Where the vectors of the query's embedder stand, once they answer."""
        row = self._file.row("embedder", {"name": asked.embedder})
        return None if row is None or not row[1] else int(row[0])

    def _scanned(self, side: int) -> tuple[Any, Any]:
        """All pooled codes of a side: rows ascending, and their codes."""
        state = (side, *self._file.state())
        if self._last is None or self._last[0] != state:
            self._last = (state, self._scan(side))
        return self._last[1]

    def _scan(self, side: int) -> tuple[Any, Any]:
        np = vectors.numpy()
        present: list[tuple[int, int]] = self._file.rows("segments", {"side": side})
        for stale in self._segments.keys() - set(present):
            del self._segments[stale]
        for key in present:
            if key not in self._segments:
                self._segments[key] = self._read(key[0])
        parts = [self._segments[key] for key in present]
        loose = self._file.rows("loose_vectors", {"side": side})
        if loose:
            rows = np.array([row[0] for row in loose], np.int64)
            codes = np.frombuffer(b"".join(row[1] for row in loose), np.uint8)
            parts.append((rows, codes.reshape(len(loose), -1)))
        if not parts:
            return np.empty(0, np.int64), np.empty((0, 0), np.uint8)
        if len(parts) == 1:
            return parts[0]
        rows = np.concatenate([part[0] for part in parts])
        codes = np.concatenate([part[1] for part in parts])
        if np.all(rows[1:] > rows[:-1]):
            return rows, codes
        order = np.argsort(rows, kind="stable")
        return rows[order], codes[order]

    def _read(self, segment: int) -> tuple[Any, Any]:
        np = vectors.numpy()
        row = self._file.row("segment", {"segment": segment})
        assert row is not None  # listed just now, in the same transaction
        rows = np.frombuffer(row[0], "<i8").astype(np.int64)
        codes = np.frombuffer(row[1], np.uint8).reshape(len(rows), -1)
        packed = [row[0] for row in self._file.rows("packed_rows", {"segment": segment})]
        present = np.isin(rows, np.array(packed, np.int64))
        return rows[present], codes[present]


def put(file: BrainFile, side: int, encoded: Iterable[tuple[int, Encoding]]) -> None:
    """Keep the vectors of items; items that were deleted meanwhile are passed over."""
    for row, encoding in encoded:
        dimensions = len(encoding.tokens) // 4 // max(1, len(encoding.terms))
        tokens = vectors.codes_of(encoding.tokens, dimensions) if encoding.terms else b""
        pooled = vectors.code_of(encoding.pooled)
        file.run("add_vector", {"row": row, "side": side, "pooled": pooled, "tokens": tokens})


def pack(file: BrainFile, side: int) -> int:
    """Pack what waits in small rows into segments, and segments with many deleted items anew.

    Returns:
        How many segments were written.
    """
    thin = [int(row[0]) for row in file.rows("thin_segments", {"side": side})]
    for segment in thin:
        _loosen(file, side, segment)
    written = 0
    while True:
        loose = file.rows("next_loose", {"side": side, "limit": vectors.SEGMENT_ITEMS})
        if len(loose) < vectors.SEGMENT_ITEMS:
            return written
        file.run(
            "add_segment",
            {
                "side": side,
                "rows": b"".join(int(row).to_bytes(8, "little") for row, _ in loose),
                "pooled": b"".join(code for _, code in loose),
                "items": len(loose),
                "first": loose[0][0],
                "last": loose[-1][0],
            },
        )
        for row, _ in loose:
            file.run("pack_vector", {"vector": 2 * row + side})
        written += 1


def loosen_gone(file: BrainFile) -> None:
    """Take apart all segments that may hold codes of items which are gone."""
    for side in (0, 1):
        for segment, gone in file.rows("segments", {"side": side}):
            if gone:
                _loosen(file, side, segment)


def _loosen(file: BrainFile, side: int, segment: int) -> None:
    """Take a segment apart: what still exists waits in small rows again."""
    row = file.row("segment", {"segment": segment})
    assert row is not None  # listed in this transaction
    numbers, pooled = row
    width = len(pooled) // (len(numbers) // 8)
    for place in range(len(numbers) // 8):
        number = int.from_bytes(numbers[8 * place : 8 * place + 8], "little")
        code = pooled[width * place : width * (place + 1)]
        file.run("loosen_vector", {"vector": 2 * number + side, "pooled": code})
    file.run("drop_segment", {"segment": segment})


def _json(numbers: Sequence[int]) -> str:
    return f"[{','.join(map(str, numbers))}]"
