"""Recorded sessions through a strategy, call by call, and what a cache makes of the requests.

Teacher-forced: before the recorded model call i the strategy has seen the events before i, whatever
it would have made of them.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from enplace_bench.context.payload import (
    Payload,
    Refused,
    Remembering,
    Replay,
    Strategy,
    breakpoints_of,
)
from enplace_bench.context.probes import Probes
from enplace_bench.context.rereads import Reread
from enplace_bench.context.scoring import extends
from enplace_bench.context.sessions import Recorded, Session
from enplace_bench.context.simulator import Cache, Counted, Prefixes

PREFIX_TOKENS = 8_000
"""Of a coding agent's system prompt and tools, which the recordings do not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A session and what is asked of the requests that a strategy makes of it."""

    session: Session
    probes: Probes = field(default_factory=Probes)
    rereads: Mapping[int, Sequence[Reread]] = field(default_factory=dict[int, Sequence[Reread]])
    memories: Mapping[int, Sequence[str]] = field(default_factory=dict[int, Sequence[str]])
    """What is recalled for each user event."""
    prefix_tokens: int = PREFIX_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a strategy made of one recorded model call."""

    event: Recorded
    payload: Payload | None
    """None where it was over the window, or refused."""
    tokens: int
    """What it would have had, sent or not."""
    cpu_s: float
    """As the strategy tells it; where it does not, all that its call took."""


def calls_of(strategy: Strategy, case: Case, window: int) -> Iterator[Call]:
    """Every recorded model call of a session, in order."""
    session = case.session
    replay = strategy.replay(session, window, case.prefix_tokens)
    before = 0
    for index in session.calls:
        for told in range(before, index):
            if told in case.memories:
                _remember(replay, told, case.memories[told])
        before = index
        began = time.thread_time()
        made = replay.call(index)
        cpu_s = time.thread_time() - began
        event = session.events[index]
        if isinstance(made, Refused):
            yield Call(event=event, payload=None, tokens=made.tokens, cpu_s=cpu_s)
            continue
        yield Call(
            event=event,
            payload=made if made.tokens <= window else None,
            tokens=made.tokens,
            cpu_s=made.cpu_s or cpu_s,
        )


def _remember(replay: Replay, index: int, texts: Sequence[str]) -> None:
    if not isinstance(replay, Remembering):
        raise TypeError(f"{type(replay).__name__} has no place for memories")
    replay.remember(index, texts)


@dataclass(slots=True)
class Billed:
    """Tokens under one cache: requests of the turn, and those beside it."""

    hit: int = 0
    written: int = 0
    uncached: int = 0
    aux_hit: int = 0
    aux_uncached: int = 0
    output: int = 0
    """As recorded, estimated from their text."""
    aux_output: int = 0

    def add(self, counted: Counted) -> None:
        """A request of the turn."""
        self.hit += counted.hit
        self.written += counted.written
        self.uncached += counted.uncached

    def add_aux(self, counted: Counted, output: int) -> None:
        """A request beside it."""
        self.aux_hit += counted.hit
        self.aux_uncached += counted.uncached
        self.aux_output += output

    @property
    def tokens(self) -> int:
        """Input of the turn's own requests."""
        return self.hit + self.written + self.uncached


class Meter:
    """Counts the requests of one session under some caches."""

    def __init__(self, caches: Mapping[str, Cache]) -> None:
        self._caches = caches
        self._prefixes = Prefixes()
        self._before: Payload | None = None
        self.billed = {name: Billed() for name in caches}

    def send(self, at_s: float, payload: Payload, output: int = 0) -> bool:
        """Count a request and those made to bring it about.

        One beside the turn is read from the cache as far as it extends the request before, and
        leaves nothing behind: nobody sends it twice.

        Returns:
            Whether the request extends the one before it; the first one does.
        """
        before = self._before.blocks if self._before else ()
        for aux in payload.aux:
            marks = breakpoints_of(aux.blocks, before)
            request = self._prefixes.request(at_s, aux.blocks, marks)
            for name, cache in self._caches.items():
                self.billed[name].add_aux(cache.ask(request), aux.output_tokens)
        request = self._prefixes.request(at_s, payload.blocks, marked(payload, self._before))
        for name, cache in self._caches.items():
            self.billed[name].add(cache.send(request))
            self.billed[name].output += output
        self._before = payload
        return extends(payload.blocks, before)


def marked(payload: Payload, before: Payload | None) -> tuple[int, ...]:
    """The breakpoints of a request: its own, or where a careful client would put them."""
    blocks = before.blocks if before else ()
    return payload.breakpoints or breakpoints_of(payload.blocks, blocks)
