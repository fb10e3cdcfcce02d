"""A recorded plan, and the scripted model that reads it aloud: each agent its own part."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enplace import Context, Reply, ScriptedModel
from enplace.providers.scripted import call, say
from enplace.records.block import TextBlock

Call = tuple[str, str, dict[str, Any]]
"""Id, tool, input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One answer of an agent that calls tools."""

    text: str
    calls: tuple[Call, ...]

    def reply(self) -> Reply:
        """As the model says it."""
        return call(*self.calls, text=self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A brief, and what the agent makes of it."""

    agent: str
    brief: str
    steps: tuple[Step, ...]
    answer: str

    @property
    def replies(self) -> Sequence[Reply]:
        """All that the agent says, in order."""
        return [*(step.reply() for step in self.steps), say(self.answer)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A message, the jobs that a planner makes of it, and its answer."""

    message: str
    steps: tuple[tuple[str, tuple[Job, ...]], ...]
    """What the planner says, and the jobs that it gives out side by side."""
    answer: str

    @property
    def jobs(self) -> Sequence[Job]:
        """All of them, in order."""
        return [job for _, jobs in self.steps for job in jobs]

    @property
    def replies(self) -> Iterator[Reply]:
        """All that the planner says."""
        for number, (text, jobs) in enumerate(self.steps, 1):
            calls = [
                (f"job{number}.{n}", f"delegate_to_{job.agent}", {"brief": job.brief})
                for n, job in enumerate(jobs, 1)
            ]
            yield call(*calls, text=text)
        yield say(self.answer)

    @property
    def alone(self) -> Iterator[Reply]:
        """The same calls of tools by one agent, word for word and in the same order."""
        for job in self.jobs:
            for step in job.steps:
                yield step.reply()
        yield say(self.answer)


def read_plan(path: Path) -> Plan:
    """The plan of a TOML file."""
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    steps = [
        (
            step.get("say", ""),
            tuple(_job(job, f"{n}.{m}") for m, job in enumerate(step["delegate"])),
        )
        for n, step in enumerate(read["step"])
    ]
    return Plan(message=read["message"].strip(), steps=tuple(steps), answer=read["answer"].strip())


def _job(read: dict[str, Any], name: str) -> Job:
    steps: list[Step] = []
    for number, step in enumerate(read["step"]):
        calls: list[Call] = []
        for nth, given in enumerate(step["call"]):
            tool = given.pop("tool")
            calls.append((f"c{name}.{number}.{nth}", tool, given))
        steps.append(Step(text=step.get("say", ""), calls=tuple(calls)))
    return Job(
        agent=read["agent"],
        brief=read["brief"].strip(),
        steps=tuple(steps),
        answer=read["answer"].strip(),
    )


def reading(plan: Plan) -> ScriptedModel:
    """A model that says, to whoever asks, what the plan has for the message that stands first."""
    parts = {job.brief: list(job.replies) for job in plan.jobs} | {plan.message: list(plan.replies)}

    def answer(context: Context) -> Reply:
        blocks = [block.block for block in context.messages[0].blocks]
        told = next(b.text for b in blocks if isinstance(b, TextBlock) and b.text in parts)
        spoken = sum(message.role == "assistant" for message in context.messages)
        return parts[told][spoken]

    return ScriptedModel(answer)
