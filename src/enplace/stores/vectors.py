"""Vectors as codes of one bit per dimension, and how they are compared. The same in every store.

A code holds the signs of a vector's components, packed eight to a byte; the query stays in floats.
Similarity is the sum of the query's components with the code's signs, scaled so that a vector
compared with its own code gives about 1.

numpy is part of the extra `recall`; nothing here is called without an embedder.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from enplace.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]
    Rows = NDArray[np.int64]

SEGMENT_ITEMS = 1_024
"""Items in a packed segment."""
SHORTLIST = 256
"""Fewest codes that are compared with the float query: those nearest by bits alone."""


def numpy() -> Any:
    """The numpy module.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import numpy as loaded
    except ImportError as error:
        raise ConfigError("vectors need `pip install 'enplace[recall]'`") from error
    return loaded


def code_of(vector: bytes) -> bytes:
    """The code of one vector of 32-bit floats; its length is a multiple of 8 dimensions."""
    np = numpy()
    return np.packbits(np.frombuffer(vector, np.float32) > 0).tobytes()


def codes_of(vectors: bytes, dimensions: int) -> bytes:
    """The codes of vectors that stand one after the other."""
    np = numpy()
    matrix = np.frombuffer(vectors, np.float32).reshape(-1, dimensions)
    return np.packbits(matrix > 0, axis=1).tobytes()


def similarities(query: bytes, codes: "Bytes") -> "Floats":
    """Of each code with a float vector: about its cosine.

    Args:
        query: One vector of 32-bit floats.
        codes: Shape (n, dimensions / 8).
    """
    np = numpy()
    width = codes.shape[1]
    parts = (np.frombuffer(query, np.float32) / _norm(width * 8)).reshape(width, 8)
    # Summed byte by byte, not as a product of matrices: there equal codes differ in the last bits
    # by where they stand, and which of them come first would depend on what else is there.
    table = _signs() @ parts.T
    return table[codes, np.arange(width)].sum(axis=1)


def nearest(query: bytes, codes: "Bytes", limit: int) -> "tuple[Rows, Floats]":
    """Indices of the nearest codes, nearest first, equal ones in order; and their similarities."""
    np = numpy()
    near = np.arange(len(codes))
    shortlist = max(SHORTLIST, 4 * limit)
    if len(codes) > shortlist:
        own = np.packbits(np.frombuffer(query, np.float32) > 0)
        apart = np.bitwise_count(_words(codes) ^ _words(own[None, :])).sum(axis=1, dtype=np.uint16)
        bound = np.partition(apart, shortlist - 1)[shortlist - 1]
        near = np.flatnonzero(apart <= bound)
    found = similarities(query, codes[near])
    order = np.lexsort((near, -found))[:limit]
    return near[order], found[order]


def best_matches(query: bytes, dimensions: int, tokens: Sequence[bytes]) -> "Floats":
    """For each item, for each token of the query, the best similarity among the item's tokens.

    Args:
        query: Token vectors of 32-bit floats, one after the other.
        dimensions: Of one token vector.
        tokens: Codes of each item's tokens, one after the other; none for an empty one.

    Returns:
        Shape (items, tokens of the query); 0 for items without tokens.
    """
    np = numpy()
    asked = np.frombuffer(query, np.float32).reshape(-1, dimensions)
    width = dimensions // 8
    counts = np.array([len(codes) // width for codes in tokens])
    filled = np.flatnonzero(counts)
    found = np.zeros((len(tokens), len(asked)), np.float32)
    if not len(asked) or not len(filled):
        return found
    codes = np.frombuffer(b"".join(tokens), np.uint8).reshape(-1, width)
    table = _signed(codes) @ (asked.T / _norm(dimensions))
    starts = np.concatenate(([0], np.cumsum(counts[filled])[:-1]))
    found[filled] = np.maximum.reduceat(table, starts, axis=0)
    return found


def _signed(codes: "Bytes") -> "Floats":
    """Codes as vectors of -1 and +1."""
    return _signs()[codes].reshape(len(codes), codes.shape[1] * 8)


@lru_cache(maxsize=1)
def _signs() -> Any:
    """For each byte its eight signs."""
    np = numpy()
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    return (bits.astype(np.float32) * 2 - 1).astype(np.float32)


def _words(codes: "Bytes") -> Any:
    np = numpy()
    return np.ascontiguousarray(codes).view(np.uint64)


def _norm(dimensions: int) -> float:
    """What a random unit vector's components sum to in absolute value: sqrt(2 d / pi)."""
    return float((2 * dimensions / 3.141592653589793) ** 0.5)
