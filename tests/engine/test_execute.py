"""Whole turns: the events that are told, what is let in, and what can be read afterwards."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from inline_snapshot import snapshot
from tests.conftest import StandingClock
from tests.engine.house import House, only

import enplace
from enplace.engine.acceptance import MOST_NAME_CHARACTERS
from enplace.engine.memory import MOST_SENTENCE_CHARACTERS
from enplace.errors import (
    BadInput,
    IdempotencyConflict,
    ModelUnavailable,
    StoreError,
    TaskNotFound,
    UsageError,
)
from enplace.providers.scripted import CARD, ScriptedModel, call, say
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.records.changeset import Changeset, Commit
from enplace.records.encoding import Encoding
from enplace.records.event import (
    AssistantSpoke,
    Degraded,
    Event,
    TextStreamed,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
    TurnStarted,
    is_last,
)
from enplace.records.memory import Fact
from enplace.records.write import Written
from enplace.stores.inmemory import InMemoryBrain, InMemoryBrains
from enplace.stores.sqlite.brain import SqliteBrains


def lines(events: Sequence[Event]) -> list[str]:
    """Events as one line each, without what differs between two runs."""
    shown: list[str] = []
    for event in events:
        at = event.place.id if event.place else "-"
        match event:
            case TextStreamed(text=text):
                detail = text
            case AssistantSpoke():
                detail = event.text or ", ".join(c.tool for c in event.calls)
            case ToolFinished():
                detail = event.output
            case TurnStarted(phase=phase) | TurnCompleted(phase=phase) | TurnErrored(phase=phase):
                detail = phase
            case _:
                detail = ""
        shown.append(f"{at} {event.kind} {detail}".rstrip())
    return shown


async def test_a_turn_is_told_event_by_event() -> None:
    house = House(card=CARD)
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    turn = await house.say(
        "My parrot eats walnuts, remember that",
        call(
            ("c1", "remember", {"sentence": "The parrot of Ada eats walnuts."}),
            ("c2", "note", {"key": "topic", "value": "parrots"}),
        ),
        "Noted, I will.",
    )
    assert lines(turn) == snapshot(
        [
            "1 thread_lifecycle started",
            "2 user_message",
            "3 epoch_opened",
            "4 context_frame",
            "5 assistant_message remember, note",
            "6 usage",
            "7 tool_call",
            "8 tool_call",
            "9 working_memory_update",
            "10 tool_result Noted under 'topic'.",
            "11 tool_result Remembered: The parrot of Ada eats walnuts.",
            "11.1 text_delta Noted,",
            "11.2 text_delta I",
            "11.3 text_delta will.",
            "12 assistant_message Noted, I will.",
            "13 usage",
            "14 thread_lifecycle completed",
        ]
    )
    assert await house.owner.log("t") == [e for e in turn if not isinstance(e, TextStreamed)]


async def test_the_log_is_read_after_an_ordinal() -> None:
    house = House()
    await house.say("hello")
    log = await house.owner.log("t")
    assert [event.place.ordinal for event in log if event.place] == list(range(1, len(log) + 1))
    assert await house.owner.log("t", after=3) == log[3:]
    assert await house.owner.log("t", after=len(log)) == []


async def test_tasks_are_listed_with_the_one_changed_last_first() -> None:
    house = House()
    for task in ("one", "two", "one"):
        house.clock.move(1)
        await house.say("hello", task=task)
    tasks = await house.owner.tasks()
    assert [task.task_id for task in tasks] == ["one", "two"]
    assert [task.head for task in tasks] == [len(await house.owner.log(t)) for t in ("one", "two")]


async def test_what_is_not_there_is_not_found() -> None:
    house = House()
    with pytest.raises(TaskNotFound):
        await house.owner.log("nowhere")
    with pytest.raises(TaskNotFound):
        await house.owner.context("nowhere")
    await house.owner.note("noted", "branch", "main")
    with pytest.raises(TaskNotFound):
        await house.owner.context("noted")
    assert await house.owner.notes("nowhere") == []


async def test_owners_know_nothing_of_each_other() -> None:
    house = House()
    engine = enplace.open(model=house.model, brains=house.brains, clock=house.clock, environment={})
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    await house.say("My parrot is called Hopper.", task="t")
    grace = engine.owner("grace")
    assert await grace.facts() == []
    assert await grace.tasks() == []
    assert (await grace.recall("parrot")).memories == ()
    async for _ in grace.execute("t", "What is the parrot called?"):
        pass
    assert "Hopper" not in house.prompt
    assert engine.owner("ada") is engine.owner("ada")
    assert engine.owner().name == "default"


async def test_the_same_key_tells_the_turn_again_and_asks_no_model() -> None:
    house = House()
    turn = await house.say("hello", "Hello.", key="k")
    stored = [event for event in turn if not isinstance(event, TextStreamed)]
    await house.say("and more")
    house.reopen()
    assert await house.say("hello", key="k") == stored
    assert len(house.model.requests) == 2
    with pytest.raises(IdempotencyConflict):
        await house.say("another message", key="k")
    with pytest.raises(UsageError):
        async with house.owner.turn("t", "hello", idempotency_key="k"):
            pass


async def test_a_failed_turn_with_a_note_behind_it_is_tried_again_by_its_key() -> None:
    house = House()
    with pytest.raises(ModelUnavailable):
        await house.say("hello", ModelUnavailable(), key="k")
    await house.owner.note("t", "branch", "main")
    turn = await house.say("hello", "Hello.", key="k")
    assert [event.text for event in only(AssistantSpoke, turn)] == ["Hello."]


async def test_a_failed_turn_with_a_turn_behind_it_is_told_and_not_tried_again() -> None:
    house = House()
    with pytest.raises(ModelUnavailable):
        await house.say("hello", ModelUnavailable(), key="k")
    await house.say("something else")
    turn = await house.say("hello", key="k")
    assert is_last(turn[-1])
    assert only(AssistantSpoke, turn) == []
    assert len(house.model.requests) == 2


class WornBrain(InMemoryBrain):
    """A brain whose disk is full when the result of a tool is stored."""

    full = True

    async def commit(self, changeset: Changeset) -> Commit:
        if self.full and any(isinstance(event, ToolFinished) for event in changeset.events):
            self.full = False
            raise StoreError("the disk is full")
        return await super().commit(changeset)


class WornBrains:
    """Implements `ports.Brains`."""

    def __init__(self) -> None:
        self._brain = WornBrain("ada")

    async def open(self, owner: str) -> WornBrain:
        return self._brain

    async def aclose(self) -> None:
        pass


async def test_a_call_whose_result_could_not_be_stored_is_answered_all_the_same() -> None:
    house = House(brains=WornBrains(), tools=[ping])
    with pytest.raises(StoreError):
        await house.say("ping", call(("c1", "ping", {})))
    await house.say("go on")
    assert [message["role"] for message in house.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "user",
    ]


def ping() -> str:
    """Answer."""
    return "pong"


# What is let in

BAD_TEXTS = {
    "empty": "",
    "white space": " \n\t\u00a0",
    "NUL": "a\x00b",
    "a lone surrogate": "a\ud800b",
}
BAD_NAMES = {
    **BAD_TEXTS,
    "too long": "x" * (MOST_NAME_CHARACTERS + 1),
    "a line break": "a\nb",
    "an escape": "a\x1b[31m",
    "a line separator": "a\u2028b",
    "a direction mark": "a\u202eb",
}


def table(cases: dict[str, str]) -> Any:
    """A table of cases with their names as ids."""
    return pytest.mark.parametrize("text", cases.values(), ids=cases.keys())


@table(BAD_TEXTS)
async def test_a_bad_message_is_refused_and_stores_nothing(text: str) -> None:
    house = House()
    with pytest.raises(BadInput):
        await house.say(text)
    with pytest.raises(BadInput):
        async with house.owner.turn("t", text):
            pass
    assert await house.owner.tasks() == []
    assert house.model.requests == []


@table(BAD_NAMES)
async def test_a_bad_name_is_refused_and_stores_nothing(text: str) -> None:
    house = House()
    with pytest.raises(BadInput):
        await house.say("hello", task=text)
    with pytest.raises(BadInput):
        await house.say("hello", key=text)
    with pytest.raises(BadInput):
        await house.owner.note(text, "key", "value")
    with pytest.raises(BadInput):
        await house.owner.note("t", text, "value")
    with pytest.raises(BadInput):
        await house.owner.describe("identity", text, "value")
    with pytest.raises(BadInput):
        enplace.open("unused", model=house.model, environment={}).owner(text)
    assert await house.owner.tasks() == []
    assert await house.owner.soul() == []


@table({**BAD_TEXTS, "too long": "x" * (MOST_SENTENCE_CHARACTERS + 1)})
async def test_a_bad_sentence_is_refused_and_stores_nothing(text: str) -> None:
    house = House()
    with pytest.raises(BadInput):
        await house.owner.remember(text)
    with pytest.raises(BadInput):
        await house.owner.note("t", "key", text)
    if text:  # an empty one takes the line out
        with pytest.raises(BadInput):
            await house.owner.describe("identity", "key", text)
    assert await house.owner.facts() == []
    assert await house.owner.tasks() == []
    assert await house.owner.soul() == []


@pytest.mark.parametrize("ttl_s", [0.0, -1.0, float("nan"), float("inf"), 1e20])
async def test_a_bad_time_to_live_is_refused_and_stores_nothing(ttl_s: float) -> None:
    house = House()
    with pytest.raises(BadInput):
        await house.owner.note("t", "key", "value", ttl_s=ttl_s)
    assert await house.owner.tasks() == []


@pytest.mark.parametrize("name", ["a", "x" * MOST_NAME_CHARACTERS, "Zoë's task #1", "日本", "../a"])
async def test_a_readable_name_is_accepted(name: str) -> None:
    house = House()
    await house.say("hello", task=name, key=name)
    assert [task.task_id for task in await house.owner.tasks()] == [name]


# Memory


def fact_of(done: Written) -> Fact:
    """The fact that counts after a write."""
    assert isinstance(done.memory, Fact)
    return done.memory


async def test_a_fact_is_added_or_known_already_or_takes_the_place_of_another() -> None:
    house = House()
    added = await house.owner.remember("  Ada commutes by bicycle. ")
    assert (added.outcome, fact_of(added).sentence) == ("added", "Ada commutes by bicycle.")
    again = await house.owner.remember("ADA  commutes by\nbicycle.")
    assert (again.outcome, again.memory.id) == ("duplicate", added.memory.id)
    assert fact_of(again).confirmed_at == house.clock.now()
    assert await house.owner.facts() == [again.memory]
    house.clock.move(1)
    instead = await house.owner.remember(
        "Ada commutes by tram.",
        subject="Ada",
        predicate="commutes by",
        object="tram",
        supersedes=added.memory.id,
    )
    assert instead.outcome == "superseded"
    assert [fact.id for fact in await house.owner.facts()] == [instead.memory.id]
    assert fact_of(instead).object == "tram"
    assert instead.closed == (added.memory.id,)


@pytest.mark.parametrize("which", ["unknown", "closed"])
async def test_only_a_fact_that_holds_can_be_superseded(which: str) -> None:
    house = House()
    first = await house.owner.remember("Ada commutes by bicycle.")
    house.clock.move(1)
    await house.owner.remember("Ada commutes by tram.", supersedes=first.memory.id)
    before = await house.owner.facts()
    with pytest.raises(UsageError):
        await house.owner.remember(
            "Ada walks.", supersedes=first.memory.id if which == "closed" else "f0"
        )
    assert await house.owner.facts() == before


async def test_recall_finds_what_is_known_and_says_why() -> None:
    house = House()
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    found = await house.owner.recall("Which parrots are there?")
    assert [(m.text, m.why) for m in found.memories] == [
        ("Ada keeps a parrot called Hopper.", "shares parrot")
    ]
    assert (await house.owner.recall("and you?")).query.reason


async def test_an_empty_line_of_the_soul_takes_it_out() -> None:
    house = House()
    await house.owner.describe("style", "tone", "Short answers.")
    await house.owner.describe("style", "tone", "Long answers.")
    assert [(line.text, line.version) for line in await house.owner.soul()] == [
        ("Long answers.", 2)
    ]
    await house.owner.describe("style", "tone", "")
    assert await house.owner.soul() == []


# Sessions


async def session_of(turn: list[Event]) -> str:
    return only(TurnStarted, turn)[0].session_id


async def test_a_session_lasts_until_it_is_closed_or_idle_for_too_long() -> None:
    house = House(session_idle_s=100.0)
    first = await session_of(await house.say("hello"))
    house.clock.move(100)
    assert await session_of(await house.say("hello", task="other")) == first
    house.clock.move(101)
    second = await session_of(await house.say("hello"))
    assert second != first
    house.reopen()
    assert await session_of(await house.say("hello")) == second
    await house.owner.close_session()
    third = await session_of(await house.say("hello"))
    assert third not in {first, second}
    await house.owner.close_session()
    await house.owner.close_session()


# The engine


async def test_an_engine_closes_its_model_and_its_brains() -> None:
    closed: list[str] = []

    class ClosingModel(ScriptedModel):
        async def aclose(self) -> None:
            closed.append("model")

    class ClosingBrains(InMemoryBrains):
        async def aclose(self) -> None:
            closed.append("brains")

    model = ClosingModel(["hello"])
    async with enplace.open(model=model, brains=ClosingBrains(), environment={}) as e:
        assert e.model is model
    assert closed == ["model", "brains"]


async def test_turns_of_different_tasks_run_side_by_side() -> None:
    meeting = asyncio.Barrier(3)

    async def meet() -> str:
        """Wait until all are there."""
        await meeting.wait()
        return "met"

    house = House(tools=[meet])
    house.answers.extend([call((f"c{n}", "meet", {})) for n in range(3)])
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for n in range(3):
            group.create_task(house.say("meet", task=f"t{n}"))
    for n in range(3):
        log = await house.owner.log(f"t{n}")
        assert [event.output for event in only(ToolFinished, log)] == ["met"]
        assert isinstance(log[-1], TurnCompleted)


async def test_a_task_that_is_no_longer_warm_goes_on_from_its_log() -> None:
    house = House()
    house.options = enplace.EngineOptions(warm_tasks=1)
    house.reopen()
    for n in range(3):
        for task in ("one", "two"):
            await house.say(f"message {n}", task=task)
    assert len(house.messages) == 1 + 5


# The four steps one by one


async def test_the_four_steps_with_a_model_of_one_s_own() -> None:
    house = House(tools=[ping])
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    response = cast(
        dict[str, Any],
        {
            "choices": [
                {
                    "finish_reason": "tool_calls",
                    "message": {
                        "content": None,
                        "tool_calls": [
                            {"id": "c1", "function": {"name": "ping", "arguments": "{}"}},
                            {"id": "c2", "function": {"name": "ping", "arguments": "{}"}},
                        ],
                    },
                }
            ],
            "usage": {"prompt_tokens": 50, "completion_tokens": 5},
        },
    )
    answer = {
        "choices": [{"finish_reason": "stop", "message": {"content": "Hopper."}}],
        "usage": {
            "prompt_tokens": 70,
            "completion_tokens": 3,
            "prompt_tokens_details": {"cached_tokens": 55},
        },
    }
    async with house.owner.turn("t", "What is my parrot called?") as turn:
        found = await turn.fetch()
        assert [memory.text for memory in found.memories] == ["Ada keeps a parrot called Hopper."]
        context = await turn.prepare(found)
        first = cast(list[dict[str, Any]], enplace.to_openai(context)["messages"])
        await turn.record(enplace.from_openai(response), context)
        with pytest.raises(UsageError):
            await turn.prepare(found)
        with pytest.raises(UsageError):
            await turn.upload()
        await turn.record_result("c2", "two")
        with pytest.raises(UsageError):
            await turn.record_result("c2", "two again")
        with pytest.raises(UsageError):
            await turn.record_result("c9", "nobody asked")
        await turn.record_result("c1", "one", is_error=True)
        context = await turn.prepare(found)
        second = cast(list[dict[str, Any]], enplace.to_openai(context)["messages"])
        assert second[: len(first)] == first
        assert [m["content"] for m in second if m["role"] == "tool"] == ["one", "two"]
        assert context.expected_hit_tokens == 55
        await turn.record(enplace.from_openai(answer), context)
        completed = (await turn.upload())[-1]
    assert isinstance(completed, TurnCompleted)
    assert (completed.usage.input_tokens, completed.usage.cache_hit_tokens) == (120, 55)
    assert house.model.requests == []
    await house.say("thanks")
    assert [m["role"] for m in house.messages[-2:]] == ["assistant", "user"]


async def test_a_turn_that_is_left_without_an_answer_is_abandoned_by_the_next() -> None:
    house = House()
    async with house.owner.turn("t", "hello"):
        pass
    turn = await house.say("hello again")
    assert [event.error for event in only(TurnErrored, turn)] == ["ABANDONED"]
    assert isinstance(turn[-1], TurnCompleted)


async def test_steps_that_fail_can_be_closed_with_their_error() -> None:
    house = House()
    async with house.owner.turn("t", "hello") as turn:
        await turn.prepare(await turn.fetch())
        await turn.fail(ModelUnavailable("no route"))
    log = await house.owner.log("t")
    assert [event.kind for event in log[-2:]] == ["error", "thread_lifecycle"]
    assert only(TurnErrored, await house.say("again", say("fine"))) == []


def test_a_standing_clock_moves_only_when_told() -> None:
    clock = StandingClock()
    before = clock.now()
    clock.move(1.5)
    assert (clock.now() - before).total_seconds() == 1.5


async def test_a_successor_that_is_known_already_is_not_written_twice() -> None:
    house = House()
    old = await house.owner.remember("Ada lives in Oslo.")
    known = await house.owner.remember("Ada lives in Bergen.")
    again = await house.owner.remember("Ada lives in Oslo.", supersedes=old.memory.id)
    assert (again.outcome, again.memory.id) == ("duplicate", old.memory.id)
    house.clock.move(1)
    done = await house.owner.remember("Ada lives in Bergen.", supersedes=old.memory.id)
    assert (done.outcome, done.memory.id) == ("superseded", known.memory.id)
    assert done.closed == (old.memory.id,)
    assert [fact.id for fact in await house.owner.facts()] == [known.memory.id]
    history = await house.owner.memory.history(old.memory.id)
    assert history.after is not None
    assert history.after.id == known.memory.id
    await house.owner.memory.undo(done.write)
    assert [fact.id for fact in await house.owner.facts()] == [old.memory.id, known.memory.id]


class LoadingEmbedder(ScriptedEmbedder):
    """An embedder that loads its model first, and holds up the whole process meanwhile."""

    async def encode(self, texts: Sequence[str]) -> Sequence[Encoding]:
        await asyncio.sleep(0.05)
        time.sleep(0.4)  # noqa: ASYNC251  as an import of native code does
        await asyncio.sleep(60)
        return await super().encode(texts)


async def test_a_turn_while_the_embedder_loads_recalls_by_words(tmp_path: Path) -> None:
    house = House(brains=SqliteBrains(tmp_path), embedder=LoadingEmbedder())
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    turn = await house.say("What is my parrot called?")
    assert "Hopper" in house.prompt
    (degraded,) = only(Degraded, turn)
    assert degraded.reason == "meaning: deadline exceeded"
    await house.owner.aclose()
    await house.brains.aclose()
