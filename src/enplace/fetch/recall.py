"""The one memory call of a turn, under a deadline."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from enplace.errors import EmbedderError, StoreError
from enplace.fetch.gate import judge
from enplace.fetch.query import make_query
from enplace.fetch.rank import RecallOptions, Request, choose, shortlist
from enplace.fetch.score import score
from enplace.fetch.spread import spread
from enplace.ports import Brain, Embedder
from enplace.records.encoding import Encoding
from enplace.records.filter import Filter
from enplace.records.gather import Gather
from enplace.records.memory import Document, Fact
from enplace.records.reading import cite, lines_between
from enplace.records.recollection import (
    Candidate,
    Correction,
    Gathered,
    LostSource,
    RecalledMemory,
    RecallPolicy,
    RecallQuery,
    Recollection,
    Standing,
)

Found = TypeVar("Found")
ENCODING_RATIO = 0.6
"""Share of the deadline that the query's encoding may take."""
STANDSTILL_RATIO = 1.5
"""A deadline that was noticed this late was missed by the whole process, not by a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants recalled."""

    message: str
    before: str = ""
    """What the owner said in the turn before."""
    policy: RecallPolicy = "inject"
    limit: int | None = None
    """Most memories; None: as the policy has it."""
    filter: Filter | None = None
    at: datetime | None = None
    """What was true then; None: now."""
    as_known: datetime | None = None
    """As far as was believed then; None: now."""
    history: bool = False
    task_id: str = ""
    """The running task: what was said in it is in its history anyway."""
    out_of_view: int = 0
    """The last event of the running task that a compaction took out of its history; what was said
    up to it may be recalled like anything else."""
    visible: Collection[str] = ()
    """Ids of memories that stand in the context: not chosen again, but corrected."""


async def recall(
    brain: Brain, embedder: Embedder | None, asked: Asked, *, now: datetime, options: RecallOptions
) -> Recollection:
    """Look for what matters; a source that is late or fails is named in `lost`.

    Args:
        brain: Whose memory.
        embedder: Makes a vector of the query; None: recall by words alone.
        asked: What is wanted.
        now: The time.
        options: Limits and deadline.
    """
    until_s = time.monotonic() + options.deadline_s
    lost: list[LostSource] = []
    facts_shown = [id_ for id_ in asked.visible if ":" not in id_]
    closed = asyncio.create_task(_corrections(brain, facts_shown, now))
    finding = asyncio.create_task(
        _find(brain, embedder, asked, now=now, options=options, until_s=until_s)
    )
    try:
        await _wait((closed, finding), options.deadline_s)
    finally:
        for source in (closed, finding):
            source.cancel()  # late, or left behind by a turn that was cancelled
    nothing = Recollection(query=RecallQuery(terms=(), reason="nothing was found in time"))
    found = await _outcome(finding, nothing, "memories", lost)
    corrections = await _outcome(closed, (), "corrections", lost)
    return replace(found, corrections=corrections, lost=(*found.lost, *lost))


async def _wait(sources: Collection[asyncio.Future[Any]], deadline_s: float) -> None:
    """Wait for sources, each its time.

    While a model is loaded the whole process may stand still; what could not run was not late.
    """
    began_s = time.monotonic()
    _, late = await asyncio.wait(sources, timeout=deadline_s)
    if late and time.monotonic() - began_s > STANDSTILL_RATIO * deadline_s:
        await asyncio.wait(late, timeout=deadline_s)


async def _find(
    brain: Brain,
    embedder: Embedder | None,
    asked: Asked,
    *,
    now: datetime,
    options: RecallOptions,
    until_s: float,
) -> Recollection:
    lost: list[LostSource] = []
    speakers = await brain.index.speakers()
    query = make_query(asked.message, asked.before, now=now, speakers=speakers)
    if query.reason:
        return Recollection(query=query)
    encoding = await _encoded(embedder, query.text, until_s, lost)
    own_s = (1 - ENCODING_RATIO) * options.deadline_s
    at = asked.at or asked.as_known or now
    found = await brain.index.gather(
        Gather(
            query=query,
            at=at,
            encoding=encoding,
            embedder=embedder.card.name if embedder and encoding else "",
            filter=asked.filter,
            but_task=asked.task_id,
            but_after=asked.out_of_view,
            limit=options.candidates if asked.policy == "inject" else options.search_candidates,
            until_s=max(until_s, time.monotonic() + own_s),
        )
    )
    if asked.as_known is not None:
        found = await _as_known(brain, found, asked.as_known)
    if encoding is not None and all(c.meaning is None for c in found.candidates):
        lost += await _why_no_vectors(brain, embedder, found)
    scored = score(query, found, now=now, encoding=encoding, weights=options.weights)
    usual = options.limit if asked.policy == "inject" else options.search_limit
    request = Request(
        policy=asked.policy,
        limit=usual if asked.limit is None else asked.limit,
        now=now,
        at=at,
        visible=asked.visible,
        history=asked.history,
    )
    verdict = judge(query, found, scored, encoding)
    kept, dropped = shortlist(spread(scored), verdict, request)
    texts = await brain.index.texts([each.candidate for each in kept])
    chosen, more = choose(kept, texts, query, request, options)
    return Recollection(
        query=query,
        memories=tuple(await _cited(brain, chosen)),
        dropped=(*dropped, *more),
        lost=(*found.lost, *lost),
        silence=verdict.silence if asked.policy == "inject" else "",
    )


async def _encoded(
    embedder: Embedder | None, text: str, until_s: float, lost: list[LostSource]
) -> Encoding | None:
    """The query's vectors; a late or failed embedder costs them, and not the words."""
    if embedder is None:
        return None
    patience = max(0.0, until_s - time.monotonic()) * ENCODING_RATIO
    try:
        async with asyncio.timeout(patience):
            (encoding,) = await embedder.encode([text])
    except TimeoutError:
        lost.append(LostSource(segment="memory", reason="meaning: deadline exceeded"))
        return None
    except EmbedderError as error:
        lost.append(LostSource(segment="memory", reason=f"meaning: {error}"))
        return None
    return encoding


async def _why_no_vectors(
    brain: Brain, embedder: Embedder | None, found: Gathered
) -> list[LostSource]:
    """Nothing that was found has a vector of the embedder in use: why, unless its vectors answer."""
    known = await brain.index.embedders()
    name = embedder.card.name if embedder else ""
    if not found.candidates or known.get(name):
        return []
    reason = f"meaning: no vectors of {name!r} yet"
    others = [other for other in known if other != name]
    if others:
        reason += f"; those of {others[0]!r} cannot be compared with it"
    return [LostSource(segment="memory", reason=reason)]


async def _as_known(brain: Brain, found: Gathered, moment: datetime) -> Gathered:
    """Candidates as they were believed to stand at a moment; those recorded later are absent."""
    refs = [c.ref for c in found.candidates if c.standing is not None]
    then = await brain.memory.get(refs, as_known=moment)
    kept: list[Candidate] = []
    matches = bytearray()
    width = len(found.matches) // max(1, len(found.candidates))
    for index, candidate in enumerate(found.candidates):
        memory = then.get(candidate.ref)
        if candidate.standing is not None and memory is not None:
            kept.append(candidate._replace(standing=Standing.of(memory)))
        elif candidate.standing is None and candidate.at <= moment:
            kept.append(candidate)
        else:
            continue
        matches += found.matches[width * index : width * (index + 1)]
    return replace(found, candidates=tuple(kept), matches=bytes(matches))


async def _cited(brain: Brain, chosen: Sequence[RecalledMemory]) -> list[RecalledMemory]:
    """Pieces of documents with where they stand."""
    pieces = {m.id: _piece(m.id) for m in chosen if m.kind == "chunk"}
    if not pieces:
        return list(chosen)
    documents = await brain.memory.get(sorted({document for document, _ in pieces.values()}))
    cited: list[RecalledMemory] = []
    for memory in chosen:
        name, spot = pieces.get(memory.id, ("", 0))
        document = documents.get(name)
        source = _citation(document, spot) if isinstance(document, Document) else ""
        cited.append(replace(memory, source=source))
    return cited


def _piece(id_: str) -> tuple[str, int]:
    """The document and the spot that `chunk:DOC:SPOT` names."""
    document, _, spot = id_.removeprefix("chunk:").rpartition(":")
    return document, int(spot)


def _citation(document: Document, spot: int) -> str:
    chunk = document.chunks[spot - 1]
    cited = cite(document.name, *lines_between(document.text, chunk.start, chunk.end))
    return f"{cited} ({' > '.join(chunk.heading)})" if chunk.heading else cited


async def _corrections(brain: Brain, ids: list[str], now: datetime) -> tuple[Correction, ...]:
    """Of the facts shown those that hold no longer, each with what holds instead."""
    if not ids:
        return ()
    closed = dict(await brain.memory.closed(ids, now))
    if not closed:
        return ()
    shown = await brain.memory.get(sorted(closed))
    # A successor may have been superseded in its turn: what is told is what holds now.
    successors, asked = dict(closed), set(ids)
    while later := {fact.id for fact in successors.values() if fact is not None} - asked:
        asked |= later
        successors |= await brain.memory.closed(sorted(later), now)
    corrections: list[Correction] = []
    for id_ in sorted(closed):
        fact, last = shown.get(id_), _last(id_, successors)
        if isinstance(fact, Fact):
            successor = last.sentence if last else None
            corrections.append(Correction(id=id_, text=fact.sentence, successor=successor))
    return tuple(corrections)


def _last(id_: str, successors: Mapping[str, Fact | None]) -> Fact | None:
    """What holds in the place of a closed fact; None where facts only followed each other around."""
    passed = {id_}
    fact = successors[id_]
    while fact is not None and fact.id in successors:
        if fact.id in passed:
            return None
        passed.add(fact.id)
        fact = successors[fact.id]
    return fact


async def _outcome(
    source: asyncio.Task[Found], nothing: Found, name: str, lost: list[LostSource]
) -> Found:
    """What a source found, or nothing and a word about it."""
    if not source.done() or source.cancelled():
        lost.append(LostSource(segment="memory", reason=f"{name}: deadline exceeded"))
        return nothing
    try:
        return await source
    except StoreError as error:
        lost.append(LostSource(segment="memory", reason=f"{name}: {error}"))
        return nothing
