"""The engine without asyncio: calls that block, turns that are iterated."""

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import StandingClock

from enplace.blocking import BlockingEngine, BlockingOwner
from enplace.blocking import open as open_blocking
from enplace.errors import BadInput, ModelUnavailable, QuestionClosed, TaskBusy, TaskNotFound
from enplace.providers.scripted import Answer, ScriptedModel, call, say
from enplace.records.agent import AgentDefinition
from enplace.records.agent_event import (
    PersonAnswered,
    PersonAsked,
    SubAgentEnded,
    SubAgentStarted,
)
from enplace.records.event import (
    AssistantSpoke,
    Event,
    TextStreamed,
    TurnCompleted,
    TurnErrored,
    TurnStarted,
    is_last,
)

ANSWERS: dict[str, Answer] = {"fail": ModelUnavailable("no route")}


def script(context: Any) -> Answer:
    said = context.messages[-1].text.rsplit("\n", 1)[-1]
    return ANSWERS.get(said, say(f"You said: {said}"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[BlockingEngine]:
    model = ScriptedModel(script)
    with open_blocking(tmp_path, model=model, clock=StandingClock(), environment={}) as engine:
        yield engine


@pytest.fixture
def owner(engine: BlockingEngine) -> BlockingOwner:
    return engine.owner("ada")


def test_a_turn_is_iterated(owner: BlockingOwner) -> None:
    turn = list(owner.execute("t", "hello"))
    assert isinstance(turn[0], TurnStarted)
    assert isinstance(turn[-1], TurnCompleted)
    assert "".join(e.text for e in turn if isinstance(e, TextStreamed)) == "You said: hello"
    assert owner.log("t") == [e for e in turn if not isinstance(e, TextStreamed)]


def test_events_come_as_they_happen(owner: BlockingOwner) -> None:
    with closing(owner.execute("t", "hello")) as turn:
        assert isinstance(next(turn), TurnStarted)
        with pytest.raises(TaskNotFound):
            owner.log("nowhere")  # another call in the middle of a turn


def test_keywords_are_handed_on(owner: BlockingOwner) -> None:
    list(owner.execute("t", "hello", idempotency_key="k"))
    again = list(owner.execute("t", "hello", idempotency_key="k"))
    assert again == owner.log("t")
    list(owner.execute("t", "good morning", replaces=2))
    assert len(owner.dead_branches("t")) == len(again)
    turn = list(owner.retry("t", len(again) + 2))
    assert [e.text for e in turn if isinstance(e, AssistantSpoke)] == ["You said: good morning"]


def test_a_turn_that_is_left_early_frees_its_task(owner: BlockingOwner) -> None:
    for number in range(5):
        with closing(owner.execute("t", f"message {number}")) as turn:
            for event in turn:
                if isinstance(event, TextStreamed):
                    break
    turn = list(owner.execute("t", "at last"))
    assert isinstance(turn[-1], TurnCompleted)
    log = owner.log("t")
    assert sum(isinstance(event, TurnStarted) for event in log) == 6
    # A turn may have ended on its own thread before it was left.
    assert {e.error for e in log if isinstance(e, TurnErrored)} <= {"ABANDONED"}
    assert sum(is_last(event) for event in log) == 6


def test_a_turn_that_was_never_begun_leaves_nothing(owner: BlockingOwner) -> None:
    owner.execute("t", "hello").close()
    assert owner.tasks() == []


def test_two_turns_of_a_task_at_once_are_one_turn_or_two_but_never_mixed(
    owner: BlockingOwner,
) -> None:
    with closing(owner.execute("t", "hello")) as turn:
        next(turn)
        # Events are not held back for a slow reader, so the turn may be over on its own thread.
        with suppress(TaskBusy):
            list(owner.execute("t", "hello again"))
    assert isinstance(list(owner.execute("t", "and again"))[-1], TurnCompleted)


def test_memory(owner: BlockingOwner, engine: BlockingEngine) -> None:
    assert owner.remember("Ada keeps a parrot called Hopper.").outcome == "added"
    (memory,) = owner.recall("Which parrot?").memories
    assert memory.text == "Ada keeps a parrot called Hopper."
    assert owner.note("t", "place", "Oslo", ttl_s=60.0).value == "Oslo"
    assert [note.key for note in owner.notes("t")] == ["place"]
    list(owner.execute("t", "Which parrot?"))
    assert "Hopper" in str(owner.context("t").messages)
    assert engine.owner("grace").facts() == []
    assert engine.owner().name == "default"


def test_errors_come_through(owner: BlockingOwner) -> None:
    with pytest.raises(BadInput):
        owner.remember("")
    with pytest.raises(TaskNotFound):
        owner.context("nowhere")
    with pytest.raises(BadInput):
        list(owner.execute("t", " "))
    kinds: list[str] = []
    with pytest.raises(ModelUnavailable, match="no route"):
        kinds += [event.kind for event in owner.execute("t", "fail")]
    assert [event.kind for event in owner.log("t")][-2:] == ["error", "thread_lifecycle"]
    with pytest.raises(AttributeError):
        owner.nothing()


def test_people_in_the_loop_and_sub_agents(tmp_path: Path) -> None:
    def script(context: Any) -> Answer:
        said = context.messages[-1].text.rsplit("\n", 1)[-1]
        if context.messages[-1].role == "tool":
            return "Done."
        return call(("c1", "ask_person", {"question": "Which?"})) if said == "ask" else "ok"

    clerk = AgentDefinition(name="clerk", description="C.", system="S.")
    with open_blocking(
        tmp_path, model=ScriptedModel(script), agents=[clerk], asks_people=True, environment={}
    ) as engine:
        owner = engine.owner("ada")
        assert isinstance(list(owner.execute("t", "ask"))[-1], PersonAsked)
        (asked,) = owner.questions()
        turn = list(owner.respond("t", "this", request_id=asked.request_id))
        assert isinstance(turn[0], PersonAnswered)
        assert isinstance(turn[-1], TurnCompleted)
        with pytest.raises(QuestionClosed):
            list(owner.respond("t", "that", request_id=asked.request_id))
        list(owner.execute("t", "ask"))
        assert owner.cancel("t")
        assert not owner.cancel("t")
        assert owner.split("t", ["t1"], "more").into == ("t1",)
        told: list[Event] = []
        done = owner.delegate("clerk", "Do it.", task_id="t", tell=told.append)
        assert done.text.startswith("ok")
        assert [type(told[0]), type(told[-1])] == [SubAgentStarted, SubAgentEnded]


def test_many_threads_share_one_engine(owner: BlockingOwner) -> None:
    ended: list[str] = []

    def talk(task: str) -> None:
        for number in range(3):
            turn = list(owner.execute(task, f"message {number}"))
            ended.append(f"{task} {type(turn[-1]).__name__}")

    threads = [threading.Thread(target=talk, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ended) == sorted(f"t{n} TurnCompleted" for n in range(4) for _ in range(3))


def test_only_within_a_with_statement(tmp_path: Path) -> None:
    engine = open_blocking(tmp_path, model=ScriptedModel(["ok"]), environment={})
    with pytest.raises(RuntimeError):
        engine.owner()
    with engine:
        owner = engine.owner()
        assert owner.tasks() == []
    with pytest.raises(RuntimeError):
        engine.owner()
    with pytest.raises(RuntimeError):
        owner.tasks()


def test_an_engine_can_be_left_in_the_middle_of_a_turn(tmp_path: Path) -> None:
    model = ScriptedModel(script)
    with open_blocking(tmp_path, model=model, environment={}) as engine:
        turn = engine.owner("ada").execute("t", "hello")
        next(turn)
        turn.close()
    with open_blocking(tmp_path, model=model, environment={}) as engine:
        assert isinstance(list(engine.owner("ada").execute("t", "again"))[-1], TurnCompleted)
