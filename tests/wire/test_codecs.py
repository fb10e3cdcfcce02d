"""Contexts as requests and answers back, byte for byte."""

import json
from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.engine.house import House

from enplace.errors import ModelGarbled
from enplace.providers.scripted import call
from enplace.records.block import TextBlock, ToolCallBlock
from enplace.records.canonical import canonical, digest, well_formed
from enplace.records.context import Context
from enplace.records.message import Reply
from enplace.records.usage import Usage
from enplace.wire.envelope import from_envelope, to_envelope
from enplace.wire.openai_chat import (
    ChatStream,
    decode_usage,
    from_openai,
    to_openai,
    wire_blocks,
)


def shout(text: str, times: int = 1) -> str:
    """Say it loudly."""
    return text.upper() * times


async def full_context() -> Context:
    """A context with all that can be in one: the second request of a task's second turn."""
    house = House(tools=[shout], system="Be brief.")
    await house.owner.describe("identity", "name", "Ada writes compilers.")
    await house.say("hello", "Hello, Ada.")
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    await house.owner.note("t", "branch", "main")
    await house.say(
        "Shout the name of my parrot, then hello",
        call(
            ("c1", "shout", {"text": "Hopper"}),
            ("c2", "shout", {"text": "hello", "times": 2}),
            text="With pleasure.",
        ),
        "Done.",
    )
    return house.request


async def bare_context() -> Context:
    """The first request of a task without tools."""
    house = House(system="Be brief.")
    await house.say("hello")
    return house.request


async def test_a_context_as_a_chat_completions_request() -> None:
    assert to_openai(await full_context()) == snapshot(
        {
            "model": "scripted",
            "messages": [
                {
                    "role": "system",
                    "content": """\
Be brief.

About the user:
Who they are: Ada writes compilers.\
""",
                },
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "Hello, Ada."},
                {
                    "role": "user",
                    "content": """\
<memory>
- Ada keeps a parrot called Hopper. (2026-11-21)
</memory>

<notes>
- branch: main
</notes>

Shout the name of my parrot, then hello\
""",
                },
                {
                    "role": "assistant",
                    "content": "With pleasure.",
                    "tool_calls": [
                        {
                            "id": "c1",
                            "type": "function",
                            "function": {"name": "shout", "arguments": '{"text": "Hopper"}'},
                        },
                        {
                            "id": "c2",
                            "type": "function",
                            "function": {
                                "name": "shout",
                                "arguments": '{"text": "hello", "times": 2}',
                            },
                        },
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "HOPPER"},
                {"role": "tool", "tool_call_id": "c2", "content": "HELLOHELLO"},
            ],
            "max_completion_tokens": 4096,
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "shout",
                        "description": "Say it loudly.",
                        "parameters": {
                            "additionalProperties": False,
                            "properties": {
                                "text": {"title": "Text", "type": "string"},
                                "times": {"default": 1, "title": "Times", "type": "integer"},
                            },
                            "required": ["text"],
                            "title": "shout",
                            "type": "object",
                        },
                    },
                }
            ],
        }
    )


async def test_a_context_as_an_envelope_request() -> None:
    assert to_envelope(await full_context()) == snapshot(
        {
            "model": "scripted",
            "messages": [
                {
                    "role": "system",
                    "content": """\
Be brief.

About the user:
Who they are: Ada writes compilers.

Answer as JSON: the key "say" speaks to the user, the keys "tool" and "args" call one of these tools:
- shout: Say it loudly. Arguments: {"additionalProperties":false,"properties":{"text":{"title":"Text","type":"string"},"times":{"default":1,"title":"Times","type":"integer"}},"required":["text"],"title":"shout","type":"object"}\
""",
                },
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "Hello, Ada."},
                {
                    "role": "user",
                    "content": """\
<memory>
- Ada keeps a parrot called Hopper. (2026-11-21)
</memory>

<notes>
- branch: main
</notes>

Shout the name of my parrot, then hello\
""",
                },
                {"role": "assistant", "content": "With pleasure."},
                {
                    "role": "user",
                    "content": """\
Result of shout: HOPPER
Result of shout: HELLOHELLO\
""",
                },
            ],
            "max_completion_tokens": 4096,
            "json_schema": {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {"say": {"type": "string", "maxLength": 1000}},
                        "required": ["say"],
                        "additionalProperties": False,
                    },
                    {
                        "type": "object",
                        "properties": {
                            "tool": {"const": "shout"},
                            "args": {
                                "additionalProperties": False,
                                "properties": {
                                    "text": {"title": "Text", "type": "string"},
                                    "times": {"default": 1, "title": "Times", "type": "integer"},
                                },
                                "required": ["text"],
                                "title": "shout",
                                "type": "object",
                            },
                        },
                        "required": ["tool", "args"],
                        "additionalProperties": False,
                    },
                ]
            },
        }
    )


async def test_without_tools_both_codecs_say_the_same() -> None:
    context = await bare_context()
    assert (
        to_envelope(context)
        == to_openai(context)
        == snapshot(
            {
                "model": "scripted",
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "hello"},
                ],
                "max_completion_tokens": 4096,
            }
        )
    )


async def test_wire_blocks_are_tools_then_messages() -> None:
    body = to_openai(await full_context())
    blocks = [json.loads(block) for block in wire_blocks(body)]
    assert blocks == [*cast(list[Any], body["tools"]), *cast(list[Any], body["messages"])]


async def test_an_empty_system_prompt_is_not_sent() -> None:
    house = House(system="")
    await house.say("hello")
    assert [message["role"] for message in house.messages] == ["user"]


async def test_an_empty_answer_is_sent_as_an_empty_string() -> None:
    house = House()
    await house.say("hello", Reply(blocks=(), usage=Usage()))
    await house.say("are you there?")
    assert house.messages[2] == {"role": "assistant", "content": ""}


async def test_an_answer_is_sent_back_in_the_model_s_own_words() -> None:
    house = House()
    raw = '{"say":  "Hi."}'
    await house.say("hello", Reply(blocks=(TextBlock(text="Hi."),), usage=Usage(), raw=raw))
    await house.say("and?")
    assert house.messages[2] == {"role": "assistant", "content": raw}
    assert cast(list[Any], to_envelope(house.request)["messages"])[2]["content"] == raw


# Whole answers


def response(
    message: dict[str, Any], finish: str | None = "stop", usage: Any = None
) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": usage}


def test_a_whole_answer_with_text_and_calls() -> None:
    function = {"name": "shout", "arguments": '{"text": "Hopper"}'}
    reply = from_openai(
        response(
            {
                "content": "With pleasure.",
                "tool_calls": [{"id": "c1", "type": "function", "function": function}],
            },
            "tool_calls",
            {"prompt_tokens": 20, "completion_tokens": 7},
        )
    )
    assert reply == Reply(
        blocks=(
            TextBlock(text="With pleasure."),
            ToolCallBlock(id="c1", tool="shout", arguments='{"text": "Hopper"}'),
        ),
        usage=Usage(input_tokens=20, output_tokens=7),
        stop="tool_calls",
    )


@pytest.mark.parametrize(
    ("finish", "stop"),
    [
        ("stop", "end"),
        ("length", "length"),
        ("content_filter", "refusal"),
        ("function_call", "tool_calls"),
        ("eos", "end"),
        (None, "end"),
    ],
)
def test_why_an_answer_stopped(finish: str | None, stop: str) -> None:
    assert from_openai(response({"content": "x"}, finish)).stop == stop


NO_COMPLETIONS: list[dict[str, Any]] = [
    {},
    {"choices": []},
    {"choices": [{}]},
    {"choices": None},
    {"error": {"message": "no"}},
    response({"tool_calls": [{"id": "c1"}]}),
    response({"tool_calls": [{"function": {"name": "a", "arguments": "{}"}}]}),
    response({"tool_calls": [{"id": "c", "function": {"name": "a", "arguments": None}}]}),
    response({"content": [{"type": "text", "text": "parts"}]}),
    response({"content": "x"}, usage={"prompt_tokens": "many"}),
    response({"content": "x"}, usage="none"),
    {"choices": ["x"]},
    {"choices": "x"},
]


@pytest.mark.parametrize("body", NO_COMPLETIONS)
def test_what_is_no_chat_completion_is_garbled(body: dict[str, Any]) -> None:
    with pytest.raises(ModelGarbled):
        from_openai(body)


TEXTS = st.text(min_size=1).map(well_formed)
CALLS = st.builds(
    ToolCallBlock,
    id=TEXTS,
    tool=TEXTS,
    arguments=st.dictionaries(st.text(), st.integers()).map(lambda d: canonical(dict(d))),
)


@given(st.none() | TEXTS, st.lists(CALLS, max_size=3))
def test_an_answer_that_is_sent_back_reads_the_same(
    text: str | None, calls: list[ToolCallBlock]
) -> None:
    wire = [
        {"id": c.id, "type": "function", "function": {"name": c.tool, "arguments": c.arguments}}
        for c in calls
    ]
    reply = from_openai(response({"content": text, "tool_calls": wire}))
    assert reply.text == (text or "")
    assert list(reply.calls) == [
        ToolCallBlock(id=c.id, tool=c.tool, arguments=well_formed(c.arguments)) for c in calls
    ]


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_can_be_made_well_formed(text: str) -> None:
    made = well_formed(text)
    made.encode()
    assert well_formed(made) == made
    if digest(text) == digest(made):
        assert text == made


# Usage

USAGES: list[tuple[dict[str, Any], Usage]] = [
    ({}, Usage()),
    ({"prompt_tokens": None, "completion_tokens": None}, Usage()),
    ({"prompt_tokens": 10, "completion_tokens": 2}, Usage(input_tokens=10, output_tokens=2)),
    (
        {"prompt_tokens": 10, "prompt_tokens_details": None},
        Usage(input_tokens=10),
    ),
    (
        {
            "prompt_tokens": 2_006,
            "completion_tokens": 300,
            "total_tokens": 2_306,
            "prompt_tokens_details": {"cached_tokens": 1_920, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        Usage(input_tokens=2_006, output_tokens=300, cache_hit_tokens=1_920),
    ),
    (
        {
            "prompt_tokens": 100,
            "prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 60},
        },
        Usage(input_tokens=100, cache_hit_tokens=40, cache_write_tokens=60),
    ),
]


@pytest.mark.parametrize(("reported", "expected"), USAGES)
def test_usage_as_providers_report_it(reported: dict[str, Any], expected: Usage) -> None:
    assert decode_usage(reported) == expected


def test_the_hits_that_deepseek_reports_are_read() -> None:
    reported = {
        "prompt_tokens": 100,
        "completion_tokens": 5,
        "prompt_cache_hit_tokens": 64,
        "prompt_cache_miss_tokens": 36,
    }
    assert decode_usage(reported).cache_hit_tokens == 64


# Streams


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


def finish(reason: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def piece(index: int, arguments: str, **fields: Any) -> dict[str, Any]:
    name = fields.pop("name", None)
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return {"index": index, "function": function, **fields}


def read(chunks: Sequence[dict[str, Any]]) -> tuple[list[str], Reply]:
    """The pieces of text and the whole answer."""
    stream = ChatStream()
    pieces = [found.text for chunk in chunks if (found := stream.feed(chunk)) is not None]
    return pieces, stream.reply()


def test_a_streamed_text_is_put_together() -> None:
    pieces, reply = read(
        [
            delta(role="assistant", content=""),
            delta(content="Hel"),
            delta(content="lo."),
            finish("stop"),
            {
                "choices": [],
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 2,
                    "prompt_tokens_details": {"cached_tokens": 4},
                },
            },
        ]
    )
    assert pieces == ["Hel", "lo."]
    assert reply == Reply(
        blocks=(TextBlock(text="Hello."),),
        usage=Usage(input_tokens=9, output_tokens=2, cache_hit_tokens=4),
    )


def test_streamed_calls_come_in_pieces_and_out_of_order() -> None:
    pieces, reply = read(
        [
            delta(role="assistant", content=None),
            delta(tool_calls=[piece(0, "", id="c1", type="function", name="shout")]),
            delta(tool_calls=[piece(0, '{"te')]),
            delta(tool_calls=[piece(1, "", id="c2", name="shout"), piece(0, 'xt":"a"}')]),
            delta(tool_calls=[piece(1, "{}", id="")]),
            finish("tool_calls"),
        ]
    )
    assert pieces == []
    assert reply.calls == (
        ToolCallBlock(id="c1", tool="shout", arguments='{"text":"a"}'),
        ToolCallBlock(id="c2", tool="shout", arguments="{}"),
    )
    assert reply.stop == "tool_calls"


def test_a_call_that_comes_whole_in_one_chunk_needs_no_index() -> None:
    whole = {"id": "c1", "function": {"name": "shout", "arguments": "{}"}}
    _, reply = read([delta(tool_calls=[whole]), finish("tool_calls")])
    assert [block.id for block in reply.calls] == ["c1"]


def test_usage_that_grows_with_every_chunk_is_the_last_one() -> None:
    chunks = [
        {**delta(content="a"), "usage": {"prompt_tokens": 9, "completion_tokens": n}}
        for n in range(1, 4)
    ]
    _, reply = read([*chunks, finish("stop")])
    assert reply.usage == Usage(input_tokens=9, output_tokens=3)


def test_a_surrogate_pair_that_comes_in_one_piece_is_kept() -> None:
    _, reply = read([delta(content="\U0001f99c"), delta(content="\ud83e"), finish("stop")])
    assert reply.text == "\U0001f99c\ufffd"


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [delta(content="half an ans")],
        [delta(tool_calls=[piece(0, "{}", id="c1", name="a")])],
        [delta(tool_calls=[piece(0, "{}", id="c1")]), finish("tool_calls")],
        [delta(tool_calls=[piece(0, "{}", name="a")]), finish("tool_calls")],
    ],
)
def test_a_stream_that_broke_off_is_garbled(chunks: list[dict[str, Any]]) -> None:
    with pytest.raises(ModelGarbled):
        read(chunks)


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": [None]},
        {"choices": ["x"]},
        {"choices": 3},
        {"choices": [{"delta": "x"}]},
        {"choices": [{"delta": {"tool_calls": [3]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": "first"}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"function": "shout"}]}}]},
        {"usage": "much"},
        {"usage": {"prompt_tokens": "many"}},
    ],
)
def test_what_is_no_chunk_is_garbled(chunk: dict[str, Any]) -> None:
    with pytest.raises(ModelGarbled):
        read([chunk])


@given(st.lists(TEXTS, max_size=6))
def test_pieces_of_text_add_up_to_the_answer(texts: list[str]) -> None:
    pieces, reply = read([*(delta(content=text) for text in texts), finish("stop")])
    assert pieces == texts
    assert reply.text == "".join(texts)


# The envelope


async def test_what_is_said_in_an_envelope() -> None:
    context = await full_context()
    raw = '{"say": "Hello."}'
    assert from_envelope(raw, context, Usage(output_tokens=4), "end") == Reply(
        blocks=(TextBlock(text="Hello."),), usage=Usage(output_tokens=4), raw=raw
    )


async def test_a_call_in_an_envelope_is_named_by_what_was_asked() -> None:
    context = await full_context()
    raw = '{"tool": "shout", "args": {"text": "a"}}'
    reply = from_envelope(raw, context, Usage(), "end")
    assert reply.stop == "tool_calls"
    assert reply.raw == raw
    (asked,) = reply.calls
    assert (asked.tool, asked.arguments) == ("shout", '{"text":"a"}')
    assert asked.id == f"call_{context.turn_id[:12]}_{context.prefix[:12]}"
    assert from_envelope(raw, context, Usage(), "end").calls == (asked,)


async def test_without_tools_an_answer_is_plain_text() -> None:
    context = await bare_context()
    reply = from_envelope('{"say": "x"}', context, Usage(), "length")
    assert (reply.text, reply.stop, reply.raw) == ('{"say": "x"}', "length", None)
    assert from_envelope("", context, Usage(), "end").blocks == ()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "hello",
        '{"say": "cut',
        "[]",
        "{}",
        "null",
        '{"say": 3}',
        '{"tool": "a"}',
        '{"args": {}}',
        '{"tool": "a", "args": []}',
        '{"tool": null, "args": {}}',
    ],
)
async def test_what_is_no_envelope_is_garbled(raw: str) -> None:
    with pytest.raises(ModelGarbled):
        from_envelope(raw, await full_context(), Usage(), "end")


async def test_text_in_an_envelope_is_made_well_formed() -> None:
    reply = from_envelope('{"say": "a\\ud800b"}', await full_context(), Usage(), "end")
    assert reply.text == "a\ufffdb"
