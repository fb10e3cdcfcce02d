"""Compaction: what is decided about a context that grows, and why."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Trigger = Literal["rent", "cold_cache", "tier", "window", "provider", "boundary", "phase"]
"""What brought a compaction about: it paid, it cost nothing now, a dearer price tier or the window
was near, the provider refused the context, somebody asked for it, or the user said that a part of the work is
over and it pays soon."""

Strategy = Literal["snip", "summary"]
"""Old tool results were taken out of view, or everything older became one handoff block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Nothing is removed."""

    reason: str
    rent_tokens: float = 0.0
    """Input-equivalent tokens that carrying what could go has cost since the last compaction."""
    price_tokens: float = 0.0
    """Input-equivalent tokens that removing it would cost now."""
    prepares: bool = False
    """Whether a collapse is near enough to be prepared in the background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snip:
    """Old tool results go out of view."""

    ordinals: tuple[int, ...]
    """Of the events whose output is replaced by a line that refers to it."""
    trigger: Trigger
    reason: str
    price_tokens: float
    """Input-equivalent tokens: what is sent anew behind the first of them."""
    saving_tokens: float
    """Input-equivalent tokens saved by each later call."""

    @property
    def break_even_calls(self) -> float:
        """Calls after which it has paid."""
        return self.price_tokens / self.saving_tokens if self.saving_tokens else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collapse:
    """All that is older than a boundary becomes one handoff block."""

    upto: int
    """Ordinal of the last event before the boundary."""
    block_tokens: int
    """Most that the handoff block may have, in estimated input tokens."""
    trigger: Trigger
    reason: str
    price_tokens: float
    """Input-equivalent tokens: what is sent anew behind the head."""
    saving_tokens: float
    """Input-equivalent tokens saved by each later call."""

    @property
    def break_even_calls(self) -> float:
        """Calls after which it has paid."""
        return self.price_tokens / self.saving_tokens if self.saving_tokens else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """It does not fit, and nothing that may be removed would make it fit."""

    reason: str


Decision: TypeAlias = Keep | Snip | Collapse | Overflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """How much of a long tool output is shown: its beginning and its end."""

    head: int
    """Characters shown of its beginning."""
    tail: int
    """Characters shown of its end."""
    gap: str
    """What stands between them; `{ref}` is the reference to the whole output."""


def excerpted(text: str, excerpt: Excerpt | None, ordinal: int) -> str:
    """A tool output as it is shown."""
    if excerpt is None:
        return text
    gap = excerpt.gap.replace("{ref}", f"[e{ordinal}]")
    end = text[len(text) - excerpt.tail :] if excerpt.tail else ""
    return f"{text[: excerpt.head]}\n{gap}\n{end}"
