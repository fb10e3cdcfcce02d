"""Texts of an owner's own, kept whole and found by their pieces."""

from collections.abc import Sequence
from typing import Literal, get_args

from enplace.engine.acceptance import accept_name, accept_tags, accept_text
from enplace.engine.writing import Writer, new_id
from enplace.errors import BadInput
from enplace.records.memory import Chunk, Document
from enplace.records.write import Written
from enplace.upload.chunks import split

MOST_CHARACTERS = 5_000_000
"""Of a document."""
Media = Literal["text/plain", "text/markdown"]


class Documents:
    """Documents of one owner."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

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
            media: text/plain or text/markdown.
            tags: For filters.
            idempotency_key: The same again answers the same and writes nothing.

        Raises:
            BadInput: A value is not acceptable.
            IdempotencyConflict: The key was used for another write.
        """
        accept_name(name, "name")
        accept_text(text, "text", most=MOST_CHARACTERS)
        name, text = self._writer.redactor.texts((name, text))
        if media not in get_args(Media):
            raise BadInput("media is text/plain or text/markdown", media=media)
        before = await self.named(name)
        if before is not None and before.text == text and idempotency_key is None:
            return Written(outcome="duplicate", memory=before, write=0)
        chunks = tuple(
            Chunk(text=piece.text, start=piece.start, end=piece.end, heading=piece.heading)
            for piece in split(text, media)
        )
        document = Document(
            id=new_id("d"),
            name=name,
            text=text,
            recorded_at=self._writer.clock.now(),
            media=media,
            chunks=chunks,
            supersedes=before.id if before is not None else None,
            tags=accept_tags(tags),
        )
        return await self._writer.keep(document, key=idempotency_key)

    async def named(self, name: str) -> Document | None:
        """The current document of a name."""
        found = await (await self._writer.brain()).memory.named("document", name)
        return found if isinstance(found, Document) else None

    async def all(self) -> Sequence[Document]:
        """All current documents, in the order they were added."""
        found = await (await self._writer.brain()).memory.all("document", limit=-1)
        return [document for document in found if isinstance(document, Document)]
