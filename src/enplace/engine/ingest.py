"""Files kept as documents, one after the other, so that stopping anywhere keeps what was done."""

from collections.abc import AsyncGenerator, Mapping, MutableMapping, Sequence
from pathlib import PurePath
from typing import NamedTuple, Protocol

from enplace.errors import BadInput, ConfigError, UnreadableFile
from enplace.ports import Library
from enplace.records.memory import Document
from enplace.records.reading import FileOutcome, FileTold, Listing, Reading, SourceFile
from enplace.records.write import Written


class Keeper(Protocol):
    """Writes documents."""

    async def keep_file(
        self, file: SourceFile, reading: Reading, before: Document | None, tags: Sequence[str]
    ) -> Written:
        """Keep what a file says in the place of what it said before."""
        ...

    async def forget(self, document: Document) -> Written:
        """Take a document out of what can be found."""
        ...


class _Became(NamedTuple):
    """What became of a file."""

    outcome: FileOutcome
    reason: str = ""
    document: Document | None = None


class Ingest:
    """One walk over the files of a place.

    Args:
        keeper: Writes documents.
        library: Reads files.
        known: All current documents.
        hopeless: Files that failed in this process: their fingerprints and why. They are not tried
            again until they change.
    """

    def __init__(
        self,
        keeper: Keeper,
        library: Library,
        known: Sequence[Document],
        *,
        hopeless: MutableMapping[str, tuple[str, str]],
    ) -> None:
        self._keeper = keeper
        self._library = library
        self._known: Mapping[str, Document] = {document.name: document for document in known}
        self._hopeless = hopeless

    async def run(self, listing: Listing, tags: Sequence[str]) -> AsyncGenerator[FileTold, None]:
        """Keep every file that is new or changed, and remove what has vanished.

        Raises:
            BadInput: The place is empty, and there are documents from it.
        """
        here = [d for d in self._known.values() if _is_below(d.origin, listing.root)]
        if here and not listing.files and not listing.passed_over:
            raise BadInput(
                f"{listing.root} holds no file any more; its {len(here)} documents stay until they"
                " are removed by name",
                place=listing.root,
            )
        gone = set(await self._library.missing([document.origin for document in here]))
        vanished = [document for document in here if document.origin in gone]
        done, of = 0, len(listing.files) + len(vanished)
        for name, why in listing.passed_over:
            yield FileTold(name=name, outcome="passed over", done=0, of=of, reason=why)
        for file in listing.files:
            became, done = await self._keep(file, tags), done + 1
            yield _told(file.name, became, done, of)
        for document in vanished:
            await self._keeper.forget(document)
            done += 1
            yield _told(document.name, _Became("removed", document=document), done, of)

    async def _keep(self, file: SourceFile, tags: Sequence[str]) -> _Became:
        before = self._known.get(file.name)
        fingerprint = ""
        try:
            if before is not None and before.origin not in {"", file.path}:
                await self._require_free(before)
            fingerprint = await self._library.fingerprint(file)
            if before is not None and (before.fingerprint, before.origin) == (
                fingerprint,
                file.path,
            ):
                return _Became("unchanged", document=before)
            if self._hopeless.get(file.path, ("", ""))[0] == fingerprint:
                return _Became("failed", self._hopeless[file.path][1])
            reading = await self._library.read(file)
            written = await self._keeper.keep_file(file, reading, before, tags)
        except (UnreadableFile, ConfigError, BadInput) as error:
            if fingerprint:
                self._hopeless[file.path] = (fingerprint, error.message)
            return _Became("failed", error.message)
        self._hopeless.pop(file.path, None)
        kept = written.memory
        assert isinstance(kept, Document)  # it was kept as one
        return _Became("superseded" if before else "added", reading.remark, kept)

    async def _require_free(self, before: Document) -> None:
        """A name is free when the file that has it is gone.

        Raises:
            BadInput: It is there: two folders of the same name need a prefix.
        """
        if not await self._library.missing([before.origin]):
            raise BadInput(f"{before.origin} goes by this name already; choose a prefix")


def _told(name: str, became: _Became, done: int, of: int) -> FileTold:
    document = became.document
    wrote = document is not None and became.outcome in {"added", "superseded"}
    return FileTold(
        name=name,
        outcome=became.outcome,
        done=done,
        of=of,
        chunks=len(document.chunks) if document is not None and wrote else 0,
        reason=became.reason,
        document=document.id if document is not None else "",
    )


def _is_below(path: str, root: str) -> bool:
    return bool(path) and (path == root or PurePath(root) in PurePath(path).parents)
