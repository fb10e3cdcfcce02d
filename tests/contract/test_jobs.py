"""Jobs of owners, asked of every adapter."""

import asyncio
import logging
import secrets
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from enplace.errors import UsageError
from enplace.jobs.durable import DurableJobs
from enplace.jobs.inprocess import InProcessJobs
from enplace.jobs.options import DurableOptions, Pauses
from enplace.ports import Jobs
from enplace_bench import postgres

PAUSES = Pauses(first_s=0.2, most_s=0.4)
OPTIONS = DurableOptions(at_once=2, poll_s=0.02, beat_s=0.2, dead_after_s=1.0, pauses=PAUSES)
Make = Callable[[], Jobs]


@pytest.fixture(params=["in process", "on SQLite", "on PostgreSQL"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "in process":
        return lambda: InProcessJobs(at_once=2, pauses=PAUSES)
    url = f"sqlite:///{tmp_path}/jobs/jobs.db"
    if request.param == "on PostgreSQL":
        server: str = request.getfixturevalue("postgres_url")
        url = f"{server}_{secrets.token_hex(4)}"
    return lambda: DurableJobs(url, options=OPTIONS)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Of a database that does not exist, on a server that does."""
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed here")
    with postgres.server(Path(tempfile.gettempdir())) as url:
        yield url


@asynccontextmanager
async def opened(make: Make) -> AsyncGenerator[Jobs, None]:
    jobs = make()
    try:
        yield jobs
    finally:
        await jobs.aclose()


class Worker:
    """Work that takes as long as it is told, and counts."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.cut_off: Counter[str] = Counter()
        self.at_once: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self.most_owners = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, owner: str) -> None:
        self.begun[owner] += 1
        self.at_once[owner] += 1
        self.most_at_once[owner] = max(self.most_at_once[owner], self.at_once[owner])
        self.most_owners = max(self.most_owners, sum(map(bool, self.at_once.values())))
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.05)  # putting things in order takes a while
            self.cut_off[owner] += 1
            raise
        finally:
            self.at_once[owner] -= 1
        self.ended[owner] += 1


async def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  what is asked for may be in another process
            await asyncio.sleep(0.01)


async def quiet(seconds: float = 0.5) -> None:
    """Long enough for anything that was to happen."""
    await asyncio.sleep(seconds)


async def test_what_is_submitted_is_done(make: Make) -> None:
    worker = Worker()
    async with opened(make) as jobs:
        await jobs.start(worker)
        await jobs.submit("ada")
        await jobs.submit("bo")
        await until(lambda: worker.ended == {"ada": 1, "bo": 1})
        await jobs.submit("ada")
        await until(lambda: worker.ended == {"ada": 2, "bo": 1})


async def test_what_is_submitted_before_the_start_is_done_after_it(make: Make) -> None:
    worker = Worker()
    async with opened(make) as jobs:
        await jobs.submit("ada")
        await jobs.submit("ada")
        await quiet(0.1)
        await jobs.start(worker)
        await until(lambda: worker.ended["ada"] == 1)
        await quiet()
        assert worker.begun == {"ada": 1}
        with pytest.raises(UsageError):
            await jobs.start(worker)


async def test_what_is_submitted_during_a_run_is_one_more_run(make: Make) -> None:
    worker = Worker()
    async with opened(make) as jobs:
        await jobs.start(worker)
        worker.open.clear()
        await jobs.submit("ada")
        await until(lambda: worker.begun["ada"] == 1)
        for _ in range(5):
            await jobs.submit("ada")
        worker.open.set()
        await until(lambda: worker.ended["ada"] == 2)
        await quiet()
        assert worker.begun == {"ada": 2}


async def test_an_owner_has_one_run_at_a_time_and_owners_stand_side_by_side(make: Make) -> None:
    worker = Worker()
    async with opened(make) as jobs:
        await jobs.start(worker)
        worker.open.clear()
        for owner in ("ada", "bo", "cy"):
            await jobs.submit(owner)
        await until(lambda: worker.begun.total() == 2)
        for owner in ("ada", "bo", "cy"):
            await jobs.submit(owner)
        await quiet()
        assert worker.begun.total() == 2
        worker.open.set()
        await until(lambda: all(worker.ended[owner] for owner in ("ada", "bo", "cy")))
        await quiet()
        assert worker.most_owners == 2
        assert set(worker.most_at_once.values()) == {1}


@pytest.mark.usefixtures("quietly")
async def test_a_run_that_fails_is_logged_and_tried_again(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    begun: list[float] = []

    async def failing(owner: str) -> None:
        begun.append(asyncio.get_running_loop().time())
        if len(begun) < 3:
            raise ZeroDivisionError(owner)

    async with opened(make) as jobs:
        await jobs.start(failing)
        await jobs.submit("ada")
        await until(lambda: len(begun) == 3)
        await quiet()
        assert len(begun) == 3
    first, second, third = begun
    assert second - first >= 0.19
    assert third - second >= 0.39
    failures = [record for record in caplog.records if record.name == "enplace.jobs"]
    assert [record.getMessage() for record in failures] == ["work failed"] * 2
    assert all(record.exc_info for record in failures)


@pytest.fixture
def quietly(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, logger="enplace.jobs")


@pytest.mark.usefixtures("quietly")
async def test_an_owner_that_fails_holds_up_no_other(make: Make) -> None:
    worker = Worker()

    async def failing(owner: str) -> None:
        if owner != "bo":
            raise ZeroDivisionError
        await worker(owner)

    async with opened(make) as jobs:
        await jobs.start(failing)
        for owner in ("ada", "cy", "di", "bo"):
            await jobs.submit(owner)
        await until(lambda: worker.ended["bo"] == 1)


async def test_work_runs_in_the_loop_of_whoever_started_it(make: Make) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def looking(_: str) -> None:
        loops.append(asyncio.get_running_loop())

    async with opened(make) as jobs:
        await jobs.start(looking)
        await jobs.submit("ada")
        await until(lambda: bool(loops))
    assert loops == [asyncio.get_running_loop()]


async def test_closing_waits_for_the_end_of_runs_that_it_cuts_off(make: Make) -> None:
    worker = Worker()
    worker.open.clear()
    async with opened(make) as jobs:
        await jobs.start(worker)
        await jobs.submit("ada")
        await until(lambda: worker.begun["ada"] == 1)
    assert worker.cut_off == {"ada": 1}
    await jobs.aclose()
    await jobs.submit("ada")
    await quiet(0.1)
    assert worker.begun == {"ada": 1}


async def test_closing_before_the_start_is_nothing(make: Make) -> None:
    jobs = make()
    await jobs.aclose()


async def test_names_are_any_text(make: Make) -> None:
    worker = Worker()
    owners = ["Ada", "ada", "ada/2", "Zoë \U0001f600", "a" * 500, "a%b", "a'b"]
    async with opened(make) as jobs:
        await jobs.start(worker)
        for owner in owners:
            await jobs.submit(owner)
        await until(lambda: worker.ended == dict.fromkeys(owners, 1))


def test_pauses_double_up_to_the_longest() -> None:
    pauses = Pauses(first_s=5, most_s=1_800)
    assert [pauses.after(n) for n in (1, 2, 3, 9, 10, 10_000)] == [5, 10, 20, 1_280, 1_800, 1_800]
