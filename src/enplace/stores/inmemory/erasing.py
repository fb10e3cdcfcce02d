"""A plan of erasure carried out on one brain in memory."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from enplace.records.canonical import digest
from enplace.records.erasure import ErasurePlan, Needles, Scan
from enplace.records.event import Event, TurnStarted, UserSpoke
from enplace.records.laid import digests_of, renamed
from enplace.records.memory import Document, Memory
from enplace.records.standing import moment_of
from enplace.stores.entries import chunk_ref, entries_of, said_entry
from enplace.stores.erasing import LESSON_ERASED, Eraser, Tally, told_fields
from enplace.stores.inmemory.index import replace as replace_item
from enplace.stores.inmemory.index import show
from enplace.stores.inmemory.state import State
from enplace.stores.moments import to_text

Value = TypeVar("Value")


def erase(state: State, plan: ErasurePlan) -> Tally:
    """Carry out a plan; doing it again changes nothing."""
    work = _Erasure(state, plan)
    work.events()
    work.memories()
    work.writes_and_changes()
    work.rest()
    work.rename()
    return work.tally


class _Erasure:
    def __init__(self, state: State, plan: ErasurePlan) -> None:
        self.state, self.plan = state, plan
        self.eraser = Eraser(plan)
        self.tally = Tally()

    def events(self) -> None:
        """Rewrite events, the texts they refer to, and what was said in the index."""
        eraser, texts = self.eraser, self.state.texts
        laid = {name: eraser.laid(text) for name, text in texts.items()}
        names = {name: digest(text) for name, text in laid.items() if text != texts[name]}
        fresh = {names[name]: laid[name] for name in names}
        used: set[str] = set()
        for task_id, task in self.state.tasks.items():
            spoke: dict[str, UserSpoke] = {}
            for number, event in enumerate(task.events):
                own = dict(names)
                for name, text in eraser.emptied(event, texts).items():
                    own[name] = digest(eraser.laid(text))
                    fresh[own[name]] = eraser.laid(text)
                told = renamed(eraser.event(event), own)
                used.update(digests_of(told))
                if told == event:
                    continue
                task.events[number] = told
                self._changed(task_id, event, told, is_dead=number + 1 in task.dead)
                if isinstance(told, UserSpoke) and told.place is not None:
                    spoke[told.place.turn_id] = told
            for number, event in enumerate(task.events):
                turn_id = event.place.turn_id if event.place else ""
                if isinstance(event, TurnStarted) and turn_id in spoke:
                    task.events[number] = eraser.of_turn(event, spoke[turn_id])
        for name, text in fresh.items():
            if name in used and name not in texts:
                texts[name] = text
                self.tally.rewritten["texts"] += 1
                self.tally.derived["texts"] += 1
        for name in [name for name in texts if name not in used and fresh]:
            del texts[name]

    def _changed(self, task_id: str, event: Event, told: Event, *, is_dead: bool) -> None:
        self.tally.rewritten["events"] += 1
        counts = self.tally.events_by_task
        counts[task_id] = counts.get(task_id, 0) + 1
        if is_dead or event.place is None:
            return
        ordinal, at = event.place.ordinal, to_text(event.place.at)
        entry = said_entry(told, task_id, ordinal, at)
        self._count_items(replace_item(self.state, f"{task_id} {ordinal}", entry))

    def memories(self) -> None:
        """Delete the memories that go, and rewrite those that stay."""
        state, eraser = self.state, self.eraser
        for each in self.plan.memories:
            memory = state.memories.pop(each.id, None)
            if memory is None:
                continue
            self._unlist(memory)
            self.tally.deleted["memories"] += 1
            self.tally.derived["facts"] += each.why == "derived"
        kept: dict[str, Memory] = {}
        for id_, memory in state.memories.items():
            told = eraser.memory(memory)
            kept[told.id] = told
            if told == memory:
                continue
            self.tally.rewritten["memories"] += 1
            entries = {each.ref: each for each in entries_of(told, to_text(moment_of(told)))}
            for ref in _refs(memory):
                entry = entries.get(ref) if told.id == id_ else None
                self._count_items(replace_item(state, ref, entry))
            if told.id != id_:  # it was found under another id
                show(state, told)
        state.memories = kept

    def _unlist(self, memory: Memory) -> None:
        for ref in _refs(memory):
            self._count_items(replace_item(self.state, ref, None))

    def writes_and_changes(self) -> None:
        """Leave of writes about what goes only what they did to others."""
        state, eraser = self.state, self.eraser
        for number, write in enumerate(state.writes):
            effects = [change for change in state.changes if change.write == write.id]
            told = eraser.write(write, effects)
            if told == write:
                continue
            state.writes[number] = told
            is_bare = told.outcome == "erased"
            (self.tally.deleted if is_bare else self.tally.rewritten)["writes"] += 1
            self.tally.derived["confirmations"] += is_bare and write.outcome == "confirmed"
        kept = [change for change in state.changes if change.target not in eraser.memories]
        gone = len(state.changes) - len(kept)
        state.erased_changes += gone
        self.tally.deleted["changes"] += gone
        state.changes = self._rewritten("changes", kept, eraser.change)

    def _rewritten(self, table: str, before: Iterable[Value], change: Any) -> list[Value]:
        known = list(before)
        after: list[Value] = [change(each) for each in known]
        self.tally.rewritten[table] += sum(a != b for a, b in zip(after, known, strict=True))
        return after

    def rest(self) -> None:
        """Lines of the soul, notes, batches and tries."""
        state, eraser = self.state, self.eraser
        state.soul = self._rewritten("soul", state.soul, eraser.soul)
        notes = [note for note in state.notes.values() if not eraser.drops_note(note)]
        self.tally.deleted["notes"] += len(state.notes) - len(notes)
        told = self._rewritten("notes", notes, eraser.note)
        state.notes = {(note.task_id, note.key): note for note in told}
        batches = self._rewritten("batches", state.batches.values(), eraser.record)
        state.batches = {batch.id: batch for batch in batches}
        for key, attempt in state.attempts.items():
            touched = attempt.task_id in self.tally.events_by_task
            trouble = LESSON_ERASED if touched else eraser.text(attempt.trouble)
            state.attempts[key] = replace(attempt, trouble=trouble)

    def rename(self) -> None:
        """Give other names to tasks and visits in whose names a word stands."""
        state, name = self.state, self.eraser.name
        self.tally.rewritten["tasks"] += sum(name(task) != task for task in state.tasks)
        state.tasks = {name(key): task for key, task in state.tasks.items()}
        state.due = {name(key): self.eraser.record(due) for key, due in state.due.items()}
        state.cursors = {name(key): at for key, at in state.cursors.items()}
        state.fences = {name(key): fence for key, fence in state.fences.items()}
        state.sessions = {name(k): self.eraser.record(s) for k, s in state.sessions.items()}
        state.attempts = {
            (name(task), after): self.eraser.record(attempt)
            for (task, after), attempt in state.attempts.items()
        }
        places = state.index.places
        state.index.places = {name(key): place for key, place in places.items()}
        for place in places.values():
            place.session = name(place.session)
        for row, item in state.index.items.items():
            task, _, ordinal = item.ref.rpartition(" ")
            if item.kind == "said" and name(task) != task:
                state.index.items[row] = replace(item, ref=f"{name(task)} {ordinal}")
        counts = self.tally.events_by_task
        renamed_counts = {name(task): count for task, count in counts.items()}
        counts.clear()
        counts.update(renamed_counts)

    def _count_items(self, count: int) -> None:
        if count:
            self.tally.derived["items"] += count
            self.tally.derived["vectors"] += count


def _refs(memory: Memory) -> list[str]:
    if isinstance(memory, Document):
        return [chunk_ref(memory.id, spot) for spot in range(1, len(memory.chunks) + 1)]
    return [memory.id]


def scan(state: State, plan: ErasurePlan) -> Scan:
    """Search everything that is held for the words of a plan."""
    words = tuple(dict.fromkeys((*plan.words, *plan.names)))
    needles = Needles(words, plan.names)
    held = list(_texts([getattr(state, each.name) for each in fields(state)]))
    found = sum(needles.found(text) for text in held)
    return Scan(words=len(words), texts=len(held), found=found)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in cast(dict[Any, Any], value).items():
            yield from _texts(key)
            yield from _texts(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in cast(Iterable[Any], value):
            yield from _texts(each)
    elif is_dataclass(value) and not isinstance(value, type):
        for name in told_fields(type(value)):
            yield from _texts(getattr(value, name))
