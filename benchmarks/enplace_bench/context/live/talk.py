"""A task with the embedded model, turn by turn: what it answered, what that took, what it saw."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import enplace
from enplace import EmbeddedModel, EngineOptions, ModelCard, OwnerEngine, Settings, TurnOptions
from enplace.ports import Brains
from enplace.prepare.assemble import Prepared
from enplace.prepare.compact.policy import CompactionOptions
from enplace.providers.embedded import default_card
from enplace.providers.weights import SMOLLM2
from enplace.records.block import TextBlock
from enplace.records.canonical import JsonObject
from enplace.records.context import Context, History
from enplace.records.event import AssistantSpoke, Compacted, Event, UsageReported, UserSpoke
from enplace.records.message import Reply
from enplace.records.recollection import Recollection
from enplace.records.tool import ToolCall
from enplace.records.usage import Usage
from enplace.stores.sqlite.brain import SqliteBrains
from enplace.tools.log import Reopen
from enplace.turn import run_turn

OWNER, TASK = "Ada", "talk"
OUTPUT_TOKENS = 24
"""Most of one answer: a short sentence."""


class WatchedModel(EmbeddedModel):
    """The embedded model; it keeps what it was shown last, and may do without its prompt cache."""

    caches = True
    """Without, every token of a request is computed anew: slow, and bound to nothing before it."""
    shown: Context | None = None

    def encode(self, context: Context) -> JsonObject:
        """See `ports.Model`."""
        self.shown = context
        return {**super().encode(context), "cache_prompt": self.caches}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn as its events tell it."""

    answer: str
    asked_at: int
    """Ordinal of the message."""
    usages: tuple[UsageReported, ...]
    compactions: tuple[Compacted, ...]
    prepare_s: float = 0.0
    """Seconds that the turn stood still for its contexts; only where `Talk.say` carried it."""


class Talk:
    """One task."""

    def __init__(self, owner: OwnerEngine, model: WatchedModel, brains: Brains) -> None:
        self.owner = owner
        self.model = model
        self._brains = brains
        self._question_at: int | None = None

    async def say(self, text: str) -> Turn:
        """Carry a message to its answer."""
        events: list[Event] = []
        stood_s = 0.0
        async with self.owner.turn(TASK, text) as turn:
            prepare = turn.desk.prepare

            async def timed(history: History, found: Recollection) -> Prepared:
                nonlocal stood_s
                began_s = perf_counter()
                prepared = await prepare(history, found)
                stood_s += perf_counter() - began_s
                return prepared

            desk = replace(turn.desk, prepare=timed)
            events += turn.told
            async for event in run_turn(turn.message, turn.history, desk):
                turn.history = turn.history.then(event)
                events.append(event)
        return replace(_turn_of(events), prepare_s=stood_s)

    async def retell(self, text: str, answer: str, ratio: float) -> None:
        """Put a message and an answer into the task that were said elsewhere.

        Args:
            text: What the person said.
            answer: What the model answered.
            ratio: Tokens that the model reports for one that is counted.
        """
        async with self.owner.turn(TASK, text) as turn:
            context = await turn.prepare(await turn.fetch())
            usage = Usage(
                input_tokens=round(ratio * context.counted_tokens),
                cache_hit_tokens=context.expected_hit_tokens,
            )
            await turn.record(Reply(blocks=(TextBlock(text=answer),), usage=usage), context)
            await turn.upload()

    async def ask(self, question: str) -> Turn:
        """Ask on a branch of its own: the next question, or message, takes its place."""
        turn = await self._carry(question, replaces=self._question_at)
        self._question_at = turn.asked_at
        return turn

    async def go_on(self, text: str) -> Turn:
        """Say something in place of the last question, and stay with it."""
        turn = await self._carry(text, replaces=self._question_at)
        self._question_at = None
        return turn

    async def reopen(self, reference: str) -> str:
        """What the tool `reopen` gives for a reference."""
        brain = await self._brains.open(OWNER)
        asked = ToolCall(
            id=reference, tool="reopen", input={"ref": reference}, task_id=TASK, turn_id=""
        )
        outcome = await Reopen(brain.log).run(asked)
        return "" if outcome.is_error else outcome.text

    async def compactions(self) -> int:
        """How often the task was compacted."""
        return sum(isinstance(event, Compacted) for event in await self.owner.log(TASK))

    async def _carry(self, text: str, *, replaces: int | None) -> Turn:
        events = self.owner.execute(TASK, text, replaces=replaces)
        return _turn_of([event async for event in events])


def _turn_of(events: list[Event]) -> Turn:
    (asked,) = [event.place for event in events if isinstance(event, UserSpoke)]
    return Turn(
        answer=" ".join(event.text for event in events if isinstance(event, AssistantSpoke)),
        asked_at=asked.ordinal if asked else 0,
        usages=tuple(event for event in events if isinstance(event, UsageReported)),
        compactions=tuple(event for event in events if isinstance(event, Compacted)),
    )


def card_of(window_tokens: int) -> ModelCard:
    """The embedded model in a window, with short answers."""
    return replace(default_card(output_tokens=OUTPUT_TOKENS), window_tokens=window_tokens)


@asynccontextmanager
async def open_talk(window_tokens: int, *, compacts: bool = True) -> AsyncGenerator[Talk, None]:
    """A new task in a brain of its own, on a file. Recall is by words, which is the same each time.

    Args:
        window_tokens: Of the model.
        compacts: Whether anything may go out of view.
    """
    home = Settings.from_env().home
    model = WatchedModel(lambda: SMOLLM2.find_or_pull(home), card_of(window_tokens))
    compaction = CompactionOptions() if compacts else None
    options = EngineOptions(turn=TurnOptions(compaction=compaction))
    with tempfile.TemporaryDirectory(prefix="enplace-bench-") as folder:
        brains = SqliteBrains(Path(folder))
        async with enplace.open(
            model=model, brains=brains, options=options, embedder=None, environment={}
        ) as engine:
            yield Talk(engine.owner(OWNER), model, brains)
