"""Peers that run in environments of their own, outside the lock.

`ENPLACE_PEER_<NAME>=/path/to/python` says where: a Python that has the peer's package. Without it
the peer is not listed.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import enplace_bench
from enplace_bench.context.payload import (
    AuxCall,
    Block,
    Payload,
    Refused,
    Replay,
    fixed_prefix,
    tokens_of,
)
from enplace_bench.context.peers.adapters.messages import Message
from enplace_bench.context.peers.rendering import block_of, made
from enplace_bench.context.peers.summaries import Extractive, Summariser
from enplace_bench.context.peers.summarising import SUMMARY_TOKENS
from enplace_bench.context.sessions import Recorded, Session

_ADAPTERS = "enplace_bench.context.peers.adapters"
_ROOT = Path(enplace_bench.__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A peer that an adapter runs."""

    peer: str
    adapter: str
    """Module in `adapters`."""
    python: str
    variant: str = ""
    """Told to the adapter."""
    summariser: Summariser = field(default_factory=Extractive)

    @property
    def name(self) -> str:
        """See `Strategy`."""
        return self.peer + self.summariser.edge

    @property
    def versions(self) -> Mapping[str, str]:
        """Package -> release."""
        return self._line().versions

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """See `Strategy`."""
        return _Replay(self._line(), self.summariser, session, window, prefix_tokens)

    def close(self) -> None:
        """End the adapter, if it runs."""
        line = _lines.pop((self.python, self.adapter, self.variant), None)
        if line is not None:
            line.close()

    def _line(self) -> "_Line":
        where = (self.python, self.adapter, self.variant)
        if where not in _lines:
            _lines[where] = _Line(*where)
        return _lines[where]


class _Line:
    """A running adapter."""

    def __init__(self, python: str, adapter: str, variant: str) -> None:
        self._name = adapter
        handle, name = tempfile.mkstemp()
        os.unlink(name)
        self._errors = os.fdopen(handle, "w+", errors="replace")
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._process = subprocess.Popen(
            [python, "-m", f"{_ADAPTERS}.{adapter}", *([variant] if variant else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            env={**kept, "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.versions: dict[str, str] = self.hear()["versions"]
        self.replays = 0
        """Started on it; only the last one may go on."""

    def say(self, value: Mapping[str, Any]) -> None:
        """One line to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """One line from it.

        Raises:
            RuntimeError: It ended; the message has what it wrote to standard error last.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._errors.seek(0)
            said = self._errors.read()[-2_000:]
            self.close()
            raise RuntimeError(f"the adapter {self._name} ended with {code}: {said}")
        return json.loads(line)

    def close(self) -> None:
        """It ends when it has nothing more to read."""
        for where, other in list(_lines.items()):
            if other is self:
                del _lines[where]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._errors.close()
        self._process.wait()


_lines: dict[tuple[str, str, str], _Line] = {}
"""One for all sessions: importing some of the packages takes seconds."""


class _Replay:
    def __init__(
        self,
        line: _Line,
        summariser: Summariser,
        session: Session,
        window: int,
        prefix_tokens: int,
    ) -> None:
        self._line = line
        self._summariser = summariser
        self._session = session
        self._window = window
        self._head = fixed_prefix(prefix_tokens)
        self._next = 0
        self._blocks: dict[int | str, Block] = {}
        self._sizes: dict[int, int] = {}
        """Call -> tokens of its request."""
        line.replays += 1
        self._number = line.replays
        openai = session.agent.startswith("Codex") or any("gpt" in m for m in session.models)
        line.say(
            {
                "start": {
                    "window": window,
                    "prefix_tokens": prefix_tokens,
                    "chars_per_token": session.chars_per_token,
                    "provider": "openai" if openai else "anthropic",
                }
            }
        )

    def call(self, index: int) -> Payload | Refused:
        """See `Replay`."""
        if self._number != self._line.replays:
            raise RuntimeError("another replay was started on the same adapter")
        self._line.say({"new": [message.json for message in self._new(index)]})
        aux: list[AuxCall] = []
        while "ask" in (told := self._line.hear()):
            aux.append(self._answer(told["ask"], index))
        blocks = (self._head, *(self._block(shown) for shown in told["show"]))
        payload = Payload(
            blocks=blocks, aux=tuple(aux), announced=told["announced"], cpu_s=told["cpu_s"]
        )
        self._sizes[index] = payload.tokens
        return payload

    def _new(self, index: int) -> Iterator[Message]:
        for event in self._session.events[self._next : index]:
            if event.role != "meta":
                self._blocks[event.index] = block_of(event, self._session)
                yield self._message(event)
        self._next = max(self._next, index)

    def _message(self, event: Recorded) -> Message:
        assert event.role != "meta"
        return Message(
            role=event.role,
            text=event.text,
            calls=event.calls,
            call_id=event.call_id,
            tool=event.tool,
            is_error=event.is_error,
            at_s=event.at_s,
            key=event.index,
            input_tokens=self._sizes.get(event.index, 0),
        )

    def _answer(self, texts: Sequence[str], index: int) -> AuxCall:
        """Say what the model would; a prompt over the window gets the newest part of it."""
        room = int((self._window - SUMMARY_TOKENS) * self._session.chars_per_token)
        seen = "\n".join(texts)[-room:]
        tokens = min(SUMMARY_TOKENS, self._window // 10)
        parts = unescape(seen).split("\n\n")  # some prompts are XML
        text = self._summariser.write(parts, tokens, self._session, index)
        self._line.say({"say": text})
        return AuxCall(
            blocks=(made(seen, "user", self._session),),
            output_tokens=tokens_of(text, self._session),
        )

    def _block(self, shown: int | dict[str, Any]) -> Block:
        if isinstance(shown, int):
            return self._blocks[shown]
        message = Message.of(shown)
        text = message.rendered
        if text not in self._blocks:
            self._blocks[text] = made(text, message.role, self._session)
        return self._blocks[text]
