"""A help desk's task of hundreds of turns in five phases, on the scripted model.

The window is small, tools answer at length, the model takes notes. Phases end by the API, by the
tool `compact`, and by the user's words. Twenty facts of past phases were said once each: in a
message, in the middle of a tool's output, in a note. At the end each is asked for, and the scripted
model looks for it as a model would: `recall` with the question; if that does not tell, `search_log`
with two words of the question at a time, then with one, and `reopen` of what the lines refer to. It
knows nothing of where a fact stands. The brain is a file; recall is by words alone.

The cost of a turn is what its calls read and write of the cache, at .1 and 1.25 of the price of
input, from the usage that the model reports; answers are left out. The ratios are means of the last
50 turns over those of turns 50 to 100 (of shorter runs: the last sixth over the second sixth). Any
ten turns read as much as any other ten, in another order.
"""

import argparse
import asyncio
import random
import re
import tempfile
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations
from pathlib import Path
from statistics import fmean
from time import process_time

import enplace
from enplace import Context, EngineOptions, FunctionTool, LearningOptions, OwnerEngine, Reply
from enplace.prepare.budget import room_tokens
from enplace.providers.scripted import CARD, ScriptedModel, call, say
from enplace.records.block import ToolResultBlock
from enplace.records.canonical import JsonObject
from enplace.records.event import Compacted, Event, UsageReported
from enplace.records.price import CONSERVATIVE
from enplace.stores.sqlite.brain import SqliteBrains
from enplace_bench import support_story as story
from enplace_bench.report import Bar, Report, print_table
from enplace_bench.support_story import PHASES, Planted, planted

TURNS, SEED = 300, 7
TASK = "case"
SMALL = replace(CARD, window_tokens=16_000, output_tokens=1_000)
MOST_RATIO = 1.2
MOST_WORDS = 4
"""Of a question: those that are searched for."""
MOST_OPENED = 4
"""References that one search is followed to."""
_REFERENCE = re.compile(r"\[(e\d+)\]")
_COMMON = """
which what when where who whom that does have the many much name called under did was were with
this from for
"""
_PASSED_OVER = frozenset(_COMMON.split())


@dataclass(slots=True)
class Case:
    """What the turns came to, one entry per turn."""

    costs: list[float] = field(default_factory=list[float])
    """Input-equivalent tokens."""
    cpu_s: list[float] = field(default_factory=list[float])
    compactions: list[Compacted] = field(default_factory=list[Compacted])

    def enter(self, events: Sequence[Event], cpu_s: float) -> None:
        """One more turn."""
        usages = [event.usage for event in events if isinstance(event, UsageReported)]
        self.costs.append(
            sum(
                CONSERVATIVE.hit * usage.cache_hit_tokens
                + CONSERVATIVE.write * (usage.input_tokens - usage.cache_hit_tokens)
                for usage in usages
            )
        )
        self.cpu_s.append(cpu_s)
        self.compactions += [event for event in events if isinstance(event, Compacted)]


class Desk:
    """The scripted model and its tools."""

    def __init__(self) -> None:
        self.model = ScriptedModel(self._answer, card=SMALL)
        self.answers: deque[Reply] = deque()
        """Of the turn to come."""
        self.planted: dict[str, str] = {}
        """Lines that stand in what a source tells."""
        self.search: Generator[Reply, str, str] | None = None
        """Goes on while a question is looked for."""
        self.found_by = ""
        """What told the last of them; empty where nothing did."""
        self._calls = 0

    def read_record(self, source: str) -> str:
        """Read what a system of the help desk recorded."""
        return story.record(source, self.planted.get(source, ""))

    def use(self, tool: str, **given: str) -> Reply:
        """A call of a tool."""
        self._calls += 1
        return call((f"c{self._calls}", tool, given))

    def _answer(self, context: Context) -> Reply:
        if self.search is None:
            return self.answers.popleft()
        try:
            told = _last_result(context)
            return next(self.search) if told is None else self.search.send(told)
        except StopIteration as done:
            self.search, self.found_by = None, str(done.value)
            return say("I found it." if self.found_by else "I do not know.")


def _last_result(context: Context) -> str | None:
    """What the tool told that answered last; None where the message is newer."""
    block = context.messages[-1].blocks[-1].block
    return block.text if isinstance(block, ToolResultBlock) else None


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--turns", type=int, default=TURNS, metavar="N", help="60 or more")
    parser.add_argument("--seed", type=int, default=SEED, help="of what is said and read")


def run(options: argparse.Namespace) -> Report:
    """Carry the case, and ask."""
    if options.turns < 60:
        raise SystemExit("a case has 60 turns or more")
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), options.turns, options.seed))


async def _measure(home: Path, turns: int, seed: int) -> Report:
    desk = Desk()
    engine = enplace.open(
        model=desk.model,
        tools=[FunctionTool(desk.read_record, idempotent=True)],
        brains=SqliteBrains(home),
        embedder=None,
        options=EngineOptions(learning=LearningOptions(in_background=False)),
        environment={},
    )
    async with engine:
        owner = engine.owner()
        case = await _carry(owner, desk, turns, random.Random(seed))
        in_case = len(desk.model.requests)
        ways = Counter([await _ask(owner, desk, fact) for fact in _all_facts()])
    return _report(desk, case, in_case, ways, turns)


def _all_facts() -> list[Planted]:
    return [fact for phase in PHASES[:-1] for fact in planted(phase)]


# The case


async def _carry(owner: OwnerEngine, desk: Desk, turns: int, luck: random.Random) -> Case:
    case = Case()
    each = turns // len(PHASES)
    for number, phase in enumerate(PHASES):
        count = each if phase != PHASES[-1] else turns - each * number
        loads = _loads(luck, count)
        facts = _spread(planted(phase), loads)
        for turn in range(count):
            text = _script(desk, luck, f"{phase}-{turn}-{loads[turn]}", facts.get(turn))
            if turn == 0 and number > 0:
                text = story.ENDS.get(PHASES[number - 1], text)
            if turn == count - 1 and phase == "diagnosis":
                desk.answers.appendleft(desk.use("compact", label=story.LABELS[phase]))
            started = process_time()
            events = [event async for event in owner.execute(TASK, text)]
            case.enter(events, process_time() - started)
        if phase == "intake":
            closed = await owner.compact(TASK, story.LABELS[phase])
            case.compactions += [closed] if closed else []
        await owner.learning.run()
    return case


def _loads(luck: random.Random, turns: int) -> list[int]:
    """Lines that each turn of a phase reads; 0 where it reads nothing."""
    loads: list[int] = []
    while len(loads) < turns:
        loads += luck.sample(story.LOADS, len(story.LOADS))
    return loads[:turns]


def _spread(facts: Sequence[Planted], loads: Sequence[int]) -> dict[int, Planted]:
    """In which turn of a phase each fact comes up: those of tools where something is read."""
    spread: dict[int, Planted] = {}
    for number, fact in enumerate(facts):
        first = 1 + number * (len(loads) - 2) // len(facts)
        free = [turn for turn in range(first, len(loads)) if turn not in spread]
        spread[next(t for t in free if fact.carrier != "tool" or loads[t])] = fact
    return spread


def _script(desk: Desk, luck: random.Random, source: str, fact: Planted | None) -> str:
    """Lay out the model's answers of a turn; the message that they answer."""
    text = story.message(luck)
    if not source.endswith("-0"):
        desk.answers.append(desk.use("read_record", source=source))
    match fact:
        case Planted(carrier="message"):
            text = f"{text} {fact.text}"
        case Planted(carrier="tool"):
            desk.planted[source] = fact.text
        case Planted(carrier="note"):
            desk.answers.append(desk.use("note", key=source, value=fact.text))
        case _:
            pass  # nothing is planted here
    desk.answers.append(say(story.answer(luck)))
    return text


# The questions


async def _ask(owner: OwnerEngine, desk: Desk, fact: Planted) -> str:
    """The tool that told a fact; empty where none did."""
    desk.search = _search(desk, fact)
    async for _ in owner.execute(TASK, fact.question):
        pass
    return desk.found_by


def _search(desk: Desk, fact: Planted) -> Generator[Reply, str, str]:
    """What a model does that wants to know something; it gets what each tool answered."""
    told = yield desk.use("recall", query=fact.question)
    if fact.answer in told:
        return "recall"
    for words in _queries(fact.question):
        told = yield desk.use("search_log", query=words)
        if fact.answer in told:
            return "search_log"
        for reference in _references(told, fact.question):
            told = yield desk.use("reopen", ref=reference)
            if fact.answer in told:
                return "reopen"
    return ""


def _queries(question: str) -> Iterator[str]:
    """Two words of a question at a time, the longest first; then one at a time."""
    words = [
        word for word in re.findall(r"\w{3,}", question.casefold()) if word not in _PASSED_OVER
    ]
    words = sorted(words, key=lambda word: -len(word))[:MOST_WORDS]
    return chain((" ".join(pair) for pair in combinations(words, 2)), words)


def _references(told: str, question: str) -> list[str]:
    """What the lines of a search refer to, but for those that ask the same themselves."""
    lines = [line for line in told.split("\n") if question not in line]
    found = [name for line in lines for name in _REFERENCE.findall(line)]
    return list(dict.fromkeys(found))[:MOST_OPENED]


# What it came to


def _report(desk: Desk, case: Case, in_case: int, ways: Counter[str], turns: int) -> Report:
    room = room_tokens(SMALL)
    share = max(context.estimated_tokens for context in desk.model.requests) / room
    early, late = _stretches(turns)
    cost_ratio = fmean(case.costs[late]) / fmean(case.costs[early])
    cpu_ratio = fmean(case.cpu_s[late]) / fmean(case.cpu_s[early])
    found = sum(count for way, count in ways.items() if way)
    triggers = Counter(f"{each.strategy}, {each.trigger}" for each in case.compactions)
    labels = [f"{each.label} ({each.trigger})" for each in case.compactions if each.label]
    print_table(
        ["turns", "units", "CPU ms"],
        [
            [
                f"{part.start + 1} to {part.stop}",
                f"{fmean(case.costs[part]):,.0f}",
                f"{1e3 * fmean(case.cpu_s[part]):.1f}",
            ]
            for part in _parts(turns)
        ],
    )
    print_table(["compactions", ""], [[name, str(n)] for name, n in sorted(triggers.items())])
    print_table(["facts found by", ""], [[way or "nothing", str(n)] for way, n in ways.items()])
    print(f"phases: {'; '.join(labels)}\n")
    figures: JsonObject = {
        "turns": turns,
        "largest_context_share": share,
        "facts_found": found,
        "cost_ratio": cost_ratio,
        "cpu_ratio": cpu_ratio,
        "calls": in_case,
        "found_by": dict(ways),
        "compactions": dict(triggers),
        "phases_ended": [*labels],
        "units_per_turn": fmean(case.costs),
        "cpu_ms_per_turn": 1e3 * fmean(case.cpu_s),
    }
    return Report(
        figures=figures,
        bars=(
            Bar(name="largest context over the room", figure=share, at_most=1.0),
            Bar(name="facts found", figure=found, at_least=len(_all_facts())),
            Bar(
                name="cost of the last turns over early ones", figure=cost_ratio, at_most=MOST_RATIO
            ),
        ),
    )


def _stretches(turns: int) -> tuple[slice, slice]:
    """Turns 50 to 100, and the last 50."""
    sixth = turns // 6
    return slice(sixth, 2 * sixth), slice(turns - sixth, turns)


def _parts(turns: int) -> list[slice]:
    sixth = turns // 6
    return [slice(n * sixth, (n + 1) * sixth if n < 5 else turns) for n in range(6)]
