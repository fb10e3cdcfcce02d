"""The files of ranked lists."""

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from enplace_bench.recall.exchange import MOST_RANKED, RankedList, read, write

LISTS = st.builds(
    RankedList,
    set_name=st.sampled_from(["locomo", "longmemeval"]),
    conversation=st.text(),
    question=st.integers(0, 500),
    policy=st.text(),
    ranked=st.lists(st.text(), max_size=MOST_RANKED).map(tuple),
    cpu_ms=st.integers(0, 10_000_000).map(lambda us: us / 1_000),
)


def ranked_list(set_name: str, *ranked: str) -> RankedList:
    return RankedList(
        set_name=set_name,
        conversation="c",
        question=3,
        policy="search",
        ranked=ranked,
        cpu_ms=1.23456,
    )


def test_a_line_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "lists.jsonl"
    write(path, [ranked_list("locomo", "D1:2", "D1:1"), ranked_list("locomo")])
    first, second = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(first) == {
        "set": "locomo",
        "conversation": "c",
        "question": 3,
        "policy": "search",
        "ranked": ["D1:2", "D1:1"],
        "cpu_ms": 1.235,
    }
    assert json.loads(second)["ranked"] == []


def test_ids_are_written_as_the_data_has_them(tmp_path: Path) -> None:
    path = tmp_path / "lists.jsonl"
    write(path, [ranked_list("beam100k", "12", "3")])
    assert json.loads(path.read_text(encoding="utf-8"))["ranked"] == [12, 3]
    assert next(read(path)).ranked == ("12", "3")


def test_no_list_is_longer_than_agreed() -> None:
    ids = [f"D1:{number}" for number in range(MOST_RANKED + 9)]
    assert ranked_list("locomo", *ids).as_json()["ranked"] == ids[:MOST_RANKED]


@given(st.lists(LISTS, max_size=4))
def test_what_is_written_is_read(lists: list[RankedList]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lists.jsonl"
        write(path, lists)
        assert list(read(path)) == lists
