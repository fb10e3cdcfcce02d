"""Recorded sessions, read from a folder that is no part of the project."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

EventRole = Literal["system", "user", "assistant", "tool", "meta"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A tool that a recorded model asked for."""

    id: str
    tool: str
    arguments: str
    """Canonical JSON; the text as it is where the recording has no object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedUsage:
    """What the provider reported for a call, in tokens; hits and writes are inside the input."""

    input_tokens: int
    hit_tokens: int
    write_tokens: int
    write_1h_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One event of a session. `meta` events are no part of the dialogue."""

    index: int
    role: EventRole
    at_s: float
    """Seconds since the epoch."""
    text: str
    calls: tuple[RecordedCall, ...] = ()
    call_id: str = ""
    """Of a tool's result."""
    tool: str = ""
    is_error: bool = False
    usage: RecordedUsage | None = None
    kind: str = ""
    """Of a meta event: compact_boundary, compact_summary, microcompact."""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Everything else of a meta event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One recorded task."""

    id: str
    source: str
    agent: str
    models: tuple[str, ...]
    cwd: str
    chars_per_token: float
    events: tuple[Recorded, ...]
    """`events[i].index == i`."""

    @property
    def calls(self) -> tuple[int, ...]:
        """Indices of the assistant events, one for every model call."""
        return tuple(event.index for event in self.events if event.role == "assistant")


def load_sessions(folder: Path, names: str = "*.json*.gz") -> Iterator[Session]:
    """The sessions of a folder, in order of file names: `*.json.gz`, or many a file `*.jsonl.gz`."""
    for path in sorted(folder.glob(names)):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            if path.name.endswith(".jsonl.gz"):
                yield from (session_of(json.loads(line)) for line in lines if line.strip())
            else:
                yield session_of(json.load(lines))


def session_of(raw: Mapping[str, Any]) -> Session:
    """A session as recorded."""
    return Session(
        id=raw["id"],
        source=raw.get("source", ""),
        agent=raw.get("agent", ""),
        models=tuple(raw.get("models") or ()),
        cwd=raw.get("cwd", ""),
        chars_per_token=float(raw.get("chars_per_token") or 3.5),
        events=tuple(_event(i, event) for i, event in enumerate(raw["events"])),
    )


def _event(index: int, raw: Mapping[str, Any]) -> Recorded:
    calls = tuple(
        RecordedCall(id=str(call.get("id", "")), tool=call["name"], arguments=_given(call["args"]))
        for call in raw.get("tool_calls") or ()
    )
    known = {"role", "t", "text", "think", "tool_calls", "tool_call_id", "name", "i", "usage"}
    return Recorded(
        index=index,
        role=raw["role"],
        at_s=float(raw.get("t") or 0.0),
        text=raw.get("text") or "",
        calls=calls,
        call_id=raw.get("tool_call_id") or "",
        tool=raw.get("name") or "",
        is_error=bool(raw.get("is_error")),
        usage=_usage(raw.get("usage")),
        kind=raw.get("kind") or "",
        extra={k: v for k, v in raw.items() if k not in known} if raw["role"] == "meta" else {},
    )


def _given(arguments: Any) -> str:
    if isinstance(arguments, str):
        return arguments
    return json.dumps(arguments, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _usage(raw: Mapping[str, Any] | None) -> RecordedUsage | None:
    if not raw:
        return None
    hit, written = int(raw.get("cr") or 0), int(raw.get("cw") or 0)
    return RecordedUsage(
        input_tokens=int(raw.get("in") or 0) + hit + written,
        hit_tokens=hit,
        write_tokens=written,
        write_1h_tokens=int(raw.get("cw1h") or 0),
        output_tokens=int(raw.get("out") or 0),
    )
