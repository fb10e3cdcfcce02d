"""What a turn used up, and what its budget leaves. Pure."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from enplace.records.agent import Budget
from enplace.records.agent_event import PersonAnswered, SubAgentEnded
from enplace.records.context import History
from enplace.records.event import AssistantSpoke, Event, UsageReported
from enplace.records.usage import Cost


def left_of(budget: Budget, history: History, now: datetime) -> Budget:
    """What the current turn may still use up; what is used up is 0 or less."""
    events = history.of_turn
    if not events or budget == Budget():
        return budget
    usage = history.usage
    steps = sum(isinstance(event, AssistantSpoke) for event in events)
    return Budget(
        tokens=_minus(budget.tokens, usage.input_tokens + usage.output_tokens),
        cost=None if budget.cost is None else str(Decimal(budget.cost) - _cost(events)),
        steps=_minus(budget.steps, steps),
        seconds=None if budget.seconds is None else budget.seconds - _seconds(events, now),
    )


def used_up(left: Budget) -> str:
    """Which part of a budget is used up, as a word for people; empty while none is."""
    if left.tokens is not None and left.tokens <= 0:
        return "tokens"
    if left.cost is not None and Decimal(left.cost) <= 0:
        return "money"
    if left.steps is not None and left.steps <= 0:
        return "model calls"
    if left.seconds is not None and left.seconds <= 0:
        return "time"
    return ""


def within(budget: Budget, left: Budget) -> Budget:
    """A sub-agent's budget: its own, and no more than its parent has left. Steps are its own."""
    costs = [Decimal(cost) for cost in (budget.cost, left.cost) if cost is not None]
    return replace(
        budget,
        tokens=_least(budget.tokens, left.tokens),
        cost=str(min(costs)) if costs else None,
        seconds=_least(budget.seconds, left.seconds),
    )


def cost_of_turn(history: History) -> Cost | None:
    """What the current turn's model calls cost together; None where nobody knows."""
    events = history.of_turn
    told = [e.cost for e in events if isinstance(e, UsageReported | SubAgentEnded) and e.cost]
    return replace(told[-1], amount=str(_cost(events))) if told else None


def _minus(most: int | None, used: int) -> int | None:
    return None if most is None else most - used


Number = TypeVar("Number", int, float)


def _least(one: Number | None, other: Number | None) -> Number | None:
    known = [each for each in (one, other) if each is not None]
    return min(known) if known else None


def _cost(events: tuple[Event, ...]) -> Decimal:
    told = (e.cost for e in events if isinstance(e, UsageReported | SubAgentEnded))
    return sum((Decimal(cost.amount) for cost in told if cost is not None), Decimal(0))


def _seconds(events: tuple[Event, ...], now: datetime) -> float:
    """Since the turn began, without the time in which a person was waited for."""
    times = [event.place.at for event in events if event.place is not None]
    waited = sum(
        (after.place.at - before.place.at).total_seconds()
        for before, after in pairwise(events)
        if isinstance(after, PersonAnswered) and before.place and after.place
    )
    return (now - times[0]).total_seconds() - waited
