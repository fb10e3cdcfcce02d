"""The fake embedder's knobs; what every embedder does is in tests/contract/test_embedder.py."""

import pytest

from enplace.errors import EmbedderError
from enplace.providers.scripted_embedder import ScriptedEmbedder


async def test_it_keeps_what_it_was_asked() -> None:
    embedder = ScriptedEmbedder(delay_s=0.001)
    await embedder.encode(["one", "two"])
    await embedder.encode([])
    assert embedder.requests == [("one", "two"), ()]


async def test_it_fails_while_it_is_told_to() -> None:
    embedder = ScriptedEmbedder(fails=True)
    with pytest.raises(EmbedderError):
        await embedder.encode(["one"])
    embedder.fails = False
    assert len(await embedder.encode(["one"])) == 1


async def test_a_term_has_the_same_vector_wherever_it_stands() -> None:
    embedder = ScriptedEmbedder(name="other")
    one, other = await embedder.encode(["parrots fly", "a flying parrot"])
    assert embedder.card.name == "other"
    assert (one.terms, other.terms) == (("parrot", "fly"), ("fly", "parrot"))
    size = 4 * embedder.card.token_dimensions
    assert one.tokens[:size] == other.tokens[size:]
    assert one.pooled == other.pooled
