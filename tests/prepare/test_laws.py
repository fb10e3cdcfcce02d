"""Laws that hold whatever happens to a task. The prefix law is checked beside every test."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.house import House, messages, only

from enplace.desk import TurnOptions
from enplace.ports import Tool
from enplace.prepare.layout import Layout
from enplace.providers.scripted import CARD
from enplace.records.block import TextBlock, ToolCallBlock
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.event import UsageReported
from enplace.records.message import Reply
from enplace.records.usage import Usage
from enplace.wire.envelope import to_envelope
from enplace.wire.openai_chat import to_openai

TASKS = st.sampled_from(["one", "two"])
TOPICS = st.sampled_from(["parrot", "bicycle", "compiler", "garden", "tea"])


@dataclass(frozen=True)
class Turn:
    task: str
    text: str
    steps: tuple[tuple[str, ...], ...]
    """Tools asked for, step by step, before the answer."""


@dataclass(frozen=True)
class Remember:
    topic: str


@dataclass(frozen=True)
class Supersede:
    topic: str


@dataclass(frozen=True)
class Jot:
    task: str
    key: str
    ttl_s: float | None


@dataclass(frozen=True)
class Describe:
    topic: str


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Restart:
    system: str
    tools: int
    model: str
    layout: Layout


Happening = Turn | Remember | Supersede | Jot | Describe | Wait | Restart

TOOLS_ASKED = st.lists(
    st.sampled_from(["echo", "late", "fail", "missing", "garbled", "remember", "note"]),
    min_size=1,
    max_size=3,
).map(tuple)
TURNS = st.builds(
    Turn,
    task=TASKS,
    text=st.builds("Tell me about the {} please {}".format, TOPICS, st.integers(0, 99)),
    steps=st.lists(TOOLS_ASKED, max_size=2).map(tuple),
)
HAPPENINGS = st.one_of(
    TURNS,
    TURNS,
    TURNS,
    st.builds(Remember, topic=TOPICS),
    st.builds(Supersede, topic=TOPICS),
    st.builds(
        Jot, task=TASKS, key=st.sampled_from(["a", "b"]), ttl_s=st.sampled_from([None, 10.0, 400.0])
    ),
    st.builds(Describe, topic=TOPICS),
    st.builds(Wait, seconds=st.sampled_from([1.0, 60.0, 301.0, 2_000.0])),
    st.builds(
        Restart,
        system=st.sampled_from(["Be brief.", "Be brief.", "Be long."]),
        tools=st.sampled_from([2, 2, 1]),
        model=st.sampled_from(["scripted", "scripted", "other"]),
        layout=st.sampled_from(["epochs", "epochs", "literal"]),
    ),
)


def echo(text: str) -> str:
    """Say it again."""
    return text


async def late(text: str) -> str:
    """Say it again, after all others."""
    for _ in range(20):
        await asyncio.sleep(0)
    return f"late {text}"


def fail(text: str) -> str:
    """Fail."""
    raise RuntimeError(text)


TOOLS: Sequence[Tool | Callable[..., Any]] = (echo, late, fail)


class World:
    """A house to which things happen."""

    def __init__(self) -> None:
        self.house = House(card=CARD, tools=TOOLS, system="Be brief.")
        self.calls = 0

    async def happen(self, what: Happening) -> None:
        house = self.house
        match what:
            case Turn():
                answers = [self.asking(tools, what.text) for tools in what.steps]
                await house.say(what.text, *answers, f"About {what.text}.", task=what.task)
                await self.check(what.task)
            case Remember(topic):
                self.calls += 1
                await house.owner.remember(f"Ada has a {topic} number {self.calls}.")
            case Supersede(topic):
                self.calls += 1
                old = next((f for f in await house.owner.facts() if topic in f.sentence), None)
                await house.owner.remember(
                    f"Ada gave away the {topic} number {self.calls}.",
                    supersedes=old.id if old else None,
                )
            case Jot(task, key, ttl_s):
                self.calls += 1
                await house.owner.note(task, key, f"note {self.calls}", ttl_s=ttl_s)
            case Describe(topic):
                await house.owner.describe("preferences", topic, f"Ada likes her {topic}.")
            case Wait(seconds):
                house.clock.move(seconds)
            case Restart():
                house.system = what.system
                house.tools = TOOLS[: what.tools]
                house.model.card = replace(CARD, name=what.model)
                house.options = replace(house.options, turn=TurnOptions(layout=what.layout))
                house.reopen()

    def asking(self, tools: tuple[str, ...], text: str) -> Reply:
        blocks: list[TextBlock | ToolCallBlock] = []
        for tool in tools:
            self.calls += 1
            arguments = {
                "garbled": '{"text": ',
                "remember": f'{{"sentence": "Ada said {self.calls}: {text}"}}',
                "note": f'{{"key": "own", "value": "{text} {self.calls}"}}',
            }.get(tool, f'{{"text": "{text}"}}')
            name = "echo" if tool == "garbled" else tool
            blocks.append(ToolCallBlock(id=f"c{self.calls}", tool=name, arguments=arguments))
        return Reply(blocks=tuple(blocks), usage=Usage(), stop="tool_calls")

    async def check(self, task: str) -> None:
        """Laws of the request that was sent last."""
        house, context = self.house, self.house.request
        replayed = await house.another().context(task)
        for encode in (to_openai, to_envelope):
            assert encode(replayed) == encode(context)
        assert replayed.manifest == context.manifest
        assert replayed.prefix == context.prefix
        assert context.counted_tokens == sum(size.tokens for size in context.manifest)
        card = house.model.card
        assert context.estimated_tokens <= card.window_tokens - card.output_tokens
        assert pairing_faults(messages(context)) == []


def pairing_faults(sent: list[JsonObject]) -> list[str]:
    """Calls without exactly one result right behind them, in the order asked."""
    faults: list[str] = []
    asked: list[str] = []
    for message in sent:
        if message["role"] == "tool":
            if not asked or message["tool_call_id"] != asked.pop(0):
                faults.append(f"a result that nobody asked for: {message}")
            continue
        faults += [f"no result for {id_}" for id_ in asked]
        calls = message.get("tool_calls")
        asked = (
            [str(call["id"]) for call in calls if isinstance(call, dict)]
            if isinstance(calls, list)
            else []
        )
    return faults + [f"no result for {id_}" for id_ in asked]


def usage_of(events: Sequence[object]) -> list[Usage]:
    return [event.usage for event in events if isinstance(event, UsageReported)]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(HAPPENINGS, min_size=1, max_size=14))
async def test_whatever_happens_a_replayed_log_gives_the_request_that_was_sent(
    happenings: list[Happening],
) -> None:
    world = World()
    for what in happenings:
        await world.happen(what)
    usages: list[Usage] = []
    for summary in await world.house.owner.tasks():
        usages += usage_of(only(UsageReported, await world.house.owner.log(summary.task_id)))
    assert len(usages) == len(world.house.model.requests)
    for usage in usages:
        assert 0 <= usage.cache_hit_tokens <= usage.input_tokens
        assert usage.cache_hit_tokens + usage.cache_write_tokens == usage.input_tokens


async def test_every_request_of_a_step_is_replayed_not_only_the_last() -> None:
    world = World()
    seen: list[Context] = []
    for text in ("parrot", "tea"):
        before = len(world.house.model.requests)
        await world.happen(
            Turn(task="one", text=text, steps=(("late", "echo", "missing"), ("garbled", "fail")))
        )
        seen = world.house.model.requests[before:]
        assert [pairing_faults(messages(context)) for context in seen] == [[], [], []]
        assert [len(messages(c)) for c in seen] == sorted(len(messages(c)) for c in seen)


def test_a_missing_result_and_a_wrong_order_are_found() -> None:
    asks: JsonObject = {"role": "assistant", "tool_calls": [{"id": "a"}, {"id": "b"}]}
    first: JsonObject = {"role": "tool", "tool_call_id": "a"}
    second: JsonObject = {"role": "tool", "tool_call_id": "b"}
    assert pairing_faults([asks, first, second]) == []
    assert len(pairing_faults([asks, first])) == 1
    assert len(pairing_faults([asks, second, first])) == 2
    assert len(pairing_faults([first])) == 1
