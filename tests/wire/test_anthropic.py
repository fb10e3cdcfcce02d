"""The codec for Anthropic messages: bytes, cache markers, and answers put together."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.engine.house import House
from tests.wire.contexts import PNG, assistant, context_of, results, user
from tests.wire.contexts import call as asked_for

from enplace.errors import ModelGarbled, ModelUnavailable
from enplace.providers.scripted import Answer, call, say
from enplace.records.block import TextBlock, ThinkingBlock, ToolCallBlock
from enplace.records.canonical import canonical
from enplace.records.context import Context, ContextMessage
from enplace.records.message import Reply, TextPiece
from enplace.records.usage import Usage
from enplace.wire.anthropic_messages import (
    SNIPPED,
    MessageStream,
    breakpoints,
    decode_usage,
    from_anthropic,
    to_anthropic,
    wire_blocks,
)

Body = dict[str, Any]


def look(at: str) -> str:
    """Look somewhere."""
    if at == "hell":
        raise ValueError("no view")
    return f"{at} looks fine"


def body_of(context: Context, **named: Any) -> Body:
    return cast(Body, to_anthropic(context, **named))


def blocks_of(body: Body) -> list[tuple[str, Body]]:
    """Every block in the order in which the provider caches them, with where it stands."""
    head = [("tools", block) for block in body.get("tools", ())]
    head += [("system", block) for block in body.get("system", ())]
    return head + [(m["role"], block) for m in body["messages"] for block in m["content"]]


def bare(body: Body) -> list[str]:
    """The blocks as text, without their markers."""
    return [
        canonical([where, {k: v for k, v in block.items() if k != "cache_control"}])
        for where, block in blocks_of(body)
    ]


def markers(body: Body) -> list[tuple[int, str]]:
    """Where the markers stand, and for how long."""
    return [
        (at, block["cache_control"].get("ttl", "5m"))
        for at, (_, block) in enumerate(blocks_of(body))
        if "cache_control" in block
    ]


def requests(house: House) -> list[tuple[Context, Context]]:
    """Each two successive requests of one epoch and branch."""
    return [
        (earlier, later)
        for earlier, later in pairwise(house.model.requests)
        if (earlier.epoch.place, earlier.branch) == (later.epoch.place, later.branch)
    ]


# Requests


async def test_a_whole_request() -> None:
    house = House(system="Be brief.", tools=[look])
    await house.owner.describe("style", "tone", "Short answers.")
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    await house.owner.note("t", "place", "Oslo")
    await house.say(
        "How is my parrot?",
        call(("c1", "look", {"at": "heaven"}), ("c2", "look", {"at": "hell"}), text="Let me look."),
        "Hopper is fine.",
    )
    await house.say("Good.")
    assert body_of(house.request, head_ttl="1h") == snapshot(
        {
            "model": "scripted",
            "max_tokens": 4096,
            "tools": [
                {
                    "name": "look",
                    "description": "Look somewhere.",
                    "input_schema": {
                        "additionalProperties": False,
                        "properties": {"at": {"title": "At", "type": "string"}},
                        "required": ["at"],
                        "title": "look",
                        "type": "object",
                    },
                }
            ],
            "system": [
                {"type": "text", "text": "Be brief."},
                {
                    "type": "text",
                    "text": """\
About the user:
How they like to be answered: Short answers.\
""",
                    "cache_control": {"type": "ephemeral", "ttl": "1h"},
                },
            ],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "text",
                            "text": """\
<memory>
- Ada keeps a parrot called Hopper. (2026-11-21)
</memory>\
""",
                        },
                        {
                            "type": "text",
                            "text": """\
<notes>
- place: Oslo
</notes>\
""",
                        },
                        {"type": "text", "text": "How is my parrot?"},
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "text", "text": "Let me look."},
                        {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": "heaven"}},
                        {"type": "tool_use", "id": "c2", "name": "look", "input": {"at": "hell"}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "c1",
                            "content": "heaven looks fine",
                        },
                        {
                            "type": "tool_result",
                            "tool_use_id": "c2",
                            "content": "ValueError: no view",
                            "is_error": True,
                            "cache_control": {"type": "ephemeral"},
                        },
                    ],
                },
                {"role": "assistant", "content": [{"type": "text", "text": "Hopper is fine."}]},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Good.", "cache_control": {"type": "ephemeral"}}
                    ],
                },
            ],
        }
    )


async def test_a_request_without_system_prompt_and_tools() -> None:
    house = House(system="")
    await house.say("hello")
    assert body_of(house.request) == snapshot(
        {
            "model": "scripted",
            "max_tokens": 4096,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}}
                    ],
                }
            ],
        }
    )


async def test_without_a_system_prompt_the_tools_are_marked() -> None:
    house = House(system=" \n", tools=[look])
    await house.say("hello")
    body = body_of(house.request, head_ttl="1h")
    assert "system" not in body
    assert body["tools"][-1]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


@pytest.mark.parametrize("answer", [Reply(blocks=(), usage=Usage()), say("  \n")])
async def test_texts_that_say_nothing_are_not_sent(answer: Answer) -> None:
    house = House(system="", tools=[look])
    await house.say("hello", call(("c1", "look", {"at": "sea"}), text=" "), answer)
    await house.say("hello again")
    body = body_of(house.request)
    assert [message["role"] for message in body["messages"]] == [
        "user",
        "assistant",
        "user",
        "user",
    ]
    texts = [block["text"] for _, block in blocks_of(body) if block.get("type") == "text"]
    assert all(text.strip() for text in texts)


@pytest.mark.parametrize("arguments", ["", "{", "[1]", "null", '"x"'])
async def test_arguments_that_are_no_object_are_shown_empty(arguments: str) -> None:
    house = House(tools=[look])
    asked = ToolCallBlock(id="c1", tool="look", arguments=arguments)
    await house.say("hello", Reply(blocks=(asked,), usage=Usage(), stop="tool_calls"))
    (use,) = [b for _, b in blocks_of(body_of(house.request)) if b.get("type") == "tool_use"]
    assert use["input"] == {}


async def test_the_body_is_made_anew_each_time() -> None:
    house = House(tools=[look])
    await house.say("hello")
    first = body_of(house.request, head_ttl="1h")
    assert body_of(house.request, head_ttl="1h") == first
    assert {ttl for _, ttl in markers(body_of(house.request))} == {"5m"}


# Markers and the prefix law, as properties

STEP = st.tuples(st.integers(1, 60), st.sampled_from(["", " ", "Let me look."]))
END = st.sampled_from(["Done.", "", "  ", "fails"])
TURN = st.tuples(st.lists(STEP, max_size=3), END)


async def carried(turns: Sequence[tuple[Sequence[tuple[int, str]], str]]) -> House:
    """A task of such turns: the calls and text of each step, then an end."""
    house = House(system="Be brief.", tools=[look])
    for number, (steps, end) in enumerate(turns):
        answers: list[Answer] = [
            call(*((f"c{number}.{s}.{n}", "look", {"at": "sea"}) for n in range(calls)), text=text)
            for s, (calls, text) in enumerate(steps)
        ]
        try:
            await house.say(
                f"message {number}", *answers, ModelUnavailable() if end == "fails" else say(end)
            )
        except ModelUnavailable:
            assert end == "fails"
    return house


@given(st.lists(TURN, min_size=1, max_size=5), st.sampled_from(["5m", "1h"]))
@settings(deadline=None, max_examples=40)
async def test_markers_stand_where_the_provider_finds_them(turns: Any, head_ttl: Any) -> None:
    house = await carried(turns)
    for context in house.model.requests:
        found = markers(body_of(context, head_ttl=head_ttl))
        assert 1 < len(found) <= 4
        assert [ttl for _, ttl in found] == [head_ttl, *["5m"] * (len(found) - 1)]
        assert found[-1][0] == len(bare(body_of(context))) - 1
        assert breakpoints(context) == tuple(at for at, _ in found)
    for earlier, later in requests(house):
        end = len(bare(body_of(earlier))) - 1
        assert end in breakpoints(later), "found without looking back"


@given(st.lists(TURN, min_size=1, max_size=5))
@settings(deadline=None, max_examples=40)
async def test_without_markers_a_request_begins_with_the_one_before(turns: Any) -> None:
    house = await carried(turns)
    for earlier, later in requests(house):
        before, after = bare(body_of(earlier)), bare(body_of(later))
        assert after[: len(before)] == before


IMAGES = st.sampled_from([1, 25, 40])
"""So many images in a message that looking back over two of them finds nothing."""


@given(
    st.lists(
        st.tuples(IMAGES, st.sampled_from(["answered", "empty", "calls", "unanswered"])),
        min_size=1,
        max_size=6,
    )
)
def test_the_last_request_and_the_last_answered_one_are_marked(
    turns: list[tuple[int, str]],
) -> None:
    """Whatever the provider kept of a request that broke off, and however large messages are."""
    messages: list[ContextMessage] = []
    before: list[tuple[int, bool]] = []
    for number, (images, end) in enumerate(turns):
        messages.append(user(*[PNG] * images, f"message {number}"))
        endings = {
            "answered": [assistant("Done.")],
            "empty": [assistant("")],
            "calls": [
                assistant(*(asked_for(f"c{number}.{n}") for n in range(60))),
                results(*((f"c{number}.{n}", "calm") for n in range(60))),
            ],
            "unanswered": [],
        }[end]
        for ending in (None, *endings):
            if ending is not None:
                messages.append(ending)
                if ending.role == "assistant":
                    before[-1] = (before[-1][0], True)
                    continue
            context = context_of(*messages)
            found = list(breakpoints(context))
            assert len(found) <= 4
            assert found[0] == 1, "the end of the head"
            assert found[-1] == len(bare(body_of(context))) - 1
            for wanted in (before[-1:], [b for b in before if b[1]][-1:]):
                assert all(at in found for at, _ in wanted), (wanted, found)
            before.append((found[-1], False))


def test_where_a_snip_left_the_prefix_as_it_was_is_marked() -> None:
    """Otherwise only the head were found again: the markers behind the change find nothing."""
    messages = [user("message 0")]
    for step in range(4):
        asked = [f"c{step}.{n}" for n in range(30)]
        messages.append(assistant(*(asked_for(id_) for id_ in asked)))
        messages.append(results(*((id_, "calm") for id_ in asked)))
    before = [context_of(*messages[: at + 1]) for at in (0, 2, 4, 6, 8)]
    snipped = messages[6].blocks[7]
    blocks = (*messages[6].blocks[:7], replace(snipped, why=SNIPPED), *messages[6].blocks[8:])
    messages[6] = replace(messages[6], blocks=blocks)
    found = breakpoints(context_of(*messages))
    ends = [breakpoints(context)[-1] for context in before]
    assert found == (1, ends[2], ends[3], ends[4])


def test_breakpoints_are_positions_among_the_wire_blocks() -> None:
    context = context_of(user("hello", PNG), assistant("Hi."), user("And?"))
    wired = wire_blocks(to_anthropic(context))
    assert breakpoints(context) == (1, 3, 5)
    assert [json.loads(wired[at]).get("role") for at in (1, 3, 5)] == [None, "user", "user"]
    assert "cache_control" not in "".join(wired)
    assert breakpoints(context_of(user("hello"), system="", tools=())) == (0,)


# Whole answers

RESPONSE: Body = {
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "x"},
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": "sea", "a": 1}},
    ],
    "stop_reason": "tool_use",
    "usage": {
        "input_tokens": 10,
        "cache_read_input_tokens": 300,
        "cache_creation_input_tokens": 40,
        "output_tokens": 7,
    },
}
USAGE = Usage(input_tokens=350, output_tokens=7, cache_hit_tokens=300, cache_write_tokens=40)
REPLY = Reply(
    blocks=(
        ThinkingBlock(text="hm", signature="x"),
        TextBlock(text="Let me look."),
        ToolCallBlock(id="c1", tool="look", arguments='{"a":1,"at":"sea"}'),
    ),
    usage=USAGE,
    stop="tool_calls",
)


def test_a_whole_answer_is_read() -> None:
    assert from_anthropic(RESPONSE) == REPLY


@pytest.mark.parametrize(
    ("told", "stop"),
    [
        ("end_turn", "end"),
        ("stop_sequence", "end"),
        ("max_tokens", "length"),
        ("refusal", "refusal"),
        (None, "end"),
        ("a later one", "end"),
    ],
)
def test_why_an_answer_ended(told: str | None, stop: str) -> None:
    assert from_anthropic({"content": [], "stop_reason": told}).stop == stop


NO_MESSAGES: list[Any] = [
    {},
    {"content": None},
    {"content": [{}]},
    {"content": [{"type": "text"}]},
    {"content": [{"type": "text", "text": None}]},
    {"content": [{"type": "tool_use", "id": "c1"}]},
    {"content": [{"type": "thinking"}]},
    {"content": [{"type": "redacted_thinking", "data": None}]},
    {"content": ["text"]},
    {"content": [], "usage": "many"},
    {"content": [], "usage": {"input_tokens": "many"}},
]


@pytest.mark.parametrize("response", NO_MESSAGES)
def test_what_is_no_message_is_garbled(response: Any) -> None:
    with pytest.raises(ModelGarbled):
        from_anthropic(response)


def test_hits_and_writes_are_inside_the_input() -> None:
    assert decode_usage(RESPONSE["usage"]) == USAGE
    assert decode_usage({"input_tokens": 3, "cache_read_input_tokens": None}) == Usage(
        input_tokens=3
    )
    assert decode_usage({}) == Usage()


# Streamed answers


def start(index: int, **block: Any) -> Body:
    return {"type": "content_block_start", "index": index, "content_block": block}


def grow(index: int, **delta: Any) -> Body:
    return {"type": "content_block_delta", "index": index, "delta": delta}


MESSAGE_START: Body = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "content": [],
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 300,
            "cache_creation_input_tokens": 40,
            "cache_creation": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 1,
        },
    },
}
END_EVENTS: list[Body] = [
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 7, "input_tokens": None},
    },
    {"type": "message_stop"},
]
STREAM: list[Body] = [
    MESSAGE_START,
    {"type": "ping"},
    start(0, type="thinking", thinking=""),
    grow(0, type="thinking_delta", thinking="hm"),
    grow(0, type="signature_delta", signature="x"),
    {"type": "content_block_stop", "index": 0},
    start(1, type="text", text=""),
    grow(1, type="text_delta", text="Let me "),
    {"type": "ping"},
    grow(1, type="text_delta", text="look."),
    grow(1, type="text_delta", text=""),
    {"type": "content_block_stop", "index": 1},
    start(2, type="tool_use", id="c1", name="look", input={}),
    grow(2, type="input_json_delta", partial_json=""),
    grow(2, type="input_json_delta", partial_json='{"a":1,"at'),
    {"type": "a_later_event", "index": 2, "of": "nobody knows what"},
    grow(2, type="input_json_delta", partial_json='":"sea"}'),
    {"type": "content_block_stop", "index": 2},
    *END_EVENTS,
]


def put_together(events: Sequence[Any]) -> tuple[list[str], Reply]:
    stream = MessageStream()
    pieces = [piece for event in events if (piece := stream.feed(event)) is not None]
    assert all(isinstance(piece, TextPiece) for piece in pieces)
    return [piece.text for piece in pieces], stream.reply()


def test_a_streamed_answer_is_put_together() -> None:
    assert put_together(STREAM) == (["Let me ", "look."], REPLY)


def test_blocks_come_in_the_order_of_their_index() -> None:
    uses = [start(i, type="tool_use", id=f"c{i}", name="look", input={}) for i in (2, 0, 1)]
    _, reply = put_together([MESSAGE_START, *uses, *END_EVENTS])
    assert [(asked.id, asked.arguments) for asked in reply.calls] == [
        ("c0", "{}"),
        ("c1", "{}"),
        ("c2", "{}"),
    ]


@pytest.mark.parametrize("kept", range(len(STREAM)))
def test_a_stream_that_breaks_off_is_garbled(kept: int) -> None:
    with pytest.raises(ModelGarbled):
        put_together(STREAM[:kept])


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "message_start"},
        {"type": "message_start", "message": None},
        {"type": "content_block_start", "index": 0},
        {"type": "content_block_start", "index": "x", "content_block": {"type": "text"}},
        grow(9, type="text_delta", text="nowhere"),
        grow(0, type="text_delta"),
        grow(0, type="text_delta", text=None),
        grow(0, type="input_json_delta", partial_json=None),
        grow(0, type="thinking_delta", thinking=None),
        grow(0, type="signature_delta", signature=None),
        grow(0, type="signature_delta"),
        {"type": "content_block_delta", "index": 0, "delta": None},
        {"type": "message_delta", "delta": None},
        {"type": "message_delta", "delta": {}, "usage": "many"},
        {"type": "message_delta", "delta": {}, "usage": [1]},
    ],
)
def test_what_is_no_event_is_garbled(event: Any) -> None:
    with pytest.raises(ModelGarbled):
        put_together([start(0, type="text", text=""), event, *END_EVENTS])


@pytest.mark.parametrize("usage", [{"output_tokens": "many"}, {"output_tokens": [1]}])
def test_usage_that_is_no_number_is_garbled(usage: Any) -> None:
    with pytest.raises(ModelGarbled):
        put_together([{"type": "message_delta", "delta": {}, "usage": usage}, END_EVENTS[-1]])


def test_a_surrogate_in_a_stream_is_replaced() -> None:
    begun = start(0, type="text", text="")
    pieces, reply = put_together([begun, grow(0, type="text_delta", text="a\ud800"), *END_EVENTS])
    assert pieces == ["a\ufffd"] == [reply.text]
