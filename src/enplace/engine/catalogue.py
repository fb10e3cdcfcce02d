"""What an engine offers to its models: tools, those of other processes, and agents."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from enplace.engine.parts import Ports
from enplace.errors import AgentNotFound, ToolboxUnavailable
from enplace.ports import Tool, Toolbox
from enplace.records.agent import AgentDefinition

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
    """What could not be reached, in words."""

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
    """Offers of one engine, for all its owners."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._offer: Offer | None = None

    async def current(self) -> Offer:
        """What is offered. Other processes are asked the first time.

        Raises:
            ConfigError: A definition of an agent is wrong.
        """
        if self._offer is None:
            self._offer = await self._read(0)
        return self._offer

    async def reload(self) -> Offer:
        """Read definitions of agents anew, and ask other processes for their tools again.

        A task that is open shows its model the old definitions until its next epoch.

        Raises:
            ConfigError: A definition of an agent is wrong; the old offer stands.
        """
        before = await self.current()
        self._offer = await self._read(before.version + 1)
        return self._offer

    async def aclose(self) -> None:
        """Let go of other processes."""
        for box in self._ports.toolboxes:
            await box.aclose()

    async def _read(self, version: int) -> Offer:
        agents = tuple(self._ports.agents()) if self._ports.agents is not None else ()
        tools: list[Tool] = [*self._ports.tools]
        troubles: list[str] = []
        for found, trouble in await asyncio.gather(*map(_opened, self._ports.toolboxes)):
            tools += found
            troubles += [trouble] if trouble else []
        return Offer(
            tools=tuple(_named_once(tools)),
            agents=agents,
            version=version,
            troubles=tuple(troubles),
        )


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
