"""One turn of the server. It belongs to the server, not to the connection that asked for it.

A turn that asks a person waits: those who follow it stay, and hear the rest once it is answered.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from enplace.engine import OwnerEngine
from enplace.errors import (
    EnplaceError,
    QuestionClosed,
    QuestionNotFound,
    TaskNotFound,
    UsageError,
)
from enplace.records.agent_event import PersonAnswered, PersonAsked, unanswered
from enplace.records.event import Event, TurnStarted, is_last

_log = logging.getLogger("enplace.server")


class Draining(EnplaceError):
    """The server is shutting down and takes no new turns; ask again in a moment."""

    code = "DRAINING"
    retryable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a client asked for."""

    task_id: str
    message: str
    idempotency_key: str | None = None
    edit: int | None = None
    retry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a person says to a turn that waits."""

    task_id: str
    answer: str
    request_id: str | None = None
    """None: to the oldest question that is open."""
    feedback: str = ""


class LiveTurn:
    """One turn that runs by itself; any number of clients follow it, from any of its events.

    Args:
        owner: Whose it is.
        ask: What it was asked for.
        so_far: Its events, where it waits for a person since before this server knew it.
        idle: Told when it has come to rest, and when the last who followed it has gone.
    """

    def __init__(
        self,
        owner: OwnerEngine,
        ask: Ask,
        *,
        so_far: tuple[Event, ...] = (),
        idle: Callable[["LiveTurn"], object] = lambda _: None,
    ) -> None:
        self.ask = ask
        self.owner = owner
        self.followers = 0
        self.error: EnplaceError | None = None
        self.error_told = False
        """Whether the error is one of the events."""
        self.ended = False
        self.is_at_work = False
        self.running: asyncio.Task[None] | None = None
        self._idle = idle
        self._heir: LiveTurn | None = None
        self._events: list[Event] = list(so_far)
        self._changed = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        """Whether it was let in."""
        return bool(self._events)

    @property
    def is_waiting(self) -> bool:
        """Whether it goes on when a person has answered."""
        return self.has_begun and not self.ended and not self.is_at_work

    @property
    def turn_id(self) -> str:
        """Of the turn; empty before its first event."""
        started = (e.turn_id for e in reversed(self._events) if isinstance(e, TurnStarted))
        return next(started, "")

    @property
    def questions(self) -> tuple[PersonAsked, ...]:
        """What people are asked and have not answered; not what sub-agents ask their parent."""
        asked = unanswered(self._events)
        return tuple(
            each for each in asked if not (each.agent or (each.place and each.place.child))
        )

    async def carry(self, events: AsyncGenerator[Event, None]) -> Event:
        """Run by itself, from a message or an answer on. Returns the first event when it came.

        Raises:
            EnplaceError: It was refused instead; a turn that waits still does.
        """
        begun: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self.is_at_work = True
        self.running = asyncio.create_task(self._run(events, begun))
        return await asyncio.shield(begun)

    async def _run(self, events: AsyncGenerator[Event, None], begun: asyncio.Future[Event]) -> None:
        trouble: EnplaceError | None = None
        is_in = False
        try:
            async for event in events:
                self._add(event)
                if not is_in:
                    is_in, self.ended = True, False
                    begun.set_result(event)
        except EnplaceError as error:
            trouble = error
        except Exception as error:  # noqa: BLE001  the server's boundary: nothing may pass unseen
            _log.exception("a turn failed", extra={"action": "turn", "task_id": self.ask.task_id})
            trouble = EnplaceError(f"internal error: {type(error).__name__}")
        finally:
            await events.aclose()
            self.is_at_work = False
            if is_in:
                waits = trouble is None and bool(self.questions)
                self.ended = not waits or self._heir is not None
            else:
                self.ended = self.ended or not self.has_begun
                begun.set_exception(trouble or Draining())
            self.error = trouble if self.ended else None
            self._tell()
            self._idle(self)

    def _add(self, event: Event) -> None:
        self._events.append(event)
        self.error_told = self.error_told or event.kind == "error"
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def end(self, heir: "LiveTurn | None" = None) -> None:
        """Let go of those who follow it; with an heir, which has all its events, they follow him."""
        self.ended, self._heir = True, heir
        self._tell()

    async def changed(self) -> None:
        """Wait for its next event, or its end."""
        await self._changed.wait()

    def require_open(self, request_id: str | None) -> None:
        """Check that a turn which is at work asks what is to be answered.

        Raises:
            QuestionClosed: It was answered before.
            QuestionNotFound: It asks nobody.
        """
        if any(isinstance(e, PersonAnswered) and e.request_id == request_id for e in self._events):
            raise QuestionClosed(request_id=request_id)
        if self.has_begun and not self.questions:
            raise QuestionNotFound(f"task {self.ask.task_id!r} asks nobody anything")

    async def look(self) -> None:
        """See what was done past this server with a turn that waits.

        It may have been answered, cancelled or edited away, or its question has expired.
        """
        known = max((e.place.ordinal for e in self._events if e.place), default=0)
        try:
            stored = await self.owner.log(self.ask.task_id, after=known - 1)
            asked = {each.request_id for each in await self.owner.questions()}
        except TaskNotFound:
            stored, asked = (), set[str]()
        except EnplaceError as error:
            extra = {"action": "look", "task_id": self.ask.task_id}
            _log.warning("a turn that waits cannot be looked at", exc_info=error, extra=extra)
            return
        if not self.is_waiting:  # it went on meanwhile
            return
        fresh = [event for event in stored if event.place and event.place.ordinal > known]
        if len(fresh) == len(stored):  # an edit has left its branch
            self.end()
            return
        for event in fresh:
            self._add(event)
            if is_last(event):
                break
        if is_last(self._events[-1]) or not (fresh or self._is_among(asked)):
            self.end()

    def _is_among(self, asked: set[str]) -> bool:
        return any(question.request_id in asked for question in self.questions)

    async def follow(self, after: str, *, patience_s: float) -> AsyncGenerator[Event | None, None]:
        """Events after the one of the id, as they come; None when nothing came for a while.

        Args:
            after: Event id; empty for all.
            patience_s: Seconds of silence before a None.
        """
        seen, last = self._index(after), after
        self.followers += 1
        try:
            while True:
                changed = self._changed
                while seen < len(self._events):
                    event = self._events[seen]
                    last = event.place.id if event.place else last
                    yield event
                    seen += 1
                if self.ended:
                    break
                try:
                    async with asyncio.timeout(patience_s):
                        await changed.wait()
                except TimeoutError:
                    yield None
                    if self.is_waiting:
                        await self.look()
            if self._heir is not None:
                async with aclosing(self._heir.follow(last, patience_s=patience_s)) as events:
                    async for each in events:
                        yield each
        finally:
            self.followers -= 1
            if not self.followers:
                self._idle(self)

    def _index(self, after: str) -> int:
        wanted = event_key(after)
        ids = (event_key(event.place.id) if event.place else (0, 0) for event in self._events)
        return sum(id_ <= wanted for id_ in ids)


def event_key(id_: str) -> tuple[int, int]:
    """An event id as numbers that sort: `12.3` -> (12, 3); empty -> (0, 0).

    Raises:
        UsageError: No event id.
    """
    ordinal, _, part = (id_ or "0").partition(".")
    if not (id_.isascii() and ordinal.isdigit() and (not part or part.isdigit())):
        raise UsageError(f"{id_!r} is no event id", id=id_)
    if len(ordinal) > 15 or len(part) > 15:
        raise UsageError("that is no event id: too long")
    return int(ordinal), int(part or 0)
