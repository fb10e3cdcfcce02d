"""Which entries would be found again, and what the others are told."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.upload.advice import advice_on

HERE = Path(__file__).parent
WORLD = HERE.parents[1] / "benchmarks" / "enplace_bench" / "world" / "entries.jsonl"
UNDECIDED = pytest.mark.xfail(strict=True, reason="judged wrongly so far")


def world() -> Iterator[tuple[str, str, str, str]]:
    for line in WORLD.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        yield entry["label"], entry["key"], entry["description"], entry["value"]


def own() -> Iterator[tuple[str, str, str, str]]:
    """A key that begins with `? ` is judged wrongly so far."""
    label = ""
    for line in (HERE / "entries.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            label = line.split()[-1]
        elif label:
            key, description, value = line.split(" | ")
            yield label, key, description, value


@pytest.mark.parametrize(
    ("label", "key", "description", "value"),
    [
        pytest.param(*entry, marks=[UNDECIDED] if entry[1].startswith("? ") else [])
        for entry in [*world(), *own()]
    ],
)
def test_an_entry_gets_advice_if_it_is_vague(
    label: str, key: str, description: str, value: str
) -> None:
    advice = advice_on(key.removeprefix("? "), description, value)
    assert ("vague" if advice else "good") == label


@pytest.mark.parametrize(
    ("key", "description", "value", "advice"),
    [
        (
            "databases",
            "User said something about databases.",
            "They matter.",
            "say what 'something' stands for: 'User said something about databases' finds nothing",
        ),
        (
            "trip",
            "User talked about a trip.",
            "It was nice.",
            "name who or what it was about: 'User talked about a trip' finds nothing",
        ),
        (
            "seat",
            "She prefers window seats on trains.",
            "Book the quiet car.",
            "name who 'she' is: 'She prefers window seats on trains' does not say",
        ),
        (
            "project update",
            "Project update",
            "See above.",
            "say what happened, beyond the key: 'Project update' only repeats it",
        ),
        (
            "x",
            "TODO: fill in later",
            "tbd",
            "write what happened in place of a placeholder: 'TODO: fill in later' finds nothing",
        ),
    ],
)
def test_advice_says_what_is_missing(key: str, description: str, value: str, advice: str) -> None:
    assert advice_on(key, description, value) == advice


@pytest.mark.parametrize(
    ("key", "description", "value"),
    [
        ("anna-seat", "She prefers window seats on trains.", "Book the quiet car."),
        ("seat", "She told Anna that window seats are taken.", "Ask for an aisle."),
        ("met", "Met Will at Target.", "It was nice."),  # both are furniture without a capital
        ("job", "User works at Google.", "Since March."),
        ("herring", "Nils likes herring.", "ok"),  # no forms of `nil` and `her`
        ("Rex bit the postman", "Rex bit the postman.", "Rex bit the postman."),
        ("database", "Database info", "Postgres 16 on db3.example.com, port 5433."),
    ],
)
def test_short_but_precise_is_enough(key: str, description: str, value: str) -> None:
    assert advice_on(key, description, value) == ""


@pytest.mark.parametrize(
    ("key", "description", "value"),
    [
        ("?", "?", "?"),
        ("lunch", "12 May 2026.", "Went fine."),
        ("meeting", "Meeting on 12 May 2026.", "Went fine."),
        ("Postgres", "User said something about Postgres.", "It matters."),
        ("title", "User Asked About Various Things", "All Good"),
        ("loud", "THIS IS VERY IMPORTANT", "DO NOT FORGET"),
        ("聊天", "用戶說了一些事情。", "挺好的。"),
    ],
)
def test_a_date_a_capital_or_a_name_alone_is_not(key: str, description: str, value: str) -> None:
    assert advice_on(key, description, value)


@pytest.mark.parametrize(
    ("key", "description", "value"),
    [
        ("город", "Пользователь живёт в Казани.", "Работает врачом."),
        ("알레르기", "사용자는 땅콩 알레르기가 있다.", "견과류 금지."),
        ("مدينة", "المستخدم يعيش في القاهرة", "مهندس"),
        ("แพ้", "ผู้ใช้แพ้ถั่วลิสง", "ห้ามกิน"),
        ("शहर", "उपयोगकर्ता दिल्ली में रहता है", "डॉक्टर"),
        ("gatto", "Il gatto di Giulia si chiama Pepe.", "Ha paura dei tuoni."),
        ("ねこ", "ねこはうどんがきらい。", "さかなをあげる。"),
    ],
)
def test_what_cannot_be_judged_is_not_refused(key: str, description: str, value: str) -> None:
    assert advice_on(key, description, value) == ""


SAID = "she user something trip databases TODO lorem ipsum xxx N/A Rex 用户 説明 の ねこ 7 2026 May . '"
TEXT = st.text(st.characters(), max_size=60) | st.lists(st.sampled_from(SAID.split())).map(" ".join)


@given(key=TEXT, description=TEXT, value=TEXT)
def test_advice_is_one_short_line_and_always_the_same(
    key: str, description: str, value: str
) -> None:
    advice = advice_on(key, description, value)
    assert advice == advice_on(key, description, value)
    assert len(advice) < 140
    assert len(advice.splitlines()) <= 1


@given(key=TEXT, value=TEXT)
def test_a_precise_description_needs_neither_key_nor_value(key: str, value: str) -> None:
    assert advice_on(key, "Viktor lent Oskar the blue canoe in Majorna.", value) == ""
