"""A changeset into rows. Runs inside one transaction, on the brain's thread."""

import json
from dataclasses import asdict, replace

from enplace.errors import LeaseLost, UsageError
from enplace.records.canonical import digest
from enplace.records.changeset import Changeset, Commit
from enplace.records.event import Event, MessageHeard, NoteWritten, Place
from enplace.records.memory import Note, SoulLine
from enplace.stores.codec import decode_event, encode_event
from enplace.stores.entries import said_entry
from enplace.stores.moments import to_text
from enplace.stores.sqlite import index
from enplace.stores.sqlite.file import BrainFile
from enplace.stores.sqlite.memories import write_memories


def write(file: BrainFile, change: Changeset) -> Commit:
    """Write all of a changeset.

    Raises:
        LeaseLost: A newer lease of the task exists.
        StaleMemory: Something was written since the changeset's revision.
        UsageError: Events without a task.
    """
    if change.lease is not None:
        newest = file.row("fence", {"task_id": change.lease.task_id})
        if newest is None or newest[0] != change.lease.fence:
            raise LeaseLost(task_id=change.lease.task_id)
    for text in change.texts:
        file.run("add_text", {"digest": digest(text), "text": text})
    events = _append(file, change) if change.events else ()
    write_id = write_memories(file, change)
    for note in change.notes:
        set_note(file, note)
    for line in change.soul:
        add_soul_line(file, line)
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
    return Commit(events=events, write=write_id)


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
        _add_event(file, event, place)
        placed.append(replace(event, place=place))
        parent = last
    file.run("move_head", {"task_id": change.task_id, "head": last, "last": last, "at": at})
    return tuple(placed)


def append_placed(file: BrainFile, event: Event) -> None:
    """Append an event that has its place in its task already; it gets its position."""
    place = event.place
    assert place is not None
    at = to_text(place.at)
    file.run("add_task", {"task_id": place.task_id, "at": at})
    head, _ = file.row("task", {"task_id": place.task_id}) or (0, 0)
    if (place.parent or 0) != head:
        _leave_branch(file, place.task_id, place.parent or 0)
    position: int = (file.row("last_position") or (0,))[0] + 1
    _add_event(file, event, replace(place, position=position))
    moved = {"task_id": place.task_id, "head": place.ordinal, "last": place.ordinal}
    file.run("move_head", {**moved, "at": at})


def _add_event(file: BrainFile, event: Event, place: Place) -> None:
    at = to_text(place.at)
    file.run(
        "add_event",
        {
            "position": place.position,
            "task_id": place.task_id,
            "ordinal": place.ordinal,
            "parent": place.parent,
            "turn_id": place.turn_id,
            "kind": event.kind,
            "at": at,
            "body": encode_event(replace(event, place=None)),
        },
    )
    entry = said_entry(event, place.task_id, place.ordinal, at)
    if entry is not None:
        session = event.session if isinstance(event, MessageHeard) else ""
        index.add(file, entry, place.task_id, session)


def _leave_branch(file: BrainFile, task_id: str, parent: int) -> None:
    """Everything after `parent` is on a dead branch now, and so are the notes written there."""
    index.hide_said(file, task_id, parent)
    file.run("leave_branch", {"task_id": task_id, "parent": parent})
    file.run("drop_notes", {"task_id": task_id})
    for row in file.rows("live_notes_written", {"task_id": task_id}):
        written = decode_event(row[0])
        if isinstance(written, NoteWritten):
            set_note(file, written.note)


def set_note(file: BrainFile, note: Note) -> None:
    """Write a note in the place of an earlier one of its key."""
    times = {"written_at": to_text(note.written_at), "expires_at": to_text(note.expires_at)}
    file.run("set_note", {**asdict(note), **times})


def add_soul_line(file: BrainFile, line: SoulLine) -> None:
    """Add the next version of a line."""
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
            "batch": line.batch,
        },
    )
