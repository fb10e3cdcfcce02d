"""The same way through the engine with the model that ships, and a job that it can do.

SmolLM2-135M cannot plan, and cannot use tools in a loop: it calls the same one again. What it can do
is read a short text and answer one question about it. So the planner's part is recorded here too, and
the readers are the embedded model itself: one brief each, with a paragraph of a file and a question.
Then one reader gets all the briefs in one task.
"""

from collections.abc import Sequence
from pathlib import Path

import contexts
from recorded import Job, Plan, reading

import enplace
from enplace import EngineOptions, Event, LearningOptions, Settings
from enplace.ports import Model
from enplace.records.agent import AgentDefinition, Budget
from enplace.records.event import AssistantSpoke, ToolFinished
from enplace.wiring import embedded_model

HELP = Path(__file__).parent / "ledger" / "HELP.md"
QUESTIONS = (
    ("When are the statements printed?", "first working day"),
    ("Where does the key of the cash box hang?", "kitchen door"),
    ("What is the accountant called?", "lindqvist"),
    ("To whom is the rent paid?", "mill lane trust"),
    ("In which ink was the old ledger written?", "green"),
    ("When is the gym paid?", "summer"),
    ("What does the phone contract include?", "tablet"),
    ("When is the insurance of the boat paid?", "spring"),
)
"""One about each paragraph, with what a right answer holds."""
READER = AgentDefinition(
    name="reader",
    description="Answers one question about a text that stands in its brief.",
    system="You read a text. Answer the question from the text in one short sentence.",
    model="small",
    budget=Budget(steps=2),
)
PLANNER = AgentDefinition(
    name="planner",
    description="Gives each question to a reader.",
    system="You give each question to a reader of its own and put the answers together.",
    agents=("reader",),
)


def plan() -> Plan:
    """One step: a reader for each paragraph, side by side."""
    paragraphs = HELP.read_text(encoding="utf-8").strip().split("\n\n")[1:]
    briefs = [
        f"Background:\n{' '.join(text.split())}\n\n{question}"
        for text, (question, _) in zip(paragraphs, QUESTIONS, strict=True)
    ]
    jobs = tuple(Job(agent="reader", brief=brief, steps=(), answer="") for brief in briefs)
    return Plan(
        message="Answer the questions that people ask, from HELP.md.",
        steps=(("One reader for each question.", jobs),),
        answer="All questions were given to readers.",
    )


async def read_and_answer(folder: Path) -> dict[str, object]:
    """The questions answered by many readers and by one; prints what they said."""
    settings = Settings.from_env()
    small = embedded_model(settings, settings.home)
    recorded = plan()
    planner = reading(recorded)
    async with _engine(folder / "many", planner, small, "planner") as engine:
        events = [e async for e in engine.owner().execute("planner", recorded.message)]
    again: list[Event] = []
    async with _engine(folder / "one", small, small, "reader") as engine:
        for job in recorded.jobs:
            again += [e async for e in engine.owner().execute("reader", job.brief)]
        last = await engine.owner().context("reader")
    sizes = contexts.Sizes(
        children=contexts.children(events),
        parent=contexts.parent(planner.requests[-1], events),
        alone=contexts.alone(last, again),
        compactions=contexts.compactions(events, again),
    )
    of_many, of_one = _answers_of_many(events), _answers_of_one(again)
    for (question, wanted), many, one in zip(QUESTIONS, of_many, of_one, strict=True):
        print(f"{question}\n  a reader each: {_judged(many, wanted)}")
        print(f"  one for all:   {_judged(one, wanted)}")
    print()
    sizes.print()
    right = sum(wanted in a.casefold() for (_, wanted), a in zip(QUESTIONS, of_many, strict=True))
    alike = sum(wanted in a.casefold() for (_, wanted), a in zip(QUESTIONS, of_one, strict=True))
    print(f"Right of {len(QUESTIONS)}: {right} by a reader each, {alike} by one for all.")
    figures = {"asked": len(QUESTIONS), "right": right, "right_of_one_agent": alike}
    return {**figures, **sizes.as_json()}


def _answers_of_many(events: Sequence[Event]) -> list[str]:
    """What each reader gave back, in the order of the briefs."""
    results = {
        event.tool_call_id: event.blocks[0].text
        for event in events
        if isinstance(event, ToolFinished) and event.place and event.place.child is None
    }
    return [results[f"job1.{number}"] for number in range(1, len(QUESTIONS) + 1)]


def _answers_of_one(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, AssistantSpoke)]


def _judged(answer: str, wanted: str) -> str:
    return f"{'right' if wanted in answer.casefold() else 'WRONG'}: {' '.join(answer.split())}"


def _engine(home: Path, model: Model, small: Model, agent: str) -> enplace.Engine:
    return enplace.open(
        home,
        model=model,
        models={"small": small},
        agents=[PLANNER, READER],
        agent=agent,
        embedder=None,
        options=EngineOptions(learning=LearningOptions(in_background=False)),
        environment={},
    )
