"""Asking a brain that holds documents: by words, by meaning, and by both as the product does."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enplace.engine import OwnerEngine
from enplace.errors import MemoryNotFound
from enplace.fetch.gate import judge
from enplace.fetch.query import make_query
from enplace.fetch.rank import RecallOptions, Request, choose, shortlist
from enplace.fetch.score import Weights, score
from enplace.fetch.spread import spread
from enplace.ports import Brain, Embedder
from enplace.records.gather import Gather
from enplace.records.recollection import RecalledMemory
from enplace_bench.documents.questions import Question

BEST = 5
"""Pieces that are looked at: recall@5."""
CANDIDATES = RecallOptions().search_candidates
NO_WORDS = Weights(words=0.0, pairs=0.0, phrase=0.0, piece_words=0.0, piece_pairs=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came back for a question."""

    question: Question
    names: tuple[str, ...]
    """Of the documents whose pieces came, best first."""

    @property
    def is_right(self) -> bool:
        """Whether a page that answers is among them."""
        return any(self.question.is_answered_by(name) for name in self.names)


@dataclass(slots=True)
class Citations:
    """How many citations were followed."""

    checked: int = 0
    wrong: int = 0

    async def check(self, owner: OwnerEngine, memories: Sequence[RecalledMemory]) -> None:
        """Follow the citation of every piece: its lines must hold what was quoted."""
        for memory in memories:
            self.checked += 1
            try:
                by_lines = await owner.documents.resolve(memory.source)
                by_id = await owner.documents.resolve(memory.id)
            except MemoryNotFound:
                self.wrong += 1
                continue
            if memory.text not in by_lines.text or by_id.citation != by_lines.citation:
                self.wrong += 1


async def by_product(
    owner: OwnerEngine, questions: Sequence[Question], citations: Citations
) -> list[Found]:
    """What the product finds, with the embedder that it has."""
    found: list[Found] = []
    for question in questions:
        memories = (await owner.recall(question.text, limit=BEST)).memories
        await citations.check(owner, memories)
        found.append(_found(question, memories))
    return found


async def unasked(owner: OwnerEngine, questions: Sequence[Question]) -> list[Found]:
    """What a turn would be shown: it may be nothing."""
    return [
        _found(question, (await owner.recall(question.text, policy="inject")).memories)
        for question in questions
    ]


async def by_meaning(
    brain: Brain, embedder: Embedder, questions: Sequence[Question], now: datetime
) -> list[Found]:
    """What vectors alone find: no candidate and no point of a score comes from a word."""
    names = await _names(brain)
    found: list[Found] = []
    for question in questions:
        query = make_query(question.text, now=now)
        (encoding,) = await embedder.encode([query.text])
        asked = Gather(
            query=replace(query, terms=(), pairs=(), phrases=(), roles=()),
            at=now,
            encoding=encoding,
            embedder=embedder.card.name,
            limit=CANDIDATES,
        )
        gathered = await brain.index.gather(asked)
        counted = await brain.index.gather(replace(asked, query=query, encoding=None, limit=1))
        gathered = replace(gathered, frequencies=counted.frequencies)
        scored = score(query, gathered, now=now, encoding=encoding, weights=NO_WORDS)
        request = Request(policy="search", limit=BEST, now=now, at=now)
        verdict = judge(query, gathered, scored, encoding)
        kept, _ = shortlist(spread(scored), verdict, request)
        texts = await brain.index.texts([each.candidate for each in kept])
        chosen, _ = choose(kept, texts, query, request, RecallOptions())
        of = [names[re.sub(r"^chunk:(.*):\d+$", r"\1", memory.id)] for memory in chosen]
        found.append(Found(question=question, names=tuple(of)))
    return found


def share(found: Sequence[Found]) -> float:
    """How many questions were answered, 0..1."""
    return sum(each.is_right for each in found) / len(found) if found else 0.0


def _found(question: Question, memories: Sequence[RecalledMemory]) -> Found:
    names = (memory.source.rpartition(".html:")[0] + ".html" for memory in memories)
    return Found(question=question, names=tuple(names))


async def _names(brain: Brain) -> Mapping[str, str]:
    documents = await brain.memory.all("document", limit=1 << 62)
    return {document.id: getattr(document, "name", "") for document in documents}
