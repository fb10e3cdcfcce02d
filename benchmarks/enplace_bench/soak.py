"""A task of 300 turns on the embedded model's real cache, and 40 questions about what collapsed.

First the task: a day is told, with questions and pasted logs, and the model answers for itself in
a small window, so that the engine has to compact again and again. Held against the bars are: the
window; the prefix law, checked on the requests' own messages; what the cache gave over what was
expected; and the time for which a compacting call waits for its context, at the 95th percentile.

Then the questions: eight owners tell five facts each among other things; each is told twice, and
one of the two tasks is collapsed with `compact`. All facts are asked of both, without the cache and
at temperature 0, so that nothing but the context differs. Counted are right answers, and contexts
in which the answer's words stand, or one `reopen` of a reference in it away.
"""

import argparse
import asyncio
import re
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import enplace
from enplace import Engine, OwnerEngine, Settings
from enplace.errors import ContextOverflow
from enplace.providers.scripted import say
from enplace.records.canonical import Json, JsonObject
from enplace.records.context import Context
from enplace.records.event import Compacted, EpochOpened, UsageReported
from enplace.records.message import Reply
from enplace.records.tool import ToolCall
from enplace.tools.log import log_tools
from enplace.wiring import embedder_of
from enplace_bench.day import FACTS, Narrator, Told, ask, narrator, noise, tell
from enplace_bench.report import Bar, Report, print_table

TURNS, QUESTIONS = 300, len(FACTS)
WINDOW_TOKENS, ANSWER_TOKENS = 1_024, 16
EACH = 5
"""Facts of one history."""
BLOCKED_MS, SHARE, FEWER = 20.0, 0.95, 2
"""Bars: time of a compacting call at p95, cached over expected, right answers lost at most."""
RANGE_EVENTS = 20
"""A reference to more events at once is no reference."""
SETTLED = 6
"""After this share of the turns the memory of the process is looked at first."""
_REFERENCE = re.compile(r"\[e(\d+)(?:-e(\d+))?\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One model call of the long task."""

    usage: UsageReported
    holds: bool
    """Whether the request before is the beginning of this one."""
    announced: bool
    """Whether an event said that it is not."""
    trigger: str
    """Of the compaction in front of it; empty where there was none."""
    blocked_ms: float
    """Wall time of preparing its context."""
    cpu_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """The long task."""

    calls: tuple[Call, ...]
    room: int
    overflow: str
    """What the engine said when a context did not fit; empty where all did."""
    grown_bytes: int

    @property
    def compacting(self) -> Sequence[Call]:
        """The calls in front of which something was compacted."""
        return [call for call in self.calls if call.trigger]

    @property
    def share(self) -> float:
        """Tokens that came from the cache over those that were expected to."""
        expected = sum(call.usage.expected_hit_tokens for call in self.calls)
        return sum(call.usage.usage.cache_hit_tokens for call in self.calls) / max(expected, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One fact, asked of a context that was collapsed and of one that was not."""

    told: Told
    before: str
    after: str
    found: str
    """Where the answer's words are after the collapse: visible, reference, or nowhere."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--turns", type=int, default=TURNS, metavar="N")
    parser.add_argument(
        "--questions", type=int, choices=range(QUESTIONS + 1), default=QUESTIONS, metavar="N"
    )


def run(options: argparse.Namespace) -> Report:
    """Carry the task, then ask."""
    soaked = asyncio.run(_soak(options.turns))
    _print_soaked(soaked)
    asked = asyncio.run(_question(FACTS[: options.questions]))
    _print_asked(asked)
    right = {
        "before": sum(each.told.is_in(each.before) for each in asked),
        "after": sum(each.told.is_in(each.after) for each in asked),
    }
    found = Counter(each.found for each in asked)
    blocked = [call.blocked_ms for call in soaked.compacting]
    figures: JsonObject = {
        **_figures(soaked),
        "questions": len(asked),
        "right_before": right["before"],
        "right_after": right["after"],
        "visible": found["visible"],
        "by_reference": found["reference"],
    }
    bars = [
        Bar(name="turns carried", figure=len(soaked.calls), at_least=options.turns),
        Bar(name="largest input over room", figure=_fullest(soaked), at_most=1),
        Bar(name="breaks not announced", figure=_unannounced(soaked), at_most=0),
        Bar(name="cached over expected", figure=soaked.share, at_least=SHARE),
    ]
    if blocked:
        bars.append(Bar(name="blocked ms, p95", figure=_p95(blocked), at_most=BLOCKED_MS))
    if asked:
        fewer = right["before"] - right["after"]
        near = found["visible"] + found["reference"]
        bars.append(Bar(name="fewer right after", figure=fewer, at_most=FEWER))
        bars.append(Bar(name="in view or one reference away", figure=near, at_least=len(asked)))
    return Report(figures=figures, bars=tuple(bars))


def _engine(home: Path, model: Narrator) -> Engine:
    """With everything else as it is by default, but for weights that are not fetched anew."""
    settings = Settings.from_env({})
    embedder = embedder_of(settings, settings.home)
    return enplace.open(home, model=model, embedder=embedder, environment={})


# The long task


async def _soak(turns: int) -> Soaked:
    model = narrator(window_tokens=WINDOW_TOKENS, output_tokens=ANSWER_TOKENS)
    calls: list[Call] = []
    overflow, resident = "", 0
    with tempfile.TemporaryDirectory() as home:
        async with _engine(Path(home), model) as engine:
            owner, sent = engine.owner(), list[Json]()
            for number, message in enumerate(islice(_messages(), turns)):
                try:
                    call, sent = await _turn(owner, model, message, sent)
                except ContextOverflow as error:
                    overflow = error.message
                    break
                calls.append(call)
                if number == turns // SETTLED:
                    resident = _resident_bytes()
            grown = _resident_bytes() - resident
    room = WINDOW_TOKENS - ANSWER_TOKENS
    return Soaked(calls=tuple(calls), room=room, overflow=overflow, grown_bytes=grown)


def _messages() -> Iterator[str]:
    """A day: something is told, a thing or two happen, and something told before is asked."""
    talk = noise(seed=1)
    while True:
        for number, told in enumerate(FACTS):
            yield told.fact
            yield next(talk)[0]
            yield FACTS[number // 2].question
            yield next(talk)[0]


async def _turn(
    owner: OwnerEngine, model: Narrator, message: str, sent: list[Json]
) -> tuple[Call, list[Json]]:
    """One turn, step by step; also gives what was sent."""
    await owner.encoded()  # vectors are made while a person thinks
    async with owner.turn("day", message) as turn:
        found = await turn.fetch()
        start, cpu = perf_counter(), process_time()
        context = await turn.prepare(found)
        blocked, worked = perf_counter() - start, process_time() - cpu
        messages = _sent(model, context)
        events = await turn.record(await _reply(model, context), context)
        await turn.upload()
        changes = [e for e in turn.history.of_turn if isinstance(e, Compacted | EpochOpened)]
    compacted = [event.trigger for event in changes if isinstance(event, Compacted)]
    call = Call(
        usage=next(event for event in events if isinstance(event, UsageReported)),
        holds=messages[: len(sent)] == sent,
        announced=bool(changes),
        trigger=compacted[0] if compacted else "",
        blocked_ms=1e3 * blocked,
        cpu_ms=1e3 * worked,
    )
    return call, messages


def _sent(model: Narrator, context: Context) -> list[Json]:
    """The messages of a request as they leave."""
    messages = model.encode(context)["messages"]
    assert isinstance(messages, list)
    return messages


async def _reply(model: Narrator, context: Context) -> Reply:
    reply = say("")
    async for piece in model.stream(context):
        if isinstance(piece, Reply):
            reply = piece
    return reply


def _resident_bytes() -> int:
    """Memory of this process now; where the system does not say, the most it ever had."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


# The questions


async def _question(facts: Sequence[Told]) -> list[Asked]:
    """Tell and ask, a few facts at a time."""
    model = narrator(window_tokens=WINDOW_TOKENS, output_tokens=ANSWER_TOKENS + 8, caches=False)
    asked: list[Asked] = []
    with tempfile.TemporaryDirectory() as home:
        async with _engine(Path(home), model) as engine:
            for first in range(0, len(facts), EACH):
                asked += await _group(engine, model, facts[first : first + EACH], seed=first)
    return asked


async def _group(engine: Engine, model: Narrator, facts: Sequence[Told], seed: int) -> list[Asked]:
    """One history, told to two owners; the task of the second is collapsed."""
    exchanges: list[tuple[str, str]] = []
    talk = noise(seed)
    for number, told in enumerate(facts):
        exchanges.append((told.fact, told.heard))
        exchanges += islice(talk, 1 - number % 2)
    answers: list[list[str]] = []
    found: list[str] = []
    for arm in ("whole", "collapsed"):
        owner = engine.owner(f"{arm}-{seed}")
        await tell(owner, model, "day", exchanges)
        if arm == "collapsed":
            await owner.compact("day")
        await owner.encoded()
        said: list[str] = []
        at: int | None = None
        for told in facts:
            answered = await ask(owner, "day", told.question, replaces=at)
            at = answered.ordinal
            said.append(answered.text)
            if arm == "collapsed":
                found.append(await _where(engine, owner, model, told))
        answers.append(said)
    return [
        Asked(told=told, before=before, after=after, found=where)
        for told, before, after, where in zip(facts, *answers, found, strict=True)
    ]


async def _where(engine: Engine, owner: OwnerEngine, model: Narrator, told: Told) -> str:
    """Where the answer's words are, seen from the context that was asked last."""
    assert model.asked is not None
    text = "\n".join(message.text for message in model.asked.messages)
    if told.is_in(text):
        return "visible"
    brain = await engine.brains.open(owner.name)
    reopen = next(tool for tool in log_tools(brain.log) if tool.spec.name == "reopen")
    for first, last in _REFERENCE.findall(text):
        if int(last or first) - int(first) >= RANGE_EVENTS:
            continue
        ref = f"e{first}-e{last or first}"
        call = ToolCall(id="reopen", tool="reopen", input={"ref": ref}, task_id="day", turn_id="")
        outcome = await reopen.run(call)
        if not outcome.is_error and told.is_in(outcome.text):
            return "reference"
    return "nowhere"


# What is printed


def _figures(soaked: Soaked) -> JsonObject:
    blocked = [call.blocked_ms for call in soaked.compacting]
    cpu = [call.cpu_ms for call in soaked.compacting]
    other = [call.blocked_ms for call in soaked.calls if not call.trigger]
    triggers = Counter(call.trigger for call in soaked.compacting)
    return {
        "turns": len(soaked.calls),
        "overflow": soaked.overflow,
        "room_tokens": soaked.room,
        "largest_input_tokens": max(c.usage.usage.input_tokens for c in soaked.calls),
        "compactions": len(blocked),
        "triggers": dict(triggers),
        "breaks": sum(not call.holds for call in soaked.calls),
        "breaks_not_announced": _unannounced(soaked),
        "cached_over_expected": soaked.share,
        "cached_over_input": sum(c.usage.usage.cache_hit_tokens for c in soaked.calls)
        / sum(c.usage.usage.input_tokens for c in soaked.calls),
        "blocked_ms_p50": median(blocked) if blocked else None,
        "blocked_ms_p95": _p95(blocked) if blocked else None,
        "blocked_cpu_ms_p50": median(cpu) if cpu else None,
        "blocked_cpu_ms_p95": _p95(cpu) if cpu else None,
        "other_blocked_ms_p95": _p95(other) if other else None,
        "grown_mib": soaked.grown_bytes / 2**20,
    }


def _print_soaked(soaked: Soaked) -> None:
    rows = [[name, _shown(value)] for name, value in _figures(soaked).items() if value != ""]
    print_table(["the long task", ""], rows)


def _shown(value: Json) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _print_asked(asked: Sequence[Asked]) -> None:
    """Every question whose verdict the collapse changed, and those whose answer is out of reach."""
    heads = ["question", "before", "after", "words"]
    rows = [
        [each.told.question, each.before[:40], each.after[:40], each.found]
        for each in asked
        if each.told.is_in(each.before) != each.told.is_in(each.after) or each.found == "nowhere"
    ]
    if rows:
        print_table(heads, rows)
    before = sum(each.told.is_in(each.before) for each in asked)
    after = sum(each.told.is_in(each.after) for each in asked)
    print(f"right of {len(asked)}: {before} before the collapse, {after} after it")
    where = Counter(each.found for each in asked)
    told = ", ".join(f"{count} {name}" for name, count in sorted(where.items()))
    print(f"the answer's words: {told or '-'}\n", flush=True)


def _fullest(soaked: Soaked) -> float:
    """The largest request over the room; over 1 also where the engine refused one."""
    largest = max(call.usage.usage.input_tokens for call in soaked.calls)
    return largest / soaked.room + bool(soaked.overflow)


def _unannounced(soaked: Soaked) -> int:
    return sum(not call.holds and not call.announced for call in soaked.calls)


def _p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 keep below."""
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]
