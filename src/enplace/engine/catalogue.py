"""What an engine offers to its models: tools, those of other processes, and agents."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from enplace.engine.parts import Ports
from enplace.errors import AgentNotFound, ConfigError, ToolboxUnavailable
from enplace.ports import Model, Tool, Toolbox
from enplace.records.agent import AgentDefinition, name_trouble

_log = logging.getLogger("enplace.engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is offered since the last reload."""

    tools: tuple[Tool, ...]
    """The caller's, and those of other processes."""
    agents: tuple[AgentDefinition, ...]
    version: int = 0
    """Counts reloads."""
    troubles: tuple[str, ...] = ()
    """What could not be reached, and what agents name that is not there, in words."""

    def agent(self, name: str) -> AgentDefinition:
        """An agent by its name.

        Raises:
            AgentNotFound: There is none.
        """
        found = next((agent for agent in self.agents if agent.name == name), None)
        if found is None:
            known = ", ".join(agent.name for agent in self.agents) or "none"
            raise AgentNotFound(f"there is no agent {name!r}; agents: {known}", agent=name)
        return found


class Catalogue:
    """Offers of one engine, for all its owners.

    Raises:
        ConfigError: A definition of an agent is wrong.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        _agents_of(ports)  # what is wrong with them is told here, and not in the first turn
        self._offer: Offer | None = None
        self._reading = asyncio.Lock()

    @property
    def known(self) -> Offer | None:
        """What was read last; None before anybody asked."""
        return self._offer

    async def current(self) -> Offer:
        """What is offered. Other processes are asked the first time.

        Raises:
            ConfigError: A definition of an agent is wrong.
        """
        if self._offer is None:
            async with self._reading:  # many turns may be the first
                if self._offer is None:
                    self._offer = await self._read(0)
        return self._offer

    @property
    def newest(self) -> Offer:
        """What `current` gave last, or a reload since; to be asked behind it."""
        assert self._offer is not None
        return self._offer

    async def reload(self) -> Offer:
        """Read definitions of agents anew, and ask other processes for their tools again.

        A task that is open shows its model the old definitions until its next epoch.

        Raises:
            ConfigError: A definition of an agent is wrong; the old offer stands.
        """
        before = await self.current()
        async with self._reading:
            self._offer = await self._read(self.newest.version + 1)
        extra = {"action": "reload", "version": self.newest.version, "before": before.version}
        _log.info("the catalogue was read anew", extra=extra)
        return self._offer

    async def aclose(self) -> None:
        """Let go of other processes."""
        for box in self._ports.toolboxes:
            await box.aclose()

    async def _read(self, version: int) -> Offer:
        agents = _agents_of(self._ports)
        tools: list[Tool] = [*self._ports.tools]
        troubles: list[str] = []
        for found, trouble in await asyncio.gather(*map(_opened, self._ports.toolboxes)):
            tools += found
            troubles += [trouble] if trouble else []
        names = {tool.spec.name for tool in tools} | self._ports.engine_tool_names
        for agent in agents:
            missing = _missing(agent, names, agents, self._ports)
            troubles += [f"agent {agent.name}: {missing}"] if missing else []
        return Offer(
            tools=tuple(_named_once(tools)),
            agents=agents,
            version=version,
            troubles=tuple(troubles),
        )


def model_of(definition: AgentDefinition, ports: Ports) -> Model | None:
    """The model that an agent works with; None where nobody knows the one that it names."""
    if definition.model in ports.models:
        return ports.models[definition.model]
    return ports.model if definition.model in {"", ports.model.card.name} else None


def names(patterns: Sequence[str], name: str) -> bool:
    """Whether one of these patterns, as a definition holds them, means this name."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _agents_of(ports: Ports) -> tuple[AgentDefinition, ...]:
    """The definitions as they are now.

    Raises:
        ConfigError: One cannot be read, a name is none or stands there twice, or the main agent is
            not as it must be.
    """
    agents = tuple(ports.agents()) if ports.agents is not None else ()
    seen: set[str] = set()
    for agent in agents:
        if trouble := name_trouble(agent.name):
            raise ConfigError(trouble, agent=agent.name)
        if agent.name in seen:
            raise ConfigError(f"two agents are called {agent.name!r}", agent=agent.name)
        seen.add(agent.name)
    if not ports.agent:
        return agents
    main = next((agent for agent in agents if agent.name == ports.agent), None)
    if main is None:
        known = ", ".join(sorted(seen)) or "none"
        raise ConfigError(f"the main agent {ports.agent!r} is not defined; agents: {known}")
    if model_of(main, ports) is None:
        raise ConfigError(f"the main agent {main.name}: {_no_model(main, ports)}")
    return agents


def _missing(
    agent: AgentDefinition,
    tools: set[str],
    agents: Sequence[AgentDefinition],
    ports: Ports,
) -> str:
    """What a definition names that is not there, in words; empty where all of it is."""
    there = {each.name for each in agents}
    no_tools = [each for each in agent.tools if not any(fnmatchcase(n, each) for n in tools)]
    no_agents = [each for each in agent.agents if not any(fnmatchcase(n, each) for n in there)]
    told = [f"there is no tool {', '.join(no_tools)}"] if no_tools else []
    told += [f"there is no agent {', '.join(no_agents)}"] if no_agents else []
    if model_of(agent, ports) is None:
        told.append(f"{_no_model(agent, ports)}, so nothing is delegated to it")
    return "; ".join(told)


def _no_model(agent: AgentDefinition, ports: Ports) -> str:
    known = ", ".join(sorted({ports.model.card.name, *ports.models}))
    return f"there is no model {agent.model!r}; models: {known}"


async def _opened(box: Toolbox) -> tuple[Sequence[Tool], str]:
    """The tools of another process, or why there are none."""
    try:
        return await box.open(), ""
    except ToolboxUnavailable as error:
        extra = {"action": "toolbox", "toolbox": box.name}
        _log.warning("tools of %s cannot be had", box.name, exc_info=error, extra=extra)
        return (), f"tools of {box.name}: {error.message}"


def _named_once(tools: Sequence[Tool]) -> Sequence[Tool]:
    """Of tools with the same name the first."""
    return tuple({tool.spec.name: tool for tool in reversed(tools)}.values())[::-1]
