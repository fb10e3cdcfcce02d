"""The Learning Centre of one owner: what is due is learned from, batch by batch."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from enplace.engine.batches import Batches, FindFacts
from enplace.engine.memory import OwnerMemory
from enplace.engine.parts import LearningOptions
from enplace.engine.progress import LearningStatus, progress
from enplace.engine.telling import quotes, told_after, told_of_batch
from enplace.engine.writing import Writer
from enplace.errors import MemoryNotFound, StoreError, UsageError
from enplace.ports import Brain
from enplace.records.learning import (
    Assert,
    Attempt,
    Batch,
    Learned,
    Lesson,
    Meet,
    Quote,
    Report,
)
from enplace.records.memory import Fact, Span
from enplace.records.task import Due
from enplace.records.telling import Told
from enplace.records.write import Written
from enplace.upload.learning.decide import place_of
from enplace.upload.learning.hearing import MOST_UTTERANCES, stretch

_log = logging.getLogger("enplace.upload")

_ALL = 1 << 53
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 1_800.0
"""Seconds until a stretch that failed is tried again: doubled each time."""
ENOUGH_OF_BEFORE = 0.5
"""A replay that would find less than this share of what it takes back is refused."""


class Learning:
    """Learns from one owner's log. Safe to call from anywhere at any time: effects happen once."""

    def __init__(
        self,
        writer: Writer,
        memory: OwnerMemory,
        owner: str,
        options: LearningOptions,
        find_facts: FindFacts | None = None,
    ) -> None:
        self._writer = writer
        self._memory = memory
        self._owner = owner
        self._options = options
        self._batches = Batches(writer, memory, owner, options, find_facts)
        self.trouble = ""
        """Why the last run failed at something; empty where it did not."""

    async def run(self, reason: str = "by hand", *, patient: bool = False) -> Sequence[Batch]:
        """Learn from everything that is due.

        Args:
            reason: Why; every batch keeps it.
            patient: Leave out what failed and is not to be tried again yet.

        Returns:
            What was learned, oldest first; a batch that somebody else was quicker with is absent.
        """
        brain = await self._writer.brain()
        done: list[Batch] = []
        for due in await brain.lessons.due():
            await self._batches.leave_dead(brain, due.task_id)
            done += await self._task(brain, due, reason, patient=patient)
        failed = [each.trouble for each in await brain.lessons.attempts() if each.trouble]
        self.trouble = failed[-1] if failed else ""
        if done:
            self._writer.written(brain)
        return done

    async def dry_run(self) -> Sequence[Learned]:
        """What `run` would do, decided on in full; nothing is written.

        Each task is one batch, weighed by itself.
        """
        brain = await self._writer.brain()
        told: list[Learned] = []
        for due in await brain.lessons.due():
            after = await brain.lessons.cursor(due.task_id)
            part = await self._batches.stretch(brain, due, after, _ALL)
            batch, found = await self._batches.batch(
                part, due.task_id, after, "dry run", await self._batches.known(brain)
            )
            written, adopted = await self._batches.write(brain, batch, found.proposals, dry=True)
            outcomes = Counter[str](each.outcome for each in written)
            outcomes += Counter(adopted=len(adopted))
            report = replace(batch.report, outcomes=dict(sorted(outcomes.items())))
            told.append(
                Learned(
                    batch=replace(batch, report=report),
                    written=tuple(written),
                    adopted=tuple(adopted),
                )
            )
        return told

    async def rollback(self, batch_id: str, *, rewind: bool = False) -> Batch:
        """Take back all that a batch wrote, as if it had not been learned.

        Somebody who got more names since stays known.

        Args:
            batch_id: The batch.
            rewind: Its events are due again.

        Raises:
            MemoryNotFound: There is no such batch.
            UsageError: It was rolled back already.
        """
        brain = await self._writer.brain()
        found = await brain.lessons.batch(batch_id)
        if found is None:
            raise MemoryNotFound(f"there is no batch {batch_id!r}", batch=batch_id)
        batch, writes = found
        if batch.state == "rolled_back":
            raise UsageError(f"batch {batch_id} was rolled back already", batch=batch_id)
        for write in reversed(writes):
            await self._batches.undo(brain, write)
        await self._batches.restore_soul(brain, batch_id)
        await brain.lessons.take_back(batch_id, rewind=rewind)
        return replace(batch, state="rolled_back")

    async def replay(
        self, since: datetime | None = None, *, force: bool = False
    ) -> Sequence[Batch]:
        """Learn anew from all that was learned since a moment, with the rules as they are now.

        What was written explicitly stands, and so does what was forgotten.

        Raises:
            UsageError: Much less would be found than is known now; `force` does it all the same.
        """
        brain = await self._writer.brain()
        old = [
            batch
            for batch in await brain.lessons.batches(limit=_ALL)
            if batch.state != "rolled_back" and (since is None or batch.at >= since)
        ]
        if not force:
            await self._require_enough(brain, old)
        for batch in old:  # the last first
            await self.rollback(batch.id, rewind=True)
        return await self.run("replay")

    async def status(self) -> LearningStatus:
        """How far learning has come."""
        brain = await self._writer.brain()
        now = self._writer.clock.now()
        return await progress(brain, now, in_background=self._options.in_background)

    async def batches(self, *, limit: int = 50) -> Sequence[Batch]:
        """What was learned in which batch, the last first."""
        return await (await self._writer.brain()).lessons.batches(limit=limit)

    async def evidence(self, memory_id: str) -> Sequence[Span]:
        """Everything that was said for a memory, in the order it was heard."""
        return await (await self._writer.brain()).lessons.evidence(memory_id)

    async def quotes(self, memory_id: str) -> Sequence[Quote]:
        """The same with the words that were said.

        Raises:
            MemoryNotFound: There is none of this id.
        """
        return await quotes(await self._writer.brain(), memory_id, self._owner)

    async def told(self, batch_id: str) -> Sequence[Told]:
        """What a batch did, one after the other.

        Raises:
            MemoryNotFound: There is no such batch.
        """
        return await told_of_batch(await self._writer.brain(), batch_id)

    async def told_after(self, after: int = 0, *, limit: int = 100) -> tuple[Sequence[Told], int]:
        """What became of memory after a write, whoever made it, and where to go on.

        Args:
            after: Id of the last write that was told before.
            limit: Most writes.

        Returns:
            Of each write what it did; and the id to ask with next, which loses nothing.
        """
        return await told_after(await self._writer.brain(), after, limit)

    async def review(self) -> Sequence[Fact]:
        """What waits for a person: it looked like an order from somebody with no right to give one."""
        brain = await self._writer.brain()
        return await brain.memory.facts(self._writer.clock.now(), state="quarantined")

    async def approve(self, fact_id: str) -> Written:
        """Believe a fact that waits for a person, as `memory.release`.

        Raises:
            MemoryNotFound: There is no such fact.
            UsageError: It does not wait.
        """
        await self._require_held(fact_id)
        return await self._memory.release(fact_id)

    async def decline(self, fact_id: str) -> Written:
        """Show a fact that waits for a person to nobody, as `memory.forget`.

        Raises:
            MemoryNotFound: There is no such fact.
            UsageError: It does not wait.
        """
        await self._require_held(fact_id)
        return await self._memory.forget(fact_id)

    async def _require_held(self, fact_id: str) -> None:
        memory = await self._memory.get(fact_id)
        if memory.state not in {"quarantined", "disputed"}:
            raise UsageError(
                f"{fact_id} is {memory.state}: it waits for nobody", id=fact_id, state=memory.state
            )

    # One task

    async def _task(self, brain: Brain, due: Due, reason: str, *, patient: bool) -> list[Batch]:
        done: list[Batch] = []
        while (after := await brain.lessons.cursor(due.task_id)) < due.position:
            if patient and not await self._is_time(brain, due.task_id, after):
                break
            now = self._writer.clock.now()
            before = await self._tried(brain, due.task_id, after)
            attempt = await brain.lessons.attempt(
                due.task_id, after, now
            )  # before anything is spent
            most = MOST_UTTERANCES >> (attempt.tries - 1)
            part = await self._batches.stretch(brain, due, after, max(1, most))
            try:
                if most == 0:  # alone, and failed before: set aside, so that the rest goes on
                    trouble = before.trouble if before else ""
                    batch, found = self._batches.begin(part, due.task_id, after, reason), Lesson()
                    batch = replace(
                        batch,
                        state="set_aside",
                        report=Report(heard=1, trouble=trouble or "the process died of it"),
                    )
                else:
                    known = await self._batches.known(brain)
                    batch, found = await self._batches.batch(
                        part, due.task_id, after, reason, known
                    )
                    batch, found = await self._batches.ask_too(brain, part, batch, found)
                await self._batches.write(brain, batch, found.proposals)
            except Exception as error:  # noqa: BLE001 - whatever it is, the rest goes on
                _log.exception("a batch failed", extra={"action": "learn", "task_id": due.task_id})
                await brain.lessons.attempt(
                    due.task_id, after, now, trouble=f"{type(error).__name__}: {error}"
                )
                if isinstance(error, StoreError) or patient:
                    break
                continue
            stored = await brain.lessons.batch(batch.id)
            if stored is None:
                break  # somebody else moved the cursor
            done.append(stored[0])
        return done

    async def _is_time(self, brain: Brain, task_id: str, after: int) -> bool:
        attempt = await self._tried(brain, task_id, after)
        if attempt is None or not attempt.trouble:
            return True
        pause = min(FIRST_PAUSE_S * 2 ** (attempt.tries - 1), LONGEST_PAUSE_S)
        return self._writer.clock.now() >= attempt.at + timedelta(seconds=pause)

    async def _tried(self, brain: Brain, task_id: str, after: int) -> Attempt | None:
        """The earlier tries of a stretch."""
        tried = await brain.lessons.attempts()
        return next((a for a in tried if (a.task_id, a.after) == (task_id, after)), None)

    async def _require_enough(self, brain: Brain, old: Sequence[Batch]) -> None:
        before = sum(batch.report.outcomes.get("added", 0) for batch in old)
        after = 0
        known = await self._batches.known(brain)
        for batch in old:
            if batch.state == "set_aside":
                continue
            events = await self._batches.events(brain, batch.task_id)
            part = stretch(events, batch.after, batch.upto, _ALL, self._owner)
            _, found = await self._batches.batch(part, batch.task_id, batch.after, "replay", known)
            after += len({place_of(p.fact) for p in found.proposals if isinstance(p, Assert)})
            after += len({p.memory.id for p in found.proposals if isinstance(p, Meet)})
        if before and after < ENOUGH_OF_BEFORE * before:
            raise UsageError(
                f"a replay would find {after} memories where {before} were added: refused",
                before=before,
                after=after,
            )
