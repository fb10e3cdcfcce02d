"""Definitions of agents, as a folder keeps them: one folder per agent, with an `agent.json`."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enplace.errors import ConfigError
from enplace.records.agent import AgentDefinition, Budget, name_trouble

STOCK = Path(__file__).parent / "stock"
"""The definitions that ship: planner, researcher, coder, tester, analyst, writer."""
DEFINITION = "agent.json"
MOST_BYTES = 200_000
"""Of a definition, and of a system prompt."""


def read_agents(folder: Path) -> tuple[AgentDefinition, ...]:
    """The agents of a folder, in the order of its folders' names.

    Each folder in it is an agent's and holds `agent.json`: `name`, `description`,
    `system_prompt_path` (a file in the same folder), and where wanted `model`, `tools`, `agents`,
    `notes` and `budget` with `tokens`, `cost`, `steps`, `seconds`. Files beside the folders, and
    folders whose names begin with a dot or two underscores, are nobody's.

    Raises:
        ConfigError: Something is not as it must be; the error names file and key.
    """
    try:
        folders = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise ConfigError(f"{folder}: the agents cannot be read: {error.strerror}") from error
    found: dict[str, Path] = {}
    agents: list[AgentDefinition] = []
    for path in folders:
        if path.name.startswith((".", "__")):
            continue
        agent = read_agent(path)
        file = path / DEFINITION
        if agent.name in found:
            raise _said(file, "name", f"{found[agent.name]} has the same name, {agent.name!r}")
        found[agent.name] = file
        agents.append(agent)
    return tuple(agents)


def read_agent(folder: Path) -> AgentDefinition:
    """The agent of one folder.

    Raises:
        ConfigError: It is not as it must be; the error names file and key.
    """
    file = folder / DEFINITION
    try:
        value: object = json.loads(_text_of(file, ""), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise _said(file, "", f"it is not JSON: {error}") from error
    try:
        entry = _Entry.model_validate(value)
    except ValidationError as error:
        raise _wrong(file, error) from error
    if trouble := name_trouble(entry.name):
        raise _said(file, "name", trouble)
    return AgentDefinition(
        name=entry.name,
        description=entry.description.strip(),
        system=_prompt(folder, entry.system_prompt_path),
        model=entry.model,
        tools=tuple(entry.tools),
        agents=tuple(entry.agents),
        budget=_budget(file, entry.budget),
        notes=tuple(entry.notes),
    )


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Name = Annotated[str, Field(min_length=1, pattern=r"^\S+$")]


class _Budget(_Strict):
    tokens: Annotated[int, Field(gt=0)] | None = None
    cost: Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")] | None = None
    steps: Annotated[int, Field(gt=0)] | None = None
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class _Entry(_Strict):
    name: str
    description: Text
    system_prompt_path: Text
    model: str = ""
    tools: list[Name] = Field(default_factory=list)
    agents: list[Name] = Field(default_factory=list)
    budget: _Budget = Field(default_factory=_Budget)
    notes: list[Text] = Field(default_factory=list)


def _budget(file: Path, entry: _Budget) -> Budget:
    if entry.cost is not None and not Decimal(entry.cost):
        raise _said(file, "budget.cost", "it must be more than 0")
    return Budget(tokens=entry.tokens, cost=entry.cost, steps=entry.steps, seconds=entry.seconds)


def _prompt(folder: Path, named: str) -> str:
    """The system prompt, from a file that lies in the agent's own folder."""
    file, at = folder / DEFINITION, "system_prompt_path"
    try:
        path = (folder / named).resolve()
        inside = not Path(named).is_absolute() and path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError) as error:  # NUL, or links in a ring
        raise _said(file, at, f"{named!r} is no path") from error
    if not inside:
        raise _said(file, at, f"{named!r} leads out of the agent's folder")
    text = _text_of(path, f"{file}: {at}").strip()
    if not text:
        raise _said(file, at, f"{named!r} is empty")
    return text


def _text_of(path: Path, named_by: str) -> str:
    """A text file, whole."""
    at = f"{named_by}: " if named_by else ""
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{at}{path}: it cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{at}{path}: it has more than {MOST_BYTES:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{at}{path}: it is no text in UTF-8") from error


def _without_twins(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twin!r} stands there twice")
    return found


def _wrong(file: Path, error: ValidationError) -> ConfigError:
    """The first of what is wrong."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = [str(step) for step in cast(tuple[object, ...], first["loc"])]
    return _said(file, ".".join(where), first["msg"])


def _said(file: Path, key: str, what: str) -> ConfigError:
    return ConfigError(f"{file}: {key or 'the file'}: {what}")
