"""Recorded conversations, turn by turn in a brain, and their questions asked of it."""

import statistics
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

import enplace
from enplace.engine import Engine, OwnerEngine
from enplace.fetch.query import make_query
from enplace.ports import Embedder
from enplace.providers.scripted import ScriptedModel
from enplace.records.event import MessageHeard
from enplace.records.words import fold
from enplace_bench.recall.conversations import Conversation
from enplace_bench.recall.exchange import MOST_RANKED, RankedList
from enplace_bench.recall.metrics import Scored, score
from enplace_bench.recall.scale import index_bytes
from enplace_bench.recall.structured import SetClock

OWNER, TASK = "one", "talk"
UNDATED = datetime(2023, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was found for the questions of one conversation."""

    conversation: Conversation
    lists: tuple[RankedList, ...]
    scored: tuple[Scored, ...]
    encoding_ms: float
    """Median CPU of encoding a question; 0 without an embedder."""
    bytes_per_memory: float
    """What the index keeps beyond the text."""


@asynccontextmanager
async def told(
    conversation: Conversation, home: Path, embedder: Embedder | None
) -> AsyncGenerator[tuple[Engine, SetClock], None]:
    """An engine whose owner has heard a conversation; told once, however often it is opened."""
    clock = SetClock(after(conversation))
    is_new = _is_new(home)
    async with enplace.open(
        home, model=ScriptedModel([]), embedder=embedder, clock=clock
    ) as engine:
        if is_new:
            await tell(engine.owner(OWNER), conversation)
        yield engine, clock


def _is_new(home: Path) -> bool:
    return not home.exists()


def _index_bytes(home: Path) -> float:
    (brain,) = home.glob("brains/*.db")
    return index_bytes(brain)


def after(conversation: Conversation) -> datetime:
    """A day after the end of a conversation."""
    times = [_aware(turn.at) for turn in conversation.turns if turn.at is not None]
    return max(times, default=UNDATED) + timedelta(days=1)


async def tell(owner: OwnerEngine, conversation: Conversation) -> None:
    """Let a brain hear a conversation, and wait for its vectors."""
    said: list[MessageHeard] = []
    last = UNDATED
    for turn in conversation.turns:
        at = last if turn.at is None else _aware(turn.at)
        last = max(last, at)
        said.append(
            MessageHeard(
                speaker=turn.speaker if turn.role is None else "",
                text=turn.text,
                said_at=at,
                role=turn.role or "user",
                session=str(turn.session),
            )
        )
    await owner.hear(TASK, said)
    await owner.encoded()


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def answer(
    conversation: Conversation, home: Path, embedder: Embedder | None, policy: str
) -> Answered:
    """Tell a conversation to a brain and ask its questions.

    Args:
        conversation: From a set.
        home: Folder for the brain.
        embedder: None: by words alone.
        policy: As the ranked lists are to be named.
    """
    async with told(conversation, home, embedder) as (engine, clock):
        owner = engine.owner(OWNER)
        speakers = {fold(t.speaker): None for t in conversation.turns if t.role is None}
        lists: list[RankedList] = []
        encoding: list[float] = []
        for question in conversation.questions:
            if embedder is not None:  # the query is encoded before, so that search is timed alone
                text = make_query(question.text, now=clock.at, speakers=[*speakers]).text
                before = process_time()
                await embedder.encode([text])
                encoding.append(1_000 * (process_time() - before))
            before = process_time()
            found = await owner.recall(question.text, limit=MOST_RANKED)
            cpu_ms = 1_000 * (process_time() - before)
            ordinals = [int(memory.id.rpartition(":")[2]) for memory in found.memories]
            lists.append(
                RankedList(
                    set_name=conversation.set_name,
                    conversation=conversation.id,
                    question=question.index,
                    policy=policy,
                    ranked=tuple(conversation.turns[ordinal - 1].id for ordinal in ordinals),
                    cpu_ms=cpu_ms,
                )
            )
    return Answered(
        conversation=conversation,
        lists=tuple(lists),
        scored=tuple(score(conversation, ranked_of(lists))),
        encoding_ms=statistics.median(encoding) if encoding else 0.0,
        bytes_per_memory=_index_bytes(home),
    )


def ranked_of(lists: Iterable[RankedList]) -> Mapping[int, Sequence[str]]:
    """The lists by question, as the metrics take them."""
    return {one.question: one.ranked for one in lists}
