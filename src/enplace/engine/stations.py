"""Where an owner's turns and those of sub-agents happen: model, tools and limits, put together."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from enplace.desk import Asides, Station
from enplace.engine.catalogue import Catalogue, Offer, model_of, names
from enplace.engine.parts import EngineOptions, Ports
from enplace.errors import ConfigError
from enplace.ports import Brain, LongTerm, Model, Tool
from enplace.records.agent import AgentDefinition
from enplace.records.spending import within
from enplace.records.task import Session
from enplace.records.tool import ToolCall
from enplace.subagent import MOST_STEPS, Kitchen, SubAgent
from enplace.upload.redact import Redactor

DEEPEST = 3
"""Sub-agents inside each other; the innermost cannot delegate."""


class Stations:
    """Makes the stations of one owner, anew after each reload of the catalogue."""

    def __init__(
        self,
        ports: Ports,
        options: EngineOptions,
        catalogue: Catalogue,
        memory: LongTerm,
        *,
        asides: Asides,
        redactor: Redactor,
        session: Callable[[], Awaitable[Session]],
    ) -> None:
        self._ports = ports
        self._options = options
        self._catalogue = catalogue
        self._memory = memory
        self._asides = asides
        self._redactor = redactor
        self._session = session
        self._own: tuple[Offer, Station] | None = None

    async def own(self, brain: Brain) -> Station:
        """The station of the engine's own turns: of its main agent, where one is named."""
        return self._newest(brain, await self._catalogue.current())

    def _newest(self, brain: Brain, offer: Offer) -> Station:
        if self._own is not None:
            made, station = self._own
            if made is offer and station.brain is brain:
                return station
        own = self._ports.agent
        if own:
            station = self._of_agent(offer.agent(own), brain, offer, depth=0)
        else:
            tools = [*offer.tools, *self._engine_tools(brain, self._ports.model)]
            tools += self._delegates(offer.agents, brain, offer, depth=0)
            station = self._station(brain, self._ports.model, tools, offer)
        station = replace(station, newest=lambda: self._newest(brain, self._catalogue.newest))
        self._own = offer, station
        return station

    async def sub_agent(self, brain: Brain, agent: str) -> SubAgent:
        """An agent as a tool, for a caller who delegates by himself.

        Raises:
            AgentNotFound: There is none of this name.
        """
        offer = await self._catalogue.current()
        return SubAgent(offer.agent(agent), self._kitchen(brain, offer, depth=0))

    def _station(self, brain: Brain, model: Model, tools: Sequence[Tool], offer: Offer) -> Station:
        ports = self._ports
        return Station(
            brain=brain,
            model=model,
            embedder=ports.embedder,
            tools={tool.spec.name: tool for tool in tools},
            clock=ports.clock,
            options=self._options.turn,
            counter=ports.counter,
            prices=ports.prices,
            asides=self._asides,
            redactor=self._redactor,
            defers=offer.version > 0,
            troubles=offer.troubles,
        )

    def _of_agent(
        self, definition: AgentDefinition, brain: Brain, offer: Offer, *, depth: int
    ) -> Station:
        """What an agent works with: those of all tools that its definition names."""
        model = model_of(definition, self._ports)
        if model is None:
            raise ConfigError(f"agent {definition.name} wants an unknown model: {definition.model}")
        known = [*offer.tools, *self._engine_tools(brain, model)]
        tools = [tool for tool in known if names(definition.tools, tool.spec.name)]
        if depth < DEEPEST:
            agents = [agent for agent in offer.agents if names(definition.agents, agent.name)]
            tools += self._delegates(agents, brain, offer, depth=depth)
        station = self._station(brain, model, tools, offer)
        of_turns = self._options.turn.budget
        own = replace(definition.budget, steps=definition.budget.steps or of_turns.steps)
        options = replace(station.options, system=definition.system, budget=within(own, of_turns))
        return replace(station, options=options)

    def _engine_tools(self, brain: Brain, model: Model) -> Sequence[Tool]:
        if self._ports.engine_tools is None or not model.card.uses_engine_tools:
            return ()
        return self._ports.engine_tools(self._memory, brain.log)

    def _delegates(
        self, agents: Sequence[AgentDefinition], brain: Brain, offer: Offer, *, depth: int
    ) -> Sequence[Tool]:
        kitchen = self._kitchen(brain, offer, depth=depth)
        usable = [agent for agent in agents if model_of(agent, self._ports) is not None]
        return [SubAgent(agent, kitchen) for agent in usable]

    def _kitchen(self, brain: Brain, offer: Offer, *, depth: int) -> Kitchen:
        def made(definition: AgentDefinition, call: ToolCall, by: Offer) -> Station:
            station = self._of_agent(definition, brain, by, depth=depth + 1)
            steps = definition.budget.steps or MOST_STEPS  # its own, whatever its parent has left
            budget = within(replace(station.options.budget, steps=steps), call.left)
            options = replace(station.options, budget=budget)
            return replace(station, agent=definition.name, parent=call.task_id, options=options)

        def station(definition: AgentDefinition, call: ToolCall) -> Station:
            known = {offer.version: made(definition, call, offer)}

            def newest() -> Station:
                by = self._catalogue.newest
                if by.version not in known:
                    again = [each for each in by.agents if each.name == definition.name]
                    agent = again[0] if again else definition  # who is at work goes on
                    known[by.version] = made(agent, call, by)
                return known[by.version]

            return replace(known[offer.version], newest=newest)

        return Kitchen(station=station, session=self._session)
