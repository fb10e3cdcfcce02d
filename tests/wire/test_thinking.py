"""What a model thought: read, kept, and sent back word for word where it stood, or not at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.contexts import answered, assistant, call, context_of, results, untyped, user

from enplace.records.block import TextBlock, ThinkingBlock
from enplace.records.message import Reply
from enplace.records.usage import Usage
from enplace.wire.anthropic_messages import MessageStream, from_anthropic, to_anthropic
from enplace.wire.openai_chat import ChatStream, from_openai, to_openai

ASKED = context_of(user("How is the sea?"))

# Anthropic

CONTENT: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "Ünder the sea…", "signature": "EqQBCgIYAhIM+/=="},
    {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3p"},
    {"type": "text", "text": "Let me look."},
    {"type": "thinking", "thinking": "", "signature": "EqQB-second"},
    {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": "sea"}},
]


def sent_back(reply: Reply) -> list[dict[str, Any]]:
    """The answer as the next request carries it."""
    body = untyped(to_anthropic(answered(ASKED, reply)))
    (spoke,) = [m for m in body["messages"] if m["role"] == "assistant"]
    return spoke["content"]


def streamed(content: list[dict[str, Any]], stop: str = "tool_use") -> Reply:
    """The content as events, every text in pieces of three characters."""
    stream = MessageStream()
    stream.feed({"type": "message_start", "message": {"usage": {"input_tokens": 3}}})
    for at, block in enumerate(content):
        begun = {"type": block["type"]}
        deltas: list[dict[str, Any]] = []
        match block["type"]:
            case "thinking":
                begun |= {"thinking": "", "signature": ""}
                deltas = [
                    {"type": "thinking_delta", "thinking": piece}
                    for piece in in_threes(block["thinking"])
                ]
                deltas.append({"type": "signature_delta", "signature": block["signature"]})
            case "text":
                begun["text"] = ""
                deltas = [
                    {"type": "text_delta", "text": piece} for piece in in_threes(block["text"])
                ]
            case _:
                begun = block  # comes whole
        stream.feed({"type": "content_block_start", "index": at, "content_block": begun})
        for delta in deltas:
            stream.feed({"type": "content_block_delta", "index": at, "delta": delta})
        stream.feed({"type": "content_block_stop", "index": at})
    stream.feed({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {}})
    stream.feed({"type": "message_stop"})
    return stream.reply()


def in_threes(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]


def whole(content: list[dict[str, Any]], stop: str = "tool_use") -> Reply:
    return from_anthropic({"content": content, "stop_reason": stop, "usage": {}})


def test_thinking_is_read() -> None:
    assert whole(CONTENT).blocks == (
        ThinkingBlock(text="Ünder the sea…", signature="EqQBCgIYAhIM+/=="),
        ThinkingBlock(text="EmwKAhgBEgy3va3p", is_redacted=True),
        TextBlock(text="Let me look."),
        ThinkingBlock(text="", signature="EqQB-second"),
        call("c1"),
    )
    assert streamed(CONTENT).blocks == whole(CONTENT).blocks


def test_thinking_goes_back_as_it_came() -> None:
    assert sent_back(whole(CONTENT)) == CONTENT
    assert sent_back(streamed(CONTENT)) == CONTENT


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("abc+/=", min_size=1))
def test_any_thinking_goes_back_as_it_came(thinking: str, signature: str) -> None:
    thought = {"type": "thinking", "thinking": thinking, "signature": signature}
    assert sent_back(streamed([thought, CONTENT[-1]]))[0] == thought


def test_a_thought_that_cannot_be_carried_as_it_is_loses_its_seal() -> None:
    thought = {"type": "thinking", "thinking": "a\ud800", "signature": "seal"}
    reply = whole([thought, CONTENT[-1]])
    assert reply.blocks[0] == ThinkingBlock(text="a\ufffd")
    assert sent_back(reply) == CONTENT[-1:]


def test_an_unfinished_thought_is_not_sent() -> None:
    stream = MessageStream()
    begun = {"type": "thinking", "thinking": "", "signature": ""}
    stream.feed({"type": "content_block_start", "index": 0, "content_block": begun})
    delta = {"type": "thinking_delta", "thinking": "hm"}
    stream.feed({"type": "content_block_delta", "index": 0, "delta": delta})
    stream.feed({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}})
    stream.feed({"type": "message_stop"})
    reply = stream.reply()
    assert reply.blocks == (ThinkingBlock(text="hm"),)
    body = untyped(to_anthropic(answered(ASKED, reply)))
    assert [m["role"] for m in body["messages"]] == ["user", "user"]


@pytest.mark.parametrize("last", CONTENT[:2], ids=["sealed", "redacted"])
def test_a_message_does_not_end_with_a_thought(last: dict[str, Any]) -> None:
    assert sent_back(whole([CONTENT[2], *CONTENT[:2], last], "end_turn")) == [CONTENT[2]]


def test_no_marker_stands_on_a_thought() -> None:
    sealed = ThinkingBlock(text="hm", signature="seal")
    body = untyped(to_anthropic(context_of(user("hello"), assistant("Hi.", sealed))))
    (spoke,) = [m for m in body["messages"] if m["role"] == "assistant"]
    assert spoke["content"] == [
        {"type": "text", "text": "Hi.", "cache_control": {"type": "ephemeral"}}
    ]


# OpenAI chat


def completion(**message: Any) -> Reply:
    return from_openai({"choices": [{"message": message, "finish_reason": "stop"}]})


FUNCTION = {"name": "look", "arguments": '{"at":"sea"}'}
CALL = {"id": "c1", "type": "function", "function": FUNCTION}


def chat_messages(reply: Reply) -> list[dict[str, Any]]:
    return untyped(to_openai(answered(ASKED, reply)))["messages"]


@pytest.mark.parametrize("told", ["The sea is far.", ""])
def test_reasoning_goes_back_with_the_calls_it_led_to(told: str) -> None:
    reply = completion(content=None, reasoning_content=told, tool_calls=[CALL])
    assert reply.blocks == (ThinkingBlock(text=told), call("c1"))
    assert chat_messages(reply)[2] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [CALL],
        "reasoning_content": told,
    }


def test_reasoning_that_led_to_no_call_stays_here() -> None:
    reply = completion(content="Calm.", reasoning_content="hm")
    assert reply.blocks == (ThinkingBlock(text="hm"), TextBlock(text="Calm."))
    assert chat_messages(reply)[2] == {"role": "assistant", "content": "Calm."}


@pytest.mark.parametrize("told", [{"reasoning_content": None}, {"reasoning_content": ""}, {}])
def test_no_reasoning_is_none(told: dict[str, Any]) -> None:
    assert completion(content="Calm.", **told).blocks == (TextBlock(text="Calm."),)
    stream = ChatStream()
    stream.feed({"choices": [{"delta": {"content": "Calm.", **told}, "finish_reason": "stop"}]})
    assert stream.reply().blocks == (TextBlock(text="Calm."),)


def test_streamed_reasoning_is_put_together() -> None:
    stream = ChatStream()
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "content": None, "reasoning_content": ""},
        {"reasoning_content": "The sea "},
        {"content": None, "reasoning_content": "is far."},
        {"content": "Let me look.", "reasoning_content": None},
        {"tool_calls": [{"index": 0, **CALL}]},
    ]
    pieces = [stream.feed({"choices": [{"delta": delta}]}) for delta in deltas]
    stream.feed({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
    assert [piece.text for piece in pieces if piece] == ["Let me look."]
    assert stream.reply().blocks == (
        ThinkingBlock(text="The sea is far."),
        TextBlock(text="Let me look."),
        call("c1"),
    )


def test_what_was_thought_is_no_text_of_the_reply() -> None:
    reply = Reply(blocks=(ThinkingBlock(text="hm"), TextBlock(text="Calm.")), usage=Usage())
    assert reply.text == "Calm."
    history = context_of(user("hello"), assistant(*reply.blocks), results())
    assert history.messages[1].text == "Calm."
