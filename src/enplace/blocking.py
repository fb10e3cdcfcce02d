"""The engine for programs that do not use asyncio: `with enplace.blocking.open() as engine:`.

Every method of an owner is there under its own name and with its own arguments; what is awaited
there is simply returned here, and what is iterated there is an iterator here. Nothing is written
twice: calls go through a portal to an event loop on a thread of its own.
"""

import concurrent.futures
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractContextManager, ExitStack, aclosing
from queue import SimpleQueue
from typing import Any, Self

from anyio.from_thread import BlockingPortal, start_blocking_portal

from enplace.engine import Engine, OwnerEngine
from enplace.engine.engine import DEFAULT_OWNER
from enplace.wiring import open as open_engine

_END = object()


class BlockingEngine(AbstractContextManager["BlockingEngine"]):
    """An engine on a thread of its own. Use it in a `with` statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    @property
    def engine(self) -> Engine:
        """The engine itself."""
        return self._engine

    def owner(self, name: str = DEFAULT_OWNER) -> "BlockingOwner":
        """The engine as one owner sees it.

        Raises:
            BadInput: Not a usable name.
            RuntimeError: Outside of the `with` statement.
        """
        if self._portal is None:
            raise RuntimeError("use the blocking engine in a with statement")
        return BlockingOwner(self._engine.owner(name), self._portal)

    def __enter__(self) -> Self:
        self._portal = self._stack.enter_context(start_blocking_portal("asyncio"))
        return self

    def __exit__(self, *_: object) -> None:
        if self._portal is not None:
            self._portal.call(self._engine.aclose)
            self._portal = None
        self._stack.close()


class BlockingOwner:
    """An `OwnerEngine` whose methods block; see there for what they are."""

    def __init__(self, owner: OwnerEngine, portal: BlockingPortal) -> None:
        self._owner = owner
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._owner, name)
        if inspect.isasyncgenfunction(method):
            return self._iterating(method)
        return self._awaiting(method) if inspect.iscoroutinefunction(method) else method

    def _awaiting(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            return self._portal.call(lambda: method(*given, **named))

        return call

    def _iterating(self, method: Callable[..., AsyncGenerator[Any, None]]) -> Callable[..., Any]:
        def iterate(*given: Any, **named: Any) -> Generator[Any, None, None]:
            return _blocking(self._portal, method(*given, **named))

        return iterate


def _blocking(
    portal: BlockingPortal, items: AsyncGenerator[Any, None]
) -> Generator[Any, None, None]:
    """Items of an async generator as they come; leaving early closes it."""
    arrived: SimpleQueue[object] = SimpleQueue()

    async def pump() -> None:
        try:
            async with aclosing(items):
                async for item in items:
                    arrived.put(item)
        finally:
            arrived.put(_END)

    pumping: concurrent.futures.Future[None] = portal.start_task_soon(pump)
    try:
        while (item := arrived.get()) is not _END:
            yield item
        pumping.result()
    finally:
        if pumping.cancel():
            while arrived.get() is not _END:
                pass


def open(*given: Any, **named: Any) -> BlockingEngine:
    """A blocking engine; arguments as for `enplace.open`."""
    return BlockingEngine(open_engine(*given, **named))
