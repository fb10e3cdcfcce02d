"""Lints over labelled set-ups: bad ones, good ones, and twice as many in a blind set.

Every set-up is played through a real engine with a scripted model; what counts is the advice that
stands in the log afterwards. A bad set-up is right where exactly its labels were advised, each
once; a good one where nothing was. The rules were made on the first set. Of the second nobody has
read which fail; only its totals are printed. Advice is timed apart, in a task of 400 events.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median

from enplace.prepare.layout import Wanted
from enplace.prepare.lints.advice import advice_for
from enplace.providers.scripted import CARD
from enplace.records.block import TextBlock
from enplace.records.canonical import JsonObject
from enplace.records.context import History
from enplace.records.event import (
    AssistantSpoke,
    Event,
    Place,
    ToolFinished,
    TurnStarted,
    UserSpoke,
)
from enplace.records.lint import LintCode
from enplace_bench.lints.setups import FILES, SetName, load, play
from enplace_bench.report import Bar, Report, print_table

TURN_CPU_US = 50.0
_STEPS, _TURNS = 4, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a set came out."""

    bad: int
    exact: int
    """Bad ones that were advised what they deserve, and nothing else."""
    good: int
    silent: int
    """Good ones that were advised nothing."""
    deserved: Counter[LintCode]
    advised: Counter[LintCode]
    """Of those that were deserved."""
    wrong: Counter[LintCode]
    """Advised and not deserved."""

    def as_json(self) -> JsonObject:
        """For `--json`."""
        return {
            "bad": self.bad,
            "exact": self.exact,
            "good": self.good,
            "silent": self.silent,
            "wrong": self.wrong.total(),
        }


def add_options(_: argparse.ArgumentParser) -> None:
    """The options of this benchmark: none."""


def run(_: argparse.Namespace) -> Report:
    """Play both sets."""
    outcomes: dict[SetName, Outcome] = {name: asyncio.run(_outcome(name)) for name in FILES}
    known, blind = outcomes["known"], outcomes["blind"]
    print_table(
        ["lint", "deserved", "advised", "wrongly"],
        [
            [code, str(known.deserved[code]), str(known.advised[code]), str(known.wrong[code])]
            for code in sorted(known.deserved)
        ],
    )
    print_table(
        ["set", "bad", "exactly advised", "good", "silent"],
        [
            [name, str(found.bad), str(found.exact), str(found.good), str(found.silent)]
            for name, found in outcomes.items()
        ],
    )
    turn_us = _turn_us()
    return Report(
        figures={
            **{name: found.as_json() for name, found in outcomes.items()},
            "turn_cpu_us": turn_us,
        },
        bars=(
            Bar(name="known, exactly advised", figure=known.exact, at_least=known.bad),
            Bar(name="known, silent", figure=known.silent, at_least=known.good),
            Bar(name="blind, exactly advised", figure=blind.exact, at_least=27),
            Bar(name="blind, silent", figure=blind.silent, at_least=27),
            Bar(name="a turn, CPU us", figure=turn_us, at_most=TURN_CPU_US),
        ),
    )


async def _outcome(name: SetName) -> Outcome:
    bad, good = (load(file) for file in FILES[name])
    exact = silent = 0
    deserved, advised, wrong = Counter[LintCode](), Counter[LintCode](), Counter[LintCode]()
    for setup in (*bad, *good):
        codes: list[LintCode] = [event.code for event in await play(setup)]
        exact += bool(setup.lints) and sorted(codes) == sorted(setup.lints)
        silent += not setup.lints and not codes
        deserved.update(setup.lints)
        advised.update(setup.lints & set(codes))
        wrong.update(set(codes) - setup.lints)
    return Outcome(
        bad=len(bad),
        exact=exact,
        good=len(good),
        silent=silent,
        deserved=deserved,
        advised=advised,
        wrong=wrong,
    )


def _turn_us() -> float:
    """Microseconds of CPU that advice costs in a turn of a warm task, in the quietest of blocks."""
    history = _task()
    wanted = Wanted(card=CARD, system="You are a patient teacher. Ask before you explain.")
    advice_for(history, (), wanted, (), {})  # the head is linted once
    return min(median(_sample(history, wanted) for _ in range(200)) for _ in range(5))


def _sample(history: History, wanted: Wanted) -> float:
    start = time.process_time_ns()
    for _ in range(10):
        advice_for(history, (), wanted, (), {})
    return (time.process_time_ns() - start) / 10_000


def _task() -> History:
    """Forty turns of four steps with a tool, and a message that begins one more."""
    events: list[Event] = []
    for turn in range(_TURNS):
        events += _said(turn)
        for step in range(_STEPS):
            block = TextBlock(text=f"line {step} of what the tool found, and a few words more")
            events.append(
                ToolFinished(tool_call_id=f"c{turn}.{step}", tool="look", blocks=(block,))
            )
        answer = TextBlock(text=f"It is the {turn}th lesson, and the answer is in the second part.")
        events.append(AssistantSpoke(blocks=(answer,), stop="end", model="m"))
    events += _said(_TURNS)
    return History(task_id="t", turn_id=str(_TURNS), events=tuple(_placed(events)))


def _said(turn: int) -> Sequence[Event]:
    text = f"And what follows from that for exercise {turn}? I tried it twice and do not get on."
    return (
        TurnStarted(turn_id=str(turn), session_id="s", message_digest="d"),
        UserSpoke(text=text),
    )


def _placed(events: Sequence[Event]) -> Sequence[Event]:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return [
        replace(event, place=Place(task_id="t", turn_id="", ordinal=i, at=at))
        for i, event in enumerate(events, start=1)
    ]
