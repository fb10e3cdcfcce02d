"""The codec for OpenAI responses: bytes, sealed reasoning, and answers put together."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.engine.house import House
from tests.wire.contexts import answered, assistant, call, context_of, results, untyped, user

from enplace.errors import ModelGarbled
from enplace.providers.scripted import call as calling
from enplace.records.block import TextBlock, ThinkingBlock
from enplace.records.message import Reply
from enplace.records.usage import Usage
from enplace.wire.openai_responses import (
    ResponseStream,
    decode_usage,
    from_openai_responses,
    to_openai_responses,
    wire_blocks,
)

Body = dict[str, Any]


def look(at: str) -> str:
    """Look somewhere."""
    return f"{at} looks fine"


# Requests


async def test_a_whole_request() -> None:
    house = House(system="Be brief.", tools=[look])
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    await house.say(
        "How is my parrot?",
        calling(("c1", "look", {"at": "sea"}), ("c2", "look", {"at": "sky"}), text="Let me look."),
        "Hopper is fine.",
    )
    await house.say("Good.")
    body = untyped(to_openai_responses(house.request))
    assert body.pop("prompt_cache_key") == house.request.head
    assert body == snapshot(
        {
            "model": "scripted",
            "input": [
                {
                    "role": "user",
                    "content": """\
<memory>
- Ada keeps a parrot called Hopper. (2026-11-21)
</memory>

How is my parrot?\
""",
                },
                {"role": "assistant", "content": "Let me look."},
                {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "look",
                    "arguments": '{"at": "sea"}',
                },
                {
                    "type": "function_call",
                    "call_id": "c2",
                    "name": "look",
                    "arguments": '{"at": "sky"}',
                },
                {"type": "function_call_output", "call_id": "c1", "output": "sea looks fine"},
                {"type": "function_call_output", "call_id": "c2", "output": "sky looks fine"},
                {"role": "assistant", "content": "Hopper is fine."},
                {"role": "user", "content": "Good."},
            ],
            "max_output_tokens": 4096,
            "store": False,
            "instructions": "Be brief.",
            "include": ["reasoning.encrypted_content"],
            "tools": [
                {
                    "type": "function",
                    "name": "look",
                    "description": "Look somewhere.",
                    "parameters": {
                        "additionalProperties": False,
                        "properties": {"at": {"title": "At", "type": "string"}},
                        "required": ["at"],
                        "title": "look",
                        "type": "object",
                    },
                    "strict": False,
                }
            ],
        }
    )


def test_a_model_that_does_not_think_is_not_asked_for_thoughts() -> None:
    body = to_openai_responses(context_of(user("hello"), system="", tools=()), is_reasoning=False)
    assert set(body) == {"model", "input", "max_output_tokens", "store", "prompt_cache_key"}
    assert len(str(body["prompt_cache_key"])) <= 64, "the provider takes no longer one"


def test_texts_that_say_nothing_are_not_sent() -> None:
    body = untyped(to_openai_responses(context_of(user("hello"), assistant(""), user("And?"))))
    assert [item["content"] for item in body["input"]] == ["hello", "And?"]


def test_wire_blocks_are_tools_instructions_and_items() -> None:
    body = untyped(to_openai_responses(context_of(user("hello"))))
    blocks = [json.loads(block) for block in wire_blocks(body)]
    assert blocks == [*body["tools"], body["instructions"], *body["input"]]


# Whole answers

REASONING: Body = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [
        {"type": "summary_text", "text": "**Looking**\n\nThe sea is far."},
        {"type": "summary_text", "text": "Still: look."},
    ],
    "encrypted_content": "gAAAAABo-sealed==",
    "status": None,
}
MESSAGE: Body = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Let me look.", "annotations": []}],
}
CALL: Body = {
    "id": "fc_1",
    "type": "function_call",
    "status": "completed",
    "call_id": "c1",
    "name": "look",
    "arguments": '{"at":"sea"}',
}
USAGE: Body = {
    "input_tokens": 350,
    "input_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 40},
    "output_tokens": 90,
    "output_tokens_details": {"reasoning_tokens": 64},
    "total_tokens": 440,
}


def response(*output: Body, status: str = "completed", **named: Any) -> Body:
    return {"id": "resp_1", "status": status, "output": list(output), "usage": USAGE, **named}


REPLY = Reply(
    blocks=(
        ThinkingBlock(text="**Looking**\n\nThe sea is far.", signature="gAAAAABo-sealed=="),
        ThinkingBlock(text="Still: look.", signature="gAAAAABo-sealed=="),
        TextBlock(text="Let me look."),
        call("c1"),
    ),
    usage=Usage(input_tokens=350, output_tokens=90, cache_hit_tokens=300, cache_write_tokens=40),
    stop="tool_calls",
)


def test_a_whole_answer_is_read() -> None:
    assert from_openai_responses(response(REASONING, MESSAGE, CALL)) == REPLY


def sent_back(reply: Reply) -> list[Body]:
    """The answer's items as the next request carries them."""
    asked = context_of(user("How is the sea?"))
    items: list[Body] = untyped(to_openai_responses(answered(asked, reply)))["input"]
    return items[1:-1]


def test_an_answer_goes_back_without_its_ids() -> None:
    assert sent_back(REPLY) == [
        {
            "type": "reasoning",
            "summary": REASONING["summary"],
            "encrypted_content": "gAAAAABo-sealed==",
        },
        {"role": "assistant", "content": "Let me look."},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"at":"sea"}'},
    ]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))))
def test_reasoning_goes_back_as_it_came(summaries: list[list[str]]) -> None:
    given_back = [
        {
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": text} for text in texts],
            "encrypted_content": f"seal {n}",
        }
        for n, texts in enumerate(summaries)
    ]
    reply = from_openai_responses(response(*({"id": "rs", **item} for item in given_back), CALL))
    assert sent_back(reply)[:-1] == given_back


def test_a_seal_without_a_summary_is_an_empty_thought() -> None:
    sealed: Body = {"type": "reasoning", "summary": [], "encrypted_content": "seal"}
    reply = from_openai_responses(response(sealed, MESSAGE))
    assert reply.blocks[0] == ThinkingBlock(text="", signature="seal")
    assert sent_back(reply)[0] == sealed


@pytest.mark.parametrize(
    "told",
    [
        {"summary": [{"type": "summary_text", "text": "hm"}]},
        {"summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": None},
        {"summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
    ],
)
def test_reasoning_without_a_seal_is_kept_and_not_sent(told: Body) -> None:
    reply = from_openai_responses(response({"type": "reasoning", **told}, MESSAGE))
    assert reply.blocks == (ThinkingBlock(text="hm"), TextBlock(text="Let me look."))
    assert sent_back(reply) == [{"role": "assistant", "content": "Let me look."}]


def test_an_item_of_which_one_part_cannot_be_carried_loses_its_seal() -> None:
    told = [{"type": "summary_text", "text": text} for text in ("hm", "a\ud800")]
    item = {"type": "reasoning", "summary": told, "encrypted_content": "seal"}
    reply = from_openai_responses(response(item, MESSAGE))
    assert reply.blocks[:2] == (ThinkingBlock(text="hm"), ThinkingBlock(text="a\ufffd"))


def test_items_of_the_provider_s_own_tools_are_left_out() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    assert from_openai_responses(response(search, MESSAGE)).text == "Let me look."


REFUSAL: Body = {**MESSAGE, "content": [{"type": "refusal", "refusal": "I will not."}]}


@pytest.mark.parametrize(
    ("told", "stop"),
    [
        (response(MESSAGE), "end"),
        (response(CALL), "tool_calls"),
        (response(REFUSAL), "refusal"),
        (response(MESSAGE, status="incomplete"), "length"),
        (
            response(
                MESSAGE, status="incomplete", incomplete_details={"reason": "max_output_tokens"}
            ),
            "length",
        ),
        (
            response(status="incomplete", incomplete_details={"reason": "content_filter"}),
            "refusal",
        ),
    ],
)
def test_why_an_answer_ended(told: Body, stop: str) -> None:
    assert from_openai_responses(told).stop == stop


def test_a_refusal_is_said() -> None:
    assert from_openai_responses(response(REFUSAL)).text == "I will not."


NO_RESPONSES: list[Any] = [
    {},
    {"output": None},
    {"output": [{}]},
    {"output": ["text"]},
    {"output": [{"type": "message"}]},
    {"output": [{"type": "message", "content": [{"type": "output_text", "text": 3}]}]},
    {"output": [{"type": "function_call", "call_id": "c1"}]},
    {"output": [{"type": "function_call", "call_id": "c", "name": "a", "arguments": None}]},
    {"output": [{"type": "reasoning", "summary": [{}], "encrypted_content": "seal"}]},
    {"output": [], "usage": "many"},
    {"output": [], "usage": {"input_tokens": "many"}},
    response(MESSAGE, status="failed", error={"code": "server_error", "message": "no"}),
]


@pytest.mark.parametrize("told", NO_RESPONSES)
def test_what_is_no_response_is_garbled(told: Any) -> None:
    with pytest.raises(ModelGarbled):
        from_openai_responses(told)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        (USAGE, REPLY.usage),
        ({}, Usage()),
        ({"input_tokens": 3, "input_tokens_details": None}, Usage(input_tokens=3)),
    ],
)
def test_usage_as_the_provider_reports_it(reported: Body, expected: Usage) -> None:
    assert decode_usage(reported) == expected


# Streamed answers


def done(index: int, item: Body) -> Body:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def delta(text: str, kind: str = "output_text") -> Body:
    return {"type": f"response.{kind}.delta", "output_index": 1, "content_index": 0, "delta": text}


STREAM: list[Body] = [
    {"type": "response.created", "response": response(status="in_progress")},
    {"type": "response.in_progress", "response": response(status="in_progress")},
    {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAABo-unfinish"},
    },
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "**Look"},
    done(0, REASONING),
    {"type": "response.output_item.added", "output_index": 1, "item": {"type": "message"}},
    delta("Let me "),
    delta("look."),
    {"type": "response.output_text.done", "output_index": 1, "text": "Let me look."},
    done(1, MESSAGE),
    {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"at'},
    done(2, CALL),
    {"type": "response.a_later_event", "of": "nobody knows what"},
]
COMPLETED: Body = {
    "type": "response.completed",
    "response": response(REASONING, MESSAGE, CALL),
}


def put_together(events: Sequence[Body]) -> tuple[list[str], Reply]:
    stream = ResponseStream()
    pieces = [piece.text for event in events if (piece := stream.feed(event)) is not None]
    return pieces, stream.reply()


def test_a_streamed_answer_is_put_together() -> None:
    assert put_together([*STREAM, COMPLETED]) == (["Let me ", "look."], REPLY)


def test_items_that_the_last_event_leaves_out_were_told_before() -> None:
    last = {"type": "response.completed", "response": response()}
    assert put_together([*STREAM, last])[1] == REPLY


def test_items_that_only_the_last_event_tells_are_read() -> None:
    assert put_together([COMPLETED])[1] == REPLY


def test_items_come_in_the_order_of_their_index() -> None:
    items = [done(n, {**CALL, "call_id": f"c{n}"}) for n in (2, 0, 1)]
    last = {"type": "response.completed", "response": response()}
    assert [c.id for c in put_together([*items, last])[1].calls] == ["c0", "c1", "c2"]


def test_an_answer_that_is_cut_short_keeps_what_was_said() -> None:
    cut = response(
        {**MESSAGE, "status": "incomplete"},
        status="incomplete",
        incomplete_details={"reason": "max_output_tokens"},
    )
    pieces, reply = put_together(
        [delta("Let me look."), {"type": "response.incomplete", "response": cut}]
    )
    assert (pieces, reply.text, reply.stop) == (["Let me look."], "Let me look.", "length")


def test_a_streamed_refusal_is_said() -> None:
    last = {"type": "response.completed", "response": response(REFUSAL)}
    pieces, reply = put_together([delta("I will not.", "refusal"), last])
    assert (pieces, reply.text, reply.stop) == (["I will not."], "I will not.", "refusal")


@pytest.mark.parametrize("kept", range(len(STREAM) + 1))
def test_a_stream_that_breaks_off_is_garbled(kept: int) -> None:
    with pytest.raises(ModelGarbled):
        put_together(STREAM[:kept])


@pytest.mark.parametrize(
    "event",
    [
        {},
        delta("x") | {"delta": None},
        {"type": "response.output_item.done", "output_index": "x", "item": {}},
        {"type": "response.output_item.done", "output_index": 0},
        done(0, {}),
        {"type": "response.completed"},
    ],
)
def test_what_is_no_event_is_garbled(event: Any) -> None:
    with pytest.raises(ModelGarbled):
        put_together([event, {"type": "response.completed", "response": response()}])


@pytest.mark.parametrize("told", [None, "x", {"output": 3}, {"output": [3]}])
def test_an_end_that_is_no_response_is_garbled(told: Any) -> None:
    with pytest.raises(ModelGarbled):
        put_together([{"type": "response.completed", "response": told}])


def test_a_surrogate_in_a_stream_is_replaced() -> None:
    message = {**MESSAGE, "content": [{"type": "output_text", "text": "a\ud800"}]}
    last = {"type": "response.completed", "response": response(message)}
    pieces, reply = put_together([delta("a\ud800"), last])
    assert pieces == ["a\ufffd"] == [reply.text]


def test_calls_and_results_of_one_step_stand_together() -> None:
    context = context_of(
        user("hello"),
        assistant(call("c1"), call("c2")),
        results(("c1", "calm"), ("c2", "rough")),
        user("And?"),
    )
    items = untyped(to_openai_responses(context))["input"]
    assert [item.get("call_id") for item in items] == [None, "c1", "c2", "c1", "c2", None]
