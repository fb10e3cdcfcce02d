"""What would be recalled for each user message, and naive places to put it.

Memories are other sessions of the same kind, cut into pieces of at most 320 characters; the ten
best by BM25 are recalled for every user message, with no gate.
"""

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from enplace_bench.context.history import Sliding, SlidingReplay
from enplace_bench.context.payload import Block, Payload, Refused, Replay, tokens_of
from enplace_bench.context.sessions import Recorded, Session

RECALLED = 10
LONGEST = 320
SHORTEST = 40
"""Characters; shorter paragraphs say nothing without those around them."""
CHAT_CHARS_PER_TOKEN = 4.0

_WORD = re.compile(r"[a-z0-9_]{2,}")
_PARAGRAPHS = re.compile(r"\n\s*\n")
MOST_TERMS = 64
"""Rarest words of a question that are looked up; users paste whole plans."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A piece of what was said."""

    session: int
    """Place of its session among all."""
    text: str


class Bm25:
    """Okapi BM25 over memories; of equal scores the earlier memory is first."""

    def __init__(self, memories: Sequence[Memory], *, k1: float = 1.2, b: float = 0.75) -> None:
        self._memories = memories
        self._postings: dict[str, list[tuple[int, float]]] = {}
        counts = [Counter(_WORD.findall(memory.text.lower())) for memory in memories]
        lengths = [count.total() for count in counts]
        mean = sum(lengths) / len(lengths) if lengths else 1.0
        for place, count in enumerate(counts):
            norm = k1 * (1 - b + b * lengths[place] / (mean or 1.0))
            for word, times in count.items():
                weight = times * (k1 + 1) / (times + norm)
                self._postings.setdefault(word, []).append((place, weight))

    def best(self, question: str, sessions: range, but: int, count: int = RECALLED) -> list[str]:
        """The best memories of these sessions without one of them, no text twice."""
        scores: dict[int, float] = {}
        for idf, word in self._terms(question):
            for place, weight in self._postings[word]:
                session = self._memories[place].session
                if session in sessions and session != but:
                    scores[place] = scores.get(place, 0.0) + idf * weight
        ordered = sorted(scores, key=lambda place: (-scores[place], place))
        return list(dict.fromkeys(self._memories[p].text for p in ordered[: 4 * count]))[:count]

    def _terms(self, question: str) -> list[tuple[float, str]]:
        total = len(self._memories)
        words = {word for word in _WORD.findall(question.lower()) if word in self._postings}
        rare = ((math.log(1 + total / len(self._postings[w])), w) for w in words)
        return sorted(rare, reverse=True)[:MOST_TERMS]


def pieces(text: str) -> Iterable[str]:
    """The paragraphs of a text that are long enough, each cut to what a memory may have."""
    for paragraph in _PARAGRAPHS.split(text):
        folded = " ".join(paragraph.split())
        if len(folded) >= SHORTEST:
            yield folded[:LONGEST]


def recalled(
    sessions: Sequence[Session], *, only_earlier: bool
) -> list[Mapping[int, Sequence[str]]]:
    """For each session, what is recalled for each of its user events.

    Args:
        sessions: All of a source; they are each other's memories.
        only_earlier: Whether a session knows only those that began before it; otherwise all others.
    """
    order = sorted(range(len(sessions)), key=lambda place: _began(sessions[place]))
    rank = {place: k for k, place in enumerate(order)}
    memories = [
        Memory(rank[place], piece)
        for place in order
        for event in sessions[place].events
        if event.role in {"user", "assistant"}
        for piece in pieces(event.text)
    ]
    index = Bm25(memories)
    found: list[Mapping[int, Sequence[str]]] = []
    for place, session in enumerate(sessions):
        mine = rank[place]
        known = range(mine) if only_earlier else range(len(sessions))
        texts = {e.index: index.best(e.text, known, mine) for e in _asked(session)}
        found.append({at: them for at, them in texts.items() if them})
    return found


def _began(session: Session) -> float:
    return min((event.at_s for event in session.events if event.at_s), default=0.0)


def _asked(session: Session) -> Iterable[Recorded]:
    return (event for event in session.events if event.role == "user" and event.text.strip())


def load_chats(path: Path) -> list[Session]:
    """The conversations of a file of the memory data, each as one long chat."""
    chats: list[Session] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            raw = json.loads(line)
            turns = [turn for one in raw["sessions"] for turn in one["turns"]]
            events = tuple(
                Recorded(
                    index=i,
                    role="assistant" if turn["speaker"] == "assistant" else "user",
                    at_s=float(i),
                    text=turn["text"],
                )
                for i, turn in enumerate(turns)
            )
            chats.append(
                Session(
                    id=raw["id"],
                    source=path.name,
                    agent="chat",
                    models=(),
                    cwd="",
                    chars_per_token=CHAT_CHARS_PER_TOKEN,
                    events=events,
                )
            )
    return chats


Placement = Literal["before history", "at the tail", "appended"]


@dataclass(frozen=True, slots=True)
class NaiveMemory:
    """Recalled memories at a fixed place of a sliding window."""

    placement: Placement

    @property
    def name(self) -> str:
        """As printed."""
        return f"sliding window, memories {self.placement}"

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """Start on a session."""
        return _WithMemory(self.placement, session, window, prefix_tokens)


class _WithMemory(SlidingReplay):
    def __init__(
        self, placement: Placement, session: Session, window: int, prefix_tokens: int
    ) -> None:
        super().__init__(session, window, prefix_tokens, Sliding().keep)
        self._placement = placement
        self._recalled: dict[int, Sequence[str]] = {}
        self._told: set[str] = set()
        self._block: Block | None = None
        self._frontier = 0

    def remember(self, index: int, texts: Sequence[str]) -> None:
        """See `Remembering`."""
        if self._placement != "appended":
            self._block = self._made(texts)
            return
        new = [text for text in texts if text not in self._told]
        self._told.update(new)
        if new:
            self._recalled[index] = new

    def added(self, event: Recorded) -> Iterable[Block]:
        """Memories stand behind the message they were recalled for, and stay there."""
        yield from super().added(event)
        if event.index in self._recalled:
            yield self._made(self._recalled[event.index])

    def extra_tokens(self) -> int:
        """Of what stands outside the history."""
        return self._block.tokens if self._block else 0

    def call(self, index: int) -> Payload | Refused:
        """See `Replay`."""
        made = super().call(index)
        if self._block is None or isinstance(made, Refused):
            return made
        head, *history = made.blocks
        announced = made.announced or "recalled anew"
        if self._placement == "before history":
            return Payload(blocks=(head, self._block, *history), announced=announced)
        marks = {0, min(self._frontier, len(history)), len(history)}
        self._frontier = len(history)
        return Payload(
            blocks=(head, *history, self._block),
            breakpoints=tuple(sorted(marks)),
            announced=announced,
        )

    def _made(self, texts: Sequence[str]) -> Block:
        text = "\n".join(["<memories>", *(f"- {text}" for text in texts), "</memories>"])
        return Block(text, tokens_of(text, self._session), "user")
