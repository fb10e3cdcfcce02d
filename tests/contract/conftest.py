"""Every store, for the suites that are asked of all of them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from enplace.ports import Brain, Brains
from enplace.stores.inmemory import InMemoryBrains
from enplace.stores.sqlite.brain import SqliteBrains


def in_files(folder: Path) -> Brains:
    return SqliteBrains(folder)


def in_memory(_: Path) -> Brains:
    return InMemoryBrains()


@pytest.fixture(params=[in_files, in_memory])
async def brains(
    request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[Brains]:
    assert anyio_backend == "asyncio"
    make: Callable[[Path], Brains] = request.param
    opened = make(tmp_path)
    yield opened
    await opened.aclose()


@pytest.fixture
async def brain(brains: Brains) -> Brain:
    return await brains.open("ada")
