"""Batches of one owner: what is read and proposed, weighed and written, and taken back."""

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from enplace.engine.memory import OwnerMemory
from enplace.engine.parts import LearningOptions
from enplace.engine.writing import Writer
from enplace.errors import UsageError
from enplace.ports import Brain
from enplace.records.aside import Aside
from enplace.records.changeset import Changeset
from enplace.records.event import Event
from enplace.records.learning import (
    Assert,
    Batch,
    End,
    Lesson,
    Meet,
    Proposal,
    Report,
    Utterance,
)
from enplace.records.memory import Fact, Person, SoulLine
from enplace.records.task import Due
from enplace.records.words import fold
from enplace.records.write import Erase, Operation, Remember, Surroundings, Undo, Written
from enplace.upload.learning.asking import believed
from enplace.upload.learning.decide import Beside, Hold, Weighing, place_of, steps
from enplace.upload.learning.hearing import Stretch, stretch
from enplace.upload.learning.scene import Known

_log = logging.getLogger("enplace.upload")

_ALL = 1 << 53
FindFacts = Callable[[Sequence[Utterance]], Awaitable[Aside | None]]
"""Asks a model what it finds in what was said; None where there is nothing to ask."""
MOST_KNOWN = 1_000
"""Newest facts that a lesson knows of, so that news can end them."""
MOST_A_DAY = 10_000
"""Batches looked back at for the tokens of a day."""


class Batches:
    """Makes, writes and takes back the batches of one owner."""

    def __init__(
        self,
        writer: Writer,
        memory: OwnerMemory,
        owner: str,
        options: LearningOptions,
        find_facts: FindFacts | None,
    ) -> None:
        self._writer = writer
        self._memory = memory
        self._owner = owner
        self._options = options
        self._find_facts = find_facts

    # What is proposed

    async def stretch(self, brain: Brain, due: Due, after: int, most: int) -> Stretch:
        """What a task's log holds behind a position, as far as it is due."""
        events = await self.events(brain, due.task_id)
        return stretch(events, after, due.position, most, self._owner)

    async def events(self, brain: Brain, task_id: str) -> Sequence[Event]:
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

    async def batch(
        self, part: Stretch, task_id: str, after: int, reason: str, known: Known
    ) -> tuple[Batch, Lesson]:
        """A batch with what the extractor proposes, before anything is weighed."""
        # in a thread: a batch takes longer than others in this event loop should wait
        found = await asyncio.to_thread(self._options.extractor.lesson, part.said, known)
        fresh = [each for each in found.proposals if _ordinal(each) in part.fresh]
        drops = Counter(each.reason for each in found.dropped if each.span.ordinal in part.fresh)
        report = Report(heard=len(part.fresh), dropped=dict(sorted(drops.items())))
        batch = replace(self.begin(part, task_id, after, reason), report=report)
        return batch, replace(found, proposals=tuple(_met_once(fresh)))

    async def ask_too(
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
            used += batch.report.asked_tokens
        return used < self._options.daily_tokens

    def begin(self, part: Stretch, task_id: str, after: int, reason: str) -> Batch:
        """A batch that says nothing yet."""
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

    async def known(self, brain: Brain) -> Known:
        """Whom long-term memory knows."""
        facts = await brain.memory.facts(self._writer.clock.now())
        return Known(
            ties=tuple(
                (fact.tags[0], fact.object)
                for fact in facts
                if fact.fact_kind == "relation"
                and fact.tags
                and fact.object
                and fact.object[:1].isupper()
            ),
            facts=tuple(
                (fact.subject, fact.predicate, fact.object)
                for fact in facts[-MOST_KNOWN:]
                if fact.subject and fact.predicate and fact.object
            ),
        )

    async def write(
        self, brain: Brain, batch: Batch, proposals: Sequence[Proposal], *, dry: bool = False
    ) -> tuple[list[Written], list[SoulLine]]:
        """Weigh proposals and write them in one transaction; dry, only decide on them."""
        beside = await self._beside(brain, again=await self._is_again(brain, batch))
        written: list[Written] = []
        adopted: list[SoulLine] = []
        now = self._writer.clock.now()
        by = Weighing(batch=batch.id, now=now, holds_one=self._writer.holds_one, beside=beside)

        def decide(proposal: Proposal, near: Surroundings) -> Sequence[Changeset]:
            made: list[Changeset] = []
            if proposal is proposals[0]:  # a store that was busy begins anew
                written.clear()
                adopted.clear()
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

    # What is taken back

    async def undo(self, brain: Brain, write_id: int) -> None:
        """Take a write back, unless it is taken back already or others build upon it."""
        found = await brain.memory.write(write_id)
        if found is None or found[0].undone or isinstance(found[0].operation, Undo | Erase):
            return
        try:
            await self._memory.undo(write_id)
        except UsageError as error:  # a person or an episode that later writes build upon
            _log.info("write %d stays: %s", write_id, error.message, extra={"action": "roll back"})

    async def restore_soul(self, brain: Brain, batch_id: str) -> None:
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

    async def leave_dead(self, brain: Brain, task_id: str) -> None:
        """What was learned from a branch that an edit or a retry left behind is taken back."""
        dead = {event.place.ordinal for event in await brain.log.dead(task_id) if event.place}
        if not dead:
            return
        for batch in await brain.lessons.batches(limit=_ALL, state="done"):
            found = await brain.lessons.batch(batch.id) if batch.task_id == task_id else None
            for write_id in reversed(found[1] if found else ()):
                told = await brain.memory.write(write_id)
                if told is not None and _heard_in(told[0].operation) & dead:
                    await self.undo(brain, write_id)


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
