"""What a model call consumed."""

from dataclasses import dataclass
from typing import Literal, Self

Purpose = Literal["turn", "subagent", "collapse", "learning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Price of a model call, from a dated price book."""

    amount: str
    """Decimal number as text, so that no cent is lost to binary fractions."""
    currency: str = "USD"
    book: str = ""
    """Which price book, and of which day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one model call, or the sum over several.

    `cache_hit_tokens` and `cache_write_tokens` are inside `input_tokens`.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_hit_tokens: int = 0
    cache_write_tokens: int = 0

    def __add__(self, other: Self) -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_hit_tokens=self.cache_hit_tokens + other.cache_hit_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
        )
