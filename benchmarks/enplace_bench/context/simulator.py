"""Prefix caches of providers: how much of each request they would have had.

A request is told by numbers, one for each prefix that ends with a block: equal prefixes have equal
numbers (`Prefixes`). A block counts as one content block.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

from enplace_bench.context.payload import Block

MOST_BREAKPOINTS = 4
LOOK_BACK = 20
"""Positions Anthropic checks for each breakpoint, the breakpoint's own as the first."""
MINUTES_5, HOUR_1 = 300.0, 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as a cache sees it."""

    at_s: float
    prefixes: tuple[int, ...]
    """The number of the prefix that ends with each block."""
    ends: tuple[int, ...]
    """Tokens up to and with each block."""
    breakpoints: tuple[int, ...] = ()
    """Positions in rising order; only Anthropic looks at them."""

    @property
    def tokens(self) -> int:
        """All of it."""
        return self.ends[-1] if self.ends else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a provider would report; the three make the whole input."""

    hit: int
    written: int
    uncached: int

    @property
    def tokens(self) -> int:
        """The whole input."""
        return self.hit + self.written + self.uncached


class Cache(Protocol):
    """A provider's cache. Requests come in order of time."""

    def send(self, request: Request) -> Counted:
        """Count a request, and keep of it what the provider keeps."""
        ...

    def ask(self, request: Request) -> Counted:
        """Count a request that leaves nothing new behind, for instance one for a summary.

        What it reads stays alive as if it had been sent.
        """
        ...


class Prefixes:
    """Gives numbers to the prefixes of a session's requests."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str], int] = {}
        self._blocks: tuple[Block, ...] = ()
        self._path: tuple[int, ...] = ()

    def path(self, blocks: Sequence[Block]) -> tuple[int, ...]:
        """The number of the prefix that ends with each block; 0 is nothing at all."""
        same = 0
        for mine, theirs in zip(blocks, self._blocks, strict=False):
            if mine is not theirs:
                break
            same += 1
        path = list(self._path[:same])
        last = path[-1] if path else 0
        for block in blocks[same:]:
            last = self._numbers.setdefault((last, block.text), len(self._numbers) + 1)
            path.append(last)
        self._blocks, self._path = tuple(blocks), tuple(path)
        return self._path

    def request(
        self, at_s: float, blocks: Sequence[Block], breakpoints: tuple[int, ...] = ()
    ) -> Request:
        """These blocks as a cache sees them."""
        return Request(
            at_s=at_s,
            prefixes=self.path(blocks),
            ends=tuple(accumulate(block.tokens for block in blocks)),
            breakpoints=breakpoints,
        )


@dataclass(slots=True)
class _Entries:
    """Prefixes and when they were last used."""

    ttl_s: float
    used: dict[int, float] = field(default_factory=dict[int, float])

    def alive(self, prefix: int, now_s: float) -> bool:
        at = self.used.get(prefix)
        return at is not None and now_s - at <= self.ttl_s

    def use(self, prefix: int, now_s: float) -> None:
        # Recorded clocks step back by milliseconds where tools ran side by side.
        self.used[prefix] = max(now_s, self.used.get(prefix, now_s))


class Anthropic:
    """Explicit breakpoints, at most four of them.

    Entries are only where an earlier request had a breakpoint. For each breakpoint, last first, 20
    positions are checked backwards; the first entry found is read. Everything between what was
    read and the last breakpoint is written. Reading refreshes.

    Source: platform.claude.com/docs/en/build-with-claude/prompt-caching.
    """

    def __init__(self, *, ttl_s: float = MINUTES_5, minimum: int = 1_024) -> None:
        self._entries = _Entries(ttl_s)
        self._minimum = minimum

    def send(self, request: Request) -> Counted:
        marks = self._marks(request)
        found = self._read(request, marks)
        hit = request.ends[found] if found >= 0 else 0
        end = request.ends[marks[-1]] if marks else 0
        for mark in marks:
            self._entries.use(request.prefixes[mark], request.at_s)
        written = max(0, end - hit)
        return Counted(hit=hit, written=written, uncached=request.tokens - hit - written)

    def ask(self, request: Request) -> Counted:
        found = self._read(request, self._marks(request))
        hit = request.ends[found] if found >= 0 else 0
        return Counted(hit=hit, written=0, uncached=request.tokens - hit)

    def _marks(self, request: Request) -> list[int]:
        """Breakpoints that count; a prefix below the minimum is silently not cached."""
        if len(request.breakpoints) > MOST_BREAKPOINTS:
            raise ValueError(f"{len(request.breakpoints)} breakpoints, Anthropic takes four")
        return [mark for mark in request.breakpoints if request.ends[mark] >= self._minimum]

    def _read(self, request: Request, marks: Sequence[int]) -> int:
        """The position that ends what is read, -1 without any; what is read is refreshed."""
        for mark in reversed(marks):
            for position in range(mark, max(-1, mark - LOOK_BACK), -1):
                prefix = request.prefixes[position]
                if self._entries.alive(prefix, request.at_s):
                    self._entries.use(prefix, request.at_s)
                    return position
        return -1


class OpenAI:
    """Automatic: the longest prefix of an earlier request, from 1,024 tokens on in steps of 128."""

    def __init__(self, *, ttl_s: float = 600.0, minimum: int = 1_024, step: int = 128) -> None:
        self._entries = _Entries(ttl_s)
        self._minimum, self._step = minimum, step

    def send(self, request: Request) -> Counted:
        counted = self.ask(request)
        for prefix in request.prefixes:
            self._entries.use(prefix, request.at_s)
        return counted

    def ask(self, request: Request) -> Counted:
        common = 0
        for position, prefix in enumerate(request.prefixes):
            if not self._entries.alive(prefix, request.at_s):
                break
            common = request.ends[position]
        hit = common // self._step * self._step if common >= self._minimum else 0
        for position, prefix in enumerate(request.prefixes):
            if request.ends[position] > hit:
                break
            self._entries.use(prefix, request.at_s)
        return Counted(hit=hit, written=0, uncached=request.tokens - hit)


class PlainPrefix(OpenAI):
    """The longest prefix of any earlier request, to the token."""

    def __init__(self, *, ttl_s: float = float("inf")) -> None:
        super().__init__(ttl_s=ttl_s, minimum=0, step=1)


class Slot:
    """One server slot: the longest common prefix with the request before, which it replaces."""

    def __init__(self) -> None:
        self._held: tuple[int, ...] = ()

    def send(self, request: Request) -> Counted:
        counted = self.ask(request)
        self._held = request.prefixes
        return counted

    def ask(self, request: Request) -> Counted:
        hit = 0
        for end, mine, held in zip(request.ends, request.prefixes, self._held, strict=False):
            if mine != held:
                break
            hit = end
        return Counted(hit=hit, written=0, uncached=request.tokens - hit)
