"""How peers write an event, so that calls and results can be told from the text alone.

An assistant's text is followed by one line `[call <id> <tool> <canonical json arguments>]` for each
call; a tool's block begins with `[result <id>]` on a line of its own.
"""

import json
import re
from collections.abc import Iterator, Sequence
from time import process_time
from typing import Any, cast

from enplace_bench.context.payload import (
    AuxCall,
    Block,
    Payload,
    Refused,
    Role,
    fixed_prefix,
    tokens_of,
)
from enplace_bench.context.sessions import Recorded, RecordedCall, Session

_CALL = re.compile(r"^\[call (\S+) (\S+) (.*)\]$", re.MULTILINE)
_RESULT = re.compile(r"\A\[result (\S+)\]\n")


def call_line(call: RecordedCall) -> str:
    """A call on one line; arguments that are no JSON object may bring line breaks with them."""
    given = call.arguments
    return f"[call {call.id} {call.tool} {json.dumps(given) if chr(10) in given else given}]"


def assistant_text(text: str, calls: tuple[RecordedCall, ...]) -> str:
    """What a model said and asked for."""
    lines = [call_line(call) for call in calls]
    return "\n".join([text, *lines] if text else lines)


def result_text(call_id: str, text: str) -> str:
    """A tool's result."""
    return f"[result {call_id}]\n{text}"


def text_of(event: Recorded) -> str:
    """An event as it stands in a peer's block."""
    if event.role == "tool":
        return result_text(event.call_id, event.text)
    return assistant_text(event.text, event.calls) if event.calls else event.text


def block_of(event: Recorded, session: Session) -> Block:
    """An event as one block.

    Raises:
        ValueError: A meta event is no part of the dialogue.
    """
    if event.role == "meta":
        raise ValueError(f"event {event.index} is no part of the dialogue")
    return made(text_of(event), event.role, session, (event.index,))


def made(text: str, role: Role, session: Session, source: tuple[int, ...] = ()) -> Block:
    """A block of any text."""
    return Block(text, tokens_of(text, session), role, source)


def arguments_of(text: str) -> dict[str, Any]:
    """A call's arguments; none where they are no JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def calls_in(block: Block) -> list[str]:
    """Ids of the calls that a block makes, in order."""
    return [found[1] for found in _CALL.finditer(block.text)] if block.role == "assistant" else []


def result_in(block: Block) -> str:
    """Id of the call whose result a block is; empty when it is none."""
    if block.role != "tool":
        return ""
    found = _RESULT.match(block.text)
    return found[1] if found else ""


class History:
    """The dialogue so far, block by block; a peer changes what is shown of it in `fit`."""

    def __init__(self, session: Session, window: int, prefix_tokens: int) -> None:
        self.session = session
        self.window = window
        self.head = fixed_prefix(prefix_tokens)
        self.blocks: list[Block] = []
        """What the next request shows after the head."""
        self.aux: list[AuxCall] = []
        """Calls made for it."""
        self.announced = ""
        self._next = 0

    @property
    def tokens(self) -> int:
        """Of a request that shows all blocks."""
        return self.head.tokens + sum(block.tokens for block in self.blocks)

    def call(self, index: int) -> Payload | Refused:
        """See `Replay`."""
        began = process_time()
        self.blocks.extend(self._new(index))
        self.aux, self.announced = [], ""
        self.fit(index)
        return Payload(
            blocks=(self.head, *self.blocks),
            aux=tuple(self.aux),
            announced=self.announced,
            cpu_s=process_time() - began,
        )

    def fit(self, index: int) -> None:
        """Make the request for the event `index` what this peer makes of it; here, nothing."""

    def _new(self, index: int) -> Iterator[Block]:
        for event in self.session.events[self._next : index]:
            if event.role != "meta":
                yield block_of(event, self.session)
        self._next = max(self._next, index)


def pending(session: Session, index: int) -> list[str]:
    """What the call `index` must answer: the user's messages no model saw yet, else the last one."""
    found: list[str] = []
    seen = False
    for event in reversed(session.events[:index]):
        if event.role == "assistant":
            if found:
                break
            seen = True
        elif event.role == "user" and event.text:
            found.append(event.text)
            if seen:
                break
    return found[::-1]


def whole_from(blocks: Sequence[Block], cut: int) -> int:
    """The first place at or after `cut` where nothing that follows is a result without its call."""
    torn = torn_places(blocks)
    while cut in torn:
        cut += 1
    return cut


def whole_before(blocks: Sequence[Block], cut: int) -> int:
    """The last place at or before `cut` where nothing that follows is a result without its call."""
    torn = torn_places(blocks)
    while cut in torn:
        cut -= 1
    return cut


def torn_places(blocks: Sequence[Block]) -> set[int]:
    """Places that part a call from its result."""
    made_at: dict[str, int] = {}
    torn: set[int] = set()
    for place, block in enumerate(blocks):
        if block.role == "tool":
            torn.update(range(made_at.get(result_in(block), place) + 1, place + 1))
        for call_id in calls_in(block):
            made_at[call_id] = place
    return torn
