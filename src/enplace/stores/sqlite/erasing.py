"""A plan of erasure carried out on one brain file: in one transaction, then packed and scanned."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import datetime

from enplace.records.canonical import digest
from enplace.records.changeset import Changeset
from enplace.records.erasure import ErasurePlan
from enplace.records.event import Erased, Event, TurnStarted, UserSpoke
from enplace.records.laid import digests_of, renamed
from enplace.records.memory import Change, Document, Memory
from enplace.records.standing import moment_of
from enplace.stores.codec import (
    decode_memory,
    encode_event,
    encode_memory,
    encode_operation,
    encode_report,
)
from enplace.stores.entries import entries_of, said_entry
from enplace.stores.erasing import LESSON_ERASED, Eraser, Tally
from enplace.stores.moments import to_text
from enplace.stores.sqlite import commit, index, lessons, memories, segments
from enplace.stores.sqlite.file import BrainFile, Row
from enplace.stores.sqlite.portable import all_notes, event_of

PAGE = 500
"""Rows read at a time."""
_LAYING = {"epoch_opened", "context_frame", "compaction_event"}
"""Kinds of events that refer to texts."""
_RENAMING = (
    "rename_task", "rename_events", "rename_notes", "rename_due", "rename_cursor",
    "rename_attempts", "rename_batches", "rename_fence",
)  # fmt: skip


def erase(file: BrainFile, plan: ErasurePlan, at: datetime) -> Tally:
    """Carry out a plan. Runs inside one transaction; doing it again changes nothing."""
    work = Erasure(file, plan)
    touched = work.events()
    work.memories()
    work.changes_and_writes()
    work.soul_and_notes()
    work.lessons(touched)
    work.reindex()
    for task_id, count in sorted(touched.items()):
        told = Erased(events=count)
        commit.write(file, Changeset(at=at, task_id=task_id, events=(told,)))
    work.rename()
    tally = work.tally
    if tally.deleted or tally.rewritten:
        file.run("must_pack", {})
    return tally


class Erasure:
    def __init__(self, file: BrainFile, plan: ErasurePlan) -> None:
        self.file, self.plan = file, plan
        self.eraser = Eraser(plan)
        self.tally = Tally()
        self._said: dict[tuple[str, int], Event] = {}
        """What was said and reads differently now, on live branches."""
        self._memories: set[str] = set()
        """Ids of memories to be indexed anew."""

    # The log

    def events(self) -> dict[str, int]:
        """Rewrite events and the texts they refer to; by task how many events were changed."""
        texts = dict(self.file.rows("every_text"))
        after = {name: self.eraser.laid(text) for name, text in texts.items()}
        names = {name: digest(text) for name, text in after.items() if text != texts[name]}
        touched: dict[str, int] = {}
        starts: dict[tuple[str, str], UserSpoke] = {}
        used: set[str] = set()
        fresh = {names[name]: after[name] for name in names}
        for row in self._paged("every_event"):
            task_id, ordinal, kind = row[1], row[2], row[7]
            is_cut = self.eraser.concerns(task_id, ordinal)
            if not (is_cut or kind in _LAYING or self.eraser.needles.found(row[6])):
                continue
            event = event_of(row[:7])
            told = self.eraser.event(event)
            own = dict(names)
            for name, text in self.eraser.emptied(event, texts).items():
                own[name] = digest(self.eraser.laid(text))
                fresh[own[name]] = self.eraser.laid(text)
            told = renamed(told, own)
            used.update(digests_of(told))
            if told == event:
                continue
            self._put_event(row[0], told)
            touched[task_id] = touched.get(task_id, 0) + 1
            if not row[8]:
                self._said[task_id, ordinal] = told
            if isinstance(told, UserSpoke) and isinstance(event, UserSpoke):
                starts[task_id, row[4]] = told
        self._renew_starts(starts)
        self._put_texts(texts, fresh, used)
        return touched

    def _put_event(self, position: int, event: Event) -> None:
        assert event.place is not None  # read with one
        body = encode_event(replace(event, place=None))
        turn_id = event.place.turn_id
        self.file.run("rewrite_event", {"position": position, "body": body, "turn_id": turn_id})
        self.tally.rewritten["events"] += 1

    def _renew_starts(self, starts: dict[tuple[str, str], UserSpoke]) -> None:
        for (task_id, turn_id), spoke in starts.items():
            turn = self.eraser.name(turn_id)
            for row in self.file.rows("starts_of_turn", {"task_id": task_id, "turn_id": turn}):
                event = event_of(row[:7])
                if isinstance(event, TurnStarted):
                    body = replace(self.eraser.of_turn(event, spoke), place=None)
                    told = {"position": row[0], "turn_id": turn, "body": encode_event(body)}
                    self.file.run("rewrite_event", told)

    def _put_texts(self, texts: dict[str, str], fresh: dict[str, str], used: set[str]) -> None:
        for name, text in fresh.items():
            if name in used and name not in texts:
                self.file.run("add_text", {"digest": name, "text": text})
                self.tally.rewritten["texts"] += 1
                self.tally.derived["texts"] += 1
        for name, text in texts.items():
            if name not in used and (fresh or self.eraser.needles.found(text)):
                self.file.run("drop_text", {"digest": name})

    # Memory

    def memories(self) -> None:
        """Delete the memories that go, and rewrite those that stay."""
        eraser = self.eraser
        before = (self.file.row("last_change") or (0,))[0]
        doomed = {each.id: each for each in self.plan.memories}
        for id_, each in doomed.items():
            row = self.file.row("memory_by_id", {"id": id_})
            if row is None:
                continue
            memory = memories.memory_of(row)
            for entry in _refs(memory):
                self._count_items(index.replace(self.file, entry, None))
            count = self.file.row("count_changes", {"id": id_})
            self.file.run("drop_memory", {"id": id_})
            self.file.run("drop_changes", {"id": id_})
            self.file.run("drop_names", {"person": id_})
            self.tally.deleted["memories"] += 1
            self.tally.deleted["changes"] += count[0] if count else 0
            self.tally.derived["facts"] += each.why == "derived"
        for row in self._paged("every_memory"):
            number, id_, kind, body, aliases, merged_into = row
            known = decode_memory(kind, body)
            stands = Change(
                target=id_,
                action="restated",
                state="active",
                aliases=tuple(json.loads(aliases)),
                merged_into=merged_into,
            )
            told, stood = eraser.memory(known), eraser.change(stands)
            if encode_memory(told) == body and stood == stands:
                continue
            before_ = memories.memory_of(self.file.row("memory_by_id", {"id": id_}) or ())
            self._hide(list(_refs(before_)), told.id == id_)
            memories.rewrite(self.file, number, told, stood)
            self._memories.add(told.id)
            self.tally.rewritten["memories"] += 1
        after = (self.file.row("last_change") or (0,))[0]
        if self.tally.deleted["changes"]:
            grown = before - after + 1
            self.file.run("grow_erased", {"count": str(grown)})

    def _hide(self, refs: list[str], same_id: bool) -> None:
        """Make unfindable under its old name what is going to have another."""
        if not same_id:
            for ref in refs:
                index.replace(self.file, ref, None)

    def changes_and_writes(self) -> None:
        """Leave of writes about what goes only what they did to others."""
        eraser = self.eraser
        for row in self._paged("every_write"):
            write = memories.write_of(row)
            effects = [
                memories.change_of(each)
                for each in self.file.rows("changes_of_write", {"write_id": write.id})
            ]
            told = eraser.write(write, effects)
            if told == write:
                continue
            self.file.run(
                "rewrite_write",
                {
                    "write_id": write.id,
                    "operation": encode_operation(told.operation),
                    "outcome": told.outcome,
                    "target": told.target,
                    "key": told.key,
                    "request": told.request,
                    "batch": told.batch,
                },
            )
            is_bare = told.outcome == "erased"
            (self.tally.deleted if is_bare else self.tally.rewritten)["writes"] += 1
            self.tally.derived["confirmations"] += is_bare and write.outcome == "confirmed"
        for row in self._paged("every_change"):
            change = memories.change_of(row[1:])
            told_change = eraser.change(change)
            if told_change != change:
                self._put_change(row[0], told_change)

    def _put_change(self, number: int, change: Change) -> None:
        self.file.run(
            "rewrite_change",
            {
                "change": number,
                "target": change.target,
                "aliases": json.dumps(change.aliases, ensure_ascii=False),
                "merged_into": change.merged_into,
                "changed_by": change.by,
                "reason": change.reason,
            },
        )
        self.tally.rewritten["changes"] += 1

    def soul_and_notes(self) -> None:
        """Lines that go say nothing any more; notes that go are deleted."""
        for row in self.file.rows("soul_history"):
            line = memories.soul_line_of(row)
            told = self.eraser.soul(line)
            if told != line:
                evidence = json.dumps([asdict(span) for span in told.evidence])
                place = {"section": line.section, "before": line.key, "version": line.version}
                words = {"key": told.key, "text": told.text, "evidence": evidence}
                self.file.run("rewrite_soul", {**place, **words, "batch": told.batch})
                self.tally.rewritten["soul"] += 1
        for note in list(all_notes(self.file)):
            told = self.eraser.note(note)
            goes = self.eraser.drops_note(note)
            if goes or told != note:
                self.file.run("drop_note", {"task_id": note.task_id, "key": note.key})
                (self.tally.deleted if goes else self.tally.rewritten)["notes"] += 1
                if not goes:
                    commit.set_note(self.file, replace(told, task_id=note.task_id))

    def lessons(self, touched: dict[str, int]) -> None:
        """What is told of batches, and of tries; one that is under way is void."""
        for row in self.file.rows("last_batches", {"state": None, "limit": -1}):
            batch = lessons.batch_of(row)
            told = self.eraser.record(batch)
            if told != batch:
                words = {"id": told.id, "reason": told.reason, "before": batch.id}
                report = encode_report(told.report)
                asked = {**words, "report": report, "task_id": batch.task_id}
                self.file.run("rewrite_batch", asked)
                self.tally.rewritten["batches"] += 1
        for task_id, after, _, _, trouble in self.file.rows("attempts"):
            told = LESSON_ERASED if task_id in touched else self.eraser.text(trouble)
            if told != trouble:
                asked = {"task_id": task_id, "after": after, "trouble": told}
                self.file.run("rewrite_attempt", asked)
        for task_id, _, reason in self.file.rows("due"):
            if (told := self.eraser.text(reason)) != reason:
                self.file.run("rewrite_due", {"task_id": task_id, "reason": told})

    # What is derived

    def reindex(self) -> None:
        """Make findable as it reads now what was changed; vectors are made anew, by and by."""
        for (task_id, ordinal), event in self._said.items():
            assert event.place is not None  # read with one
            at = to_text(event.place.at)
            entry = said_entry(event, task_id, ordinal, at)
            self._count_items(index.replace(self.file, f"{task_id} {ordinal}", entry))
        for id_ in sorted(self._memories):
            row = self.file.row("memory_by_id", {"id": id_})
            assert row is not None  # rewritten just now
            memory = memories.memory_of(row)
            entries = {each.ref: each for each in entries_of(memory, to_text(moment_of(memory)))}
            for ref in _refs(memory):
                entry = entries.get(ref)
                count = index.replace(self.file, ref, entry)
                self._count_items(count)
                if entry is not None and not count:  # it was found under another id
                    place = memory.id if isinstance(memory, Document) else None
                    index.add(self.file, entry, place)
        segments.loosen_gone(self.file)
        self.file.run("forget_silent_speakers", {})
        if self.tally.derived["items"]:
            self.file.run("rebuild_words", {})

    def _count_items(self, count: int) -> None:
        if count:
            self.tally.derived["items"] += count
            self.tally.derived["vectors"] += count

    # Names

    def rename(self) -> None:
        """Give other names to tasks and visits in whose names a word stands."""
        tasks = {row[0] for row in self.file.rows("all_tasks")}
        tasks |= {row[0] for row in self.file.rows("all_fences")}
        for before in sorted(tasks):
            name = self.eraser.name(before)
            if name == before:
                continue
            for query in _RENAMING:
                self.file.run(query, {"task_id": name, "before": before})
            for row, ref in self.file.rows("items_of_task", {"task_id": before}):
                task, _, ordinal = ref.rpartition(" ")
                if task == before:
                    self.file.run("rename_item", {"row": row, "ref": f"{name} {ordinal}"})
            self.tally.rewritten["tasks"] += 1
        for before, session in self.file.rows("all_places"):
            for query, key, old in (
                ("rename_place", "name", before),
                ("rename_visit", "session", session),
            ):
                if (name := self.eraser.name(old)) != old:
                    self.file.run(query, {key: name, "before": old})
        for (session,) in self.file.rows("all_sessions"):
            if (name := self.eraser.name(session)) != session:
                self.file.run("rename_session", {"id": name, "before": session})

    def _paged(self, query: str) -> Iterator[Row]:
        after = 0
        while rows := self.file.rows(query, {"after": after, "limit": PAGE}):
            yield from rows
            after = rows[-1][0]


def _refs(memory: Memory) -> Iterable[str]:
    """Names of a memory's items."""
    if isinstance(memory, Document):
        return [f"{memory.id} {spot}" for spot in range(1, len(memory.chunks) + 1)]
    return [memory.id]
