"""The line between the benchmark and an adapter, which runs beside its package: the adapter's end.

JSON Lines. The benchmark says `{"start": Given}` for each session and `{"new": [Message]}` for each
call; the adapter answers `{"show": [Message or its key], "announced": why}`, and may before that
say `{"ask": [text]}`, which the benchmark answers by `{"say": text}`: the model of all peers.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from time import process_time
from typing import Any, Protocol, TextIO

from enplace_bench.context.peers.adapters.messages import Given, Message, Shown

load: Callable[[str], Any] = importlib.import_module
"""A package that carries no types we rely on."""

Call = Callable[[Sequence[Message]], Shown]
"""Given the messages that are new, what is sent."""


class Ask(Protocol):
    """The model."""

    def __call__(self, *texts: str) -> str:
        """Its answer to a system prompt and a message, or to a message."""
        ...


def serve(start: Callable[[Given, Ask], Call], *packages: str) -> None:
    """Answer on standard output until standard input ends."""
    line = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a package prints is no answer
    _say(line, {"versions": {package: version(package) for package in packages}})

    def ask(*texts: str) -> str:
        _say(line, {"ask": texts})
        return json.loads(sys.stdin.readline())["say"]

    call: Call | None = None
    known: dict[int, Message] = {}
    for text in sys.stdin:
        told = json.loads(text)
        if "start" in told:
            call, known = start(Given(**told["start"]), ask), {}
            continue
        assert call is not None
        new = [Message.of(raw) for raw in told["new"]]
        known.update((message.key, message) for message in new)
        began = process_time()
        shown = call(new)
        cpu_s = process_time() - began
        messages = [m.key if known.get(m.key) == m else m.json for m in shown.messages]
        _say(line, {"show": messages, "announced": shown.announced, "cpu_s": cpu_s})


def _say(line: TextIO, value: Mapping[str, Any]) -> None:
    line.write(json.dumps(value) + "\n")
    line.flush()
