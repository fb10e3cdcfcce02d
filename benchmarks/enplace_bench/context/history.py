"""Contexts that need no thought: the whole history, and a window that slides over it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from enplace_bench.context.payload import (
    Block,
    Payload,
    Refused,
    Replay,
    Role,
    fixed_prefix,
    tokens_of,
)
from enplace_bench.context.sessions import Recorded, Session


def text_of(event: Recorded, *, with_ids: bool = False) -> str:
    """An event as the benchmark writes it: its text, then a line for each tool called."""
    calls = [
        f"[call {call.id + ' ' if with_ids else ''}{call.tool} {call.arguments}]"
        for call in event.calls
    ]
    text = f"[result {event.call_id}]\n{event.text}" if with_ids and event.call_id else event.text
    return "\n".join([text, *calls] if text else calls)


def block_of(event: Recorded, session: Session, *, with_ids: bool = False) -> Block:
    """An event as one block. Meta events are no part of the dialogue and have none."""
    if event.role == "meta":
        raise ValueError(f"event {event.index} is no part of the dialogue")
    role: Role = event.role
    text = text_of(event, with_ids=with_ids)
    return Block(text, tokens_of(text, session), role, source=(event.index,))


class _Whole:
    def __init__(self, session: Session, prefix_tokens: int, with_ids: bool) -> None:
        self._session = session
        self._with_ids = with_ids
        self._blocks = [fixed_prefix(prefix_tokens)]
        self._next = 0

    def call(self, index: int) -> Payload | Refused:
        for event in self._session.events[self._next : index]:
            if event.role != "meta":
                self._blocks.append(block_of(event, self._session, with_ids=self._with_ids))
        self._next = max(self._next, index)
        return Payload(blocks=tuple(self._blocks))


@dataclass(frozen=True, slots=True)
class FullHistory:
    """Everything, as it happened."""

    name: str = "full history"
    with_ids: bool = False
    """Whether calls and results are written with the ids that pair them, as peers write them."""

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """Start on a session; the window is not looked at."""
        return _Whole(session, prefix_tokens, self.with_ids)


class SlidingReplay:
    """The newest part of one session's history."""

    def __init__(self, session: Session, window: int, prefix_tokens: int, keep: float) -> None:
        self._session = session
        self._window = window
        self._target = int(keep * window)
        self._head = fixed_prefix(prefix_tokens)
        self._blocks: list[Block] = []
        self._tokens = prefix_tokens
        self._next = 0

    def added(self, event: Recorded) -> Iterable[Block]:
        """What an event brings into the history."""
        yield block_of(event, self._session)

    def extra_tokens(self) -> int:
        """Of what the window must hold beside the history."""
        return 0

    def call(self, index: int) -> Payload | Refused:
        """See `Replay`."""
        for event in self._session.events[self._next : index]:
            if event.role != "meta":
                for block in self.added(event):
                    self._blocks.append(block)
                    self._tokens += block.tokens
        self._next = max(self._next, index)
        announced = ""
        if self._tokens + self.extra_tokens() > self._window:
            announced = f"trimmed {self._trim()} blocks"
        return Payload(blocks=(self._head, *self._blocks), announced=announced)

    def _trim(self) -> int:
        target = self._target - self.extra_tokens()
        last = len(self._blocks) - 1
        dropped = 0
        # A result without its call is refused by every provider.
        while dropped < last and (self._tokens > target or self._blocks[dropped].role == "tool"):
            self._tokens -= self._blocks[dropped].tokens
            dropped += 1
        del self._blocks[:dropped]
        return dropped


@dataclass(frozen=True, slots=True)
class Sliding:
    """The newest part of the history; when the window is full, trimmed to a share of it."""

    name: str = "sliding window, trim to 50 %"
    keep: float = 0.5

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """Start on a session."""
        return SlidingReplay(session, window, prefix_tokens, self.keep)


def arguments_of(text: str) -> Mapping[str, Any]:
    """A call's arguments as an object; empty where they are none."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}
