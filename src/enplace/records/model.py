"""What a model can do, as data."""

from dataclasses import dataclass
from typing import Literal

from enplace.records.media import MediaRule

Matching = Literal["markers", "own_markers", "prefix", "units"]
"""Where a cache finds again what it has: only where a marker of a request stood (`markers`); the
same, but the provider sets one by itself at the end of each request (`own_markers`); as far as
beginnings agree (`prefix`); or only in units that it chose itself, each whole (`units`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheProfile:
    """How a model's provider keeps prompt prefixes, and what a write costs.

    `providers/caches.py` has those of known providers, each with its source.
    """

    ttl_s: float = 300.0
    """Seconds a prefix stays warm after its last use; infinite where only pressure evicts it."""
    min_tokens: int = 0
    """Shorter prefixes are never cached."""
    head_ttl: Literal["5m", "1h"] = "5m"
    """How long tools, system prompt and soul are asked to stay, where the provider lets choose."""
    long_ttl_s: float = 0.0
    """Seconds of the longer time that can be asked for; 0 where there is none."""
    write_ratio: float = 1.25
    """Price of a token that is cached for the usual time, in prices of an input token."""
    long_write_ratio: float = 2.0
    """The same for the longer time; without meaning where there is none."""
    matching: Matching = "prefix"
    markers: int = 0
    """Most markers in one request; 0 where none can be set."""
    lookback_blocks: int = 0
    """Blocks before a marker in which an earlier one is looked for; 0 without a limit."""
    lookback_markers: int = 0
    """Newest markers that are tried; 0 without a limit."""
    block_tokens: int = 1
    """Hits are whole multiples of this."""
    source: str = ""
    """Where this is written, and when it was read."""


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
    media: MediaRule = "text"
    """How it counts images and files; `text` reads none, and is told what stood there."""
    cache: CacheProfile = CacheProfile()
