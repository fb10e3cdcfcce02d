"""Running turns. A turn belongs to the server, not to the connection that asked for it."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from enplace.engine import OwnerEngine
from enplace.errors import EnplaceError, UsageError
from enplace.records.event import Event

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


class LiveTurn:
    """One turn that runs by itself; any number of clients follow it, from any of its events."""

    def __init__(self, owner: OwnerEngine, ask: Ask) -> None:
        self.ask = ask
        self._owner = owner
        self._events: list[Event] = []
        self._changed = asyncio.Event()
        self.error: EnplaceError | None = None
        self.error_told = False
        """Whether the error is one of the events."""
        self.ended = False
        self.running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        ask = self.ask
        if ask.retry is not None:
            events = self._owner.retry(ask.task_id, ask.retry)
        else:
            events = self._owner.execute(
                ask.task_id,
                ask.message,
                idempotency_key=ask.idempotency_key,
                replaces=ask.edit,
            )
        try:
            async for event in events:
                self._events.append(event)
                self.error_told = self.error_told or event.kind == "error"
                self._tell()
        except EnplaceError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001  the server's boundary: nothing may pass unseen
            _log.exception("a turn failed", extra={"action": "turn", "task_id": ask.task_id})
            self.error = EnplaceError(f"internal error: {type(error).__name__}")
        finally:
            await events.aclose()
            self.ended = True
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def accepted(self) -> None:
        """Wait until the turn's first event.

        Raises:
            EnplaceError: It was refused instead.
        """
        while not self._events and not self.ended:
            await self._changed.wait()
        if not self._events and self.error is not None:
            raise self.error

    async def follow(self, after: str, *, patience_s: float) -> AsyncGenerator[Event | None, None]:
        """Events after the one of the id, as they come; None when nothing came for a while.

        Args:
            after: Event id; empty for all.
            patience_s: Seconds of silence before a None.
        """
        seen = self._index(after)
        while True:
            changed = self._changed
            while seen < len(self._events):
                yield self._events[seen]
                seen += 1
            if self.ended:
                return
            try:
                async with asyncio.timeout(patience_s):
                    await changed.wait()
            except TimeoutError:
                yield None

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


class LiveTurns:
    """All running turns of a server."""

    def __init__(self) -> None:
        self._turns: dict[tuple[str, str], LiveTurn] = {}
        """By owner and task: the turn that holds the task, or asks for it first."""
        self._alive: set[LiveTurn] = set()
        self._draining = False

    async def start(self, owner: OwnerEngine, ask: Ask) -> LiveTurn:
        """Start a turn, or join the running one of the same idempotency key.

        Raises:
            Draining: The server is shutting down.
            EnplaceError: The turn was refused.
        """
        if self._draining:
            raise Draining
        place = (owner.name, ask.task_id)
        running = self._turns.get(place)
        if running is not None and ask.idempotency_key is not None and running.ask == ask:
            return running
        turn = LiveTurn(owner, ask)
        self._alive.add(turn)
        self._turns.setdefault(place, turn)
        turn.running.add_done_callback(lambda _: self._forget(place, turn))
        await turn.accepted()
        if not turn.ended:  # it holds the task now, so whoever held it before has let go
            self._turns[place] = turn
        return turn

    def of(self, owner: str, task_id: str) -> LiveTurn | None:
        """The turn that is running in a task."""
        return self._turns.get((owner, task_id))

    async def drain(self, timeout_s: float) -> int:
        """Take no new turns and let the running ones end.

        Returns:
            How many did not end in time; they were stopped and can be resumed by their keys.
        """
        self._draining = True
        turns = [turn.running for turn in self._alive]
        if not turns:
            return 0
        _, late = await asyncio.wait(turns, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*turns, return_exceptions=True)
        return len(late)

    @property
    def count(self) -> int:
        """How many turns are running."""
        return len(self._alive)

    def _forget(self, place: tuple[str, str], turn: LiveTurn) -> None:
        self._alive.discard(turn)
        if self._turns.get(place) is turn:
            del self._turns[place]
