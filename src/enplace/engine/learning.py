"""The Learning Centre of one owner: what is due is learned from, batch by batch."""

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enplace.engine.memory import OwnerMemory
from enplace.engine.parts import LearningOptions
from enplace.engine.telling import quotes, told_after, told_of_batch
from enplace.engine.writing import Writer
from enplace.errors import MemoryNotFound, StoreError, UsageError
from enplace.ports import Brain
from enplace.records.aside import Aside
from enplace.records.changeset import Changeset
from enplace.records.event import Event
from enplace.records.learning import (
    Assert,
    Attempt,
    Batch,
    End,
    Learned,
    Lesson,
    Meet,
    Proposal,
    Quote,
    Report,
    Utterance,
)
from enplace.records.memory import Fact, Person, SoulLine, Span
from enplace.records.task import Due
from enplace.records.telling import Told
from enplace.records.words import fold
from enplace.records.write import Operation, Remember, Surroundings, Undo, Written
from enplace.upload.learning.asking import believed
from enplace.upload.learning.decide import Beside, Hold, Weighing, place_of, steps
from enplace.upload.learning.hearing import MOST_UTTERANCES, Stretch, stretch
from enplace.upload.learning.scene import Known

_log = logging.getLogger("enplace.upload")

_ALL = 1 << 53
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 1_800.0
"""Seconds until a stretch that failed is tried again: doubled each time."""
FindFacts = Callable[[Sequence[Utterance]], Awaitable[Aside | None]]
"""Asks a model what it finds in what was said; None where there is nothing to ask."""
MOST_A_DAY = 10_000
"""Batches looked back at for the tokens of a day."""
ENOUGH_OF_BEFORE = 0.5
"""A replay that would find less than this share of what it takes back is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningStatus:
    """How far an owner's log was learned from."""

    in_background: bool
    """False: switched off, it learns only when it is asked to."""
    due: tuple[Due, ...]
    """What waits."""
    lag_events: int
    """Events behind the cursors."""
    lag_s: float
    """Age of the oldest of them, in seconds; 0 where nothing waits."""
    failing: tuple[Attempt, ...]
    """Stretches whose last try failed."""
    batches: int
    """That count: neither rolled back nor set aside."""
    rolled_back: int
    set_aside: int
    """Of one utterance each, which nothing could be learned from."""
    heard: int
    """Utterances, over all batches that count; as what follows."""
    outcomes: dict[str, int]
    dropped: dict[str, int]
    """What gave nothing, by reason."""
    asked_tokens: int
    """In and out, of the model that was asked beside the rules."""

    @property
    def confirmed_ratio(self) -> float | None:
        """Confirmations to memories added; None where none was added."""
        added = self.outcomes.get("added", 0) + self.outcomes.get("superseded", 0)
        return self.outcomes.get("confirmed", 0) / added if added else None


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
        self._find_facts = find_facts
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
            await self._leave_dead(brain, due.task_id)
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
            part = await self._stretch(brain, due, after, _ALL)
            batch, found = await self._batch(
                part, due.task_id, after, "dry run", await self._known(brain)
            )
            written, adopted = await self._weighed(brain, batch, found.proposals, dry=True)
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
        now, due = self._writer.clock.now(), tuple(await brain.lessons.due())
        waiting: list[datetime] = []
        for each in due:
            cursor = await brain.lessons.cursor(each.task_id)
            waiting += [
                event.place.at
                for event in await brain.log.read(each.task_id)
                if event.place and cursor < event.place.position <= each.position
            ]
        batches = await brain.lessons.batches(limit=_ALL)
        states = Counter(batch.state for batch in batches)
        reports = [batch.report for batch in batches if batch.state == "done"]
        outcomes, dropped = Counter[str](), Counter[str]()
        for report in reports:
            outcomes.update(report.outcomes)
            dropped.update(report.dropped)
        return LearningStatus(
            in_background=self._options.in_background,
            due=due,
            lag_events=len(waiting),
            lag_s=(now - min(waiting, default=now)).total_seconds(),
            failing=tuple(each for each in await brain.lessons.attempts() if each.trouble),
            batches=states["done"],
            rolled_back=states["rolled_back"],
            set_aside=states["set_aside"],
            heard=sum(report.heard for report in reports),
            outcomes=dict(sorted(outcomes.items())),
            dropped=dict(dropped.most_common()),
            asked_tokens=sum(map(_asked_tokens, reports)),
        )

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
            part = await self._stretch(brain, due, after, max(1, most))
            try:
                if most == 0:  # alone, and failed before: set aside, so that the rest goes on
                    trouble = before.trouble if before else ""
                    batch, found = self._begun(part, due.task_id, after, reason), Lesson()
                    batch = replace(
                        batch,
                        state="set_aside",
                        report=Report(heard=1, trouble=trouble or "the process died of it"),
                    )
                else:
                    known = await self._known(brain)
                    batch, found = await self._batch(part, due.task_id, after, reason, known)
                    batch, found = await self._asked(brain, part, batch, found)
                await self._weighed(brain, batch, found.proposals)
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

    async def _leave_dead(self, brain: Brain, task_id: str) -> None:
        """What was learned from a branch that an edit or a retry left behind is taken back."""
        dead = {event.place.ordinal for event in await brain.log.dead(task_id) if event.place}
        if not dead:
            return
        for batch in await brain.lessons.batches(limit=_ALL, state="done"):
            found = await brain.lessons.batch(batch.id) if batch.task_id == task_id else None
            for write_id in reversed(found[1] if found else ()):
                told = await brain.memory.write(write_id)
                if told is not None and _heard_in(told[0].operation) & dead:
                    await self._undo(brain, write_id)

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

    async def _stretch(self, brain: Brain, due: Due, after: int, most: int) -> Stretch:
        events = await self._events(brain, due.task_id)
        return stretch(events, after, due.position, most, self._owner)

    async def _events(self, brain: Brain, task_id: str) -> Sequence[Event]:
        """A task's log without what was set aside: it must not be read again beside others."""
        aside = [
            batch
            for batch in await brain.lessons.batches(limit=_ALL, state="set_aside")
            if batch.task_id == task_id
        ]
        return [
            event
            for event in await brain.log.read(task_id)
            if event.place is None
            or not any(batch.after < event.place.position <= batch.upto for batch in aside)
        ]

    async def _batch(
        self, part: Stretch, task_id: str, after: int, reason: str, known: Known
    ) -> tuple[Batch, Lesson]:
        # in a thread: a batch takes longer than others in this event loop should wait
        found = await asyncio.to_thread(self._options.extractor.lesson, part.said, known)
        fresh = [each for each in found.proposals if _ordinal(each) in part.fresh]
        drops = Counter(each.reason for each in found.dropped if each.span.ordinal in part.fresh)
        report = Report(heard=len(part.fresh), dropped=dict(sorted(drops.items())))
        batch = replace(self._begun(part, task_id, after, reason), report=report)
        return batch, replace(found, proposals=tuple(_met_once(fresh)))

    async def _asked(
        self, brain: Brain, part: Stretch, batch: Batch, found: Lesson
    ) -> tuple[Batch, Lesson]:
        """With what a model finds as well, as far as what was said bears it out."""
        said = [each for each in part.said if each.ordinal in part.fresh]
        if self._find_facts is None or not said or not await self._may_ask(brain, batch.at):
            return batch, found
        aside = await self._find_facts(said)
        if aside is None:
            return batch, found
        more = believed(aside.reply.text if aside.reply and not aside.trouble else "", said)
        drops = Counter(batch.report.dropped) + Counter(each.reason for each in more.dropped)
        trouble = f"the model told nothing: {aside.trouble}" if aside.trouble else ""
        report = replace(
            batch.report, dropped=dict(sorted(drops.items())), asked=aside.usage, trouble=trouble
        )
        beside = tuple(each for each in more.proposals if _is_news(each, found.proposals))
        return replace(batch, report=report), replace(found, proposals=(*found.proposals, *beside))

    async def _may_ask(self, brain: Brain, now: datetime) -> bool:
        """Whether the day's tokens are not used up."""
        used = 0
        for batch in await brain.lessons.batches(limit=MOST_A_DAY):
            if now - batch.at > timedelta(days=1):
                break
            used += _asked_tokens(batch.report)
        return used < self._options.daily_tokens

    def _begun(self, part: Stretch, task_id: str, after: int, reason: str) -> Batch:
        now = self._writer.clock.now()
        return Batch(
            id=f"b{int(now.timestamp() * 1_000_000):016d}{uuid.uuid4().hex[:8]}",
            task_id=task_id,
            after=after,
            upto=part.upto,
            at=now,
            extractor=self._options.extractor.name,
            reason=reason,
        )

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
        beside = await self._beside(brain, again=await self._is_again(brain, batch))
        written: list[Written] = []
        adopted: list[SoulLine] = []
        now = self._writer.clock.now()
        by = Weighing(batch=batch.id, now=now, holds_one=self._writer.holds_one, beside=beside)

        def decide(proposal: Proposal, near: Surroundings) -> Sequence[Changeset]:
            made: list[Changeset] = []
            for step in steps(proposal, near, by):
                match step:
                    case SoulLine():
                        adopted.append(step)
                        made.append(Changeset(at=now, soul=(step,)))
                    case _:
                        operation = Remember(fact=step.fact) if isinstance(step, Hold) else step
                        told, changeset = self._writer.step(operation, near)
                        made.append(changeset)
                        written.append(told)
            return [self._writer.redactor.changeset(each) for each in made]

        await brain.learn(batch, proposals, decide, dry=dry)
        return written, adopted

    async def _is_again(self, brain: Brain, batch: Batch) -> bool:
        """Whether its events were learned from before: then what was forgotten stays so."""
        return any(
            old.task_id == batch.task_id and old.upto > batch.after
            for old in await brain.lessons.batches(limit=_ALL, state="rolled_back")
        )

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
        if found is None or found[0].undone or isinstance(found[0].operation, Undo):
            return
        try:
            await self._memory.undo(write_id)
        except UsageError as error:  # a person or an episode that later writes build upon
            _log.info("write %d stays: %s", write_id, error.message, extra={"action": "roll back"})

    async def _restore_soul(self, brain: Brain, batch_id: str) -> None:
        """The lines of a batch give way to what stood before them."""
        history = await brain.memory.soul(history=True)
        current = {(line.section, line.key): line for line in history}
        gone = {
            batch.id for batch in await brain.lessons.batches(limit=1_000_000, state="rolled_back")
        }
        gone.add(batch_id)
        for place, line in current.items():
            if line.batch != batch_id:
                continue
            before = [
                each
                for each in history
                if (each.section, each.key) == place and each.batch not in gone
            ]
            # with the batch it came from, which may be rolled back too
            restored = before[-1] if before else replace(line, text="", batch=None)
            now = self._writer.clock.now()
            await brain.commit(Changeset(at=now, soul=(replace(restored, recorded_at=now),)))

    async def _require_enough(self, brain: Brain, old: Sequence[Batch]) -> None:
        before = sum(batch.report.outcomes.get("added", 0) for batch in old)
        after = 0
        known = await self._known(brain)
        for batch in old:
            if batch.state == "set_aside":
                continue
            events = await self._events(brain, batch.task_id)
            part = stretch(events, batch.after, batch.upto, _ALL, self._owner)
            _, found = await self._batch(part, batch.task_id, batch.after, "replay", known)
            after += len({place_of(p.fact) for p in found.proposals if isinstance(p, Assert)})
            after += len({p.memory.id for p in found.proposals if isinstance(p, Meet)})
        if before and after < ENOUGH_OF_BEFORE * before:
            raise UsageError(
                f"a replay would find {after} memories where {before} were added: refused",
                before=before,
                after=after,
            )


def _is_news(proposal: Proposal, others: Sequence[Proposal]) -> bool:
    """Whether the rules have not found the same in the same words' neighbourhood."""
    if not isinstance(proposal, Assert):
        return True
    return not any(
        isinstance(other, Assert)
        and other.fact.evidence[0].ordinal == proposal.fact.evidence[0].ordinal
        and fold(other.fact.object or "") == fold(proposal.fact.object or "")
        for other in others
    )


def _heard_in(operation: Operation) -> set[int]:
    """Ordinals of the events that a learned write has for evidence."""
    if not isinstance(operation, Remember):
        return set()
    return {span.ordinal for span in operation.fact.evidence}


def _asked_tokens(report: Report) -> int:
    usage = report.asked.usage if report.asked else None
    return usage.input_tokens + usage.output_tokens if usage else 0


def _met_once(proposals: Iterable[Proposal]) -> Iterator[Proposal]:
    """All but the later ones of those that meet the same person: who is new is new once."""
    met: set[str] = set()
    for proposal in proposals:
        if isinstance(proposal, Meet) and isinstance(proposal.memory, Person):
            names = set(map(fold, proposal.memory.names))
            if names & met:
                continue
            met |= names
        yield proposal


def _ordinal(proposal: Proposal) -> int:
    match proposal:
        case Assert(fact=fact) | End(about=fact):
            evidence = fact.evidence
        case Meet(memory=memory):
            evidence = memory.evidence
        case _:
            evidence = proposal.line.evidence
    return evidence[0].ordinal if evidence else 0
