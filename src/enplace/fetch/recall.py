"""The one memory call of a turn, under a deadline."""

import asyncio
from collections.abc import Awaitable, Collection
from datetime import datetime
from typing import TypeVar

from enplace.errors import StoreError
from enplace.fetch.rank import RecallOptions, choose
from enplace.ports import Brain
from enplace.records.recollection import Correction, LostSource, RecallQuery, Recollection

Found = TypeVar("Found")


async def recall(
    brain: Brain,
    query: RecallQuery,
    *,
    task_id: str,
    visible: Collection[str],
    now: datetime,
    options: RecallOptions,
) -> Recollection:
    """Ask all sources side by side; one that is late or fails is named in `lost`.

    Args:
        brain: Whose memory.
        query: What to look for; without terms only corrections are looked up.
        task_id: The running task; what was said in it is in its history anyway.
        visible: Ids of memories that stand in the context; not chosen again, but corrected.
        now: Facts that hold now are found.
        options: Limits and deadline.
    """
    limit, terms = options.candidates, query.terms
    facts_shown = [id_ for id_ in visible if not id_.startswith("said:")]
    facts = asyncio.ensure_future(brain.memory.search(terms, limit=limit, now=now))
    said = asyncio.ensure_future(brain.log.search(terms, limit=limit, but_task=task_id))
    closed = asyncio.ensure_future(_corrections(brain, facts_shown, now))
    try:
        await asyncio.wait((facts, said, closed), timeout=options.deadline_s)
    finally:
        for source in (facts, said, closed):
            source.cancel()  # late, or left behind by a turn that was cancelled
    lost: list[LostSource] = []
    chosen, dropped = choose(
        terms,
        await _outcome(facts, [], "facts", lost),
        await _outcome(said, [], "said", lost),
        own=terms[: query.own],
        visible=visible,
        now=now,
        options=options,
    )
    return Recollection(
        query=query,
        memories=tuple(chosen),
        corrections=await _outcome(closed, (), "corrections", lost),
        dropped=tuple(dropped),
        lost=tuple(lost),
    )


async def _corrections(brain: Brain, ids: list[str], now: datetime) -> tuple[Correction, ...]:
    """Of the facts shown those that hold no longer, each with what holds instead."""
    if not ids:
        return ()
    closed = dict(await brain.memory.closed(ids, now))
    if not closed:
        return ()
    shown = await brain.memory.get(list(closed))
    # A successor may have been superseded in its turn: what is told is what holds now.
    while later := [fact.id for fact in closed.values() if fact is not None]:
        passed = await brain.memory.closed(later, now)
        if not passed:
            break
        closed = {id_: passed.get(f.id, f) if f else None for id_, f in closed.items()}
    return tuple(
        Correction(id=id_, text=shown[id_].sentence, successor=next_.sentence if next_ else None)
        for id_, next_ in sorted(closed.items())
        if id_ in shown
    )


async def _outcome(
    source: Awaitable[Found], nothing: Found, name: str, lost: list[LostSource]
) -> Found:
    """What a source found, or nothing and a word about it."""
    assert isinstance(source, asyncio.Future)
    if not source.done() or source.cancelled():
        lost.append(LostSource(segment="memory", reason=f"{name}: deadline exceeded"))
        return nothing
    try:
        return await source
    except StoreError as error:
        lost.append(LostSource(segment="memory", reason=f"{name}: {error}"))
        return nothing
