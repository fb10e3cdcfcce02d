"""What durable jobs owe to those who come after."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from dbos import DBOS
from tests.jobs.holding_child import OPTIONS

from enplace.errors import ConfigError, StoreError, UsageError
from enplace.jobs.durable import DurableJobs
from enplace.jobs.options import DurableOptions
from enplace.jobs.queue import QUEUE, WORKFLOW

CHILD = Path(__file__).with_name("holding_child.py")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.db"


@asynccontextmanager
async def jobs_in(
    path: Path, options: DurableOptions = OPTIONS
) -> AsyncGenerator[DurableJobs, None]:
    jobs = DurableJobs(f"sqlite:///{path}", options=options)
    try:
        yield jobs
    finally:
        await jobs.aclose()


def rows(path: Path, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def statuses(path: Path) -> list[str]:
    found = rows(path, "select status from workflow_status order by created_at, workflow_uuid")
    return [status for (status,) in found]


async def until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  what is asked for is in a database
            await asyncio.sleep(0.01)


class Counting:
    """Work that counts."""

    def __init__(self) -> None:
        self.owners: list[str] = []

    async def __call__(self, owner: str) -> None:
        self.owners.append(owner)


def start_child(path: Path, owner: str) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, str(CHILD), f"sqlite:///{path}", owner], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == f"{owner}\n"
    return child


async def test_the_jobs_of_a_process_that_was_killed_are_done_by_another(path: Path) -> None:
    counting = Counting()
    async with jobs_in(path) as jobs:
        with start_child(path, "ada") as child:
            await jobs.start(counting)
            await asyncio.sleep(2.0)
            assert counting.owners == []  # as long as it lives, it has the job
            child.kill()
        await until(lambda: counting.owners == ["ada"])
        await until(lambda: statuses(path) == ["SUCCESS"])
        left = {executor for (executor,) in rows(path, "select id from enplace_executors")}
        assert jobs.executor_id in left
    assert jobs.executor_id not in {
        id_ for (id_,) in rows(path, "select id from enplace_executors")
    }


async def test_a_process_that_was_held_up_takes_nothing_back(path: Path) -> None:
    counting = Counting()
    async with jobs_in(path) as jobs:
        with start_child(path, "ada") as child:
            child.send_signal(signal.SIGSTOP)
            await jobs.start(counting)
            await until(lambda: counting.owners == ["ada"])
            await until(lambda: statuses(path) == ["SUCCESS"])
            child.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.5)
            assert statuses(path) == ["SUCCESS"]
            child.kill()


async def test_what_a_closing_process_cuts_off_is_left_to_the_next(path: Path) -> None:
    begun = asyncio.Event()

    async def endless(_: str) -> None:
        begun.set()
        await asyncio.sleep(3_600)

    async with jobs_in(path) as jobs:
        await jobs.start(endless)
        await jobs.submit("ada")
        await begun.wait()
    assert statuses(path) == ["SUCCESS", "DELAYED"]
    counting = Counting()
    async with jobs_in(path) as jobs:
        await jobs.start(counting)
        await until(lambda: counting.owners == ["ada"])


async def test_a_job_that_began_here_and_does_not_run_is_begun_anew(path: Path) -> None:
    """As when the database fails between the claim and the run."""
    counting = Counting()
    async with jobs_in(path) as jobs:
        await jobs.submit("ada")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "update workflow_status set status = 'PENDING', executor_id = ?",
                (jobs.executor_id,),
            )
            connection.commit()
        await jobs.start(counting)
        await until(lambda: counting.owners == ["ada"])


async def test_jobs_that_settle_are_one(path: Path) -> None:
    counting = Counting()
    async with jobs_in(path, replace(OPTIONS, settle_s=0.5)) as jobs:
        await jobs.start(counting)
        for _ in range(5):
            await jobs.submit("ada")
            await asyncio.sleep(0.05)
        assert counting.owners == []
        await until(lambda: counting.owners == ["ada"])
        await asyncio.sleep(1.0)
        assert counting.owners == ["ada"]


async def test_jobs_that_ended_long_ago_are_deleted(path: Path) -> None:
    counting = Counting()
    async with jobs_in(path, replace(OPTIONS, keep_s=0.5)) as jobs:
        await jobs.start(counting)
        await jobs.submit("ada")
        await until(lambda: statuses(path) == ["SUCCESS"])
        await until(lambda: statuses(path) == [])


async def test_jobs_are_told_of_by_those_who_do_not_work(path: Path) -> None:
    counting = Counting()
    async with jobs_in(path) as telling, jobs_in(path) as working:
        await telling.submit("ada")
        await working.start(counting)
        await telling.submit("bo")
        await until(lambda: sorted(counting.owners) == ["ada", "bo"])
        with pytest.raises(UsageError, match="another DurableJobs"):
            await telling.start(counting)


async def test_a_job_says_no_more_than_whose_it_is(path: Path) -> None:
    async with jobs_in(path) as jobs:
        await jobs.submit("ada")
        ((name, queue, owner),) = rows(
            path, "select name, queue_name, queue_partition_key from workflow_status"
        )
        ((inputs,),) = rows(path, "select inputs from workflow_input")
    assert (name, queue, owner) == (WORKFLOW, QUEUE, "ada")
    assert json.loads(inputs) == {"positionalArgs": ["ada", 0], "namedArgs": {}}


async def test_a_process_that_uses_dbos_for_something_else_is_left_alone(
    path: Path, tmp_path: Path
) -> None:
    DBOS(config={"name": "other", "system_database_url": f"sqlite:///{tmp_path}/other.db"})
    try:
        async with jobs_in(path) as jobs:
            with pytest.raises(ConfigError):
                await jobs.start(Counting())
            await jobs.submit("ada")
    finally:
        DBOS.destroy()


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/none/jobs.db", "postgresql://nobody@127.0.0.1:1/none"]
)
async def test_a_database_that_cannot_be_reached_is_a_store_error(url: str) -> None:
    jobs = DurableJobs(url)
    with pytest.raises(StoreError):
        await jobs.submit("ada")
    await jobs.aclose()
