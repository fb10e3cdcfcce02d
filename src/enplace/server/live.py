"""All turns of a server that run, or wait for a person while somebody follows them."""

import asyncio
from collections.abc import AsyncGenerator

from enplace.engine import OwnerEngine
from enplace.errors import TaskBusy
from enplace.records.agent_event import PersonAnswered, unanswered
from enplace.records.event import Event, TurnStarted, UserSpoke
from enplace.server.live_turn import Ask, Draining, LiveTurn, Response

ANSWER_WAIT_S = 10.0
"""Seconds that an answer waits for the other calls of its step."""
LINGER_S = 30.0
"""Seconds for which a turn that waits is kept while nobody follows it. The log keeps it anyway."""


class LiveTurns:
    """Turns by owner and task.

    Args:
        linger_s: Seconds for which a turn that waits is kept while nobody follows it.
        answer_wait_s: Seconds that an answer waits for the other calls of its step.
    """

    def __init__(self, *, linger_s: float = LINGER_S, answer_wait_s: float = ANSWER_WAIT_S) -> None:
        self._turns: dict[tuple[str, str], LiveTurn] = {}
        """By owner and task: the turn that holds the task, waits in it, or asks for it first."""
        self._alive: set[LiveTurn] = set()
        """Those at work."""
        self._draining = False
        self._linger_s = linger_s
        self._answer_wait_s = answer_wait_s

    async def start(self, owner: OwnerEngine, ask: Ask) -> LiveTurn:
        """Start a turn, or join the one of the same idempotency key that runs or waits.

        Raises:
            Draining: The server is shutting down.
            EnplaceError: The turn was refused.
        """
        if self._draining:
            raise Draining
        place = (owner.name, ask.task_id)
        known = self._turns.get(place)
        if known is not None and ask.idempotency_key is not None and known.ask == ask:
            if known.is_waiting:  # unless its time is over
                await known.look()
            if not known.ended:
                return known
        turn = LiveTurn(owner, ask, idle=self._idle)
        self._turns.setdefault(place, turn)
        await self._carry(turn, _asked(turn))
        await self._settle(turn)
        return turn

    async def respond(self, owner: OwnerEngine, said: Response) -> str:
        """Hand a person's answer to the turn that waits for it, which goes on by itself.

        Returns:
            Id of the question that was answered.

        Raises:
            Draining: The server is shutting down.
            QuestionNotFound: The task waits for no such answer.
            QuestionClosed: The question was answered before, or it has expired.
            TaskBusy: The turn is at work, here or in another process.
            EnplaceError: The answer was refused.
        """
        if self._draining:
            raise Draining
        turn = await self._at_rest(owner, said)
        if turn is None:  # nobody knows of a question: the engine says what is wrong
            turn = LiveTurn(owner, Ask(task_id=said.task_id, message=""), idle=self._idle)
        events = owner.respond(
            said.task_id, said.answer, request_id=said.request_id, feedback=said.feedback
        )
        first = await self._carry(turn, events)
        await self._settle(turn)
        assert isinstance(first, PersonAnswered)  # with the answer it begins
        return first.request_id

    async def waiting(self, owner: OwnerEngine, task_id: str) -> LiveTurn | None:
        """The turn that runs or waits in a task; also one that waits since before a restart."""
        place = (owner.name, task_id)
        known = self._known(place)
        if known is not None or self._draining:
            return known
        asked = [each.place for each in await owner.questions() if each.place]
        if all(each.task_id != task_id for each in asked):
            return self._turns.get(place)
        events = await _waiting_events(owner, task_id)
        known = self._known(place)
        if known is not None or not unanswered(events):
            return known  # it went on while it was read
        turn = LiveTurn(owner, _ask_of(task_id, events), so_far=events, idle=self._idle)
        self._turns[place] = turn
        self._idle(turn)
        return turn

    def of(self, owner: str, task_id: str) -> LiveTurn | None:
        """The turn that runs or waits in a task, as far as this server knows."""
        return self._turns.get((owner, task_id))

    async def look(self, owner: str, task_id: str) -> None:
        """Let those who follow a turn that waits hear what was done past it."""
        turn = self.of(owner, task_id)
        if turn is not None and turn.is_waiting:
            await turn.look()

    def close(self) -> None:
        """Take no new turns, and let go of those who follow one that waits: nobody may come."""
        self._draining = True
        for turn in list(self._turns.values()):
            if turn.is_waiting:
                turn.end()

    async def drain(self, timeout_s: float) -> int:
        """Take no new turns and let the running ones end; one that asks a person may wait on.

        Returns:
            How many did not end in time; they were stopped and can be resumed by their keys.
        """
        self.close()
        turns = [turn.running for turn in self._alive if turn.running is not None]
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

    @property
    def waiting_count(self) -> int:
        """How many of the turns known here wait for a person."""
        return sum(turn.is_waiting for turn in self._turns.values())

    async def _at_rest(self, owner: OwnerEngine, said: Response) -> LiveTurn | None:
        """The turn that an answer is for, once no other call of its step is running."""
        try:
            async with asyncio.timeout(self._answer_wait_s):
                while True:
                    turn = await self.waiting(owner, said.task_id)
                    busy = [t for t in self._alive if _place(t) == (owner.name, said.task_id)]
                    if not busy:
                        return turn
                    busy[0].require_open(said.request_id)
                    await busy[0].changed()
        except TimeoutError:
            text = "other calls are still running; answer again when they have ended"
            raise TaskBusy(text, task_id=said.task_id) from None

    def _known(self, place: tuple[str, str]) -> LiveTurn | None:
        """The turn that holds a task or waits in it, and not one that only asks for it."""
        turn = self._turns.get(place)
        return turn if turn is not None and turn.has_begun and not turn.ended else None

    async def _carry(self, turn: LiveTurn, events: AsyncGenerator[Event, None]) -> Event:
        self._alive.add(turn)
        return await turn.carry(events)

    async def _settle(self, turn: LiveTurn) -> None:
        """A turn was let in: whoever held the task before has let go, unless he waits on."""
        place = _place(turn)
        known = self._turns.get(place)
        if known is not None and known is not turn:
            if known.is_waiting:
                await known.look()  # it may have been closed by this one
            is_same = known.turn_id == turn.turn_id
            if known.is_waiting and not is_same:
                return  # this one only tells again what ended earlier
            if is_same and known.is_at_work and not turn.is_at_work:  # it was answered meanwhile
                turn.end(known)
                return
            if is_same:
                known.end(turn)
        if not turn.ended:
            self._turns[place] = turn

    def _idle(self, turn: LiveTurn) -> None:
        """A turn is no longer at work, or nobody follows it any more."""
        if turn.is_at_work:
            return
        self._alive.discard(turn)
        if self._draining:
            turn.end()
        if turn.ended:
            self._forget(turn)
        else:
            asyncio.get_running_loop().call_later(self._linger_s, self._let_go, turn)

    def _let_go(self, turn: LiveTurn) -> None:
        if turn.is_waiting and not turn.followers:
            turn.end()
        if turn.ended:
            self._forget(turn)

    def _forget(self, turn: LiveTurn) -> None:
        place = _place(turn)
        if self._turns.get(place) is turn:
            del self._turns[place]


def _place(turn: LiveTurn) -> tuple[str, str]:
    return turn.owner.name, turn.ask.task_id


def _asked(turn: LiveTurn) -> AsyncGenerator[Event, None]:
    """The events of what a client asked for."""
    owner, ask = turn.owner, turn.ask
    if ask.retry is not None:
        return owner.retry(ask.task_id, ask.retry)
    return owner.execute(
        ask.task_id, ask.message, idempotency_key=ask.idempotency_key, replaces=ask.edit
    )


async def _waiting_events(owner: OwnerEngine, task_id: str) -> tuple[Event, ...]:
    """The events of the turn that a task's log ends with."""
    log = await owner.log(task_id)
    started = next((e for e in reversed(log) if isinstance(e, TurnStarted)), None)
    if started is None:
        return ()
    return tuple(e for e in log if e.place and e.place.turn_id == started.turn_id)


def _ask_of(task_id: str, events: tuple[Event, ...]) -> Ask:
    """What a turn was asked for, so that who asks for the same again joins it."""
    started = next(event for event in reversed(events) if isinstance(event, TurnStarted))
    said = next((event.text for event in events if isinstance(event, UserSpoke)), "")
    return Ask(
        task_id=task_id,
        message=said,
        idempotency_key=started.idempotency_key,
        edit=started.replaces,
    )
