"""Records to text and back: nothing that can be written comes back changed."""

import re
import sqlite3
import tempfile
import types
from contextlib import aclosing
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from enplace.errors import BrainDamaged
from enplace.records.block import TextBlock
from enplace.records.changeset import Changeset
from enplace.records.event import (
    KINDS,
    Event,
    Place,
    ToolCalled,
    ToolFinished,
    TurnStarted,
    UserSpoke,
    is_last,
)
from enplace.records.memory import Document, Fact, Memory, Span
from enplace.records.standing import kind_of
from enplace.records.write import Operation
from enplace.stores.codec import (
    decode_event,
    decode_memory,
    decode_operation,
    encode_event,
    encode_memory,
    encode_operation,
)
from enplace.stores.sqlite.brain import SqliteBrains

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

# Everything a record can hold

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["", "\x00", "\u2028\u2029", "\ufeff", "e\u0301", "\U0001f98a\u200d\U0001f525", '"\\\n', "null"]
)
NUMBERS = st.integers(-(10**30), 10**30)
FRACTIONS = st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.datetimes(timezones=st.just(UTC))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | FRACTIONS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: NUMBERS,
    float: FRACTIONS,
    bool: st.booleans(),
    datetime: TIMES,
    types.NoneType: st.none(),
}


def whole(record: type[Any]) -> st.SearchStrategy[Any]:
    """A record with every one of its fields drawn, those with a default too."""
    hints = get_type_hints(record)
    return st.builds(record, **{f.name: value_of(hints[f.name]) for f in fields(record)})


def value_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values that a field of this type can hold."""
    if hint in PLAIN:
        return PLAIN[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        return whole(hint)
    inner = get_args(hint)
    match get_origin(hint):
        case origin if origin is Literal:
            return st.sampled_from(inner)
        case origin if origin in (Union, types.UnionType):
            return st.one_of(*(value_of(part) for part in inner))
        case origin if origin is tuple and inner[-1] is Ellipsis:
            return st.lists(value_of(inner[0]), max_size=3).map(tuple)
        case origin if origin is tuple:
            return st.tuples(*(value_of(part) for part in inner))
        case origin if origin is dict:
            assert inner == (str, Any), "JSON is the only mapping in a record"
            return st.dictionaries(TEXT, JSON, max_size=4)
        case _:
            raise AssertionError(f"no values are known for {hint}")


RECORDS = [kind.record for kind in KINDS]
STORED = [kind.record for kind in KINDS if kind.stored]


@pytest.mark.parametrize("record", RECORDS)
@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_an_event_comes_back_as_it_was(record: type[Event], data: st.DataObject) -> None:
    event: Event = data.draw(whole(record))
    text = encode_event(event)
    assert "\n" not in text
    back = decode_event(text)
    assert back == event
    assert type(back) is record
    assert decode_event(text.encode()) == event
    assert encode_event(back) == text


@given(data=st.data(), event=st.one_of(*(whole(record) for record in RECORDS)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_an_event_is_put_where_the_reader_says(data: st.DataObject, event: Event) -> None:
    place: Place = data.draw(whole(Place))
    assert decode_event(encode_event(event), place) == replace(event, place=place)


@pytest.mark.parametrize("record", get_args(Memory))
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_memory_comes_back_as_it_was(record: type[Memory], data: st.DataObject) -> None:
    memory: Memory = data.draw(whole(record))
    text = encode_memory(memory)
    assert "\n" not in text
    back = decode_memory(kind_of(memory), text)
    assert back == memory
    assert type(back) is record
    if not isinstance(memory, Document):
        assert not isinstance(back, Document)
        assert [type(span) for span in back.evidence] == [Span] * len(memory.evidence)


def test_a_fact_that_never_fades_comes_back() -> None:
    fact = Fact(id="f1", sentence="It is so.", recorded_at=NOW, half_life_s=float("inf"))
    assert decode_memory("fact", encode_memory(fact)) == fact


@pytest.mark.parametrize("record", get_args(Operation))
@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_an_operation_comes_back_as_it_was(record: type[Operation], data: st.DataObject) -> None:
    operation: Operation = data.draw(whole(record))
    back = decode_operation(encode_operation(operation))
    assert back == operation
    assert type(back) is record


@given(
    events=st.lists(st.one_of(*(whole(record) for record in STORED)), min_size=1, max_size=12),
    memories=st.lists(st.one_of(*map(whole, get_args(Memory))), max_size=5),
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
async def test_all_of_it_comes_back_from_a_file(
    events: list[Event], memories: list[Memory]
) -> None:
    alone = tuple(replace(memory, id=f"m{n}", version=1) for n, memory in enumerate(memories))
    with tempfile.TemporaryDirectory() as folder:
        async with aclosing(SqliteBrains(Path(folder))) as brains:
            brain = await brains.open("ada")
            commit = await brain.commit(
                Changeset(at=NOW, task_id="one", turn_id="t1", events=tuple(events), memories=alone)
            )
        assert [replace(event, place=None) for event in commit.events] == [
            replace(event, place=None) for event in events
        ]
        async with aclosing(SqliteBrains(Path(folder))) as brains:
            brain = await brains.open("ada")
            assert await brain.log.read("one") == list(commit.events)
            assert await brain.memory.get([m.id for m in alone]) == {m.id: m for m in alone}


@pytest.mark.parametrize(
    "given_input",
    [
        {"a": None, "b": [None, {"c": None}], "": {}},
        {"big": 10**40, "small": -(10**40), "true": True, "one": 1, "float": 1.0},
        {"tiny": 5e-324, "huge": 1.7976931348623157e308, "exact": 0.1 + 0.2},
        {"\x00": "\x7f\x80\u0600\ufffe", "order": 1, "a": 2},
    ],
)
def test_the_input_of_a_tool_keeps_its_types_and_order(given_input: dict[str, Any]) -> None:
    event = ToolCalled(tool_call_id="c1", tool="t", input=given_input)
    back = decode_event(encode_event(event))
    assert isinstance(back, ToolCalled)
    assert repr(back.input) == repr(given_input)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"kind": "user_message"}',
        '{"kind": "unheard_of", "text": "x"}',
        '{"kind": "thread_lifecycle", "phase": "paused", "turn_id": "t"}',
        '{"kind": "user_message", "text": "cut o',
    ],
)
def test_a_text_that_is_no_record_is_damage(text: str) -> None:
    with pytest.raises(BrainDamaged):
        decode_event(text)
    for kind in ("fact", "episode", "person", "document", "unheard_of"):
        with pytest.raises(BrainDamaged):
            decode_memory(kind, text)
    with pytest.raises(BrainDamaged):
        decode_operation(text)


async def test_a_broken_row_is_damage_and_names_no_content(tmp_path: Path) -> None:
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        brain = await brains.open("ada")
        events = (UserSpoke(text="a secret"),)
        await brain.commit(Changeset(at=NOW, task_id="one", events=events))
        path = brain.path
    with sqlite3.connect(path) as connection:
        connection.execute("update events set body = replace(body, 'text', 'txet')")
    connection.close()
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        brain = await brains.open("ada")
        with pytest.raises(BrainDamaged) as error:
            await brain.log.read("one")
    assert "secret" not in str(error.value)


# The names


def test_the_names_of_kinds_are_frozen() -> None:
    """A name that was published can never be changed; new ones are added to this list."""
    assert [(kind.name, kind.record.__name__, kind.stored) for kind in KINDS] == snapshot(
        [
            ("thread_lifecycle", "TurnStarted", True),
            ("thread_lifecycle", "TurnCompleted", True),
            ("thread_lifecycle", "TurnErrored", True),
            ("user_message", "UserSpoke", True),
            ("message_heard", "MessageHeard", True),
            ("epoch_opened", "EpochOpened", True),
            ("context_frame", "Framed", True),
            ("compaction_event", "Compacted", True),
            ("text_delta", "TextStreamed", False),
            ("assistant_message", "AssistantSpoke", True),
            ("usage", "UsageReported", True),
            ("tool_call", "ToolCalled", True),
            ("tool_result", "ToolFinished", True),
            ("working_memory_update", "NoteWritten", True),
            ("hitl_request", "PersonAsked", True),
            ("hitl_resolved", "PersonAnswered", True),
            ("subagent_lifecycle", "SubAgentStarted", True),
            ("subagent_lifecycle", "SubAgentEnded", True),
            ("task_split", "TaskSplit", True),
            ("catalogue_reloaded", "CatalogueReloaded", True),
            ("erasure", "Erased", True),
            ("degraded", "Degraded", True),
            ("advice", "AdviceGiven", True),
            ("error", "ErrorRaised", True),
        ]
    )


def test_the_table_of_kinds_is_the_union_of_events() -> None:
    parts = get_args(Event)
    assert len(RECORDS) == len(set(RECORDS))
    assert set(RECORDS) == set(parts)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.record.__name__)
def test_a_record_says_its_name_itself(kind: Any) -> None:
    defaults = {field.name: field.default for field in fields(kind.record)}
    assert defaults["kind"] == kind.name
    assert defaults["place"] is None
    assert get_args(get_type_hints(kind.record)["kind"]) == (kind.name,)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.name)


def test_phases_of_a_turn_tell_its_events_apart() -> None:
    phases = {
        kind.record.__name__: get_args(get_type_hints(kind.record)["phase"])
        for kind in KINDS
        if kind.name == "thread_lifecycle"
    }
    assert phases == snapshot(
        {"TurnStarted": ("started",), "TurnCompleted": ("completed",), "TurnErrored": ("errored",)}
    )


def test_the_json_of_an_event_is_what_it_always_was() -> None:
    place = Place(task_id="one", turn_id="t1", ordinal=2, at=NOW, parent=1, position=7)
    started = TurnStarted(turn_id="t1", session_id="s1", message_digest="d", place=place)
    finished = ToolFinished(tool_call_id="c1", tool="t", blocks=(TextBlock(text="ü\n"),))
    assert encode_event(started) == snapshot(
        '{"turn_id":"t1","session_id":"s1","message_digest":"d","idempotency_key":null,"replaces":null,"phase":"started","kind":"thread_lifecycle","place":{"task_id":"one","turn_id":"t1","ordinal":2,"at":"2026-11-21T09:00:00Z","parent":1,"position":7,"part":0,"child":null}}'
    )
    assert encode_event(finished) == snapshot(
        '{"tool_call_id":"c1","tool":"t","blocks":[{"text":"ü\\n","kind":"text"}],"is_error":false,"effects":[],"excerpt":null,"kind":"tool_result","place":null}'
    )
    assert encode_event(UserSpoke(text="x")) == snapshot(
        '{"text":"x","media":[],"agent":"","kind":"user_message","place":null}'
    )
    assert encode_memory(Fact(id="f1", sentence="It is so.", recorded_at=NOW)) == snapshot(
        '{"id":"f1","sentence":"It is so.","recorded_at":"2026-11-21T09:00:00Z","subject":null,"predicate":null,"object":null,"fact_kind":"statement","confidence":1.0,"confirmed_at":null,"half_life_s":15552000.0,"trust":"user","valid_from":null,"valid_until":null,"supersedes":null,"continues":null,"evidence":[],"tags":[],"state":"active","version":1}'
    )
    assert not is_last(started)
