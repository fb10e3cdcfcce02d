"""Every format of conversations that the recall benchmark reads, on made-up samples."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.errors import UsageError
from enplace_bench.recall.conversations import (
    SETS,
    Conversation,
    Question,
    Turn,
    evidence_ids,
    load,
    missing,
    parse_date,
)

NUMBER = st.integers(0, 999)


def put_lines(folder: Path, name: str, *records: dict[str, Any]) -> None:
    with gzip.open(folder / name, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def put(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def only(folder: Path) -> Conversation:
    (conversation,) = load(folder)
    return conversation


# Dates and ids


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("7:48 pm on 21 May, 2023", datetime(2023, 5, 21, 19, 48, tzinfo=UTC)),
        ("12:05 am on 1 January, 2024", datetime(2024, 1, 1, 0, 5, tzinfo=UTC)),
        ("28.12.2023, 20:02:02", datetime(2023, 12, 28, 20, 2, 2, tzinfo=UTC)),
        ("March-12-2024", datetime(2024, 3, 12, tzinfo=UTC)),
        ("2023/05/20 (Sat) 02:21", datetime(2023, 5, 20, 2, 21, tzinfo=UTC)),
        ("one fine day", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_of_all_sets(text: str | None, date: datetime | None) -> None:
    assert parse_date(text) == date


@pytest.mark.parametrize(
    ("evidence", "ids"),
    [
        (["D1:9", "D6:15"], ["D1:9", "D6:15"]),
        (["D8:6; D9:17"], ["D8:6", "D9:17"]),
        (["D13:4. D14:4"], ["D13:4", "D14:4"]),
        (["D13:45:D20:19"], ["D13:45", "D20:19"]),
        (["D:11:26", "D30:05", "D 2:18", "D17;39", "23:29", "D5:3.", ""], None),
        (["D12:3-D12:5", "D4:7-9"], ["D12:3", "D12:4", "D12:5", "D4:7", "D4:8", "D4:9"]),
        (["D1:8-D2:1"], ["D1:8", "D2:1"]),
        (["D1:2", "D01:2"], ["D1:2"]),
        ([4, [60, 62]], ["4", "60", "62"]),
        ({"first": [14], "second": [60, 14]}, ["14", "60"]),
        ("D1:1", ["D1:1"]),
        (7, ["7"]),
        (None, []),
        ([], []),
    ],
)
def test_evidence_of_all_shapes(evidence: object, ids: list[str] | None) -> None:
    if ids is None:
        ids = ["D11:26", "D30:5", "D2:18", "D17:39", "D23:29", "D5:3"]
    assert evidence_ids(evidence) == ids


@given(
    NUMBER, NUMBER, st.sampled_from(["D{}:{}", "D:{}:{}", "D {}:{}", "D{}:0{}", "D{};{}", "{}:{}"])
)
def test_an_id_is_found_however_it_is_written(session: int, turn: int, form: str) -> None:
    assert evidence_ids([form.format(session, turn)]) == [f"D{session}:{turn}"]


@given(st.lists(st.tuples(NUMBER, NUMBER), unique=True), st.sampled_from(["; ", ", ", ". ", " "]))
def test_ids_in_one_string_are_those_of_a_list(pairs: list[tuple[int, int]], between: str) -> None:
    ids = [f"D{session}:{turn}" for session, turn in pairs]
    assert evidence_ids([between.join(ids)]) == evidence_ids(ids) == ids


# The common form


def test_two_people(tmp_path: Path) -> None:
    said = [
        {"id": "D1:01", "speaker": "Ada", "text": "My kite is red."},
        {"id": "D1:2", "speaker": "Piet", "text": "Mine broke."},
    ]
    later = [{"id": "D2:1", "speaker": "Ada", "text": "I lost it."}]
    record: dict[str, Any] = {
        "id": "kites",
        "sessions": [
            {"n": 1, "date": "7:48 pm on 21 May, 2023", "turns": said},
            {"n": 2, "date": "5:00 am on 1 June, 2023", "turns": later},
        ],
        "qa": [
            {"q": "Which colour?", "a": "red", "evidence": ["D1:1; D9:9"], "type": "single-hop"},
            {"q": "Who sang?", "a": "-", "evidence": [], "type": "adversarial"},
        ],
    }
    put_lines(tmp_path, "locomo.jsonl.gz", record)
    conversation = only(tmp_path)
    assert (conversation.set_name, conversation.id) == ("locomo", "kites")
    assert conversation.turns[0] == Turn(
        id="D1:01",
        session=1,
        at=datetime(2023, 5, 21, 19, 48, tzinfo=UTC),
        speaker="Ada",
        role=None,
        text="My kite is red.",
    )
    assert conversation.turns[0].line == "Ada: My kite is red."
    assert [turn.session for turn in conversation.turns] == [1, 1, 2]
    assert conversation.questions == (
        Question(index=0, text="Which colour?", kind="single-hop", evidence=("D1:01",)),
        Question(index=1, text="Who sang?", kind="adversarial", evidence=()),
    )


def test_dates_hold_until_the_next_of_their_session(tmp_path: Path) -> None:
    def turn(number: int, time: str | None) -> dict[str, Any]:
        speaker = "assistant" if number % 2 else "user"
        return {"id": number, "speaker": speaker, "text": "So it is.", "time": time}

    first = [turn(0, None), turn(1, "March-12-2024"), turn(2, None), turn(3, "March-14-2024")]
    sessions = [{"n": 1, "turns": first}, {"n": 2, "turns": [turn(4, None)]}]
    asked = [{"q": "When?", "evidence": {"first_event": [2], "second_event": [[3], 77]}}]
    put_lines(tmp_path, "beam100k.jsonl.gz", {"id": "b", "sessions": sessions, "qa": asked})
    conversation = only(tmp_path)
    days = [turn.at.day if turn.at else None for turn in conversation.turns]
    assert days == [None, 12, 12, 14, None]
    assert [turn.role for turn in conversation.turns][:2] == ["user", "assistant"]
    assert conversation.questions[0].evidence == ("2", "3")


# As published


def test_long_mem_eval(tmp_path: Path) -> None:
    def entry(name: str, *, marked: bool) -> dict[str, Any]:
        answer = [
            {"role": "user", "content": "I moved to Oslo.", "has_answer": True},
            {"role": "assistant", "content": "Lovely."},
        ]
        if not marked:
            answer = [{"role": one["role"], "content": one["content"]} for one in answer]
        return {
            "question_id": name,
            "question_type": "single-session-user",
            "question": "Where do I live?",
            "answer": "Oslo",
            "question_date": "2023/06/01 (Thu) 10:00",
            "haystack_session_ids": ["s1", "answer_1", "s1"],
            "haystack_dates": ["2023/05/20 (Sat) 02:21"] * 3,
            "haystack_sessions": [[{"role": "user", "content": "Hello."}], answer, answer[1:]],
            "answer_session_ids": ["answer_1"],
        }

    entries = [entry("q1", marked=True), entry("q2", marked=False), entry("q3_abs", marked=True)]
    put(tmp_path / "longmemeval_s_cleaned.json", entries)
    marked, unmarked, declined = load(tmp_path)
    assert marked.set_name == "longmemeval"
    assert [turn.id for turn in marked.turns] == ["s1:1", "answer_1:1", "answer_1:2", "s1#2:1"]
    assert [turn.session for turn in marked.turns] == [1, 2, 2, 3]
    assert marked.turns[0].at == datetime(2023, 5, 20, 2, 21, tzinfo=UTC)
    assert marked.session_ids == ("s1", "answer_1", "s1#2")
    assert marked.questions[0].evidence == ("answer_1:1",)
    assert unmarked.questions[0].evidence == ("answer_1",)
    assert (declined.questions[0].evidence, declined.questions[0].kind) == ((), "abstention")


def test_published_locomo_and_realtalk(tmp_path: Path) -> None:
    turn = {"speaker": "Ada", "dia_id": "D10:1", "text": "Look!", "blip_caption": "a red kite"}
    asked = [{"question": "What?", "answer": "a kite", "evidence": ["D10:1"], "category": 4}]
    talk = {"speaker_a": "Ada", "session_2_date_time": "1:00 pm on 2 May, 2023"}
    sessions = {"session_10": [turn], "session_2": [turn | {"dia_id": "D2:1"}], "session_3": []}
    put(
        tmp_path / "locomo10.json",
        [{"sample_id": "k", "conversation": {**talk, **sessions}, "qa": asked}],
    )
    real = {"speaker": "Piet", "dia_id": "D1:1", "clean_text": "Good day."}
    chat = {
        "session_1": [real],
        "session_1_date_time": "28.12.2023, 20:02:02",
        "qa": [{"question": "Who?", "evidence": ["D1:1"], "category": 1}],
    }
    put(tmp_path / "Chat_1_Piet_Ada.json", chat)
    locomo, realtalk = load(tmp_path)
    assert [(turn.session, turn.id) for turn in locomo.turns] == [(2, "D2:1"), (10, "D10:1")]
    assert locomo.turns[1].text == "Look! [image: a red kite]"
    assert locomo.turns[0].at == datetime(2023, 5, 2, 13, 0, tzinfo=UTC)
    assert (locomo.questions[0].kind, locomo.questions[0].evidence) == ("single-hop", ("D10:1",))
    assert (realtalk.set_name, realtalk.id) == ("realtalk", "Chat_1_Piet_Ada")
    assert realtalk.turns[0].text == "Good day."
    assert realtalk.questions[0].kind == "multi-hop"


def test_published_beam(tmp_path: Path) -> None:
    pair = [
        {"role": "user", "id": 0, "time_anchor": "March-15-2024", "content": "Plan it. ->-> 1,1"},
        {"role": "assistant", "id": 1, "content": "Gladly."},
    ]
    chat = tmp_path / "100K" / "7"
    put(chat / "chat.json", [{"batch_number": 1, "turns": [pair]}])
    asked = {
        "abstention": [{"question": "Why?"}],
        "event_ordering": [{"question": "When?", "source_chat_ids": [0]}],
    }
    put(chat / "probing_questions" / "probing_questions.json", asked)
    conversation = only(tmp_path)
    assert (conversation.set_name, conversation.id) == ("beam100k", "beam-100K-7")
    assert [turn.text for turn in conversation.turns] == ["Plan it.", "Gladly."]
    assert [one.evidence for one in conversation.questions] == [(), ("0",)]
    assert [one.kind for one in conversation.questions] == ["abstention", "event_ordering"]


# Folders


def test_a_folder_without_any_set_says_where_they_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        load(tmp_path)
    for known in SETS:
        assert f"{known.name}: from {known.where}" in str(raised.value)


def test_what_is_missing_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    record: dict[str, Any] = {"id": "r", "sessions": [], "qa": []}
    put_lines(tmp_path, "realtalk.jsonl.gz", record, record | {"id": "s"})
    assert [conversation.id for conversation in load(tmp_path)] == ["r", "s"]
    assert [line.partition(":")[0] for line in missing(tmp_path)] == [
        "locomo",
        "beam100k",
        "longmemeval",
    ]
