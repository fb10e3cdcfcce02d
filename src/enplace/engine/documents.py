"""Texts of an owner's own, kept whole and found by their pieces."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import get_args

from enplace.engine.acceptance import accept_name, accept_tags, accept_text
from enplace.engine.encoding import Encoder
from enplace.engine.ingest import Ingest
from enplace.engine.writing import Writer, new_id
from enplace.errors import BadInput, ConfigError, MemoryNotFound
from enplace.ports import Library
from enplace.records.memory import Chunk, Document, Media
from enplace.records.reading import (
    EncodingTold,
    FileTold,
    Passage,
    Reading,
    SourceFile,
    lines_between,
    passage_of,
)
from enplace.records.standing import standing_of
from enplace.records.write import Forget, Written
from enplace.upload.chunks import split

MOST_CHARACTERS = 5_000_000
"""Of a document."""
NO_LIMIT = 1 << 62
_CITED = re.compile(r"(.+?):(\d+)(?:-(\d+))?(?: \(.*\))?")
_ENCODING_POLL_S = 0.2


class Documents:
    """Documents of one owner."""

    def __init__(self, writer: Writer, library: Library | None, encoder: Encoder) -> None:
        self._writer = writer
        self._library = library
        self._encoder = encoder
        self._hopeless: dict[str, tuple[str, str]] = {}

    async def add(
        self,
        name: str,
        text: str,
        *,
        media: Media = "text/markdown",
        tags: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Written:
        """Keep a text. One of the same name takes the place of the one before.

        Args:
            name: Where it comes from: a path, an address, a title. Citations show it.
            text: At most 5,000,000 characters.
            media: How it is written, which tells where it may be cut.
            tags: For filters.
            idempotency_key: The same again answers the same and writes nothing.

        Raises:
            BadInput: A value is not acceptable.
            IdempotencyConflict: The key was used for another write.
        """
        document = await self._made(name, text, media, tags)
        before = await self.named(name)
        same = before is not None and (before.text, before.media) == (document.text, media)
        if before is not None and same and idempotency_key is None:
            return Written(outcome="duplicate", memory=before, write=0)
        document = replace(document, supersedes=before.id if before is not None else None)
        return await self._writer.keep(document, key=idempotency_key)

    async def named(self, name: str) -> Document | None:
        """The current document of a name."""
        found = await (await self._writer.brain()).memory.named("document", name)
        return found if isinstance(found, Document) else None

    async def all(self) -> Sequence[Document]:
        """All current documents, in the order they were added."""
        found = await (await self._writer.brain()).memory.all("document", limit=NO_LIMIT)
        return [document for document in found if isinstance(document, Document)]

    async def remove(self, name: str) -> Written:
        """Take a document out of what can be found, with all its pieces and their vectors.

        Its text stays in the brain, so that this can be undone; `erasure` takes it out for good. A
        file that is still there is found again by the next `ingest` of its folder.

        Raises:
            MemoryNotFound: No document of this name is current.
        """
        document = await self.named(name)
        if document is None:
            raise MemoryNotFound(f"there is no document {name!r}", name=name)
        return await self.forget(document)

    # Files

    async def ingest(
        self,
        place: str,
        *,
        patterns: Sequence[str] = (),
        prefix: str = "",
        tags: Sequence[str] = (),
    ) -> AsyncGenerator[FileTold, None]:
        """Keep the files of a folder as documents, and tell what became of each.

        Files that have not changed since cost one look at their bytes. One that changed takes the
        place of what it was; one that has vanished is removed; one that cannot be read is told with
        the reason, and the rest goes on. Every file is a transaction of its own: closing the
        generator keeps what was done, and asking again goes on from there.

        Args:
            place: A folder or a file.
            patterns: Only what matches one of these: `*.md`, `guide/**`; nothing that matches one
                behind a `!`: `!draft*`. Default: all that can be read.
            prefix: Begins the names instead of the folder's name.
            tags: For filters; of those that are written now.

        Raises:
            BadInput: There is no such place, or it is empty and was not: nothing is removed then.
            ConfigError: The engine has no library.
        """
        accept_tags(tags)
        if prefix:
            accept_name(prefix, "prefix")
        library = self._reads()
        ingest = Ingest(self, library, await self.all(), hopeless=self._hopeless)
        try:
            listing = await library.list(place, patterns=patterns, prefix=prefix)
            async with aclosing(ingest.run(listing, tags)) as told:
                async for each in told:
                    yield each
        finally:
            await library.aclose()

    async def watch(
        self, places: Sequence[str], *, patterns: Sequence[str] = (), tags: Sequence[str] = ()
    ) -> AsyncGenerator[FileTold, None]:
        """Keep folders as `ingest` does, now and whenever something changes in them. Never ends.

        What did not change is not told.

        Raises:
            BadInput: There is no such place.
            ConfigError: What watches is not installed.
        """
        async with aclosing(self._reads().changes(places)) as changes:
            async for _ in changes:
                for place in places:
                    async with aclosing(self.ingest(place, patterns=patterns, tags=tags)) as told:
                        async for each in told:
                            if each.outcome != "unchanged":
                                yield each

    async def encoded(self) -> AsyncGenerator[EncodingTold, None]:
        """Tell how far the vectors are until all are made; pieces are found by words before that.

        Closing the generator stops nothing.
        """
        brain = await self._writer.brain()
        of = await self._encoder.waiting(brain)
        self._encoder.nudge(brain)
        while self._encoder.is_busy:
            await self._encoder.settled(at_most_s=_ENCODING_POLL_S)
            left = await self._encoder.waiting(brain)
            of = max(of, left)
            yield EncodingTold(done=of - left, of=of, trouble=self._encoder.trouble)

    # Citations

    async def resolve(self, citation: str) -> Passage:
        """What a citation stands for.

        Args:
            citation: `guide/setup.md:12-30`, with or without the headings that a recollection shows
                behind it; or the id of a piece (`chunk:DOCUMENT:SPOT`) or a document, which also
                finds what was superseded since.

        Raises:
            MemoryNotFound: There is no such document, or it has no such lines.
            BadInput: It is no citation.
        """
        found = _CITED.fullmatch(citation.strip())
        document = await self.named(found[1]) if found else None
        if found is None or document is None:
            return await self._piece(citation.strip())
        first, last = int(found[2]), int(found[3] or found[2])
        passage = passage_of(document, first, last)
        if passage is None:
            raise MemoryNotFound(f"{found[1]!r} has no lines {first}-{last}", name=found[1])
        return passage

    async def _piece(self, id_: str) -> Passage:
        name, _, spot = id_.removeprefix("chunk:").rpartition(":")
        of_piece = id_.startswith("chunk:") and spot.isdecimal()
        name = name if of_piece else id_
        document = (await (await self._writer.brain()).memory.get([name])).get(name)
        if not isinstance(document, Document) or document.state == "forgotten":
            raise MemoryNotFound(f"nothing is kept that {id_!r} stands for", id=id_)
        start, end = 0, len(document.text)
        if of_piece:
            if not 0 < int(spot) <= len(document.chunks):
                raise MemoryNotFound(f"{name} has no piece {spot}", id=id_)
            chunk = document.chunks[int(spot) - 1]
            start, end = chunk.start, chunk.end
        passage = passage_of(document, *lines_between(document.text, start, end))
        assert passage is not None  # the lines were counted just now
        return passage

    # Behind them; `Ingest` uses these

    async def keep_file(
        self, file: SourceFile, reading: Reading, before: Document | None, tags: Sequence[str]
    ) -> Written:
        """Keep what a file says in the place of what it said before."""
        document = await self._made(file.name, reading.text, reading.media, tags)
        document = replace(
            document,
            origin=file.path,
            fingerprint=reading.fingerprint,
            supersedes=before.id if before is not None else None,
        )
        return await self._writer.keep(document, key=None)

    async def forget(self, document: Document) -> Written:
        """Take a document out of what can be found."""
        gone = replace(document, state="forgotten")
        return await self._writer.change(
            Forget(target=document.id), "forgotten", gone, [standing_of(gone, "forgotten")]
        )

    async def _made(self, name: str, text: str, media: Media, tags: Sequence[str]) -> Document:
        accept_name(name, "name")
        accept_text(text, "text", most=MOST_CHARACTERS)
        if media not in get_args(Media):
            raise BadInput(f"media is one of {', '.join(get_args(Media))}", media=media)
        name, text = self._writer.redactor.texts((name, text))
        pieces = await asyncio.to_thread(split, text, media)  # of a long text it takes seconds
        return Document(
            id=new_id("d"),
            name=name,
            text=text,
            recorded_at=self._writer.clock.now(),
            media=media,
            chunks=tuple(
                Chunk(text=piece.text, start=piece.start, end=piece.end, heading=piece.heading)
                for piece in pieces
            ),
            tags=accept_tags(tags),
        )

    def _reads(self) -> Library:
        if self._library is None:
            raise ConfigError("this engine has no library that reads files")
        return self._library
