"""A reload of tools and agents in the middle of tasks: it waits for an epoch, and is told once."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import StandingClock
from tests.engine.house import messages, only

import enplace
from enplace.desk import TurnOptions
from enplace.engine import Engine, EngineOptions, LearningOptions
from enplace.errors import BudgetExceeded, ConfigError, ToolboxUnavailable
from enplace.ports import Model, Tool
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import CARD, Answer, ScriptedModel, call
from enplace.records.agent import AgentDefinition, Budget
from enplace.records.agent_event import CatalogueReloaded, SubAgentEnded, SubAgentStarted
from enplace.records.block import TextBlock
from enplace.records.context import Context
from enplace.records.event import (
    Compacted,
    Degraded,
    EpochOpened,
    Event,
    ToolFinished,
    TurnCompleted,
)
from enplace.stores.inmemory import InMemoryBrains
from enplace.tools.function import FunctionTool

SMALL = replace(CARD, window_tokens=16_000)


def look(what: str = "") -> str:
    """Look at something."""
    return f"seen {what}"


def measure(what: str = "") -> str:
    """Measure something, at length."""
    return "\n".join(f"{what} {n} is {n * 7} mm wide" for n in range(300))


def paint(colour: str = "red") -> str:
    """Paint it."""
    return f"painted {colour}"


def carve(tool: str = "knife") -> str:
    """Carve it."""
    return f"carved with a {tool}"


def spec(function: Callable[..., Any], description: str = "") -> FunctionTool:
    made = FunctionTool(function, idempotent=True)
    if description:
        made.spec = replace(made.spec, description=description)
    return made


MEASURED = call(("m1", "measure", {"what": "board"}))
MEASURED_AGAIN = call(("m2", "measure", {"what": "beam"}))


class Shelf:
    """Tools that can be put away and taken out. Implements `ports.Toolbox`."""

    name = "shelf"

    def __init__(self, *tools: Tool) -> None:
        self.tools: Sequence[Tool] = tools
        self.is_there = True
        self.opened = 0

    async def open(self) -> Sequence[Tool]:
        self.opened += 1
        if not self.is_there:
            raise ToolboxUnavailable("the shelf is gone")
        return self.tools

    async def aclose(self) -> None:
        pass


class Workshop:
    """An engine with a shelf of tools and a main agent, both of which can change."""

    def __init__(
        self,
        *,
        agent: str = "joiner",
        turn: TurnOptions | None = None,
        models: Mapping[str, Model] | None = None,
    ) -> None:
        self.clock = StandingClock()
        self.brains = InMemoryBrains()
        self.shelf = Shelf(spec(look), spec(measure), spec(paint))
        self.agents: list[AgentDefinition] = [joiner("You are a joiner.")]
        self.answers: dict[str, list[Answer]] = {}
        self.model = ScriptedModel(self._answer, card=SMALL)
        self.main, self.turn, self.models = agent, turn or TurnOptions(), models
        self.warm_tasks = 64
        self.engine = self.another()

    def another(self) -> Engine:
        return enplace.open(
            "unused",
            model=self.model,
            toolboxes=[self.shelf],
            agents=self.agents,
            agent=self.main,
            models=self.models,
            brains=self.brains,
            embedder=None,
            counter=CharacterCounter(),
            clock=self.clock,
            environment={},
            options=EngineOptions(
                turn=self.turn,
                learning=LearningOptions(in_background=False),
                warm_tasks=self.warm_tasks,
            ),
        )

    async def say(
        self, text: str, *answers: Answer, owner: str = "ada", task: str = "t"
    ) -> list[Event]:
        self.answers.setdefault(system(None), []).extend(answers)
        return [e async for e in self.engine.owner(owner).execute(task, text)]

    async def change(self) -> None:
        """Paint goes, carve comes, look is told otherwise, the joiner becomes a carver; reload."""
        self.shelf.tools = [spec(look, "Look twice."), spec(measure), spec(carve)]
        self.agents[:] = [joiner("You are a carver.")]
        await self.engine.reload()

    async def log(self, task: str = "t", owner: str = "ada") -> Sequence[Event]:
        return await self.engine.owner(owner).log(task)

    async def epochs(self, task: str = "t", owner: str = "ada") -> list[str]:
        return [event.reason for event in only(EpochOpened, await self.log(task, owner))]

    @property
    def request(self) -> Context:
        return self.model.requests[-1]

    def _answer(self, context: Context) -> Answer:
        waiting = self.answers.get(system(context)) or self.answers.get(system(None), [])
        return waiting.pop(0) if waiting else "ok"


def joiner(prompt: str, **more: Any) -> AgentDefinition:
    return AgentDefinition(
        name="joiner", description="Joins.", system=prompt, tools=("*",), agents=("*",), **more
    )


def system(context: Context | None) -> str:
    """The system prompt of a request."""
    block = context.system[0].block if context is not None else None
    return block.text if isinstance(block, TextBlock) else ""


def shown(context: Context) -> set[str]:
    return {tool.name for tool in context.tools}


def extends(context: Context, before: Context) -> bool:
    """Whether a request is another with more behind it, byte for byte."""
    earlier, later = messages(before), messages(context)
    return (
        context.head == before.head
        and [json.dumps(m) for m in later[: len(earlier)]] == [json.dumps(m) for m in earlier]
        and context.tools == before.tools
    )


async def test_a_reload_between_two_turns_moves_no_prefix_and_is_told_once() -> None:
    shop = Workshop()
    await shop.say("Begin.")
    before = shop.request
    await shop.change()
    turn = await shop.say("Go on.")
    assert extends(shop.request, before)
    (told,) = only(CatalogueReloaded, turn)
    assert (told.added, told.removed, told.changed) == (("carve",), ("paint",), ("look",))
    assert only(CatalogueReloaded, await shop.say("And on.")) == []
    assert extends(shop.request, before)
    assert await shop.epochs() == ["task_start"]


async def test_a_reload_in_the_middle_of_a_turn_moves_no_prefix_and_is_told_within_it() -> None:
    shop = Workshop()

    async def reload() -> str:
        """Reload."""
        await shop.change()
        return "reloaded"

    shop.shelf.tools = [*shop.shelf.tools, spec(reload)]
    turn = await shop.say(
        "Begin.",
        call(("c1", "reload", {})),
        call(("c2", "paint", {}), ("c3", "look", {"what": "wood"})),
        "Done.",
    )
    first, second, third = shop.model.requests
    assert extends(second, first)
    assert extends(third, second)
    assert len(only(CatalogueReloaded, turn)) == 1
    results = {event.tool_call_id: event for event in only(ToolFinished, turn)}
    assert results["c2"].is_error
    assert results["c2"].output.startswith("There is no tool 'paint'.")
    assert results["c3"].output == "seen wood"
    assert isinstance(turn[-1], TurnCompleted)


async def test_a_removed_tool_cannot_be_called_though_it_is_shown() -> None:
    shop = Workshop()
    await shop.say("Begin.")
    await shop.change()
    turn = await shop.say("Go on.", call(("c1", "paint", {})), "Well.")
    assert "paint" in shown(shop.request)
    (result,) = only(ToolFinished, turn)
    assert result.is_error
    assert "no tool 'paint'" in result.output


async def test_the_new_head_stands_from_the_next_boundary_on() -> None:
    shop = Workshop()
    await shop.say("Begin.", MEASURED, MEASURED_AGAIN, "Measured.")
    await shop.change()
    await shop.say("Go on.")
    assert await shop.engine.owner("ada").compact("t", "sawing") is not None
    await shop.say("And on.", call(("c1", "carve", {})), "Carved.")
    assert system(shop.request) == "You are a carver."
    assert {"look", "carve"} <= shown(shop.request)
    assert "paint" not in shown(shop.request)
    assert await shop.epochs() == ["task_start", "boundary"]
    assert only(ToolFinished, await shop.log())[-1].output == "carved with a knife"


async def test_the_new_head_stands_from_a_boundary_in_the_middle_of_a_turn_on() -> None:
    shop = Workshop()

    async def reload() -> str:
        """Reload."""
        await shop.change()
        return "reloaded"

    shop.shelf.tools = [*shop.shelf.tools, spec(reload)]
    turn = await shop.say(
        "Begin.",
        MEASURED,
        MEASURED_AGAIN,
        call(("c1", "reload", {})),
        call(("c2", "compact", {"label": "sawing"})),
        call(("c3", "carve", {})),
        "Done.",
    )
    assert [event.strategy for event in only(Compacted, turn)] == ["summary"]
    assert [system(each) for each in shop.model.requests] == [
        *["You are a joiner."] * 4,
        "You are a carver.",
        "You are a carver.",
    ]
    assert only(ToolFinished, turn)[-1].output == "carved with a knife"


async def test_what_waits_is_taken_when_the_cache_is_cold_anyway() -> None:
    shop = Workshop()
    await shop.say("Begin.")
    await shop.change()
    shop.clock.move(CARD.cache.ttl_s + 1)
    turn = await shop.say("Go on.")
    assert system(shop.request) == "You are a carver."
    assert await shop.epochs() == ["task_start", "cold_cache"]
    assert only(CatalogueReloaded, turn) == []


async def test_what_a_later_reload_brings_back_is_told_too_and_then_nothing_waits() -> None:
    shop = Workshop()
    tools, agents = shop.shelf.tools, [*shop.agents]
    await shop.say("Begin.")
    await shop.change()
    await shop.say("Go on.")
    shop.shelf.tools, shop.agents[:] = tools, agents
    await shop.engine.reload()
    (told,) = only(CatalogueReloaded, await shop.say("And on."))
    assert (told.added, told.removed, told.changed) == ((), (), ())
    assert only(CatalogueReloaded, await shop.say("And on.")) == []
    await shop.change()
    (again,) = only(CatalogueReloaded, await shop.say("And on."))
    assert again.removed == ("paint",)
    assert await shop.epochs() == ["task_start"]


async def test_a_head_that_waits_again_behind_another_is_told_again() -> None:
    shop = Workshop()
    await shop.say("Begin.", MEASURED, MEASURED_AGAIN, "Measured.")
    await shop.change()
    await shop.say("Go on.")
    waited = shop.agents[0]
    shop.agents[:] = [joiner("You are a turner.")]
    await shop.engine.reload()
    assert await shop.engine.owner("ada").compact("t", "sawing") is not None
    assert only(CatalogueReloaded, await shop.say("And on.")) == []
    assert system(shop.request) == "You are a turner."
    shop.agents[:] = [waited]
    await shop.engine.reload()
    assert len(only(CatalogueReloaded, await shop.say("And on."))) == 1


async def test_tasks_of_every_owner_are_told_each_once() -> None:
    shop = Workshop()
    tasks = [("ada", "t"), ("ada", "u"), ("bob", "t")]
    before: dict[tuple[str, str], Context] = {}
    for owner, task in tasks:
        await shop.say("Begin.", owner=owner, task=task)
        before[owner, task] = shop.request
    await shop.change()
    for owner, task in tasks:
        told = only(CatalogueReloaded, await shop.say("Go on.", owner=owner, task=task))
        assert len(told) == 1
        assert extends(shop.request, before[owner, task])
        assert only(CatalogueReloaded, await shop.say("On.", owner=owner, task=task)) == []
    await shop.say("Begin.", owner="bob", task="new")
    assert system(shop.request) == "You are a carver."
    assert only(CatalogueReloaded, await shop.log("new", "bob")) == []


async def test_after_a_restart_what_is_other_opens_an_epoch_as_a_callers_change() -> None:
    shop = Workshop()
    await shop.say("Begin.")
    await shop.change()
    await shop.say("Go on.")
    shop.engine = shop.another()
    await shop.say("And on.")
    assert system(shop.request) == "You are a carver."
    assert await shop.epochs() == ["task_start", "system"]


async def test_a_cold_view_knows_what_was_told() -> None:
    shop = Workshop()
    shop.warm_tasks = 1
    shop.engine = shop.another()
    await shop.say("Begin.")
    await shop.change()
    await shop.say("Go on.")
    await shop.say("Begin.", task="u")  # only one task is kept warm
    assert only(CatalogueReloaded, await shop.say("And on.")) == []


async def test_another_model_of_the_main_agent_is_taken_with_the_next_message() -> None:
    other = ScriptedModel(["hello"], card=replace(CARD, name="other"))
    shop = Workshop(models={"other": other})

    async def change() -> str:
        """Change."""
        shop.agents[:] = [joiner("You are a joiner.", model="other")]
        await shop.engine.reload()
        return "changed"

    shop.shelf.tools = [spec(change)]
    await shop.say("Begin.", call(("c1", "change", {})), "Done.")
    assert len(shop.model.requests) == 2
    await shop.say("Go on.")
    assert len(other.requests) == 1
    assert await shop.epochs() == ["task_start", "model"]


async def test_a_bad_definition_leaves_the_old_offer(tmp_path: Path) -> None:
    folder = tmp_path / "joiner"
    folder.mkdir()
    (folder / "system.md").write_text("You are a joiner.")
    definition = {"name": "joiner", "description": "J.", "system_prompt_path": "system.md"}
    (folder / "agent.json").write_text(json.dumps(definition))
    model = ScriptedModel(["one", "two", "three"])
    engine = enplace.open(
        "unused", model=model, agents=tmp_path, agent="joiner", brains=InMemoryBrains(),
        embedder=None, environment={},
    )  # fmt: skip
    owner = engine.owner()
    _ = [e async for e in owner.execute("t", "hi")]
    (folder / "agent.json").write_text(json.dumps({**definition, "toolz": []}))
    with pytest.raises(ConfigError, match="toolz"):
        await engine.reload()
    assert (await engine.catalogue()).version == 0
    (folder / "agent.json").write_text(json.dumps({**definition, "name": "turner"}))
    with pytest.raises(ConfigError, match="main agent 'joiner'"):
        await engine.reload()
    turn = [e async for e in owner.execute("t", "hi")]
    assert only(CatalogueReloaded, turn) == []
    (folder / "agent.json").write_text(json.dumps(definition))
    (folder / "system.md").write_text("You are a carver.")
    assert (await engine.reload()).version == 1
    turn = [e async for e in owner.execute("t", "hi")]
    assert len(only(CatalogueReloaded, turn)) == 1
    assert system(model.requests[-1]) == "You are a joiner."
    await engine.aclose()


async def test_what_an_agent_names_that_is_not_there_is_told_in_the_task() -> None:
    shop = Workshop()
    shop.agents[:] = [
        joiner("You are a joiner."),
        AgentDefinition(
            name="clerk",
            description="C.",
            system="s",
            tools=("look", "lok", "scan*"),
            agents=("boss", "joiner"),
            model="none",
        ),
    ]
    await shop.engine.reload()
    turn = await shop.say("Begin.")
    (told,) = only(Degraded, turn)
    assert told.segment == "tools"
    assert told.reason == (
        "agent clerk: there is no tool lok, scan*; there is no agent boss; there is no model"
        " 'none'; models: scripted, so nothing is delegated to it"
    )
    assert "delegate_to_joiner" in shown(shop.request)
    assert "delegate_to_clerk" not in shown(shop.request)
    assert only(Degraded, await shop.say("Go on.")) == []
    with pytest.raises(ConfigError, match="none"):
        await shop.engine.owner("ada").delegate("clerk", "Write.", task_id="t")


async def test_tools_that_a_reload_cannot_reach_are_told_and_come_back() -> None:
    shop = Workshop()
    await shop.say("Begin.")
    before = shop.request
    shop.shelf.is_there = False
    await shop.engine.reload()
    turn = await shop.say("Go on.")
    assert [event.reason for event in only(Degraded, turn)] == ["tools of shelf: the shelf is gone"]
    assert set(only(CatalogueReloaded, turn)[0].removed) == {"look", "measure", "paint"}
    shop.shelf.is_there = True
    await shop.engine.reload()
    turn = await shop.say("And on.", call(("c1", "look", {"what": "wood"})), "Seen.")
    assert only(ToolFinished, turn)[0].output == "seen wood"
    assert extends(shop.request, before)


async def test_two_first_turns_at_once_open_a_toolbox_once() -> None:
    shop = Workshop()
    await asyncio.gather(shop.say("Begin."), shop.say("Begin.", owner="bob"))
    assert shop.shelf.opened == 1


async def test_a_sub_agent_at_work_goes_on_and_its_prefix_stands() -> None:
    shop = Workshop(agent="")

    async def reload() -> str:
        """Reload."""
        await shop.change()
        return "reloaded"

    shop.shelf.tools = [*shop.shelf.tools, spec(reload)]
    shop.answers["You are a joiner."] = [
        call(("d1", "reload", {})),
        call(("d2", "paint", {})),
        "Joined.",
    ]
    turn = await shop.say(
        "Begin.", call(("c1", "delegate_to_joiner", {"brief": "Join."})), "All done."
    )
    child = only(SubAgentStarted, turn)[0].child
    assert only(SubAgentEnded, turn)[0].outcome == "answered"
    log = await shop.log(child)
    assert [event.reason for event in only(EpochOpened, log)] == ["task_start"]
    assert len(only(CatalogueReloaded, log)) == 1
    assert [event.is_error for event in only(ToolFinished, log)] == [False, True]
    own = await shop.log()
    assert len(only(CatalogueReloaded, own)) == 1
    name = child.removeprefix("t/")
    again = {"brief": "And again.", "goes_on": name}
    shop.answers["You are a joiner."] = ["Again."]
    await shop.say("Go on.", call(("c2", "delegate_to_joiner", again)), "Done.")
    log = await shop.log(child)
    assert [event.reason for event in only(EpochOpened, log)] == ["task_start"]
    assert len(only(CatalogueReloaded, log)) == 1


async def test_a_sub_agent_whose_definition_was_removed_ends_its_work_and_gets_no_other() -> None:
    shop = Workshop(agent="")

    async def reload() -> str:
        """Reload."""
        shop.agents[:] = []
        await shop.engine.reload()
        return "reloaded"

    shop.shelf.tools = [spec(reload), spec(look)]
    shop.answers["You are a joiner."] = [
        call(("d1", "reload", {})),
        call(("d2", "look", {"what": "wood"})),
        "Joined.",
    ]
    turn = await shop.say(
        "Begin.",
        call(("c1", "delegate_to_joiner", {"brief": "Join."})),
        call(("c2", "delegate_to_joiner", {"brief": "Join more."})),
        "All done.",
    )
    own = [e for e in only(ToolFinished, turn) if e.place and not e.place.child]
    assert [event.is_error for event in own] == [False, True]
    assert "no tool 'delegate_to_joiner'" in own[1].output


async def test_the_budget_of_turns_holds_for_agents_too() -> None:
    shop = Workshop(turn=TurnOptions(budget=Budget(tokens=1)))
    shop.agents[:] = [joiner("You are a joiner.", budget=Budget(tokens=1_000_000))]
    await shop.engine.reload()
    with pytest.raises(BudgetExceeded):
        await shop.say("Begin.", call(("c1", "look", {})), "Never said.")
    assert len(shop.model.requests) == 1
