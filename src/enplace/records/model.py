"""What a model can do, as data."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheProfile:
    """How a model's provider keeps prompt prefixes."""

    ttl_s: float = 300.0
    """Seconds a prefix stays warm after its last use; infinite where only pressure evicts it."""
    min_tokens: int = 0
    """Shorter prefixes are never cached."""
    head_ttl: Literal["5m", "1h"] = "5m"
    """How long tools, system prompt and soul are asked to stay, where the provider lets choose."""


FrameStyle = Literal["fenced", "plain"]
"""How recalled memories are laid in front of a message: dated inside a tag, or as plain lines below
a heading, which very small models read better (decision 0011)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One model's abilities and limits. The engine asks the card, never the name."""

    name: str
    window_tokens: int
    """Input and output together."""
    output_tokens: int
    """Most tokens asked for in one answer; held back from the window."""
    tools: Literal["native", "envelope", "none"] = "native"
    """How it calls tools: its provider's way, a tagged JSON envelope, or not at all."""
    uses_engine_tools: bool = True
    """Whether remember, recall and note are offered to it."""
    can_summarise: bool = False
    can_extract: bool = False
    frame_style: FrameStyle = "fenced"
    memories_per_frame: int = 6
    """Most memories it is shown at once; small models lose their way among many."""
    cache: CacheProfile = CacheProfile()
