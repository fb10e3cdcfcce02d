"""Retention probes: what a recorded agent used again long after it was last visible."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from enplace_bench.context.sessions import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """An identifier, last visible long ago, that the recorded agent uses at event `used`."""

    ident: str
    kind: str
    """path, symbol, sha, number, id, uuid, url."""
    origin: str
    """Where it came from: tool, user, assistant or system."""
    where: Literal["args", "text"]
    """What the agent used it in."""
    used: int
    last: int
    """The event where it was last visible before."""
    distance: int
    """Tokens since then."""
    occurs: tuple[int, ...]
    """Events before `used` where it stands."""
    evidence: str
    """The line where it was last visible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A sentence in which a user says what must be, or must never be."""

    event: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Of one session."""

    probes: tuple[Probe, ...] = ()
    directives: tuple[Directive, ...] = ()

    def by_call(self) -> dict[int, list[Probe]]:
        """Probes by the assistant event that uses them."""
        found: dict[int, list[Probe]] = {}
        for probe in self.probes:
            found.setdefault(probe.used, []).append(probe)
        return found


def files_for(data: Path) -> list[Path]:
    """The probes of a data folder: `KIND/SPLIT` has them in `probes/SPLIT/KIND*.jsonl.gz`."""
    folder = data.resolve()
    beside = folder.parent.parent / "probes" / folder.name
    return sorted(beside.glob(f"{folder.parent.name}*.jsonl.gz"))


def load_probes(paths: Iterable[Path]) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of probe files by session, for `probes_of`."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                raw: Mapping[str, Any] = json.loads(line)
                rows.setdefault(raw["session"], []).append(raw)
    return rows


def probes_of(session: Session, rows: Sequence[Mapping[str, Any]]) -> Probes:
    """A session's probes. Their files count events without the meta ones; a session counts all."""
    events = [event.index for event in session.events if event.role != "meta"]
    return Probes(
        probes=tuple(_probe(raw, events) for raw in rows if raw.get("type") != "directive"),
        directives=tuple(
            Directive(event=events[int(raw["event"])], text=raw["text"])
            for raw in rows
            if raw.get("type") == "directive"
        ),
    )


def _probe(raw: Mapping[str, Any], events: Sequence[int]) -> Probe:
    return Probe(
        ident=raw["ident"],
        kind=raw["kind"],
        origin=raw["origin"],
        where=raw["where"],
        used=events[int(raw["used"])],
        last=events[int(raw["last"])],
        distance=raw["dist"],
        occurs=tuple(events[int(at)] for at in raw["occ"]),
        evidence=raw.get("evidence") or "",
    )
