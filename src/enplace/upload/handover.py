"""The end of a turn: its events wait for the Learning Centre, and nobody waits for that."""

from enplace.ports import Journal
from enplace.records.context import History
from enplace.records.event import Event, TurnCompleted


async def hand_over(
    history: History, journal: Journal, *, is_due: bool = True
) -> tuple[Event, ...]:
    """Close the turn and mark the task's new events as due, in one transaction.

    A sub-agent's are not: it is learned from once, through its parent.
    """
    completed = TurnCompleted(turn_id=history.turn_id, usage=history.usage)
    return await journal.append([completed], due="turn completed" if is_due else "")
