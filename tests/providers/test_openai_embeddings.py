"""An embedder over HTTP: what it sends, what it reads, and what becomes of errors."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import stamina
from tests.providers.endpoint import Endpoint, endpoint

from enplace.errors import ConfigError, EmbedderError
from enplace.providers.openai_embeddings import (
    LONGEST_CHARACTERS,
    SHORTEST_CHARACTERS,
    TEXTS_PER_REQUEST,
    OpenAIEmbedder,
)

Body = Mapping[str, Any]


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Tries again at once, three times at most."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def vectors(body: Body) -> tuple[int, object]:
    """Of each text its length and seven more components."""
    data = [
        {"index": place, "embedding": [len(text), 1, 0, 0, 0, 0, 0, 0]}
        for place, text in enumerate(body["input"])
    ]
    return 200, {"data": data}


def answering(status: int, told: object) -> Callable[[Body], tuple[int, object]]:
    return lambda _: (status, told)


def one_vector(*components: float) -> Callable[[Body], tuple[int, object]]:
    return answering(200, {"data": [{"index": 0, "embedding": components}]})


@pytest.fixture
def there() -> Iterator[Endpoint]:
    with endpoint(vectors) as server:
        yield server


def embedder_at(there: Endpoint, *, dimensions: int = 8, api_key: str = "") -> OpenAIEmbedder:
    return OpenAIEmbedder("m", api_key=api_key, base_url=f"{there.url}/v1/", dimensions=dimensions)


async def ask(there: Endpoint, *texts: str, dimensions: int = 8) -> list[list[float]]:
    embedder = embedder_at(there, dimensions=dimensions)
    try:
        made = await embedder.encode(texts)
    finally:
        await embedder.aclose()
    return [list(array("f", one.pooled)) for one in made]


async def test_a_request_is_what_the_endpoint_expects(there: Endpoint) -> None:
    embedder = embedder_at(there, api_key="secret")
    await embedder.encode(["one", ""])
    await embedder.aclose()
    ((path, headers, body),) = there.requests
    assert path == "/v1/embeddings"
    assert headers["Authorization"] == "Bearer secret"
    assert body == {"model": "m", "input": ["one", " "], "encoding_format": "float"}


async def test_without_a_key_none_is_sent(there: Endpoint) -> None:
    await ask(there, "one")
    assert "Authorization" not in there.requests[0][1]


async def test_many_texts_go_in_several_requests(there: Endpoint) -> None:
    made = await ask(there, *("x" * length for length in range(1, TEXTS_PER_REQUEST + 3)))
    assert [len(body["input"]) for _, _, body in there.requests] == [TEXTS_PER_REQUEST, 2]
    assert [round(one[0] / one[1]) for one in made] == list(range(1, TEXTS_PER_REQUEST + 3))


async def test_no_text_is_no_request(there: Endpoint) -> None:
    assert await ask(there) == []
    assert there.requests == []


def test_the_card_names_model_and_dimensions() -> None:
    card = OpenAIEmbedder("text-embedding-3-small").card
    assert (card.name, card.pooled_dimensions) == ("openai/text-embedding-3-small/1536", 1_536)
    assert OpenAIEmbedder("text-embedding-3-large", dimensions=250).card.pooled_dimensions == 256


@pytest.mark.parametrize("dimensions", [None, 0, -8])
def test_dimensions_that_nobody_knows_must_be_told(dimensions: int | None) -> None:
    with pytest.raises(ConfigError, match="some-model"):
        OpenAIEmbedder("some-model", dimensions=dimensions)


async def test_a_vector_is_cut_or_filled_up(there: Endpoint) -> None:
    there.answer = one_vector(3, 4, *[0] * 6, 5)
    assert await ask(there, "cut") == [pytest.approx([0.6, 0.8, *[0] * 6])]
    there.answer = one_vector(3, 4)
    assert await ask(there, "filled up", dimensions=2) == [pytest.approx([0.6, 0.8, *[0] * 6])]


async def test_a_model_with_fewer_dimensions_is_named(there: Endpoint) -> None:
    with pytest.raises(EmbedderError, match="set dimensions to 8") as failed:
        await ask(there, "one", dimensions=16)
    assert failed.value.details == {"dimensions": 8}


@pytest.mark.parametrize("components", [(0.0,) * 8, (float("inf"),) * 8, (float("nan"),) * 8])
async def test_a_vector_without_direction_is_an_error(
    there: Endpoint, components: tuple[float, ...]
) -> None:
    there.answer = one_vector(*components)
    with pytest.raises(EmbedderError, match="no direction"):
        await ask(there, "one")


async def test_a_busy_endpoint_is_asked_again(there: Endpoint) -> None:
    def busy_once(body: Body) -> tuple[int, object]:
        return vectors(body) if len(there.requests) > 1 else (503, {"error": "busy"})

    there.answer = busy_once
    assert len(await ask(there, "one")) == 1
    assert len(there.requests) == 2


@pytest.mark.parametrize(("status", "tries"), [(401, 1), (400, 1), (429, 3), (500, 3)])
async def test_an_error_answer_is_an_error_of_the_embedder(
    there: Endpoint, status: int, tries: int
) -> None:
    there.answer = answering(status, {"error": {"message": "not today"}})
    with pytest.raises(EmbedderError, match=r"m cannot encode.*not today") as failed:
        await ask(there, "one")
    assert failed.value.details["status"] == status
    assert len(there.requests) == tries


async def test_an_error_under_a_good_status_is_one(there: Endpoint) -> None:
    there.answer = answering(200, {"error": {"message": "no such model", "code": 404}})
    with pytest.raises(EmbedderError, match="no such model"):
        await ask(there, "one")


NO_VECTORS: list[object] = [
    b"",
    b"<html>",
    b"\xff\xfe",
    [],
    {},
    {"data": None},
    {"data": []},
    {"data": ["x"]},
    {"data": [{}]},
    {"data": [{"index": 1, "embedding": [1]}]},
    {"data": [{"index": 0, "embedding": ["x"]}]},
    {"data": [{"index": 0, "embedding": "AACAPw=="}]},
]


@pytest.mark.parametrize("told", NO_VECTORS, ids=repr)
async def test_an_answer_that_cannot_be_understood_is_an_error(
    there: Endpoint, told: object
) -> None:
    there.answer = answering(200, told)
    with pytest.raises(EmbedderError):
        await ask(there, "one")


async def test_an_endpoint_that_is_gone_is_an_error() -> None:
    with endpoint(vectors) as there:
        pass
    with pytest.raises(EmbedderError, match="cannot be reached"):
        await ask(there, "one")


@pytest.mark.parametrize("url", ["there/v1", "http://[::1", "ftp://there/v1", ""])
async def test_a_wrong_address_is_an_error_of_the_embedder(url: str) -> None:
    embedder = OpenAIEmbedder("m", base_url=url, dimensions=8)
    with pytest.raises(EmbedderError):
        await embedder.encode(["one"])
    await embedder.aclose()


async def test_what_is_too_long_for_the_model_is_cut(there: Endpoint) -> None:
    def small(body: Body) -> tuple[int, object]:
        if max(map(len, body["input"])) > 2_000:
            return 413, {"error": "Input must have less than 512 tokens"}
        return vectors(body)

    there.answer = small
    made = await ask(there, "short", "x" * LONGEST_CHARACTERS * 2, "also short")
    assert [round(one[0] / one[1]) for one in made] == [5, LONGEST_CHARACTERS // 4, 10]


async def test_a_text_is_not_cut_to_nothing(there: Endpoint) -> None:
    there.answer = answering(413, {"error": "too large"})
    with pytest.raises(EmbedderError):
        await ask(there, "x" * LONGEST_CHARACTERS)
    assert SHORTEST_CHARACTERS <= len(there.requests[-1][2]["input"][0]) < 2 * SHORTEST_CHARACTERS
