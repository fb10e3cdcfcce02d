"""Every request as a file, for scoring with any instrument: enplace-replay/1, JSON Lines.

The first line of a run names it:

    {"format": "enplace-replay/1", "strategy": ..., "window": tokens, "prefix_tokens": n,
     "chars_per_token": "as in the data"}

Then, in order of calls, a text the first time it is used, and the calls:

    {"block": sha256 of the text, "text": ...}
    {"session": ..., "call": index of the assistant event, "aux": false, "breakpoints": [...],
     "blocks": [{"id": sha256, "tokens": n, "role": ..., "source": [...], "refs": [...]}]}
    {"session": ..., "call": index, "overflow": true}

A call made beside the turn has `"aux": true` and `"output_tokens"`. Several runs stand one behind
the other, each with its own first line and its own texts.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from enplace.records.canonical import JsonObject
from enplace_bench.context.payload import Block, Payload, breakpoints_of
from enplace_bench.context.replaying import Call, Case, marked

FORMAT = "enplace-replay/1"


class Writer:
    """Writes runs to a file; what was in it is gone."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def begin(self, strategy: str, window: int, prefix_tokens: int) -> None:
        """Start a run."""
        self._known.clear()
        self._line(
            {
                "format": FORMAT,
                "strategy": strategy,
                "window": window,
                "prefix_tokens": prefix_tokens,
                "chars_per_token": "as in the data",
            }
        )

    def call(self, case: Case, call: Call, before: Payload | None) -> None:
        """Write one call of the run, with the calls made beside it first.

        Args:
            case: Whose call it is.
            call: What the strategy made of it.
            before: The request sent before it in this session, if any.
        """
        head: JsonObject = {"session": case.session.id, "call": call.event.index}
        if call.payload is None:
            self._line({**head, "overflow": True})
            return
        for aux in call.payload.aux:
            marks = breakpoints_of(aux.blocks, before.blocks if before else ())
            beside: JsonObject = {**head, "aux": True, "output_tokens": aux.output_tokens}
            self._request(beside, aux.blocks, marks)
        self._request({**head, "aux": False}, call.payload.blocks, marked(call.payload, before))

    def _request(self, head: JsonObject, blocks: Sequence[Block], marks: Sequence[int]) -> None:
        for block in blocks:
            if block.id not in self._known:
                self._known.add(block.id)
                self._line({"block": block.id, "text": block.text})
        written: list[JsonObject] = [
            {
                "id": block.id,
                "tokens": block.tokens,
                "role": block.role,
                "source": list(block.source),
                "refs": list(block.refs),
            }
            for block in blocks
        ]
        self._line({**head, "breakpoints": list(marks), "blocks": [*written]})

    def _line(self, line: JsonObject) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
