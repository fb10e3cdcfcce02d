"""What every peer looks like, and what it is given."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Protocol

from enplace_bench.recall.conversations import Turn

Vector = list[float]
Embed = Callable[[Sequence[str]], list[Vector]]
"""One vector of length 1 per text."""
EmbedTokens = Callable[[str], list[Vector]]
"""One vector of length 1 per token of a text."""


class Peer(Protocol):
    """A store of turns that can be searched."""

    @property
    def name(self) -> str:
        """What it is called in tables and in the command line."""
        ...

    @property
    def version(self) -> str:
        """The release that runs."""
        ...

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """Hold these turns, and no others any more.

        Args:
            turns: What is searched: `Turn.line`.
            vectors: Of the same lines, in the same order.
        """
        ...

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """Ids of up to k turns, best first."""
        ...

    def close(self) -> None:
        """Let go of everything held."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """The one encoder that all peers are given."""

    embed: Embed
    embed_tokens: EmbedTokens | None = None


class PeerMissingError(Exception):
    """A peer cannot run here; the message says what it needs."""


def load(module: str, *packages: str) -> Any:
    """Import a peer's module, which carries no types that we rely on.

    Raises:
        PeerMissingError: It, or something it needs, is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise PeerMissingError(f"not installed: pip install {' '.join(packages)}") from error


def version_of(package: str) -> str:
    """The installed release of a package."""
    return metadata.version(package)


class KnownVectors:
    """For peers that embed for themselves: the vectors they were given, looked up by text."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._known: dict[str, Vector] = {}

    def learn(self, texts: Sequence[str], vectors: Sequence[Vector]) -> None:
        """Remember the vectors of some texts."""
        self._known.update(zip(texts, vectors, strict=True))

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """The vector of each text; one that was never given is embedded now."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._known]
        if unknown:
            self.learn(unknown, self._embed(unknown))
        return [self._known[text] for text in texts]
