"""A process that learns what owners have due, to be killed on the way: HOME URL.

Every message that was heard becomes a fact of its own and every batch a line of the soul, so that
what was learned twice or not at all can be counted. A line on standard input says what the process does
to itself, and where: `kill POINT` or `stop POINT`. Each run tells of its begin and its end on
standard output.
"""

import asyncio
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from enplace.jobs.durable import DurableJobs
from enplace.jobs.options import DurableOptions, Pauses
from enplace.ports import Brain
from enplace.records.changeset import Changeset
from enplace.records.event import Event, MessageHeard
from enplace.records.learning import Adopt, Assert, Batch, Proposal, Report
from enplace.records.memory import Fact, SoulLine, Span
from enplace.records.task import Due
from enplace.records.write import Remember, Surroundings, Write
from enplace.stores.sqlite.brain import SqliteBrains

OPTIONS = DurableOptions(
    at_once=2,
    poll_s=0.05,
    beat_s=0.2,
    dead_after_s=1.0,
    pauses=Pauses(first_s=0.2, most_s=1.0),
)
POINTS = ("begun", "attempted", "deciding", "learned", "ended")
MOST_EVENTS = 3
"""Of a batch: few, so that a run has several."""
PAUSE_S = 0.03
"""As long as thinking would take, so that kills hit runs."""


class Learner:
    """Implements `ports.Work`."""

    def __init__(self, home: Path) -> None:
        self.brains = SqliteBrains(home)
        self._fate = ""

    def listen(self) -> None:
        """Take a fate from standard input."""
        for line in sys.stdin:
            self._fate = line.strip()

    async def __call__(self, owner: str) -> None:
        """Learn until nothing is due."""
        tell(f"begun {owner}")
        self._pass("begun")
        brain = await self.brains.open(owner)
        while waiting := await brain.lessons.due():
            for due in waiting:
                await self._learn(brain, due)
        self._pass("ended")
        tell(f"ended {owner}")

    async def _learn(self, brain: Brain, due: Due) -> None:
        lessons, task_id = brain.lessons, due.task_id
        after = await lessons.cursor(task_id)
        behind = [
            event
            for event in await brain.log.read(task_id)
            if event.place and after < event.place.position <= due.position
        ][:MOST_EVENTS]
        if not behind or behind[-1].place is None:
            return  # somebody else has learned from it since
        now = datetime.now(UTC)
        batch = Batch(
            id=f"{time.time_ns():020d}-{secrets.token_hex(4)}",
            task_id=task_id,
            after=after,
            upto=behind[-1].place.position,
            at=now,
            extractor="stub/1",
            reason=due.reason,
            report=Report(heard=len(behind)),
        )
        await lessons.attempt(task_id, after, now)
        await asyncio.sleep(PAUSE_S)
        self._pass("attempted")
        await brain.learn(batch, proposals_of(behind, now), self._decide)
        self._pass("learned")

    def _decide(self, proposal: Proposal, _: Surroundings) -> list[Changeset]:
        if isinstance(proposal, Adopt):
            self._pass("deciding")  # facts are written and nothing is committed
            return [Changeset(at=proposal.line.recorded_at, soul=(proposal.line,))]
        assert isinstance(proposal, Assert)
        fact = proposal.fact
        write = Write(
            id=0,
            at=fact.recorded_at,
            operation=Remember(fact=fact),
            outcome="added",
            target=fact.id,
        )
        return [Changeset(at=fact.recorded_at, memories=(fact,), write=write)]

    def _pass(self, point: str) -> None:
        if self._fate == f"kill {point}":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._fate == f"stop {point}":
            self._fate = ""
            tell("stopped")
            os.kill(os.getpid(), signal.SIGSTOP)


def proposals_of(events: Sequence[Event], now: datetime) -> list[Proposal]:
    """A fact for each message, under an id that no store could refuse, and a line of the soul."""
    found: list[Proposal] = []
    for event in events:
        if isinstance(event, MessageHeard) and event.place is not None:
            span = Span(task_id=event.place.task_id, ordinal=event.place.ordinal)
            fact = Fact(
                id=f"f{secrets.token_hex(8)}",
                sentence=event.text,
                recorded_at=now,
                subject=event.place.task_id,
                predicate="heard",
                object=event.text,
                evidence=(span,),
            )
            found.append(Assert(fact=fact, rule="stub"))
    line = SoulLine(section="patterns", key="batches", text=f"{now}", recorded_at=now)
    return [*found, Adopt(line=line, rule="stub")]


def tell(line: str) -> None:
    """Say something to whoever started this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(home: Path, url: str) -> None:
    """Work until somebody puts an end to it."""
    logging.getLogger("enplace.jobs").setLevel(logging.ERROR)  # jobs are brought back all the time
    learner = Learner(home)
    jobs = DurableJobs(url, options=OPTIONS)
    threading.Thread(target=learner.listen, daemon=True).start()
    await jobs.start(learner)
    tell("ready")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
