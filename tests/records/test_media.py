"""What images and files cost: each provider's rule, by its own published examples."""

import base64
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.records.block import FileBlock, ImageBlock, MediaBlock
from enplace.records.media import PDF, MediaRule, file_text, media_tokens

RULES: tuple[MediaRule, ...] = get_args(MediaRule)


def image(width: int = 0, height: int = 0) -> ImageBlock:
    return ImageBlock(media_type="image/png", data="", width=width, height=height)


def file(content: bytes = b"", media_type: str = PDF, pages: int = 0) -> FileBlock:
    data = base64.b64encode(content).decode()
    return FileBlock(media_type=media_type, data=data, pages=pages)


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        # platform.claude.com/docs/en/build-with-claude/vision
        (200, 200, 64),
        (1_000, 1_000, 1_296),
        (1_920, 1_080, 2_691),
        (3_840, 2_160, 4_784),
        # counted: huggingface.co/datasets/JOHNISKING/image-token-cost, less 77 for its question
        (256, 256, 100),
        (512, 512, 361),
        (768, 768, 784),
        (1_024, 1_024, 1_369),
        (1_280, 720, 1_196),
    ],
)
def test_images_by_the_rule_of_anthropic(width: int, height: int, tokens: int) -> None:
    assert media_tokens(image(width, height), "anthropic") == tokens
    assert media_tokens(image(height, width), "anthropic") == tokens


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        # counted for patches: huggingface.co/datasets/JOHNISKING/image-token-cost
        (768, 768, 765),  # by tiles: 4 of them
        (1_024, 1_024, 1_229),
        (1_280, 720, 1_105),  # counted 1,104 by patches; by tiles it is one more
        (1_920, 1_080, 2_448),
        (3_840, 2_160, 3_000),  # counted 2,931
        (4_032, 3_024, 3_000),  # counted 2,942
        # platform.openai.com/docs/guides/images-vision, for tiles: 2,048 x 4,096 is 1,105
        (512, 512, 308),
        (2_048, 4_096, 3_000),
    ],
)
def test_images_by_the_rule_of_openai(width: int, height: int, tokens: int) -> None:
    assert media_tokens(image(width, height), "openai") == tokens


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        (384, 384, 1_120),
        (960, 540, 1_548),  # ai.google.dev: a tile's side is 360, so 3 x 2 tiles
        (1_024, 1_024, 1_120),  # counted 1,090
        (4_032, 3_024, 1_120),  # counted 1,065
        (4_000, 1_000, 3_612),
    ],
)
def test_images_by_the_rule_of_gemini(width: int, height: int, tokens: int) -> None:
    assert media_tokens(image(width, height), "gemini") == tokens


@pytest.mark.parametrize(
    ("rule", "tokens"), [("anthropic", 4_784), ("openai", 3_000), ("gemini", 1_548), ("text", 40)]
)
def test_an_image_that_nobody_measured_is_taken_to_be_large(rule: MediaRule, tokens: int) -> None:
    assert media_tokens(image(), rule) == tokens
    assert media_tokens(image(width=640), rule) == tokens


@pytest.mark.parametrize(
    ("rule", "one", "ten"),
    [
        ("anthropic", 3_000, 30_000),
        ("openai", 3_700, 37_000),
        ("gemini", 560, 5_600),
        ("text", 40, 40),
    ],
)
def test_a_pdf_costs_by_the_page(rule: MediaRule, one: int, ten: int) -> None:
    assert media_tokens(file(pages=1), rule) == one
    assert media_tokens(file(pages=10), rule) == ten


def test_the_pages_of_a_pdf_that_nobody_counted_are_guessed_by_its_size() -> None:
    assert media_tokens(file(b"x"), "gemini") == 560
    assert media_tokens(file(bytes(99_000)), "gemini") == 4 * 560
    assert media_tokens(file(bytes(101_000)), "gemini") == 5 * 560


@pytest.mark.parametrize("rule", RULES)
def test_a_text_file_costs_what_it_says(rule: MediaRule) -> None:
    assert media_tokens(file(b"x" * 3_000, "text/plain"), rule) == 1_040


@pytest.mark.parametrize("rule", RULES)
def test_a_file_that_nobody_reads_costs_some_words(rule: MediaRule) -> None:
    assert media_tokens(file(bytes(1_000_000), "application/zip"), rule) == 40


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from(RULES))
def test_any_image_costs_something_and_has_a_limit(
    width: int, height: int, rule: MediaRule
) -> None:
    tokens = media_tokens(image(width, height), rule)
    assert tokens >= 1
    assert tokens == media_tokens(image(height, width), rule), "either way up"
    if rule != "gemini":  # whose tiles grow with a long strip
        assert tokens <= media_tokens(image(), rule)


BLOCKS: list[tuple[MediaBlock, str | None]] = [
    (file("Über\n".encode(), "text/markdown"), "Über\n"),
    (file(b"{}", "application/json; charset=utf-8"), "{}"),
    (file(b"<x/>", "APPLICATION/ATOM+XML"), "<x/>"),
    (file(b"", "text/plain"), ""),
    (file(b"\xff", "text/plain"), None),
    (file(b"%PDF"), None),
    (FileBlock(media_type="text/plain", data="***"), None),
    (FileBlock(media_type="text/plain", data="ü"), None),
]


@pytest.mark.parametrize(("block", "text"), BLOCKS)
def test_what_a_file_says(block: FileBlock, text: str | None) -> None:
    assert file_text(block) == text
