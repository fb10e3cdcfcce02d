"""An owner's long-term memory: facts, and what can be done with memories of any kind."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from enplace.engine.acceptance import accept_moment, accept_tags, accept_text
from enplace.engine.writing import Writer, new_id
from enplace.errors import BadInput, MemoryNotFound, StaleMemory, UsageError
from enplace.ports import Portable, Recall
from enplace.records.exchange import Imported
from enplace.records.memory import Change, Fact, FactKind, Memory, Person, Span, Trust
from enplace.records.standing import standing_of, stood
from enplace.records.write import (
    Close,
    Confirm,
    Erase,
    Forget,
    Release,
    Remember,
    Undo,
    Write,
    Written,
)

MOST_SENTENCE_CHARACTERS = 2_000
"""A fact is a sentence; longer texts are documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryHistory:
    """Everything that became of a memory."""

    memory: Memory
    """As it stands."""
    changes: tuple[Change, ...]
    """Oldest first."""
    before: Memory | None = None
    """What it took the place of."""
    after: Memory | None = None
    """What took its place."""


class OwnerMemory:
    """Facts of one owner, and memories of any kind by id. Implements `ports.LongTerm`."""

    def __init__(self, writer: Writer, recall: Recall) -> None:
        self._writer = writer
        self.recall = recall

    def now(self) -> datetime:
        """The engine's time."""
        return self._writer.clock.now()

    # Facts

    async def remember(
        self,
        sentence: str,
        *,
        subject: str | None = None,
        predicate: str | None = None,
        object: str | None = None,
        kind: FactKind = "statement",
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        confidence: float = 1.0,
        half_life_s: float | None = None,
        trust: Trust = "user",
        supersedes: str | None = None,
        corrects: str | None = None,
        evidence: Sequence[Span] = (),
        tags: Sequence[str] = (),
        expected_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Written:
        """Hold a sentence true, and say what it did to what was held before.

        A fact of the same subject and predicate gives way where the predicate holds one value,
        both are valid at the same time and the new one is trusted no less. All else stands beside.

        Args:
            sentence: In the third person, readable without its surroundings.
            subject: Whom it is about.
            predicate: What it says about them: `lives_in`.
            object: What it says it is.
            kind: What sort of thing it says.
            valid_from: Since when it holds; now, where that is not known.
            valid_until: Until when, not included; None while it holds.
            confidence: 0..1.
            half_life_s: Seconds in which an unconfirmed fact loses half of its confidence;
                default: by predicate.
            trust: Where it comes from.
            supersedes: Id of a fact that it closes, whatever its predicate.
            corrects: Id of a fact that was never true.
            evidence: Where in the log it stands.
            tags: For filters.
            expected_version: Of the fact to supersede or correct; refused where it has another.
            idempotency_key: The same again answers the same and writes nothing.

        Raises:
            BadInput: A value is not acceptable; nothing was changed.
            UsageError: A fact that it names does not hold, or is trusted more.
            StaleMemory: The fact it names was changed since.
            IdempotencyConflict: The key was used for another write.
        """
        accept_text(sentence, "sentence", most=MOST_SENTENCE_CHARACTERS)
        for name, value in {"subject": subject, "predicate": predicate, "object": object}.items():
            if value is not None:
                accept_text(value, name, most=MOST_SENTENCE_CHARACTERS)
        if not 0 <= confidence <= 1:
            raise BadInput("confidence is a number from 0 to 1", confidence=str(confidence))
        if half_life_s is not None and not half_life_s > 0:
            raise BadInput("half_life_s is a positive number", half_life_s=str(half_life_s))
        if supersedes is not None and corrects is not None:
            raise BadInput("a fact supersedes another or corrects it, not both")
        start = accept_moment(valid_from, "valid_from")
        end = accept_moment(valid_until, "valid_until")
        if start is not None and end is not None and end <= start:
            raise BadInput("valid_until must be later than valid_from")
        by_predicate = self._writer.options.predicate(predicate or "").half_life_s
        fact = Fact(
            id=new_id("f"),
            sentence=sentence.strip(),
            recorded_at=self.now(),
            subject=subject,
            predicate=predicate,
            object=object,
            fact_kind=kind,
            confidence=confidence,
            half_life_s=half_life_s or by_predicate,
            trust=trust,
            valid_from=start,
            valid_until=end,
            supersedes=supersedes,
            evidence=tuple(evidence),
            tags=accept_tags(tags),
        )
        named = supersedes or corrects
        expected = {named: expected_version} if named and expected_version is not None else {}
        return await self._writer.on_facts(
            Remember(fact=fact, corrects=corrects), fact, key=idempotency_key, expected=expected
        )

    async def confirm(
        self,
        fact_id: str,
        *,
        trust: Trust = "user",
        expected_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Written:
        """Say that a fact is still true: its confidence rises, and its decay begins anew.

        A user who confirms a disputed fact makes it current.

        Raises:
            MemoryNotFound: There is no such fact.
            UsageError: It holds no longer.
            StaleMemory: It has another version than expected.
        """
        return await self._writer.on_named(
            Confirm(target=fact_id, trust=trust),
            fact_id,
            key=idempotency_key,
            expected_version=expected_version,
        )

    async def close(
        self,
        fact_id: str,
        *,
        until: datetime | None = None,
        expected_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Written:
        """Say that a fact holds no longer, where nothing takes its place.

        Raises:
            MemoryNotFound: There is no such fact.
            UsageError: It does not hold, or began later than that.
            StaleMemory: It has another version than expected.
        """
        moment = accept_moment(until, "until") or self.now()
        return await self._writer.on_named(
            Close(target=fact_id, until=moment),
            fact_id,
            key=idempotency_key,
            expected_version=expected_version,
        )

    async def release(
        self,
        fact_id: str,
        *,
        expected_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Written:
        """Believe a fact that is disputed or quarantined, as if the user had said it.

        Raises:
            MemoryNotFound: There is no such fact.
            UsageError: It is neither.
            StaleMemory: It has another version than expected.
        """
        return await self._writer.on_named(
            Release(target=fact_id),
            fact_id,
            key=idempotency_key,
            expected_version=expected_version,
        )

    async def facts(
        self,
        *,
        subject: str | None = None,
        predicate: str | None = None,
        at: datetime | None = None,
        as_known: datetime | None = None,
        disputed: bool = False,
    ) -> Sequence[Fact]:
        """Facts in the order they were recorded.

        Args:
            subject: Only those about whoever goes by this name.
            predicate: Only those with this predicate.
            at: What was true then; now by default.
            as_known: As far as was believed then; now by default.
            disputed: Instead, those that contradict facts with more trust.
        """
        brain = await self._writer.brain()
        return await brain.memory.facts(
            accept_moment(at, "at") or self.now(),
            as_known=accept_moment(as_known, "as_known"),
            subject=subject,
            predicate=predicate,
            state="disputed" if disputed else "active",
        )

    # Memories of any kind

    async def get(self, memory_id: str, *, as_known: datetime | None = None) -> Memory:
        """A memory as it stands, or stood.

        Raises:
            MemoryNotFound: There is none of this id, or none was known then.
        """
        brain = await self._writer.brain()
        moment = accept_moment(as_known, "as_known")
        found = await brain.memory.get([memory_id], as_known=moment)
        if memory_id not in found:
            raise MemoryNotFound(f"there is no memory {memory_id!r}", id=memory_id)
        return found[memory_id]

    async def all(
        self, kind: str = "", *, after: int = 0, limit: int = 100, everything: bool = False
    ) -> Sequence[Memory]:
        """Memories in the order they were recorded.

        Args:
            kind: fact, episode, person or document; empty for all.
            after: How many rows to pass over.
            limit: Most memories.
            everything: Those that were forgotten or retired as well.
        """
        if kind not in {"", "fact", "episode", "person", "document"}:
            raise BadInput("kind is fact, episode, person or document", kind=kind)
        brain = await self._writer.brain()
        return await brain.memory.all(kind, after=after, limit=limit, everything=everything)

    async def history(self, memory_id: str) -> MemoryHistory:
        """Everything that became of a memory.

        Raises:
            MemoryNotFound: There is none of this id.
        """
        memory = await self.get(memory_id)
        store = (await self._writer.brain()).memory
        changes = await store.changes([memory_id])
        successor = next((change.by for change in reversed(changes) if change.by), None)
        before = getattr(memory, "supersedes", None)
        known = await store.get([id_ for id_ in (before, successor) if id_])
        return MemoryHistory(
            memory=memory,
            changes=tuple(changes),
            before=known.get(before or ""),
            after=known.get(successor or ""),
        )

    async def writes(self, *, before: int | None = None, limit: int = 50) -> Sequence[Write]:
        """What was written, the last first."""
        return await (await self._writer.brain()).memory.writes(before=before, limit=limit)

    async def forget(
        self,
        memory_id: str,
        *,
        expected_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Written:
        """Show a memory to nobody any more. Its history stays, so that this can be undone.

        Raises:
            MemoryNotFound: There is none of this id.
            UsageError: It is forgotten already.
            StaleMemory: It has another version than expected.
        """
        memory = await self.get(memory_id)
        operation = Forget(target=memory_id)
        if isinstance(memory, Fact):
            return await self._writer.on_named(
                operation, memory_id, key=idempotency_key, expected_version=expected_version
            )
        if expected_version not in {None, memory.version}:
            raise StaleMemory(
                f"{memory_id} has version {memory.version}, not {expected_version}",
                id=memory_id,
                version=memory.version,
            )
        if memory.state == "forgotten":
            raise UsageError(f"{memory_id} is forgotten already", id=memory_id)
        gone = replace(memory, state="forgotten")
        changes = [standing_of(gone, "forgotten")]
        if isinstance(gone, Person):  # whose names belong together no more
            people = await (await self._writer.brain()).memory.people()
            return await self._writer.regroup(
                operation,
                "forgotten",
                gone,
                changes,
                key=idempotency_key,
                people=[person for person in people if person.id != gone.id],
                subjects=gone.names,
            )
        return await self._writer.change(operation, "forgotten", gone, changes, key=idempotency_key)

    async def undo(self, write_id: int) -> Written:
        """Take a write back: what stands is what would stand if it had never been made.

        What was believed in between stays readable with `as_known`.

        Raises:
            MemoryNotFound: There is no such write.
            UsageError: It was undone before, is an undo itself, was erased, or later writes about
                the same episode, person or document must be undone first.
        """
        store = (await self._writer.brain()).memory
        found = await store.write(write_id)
        if found is None:
            raise MemoryNotFound(f"there is no write {write_id}", write=write_id)
        write, made = found
        if isinstance(write.operation, Erase):
            raise UsageError(
                f"write {write_id} was erased: nothing is left to undo", write=write_id
            )
        if write.undone or isinstance(write.operation, Undo):
            raise UsageError(f"write {write_id} is undone already, or an undo", write=write_id)
        targets = dict.fromkeys(change.target for change in made)
        touched = await store.get(list(targets))
        others = [memory for memory in touched.values() if not isinstance(memory, Fact)]
        restored = [await self._before(memory, write) for memory in others]
        people = {person.id: person for person in await store.people()}
        people |= {memory.id: memory for memory in restored if isinstance(memory, Person)}
        subjects = [n for m in (*others, *restored) if isinstance(m, Person) for n in m.names]
        memory = touched.get(write.target) or await self.get(write.target)
        return await self._writer.regroup(
            Undo(write=write_id),
            "undone",
            next((each for each in restored if each.id == memory.id), memory),
            [standing_of(each, "restated", reason="undone") for each in restored],
            people=sorted(
                (person for person in people.values() if person.state == "active"),
                key=lambda person: person.recorded_at,
            ),
            without=write_id,
            subjects=subjects,
        )

    # To another brain, and from one

    async def export(self) -> AsyncGenerator[str, None]:
        """Everything that is kept for the owner, but vectors, as lines of JSON without line ends.

        The same brain gives the same lines. What is written meanwhile is not among them.

        Raises:
            UsageError: The brain's store cannot export.
        """
        brain = await self._portable()
        async with aclosing(brain.export_lines()) as lines:
            async for line in lines:
                yield line

    async def import_(self, lines: Iterable[str] | AsyncIterable[str]) -> Imported:
        """Add what another brain's export has and this one has not, whole or not at all.

        What is here already is skipped and counted. Where a memory, a task or a line of the soul
        went on in another way here, ours stands and is named. All lines are held in memory.

        Args:
            lines: As `export` gave them, in the same order; line ends do not matter.

        Raises:
            BadInput: A line is damaged, or not all are there; the error names the line, and nothing
                was written.
            UsageError: The brain's store cannot import.
        """
        brain = await self._portable()
        if isinstance(lines, AsyncIterable):
            lines = [line async for line in lines]
        imported = await brain.import_lines(lines)
        self._writer.written(await self._writer.brain())
        return imported

    async def _portable(self) -> Portable:
        brain = await self._writer.brain()
        if not isinstance(brain, Portable):
            raise UsageError("brains of this store can be neither exported nor imported")
        return brain

    async def _before(self, memory: Memory, write: Write) -> Memory:
        """A memory that is no fact as it stood before a write.

        Raises:
            UsageError: Later writes changed it as well.
        """
        changes = await (await self._writer.brain()).memory.changes([memory.id])
        if changes[-1].write > write.id:
            raise UsageError(
                f"write {changes[-1].write} changed {memory.id} since: undo it first",
                write=changes[-1].write,
            )
        earlier = [change for change in changes if change.write < write.id]
        if not earlier:
            return replace(memory, state="retired")
        return stood(memory, earlier[-1], memory.version)
