"""The codec for Gemini: bytes, seals on every kind of part, and answers put together."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.engine.house import House
from tests.wire.contexts import (
    PNG,
    answered,
    assistant,
    call,
    context_of,
    results,
    tasks,
    untyped,
    user,
)

from enplace.errors import ModelGarbled
from enplace.providers.scripted import call as calling
from enplace.records.block import ImageBlock, TextBlock, ThinkingBlock, ToolCallBlock
from enplace.records.context import ContextMessage
from enplace.records.message import Reply
from enplace.records.usage import Usage
from enplace.wire.gemini import GeminiStream, decode_usage, from_gemini, to_gemini, wire_blocks

Body = dict[str, Any]
Part = dict[str, Any]

UNLOOKED = "skip_thought_signature_validator"


def look(at: str) -> str:
    """Look somewhere."""
    if at == "hell":
        raise ValueError("no view")
    return f"{at} looks fine"


# Requests


async def test_a_whole_request() -> None:
    house = House(system="Be brief.", tools=[look])
    await house.owner.remember("Ada keeps a parrot called Hopper.")
    await house.say(
        "How is my parrot?",
        calling(("c1", "look", {"at": "sea"}), ("c2", "look", {"at": "hell"}), text="I look."),
        "Hopper is fine.",
    )
    await house.say("Good.")
    assert to_gemini(house.request) == snapshot(
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [
                        {
                            "text": """\
<memory>
- Ada keeps a parrot called Hopper. (2026-11-21)
</memory>\
"""
                        },
                        {"text": "How is my parrot?"},
                    ],
                },
                {
                    "role": "model",
                    "parts": [
                        {"text": "I look."},
                        {
                            "functionCall": {"id": "c1", "name": "look", "args": {"at": "sea"}},
                            "thoughtSignature": "skip_thought_signature_validator",
                        },
                        {"functionCall": {"id": "c2", "name": "look", "args": {"at": "hell"}}},
                    ],
                },
                {
                    "role": "user",
                    "parts": [
                        {
                            "functionResponse": {
                                "id": "c1",
                                "name": "look",
                                "response": {"output": "sea looks fine"},
                            }
                        },
                        {
                            "functionResponse": {
                                "id": "c2",
                                "name": "look",
                                "response": {"error": "ValueError: no view"},
                            }
                        },
                    ],
                },
                {"role": "model", "parts": [{"text": "Hopper is fine."}]},
                {"role": "user", "parts": [{"text": "Good."}]},
            ],
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "tools": [
                {
                    "functionDeclarations": [
                        {
                            "name": "look",
                            "description": "Look somewhere.",
                            "parametersJsonSchema": {
                                "additionalProperties": False,
                                "properties": {"at": {"title": "At", "type": "string"}},
                                "required": ["at"],
                                "title": "look",
                                "type": "object",
                            },
                        }
                    ]
                }
            ],
            "generationConfig": {"maxOutputTokens": 4096},
        }
    )


def test_a_request_without_system_prompt_and_tools() -> None:
    assert to_gemini(context_of(user("hello"), system="", tools=())) == {
        "contents": [{"role": "user", "parts": [{"text": "hello"}]}],
        "generationConfig": {"maxOutputTokens": 100},
    }


@given(tasks())
def test_roles_take_turns_and_the_user_begins(messages: list[ContextMessage]) -> None:
    for first in range(len(messages)):
        contents = untyped(to_gemini(context_of(*messages[first:])))["contents"]
        roles = [content["role"] for content in contents]
        assert roles == ["user", "model"] * (len(roles) // 2) + ["user"] * (len(roles) % 2)
        assert all(content["parts"] for content in contents)


@given(tasks())
def test_results_stand_right_behind_their_calls(messages: list[ContextMessage]) -> None:
    contents = untyped(to_gemini(context_of(*messages)))["contents"]
    for at, content in enumerate(contents):
        calls = [p["functionCall"]["id"] for p in content["parts"] if "functionCall" in p]
        if calls:
            after = contents[at + 1]["parts"][: len(calls)]
            assert [p["functionResponse"]["id"] for p in after] == calls


def test_a_message_behind_results_that_got_no_answer_joins_them() -> None:
    context = context_of(user("a"), assistant(call("c1")), results(("c1", "calm")), user("b"))
    contents = untyped(to_gemini(context))["contents"]
    assert [list(part) for part in contents[-1]["parts"]] == [["functionResponse"], ["text"]]


@pytest.mark.parametrize("arguments", ["", "{", "[1]", "null"])
def test_arguments_that_are_no_object_are_shown_empty(arguments: str) -> None:
    context = context_of(user("a"), assistant(call("c1", arguments)))
    part = untyped(to_gemini(context))["contents"][1]["parts"][0]
    assert part["functionCall"]["args"] == {}


def test_a_type_that_only_others_read_is_named_in_words() -> None:
    gif = ImageBlock(media_type="image/gif", data="R0lGOA==")
    heic = ImageBlock(media_type="image/heic", data="AAAA")
    parts = untyped(to_gemini(context_of(user(gif, heic, PNG))))["contents"][0]["parts"]
    assert parts[0] == {"text": "[image image/gif not shown: this model does not read the type]"}
    assert [part["inlineData"]["mimeType"] for part in parts[1:]] == ["image/heic", "image/png"]


def test_wire_blocks_are_the_head_and_then_every_part() -> None:
    body = untyped(to_gemini(context_of(user("a", "b"), assistant("c"))))
    assert [json.loads(block) for block in wire_blocks(body)] == [
        body["systemInstruction"],
        body["tools"],
        ["user", {"text": "a"}],
        ["user", {"text": "b"}],
        ["model", {"text": "c"}],
    ]


# Seals


def response(*parts: Part, finish: str = "STOP", **named: Any) -> Body:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish}
    return {"candidates": [candidate], "responseId": "r1", **named}


def asked(id_: str, **beside: str) -> Part:
    return {"functionCall": {"id": id_, "name": "look", "args": {"at": "sea", "a": 1}}, **beside}


def sent_back(reply: Reply, **named: bool) -> list[Part]:
    """The answer's parts as the next request carries them."""
    context = answered(context_of(user("How is the sea?")), reply)
    return untyped(to_gemini(context, **named))["contents"][1]["parts"]


ROUND_TRIPS: dict[str, list[Part]] = {
    "on the first of two calls": [asked("c1", thoughtSignature="s1"), asked("c2")],
    "on a text": [{"text": "Calm.", "thoughtSignature": "s1"}],
    "on a text before a call": [
        {"text": "I look.", "thoughtSignature": "s1"},
        asked("c1", thoughtSignature="s2"),
    ],
    "on an empty text at the end": [{"text": "Calm."}, {"text": "", "thoughtSignature": "s1"}],
    "on an empty text before a call": [
        {"text": "", "thoughtSignature": "s1"},
        asked("c1", thoughtSignature="s2"),
    ],
    "on an empty thought before a call": [
        {"text": "", "thought": True, "thoughtSignature": "s1"},
        asked("c1", thoughtSignature="s2"),
    ],
    "on a thought": [
        {"text": "Hm.", "thought": True, "thoughtSignature": "s1"},
        {"text": "Calm."},
    ],
    "on two texts": [
        {"text": "Calm.", "thoughtSignature": "s1"},
        {"text": " Blue.", "thoughtSignature": "s2"},
    ],
    "on one of two texts": [{"text": "Calm."}, {"text": " Blue.", "thoughtSignature": "s2"}],
    "on a text that goes on": [{"text": "Calm.", "thoughtSignature": "s1"}, {"text": " Blue."}],
}


@pytest.mark.parametrize("parts", ROUND_TRIPS.values(), ids=ROUND_TRIPS)
def test_a_seal_goes_back_on_its_part(parts: list[Part]) -> None:
    assert sent_back(from_gemini(response(*parts))) == parts


def test_a_seal_is_a_thinking_block_before_the_call_that_carries_it() -> None:
    reply = from_gemini(response(asked("c1", thoughtSignature="s1"), asked("c2")))
    arguments = '{"at":"sea","a":1}'
    assert reply.blocks == (
        ThinkingBlock(text="", signature="s1"),
        call("c1", arguments),
        call("c2", arguments),
    )


SEALS = st.sampled_from(["", "", "s1", "s2", "s3"])


@st.composite
def model_parts(draw: st.DrawFn) -> list[Part]:
    """Parts as a model gives them whole: no text without a seal behind another."""
    parts: list[Part] = []
    for n in range(draw(st.integers(1, 6))):
        seal = draw(SEALS)
        beside = {"thoughtSignature": seal} if seal else {}
        kind = draw(st.sampled_from(["text", "call", "thought", "empty", "empty thought"]))
        if kind == "call":
            parts.append(asked(f"c{n}", **beside))
        elif kind.startswith("empty"):
            thought = {"thought": True} if kind == "empty thought" else {}
            parts.append({"text": "", **thought, "thoughtSignature": seal or "s4"})
        elif kind == "thought":
            parts.append({"text": f"thought {n}", "thought": True, "thoughtSignature": seal or "s"})
        elif seal or not parts or "text" not in parts[-1]:
            parts.append({"text": f"text {n}", **beside})
    return parts or [{"text": "Calm."}]


@given(model_parts())
def test_whatever_is_sealed_goes_back_as_it_came(parts: list[Part]) -> None:
    reply = from_gemini(response(*parts))
    assert sent_back(reply, needs_seals=False) == parts


def test_a_first_call_that_lost_its_seal_gets_the_stand_in() -> None:
    reply = Reply(blocks=(call("c1"), call("c2")), usage=Usage())
    first, second = sent_back(reply)
    assert first["thoughtSignature"] == UNLOOKED
    assert "thoughtSignature" not in second
    assert all("thoughtSignature" not in part for part in sent_back(reply, needs_seals=False))


def test_thoughts_that_are_told_without_a_seal_are_kept_and_not_sent() -> None:
    reply = from_gemini(response({"text": "Hm.", "thought": True}, {"text": "Calm."}))
    assert reply.blocks == (ThinkingBlock(text="Hm."), TextBlock(text="Calm."))
    assert sent_back(reply) == [{"text": "Calm."}]


def test_a_thought_that_cannot_be_carried_as_it_is_loses_its_seal() -> None:
    thought = {"text": "a\ud800", "thought": True, "thoughtSignature": "s1"}
    reply = from_gemini(response(thought, {"text": "Calm."}))
    assert reply.blocks[0] == ThinkingBlock(text="a\ufffd")


# Calls without an id


def test_a_call_without_an_id_is_given_one_that_is_not_sent() -> None:
    bare = {"functionCall": {"name": "look", "args": {"at": "sea"}}, "thoughtSignature": "s1"}
    again = {"functionCall": {"name": "look"}}
    reply = from_gemini(response(bare, again))
    assert [c.id for c in reply.calls] == ["nameless_r1_1", "nameless_r1_2"]
    assert reply.calls[1].arguments == "{}"
    context = answered(context_of(user("How is the sea?")), reply)
    _, spoke, back = untyped(to_gemini(context))["contents"]
    assert spoke["parts"] == [bare, {"functionCall": {"name": "look", "args": {}}}]
    assert [part["functionResponse"] for part in back["parts"]] == [
        {"name": "look", "response": {"output": "calm"}},
        {"name": "look", "response": {"output": "calm"}},
    ]


def test_without_a_response_id_usage_tells_two_requests_apart() -> None:
    def told(tokens: int) -> Body:
        parts: list[Part] = [{"functionCall": {"name": "look", "args": {}}}]
        return {
            "candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": tokens},
        }

    (first,) = from_gemini(told(10)).calls
    assert from_gemini(told(10)).calls == (first,)
    assert from_gemini(told(20)).calls[0].id != first.id


# Answers

USAGE: Body = {
    "promptTokenCount": 350,
    "cachedContentTokenCount": 300,
    "candidatesTokenCount": 26,
    "thoughtsTokenCount": 64,
    "totalTokenCount": 440,
}


def test_a_whole_answer_is_read() -> None:
    told = response(
        {"text": "I look.", "thoughtSignature": "s0"},
        asked("c1", thoughtSignature="s1"),
        usageMetadata=USAGE,
    )
    assert from_gemini(told) == Reply(
        blocks=(
            ThinkingBlock(text="", signature="s0"),
            TextBlock(text="I look."),
            ThinkingBlock(text="", signature="s1"),
            call("c1", '{"at":"sea","a":1}'),
        ),
        usage=Usage(input_tokens=350, output_tokens=90, cache_hit_tokens=300),
        stop="tool_calls",
    )


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ({}, Usage()),
        (USAGE, Usage(input_tokens=350, output_tokens=90, cache_hit_tokens=300)),
        ({"promptTokenCount": 10, "toolUsePromptTokenCount": 5}, Usage(input_tokens=15)),
        ({"promptTokenCount": None, "thoughtsTokenCount": 3}, Usage(output_tokens=3)),
    ],
)
def test_usage_as_the_provider_reports_it(reported: Body, expected: Usage) -> None:
    assert decode_usage(reported) == expected


@pytest.mark.parametrize(
    ("finish", "stop"),
    [
        ("STOP", "end"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "refusal"),
        ("RECITATION", "refusal"),
        ("PROHIBITED_CONTENT", "refusal"),
        ("OTHER", "end"),
        ("A_LATER_ONE", "end"),
    ],
)
def test_why_an_answer_ended(finish: str, stop: str) -> None:
    assert from_gemini(response({"text": "x"}, finish=finish)).stop == stop


def test_a_question_that_is_blocked_is_refused() -> None:
    reply = from_gemini({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": USAGE})
    assert (reply.stop, reply.blocks, reply.usage.input_tokens) == ("refusal", (), 350)


@pytest.mark.parametrize("finish", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])
def test_a_call_that_the_provider_cannot_read_is_garbled(finish: str) -> None:
    with pytest.raises(ModelGarbled, match=finish):
        from_gemini(response(finish=finish))


def test_parts_of_later_kinds_are_left_out() -> None:
    told = response({"inlineData": {"mimeType": "image/png", "data": "x"}}, {"text": "Calm."})
    assert from_gemini(told).blocks == (TextBlock(text="Calm."),)


# Streams


def put_together(chunks: Sequence[Any]) -> tuple[list[str], Reply]:
    stream = GeminiStream()
    pieces = [piece.text for chunk in chunks if (piece := stream.feed(chunk)) is not None]
    return pieces, stream.reply()


def chunk(*parts: Part, finish: str | None = None, **usage: int) -> Body:
    candidate: Body = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "usageMetadata": usage, "responseId": "r1"}


STREAM = [
    chunk({"text": "Hm,", "thought": True}, promptTokenCount=350, cachedContentTokenCount=300),
    chunk({"text": " the sea.", "thought": True}, promptTokenCount=350),
    chunk({"text": "Cal"}),
    chunk({"text": "m and "}, {"text": "blue."}),
    chunk({"text": "", "thoughtSignature": "s1"}),
    chunk(asked("c1", thoughtSignature="s2")),
    chunk(asked("c2"), candidatesTokenCount=26, thoughtsTokenCount=64),
]
END: Body = {
    "candidates": [{"content": {}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 350, "candidatesTokenCount": 26},
}


def test_a_streamed_answer_is_put_together() -> None:
    pieces, reply = put_together([*STREAM, END])
    assert pieces == ["Cal", "m and blue."]
    assert reply == Reply(
        blocks=(
            ThinkingBlock(text="Hm, the sea."),
            TextBlock(text="Calm and blue."),
            ThinkingBlock(text="s1", is_redacted=True),
            ThinkingBlock(text="", signature="s2"),
            call("c1", '{"at":"sea","a":1}'),
            call("c2", '{"at":"sea","a":1}'),
        ),
        usage=Usage(input_tokens=350, output_tokens=90, cache_hit_tokens=300),
        stop="tool_calls",
    )
    assert sent_back(reply) == [
        {"text": "Calm and blue."},
        {"text": "", "thoughtSignature": "s1"},
        asked("c1", thoughtSignature="s2"),
        asked("c2"),
    ]


def test_a_sealed_piece_is_not_merged_with_others() -> None:
    pieces = [{"text": "a"}, {"text": "b", "thoughtSignature": "s1"}, {"text": "c"}, {"text": "d"}]
    told, reply = put_together([*(chunk(piece) for piece in pieces), END])
    assert "".join(told) == reply.text == "abcd"
    assert sent_back(reply) == [
        {"text": "a"},
        {"text": "b", "thoughtSignature": "s1"},
        {"text": "cd"},
    ]


@pytest.mark.parametrize("kept", range(len(STREAM) + 1))
def test_a_stream_that_breaks_off_is_garbled(kept: int) -> None:
    with pytest.raises(ModelGarbled):
        put_together(STREAM[:kept])


NO_CHUNKS: list[Any] = [
    {"candidates": "x"},
    {"candidates": [3]},
    {"candidates": [{"content": "x"}]},
    {"candidates": [{"content": {"parts": "x"}}]},
    {"candidates": [{"content": {"parts": [3]}}]},
    {"candidates": [{"content": {"parts": [{"text": 3}]}}]},
    {"candidates": [{"content": {"parts": [{"functionCall": "x"}]}}]},
    {"candidates": [{"content": {"parts": [{"functionCall": {"args": {}}}]}}]},
    {"usageMetadata": "many"},
    {"usageMetadata": {"thoughtsTokenCount": "many"}},
    {"promptFeedback": "x"},
]


@pytest.mark.parametrize("told", NO_CHUNKS)
def test_what_is_no_chunk_is_garbled(told: Any) -> None:
    with pytest.raises(ModelGarbled):
        put_together([told, END])


@given(st.lists(st.text(min_size=1), max_size=6))
def test_pieces_of_text_add_up_to_the_answer(texts: list[str]) -> None:
    pieces, reply = put_together([*(chunk({"text": text}) for text in texts), END])
    assert "".join(pieces) == reply.text == "".join(texts)


def test_arguments_keep_the_order_of_the_model() -> None:
    args = {"z": 1.0, "a": [{"y": 1, "b": None}], "ü": "🦜"}
    reply = from_gemini(response({"functionCall": {"id": "c", "name": "look", "args": args}}))
    assert reply.blocks == (
        ToolCallBlock(id="c", tool="look", arguments='{"z":1.0,"a":[{"y":1,"b":null}],"ü":"🦜"}'),
    )
    (part,) = sent_back(reply)
    assert list(part["functionCall"]["args"]) == ["z", "a", "ü"]
