"""Where weights are found, and what is refused."""

from pathlib import Path

import pytest
from tests.engine.house import House

from enplace.errors import ModelUnavailable
from enplace.providers.embedded import EmbeddedModel, default_card, own_card
from enplace.providers.weights import FILE, find_or_pull


def test_weights_that_are_there_are_used_as_they_are(tmp_path: Path) -> None:
    kept = tmp_path / "models" / FILE
    kept.parent.mkdir()
    kept.write_bytes(b"weights")
    assert find_or_pull(tmp_path) == kept
    assert [path.name for path in kept.parent.iterdir()] == [FILE]


async def test_weights_that_cannot_be_loaded_are_an_error_of_the_model(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no weights")
    model = EmbeddedModel(lambda: broken, own_card(broken))
    house = House()
    await house.say("hello")
    for _ in range(2):  # the second try finds nothing half loaded
        with pytest.raises(ModelUnavailable, match=r"broken\.gguf"):
            async for _ in model.stream(house.request):
                pass
    await model.aclose()


async def test_nothing_is_located_before_the_first_call(tmp_path: Path) -> None:
    asked: list[str] = []

    def locate() -> Path:
        asked.append("asked")
        raise ModelUnavailable("no weights here")

    house = House()
    await house.say("hello")
    model = EmbeddedModel(locate, default_card())
    body = model.encode(house.request)
    assert body["max_tokens"] == house.request.max_output_tokens
    assert asked == []
    with pytest.raises(ModelUnavailable, match="no weights here"):
        async for _ in model.stream(house.request):
            pass
    assert asked == ["asked"]
