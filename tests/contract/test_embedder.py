"""The port of embedders, asked of every one of them."""

import asyncio
import math
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.endpoint import endpoint

from enplace.ports import Embedder
from enplace.providers.minilm import MiniLMEmbedder
from enplace.providers.openai_embeddings import OpenAIEmbedder
from enplace.providers.scripted_embedder import ScriptedEmbedder
from enplace.providers.weights import MINILM
from enplace.records.encoding import Encoding
from enplace.records.words import terms


def answer(body: Mapping[str, Any]) -> tuple[int, object]:
    """Vectors of 60 dimensions, which is no multiple of 8, and of any length."""
    encodings = asyncio.run(ScriptedEmbedder().encode(body["input"]))
    vectors = [[7 * component for component in vector_of(made)[:60]] for made in encodings]
    data = [{"index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    return 200, {"object": "list", "data": data[::-1]}


@asynccontextmanager
async def over_http() -> AsyncGenerator[Embedder, None]:
    with endpoint(answer) as there:
        embedder = OpenAIEmbedder("some-model", base_url=f"{there.url}/v1", dimensions=60)
        yield embedder
        await embedder.aclose()


@asynccontextmanager
async def scripted() -> AsyncGenerator[Embedder, None]:
    yield ScriptedEmbedder()


@asynccontextmanager
async def minilm() -> AsyncGenerator[Embedder, None]:
    embedder = MiniLMEmbedder(lambda: MINILM.find_or_pull(Path.home() / ".enplace"))
    yield embedder
    await embedder.aclose()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for the embedder that the tests here share."""
    return "asyncio"


@pytest.fixture(scope="module", params=[over_http, scripted, minilm])
async def embedder(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Embedder]:
    assert anyio_backend == "asyncio"
    make: Callable[[], AbstractAsyncContextManager[Embedder]] = request.param
    async with make() as made:
        yield made


ODD = [
    "",
    " \n\t ",
    "?!… —",
    "\x00\x01\ufffd",
    "\ud800",
    "a lone \udfff surrogate",
    "🎉👩‍👩‍👧‍👦🇳🇴",
    "who are you and what is it",
    "猫が好き 안녕하세요 สวัสดี नमस्ते",
    "e\u0301" * 300,
    "x" * 5_000,
    "[CLS] [SEP] [MASK] [PAD]",
    "https://example.org/a?b=c#d user_id O'Brien C++ 3.5 +47 22 22 22 22",
]
TEXTS = [
    "Ada's parrot is called Hopper.",
    "The build breaks on Windows.",
    "ok",
    "We met in Oslo in May, and she told me about the long trip to the north. " * 9,
]


def vector_of(made: Encoding) -> list[float]:
    return list(array("f", made.pooled))


def tokens_of(made: Encoding, dimensions: int) -> list[list[float]]:
    flat = array("f", made.tokens)
    return [list(flat[start : start + dimensions]) for start in range(0, len(flat), dimensions)]


def require_whole(made: Encoding, embedder: Embedder) -> None:
    """It has the shape that the card says, and every vector is of unit length."""
    card = embedder.card
    vectors = [vector_of(made)]
    assert len(vectors[0]) == card.pooled_dimensions
    if card.token_dimensions:
        told = tokens_of(made, card.token_dimensions)
        assert len(made.tokens) == 4 * card.token_dimensions * len(made.terms)
        vectors += told
    else:
        assert (made.tokens, made.terms) == (b"", ())
    for vector in vectors:
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-5)


def require_equal(made: Encoding, other: Encoding) -> None:
    """The same but for rounding, which may differ with what else was computed together."""
    assert made.terms == other.terms
    assert list(array("f", made.pooled)) == pytest.approx(list(array("f", other.pooled)), abs=1e-4)
    assert list(array("f", made.tokens)) == pytest.approx(list(array("f", other.tokens)), abs=1e-4)


def test_a_card_says_what_it_is(embedder: Embedder) -> None:
    card = embedder.card
    assert card.name
    assert card.pooled_dimensions > 0
    assert card.pooled_dimensions % 8 == card.token_dimensions % 8 == 0


async def test_no_texts_have_no_encodings(embedder: Embedder) -> None:
    assert list(await embedder.encode([])) == []


@pytest.mark.parametrize("text", ODD)
async def test_odd_texts_have_encodings(embedder: Embedder, text: str) -> None:
    (made,) = await embedder.encode([text])
    require_whole(made, embedder)


@given(st.text(st.characters(categories=None), max_size=60))
@settings(max_examples=50)
async def test_any_text_has_an_encoding(embedder: Embedder, text: str) -> None:
    (made,) = await embedder.encode([text])
    require_whole(made, embedder)


async def test_many_texts_are_encoded_as_each_alone(embedder: Embedder) -> None:
    texts = [*TEXTS, *ODD, *(f"number {place} of many" for place in range(40)), *TEXTS]
    together = await embedder.encode(texts)
    assert len(together) == len(texts)
    for text, made in zip(texts, together, strict=True):
        require_equal(made, (await embedder.encode([text]))[0])


async def test_the_same_text_has_the_same_encoding(embedder: Embedder) -> None:
    assert await embedder.encode(TEXTS) == await embedder.encode(TEXTS)
    assert await embedder.encode(TEXTS[:1]) == await embedder.encode(TEXTS[:1])


async def test_calls_at_the_same_time_do_not_mix(embedder: Embedder) -> None:
    calls = [TEXTS, TEXTS[::-1], TEXTS[:1], ODD, TEXTS[1:2]]
    made = await asyncio.gather(*(embedder.encode(texts) for texts in calls))
    for texts, encodings in zip(calls, made, strict=True):
        for one, other in zip(encodings, await embedder.encode(texts), strict=True):
            require_equal(one, other)


async def test_a_long_text_is_cut_to_what_the_model_takes(embedder: Embedder) -> None:
    (made,) = await embedder.encode(["The tide comes in twice a day. " * 3_000])
    require_whole(made, embedder)


async def test_terms_are_those_of_the_index(embedder: Embedder) -> None:
    (made,) = await embedder.encode(["The parrots were flying over Oslo's old harbours"])
    if embedder.card.token_dimensions:
        assert list(dict.fromkeys(made.terms)) == terms("parrots flying oslo old harbours")


async def test_what_has_words_in_common_is_near(embedder: Embedder) -> None:
    asked, told, other = await embedder.encode(
        [
            "What is the parrot of Ada called?",
            "Ada's parrot is called Hopper.",
            "The build breaks on Windows since Tuesday.",
        ]
    )
    assert cosine(asked, told) > cosine(asked, other) + 0.2


def cosine(one: Encoding, other: Encoding) -> float:
    return sum(a * b for a, b in zip(vector_of(one), vector_of(other), strict=True))
