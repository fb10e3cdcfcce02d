"""An engine on a scripted model, with brains in memory and a clock that stands."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from tests.conftest import StandingClock

import enplace
from enplace.desk import TurnOptions
from enplace.engine import EngineOptions, LearningOptions, OwnerEngine
from enplace.ports import Brains, Embedder, Tool
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import CARD, Answer, ScriptedModel
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.event import Event
from enplace.records.model import ModelCard
from enplace.stores.inmemory import InMemoryBrains
from enplace.wire.openai_chat import to_openai

Kind = TypeVar("Kind")

BARE = replace(CARD, uses_engine_tools=False)
"""A model that is offered no tools of the engine, so that its requests are short."""


class House:
    """One owner's engine; `reopen` makes it anew on the same brains, as a restart does."""

    def __init__(
        self,
        *,
        clock: StandingClock | None = None,
        brains: Brains | None = None,
        embedder: Embedder | None = None,
        card: ModelCard = BARE,
        tools: Sequence[Tool | Callable[..., Any]] = (),
        turn: TurnOptions | None = None,
        learning: LearningOptions | None = None,
        session_idle_s: float = 1_800.0,
        system: str | None = None,
    ) -> None:
        self.clock = clock or StandingClock()
        self.brains = brains or InMemoryBrains()
        self.embedder = embedder
        self.answers: deque[Answer] = deque()
        self.model = ScriptedModel(self._answer, card=card)
        self.tools = tools
        self.system = system
        self.options = EngineOptions(
            turn=turn or TurnOptions(),
            learning=learning or LearningOptions(in_background=False),
            session_idle_s=session_idle_s,
        )
        self.owner = self.another()

    def another(self) -> OwnerEngine:
        """A second engine on the same brains, which has read nothing yet."""
        engine = enplace.open(
            "unused",
            model=self.model,
            tools=self.tools,
            system=self.system,
            options=self.options,
            brains=self.brains,
            embedder=self.embedder,
            counter=CharacterCounter(),
            clock=self.clock,
            environment={},
        )
        return engine.owner("ada")

    def reopen(self) -> None:
        """Forget everything that is not in the brains."""
        self.owner = self.another()

    async def say(
        self, text: str, *answers: Answer, task: str = "t", key: str | None = None
    ) -> list[Event]:
        """Carry a message to its answer; without answers the model says "ok"."""
        self.answers.extend(answers)
        return [event async for event in self.owner.execute(task, text, idempotency_key=key)]

    @property
    def request(self) -> Context:
        """The last context that the model saw."""
        return self.model.requests[-1]

    @property
    def messages(self) -> list[JsonObject]:
        """The last request's messages, as sent."""
        return messages(self.request)

    @property
    def prompt(self) -> str:
        """The last message of the last request."""
        return str(self.messages[-1]["content"])

    def _answer(self, _: Context) -> Answer:
        return self.answers.popleft() if self.answers else "ok"


def messages(context: Context) -> list[JsonObject]:
    """The messages of a request, as sent."""
    return cast(list[JsonObject], to_openai(context)["messages"])


def only(kind: type[Kind], events: Sequence[Event]) -> list[Kind]:
    """The events of one record, in order."""
    return [event for event in events if isinstance(event, kind)]
