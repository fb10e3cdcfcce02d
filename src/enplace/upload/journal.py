"""The log of a turn, written as the turn goes: what was yielded is stored already."""

from collections.abc import Sequence
from dataclasses import replace

from enplace.ports import Brain, Clock
from enplace.records.changeset import Changeset, Lease
from enplace.records.event import Event, NoteWritten, Place
from enplace.records.memory import Note
from enplace.records.task import Session
from enplace.upload.redact import Redactor


class TurnJournal:
    """Writes one turn's events under the lease of its task. Implements `ports.Journal`.

    With `parent` the first of them starts a branch (`Changeset.parent`). With `last` the turn goes
    on behind that event, and so do the ids of what passes. `redactor` leaves out the secrets.
    """

    def __init__(
        self,
        brain: Brain,
        lease: Lease,
        turn_id: str,
        clock: Clock,
        session: Session,
        *,
        redactor: Redactor | None = None,
        parent: int | None = None,
        last: Event | None = None,
    ) -> None:
        self._brain = brain
        self._lease = lease
        self._turn_id = turn_id
        self._clock = clock
        self._session = session
        self._redactor = redactor or Redactor()
        self._parent = parent
        self._last = last
        self._passed = 0
        self._is_fresh = True

    async def append(
        self,
        events: Sequence[Event],
        *,
        texts: Sequence[str] = (),
        writes: Sequence[Note] = (),
        due: str = "",
    ) -> tuple[Event, ...]:
        """See `ports.Journal`. A note among `writes` adds the event that tells of it."""
        now = self._clock.now()
        notes = tuple(writes)
        shows_presence = self._is_fresh or bool(due)
        told = tuple(NoteWritten(note=note, by="model") for note in notes)
        changeset = self._redactor.changeset(
            Changeset(
                at=now,
                task_id=self._lease.task_id,
                turn_id=self._turn_id,
                events=(*told, *events),
                lease=self._lease,
                parent=self._parent,
                texts=tuple(texts),
                notes=notes,
                session=replace(self._session, last_at=now) if shows_presence else None,
                due=due,
            )
        )
        commit = await self._brain.commit(changeset)
        self._last, self._passed, self._parent = commit.events[-1], 0, None
        self._is_fresh = False
        return commit.events

    def passing(self, event: Event) -> Event:
        """See `ports.Journal`."""
        self._passed += 1
        last = self._last.place if self._last else None
        return replace(
            event,
            place=Place(
                task_id=self._lease.task_id,
                turn_id=self._turn_id,
                ordinal=last.ordinal if last else 0,
                parent=last.parent if last else None,
                at=self._clock.now(),
                part=self._passed,
            ),
        )
