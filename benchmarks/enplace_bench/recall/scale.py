"""What recall and writing cost as memory grows: made sentences, with words as common as in English.

Vectors are made from words, by a recipe that costs nothing beside the search: what is measured is
recall without the encoding of the query, which is reported apart.
"""

import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np

import enplace
from enplace.engine import OwnerEngine
from enplace.providers.scripted import ScriptedModel
from enplace.records.encoding import EmbedderCard, Encoding
from enplace.records.event import MessageHeard
from enplace.records.words import content_terms
from enplace_bench.recall.structured import SetClock

DIMENSIONS = 256
VOCABULARY = 20_000
SENTENCE_WORDS = 24
SAID_TOGETHER = 30
"""Messages of a session."""
START = datetime(2025, 1, 1, tzinfo=UTC)


class WordVectors:
    """An embedder of made words: each has a vector of its own. Implements `ports.Embedder`."""

    card = EmbedderCard(name="made/256", pooled_dimensions=DIMENSIONS, token_dimensions=DIMENSIONS)

    async def encode(self, texts: Sequence[str]) -> Sequence[Encoding]:
        """See `ports.Embedder`."""
        return [_encoding(text) for text in texts]

    async def aclose(self) -> None:
        """Nothing to let go of."""


@lru_cache(maxsize=4_096)
def _encoding(text: str) -> Encoding:
    words = tuple(dict.fromkeys(content_terms(text)))[:32] or ("nothing",)
    tokens = np.stack([_vector(word) for word in words])
    pooled = tokens.mean(axis=0)
    pooled /= np.linalg.norm(pooled)
    return Encoding(pooled=pooled.tobytes(), tokens=tokens.tobytes(), terms=words)


@lru_cache(maxsize=VOCABULARY)
def _vector(word: str) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    dice = np.random.default_rng(abs(hash_of(word)))
    vector = dice.standard_normal(DIMENSIONS).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def hash_of(word: str) -> int:
    """The same in every process."""
    return int.from_bytes(word.encode()[:8].ljust(8, b"."), "big")


class Speech:
    """Made sentences: the n-th most common word is said 1/n as often as the most common."""

    def __init__(self, seed: int = 7) -> None:
        self._dice = random.Random(seed)
        self._words = [self._word() for _ in range(VOCABULARY)]
        self._weights = list(accumulate(1 / (rank + 10) for rank in range(VOCABULARY)))

    def _word(self) -> str:
        syllables = ("ba", "co", "di", "fu", "ga", "lo", "mi", "nu", "pe", "ra", "so", "tu", "vo")
        return "".join(self._dice.choices(syllables, k=self._dice.randint(2, 4)))

    def sentence(self, words: int = SENTENCE_WORDS) -> str:
        """A sentence."""
        return " ".join(self._dice.choices(self._words, cum_weights=self._weights, k=words))

    def question(self) -> str:
        """A question of eight words, one of the ten most common among them."""
        common = self._dice.choice(self._words[:10])
        return f"{self.sentence(7)} {common}?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds of CPU that recalls took, without the encoding of the query."""

    memories: int
    p50_ms: float
    p99_ms: float


async def latency(home: Path, memories: int, queries: int) -> Latency:
    """Fill a brain and search it."""
    speech, clock = Speech(), SetClock(START)
    options = enplace.EngineOptions()
    async with enplace.open(
        home, model=ScriptedModel([]), embedder=WordVectors(), clock=clock, options=options
    ) as engine:
        owner = engine.owner("one")
        await _fill(owner, clock, speech, memories)
        questions = [speech.question() for _ in range(queries)]
        for question in questions[:20]:
            await owner.recall(question, limit=10)
        taken: list[float] = []
        for question in questions:
            _encoding(question)
            before = process_time()
            await owner.recall(question, limit=10)
            taken.append(1_000 * (process_time() - before))
    taken.sort()
    return Latency(
        memories=memories, p50_ms=median(taken), p99_ms=taken[int(0.99 * (len(taken) - 1))]
    )


async def _fill(owner: OwnerEngine, clock: SetClock, speech: Speech, memories: int) -> None:
    for first in range(0, memories, SAID_TOGETHER * 30):
        said: list[MessageHeard] = []
        for number in range(first, min(memories, first + SAID_TOGETHER * 30)):
            clock.at = START + timedelta(hours=number // SAID_TOGETHER, seconds=number)
            said.append(
                MessageHeard(
                    speaker=("Ana", "Bo")[number % 2],
                    text=speech.sentence(),
                    said_at=clock.at,
                    session=str(number // SAID_TOGETHER),
                )
            )
        await owner.hear("talk", said)
    await owner.encoded()


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """Explicit writes, each in a transaction of its own."""

    count: int
    per_s: float
    per_cpu_s: float
    found_at_once: bool


async def writes(home: Path, count: int) -> Writes:
    """Remember facts one by one, without an encoder; each is looked for as soon as it is written.

    WAL and synchronous NORMAL: what was written survives the process, not a loss of power.
    """
    speech = Speech(11)
    facts = [(speech.sentence(8), f"person{n % 50}", f"subject{n}") for n in range(count)]
    async with enplace.open(home, model=ScriptedModel([]), embedder=None) as engine:
        owner = engine.owner("one")
        await owner.remember("The first write opens the file.")
        cpu, wall = process_time(), perf_counter()
        for sentence, subject, value in facts:
            await owner.remember(sentence, subject=subject, predicate="likes", object=value)
        cpu, wall = process_time() - cpu, perf_counter() - wall
        marker = "zanzibarian quokka"
        await owner.remember(f"A {marker} was seen.")
        found = await owner.recall(marker, limit=1)
    return Writes(
        count=count,
        per_s=count / wall,
        per_cpu_s=count / cpu,
        found_at_once=bool(found.memories) and marker in found.memories[0].text,
    )


def index_bytes(path: Path) -> float:
    """Bytes that a brain keeps for each item to find it, beyond its text.

    Everything in the tables and indices of the index: full text, vectors, segments, places.
    """
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as brain:
        (items,) = brain.execute("select count(*) from items").fetchone()
        (pages,) = brain.execute("pragma page_size").fetchone()
        names = [
            row[0]
            for row in brain.execute(
                "select name from sqlite_schema where tbl_name in"
                " ('items', 'vectors', 'segments', 'places', 'speakers', 'totals', 'embedders')"
                " or tbl_name like 'items_words%'"
            )
        ]
        used = sum(_pages_of(brain, name) for name in names)
    return used * pages / max(1, items)


def _pages_of(brain: sqlite3.Connection, name: str) -> int:
    """Pages of a table or index: `dbstat` where SQLite has it."""
    row = brain.execute("select count(*) from dbstat where name = ?", (name,)).fetchone()
    return int(row[0])
