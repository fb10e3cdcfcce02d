"""What answers and what measures: models, embedders, counters, prices, the clock."""

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.encoding import EmbedderCard, Encoding
from enplace.records.message import Reply, TextPiece
from enplace.records.model import ModelCard
from enplace.records.price import Price
from enplace.records.usage import Cost, Usage


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Now, aware and in UTC."""
        ...


TextKind = Literal["prose", "code", "json"]


class TokenCounter(Protocol):
    """Estimates tokens. Pure and quick: a call costs microseconds."""

    def count(self, text: str, kind: TextKind = "prose") -> int:
        """Tokens of a text, >= 0, and > 0 where the text is not empty."""
        ...


class Model(Protocol):
    """Answers a context."""

    @property
    def card(self) -> ModelCard:
        """What it can do."""
        ...

    def encode(self, context: Context) -> JsonObject:
        """The request exactly as `stream` sends it. Pure."""
        ...

    def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """Answer a context: any number of pieces of text, then one Reply, which ends the stream.

        Closing the iterator early cancels the call.

        Raises:
            ContextOverflow: The provider says that the context is too large.
            ModelError: The model failed; `retryable` tells whether the same call may succeed later.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections and memory."""
        ...


class PriceBook(Protocol):
    """Knows what models cost. Quick: asked before and after every model call."""

    def price(self, model: str, at: datetime, *, input_tokens: int = 0) -> Price | None:
        """Prices of a model at a moment; None where it is in no book.

        Args:
            model: As its card names it.
            at: Prices have validity, and some a time of day.
            input_tokens: Of the call; a larger one may stand in a dearer tier.
        """
        ...


CostOf: TypeAlias = Callable[[str, Usage], Cost | None]
"""What a call of a model costs that has just ended; None where the model is in no price book."""


class Embedder(Protocol):
    """Makes vectors of texts."""

    @property
    def card(self) -> EmbedderCard:
        """What it is."""
        ...

    async def encode(self, texts: Sequence[str]) -> Sequence[Encoding]:
        """An encoding for each text, in order. Long texts are cut to what the model takes.

        Raises:
            EmbedderError: The model failed or cannot be loaded.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections and memory."""
        ...
