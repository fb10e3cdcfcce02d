"""Owners never see anything of each other, whatever they do and in whatever order."""

import asyncio
import re
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enplace import wiring
from enplace.engine import Engine, EngineOptions, OwnerEngine
from enplace.errors import TaskNotFound
from enplace.ports import Brains
from enplace.providers.scripted import Answer, ScriptedModel, call
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.records.context import Context
from enplace.records.event import TextStreamed, ToolFinished
from enplace.records.recollection import Recollection
from enplace.stores.inmemory import InMemoryBrains
from enplace.stores.sqlite.brain import SqliteBrains

OWNERS = ("ada", "Ada", "ada/2")
"""Names that a careless store would mix up."""
MARKER = re.compile(r"zq\dmark")


def marker(owner: str) -> str:
    return f"zq{OWNERS.index(owner)}mark"


Deed = Literal[
    "ask",
    "tell",
    "recall by tool",
    "remember by tool",
    "note by tool",
    "remember",
    "recall",
    "recall the others",
    "note",
    "describe",
    "facts",
    "notes",
    "tasks",
    "log",
    "context",
    "soul",
    "close session",
]


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something an owner does in one of the tasks, which have the same names for all owners."""

    owner: str
    deed: Deed
    task_id: str = "one"
    topic: str = "tea"


STEPS = st.builds(
    Step,
    owner=st.sampled_from(OWNERS),
    deed=st.sampled_from(Deed.__args__),
    task_id=st.sampled_from(["one", "two"]),
    topic=st.sampled_from(["tea", "berlin"]),
)


def echo(context: Context) -> Answer:
    """A model that tells whose words it sees, after a call of a tool where it was asked for one."""
    last = context.messages[-1]
    asked = last.text.rsplit("\n", 1)[-1]
    call_id = f"c{len(context.messages)}"
    if last.role == "user" and "by tool" in asked:
        deed, _, text = asked.partition(": ")
        match deed:
            case "recall by tool":
                return call((call_id, "recall", {"query": text}))
            case "remember by tool":
                return call((call_id, "remember", {"sentence": text}))
            case _:
                return call((call_id, "note", {"key": "topic", "value": text}))
    return f"I see {' '.join(sorted(markers_in(context))) or 'nothing'}."


def options() -> EngineOptions:
    return EngineOptions(warm_tasks=1)  # so that tasks are read again from the log, too


def opened(brains: Brains, model: ScriptedModel) -> Engine:
    """An engine with an embedder that loads no model."""
    return wiring.open(
        brains=brains,
        model=model,
        embedder=ScriptedEmbedder(),
        options=options(),
        environment={},
    )


async def do(step: Step, at: OwnerEngine) -> object:
    """Carry out a step; all that the owner gets to see of it."""
    sentence = f"The person likes {step.topic} {marker(step.owner)}."
    match step.deed:
        case "ask" | "recall by tool":
            text = f"{step.deed}: Who likes {step.topic}?"
            return [event async for event in at.execute(step.task_id, text)]
        case "tell" | "remember by tool" | "note by tool":
            text = f"{step.deed}: {sentence}"
            return [event async for event in at.execute(step.task_id, text)]
        case "remember":
            return await at.remember(sentence, subject=marker(step.owner))
        case "recall":
            return await at.recall(f"Who likes {step.topic}?")
        case "recall the others":
            return await at.recall(" ".join(marker(o) for o in OWNERS if o != step.owner))
        case "note":
            return await at.note(step.task_id, step.topic, sentence)
        case "describe":
            return await at.describe("preferences", step.topic, sentence)
        case "close session":
            return await at.close_session()
        case _:
            return await look(step, at)


async def look(step: Step, at: OwnerEngine) -> object:
    """Carry out a step that only reads."""
    try:
        match step.deed:
            case "facts":
                return await at.facts()
            case "notes":
                return await at.notes(step.task_id)
            case "tasks":
                return await at.tasks()
            case "soul":
                return await at.soul()
            case "log":
                return await at.log(step.task_id)
            case _:
                return await at.context(step.task_id)
    except TaskNotFound:
        return None


def markers_in(seen: object) -> set[str]:
    """Whose markers stand in something; questions about the others' words count too."""
    return set(MARKER.findall(repr(seen)))


async def everything_of(at: OwnerEngine) -> list[object]:
    """All that an owner can get to see."""
    looks: tuple[Deed, ...] = ("facts", "notes", "tasks", "soul", "log", "context", "recall")
    steps = [
        Step(owner=at.name, deed=deed, task_id=task_id)
        for deed in looks
        for task_id in ("one", "two")
    ]
    return [await do(step, at) for step in steps]


def check(step: Step, seen: object) -> None:
    if step.deed == "recall the others":
        assert isinstance(seen, Recollection)  # its query holds their markers
        assert markers_in(seen.memories) <= {marker(step.owner)}
    else:
        assert markers_in(seen) <= {marker(step.owner)}, step


async def one_after_the_other(brains: Brains, steps: Sequence[Step]) -> None:
    model = ScriptedModel(echo)
    engine = opened(brains, model)
    async with engine:
        for step in steps:
            model.requests.clear()
            check(step, await do(step, engine.owner(step.owner)))
            assert markers_in(model.requests) <= {marker(step.owner)}
        for owner in OWNERS:
            assert markers_in(await everything_of(engine.owner(owner))) <= {marker(owner)}


async def side_by_side(brains: Brains, steps: Sequence[Step]) -> None:
    model = ScriptedModel(echo)
    engine = opened(brains, model)

    async def live(owner: str) -> None:
        for step in steps:
            if step.owner == owner:
                check(step, await do(step, engine.owner(owner)))

    async with engine:
        await asyncio.gather(*(live(owner) for owner in OWNERS))
        for request in model.requests:
            assert len(markers_in(request)) <= 1
        for owner in OWNERS:
            assert markers_in(await everything_of(engine.owner(owner))) <= {marker(owner)}


sometimes = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(steps=st.lists(STEPS, min_size=8, max_size=30))
@sometimes
async def test_owners_in_files_one_after_the_other(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        await one_after_the_other(SqliteBrains(Path(folder), most_open=2), steps)


@given(steps=st.lists(STEPS, min_size=8, max_size=30))
@sometimes
async def test_owners_in_memory_one_after_the_other(steps: list[Step]) -> None:
    await one_after_the_other(InMemoryBrains(), steps)


@given(steps=st.lists(STEPS, min_size=8, max_size=30))
@sometimes
async def test_owners_in_files_side_by_side(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        await side_by_side(SqliteBrains(Path(folder), most_open=2), steps)


# The property is worth something only where there is something to see.


@pytest.mark.parametrize("task_id", ["one", "two"])
async def test_every_owner_sees_all_of_their_own(tmp_path: Path, task_id: str) -> None:
    model = ScriptedModel(echo)
    writes: tuple[Deed, ...] = (
        "remember",
        "note",
        "describe",
        "tell",
        "remember by tool",
        "note by tool",
    )
    reads: tuple[Deed, ...] = (
        "ask",
        "recall by tool",
        "recall",
        "facts",
        "notes",
        "soul",
        "log",
        "context",
    )
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        engine = opened(brains, model)
        for deed in writes:
            for owner in OWNERS:
                await do(Step(owner=owner, deed=deed, task_id=task_id), engine.owner(owner))
        for deed in reads:
            for owner in OWNERS:
                step = Step(owner=owner, deed=deed, task_id=task_id)
                assert markers_in(await do(step, engine.owner(owner))) == {marker(owner)}, step


async def test_whose_words_a_model_saw_stands_in_its_answer(tmp_path: Path) -> None:
    async with opened(SqliteBrains(tmp_path), ScriptedModel(echo)) as engine:
        at = engine.owner("ada")
        await do(Step(owner="ada", deed="remember"), at)
        step = Step(owner="ada", deed="recall by tool")
        events = [event async for event in at.execute("one", f"{step.deed}: tea")]
    (result,) = [event for event in events if isinstance(event, ToolFinished)]
    assert marker("ada") in result.output
    answer = "".join(event.text for event in events if isinstance(event, TextStreamed))
    assert answer == f"I see {marker('ada')}."
