"""What images and files cost in tokens, and what can be read in a file. Pure.

Providers change their rules with their models. These are the ones of the models of late 2026, and
where models of one provider differ, the dearer: what is estimated too low overflows, and what is
estimated too high is corrected by the usage that is reported.
"""

import base64
from math import ceil
from typing import Literal

from enplace.records.block import FileBlock, ImageBlock, MediaBlock

MediaRule = Literal["anthropic", "openai", "gemini", "text"]
"""How a provider's models count media; `text` are models that read nothing but text, so that a few
words stand in its place."""

PDF = "application/pdf"

_CHARACTERS_PER_TOKEN = 3.0
"""Of text files, erring upwards; who has a tokenizer counts `file_text` itself."""
_WORDS_TOKENS = 40
"""What is said in place of something that is not shown."""
_BYTES_PER_PAGE = 25_000
"""A guess for a PDF whose pages nobody counted: exported and scanned pages take 20 to 100 kB."""

_TEXT_TYPES = {
    "application/javascript",
    "application/json",
    "application/sql",
    "application/toml",
    "application/x-sh",
    "application/x-yaml",
    "application/xml",
    "application/yaml",
}

_PAGE_TOKENS = {
    # platform.claude.com/docs/en/build-with-claude/pdf-support: 1,500 to 3,000 a page for its text,
    # and the page as an image besides. Measured on Opus 5.5: 1,600 (scan) to 2,480 (dense table);
    # huggingface.co/datasets/JOHNISKING/pdf-token-cost.
    "anthropic": 3_000,
    # developers.openai.com/docs/guides/pdf-files: the extracted text and an image of each page;
    # from GPT-5.6 on the image is of high quality by default (openai-python 2026-08, `input_file`).
    "openai": 3_700,
    # ai.google.dev/gemini-api/docs/media-resolution: 560 a page since Gemini 3, text for nothing;
    # measured 560. Gemini 2.5 counted 258.
    "gemini": 560,
}

_UNKNOWN_IMAGE_TOKENS: dict[MediaRule, int] = {
    "anthropic": 4_784,
    "openai": 3_000,
    "gemini": 1_548,
    "text": _WORDS_TOKENS,
}
"""Where nobody looked how large an image is: the most that one usually costs."""


def media_tokens(block: MediaBlock, rule: MediaRule) -> int:
    """Tokens that an image or a file adds to a request, erring upwards.

    Args:
        block: Unknown sizes and pages are taken to be large.
        rule: Of the model's provider.
    """
    if isinstance(block, FileBlock):
        return _file_tokens(block, rule)
    if block.width <= 0 or block.height <= 0:
        return _UNKNOWN_IMAGE_TOKENS[rule]
    match rule:
        case "anthropic":
            return _anthropic_image(block)
        case "openai":
            return _openai_image(block)
        case "gemini":
            return _gemini_image(block)
        case "text":
            return _WORDS_TOKENS


def file_text(block: FileBlock) -> str | None:
    """What a text file says; None for other files, and where it is no UTF-8."""
    kind = block.media_type.partition(";")[0].strip().lower()
    readable = kind.startswith("text/") or kind.endswith(("+json", "+xml")) or kind in _TEXT_TYPES
    if not readable:
        return None
    try:
        return base64.b64decode(block.data, validate=True).decode()
    except ValueError:
        return None


def _file_tokens(block: FileBlock, rule: MediaRule) -> int:
    text = file_text(block)
    if text is not None:
        return _WORDS_TOKENS + ceil(len(text) / _CHARACTERS_PER_TOKEN)
    if block.media_type != PDF or rule == "text":
        return _WORDS_TOKENS
    pages = block.pages or max(1, ceil(len(block.data) * 3 / 4 / _BYTES_PER_PAGE))
    return pages * _PAGE_TOKENS[rule]


def _anthropic_image(block: ImageBlock) -> int:
    """A token for each patch of 28 pixels, after shrinking to 2,576 pixels and 4,784 tokens.

    Those are the limits from Claude 4.7 on; before they were 1,568 and 1,568. The older rule,
    width x height / 750, gives some 4 % more for large images and less for small ones.

    Source: platform.claude.com/docs/en/build-with-claude/vision; the patches are confirmed by the
    counts in huggingface.co/datasets/JOHNISKING/image-token-cost.
    """
    width, height = _within(block, 2_576)
    return min(ceil(width / 28) * ceil(height / 28), 4_784)


def _openai_image(block: ImageBlock) -> int:
    """The dearer of the two ways of counting an image of high detail, which is how it is sent.

    Patches of 32 pixels, at most 2,500, 1.2 tokens each (GPT-5.4 and later); or 85 tokens and 170
    for each tile of 512 pixels, after shrinking to 2,048 pixels and the shorter side to 768
    (GPT-4o, GPT-5).

    Source: platform.openai.com/docs/guides/images-vision; the factor from the counts in
    huggingface.co/datasets/JOHNISKING/image-token-cost.
    """
    patches = min(ceil(block.width / 32) * ceil(block.height / 32), 2_500)
    width, height = _within(block, 2_048)
    shrink = min(1.0, 768 / min(width, height))
    tiles = ceil(width * shrink / 512) * ceil(height * shrink / 512)
    return max(ceil(patches * 1.2), 85 + 170 * tiles)


def _gemini_image(block: ImageBlock) -> int:
    """The dearer of two: 258 for each tile (Gemini 2.5), or 1,120 (Gemini 3 and later).

    A tile's side is two thirds of the shorter one; a picture of up to 384 pixels is one tile.

    Source: ai.google.dev/gemini-api/docs/image-understanding and /media-resolution.
    """
    if max(block.width, block.height) <= 384:
        return 1_120
    side = max(1, int(min(block.width, block.height) / 1.5))
    return max(258 * ceil(block.width / side) * ceil(block.height / side), 1_120)


def _within(block: ImageBlock, longest: int) -> tuple[float, float]:
    """Width and height after shrinking to a longest side."""
    shrink = min(1.0, longest / max(block.width, block.height))
    return block.width * shrink, block.height * shrink
