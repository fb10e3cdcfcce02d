"""Rounds of killing two learners, and what they left behind (`learn_crash.py`)."""

import asyncio
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dbos import DBOSClient

from enplace.jobs.durable import DurableJobs
from enplace.ports import Brain
from enplace.records.changeset import Changeset
from enplace.records.event import Event, MessageHeard
from enplace.stores.sqlite.brain import SqliteBrains
from enplace_bench import learner

OWNERS = ("ada", "bo", "cy")
TASKS = ("one", "two")
FATES = (
    "kill deciding",
    "stop attempted",
    "SIGKILL",
    "kill learned",
    "SIGSTOP",
    "kill ended",
    "stop learned",
    "SIGKILL",
    "kill begun",
    "kill attempted",
)
"""At a random moment, or at a named point."""
PATIENCE_S = 60.0
"""How long everything may take to be done after the last round."""
UNFINISHED = ["ENQUEUED", "DELAYED", "PENDING"]


@dataclass(slots=True)
class Tally:
    """What was seen over all rounds."""

    lost: int = 0
    repeated: int = 0
    stuck: int = 0
    messages: int = 0
    batches: int = 0
    slowest_s: float = 0.0
    fates: Counter[str] = field(default_factory=Counter[str])
    in_a_run: Counter[str] = field(default_factory=Counter[str])
    """Rounds in which work was under way."""

    def rows(self) -> list[list[str]]:
        """How often what happened."""
        return [[fate, str(n), str(self.in_a_run[fate])] for fate, n in self.fates.items()]

    def compare(self, wanted: Counter[str], found: Counter[str]) -> None:
        """Count what is missing and what is there too often."""
        self.lost += (wanted - found).total()
        self.repeated += (found - wanted).total()


class Process:
    """A learner, and what it says of itself."""

    def __init__(self, home: Path, url: str) -> None:
        command = [sys.executable, "-m", "enplace_bench.learner", str(home), url]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.running: set[str] = set()
        """Owners whose work is under way."""
        self.ready = threading.Event()
        self.stopped = threading.Event()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            word, _, owner = line.strip().partition(" ")
            if word == "ready":
                self.ready.set()
            elif word == "stopped":
                self.stopped.set()
            elif word == "begun":
                self.running.add(owner)
            elif word == "ended":
                self.running.discard(owner)

    @property
    def dead(self) -> bool:
        """Whether it was killed."""
        return self._child.poll() is not None

    def arm(self, fate: str) -> None:
        """Have it kill or stop itself at a point; nowhere where that is empty."""
        assert self._child.stdin is not None
        with suppress(BrokenPipeError):  # it is dead already
            self._child.stdin.write(f"{fate}\n")
            self._child.stdin.flush()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._child.send_signal(number)

    def kill(self) -> None:
        """Kill it, wherever it is."""
        self._child.kill()
        self._child.wait()
        self._listening.join()
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(BrokenPipeError):  # what was not read is lost with its reader
                if pipe is not None:
                    pipe.close()


class Crash:
    """Two learners, and whoever talks to them."""

    def __init__(self, home: Path, url: str, luck: random.Random) -> None:
        self._home = home
        self._url = url
        self._luck = luck
        self._tally = Tally()
        self._heard: dict[str, Counter[str]] = {owner: Counter() for owner in OWNERS}
        """Sentences by owner."""

    async def run(self, rounds: int) -> Tally:
        """All rounds, and what they left behind."""
        brains = SqliteBrains(self._home)
        jobs = DurableJobs(self._url, options=learner.OPTIONS)
        await jobs.submit("nobody")  # makes the database, before two make it at once
        learners = [Process(self._home, self._url) for _ in range(2)]
        try:
            for number in range(rounds):
                learners = [self._alive(each) for each in learners]
                await self._round(number, brains, jobs, learners)
            learners = [self._alive(each) for each in learners]
            await self._drain(brains)
        finally:
            for each in learners:
                each.kill()
            await jobs.aclose()
        for owner in OWNERS:
            await self._audit(owner, await brains.open(owner))
        await brains.aclose()
        return self._tally

    def _alive(self, process: Process) -> Process:
        if process.dead:
            process.kill()
            return Process(self._home, self._url)
        return process

    async def _round(
        self, number: int, brains: SqliteBrains, jobs: DurableJobs, learners: list[Process]
    ) -> None:
        luck, fate = self._luck, FATES[number % len(FATES)]
        await asyncio.to_thread(luck.choice(learners).ready.wait, 30)  # the other may still start
        at_random = fate.startswith("SIG")
        for each in learners:
            each.arm("" if at_random else fate)
        for owner in luck.sample(OWNERS, 2):
            await self._say(number, owner, await brains.open(owner))
            await jobs.submit(owner)
        if at_random:
            hit = await self._strike(fate, learners)
        else:
            hit = await _until(lambda: any(e.dead or e.stopped.is_set() for e in learners), 5.0)
            for each in learners:
                each.arm("")
        await self._go_on([each for each in learners if each.stopped.is_set()])
        self._tally.fates[fate] += 1
        self._tally.in_a_run[fate] += hit
        await asyncio.sleep(luck.uniform(0.0, 0.5))

    async def _strike(self, fate: str, learners: Sequence[Process]) -> bool:
        """Whether a signal hit a run."""
        await _until(lambda: any(each.running for each in learners), 5.0)
        await asyncio.sleep(self._luck.uniform(0.0, 0.2))
        victim = next((each for each in learners if each.running), learners[0])
        hit = bool(victim.running)
        if fate == "SIGKILL":
            victim.kill()
        else:
            victim.send(signal.SIGSTOP)
            victim.stopped.set()
        return hit

    async def _go_on(self, stopped: Sequence[Process]) -> None:
        """Let those who stopped go on when others may have taken over."""
        if stopped:
            await asyncio.sleep(learner.OPTIONS.dead_after_s + self._luck.uniform(0.5, 2.0))
        for each in stopped:
            each.stopped.clear()
            each.send(signal.SIGCONT)

    async def _say(self, number: int, owner: str, brain: Brain) -> None:
        for task_id in TASKS:
            now = datetime.now(UTC)
            texts = [
                f"{owner} said {task_id} {number} {n}." for n in range(self._luck.randint(1, 6))
            ]
            self._heard[owner].update(texts)
            said: tuple[Event, ...] = tuple(
                MessageHeard(speaker=owner, text=text, said_at=now) for text in texts
            )
            await brain.commit(Changeset(at=now, task_id=task_id, events=said, due="heard"))

    async def _drain(self, brains: SqliteBrains) -> None:
        """Wait until all is done; what is not after a while is stuck."""
        started = time.monotonic()
        client = DBOSClient(system_database_url=self._url, application_name="enplace")
        while True:
            owners = [o for o in OWNERS if await (await brains.open(o)).lessons.due()]
            unfinished = await client.list_workflows_async(status=UNFINISHED, load_input=False)
            self._tally.slowest_s = time.monotonic() - started
            self._tally.stuck = len(owners) + len(unfinished)
            if not self._tally.stuck or self._tally.slowest_s > PATIENCE_S:
                break
            await asyncio.sleep(0.1)
        client.destroy()

    async def _audit(self, owner: str, brain: Brain) -> None:
        """Compare what was heard with what was learned, by facts and by batches."""
        facts = await brain.memory.all("fact", limit=1_000_000, everything=True)
        sentences = Counter(str(getattr(fact, "sentence", "")) for fact in facts)
        self._tally.compare(self._heard[owner], sentences)
        self._tally.messages += self._heard[owner].total()
        batches = await brain.lessons.batches(limit=1_000_000)
        self._tally.batches += len(batches)
        adopted = Counter(line.batch or "" for line in await brain.memory.soul(history=True))
        self._tally.compare(Counter(batch.id for batch in batches), adopted)
        for task_id in TASKS:
            cursor = 0
            for batch in reversed([b for b in batches if b.task_id == task_id]):
                self._tally.lost += batch.after > cursor
                self._tally.repeated += batch.after < cursor
                cursor = batch.upto
            self._tally.lost += cursor != await brain.lessons.cursor(task_id)
        for batch in batches:
            found = await brain.lessons.batch(batch.id)
            assert found is not None
            wanted = batch.report.heard
            self._tally.compare(Counter(batch=wanted), Counter(batch=len(found[1])))


async def _until(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether something came about in time."""
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:  # noqa: ASYNC110  another process
        await asyncio.sleep(0.005)
    return holds()
