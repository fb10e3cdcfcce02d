"""The learning benchmark: its data, its judgement, and every part at a small size."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enplace.records.memory import Fact
from enplace_bench.learn import cases, echo, gold, junk, redaction, trust
from enplace_bench.learn.gold import Gold, is_near, is_same, is_typed
from enplace_bench.learn.made_secrets import is_luhn, made_secrets
from enplace_bench.learn.noise import corpus
from enplace_bench.learn.relations import Triple
from enplace_bench.main import main

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TOWN = Gold(subjects=("user",), predicates=("lives_in",), objects=("county of Gävle", "Gävle"))


def fact(predicate: str | None, value: str, *, subject: str = "user", sentence: str = "") -> Fact:
    told = sentence or f"{subject} {predicate} {value}."
    return Fact(
        id="f", sentence=told, recorded_at=NOW, subject=subject, predicate=predicate, object=value
    )


@pytest.mark.parametrize(
    ("told", "near", "same", "typed"),
    [
        (fact("lives_in", "Gavle"), True, True, True),
        (fact("works_at", "Gävle"), True, False, False),
        (fact(None, "", sentence="The user's flat is in Gävle."), True, True, False),
        (fact("lives_in", "Gävle", subject="Anna"), False, False, False),
        (fact("lives_in", "Lisbon"), False, False, False),
    ],
)
def test_a_fact_is_the_one_that_is_meant(told: Fact, near: bool, same: bool, typed: bool) -> None:
    assert (is_near(told, TOWN), is_same(told, TOWN), is_typed(told, TOWN)) == (near, same, typed)


@pytest.mark.parametrize("name", [*gold.SEEN, *gold.UNSEEN])
def test_every_case_can_be_read_and_goes_forwards(name: str) -> None:
    loaded = gold.load(name)
    assert len({case.id for case in loaded}) == len(loaded) > 100
    for case in loaded:
        times = [one.at for one in case.said]
        assert times == sorted(times)


async def test_cases_are_counted_and_undone(tmp_path: Path) -> None:
    by_kind = await cases.measure(tmp_path, gold.load("ordinary")[:6])
    whole = cases.total(by_kind.values())
    assert (whole.cases, whole.stuck, whole.failures) == (6, 0, [])
    assert whole.found <= whole.wanted
    assert whole.undone == whole.batches > 0


async def test_echoes_are_heard(tmp_path: Path) -> None:
    found = await echo.measure(tmp_path, 4)
    assert (found.rounds, found.told) == (4, 10)
    assert found.known >= 5


async def test_survivors_are_told_by_their_origin(tmp_path: Path) -> None:
    facts = junk.planted()[:3]
    found = await junk.measure(tmp_path, turns=60, facts=facts)
    assert found.planted == 3
    assert found.by_origin.get("planted", 0) >= found.found > 0


def test_noise_is_the_same_for_the_same_seed() -> None:
    assert corpus(3, 200) == corpus(3, 200) != corpus(4, 200)
    assert len(corpus(3, 57, standalone=True)) == 57


async def test_wishes_and_attempts(tmp_path: Path) -> None:
    bad = await trust.poison(tmp_path / "bad", trust.attempts()[::20])
    good = await trust.genuine(tmp_path / "good", trust.wishes()[:2])
    assert bad.attempts == 5
    assert (good.wishes, good.moved) == (2, 0)


async def test_what_is_stored_can_be_searched_for_secrets(tmp_path: Path) -> None:
    found = await redaction.measure(tmp_path, 3, 10)
    assert (found.secrets, found.leaks, found.refused, found.changed) == (12, 0, 0, 0)
    assert found.marks >= 12


def test_secrets_are_made_in_their_places() -> None:
    secrets = made_secrets(1)
    assert len({secret.id for secret in secrets}) == len(secrets) > 140
    for secret in secrets:
        assert secret.secret in secret.text
        assert secret.parts
        assert not set("«»⟦⟧") & set(secret.text)
    cards = [secret.secret for secret in secrets if secret.kind == "card"]
    assert all(is_luhn("".join(c for c in card if c.isdigit())) for card in cards)


def test_a_relation_is_the_same_from_both_ends() -> None:
    assert Triple("b", "per:spouse", "a").turned() == Triple("a", "per:spouse", "b")
    assert Triple("a", "per:children", "b").turned() == Triple("b", "per:parents", "a")
    assert Triple("b", "per:pet", "a").turned() == Triple("b", "per:pet", "a")


def test_the_last_line_has_the_figures(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ENPLACE_LOCAL_MODEL", "LLM_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    main(["learn", "--cases", "1", "--only", "cases", "--only", "model", "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"precision", "recall", "wrongly_retired"} <= told.keys()
    assert {"precision", "recall", "wrongly_retired"} <= told["unseen"].keys()
    assert told["with_model"] == "not measured"
