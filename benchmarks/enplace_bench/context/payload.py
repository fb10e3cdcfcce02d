"""What a strategy would send for one recorded model call, in blocks that a cache can hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Literal, Protocol, runtime_checkable

from enplace_bench.context.sessions import Session

Role = Literal["system", "user", "assistant", "tool"]


@lru_cache(maxsize=200_000)
def name_of(text: str) -> str:
    """SHA-256 of an exact text, in hex."""
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Block:
    """The smallest unit that changes as one: a message, a tool result, a segment of the head."""

    text: str
    tokens: int
    """Characters over the session's fitted characters per token, rounded up."""
    role: Role
    source: tuple[int, ...] = ()
    """Indices of the recorded events whose text stands here, whole or in part."""
    refs: tuple[int, ...] = ()
    """Indices of the recorded events that a reference in this text makes recoverable."""

    @property
    def id(self) -> str:
        """Names the exact text; equal texts are one block to a cache."""
        return name_of(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuxCall:
    """A model call beside the turn's own, for instance for a summary."""

    blocks: tuple[Block, ...]
    """What it sends; where it extends the cached prefix, the same blocks come first."""
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One request."""

    blocks: tuple[Block, ...]
    """The first one is the fixed prefix: system prompt and tools."""
    breakpoints: tuple[int, ...] = ()
    """Positions of the blocks that end a cacheable prefix, at most four, in rising order. Empty:
    the simulator puts them at the end of the head, of the request before, and of this one."""
    aux: tuple[AuxCall, ...] = ()
    """Calls made since the last request to bring this one about, in order."""
    announced: str = ""
    """Why the strategy itself says that the request before is no prefix of this one."""
    cpu_s: float = 0.0
    """CPU seconds spent on deciding and rendering."""

    @property
    def tokens(self) -> int:
        """All of it."""
        return sum(block.tokens for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Refused:
    """The strategy says that what it has does not fit the window: the call is not sent."""

    tokens: int


class Replay(Protocol):
    """One strategy on one session. Calls come in order, and none twice."""

    def call(self, index: int) -> Payload | Refused:
        """The request for the recorded assistant event `index`; only events before it are seen.

        A payload over the window counts as refused too.
        """
        ...


@runtime_checkable
class Remembering(Protocol):
    """A replay that finds a place for recalled memories."""

    def remember(self, index: int, texts: Sequence[str]) -> None:
        """What was recalled for the user event `index`, best first; before the call behind it."""
        ...


class Strategy(Protocol):
    """A way to build contexts."""

    @property
    def name(self) -> str:
        """As printed."""
        ...

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """Start on a session.

        Args:
            session: What was recorded.
            window: Most tokens of a payload.
            prefix_tokens: Size of the fixed prefix, which stands first in every payload as a block
                `fixed_prefix(prefix_tokens)`.
        """
        ...


def fixed_prefix(tokens: int) -> Block:
    """System prompt and tools, which the recordings do not hold."""
    return Block("[system prompt and tools]", tokens, "system")


def tokens_of(text: str, session: Session) -> int:
    """Characters over the session's fitted characters per token, rounded up."""
    return -int(-len(text) // session.chars_per_token)


def breakpoints_of(blocks: Sequence[Block], before: Sequence[Block]) -> tuple[int, ...]:
    """Where a careful client marks: the end of the head, of the request before, and of this one."""
    common = 0
    for mine, theirs in zip(blocks, before, strict=False):
        if mine.text != theirs.text:
            break
        common += 1
    ends = {0, len(blocks) - 1}
    if common:
        ends.add(common - 1)
    return tuple(sorted(ends))
