"""What every test gets: one event loop, a clock that stands, and the prefix law."""

import asyncio
import logging
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import settings

from enplace.config import Settings
from enplace.providers.minilm import MiniLMEmbedder
from enplace.providers.weights import MINILM
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.event import Place
from enplace.wire import anthropic_messages, gemini, openai_chat, openai_responses
from enplace.wire.anthropic_messages import to_anthropic
from enplace.wire.envelope import to_envelope
from enplace.wire.gemini import to_gemini
from enplace.wire.openai_chat import to_openai
from enplace.wire.openai_responses import to_openai_responses

# No deadlines: how long an example takes says more about the machine than about the code.
settings.register_profile("check", max_examples=30, deadline=None)
settings.register_profile("full", max_examples=2_000, deadline=None)  # for `enplace-bench prove`
settings.load_profile("check")


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


@pytest.fixture(scope="session")
def loaded_weights() -> Iterator[None]:
    """The weights of the default embedder, loaded once for all tests that ask for them.

    Embedders share them as long as one holds them, and many tests make an engine of their own.
    """
    embedder = MiniLMEmbedder(lambda: MINILM.find_or_pull(Settings.from_env({}).home))
    asyncio.run(embedder.encode(["Hello"]))
    yield
    asyncio.run(embedder.aclose())


class RequestLog(logging.Handler):
    """Every context that was sent to any model, in order, by epoch and branch."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.branches: dict[tuple[Place, int], list[Context]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        context = getattr(record, "request_context", None)
        if isinstance(context, Context):
            assert context.epoch.place is not None, "an epoch that is not in the log"
            key = (context.epoch.place, context.branch)
            self.branches.setdefault(key, []).append(context)


CODECS: tuple[tuple[Callable[[Context], JsonObject], Callable[[JsonObject], list[str]]], ...] = (
    (to_openai, openai_chat.wire_blocks),
    (to_envelope, openai_chat.wire_blocks),
    (to_openai_responses, openai_responses.wire_blocks),
    (to_anthropic, anthropic_messages.wire_blocks),
    (to_gemini, gemini.wire_blocks),
)
"""Every codec, and how its requests fall into blocks."""


@pytest.fixture(autouse=True)
def prefix_law() -> Iterator[RequestLog]:
    """The prefix law over every request of the suite, as each codec writes it.

    Within an epoch and branch the wire blocks of a request are the beginning of the next one's.
    Epochs and branches are events of the log, so wherever a prefix moves the log says why.
    """
    log = RequestLog()
    logger = logging.getLogger("enplace.invoke")
    before = logger.level
    logger.addHandler(log)
    logger.setLevel(logging.DEBUG)
    yield log
    logger.removeHandler(log)
    logger.setLevel(before)
    for contexts in log.branches.values():
        for encode, blocks_of in CODECS:
            requests = [blocks_of(encode(context)) for context in contexts]
            for earlier, later in pairwise(requests):
                assert later[: len(earlier)] == earlier, f"a prefix moved in {contexts[0].task_id}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test logged may be no text at all; processes tell each other only text."""
    report = yield
    report.sections = [
        (name, said.encode("utf-8", "backslashreplace").decode()) for name, said in report.sections
    ]
    return report
