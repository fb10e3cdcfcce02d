"""A planner, coders and testers repair a repository whose test fails; then one agent does the same.

    python examples/agents/fix_failing_test.py FOLDER [--json]
    python examples/agents/fix_failing_test.py FOLDER --embedded [--json]

The agents are the stock ones. What they say is recorded (`plan.toml`) and read aloud by the scripted
model; their tools, the files (a copy of `ledger` below FOLDER) and the test runs are real. Then the
same calls of tools are made by one agent in one task, on another copy. Printed is what each of them
held in its context.

With `--embedded` the model that ships answers; see `embedded.py` for the job that it can do.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import contexts
import embedded
from recorded import Plan, read_plan, reading

import enplace
from enplace import EngineOptions, Event, LearningOptions, ScriptedModel, ShellOptions, TurnOptions
from enplace.records.agent import AgentDefinition
from enplace.records.permission import PermissionRule

HERE = Path(__file__).parent
REPOSITORY = HERE / "ledger"
ENVIRONMENT = {
    "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_ADDOPTS": "-p no:cacheprovider",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
"""Of the commands: this Python, and no plugins of pytest that happen to be installed with it."""
ALLOWED = tuple(
    PermissionRule(tool="shell", verdict="allow", argument="command", pattern=pattern)
    for pattern in ("python -m pytest -q*", "python -c *")
)
"""Where no sandbox starts, every command would wait for a person; these need not, in a copy that is
thrown away. A pattern is no wall: what comes behind `python -c` can do what you can."""
ALONE = AgentDefinition(
    name="alone",
    description="Does everything by itself.",
    system="You read, repair and test code. Find the cause, make the smallest change, and check it.",
    tools=("*_file", "*_files", "shell", "recall", "note", "reopen"),
)


def engine(home: Path, repository: Path, model: ScriptedModel, agent: str) -> enplace.Engine:
    """An engine whose agents work in a folder."""
    shell = ShellOptions(
        reads=tuple({Path(sys.prefix), Path(sys.base_prefix)}), environment=ENVIRONMENT
    )
    return enplace.open(
        home,
        model=model,
        tools=enplace.workspace_tools([repository], shell=True, shell_options=shell),
        agents=[ALONE] if agent == "alone" else "stock",
        agent=agent,
        embedder=None,
        options=EngineOptions(
            turn=TurnOptions(permissions=ALLOWED), learning=LearningOptions(in_background=False)
        ),
        environment={},
    )


async def work(
    home: Path, repository: Path, model: ScriptedModel, agent: str, message: str
) -> list[Event]:
    """One turn, whole."""
    shutil.copytree(REPOSITORY, repository, ignore=shutil.ignore_patterns("__pycache__"))
    async with engine(home, repository, model, agent) as made:
        return [event async for event in made.owner().execute(agent, message)]


def failing(repository: Path) -> tuple[int, str]:
    """How many tests fail, and the last line of the run."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=repository,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.strip().splitlines()[-1]
    found = re.search(r"(\d+) (?:failed|error)", last)
    return (int(found[1]) if found else int(done.returncode != 0)), last


def files(repository: Path) -> dict[str, str]:
    """What a repository holds."""
    return {
        str(path.relative_to(repository)): path.read_text(encoding="utf-8")
        for path in sorted(repository.rglob("*"))
        if path.is_file()
    }


async def repair(folder: Path, plan: Plan) -> dict[str, object]:
    """The repository repaired by many and by one; prints what happened."""
    planned, single = reading(plan), ScriptedModel(plan.alone)
    many, one = folder / "many", folder / "one"
    before, told_before = failing(REPOSITORY)
    events = await work(folder / "home", many / "ledger", planned, "planner", plan.message)
    after, told_after = failing(many / "ledger")
    again = await work(folder / "home", one / "ledger", single, "alone", plan.message)
    last = next(c for c in reversed(planned.requests) if c.task_id == "planner")
    sizes = contexts.Sizes(
        children=contexts.children(events),
        parent=contexts.parent(last, events),
        alone=contexts.alone(single.requests[-1], again),
        compactions=contexts.compactions(events, again),
    )
    print(f"before: {told_before}\nafter:  {told_after}\n")
    sizes.print()
    alike = files(many / "ledger") == files(one / "ledger")
    if not alike:
        print("The one agent left other files than the many did: the sizes say nothing.")
    fixed = before > 0 == after and alike
    return {"fixed": fixed, "failing_before": before, "failing_after": after, **sizes.as_json()}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="where the copies and the brains go")
    parser.add_argument("--embedded", action="store_true", help="the model that ships answers")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    if options.embedded:
        figures = asyncio.run(embedded.read_and_answer(options.folder))
    else:
        figures = asyncio.run(repair(options.folder, read_plan(HERE / "plan.toml")))
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
