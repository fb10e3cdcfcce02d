"""Set-ups with labels, played through a real engine: what advice stands in the log afterwards."""

import tomllib
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Literal

import enplace
from enplace.engine import EngineOptions, LearningOptions
from enplace.providers.counts import CharacterCounter
from enplace.providers.prices import FixedPrices
from enplace.providers.scripted import CARD, Answer, ScriptedModel, call
from enplace.records.block import TextBlock
from enplace.records.canonical import JsonObject
from enplace.records.event import AdviceGiven, Event
from enplace.records.lint import LintCode
from enplace.records.tool import ToolCall, ToolOutcome, ToolSpec
from enplace.stores.inmemory import InMemoryBrains
from enplace_bench.recall.structured import SetClock

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SetName = Literal["known", "blind"]
FILES: dict[SetName, tuple[str, str]] = {
    "known": ("bad.toml", "good.toml"),
    "blind": ("blind_bad.toml", "blind_good.toml"),
}
"""By set: those that deserve advice, and those that do not."""
_OPTIONS = EngineOptions(learning=LearningOptions(in_background=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What was said and done before, and what the caller passed from then on."""

    user: str
    assistant: str
    calls: tuple[str, ...] = ()
    """Tools that the model called."""
    notes: dict[str, str] = field(default_factory=dict[str, str])
    """Notes that the caller wrote behind it."""
    system: str | None = None
    tools: tuple[ToolSpec, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How somebody uses the engine, and the lints that it deserves."""

    name: str
    lints: frozenset[LintCode]
    system: str
    """At the newest message, and before where no turn says otherwise."""
    message: str
    tools: tuple[ToolSpec, ...] = ()
    turns: tuple[Turn, ...] = ()

    @property
    def parts(self) -> Iterator[tuple[Turn, str, tuple[ToolSpec, ...]]]:
        """Every turn with the head that it has; the last is the newest message."""
        system, tools = self.system, self.tools
        for turn in self.turns:
            system = system if turn.system is None else turn.system
            tools = tools if turn.tools is None else turn.tools
            yield turn, system, tools
        yield Turn(user=self.message, assistant="Well."), self.system, self.tools


class _Stub:
    """A tool that does nothing. Implements `ports.Tool`."""

    def __init__(self, spec: ToolSpec) -> None:
        self.spec = spec

    async def run(self, call: ToolCall) -> ToolOutcome:
        """See `ports.Tool`."""
        return ToolOutcome(blocks=(TextBlock(text="done"),))


def load(file: str) -> Sequence[Setup]:
    """The set-ups of a file."""
    text = files("enplace_bench.lints").joinpath(file).read_text(encoding="utf-8")
    return [_setup(row) for row in tomllib.loads(text)["setup"]]


def _setup(row: dict[str, Any]) -> Setup:
    return Setup(
        name=row["name"],
        lints=frozenset(row["lints"]),
        system=row["system"].strip(),
        message=row["message"].strip(),
        tools=_tools(row.get("tools", [])),
        turns=tuple(_turn(turn) for turn in row.get("turns", [])),
    )


def _turn(row: dict[str, Any]) -> Turn:
    return Turn(
        user=row["user"],
        assistant=row["assistant"],
        calls=tuple(row.get("calls", ())),
        notes=row.get("notes", {}),
        system=row.get("system"),
        tools=_tools(row["tools"]) if "tools" in row else None,
    )


def _tools(rows: Sequence[dict[str, Any]]) -> tuple[ToolSpec, ...]:
    schema: JsonObject = {"type": "object"}
    return tuple(
        ToolSpec(name=row["name"], description=row["description"].strip(), schema=schema)
        for row in rows
    )


async def play(setup: Setup) -> Sequence[AdviceGiven]:
    """All advice that stands in the log once the newest message was answered."""
    brains, clock = InMemoryBrains(), SetClock(NOON)
    script: deque[Answer] = deque()
    own_tools = {call for turn in setup.turns for call in turn.calls} & {"remember", "note"}
    card = replace(CARD, uses_engine_tools=bool(own_tools))  # they are slow to make
    model = ScriptedModel(lambda _: script.popleft(), card=card)
    owner, head = None, None
    for turn, system, tools in setup.parts:
        if owner is None or head != (system, tools):
            head = (system, tools)
            owner = enplace.open(
                "unused",
                model=model,
                tools=[_Stub(spec) for spec in tools],
                system=system,
                options=_OPTIONS,
                brains=brains,
                embedder=None,
                counter=CharacterCounter(),
                clock=clock,
                prices=FixedPrices({}),
                environment={},
            ).owner("ada")
        script.extend(_answers(turn))
        await _drain(owner.execute("t", turn.user))
        for key, value in turn.notes.items():
            await owner.note("t", key, value)
    log = await _log(brains)
    return [event for event in log if isinstance(event, AdviceGiven)]


async def _log(brains: InMemoryBrains) -> Sequence[Event]:
    """The log of the task."""
    return await (await brains.open("ada")).log.read("t")


async def _drain(events: AsyncGenerator[Event, None]) -> None:
    async for _ in events:
        pass


def _answers(turn: Turn) -> Iterator[Answer]:
    """What the model says: first the tools that it calls, then its words."""
    calls = [(f"c{i}", tool, _input(tool, turn)) for i, tool in enumerate(turn.calls)]
    if calls:
        yield call(*calls)
    yield turn.assistant


def _input(tool: str, turn: Turn) -> JsonObject:
    match tool:
        case "remember":
            return {"sentence": turn.user}
        case "note":
            return {"key": "state", "value": turn.user}
        case _:
            return {"text": turn.user}
