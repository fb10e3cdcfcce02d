"""Both codecs against a real server, llama.cpp with the default model: usage as it was served."""

from collections.abc import Iterator

import pytest

from enplace_bench.conformance import MESSAGES, Endpoint, Wire, carry, local_endpoint


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with local_endpoint() as endpoint:
        yield endpoint


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
async def test_usage_is_what_the_server_counted(endpoint: Endpoint, wire: Wire) -> None:
    carried = await carry(wire, endpoint)
    assert carried.decoded == carried.served
    assert len(carried.served) == len(MESSAGES)
    for usage in carried.served[1:]:
        assert 0 < usage.cache_hit_tokens < usage.input_tokens
    assert carried.equal
