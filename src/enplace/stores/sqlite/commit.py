"""A changeset into rows. Runs inside one transaction, on the brain's thread."""

import json
from dataclasses import asdict, replace

from enplace.errors import LeaseLost, UsageError
from enplace.records.canonical import digest
from enplace.records.changeset import Changeset, Commit
from enplace.records.event import Event, NoteWritten, Place, UserSpoke
from enplace.records.memory import Fact, Note, SoulLine
from enplace.records.words import fold, words
from enplace.stores.codec import decode_event, encode_event, encode_fact
from enplace.stores.moments import to_text
from enplace.stores.sqlite.file import BrainFile


def write(file: BrainFile, change: Changeset) -> Commit:
    """Write all of a changeset.

    Raises:
        LeaseLost: A newer lease of the task exists.
        UsageError: Events without a task.
    """
    if change.lease is not None:
        newest = file.row("fence", {"task_id": change.lease.task_id})
        if newest is None or newest[0] != change.lease.fence:
            raise LeaseLost(task_id=change.lease.task_id)
    for text in change.texts:
        file.run("add_text", {"digest": digest(text), "text": text})
    events = _append(file, change) if change.events else ()
    for fact in change.facts:
        _add_fact(file, fact)
    for note in change.notes:
        _set_note(file, note)
    for line in change.soul:
        _add_soul_line(file, line)
    if change.session is not None:
        session = change.session
        if file.row("session_known", {"id": session.id}) is None:
            file.run("close_other_sessions", {"id": session.id})
        file.run(
            "set_session",
            {
                "id": session.id,
                "opened_at": to_text(session.opened_at),
                "last_at": to_text(session.last_at),
                "closed_at": to_text(session.closed_at),
            },
        )
    if change.due and events and events[-1].place is not None:
        due = {"task_id": change.task_id, "position": events[-1].place.position}
        file.run("set_due", {**due, "reason": change.due})
    return Commit(events=events)


def _append(file: BrainFile, change: Changeset) -> tuple[Event, ...]:
    if change.task_id is None:
        raise UsageError("a changeset with events needs a task_id")
    at = to_text(change.at)
    file.run("add_task", {"task_id": change.task_id, "at": at})
    row = file.row("task", {"task_id": change.task_id})
    assert row is not None  # added just now, in this transaction
    head, last = row
    position: int = (file.row("last_position") or (0,))[0]
    parent: int | None = head or None
    if change.parent is not None and change.parent != head:
        _leave_branch(file, change.task_id, change.parent)
        parent = change.parent or None
    placed: list[Event] = []
    for event in change.events:
        last, position = last + 1, position + 1
        place = Place(
            task_id=change.task_id,
            turn_id=change.turn_id,
            ordinal=last,
            parent=parent,
            position=position,
            at=change.at,
        )
        file.run(
            "add_event",
            {
                "position": position,
                "task_id": change.task_id,
                "ordinal": last,
                "parent": parent,
                "turn_id": change.turn_id,
                "kind": event.kind,
                "at": at,
                "body": encode_event(replace(event, place=None)),
            },
        )
        if isinstance(event, UserSpoke):
            word = task_word(change.task_id)
            file.run("add_said", {"position": position, "text": _indexed(event.text), "task": word})
        placed.append(replace(event, place=place))
        parent = last
    file.run("move_head", {"task_id": change.task_id, "head": last, "last": last, "at": at})
    return tuple(placed)


def _leave_branch(file: BrainFile, task_id: str, parent: int) -> None:
    """Everything after `parent` is on a dead branch now, and so are the notes written there."""
    file.run("leave_branch", {"task_id": task_id, "parent": parent})
    file.run("drop_notes", {"task_id": task_id})
    for row in file.rows("live_notes_written", {"task_id": task_id}):
        written = decode_event(row[0])
        if isinstance(written, NoteWritten):
            _set_note(file, written.note)


def _set_note(file: BrainFile, note: Note) -> None:
    times = {"written_at": to_text(note.written_at), "expires_at": to_text(note.expires_at)}
    file.run("set_note", {**asdict(note), **times})


def task_word(task_id: str) -> str:
    """One word that names a task in the full-text index."""
    return "t" + digest(task_id)[:16]


def _indexed(text: str) -> str:
    """A text as the full-text index gets it: the same words that queries are made of."""
    return " ".join(words(text))


def _add_fact(file: BrainFile, fact: Fact) -> None:
    row = file.run(
        "add_fact",
        {
            "id": fact.id,
            "sentence": fact.sentence,
            "folded": fold(fact.sentence),
            "supersedes": fact.supersedes,
            "recorded_at": to_text(fact.recorded_at),
            "valid_until": to_text(fact.valid_until),
            "body": encode_fact(fact),
        },
    )
    if not row:
        return  # the same write again: everything it does was done with the first
    file.run("add_fact_words", {"row": row, "sentence": _indexed(fact.sentence)})
    if fact.supersedes is not None:
        at = to_text(fact.valid_from or fact.recorded_at)
        file.run("close_fact", {"id": fact.supersedes, "at": at})


def _add_soul_line(file: BrainFile, line: SoulLine) -> None:
    found = file.row("soul_version", {"section": line.section, "key": line.key})
    file.run(
        "add_soul_line",
        {
            "section": line.section,
            "key": line.key,
            "version": (found[0] if found else 0) + 1,
            "text": line.text,
            "recorded_at": to_text(line.recorded_at),
            "evidence": json.dumps([asdict(span) for span in line.evidence]),
        },
    )
