"""The embedder in this process with its real weights: fetched once, loaded once, one thread."""

import asyncio
import sys
from array import array
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from enplace.errors import EmbedderError, ModelUnavailable
from enplace.providers.minilm import (
    CARD,
    KEPT_CHARACTERS,
    MOST_TOKENS,
    MiniLMEmbedder,
    is_installed,
)
from enplace.providers.weights import MINILM
from enplace.records.encoding import Encoding
from enplace.records.words import terms


def weights() -> Path:
    return MINILM.find_or_pull(Path.home() / ".enplace")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for the embedder that all tests here share."""
    return "asyncio"


@pytest.fixture(scope="module")
async def embedder(anyio_backend: str) -> AsyncGenerator[MiniLMEmbedder, None]:
    assert anyio_backend == "asyncio"
    embedder = MiniLMEmbedder(weights)
    yield embedder
    await embedder.aclose()


def cosine(one: Encoding, other: Encoding) -> float:
    return sum(a * b for a, b in zip(array("f", one.pooled), array("f", other.pooled), strict=True))


async def one(embedder: MiniLMEmbedder, text: str) -> Encoding:
    (made,) = await embedder.encode([text])
    return made


async def test_what_means_the_same_is_near_without_a_word_in_common(
    embedder: MiniLMEmbedder,
) -> None:
    asked, told, other = await embedder.encode(
        ["Which pets does she have?", "Ada bought a kitten.", "Ada bought a laptop."]
    )
    assert cosine(asked, told) > cosine(asked, other) + 0.1


async def test_words_that_say_nothing_have_no_vectors(embedder: MiniLMEmbedder) -> None:
    made = await one(embedder, "She told me about the harbour, which is in Oslo!")
    assert made.terms == ("harbour", "oslo")


async def test_each_piece_of_a_word_has_its_term(embedder: MiniLMEmbedder) -> None:
    made = await one(embedder, "An unaffable café")
    assert made.terms == (*terms("unaffable") * 3, "cafe")


async def test_where_no_word_says_anything_all_have_vectors(embedder: MiniLMEmbedder) -> None:
    assert (await one(embedder, "Who are you?")).terms == ("who", "ar", "you")
    assert (await one(embedder, "?! 🎉")).terms == ()


async def test_the_vectors_of_a_long_text_are_bounded(embedder: MiniLMEmbedder) -> None:
    vowels, consonants = "aeiou", "bdfgklmnprstvz"
    said = [f"{c}{v}{d}" for c in consonants for v in vowels for d in consonants]
    made = await one(embedder, " ".join(said))
    assert len(made.terms) == MOST_TOKENS
    assert len(made.tokens) == 4 * MOST_TOKENS * embedder.card.token_dimensions


async def test_a_piece_that_comes_again_has_one_vector(embedder: MiniLMEmbedder) -> None:
    made = await one(embedder, "harbour " * 3_000 + "Oslo")
    assert made.terms == ("harbour",)
    made = await one(embedder, "The harbour, the other harbour, and Oslo")
    assert made.terms == ("harbour", "oslo")


async def test_a_query_that_comes_again_is_not_computed_again(embedder: MiniLMEmbedder) -> None:
    assert await one(embedder, "Where is Oslo?") is await one(embedder, "Where is Oslo?")
    long = "Where is Oslo? " * KEPT_CHARACTERS
    assert await one(embedder, long) is not await one(embedder, long)


async def test_a_query_need_not_wait_for_many_texts(embedder: MiniLMEmbedder) -> None:
    many = asyncio.create_task(
        embedder.encode([f"{place} boats leave the harbour" for place in range(2_000)])
    )
    await asyncio.sleep(0.1)
    await one(embedder, "Which query is quicker?")
    assert not many.done()
    many.cancel()
    with pytest.raises(asyncio.CancelledError):
        await many
    await one(embedder, "Which query comes after?")


async def test_an_embedder_that_was_closed_loads_again() -> None:
    embedder = MiniLMEmbedder(weights)
    before = await embedder.encode(["Hello", "there"])
    await embedder.aclose()
    assert await embedder.encode(["Hello", "there"]) == before
    await embedder.aclose()


async def test_embedders_share_what_is_loaded_until_the_last_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "weights.onnx"
    path.symlink_to(weights())
    one, other = MiniLMEmbedder(lambda: path), MiniLMEmbedder(lambda: path)
    made = await one.encode(["Hello", "there"])
    path.unlink()
    assert await other.encode(["Hello", "there"]) == made
    await one.aclose()
    assert await one.encode(["Hello", "there"]) == made
    await one.aclose()
    await other.aclose()
    with pytest.raises(EmbedderError, match=r"weights\.onnx"):
        await one.encode(["Hello", "there"])


async def test_nothing_is_located_before_the_first_call() -> None:
    asked: list[str] = []

    def locate() -> Path:
        asked.append("asked")
        raise ModelUnavailable("no weights here", found="none")

    embedder = MiniLMEmbedder(locate)
    assert embedder.card == CARD
    await embedder.aclose()
    assert asked == []
    with pytest.raises(EmbedderError, match="no weights here") as failed:
        await embedder.encode(["hello"])
    assert (asked, failed.value.details) == (["asked"], {"found": "none"})


@pytest.mark.parametrize("content", [b"", b"no weights", None])
async def test_weights_that_cannot_be_loaded_are_an_error_of_the_embedder(
    tmp_path: Path, content: bytes | None
) -> None:
    broken = tmp_path / "broken.onnx"
    if content is not None:
        broken.write_bytes(content)
    embedder = MiniLMEmbedder(lambda: broken)
    for _ in range(2):  # the second try finds nothing half loaded
        with pytest.raises(EmbedderError, match=r"broken\.onnx"):
            await embedder.encode(["hello"])


@pytest.mark.parametrize("package", ["numpy", "onnxruntime"])
async def test_a_missing_runtime_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    assert is_installed()
    monkeypatch.setitem(sys.modules, package, None)  # as if it could not be imported
    with pytest.raises(EmbedderError, match=r"enplace\[recall\]"):
        await MiniLMEmbedder(weights).encode(["hello"])
