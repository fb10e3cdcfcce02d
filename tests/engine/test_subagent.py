"""Sub-agents: own context, own budget, own log; the parent keeps brief and result only."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.engine.house import only

import enplace
from enplace.desk import TurnOptions
from enplace.engine import EngineOptions, LearningOptions, OwnerEngine
from enplace.errors import AgentNotFound, BadInput, BudgetExceeded, ModelUnavailable
from enplace.ports import Tool
from enplace.providers.scripted import CARD, Answer, ScriptedModel, call
from enplace.records.agent import AgentDefinition, Budget
from enplace.records.agent_event import PersonAsked, SubAgentEnded, SubAgentStarted
from enplace.records.block import TextBlock
from enplace.records.context import Context
from enplace.records.event import (
    AssistantSpoke,
    Event,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
    UsageReported,
    UserSpoke,
)
from enplace.records.model import ModelCard
from enplace.records.question import Answer as PersonsAnswer
from enplace.records.tool import FileEffect, ToolCall, ToolOutcome, ToolSpec
from enplace.stores.inmemory import InMemoryBrains

CODER = AgentDefinition(
    name="coder",
    description="Writes code.",
    system="You are the coder.",
    tools=("edit", "delete", "recall"),
    notes=("style*",),
)
TESTER = AgentDefinition(
    name="tester", description="Runs tests.", system="You are the tester.", agents=("coder",)
)
BRIEF = call(("c1", "delegate_to_coder", {"brief": "Fix adder.py so that 1 + 1 is 2."}))


class Edit:
    """Changes a file. Implements `ports.Tool`."""

    spec = ToolSpec(name="edit", description="Edit.", schema={"type": "object"})

    async def run(self, call: ToolCall) -> ToolOutcome:
        effect = FileEffect(path="adder.py", action="edit")
        return ToolOutcome(blocks=(TextBlock(text="edited"),), effects=(effect,))


class Delete:
    """Needs a person's yes. Implements `ports.Tool`."""

    spec = ToolSpec(name="delete", description="Delete.", schema={"type": "object"}, asks=True)

    async def run(self, call: ToolCall) -> ToolOutcome:
        return ToolOutcome(blocks=(TextBlock(text="deleted"),))


class Stage:
    """An engine whose model answers by who asks: the parent, or an agent by its system prompt."""

    def __init__(
        self,
        script: Mapping[str, Sequence[Answer]],
        agents: Sequence[AgentDefinition] = (CODER, TESTER),
        turn: TurnOptions | None = None,
        tools: Sequence[Tool] = (),
        card: ModelCard = CARD,
    ) -> None:
        self.answers: Mapping[str, list[Answer]] = {who: [*given] for who, given in script.items()}
        self.model = ScriptedModel(self._answer, card=card)
        self.agents, self.turn = agents, turn
        self.tools: Sequence[Tool] = [Edit(), Delete(), *tools]
        self.brains = InMemoryBrains()
        self.owner = self.another()

    def another(self) -> OwnerEngine:
        engine = enplace.open(
            "unused",
            model=self.model,
            agents=self.agents,
            tools=self.tools,
            brains=self.brains,
            embedder=None,
            environment={},
            options=EngineOptions(
                turn=self.turn or TurnOptions(), learning=LearningOptions(in_background=False)
            ),
        )
        return engine.owner("ada")

    async def say(self, text: str, key: str | None = None) -> list[Event]:
        return [e async for e in self.owner.execute("t", text, idempotency_key=key)]

    def of(self, who: str) -> list[Context]:
        return [each for each in self.model.requests if self._who(each) == who]

    def _answer(self, context: Context) -> Answer:
        waiting = self.answers[self._who(context)]
        return waiting.pop(0) if waiting else "done"

    @staticmethod
    def _who(context: Context) -> str:
        first = context.system[0].block
        text = first.text if isinstance(first, TextBlock) else ""
        return next((n for n in ("coder", "tester") if n in text), "parent")


def edits(number: int) -> Answer:
    return call((f"e{number}", "edit", {}))


async def test_a_child_works_in_a_context_of_its_own_and_gives_back_a_summary() -> None:
    stage = Stage({"parent": [BRIEF, "All done."], "coder": [edits(1), edits(2), "It adds now."]})
    turn = await stage.say("The adder is broken, and my name is Zoe.")
    assert [e.outcome for e in only(SubAgentEnded, turn)] == ["answered"]
    assert only(SubAgentEnded, turn)[0].steps == 3
    (result,) = [e for e in only(ToolFinished, turn) if e.place and not e.place.child]
    assert result.output.startswith("It adds now.")
    assert "files changed: adder.py (edit)" in result.output
    assert [effect.path for effect in result.effects] == ["adder.py"]
    child = stage.of("coder")[-1]
    shown = str([block.block for message in child.messages for block in message.blocks])
    assert "Fix adder.py" in shown
    assert "Zoe" not in shown
    parent = stage.of("parent")[-1]
    assert "edited" not in str(parent.messages)
    assert {tool.name for tool in child.tools} == {"edit", "delete", "recall"}


async def test_the_stream_names_the_child_on_each_of_its_events_and_the_log_has_none_of_them() -> (
    None
):
    stage = Stage({"parent": [BRIEF, "All done."], "coder": [edits(1), "It adds now."]})
    turn = await stage.say("go")
    of_child = [e for e in turn if e.place is not None and e.place.child is not None]
    assert {e.place.child.agent for e in of_child if e.place and e.place.child} == {"coder"}
    assert [u.purpose for u in only(UsageReported, turn)] == [
        "turn",
        "subagent",
        "subagent",
        "turn",
    ]
    child_id = only(SubAgentStarted, turn)[0].child
    log = await stage.owner.log("t")
    assert all(e.place is not None and e.place.child is None for e in log)
    assert [e.text for e in only(UserSpoke, log)] == ["go"]
    own = await stage.owner.log(child_id)
    assert isinstance(own[-1], TurnCompleted)
    ids = [e.place.child.id for e in of_child if e.place and e.place.child]
    assert [e.place.id for e in own if e.place] == [i for i in ids if "." not in i]
    completed = only(TurnCompleted, log)[0].usage
    told = [u.usage for u in only(UsageReported, turn)]
    assert completed.input_tokens == sum(usage.input_tokens for usage in told)


async def test_children_run_side_by_side() -> None:
    met: list[str] = []
    meeting = asyncio.Barrier(2)

    class Meet:
        spec = ToolSpec(name="edit", description="Meet.", schema={"type": "object"})

        async def run(self, call: ToolCall) -> ToolOutcome:
            await meeting.wait()
            met.append(call.task_id)
            return ToolOutcome(blocks=(TextBlock(text="met"),))

    both = call(
        ("c1", "delegate_to_coder", {"brief": "one"}), ("c2", "delegate_to_coder", {"brief": "two"})
    )
    stage = Stage({"parent": [both], "coder": [edits(1), edits(2)]})
    stage.tools = [Meet()]
    stage.owner = stage.another()
    async with asyncio.timeout(10):
        await stage.say("go")
    assert len(set(met)) == 2


@pytest.mark.parametrize(
    ("budget", "steps"), [(Budget(steps=2), 2), (Budget(tokens=1), 1), (Budget(seconds=0.0), 0)]
)
async def test_a_child_that_overruns_gives_back_what_it_has(budget: Budget, steps: int) -> None:
    coder = AgentDefinition(
        name="coder", description="C.", system="the coder", tools=("edit",), budget=budget
    )
    says = call(("e1", "edit", {}), text="The fault is in line 3.")
    stage = Stage({"parent": [BRIEF], "coder": [says] * 9}, agents=(coder,))
    turn = await stage.say("go")
    (ended,) = only(SubAgentEnded, turn)
    assert (ended.outcome, ended.steps) == ("over_budget", steps)
    (result,) = [e for e in only(ToolFinished, turn) if e.place and not e.place.child]
    assert result.is_error
    assert "used up its" in result.output
    assert ("line 3" in result.output) is (steps > 0)
    assert isinstance(turn[-1], TurnCompleted)


async def test_a_child_has_no_more_than_its_parent_has_left() -> None:
    turn_options = TurnOptions(budget=Budget(tokens=1_000_000, steps=5))
    stage = Stage({"parent": [BRIEF], "coder": [edits(n) for n in range(30)]}, turn=turn_options)
    turn = await stage.say("go")
    assert only(SubAgentEnded, turn)[0].steps == 31  # steps are its own
    tight = TurnOptions(budget=Budget(tokens=1, steps=5))
    stage = Stage({"parent": [BRIEF], "coder": [edits(n) for n in range(30)]}, turn=tight)
    with pytest.raises(BudgetExceeded):
        await stage.say("go")
    assert len(stage.of("coder")) == 0


async def test_whitelisted_notes_go_along_and_no_others() -> None:
    stage = Stage({"parent": [BRIEF], "coder": ["ok"]})
    await stage.owner.note("t", "style guide", "four spaces")
    await stage.owner.note("t", "secret plan", "world domination")
    await stage.say("go")
    shown = str(stage.of("coder")[-1].messages)
    assert "four spaces" in shown
    assert "domination" not in shown


async def test_what_a_child_was_told_is_not_recalled_as_the_owners_words() -> None:
    stage = Stage({"parent": [BRIEF], "coder": ["The adder is repaired with a plus sign."]})
    await stage.say("go")
    found = await stage.owner.recall("adder plus sign repaired")
    assert all("plus sign" not in memory.text for memory in found.memories)
    await stage.owner.learning.run("test")
    assert await stage.owner.facts() == []


async def test_a_question_of_a_child_is_asked_by_its_parent_and_answered_there() -> None:
    wants = call(("d1", "delete", {}))
    stage = Stage({"parent": [BRIEF, "All done."], "coder": [wants, "Deleted it."]})
    turn = await stage.say("go")
    (asked,) = await stage.owner.questions()
    assert asked.question.text.startswith("coder asks: May delete run")
    assert len(only(PersonAsked, turn)) == 2  # the child's, and the parent's
    stage.owner = stage.another()
    rest = [e async for e in stage.owner.respond("t", "yes", request_id=asked.request_id)]
    assert only(ToolFinished, rest)[0].output == "deleted"
    assert only(AssistantSpoke, rest)[-1].text == "All done."
    assert len(only(SubAgentEnded, rest)) == 1
    assert await stage.owner.questions() == []


async def test_a_turn_that_broke_goes_on_with_its_child_where_that_stopped() -> None:
    stage = Stage({"parent": [BRIEF, "All done."], "coder": [edits(1), edits(2), "It adds."]})
    events = stage.owner.execute("t", "go", idempotency_key="k")
    async for event in events:
        if isinstance(event, ToolFinished) and event.place and event.place.child:
            break
    await events.aclose()
    stage.owner = stage.another()
    turn = await stage.say("go", key="k")
    assert only(AssistantSpoke, turn)[-1].text == "All done."
    child = only(SubAgentStarted, turn)[0].child
    done = [e for e in await stage.owner.log(child) if isinstance(e, ToolFinished)]
    assert len(done) == 2
    assert len(only(SubAgentStarted, turn)) == 1


async def test_a_child_that_failed_before_a_crash_and_answers_after_it_has_answered() -> None:
    away = ModelUnavailable("away")
    stage = Stage({"parent": [BRIEF, "All done."], "coder": [away, "It adds."]})
    events = stage.owner.execute("t", "go", idempotency_key="k")
    async for event in events:
        if isinstance(event, TurnErrored):
            break
    await events.aclose()
    stage.owner = stage.another()
    turn = await stage.say("go", key="k")
    assert [event.outcome for event in only(SubAgentEnded, turn)] == ["answered"]
    (result,) = [e for e in only(ToolFinished, turn) if e.place and not e.place.child]
    assert result.output.startswith("It adds.")


async def test_an_end_that_a_crash_left_untold_is_told_when_the_turn_goes_on() -> None:
    stage = Stage({"parent": [BRIEF, "All done."], "coder": [edits(1), "It adds."]})
    events = stage.owner.execute("t", "go", idempotency_key="k")
    async for event in events:
        if isinstance(event, TurnCompleted) and event.place and event.place.child:
            break
    await events.aclose()
    assert only(SubAgentEnded, await stage.owner.log("t")) == []
    stage.owner = stage.another()
    await stage.say("go", key="k")
    log = await stage.owner.log("t")
    (ended,) = only(SubAgentEnded, log)
    assert (ended.outcome, ended.steps) == ("answered", 2)
    own = [event.usage for event in only(UsageReported, log)]
    total = sum(usage.input_tokens for usage in own) + ended.usage.input_tokens
    assert only(TurnCompleted, log)[0].usage.input_tokens == total


async def test_an_end_that_was_told_before_the_crash_is_not_told_again() -> None:
    stage = Stage({"parent": [BRIEF, "All done."], "coder": [edits(1), "It adds."]})
    events = stage.owner.execute("t", "go", idempotency_key="k")
    async for event in events:
        if isinstance(event, SubAgentEnded):
            break
    await events.aclose()
    stage.owner = stage.another()
    await stage.say("go", key="k")
    log = await stage.owner.log("t")
    assert len(only(SubAgentStarted, log)) == len(only(SubAgentEnded, log)) == 1


async def test_a_child_knows_what_the_cache_holds_of_its_context() -> None:
    stage = Stage({"parent": [BRIEF], "coder": [edits(1), edits(2), "It adds now."]})
    turn = await stage.say("go")
    used = [e for e in only(UsageReported, turn) if e.purpose == "subagent"]
    assert [e.expected_hit_tokens > 0 for e in used] == [False, True, True]
    assert all(e.break_reason is None for e in used)


async def test_the_work_of_a_child_is_reopened_by_the_reference_in_its_result() -> None:
    stage = Stage({"parent": [BRIEF, "Well."], "coder": [edits(1), "It adds now."]})
    turn = await stage.say("go")
    (result,) = [e for e in only(ToolFinished, turn) if e.place and not e.place.child]
    found = re.search(r"reopen (\S+) reads its work", result.output)
    assert found is not None
    again = call(("r1", "reopen", {"ref": found[1]}), ("r2", "reopen", {"ref": "coder-1.1/e3"}))
    stage.answers = {"parent": [again, "Read."]}
    work, nobody = only(ToolFinished, await stage.say("Show me."))
    assert not work.is_error
    assert "Fix adder.py" in work.output
    assert "edited" in work.output
    assert nobody.is_error


async def test_a_child_goes_on_with_what_it_knows() -> None:
    stage = Stage({"parent": [BRIEF], "coder": ["First."]})
    turn = await stage.say("go")
    name = only(SubAgentStarted, turn)[0].child.removeprefix("t/")
    again = call(("c2", "delegate_to_coder", {"brief": "And document it.", "goes_on": name}))
    stage.answers = {"parent": [again], "coder": ["Second."]}
    await stage.say("more")
    shown = str(stage.of("coder")[-1].messages)
    assert "Fix adder.py" in shown
    assert "And document it." in shown
    wrong = call(("c3", "delegate_to_coder", {"brief": "x", "goes_on": "tester-1.1"}))
    stage.answers = {"parent": [wrong], "coder": []}
    (result,) = only(ToolFinished, await stage.say("more"))
    assert result.is_error


async def test_delegating_stops_at_a_depth() -> None:
    me = AgentDefinition(name="coder", description="C.", system="the coder", agents=("coder",))
    down = call(("c1", "delegate_to_coder", {"brief": "deeper"}))
    stage = Stage({"parent": [down], "coder": [down] * 9}, agents=(me,))
    turn = await stage.say("go")
    assert isinstance(turn[-1], TurnCompleted)
    children = {e.child for e in only(SubAgentStarted, turn)}
    assert len(children) == 3


async def test_python_code_delegates_too() -> None:
    stage = Stage({"coder": [edits(1), "It adds now."]})
    told: list[Event] = []
    done = await stage.owner.delegate("coder", "Fix it.", task_id="t", key="one", tell=told.append)
    assert done.answer == "It adds now."
    assert done.text.startswith("It adds now.\n[coder-0.")
    assert done.ended is not None
    assert done.ended.outcome == "answered"
    assert only(AssistantSpoke, told)[-1].text == "It adds now."
    log = await stage.owner.log("t")
    assert [type(e) for e in log] == [SubAgentStarted, SubAgentEnded]
    again = await stage.owner.delegate("coder", "Fix it.", task_id="t", key="one")
    assert again.text == done.text
    assert again.ended is not None
    assert await stage.owner.log("t") == log
    assert len(stage.model.requests) == 2
    more = await stage.owner.delegate("coder", "More.", task_id="t", goes_on=done.name)
    assert more.name == done.name
    with pytest.raises(AgentNotFound):
        await stage.owner.delegate("cook", "Fry.", task_id="t")
    with pytest.raises(BadInput):
        await stage.owner.delegate("coder", " ", task_id="t")


async def test_python_code_hands_on_a_persons_answer() -> None:
    stage = Stage({"coder": [call(("d1", "delete", {})), "Deleted."]})
    asked = await stage.owner.delegate("coder", "Delete it.", task_id="t", key="one")
    assert asked.question is not None
    done = await stage.owner.delegate(
        "coder", "Delete it.", task_id="t", key="one", answer=PersonsAnswer(text="yes")
    )
    assert done.text.startswith("Deleted.")


async def test_a_main_agent_has_its_own_prompt_and_tools(tmp_path: Path) -> None:
    model = ScriptedModel(["hello"])
    async with enplace.open(
        tmp_path, model=model, agents=(CODER, TESTER), agent="tester", environment={}, embedder=None
    ) as engine:
        _ = [e async for e in engine.owner().execute("t", "hi")]
    assert {tool.name for tool in model.requests[0].tools} == {"delegate_to_coder"}
    first = model.requests[0].system[0].block
    assert isinstance(first, TextBlock)
    assert first.text == "You are the tester."
