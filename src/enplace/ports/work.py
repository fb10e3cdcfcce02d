"""Work beside the turns, and files that are read."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from enplace.records.reading import Listing, Reading, SourceFile


class Library(Protocol):
    """Reads the owner's own files, so that they can be kept as documents."""

    async def list(self, place: str, *, patterns: Sequence[str] = (), prefix: str = "") -> Listing:
        """What lies in a folder and below it, or a file alone. Reads no content.

        Args:
            place: A path.
            patterns: Only what matches one of these, such as `*.md` or `guide/**`, and nothing that
                matches one behind a `!`; without any whatever can be read.
            prefix: Begins the names instead of the folder's own name.

        Raises:
            BadInput: There is no such place.
        """
        ...

    async def fingerprint(self, file: SourceFile) -> str:
        """Names a file's bytes and the way they are read: the same again is the same text.

        Raises:
            UnreadableFile: It cannot be opened, or is larger than may be read.
        """
        ...

    async def read(self, file: SourceFile) -> Reading:
        """The text of a file.

        Raises:
            UnreadableFile: It gives none: binary, damaged, too large, too slow.
            ConfigError: What reads such files is not installed; the message says how to install it.
        """
        ...

    async def missing(self, paths: Sequence[str]) -> Sequence[str]:
        """Of these paths those where there is no file any more; not those that may not be seen."""
        ...

    def changes(self, places: Sequence[str]) -> AsyncGenerator[None, None]:
        """Tell that watching has begun, then each time something has changed and is quiet again.

        Raises:
            BadInput: There is no such place.
            ConfigError: What watches is not installed.
        """
        ...

    async def aclose(self) -> None:
        """Stop the processes that read."""
        ...


Work: TypeAlias = Callable[[str], Awaitable[object]]
"""Does what an owner has due."""


class Jobs(Protocol):
    """Has work done beside the turns.

    What is to be done is always found anew in the owner's brain, and is never kept here: a job says
    no more than that there is something. So a run too many does no harm, and what is lost with a
    process is asked for again by whoever opens the brain next.
    """

    async def submit(self, owner: str) -> None:
        """Say that an owner has work due. It is done once `start` was called, here or elsewhere.

        Whatever was committed before is seen by a run that begins later. All that is said before
        that run begins is one job. After `aclose` it does nothing.

        Raises:
            StoreError: It could not be kept.
        """
        ...

    async def start(self, work: Work) -> None:
        """Begin to do work: one run for an owner at a time, owners side by side.

        A run that fails is logged and tried again, each time after a longer pause.

        Args:
            work: Runs in the event loop of the caller; cancelled by `aclose`.

        Raises:
            UsageError: It was started before.
            StoreError: Jobs cannot be read.
        """
        ...

    async def aclose(self) -> None:
        """Stop. Runs are cancelled and wait for their end; jobs that last are left to others."""
        ...
