"""The queue of durable jobs: workflows of DBOS."""

import logging
import secrets
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from dbos import DBOS, DBOSClient, EnqueueOptions, WorkflowSerializationFormat, error
from sqlalchemy.exc import SQLAlchemyError

from enplace.errors import StoreError
from enplace.jobs.executors import Executors, url_of

_log = logging.getLogger("enplace.jobs")

APPLICATION = "enplace"
PROTOCOL = "1"
"""The application version of all jobs, whatever release wrote them: one that did not match would
never be run, and would hold its partition for ever."""
QUEUE = "enplace_owners"
WORKFLOW = "enplace_owner"
WAITING = ("ENQUEUED", "DELAYED")
FINISHED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
PAGE = 500


class JobQueue:
    """Jobs in the database, one partition per owner. Blocks."""

    def __init__(self, url: str) -> None:
        _keep_quiet()
        made = url_of(url)
        self.url = made.render_as_string(hide_password=False)
        DBOS.migrate(self.url)
        self.executors = Executors(made)
        self._client = DBOSClient(
            system_database_url=self.url,
            application_name=APPLICATION,
            retry_connection_errors=False,
        )

    def make(self, *, at_once: int, poll_s: float) -> None:
        """Make the queue, or give it these options: those of who started last hold for all."""
        self._client.register_queue(
            QUEUE,
            partition_concurrency=1,
            worker_concurrency=at_once,
            polling_interval_sec=poll_s,
        )

    def waits(self, owner: str, statuses: Sequence[str]) -> bool:
        """Whether an owner has a job that did not begin yet."""
        found = self._client.list_workflows(
            workflow_id_prefix=_prefix(owner),
            status=list(statuses),
            limit=1,
            load_input=False,
            load_output=False,
        )
        return bool(found)

    def enqueue(self, owner: str, failures: int, delay_s: float) -> None:
        """Add a job. Ids sort by time: of equal moments DBOS takes the smaller one first."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "queue_partition_key": owner,
            "workflow_id": f"{_prefix(owner)}{time.time_ns():020d}-{secrets.token_hex(4)}",
            "app_version": PROTOCOL,
            "serialization_type": WorkflowSerializationFormat.PORTABLE,
        }
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        self._client.enqueue(options, owner, failures)

    def begun(self) -> list[tuple[str, str]]:
        """Jobs that began and did not end, each with its executor."""
        found = self._client.list_workflows(
            name=WORKFLOW, status="PENDING", load_input=False, load_output=False
        )
        return [(each.workflow_id, each.executor_id or "") for each in found]

    def bring_back(self, workflow_id: str, executor: str) -> None:
        """Put a job of an executor that died back into its queue; nothing where it has another."""
        jobs = self._client._sys_db  # pyright: ignore[reportPrivateUsage]
        if jobs.reenqueue_for_recovery(workflow_id, [executor], QUEUE):
            _log.warning(
                "job %s brought back from %s", workflow_id, executor, extra={"action": "bring back"}
            )

    def sweep(self, keep_s: float) -> None:
        """Delete jobs that ended long ago."""
        before = (datetime.now(UTC) - timedelta(seconds=keep_s)).isoformat()
        while True:
            old = self._client.list_workflows(
                name=WORKFLOW,
                status=list(FINISHED),
                completed_before=before,
                limit=PAGE,
                load_input=False,
                load_output=False,
            )
            if old:
                self._client.delete_workflows([each.workflow_id for each in old])
            if len(old) < PAGE:
                return

    def close(self) -> None:
        """Close all connections."""
        self._client.destroy()
        self.executors.close()


def _keep_quiet() -> None:
    """DBOS makes itself a handler that writes to the console, unless there is one."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _prefix(owner: str) -> str:
    return f"{sha256(owner.encode()).hexdigest()[:24]}-"


@contextmanager
def mapped() -> Generator[None, None, None]:
    """Every error of the database as one of ours."""
    try:
        yield
    except (error.DBOSException, SQLAlchemyError, OSError) as cause:
        raise StoreError(f"jobs cannot be kept: {cause}") from cause
