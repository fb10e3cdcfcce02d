"""Images and files as codecs write them: inline, as text, or in a few words."""

from collections.abc import Collection
from dataclasses import replace

from enplace.records.block import FileBlock, ImageBlock, MediaBlock, TextBlock
from enplace.records.canonical import canonical
from enplace.records.context import Context, ContextBlock
from enplace.records.media import PDF, file_text

IMAGES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
"""What OpenAI and Anthropic take."""

NO_MEDIA = "this model reads text only"
NO_SUCH_TYPE = "this model does not read the type"


def data_url(block: MediaBlock) -> str:
    """The data with its type, as OpenAI takes it."""
    return f"data:{block.media_type};base64,{block.data}"


def shown_as_text(block: MediaBlock, images: Collection[str] = IMAGES) -> str | None:
    """What stands in a message instead of an image or file; None for what is sent as it is.

    A text file is written out. What the provider would refuse is named in words, since it would
    refuse every later request of the task as well.

    Args:
        block: As it stands in the context.
        images: Types that the provider takes.
    """
    if isinstance(block, ImageBlock):
        return None if block.media_type in images else in_words(block, NO_SUCH_TYPE)
    text = file_text(block)
    if text is not None:
        return f"{_title(block)}:\n\n{text}"
    return None if block.media_type == PDF else in_words(block, NO_SUCH_TYPE)


def in_words(block: MediaBlock, why: str) -> str:
    """What is not shown, and why; one line."""
    if isinstance(block, FileBlock):
        pages = f", {block.pages} pages," if block.pages else ""
        return f"[{_title(block)}{pages} not shown: {why}]"
    size = f" {block.width}x{block.height}" if block.width and block.height else ""
    return f"[image {block.media_type}{size} not shown: {why}]"


def as_text_only(context: Context) -> Context:
    """The same context for a model that reads nothing but text."""
    return replace(
        context,
        messages=tuple(
            replace(message, blocks=tuple(_as_text(block) for block in message.blocks))
            for message in context.messages
        ),
    )


def _as_text(standing: ContextBlock) -> ContextBlock:
    block = standing.block
    if not isinstance(block, ImageBlock | FileBlock):
        return standing
    written_out = isinstance(block, FileBlock) and file_text(block) is not None
    text = shown_as_text(block) if written_out else None
    return replace(standing, block=TextBlock(text=text or in_words(block, NO_MEDIA)))


def _title(block: FileBlock) -> str:
    name = f" {canonical(block.name)}" if block.name else ""
    return f"file{name} {block.media_type}"
