"""Messages as they go over the line between the benchmark and an adapter."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from enplace_bench.context.payload import Role
from enplace_bench.context.peers.rendering import arguments_of, assistant_text, result_text
from enplace_bench.context.sessions import RecordedCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event, or what a peer made of it."""

    role: Role
    text: str
    calls: tuple[RecordedCall, ...] = ()
    call_id: str = ""
    tool: str = ""
    is_error: bool = False
    at_s: float = 0.0
    key: int = -1
    """Index of the event; -1 for a message that the peer made."""
    input_tokens: int = 0
    """Of the request that an assistant's message answered."""

    @property
    def rendered(self) -> str:
        """As it stands in a block."""
        if self.role == "tool":
            return result_text(self.call_id, self.text)
        return assistant_text(self.text, self.calls)

    @property
    def json(self) -> dict[str, Any]:
        """Over the line."""
        calls = [(call.id, call.tool, call.arguments) for call in self.calls]
        values = {name: getattr(self, name) for name in self.__slots__ if name != "calls"}
        return values | {"calls": calls}

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Message":
        """From the line."""
        values: dict[str, Any] = dict(raw)
        values["calls"] = tuple(
            RecordedCall(id=call_id, tool=tool, arguments=given)
            for call_id, tool, given in raw["calls"]
        )
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a peer knows of a session when it starts."""

    window: int
    prefix_tokens: int
    chars_per_token: float
    provider: str
    """anthropic or openai."""

    def tokens(self, messages: Sequence[Message]) -> int:
        """Of a request with these messages."""
        sizes = (ceil(len(message.rendered) / self.chars_per_token) for message in messages)
        return self.prefix_tokens + sum(sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A request."""

    messages: Sequence[Message]
    announced: str = ""


class Originals:
    """The events given so far, told by how they are rendered."""

    def __init__(self) -> None:
        self._known: dict[str, Message] = {}

    def add(self, message: Message) -> None:
        """One more."""
        self._known[message.rendered] = message

    def found(self, messages: Iterable[Message]) -> list[Message]:
        """Each message, or the event that it is."""
        return [self._known.get(message.rendered, message) for message in messages]


def object_of(call: RecordedCall) -> dict[str, Any]:
    """A call's arguments as an object; what is no object, under an empty name."""
    return arguments_of(call.arguments) or {"": call.arguments}


def call_of(call_id: str, tool: str, given: Mapping[str, Any]) -> RecordedCall:
    """A call with arguments as `object_of` has them."""
    text = (
        given[""]
        if set(given) == {""}
        else json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    )
    return RecordedCall(id=call_id, tool=tool, arguments=text)
