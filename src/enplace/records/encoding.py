"""Texts as vectors, as an embedder gives them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """What an embedder makes of a text. Vectors are 32-bit floats in the machine's byte order."""

    pooled: bytes
    """One vector for the whole text, of unit length."""
    tokens: bytes = b""
    """One vector after the other, each of unit length; empty where the embedder gives none."""
    terms: tuple[str, ...] = ()
    """The index term of each token's word, in the same order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderCard:
    """What an embedder is. Vectors of different names are never compared."""

    name: str
    """Model, version and what else changes a vector: `all-minilm-l6-v2/int8/1`."""
    pooled_dimensions: int
    token_dimensions: int = 0
    """0 where it gives no token vectors."""
