"""`enplace agents`: which agents there are, whether a folder of them is right, and the stock ones."""

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from enplace.cli.parsing import Commands, adding, group
from enplace.engine.catalogue import Offer
from enplace.errors import BadInput, ConfigError
from enplace.readers.agents import STOCK
from enplace.records.agent import AgentDefinition, Budget
from enplace.wiring import Agents
from enplace.wiring import open as open_engine


def add_agents(found: Commands) -> None:
    """Add the command with all of its own commands."""
    as_json = argparse.ArgumentParser(add_help=False)
    as_json.add_argument("--json", action="store_true", help="print JSON for programs")
    add = adding(group(found, "agents", "whom the model may delegate to"), as_json)

    add("list", list_all, "list the agents that the settings name, and what they lack")

    command = add("check", check, "read a folder of agents, and say what is wrong or missing")
    command.add_argument("folder", type=Path, help="a folder with one folder per agent")

    command = add("copy", copy, "copy the stock agents, to make your own of them")
    command.add_argument("folder", type=Path, help="must not be there yet")


async def list_all(asked: argparse.Namespace) -> int:
    """The agents of the settings; exit code 1 where one lacks something."""
    return await _told(None, asked)


async def check(asked: argparse.Namespace) -> int:
    """The agents of a folder; exit code 1 where one lacks something, 2 where one cannot be read."""
    return await _told(asked.folder, asked)


async def _told(agents: Agents | None, asked: argparse.Namespace) -> int:
    async with open_engine(agents=agents) as engine:
        offer = await engine.catalogue()
    if asked.json:
        told = {"agents": [asdict(each) for each in offer.agents], "troubles": offer.troubles}
        print(json.dumps(told))
    else:
        print("\n".join(_lines(offer)))
    return 1 if offer.troubles else 0


def copy(asked: argparse.Namespace) -> int:
    """The stock definitions, in a folder of one's own."""
    folder: Path = asked.folder
    if folder.exists():
        raise BadInput(f"{folder} is there already; name another folder")
    try:
        shutil.copytree(STOCK, folder)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error}") from error
    copied = sorted(path.name for path in folder.iterdir())
    print(json.dumps(copied) if asked.json else f"copied {', '.join(copied)} to {folder}")
    return 0


def _lines(offer: Offer) -> Sequence[str]:
    if not offer.agents:
        return ["no agents; CATALOG_DIR names a folder of them"]
    told = [line for agent in offer.agents for line in _lines_of(agent)]
    return [*told, *(f"! {trouble}" for trouble in offer.troubles)]


def _lines_of(agent: AgentDefinition) -> Sequence[str]:
    model = f" ({agent.model})" if agent.model else ""
    lines = [f"{agent.name}{model}: {agent.description}"]
    for name, values in (("tools", agent.tools), ("agents", agent.agents), ("notes", agent.notes)):
        if values:
            lines.append(f"    {name}: {', '.join(values)}")
    if budget := _budget(agent.budget):
        lines.append(f"    budget: {budget}")
    return lines


def _budget(budget: Budget) -> str:
    amounts = [
        f"{budget.tokens:,} tokens" if budget.tokens is not None else "",
        f"{budget.cost} of money" if budget.cost is not None else "",
        f"{budget.steps} model calls" if budget.steps is not None else "",
        f"{budget.seconds:g} s" if budget.seconds is not None else "",
    ]
    return ", ".join(amount for amount in amounts if amount)
