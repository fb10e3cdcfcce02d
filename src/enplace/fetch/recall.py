"""The one memory call of a turn, under a deadline."""

import asyncio
from collections.abc import Awaitable, Collection, Mapping
from datetime import datetime
from typing import TypeVar

from enplace.errors import StoreError
from enplace.fetch.rank import RecallOptions, choose
from enplace.ports import Brain
from enplace.records.memory import Fact
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
    closed = asyncio.ensure_future(_closed(brain, facts_shown, now))
    await asyncio.wait((facts, said, closed), timeout=options.deadline_s)
    lost: list[LostSource] = []
    chosen, dropped = choose(
        terms,
        await _outcome(facts, [], "facts", lost),
        await _outcome(said, [], "said", lost),
        visible=visible,
        now=now,
        options=options,
    )
    no_longer = await _outcome(closed, {}, "corrections", lost)
    shown: Mapping[str, Fact] = {}
    if no_longer:
        shown = await brain.memory.get(list(no_longer))
    return Recollection(
        query=query,
        memories=tuple(chosen),
        corrections=_corrections(no_longer, shown),
        dropped=tuple(dropped),
        lost=tuple(lost),
    )


async def _closed(brain: Brain, ids: list[str], now: datetime) -> Mapping[str, Fact | None]:
    return await brain.memory.closed(ids, now) if ids else {}


async def _outcome(
    source: Awaitable[Found], nothing: Found, name: str, lost: list[LostSource]
) -> Found:
    """What a source found, or nothing and a word about it."""
    assert isinstance(source, asyncio.Future)
    if not source.done():
        source.cancel()
        lost.append(LostSource(segment="memory", reason=f"{name}: deadline exceeded"))
        return nothing
    try:
        return await source
    except StoreError as error:
        lost.append(LostSource(segment="memory", reason=f"{name}: {error}"))
        return nothing


def _corrections(
    closed: Mapping[str, Fact | None], shown: Mapping[str, Fact]
) -> tuple[Correction, ...]:
    return tuple(
        Correction(id=id_, text=shown[id_].sentence, successor=next_.sentence if next_ else None)
        for id_, next_ in sorted(closed.items())
        if id_ in shown
    )
