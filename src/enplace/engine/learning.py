"""The Learning Centre of one owner: what is due is learned from, batch by batch."""

import logging
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enplace.engine.memory import OwnerMemory
from enplace.engine.writing import Writer
from enplace.errors import MemoryNotFound, StoreError, UsageError
from enplace.ports import Brain
from enplace.records.changeset import Changeset
from enplace.records.learning import Assert, Batch, End, Learned, Lesson, Meet, Proposal, Report
from enplace.records.memory import Fact, SoulLine, Span
from enplace.records.task import Due
from enplace.records.words import fold
from enplace.records.write import Erase, Keep, Surroundings, Undo, Write, Written
from enplace.upload.learning.decide import Beside, Hold, place_of, steps
from enplace.upload.learning.hearing import MOST_UTTERANCES, Stretch, stretch
from enplace.upload.learning.lesson import EXTRACTOR, lesson
from enplace.upload.learning.scene import Known

_log = logging.getLogger("enplace.upload")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 1_800.0
"""Seconds until a stretch that failed is tried again: doubled each time."""
ENOUGH_OF_BEFORE = 0.5
"""A replay that would find less than this share of what it takes back is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningStatus:
    """How far an owner's log was learned from."""

    due: tuple[Due, ...]
    """What waits."""
    lag_events: int
    """Events behind the cursors."""
    oldest_due_at: datetime | None
    failing: tuple[str, ...]
    """Tasks whose last try failed, with the reason."""
    set_aside: int
    """Batches that nothing could be learned from."""
    batches: int
    outcomes: dict[str, int]
    """Over all batches that count."""
    dropped: dict[str, int]
    """By reason."""


class Learning:
    """Learns from one owner's log. Safe to call from anywhere at any time: effects happen once."""

    def __init__(self, writer: Writer, memory: OwnerMemory, owner: str) -> None:
        self._writer = writer
        self._memory = memory
        self._owner = owner

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
            done += await self._task(brain, due, reason, patient=patient)
        if done:
            self._writer.written(brain)
        return done

    async def dry_run(self) -> Sequence[Learned]:
        """What `run` would do, decided on in full; nothing is written."""
        brain = await self._writer.brain()
        told: list[Learned] = []
        for due in await brain.lessons.due():
            after = await brain.lessons.cursor(due.task_id)
            part = await self._stretch(brain, due, after, MOST_UTTERANCES)
            batch, found = self._batch(
                part, due.task_id, after, "dry run", await self._known(brain)
            )
            written, adopted = await self._weighed(brain, batch, found.proposals, dry=True)
            told.append(Learned(batch=batch, written=tuple(written), adopted=tuple(adopted)))
        return told

    async def rollback(self, batch_id: str, *, rewind: bool = False) -> Batch:
        """Take back all that a batch wrote, as if it had not been learned.

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
            await self._undo(brain, write)
        await self._restore_soul(brain, batch_id)
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
            for batch in await brain.lessons.batches(limit=1_000_000)
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
        due = tuple(await brain.lessons.due())
        behind, oldest = 0, None
        for each in due:
            cursor = await brain.lessons.cursor(each.task_id)
            waiting = [
                event.place.at
                for event in await brain.log.read(each.task_id)
                if event.place and cursor < event.place.position <= each.position
            ]
            behind += len(waiting)
            oldest = min([*waiting, *([oldest] if oldest else [])], default=None)
        batches = await brain.lessons.batches(limit=1_000_000)
        outcomes, dropped = Counter[str](), Counter[str]()
        for batch in batches:
            if batch.state == "done":
                outcomes.update(batch.report.outcomes)
                dropped.update(batch.report.dropped)
        failing = [each for each in await brain.lessons.attempts() if each.trouble]
        return LearningStatus(
            due=due,
            lag_events=behind,
            oldest_due_at=oldest,
            failing=tuple(f"{each.task_id}: {each.trouble}" for each in failing),
            set_aside=sum(batch.state == "set_aside" for batch in batches),
            batches=len(batches),
            outcomes=dict(outcomes),
            dropped=dict(dropped),
        )

    async def batches(self, *, limit: int = 50) -> Sequence[Batch]:
        """What was learned in which batch, the last first."""
        return await (await self._writer.brain()).lessons.batches(limit=limit)

    async def evidence(self, memory_id: str) -> Sequence[Span]:
        """Everything that was said for a memory, in the order it was heard."""
        return await (await self._writer.brain()).lessons.evidence(memory_id)

    async def review(self) -> Sequence[Fact]:
        """What waits for a person: it looked like an order from somebody with no right to give one."""
        brain = await self._writer.brain()
        return await brain.memory.facts(self._writer.clock.now(), state="quarantined")

    # One task

    async def _task(self, brain: Brain, due: Due, reason: str, *, patient: bool) -> list[Batch]:
        done: list[Batch] = []
        while (after := await brain.lessons.cursor(due.task_id)) < due.position:
            if patient and not await self._is_time(brain, due.task_id, after):
                break
            now = self._writer.clock.now()
            attempt = await brain.lessons.attempt(
                due.task_id, after, now
            )  # before anything is spent
            most = MOST_UTTERANCES >> (attempt.tries - 1)
            part = await self._stretch(brain, due, after, max(1, most))
            try:
                batch, found = self._batch(
                    part, due.task_id, after, reason, await self._known(brain)
                )
                if most == 0:  # alone, and failed before: set aside, so that the rest goes on
                    trouble = attempt.trouble or "failed several times"
                    batch = replace(
                        batch, state="set_aside", report=Report(heard=1, trouble=trouble)
                    )
                    found = Lesson()
                await self._weighed(brain, batch, found.proposals)
            except Exception as error:  # the worker's loop: whatever it is, the rest goes on
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
        now = self._writer.clock.now()
        for attempt in await brain.lessons.attempts():
            if (attempt.task_id, attempt.after) == (task_id, after) and attempt.trouble:
                pause = min(FIRST_PAUSE_S * 2 ** (attempt.tries - 1), LONGEST_PAUSE_S)
                return now >= attempt.at + timedelta(seconds=pause)
        return True

    async def _stretch(self, brain: Brain, due: Due, after: int, most: int) -> Stretch:
        events = await brain.log.read(due.task_id)
        return stretch(events, after, due.position, most, self._owner)

    def _batch(
        self, part: Stretch, task_id: str, after: int, reason: str, known: Known
    ) -> tuple[Batch, Lesson]:
        found = lesson(part.said, known)
        fresh = [each for each in found.proposals if _ordinal(each) in part.fresh]
        drops = Counter(each.reason for each in found.dropped if each.span.ordinal in part.fresh)
        now = self._writer.clock.now()
        batch = Batch(
            id=f"b{int(now.timestamp() * 1_000_000):016d}{uuid.uuid4().hex[:8]}",
            task_id=task_id,
            after=after,
            upto=part.upto,
            at=now,
            extractor=EXTRACTOR,
            reason=reason,
            report=Report(heard=len(part.fresh), dropped=dict(sorted(drops.items()))),
        )
        return batch, replace(found, proposals=tuple(fresh))

    async def _known(self, brain: Brain) -> Known:
        facts = await brain.memory.facts(self._writer.clock.now())
        return Known(
            ties=tuple(
                (fact.tags[0], fact.object)
                for fact in facts
                if fact.fact_kind == "relation"
                and fact.tags
                and fact.object
                and fact.object[:1].isupper()
            )
        )

    async def _weighed(
        self, brain: Brain, batch: Batch, proposals: Sequence[Proposal], *, dry: bool = False
    ) -> tuple[list[Written], list[SoulLine]]:
        beside = await self._beside(brain, again=batch.reason == "replay")
        written: list[Written] = []
        adopted: list[SoulLine] = []
        now = self._writer.clock.now()

        def decide(proposal: Proposal, near: Surroundings) -> Sequence[Changeset]:
            made: list[Changeset] = []
            for step in steps(
                proposal, near, beside, batch=batch.id, now=now, holds_one=self._writer.holds_one
            ):
                match step:
                    case SoulLine():
                        adopted.append(step)
                        made.append(Changeset(at=now, soul=(step,)))
                    case Hold(fact=fact):
                        made.append(_held(fact, now))
                        written.append(Written(outcome="quarantined", memory=fact, write=0))
                    case _:
                        told, changeset = self._writer.step(step, near)
                        made.append(changeset)
                        written.append(told)
            return made

        await brain.learn(batch, proposals, decide, dry=dry)
        return written, adopted

    async def _beside(self, brain: Brain, *, again: bool) -> Beside:
        people = await brain.memory.people()
        everything = await brain.memory.all("fact", limit=1 << 30, everything=True) if again else ()
        gone = [each for each in everything if isinstance(each, Fact) and each.state == "forgotten"]
        return Beside(
            soul=tuple(await brain.memory.soul()),
            names=frozenset(name for person in people for name in map(fold, person.names)),
            forgotten=frozenset(map(place_of, gone)),
        )

    async def _undo(self, brain: Brain, write_id: int) -> None:
        found = await brain.memory.write(write_id)
        if (
            found is not None
            and not found[0].undone
            and not isinstance(found[0].operation, Undo | Erase)
        ):
            await self._memory.undo(write_id)

    async def _restore_soul(self, brain: Brain, batch_id: str) -> None:
        """The lines of a batch give way to what stood before them."""
        history = await brain.memory.soul(history=True)
        current = {(line.section, line.key): line for line in history}
        for place, line in current.items():
            if line.batch != batch_id:
                continue
            before = [
                each
                for each in history
                if (each.section, each.key) == place and each.batch != batch_id
            ]
            text = before[-1].text if before else ""
            now = self._writer.clock.now()
            await brain.commit(
                Changeset(at=now, soul=(replace(line, text=text, recorded_at=now, batch=None),))
            )

    async def _require_enough(self, brain: Brain, old: Sequence[Batch]) -> None:
        before = sum(batch.report.outcomes.get("added", 0) for batch in old)
        after = 0
        known = await self._known(brain)
        for batch in old:
            events = await brain.log.read(batch.task_id)
            part = stretch(events, batch.after, batch.upto, 1_000_000, self._owner)
            _, found = self._batch(part, batch.task_id, batch.after, "replay", known)
            after += len({place_of(p.fact) for p in found.proposals if isinstance(p, Assert)})
        if before and after < ENOUGH_OF_BEFORE * before:
            raise UsageError(
                f"a replay would find {after} facts where {before} were added: refused",
                before=before,
                after=after,
            )


def _ordinal(proposal: Proposal) -> int:
    match proposal:
        case Assert(fact=fact) | End(about=fact):
            evidence = fact.evidence
        case Meet(memory=memory):
            evidence = memory.evidence
        case _:
            evidence = proposal.line.evidence
    return evidence[0].ordinal if evidence else 0


def _held(fact: Fact, now: datetime) -> Changeset:
    write = Write(
        id=0, at=now, operation=Keep(target=fact.id), outcome="quarantined", target=fact.id
    )
    return Changeset(at=now, memories=(fact,), changes=(), write=write)
