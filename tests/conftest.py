"""What every test gets: one event loop, a clock that stands, and the prefix law."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from enplace.records.context import Context
from enplace.wire.envelope import to_envelope
from enplace.wire.openai_chat import to_openai, wire_blocks


@pytest.fixture
def anyio_backend() -> str:
    """The core runs on asyncio."""
    return "asyncio"


class StandingClock:
    """A clock that moves when it is told to. Implements `ports.Clock`."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def move(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


class RequestLog(logging.Handler):
    """Every context that was sent to any model, in order, by task."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.requests: dict[str, list[Context]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        context = getattr(record, "request_context", None)
        if isinstance(context, Context):
            self.requests.setdefault(context.task_id, []).append(context)


@pytest.fixture(autouse=True)
def prefix_law() -> Iterator[RequestLog]:
    """The prefix law over every request of the suite, as each codec writes it.

    Within an epoch of a task the wire blocks of a request are the beginning of the next one's.
    """
    log = RequestLog()
    logger = logging.getLogger("enplace.invoke")
    before = logger.level
    logger.addHandler(log)
    logger.setLevel(logging.DEBUG)
    yield log
    logger.removeHandler(log)
    logger.setLevel(before)
    for task_id, contexts in log.requests.items():
        for earlier, later in zip(contexts, contexts[1:], strict=False):
            if later.epoch != earlier.epoch:
                continue  # an epoch was logged between them and says why
            for encode in (to_openai, to_envelope):
                first, then = wire_blocks(encode(earlier)), wire_blocks(encode(later))
                assert then[: len(first)] == first, f"task {task_id}: a prefix moved"
