"""What holds for every codec: the prefix law, and what becomes of thoughts, images and files."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from tests.wire.contexts import (
    NOTE,
    PDF,
    PNG,
    TIFF,
    ZIP,
    assistant,
    call,
    context_of,
    results,
    tasks,
    untyped,
    user,
)

from enplace.records.block import FileBlock, ImageBlock, ThinkingBlock
from enplace.records.canonical import JsonObject, canonical
from enplace.records.context import Context, ContextMessage
from enplace.wire import anthropic_messages, gemini, openai_chat, openai_responses
from enplace.wire.anthropic_messages import to_anthropic
from enplace.wire.envelope import to_envelope
from enplace.wire.gemini import to_gemini
from enplace.wire.openai_chat import to_openai
from enplace.wire.openai_responses import to_openai_responses


class Codec(NamedTuple):
    encode: Callable[[Context], JsonObject]
    blocks: Callable[[JsonObject], list[str]]


CODECS = {
    "openai": Codec(to_openai, openai_chat.wire_blocks),
    "envelope": Codec(to_envelope, openai_chat.wire_blocks),
    "anthropic": Codec(to_anthropic, anthropic_messages.wire_blocks),
    "responses": Codec(to_openai_responses, openai_responses.wire_blocks),
    "gemini": Codec(to_gemini, gemini.wire_blocks),
}
every_codec = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
SEALED = ThinkingBlock(text="hm", signature="c2VhbA==")
OPEN = ThinkingBlock(text="hm, openly")


@every_codec
@given(tasks())
def test_more_messages_only_add_blocks(codec: Codec, messages: list[ContextMessage]) -> None:
    requests = [context_of(*messages[:n]) for n in range(1, len(messages) + 1)]
    wired = [codec.blocks(codec.encode(context)) for context in requests]
    for earlier, later in pairwise(wired):
        assert later[: len(earlier)] == earlier


@every_codec
@given(tasks())
def test_the_same_context_is_the_same_bytes(codec: Codec, messages: list[ContextMessage]) -> None:
    context = context_of(*messages)
    assert json.dumps(codec.encode(context)) == json.dumps(codec.encode(context))


@every_codec
def test_a_head_comes_before_the_messages(codec: Codec) -> None:
    context = context_of(user("hello"))
    head = codec.blocks(codec.encode(context_of()))
    assert codec.blocks(codec.encode(context))[: len(head)] == head
    assert "Be brief." in "".join(head)
    assert "Look somewhere." in "".join(head)


@pytest.mark.parametrize("name", ["anthropic", "responses", "gemini"])
def test_a_thought_without_a_seal_is_not_sent_where_seals_are_asked_for(name: str) -> None:
    encode = CODECS[name].encode
    asked = user("hello"), assistant(OPEN, "Let me look.", call("c1")), results(("c1", "calm"))
    bare = user("hello"), assistant("Let me look.", call("c1")), results(("c1", "calm"))
    assert encode(context_of(*asked)) == encode(context_of(*bare))


@pytest.mark.parametrize("name", ["openai", "envelope"])
def test_a_sealed_thought_is_not_sent_where_there_are_no_seals(name: str) -> None:
    encode = CODECS[name].encode
    cipher = ThinkingBlock(text="cipher", is_redacted=True)
    asked = user("hello"), assistant(SEALED, cipher, "Hi.", call("c1")), results(("c1", "calm"))
    bare = user("hello"), assistant("Hi.", call("c1")), results(("c1", "calm"))
    assert encode(context_of(*asked)) == encode(context_of(*bare))


def test_the_envelope_leaves_every_thought_out() -> None:
    spoken = to_envelope(context_of(user("hello"), assistant(OPEN, call("c1"))))
    assert "openly" not in canonical(spoken)


# Images and files


def last_content(body: JsonObject) -> Any:
    told = untyped(body)
    messages = told.get("messages") or told.get("input") or told["contents"]
    return messages[-1].get("content", messages[-1].get("parts"))


SHOWN: dict[str, Any] = {
    "openai": [
        {"type": "text", "text": "Look:"},
        {
            "type": "image_url",
            "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "high"},
        },
        {
            "type": "file",
            "file": {
                "filename": "report.pdf",
                "file_data": "data:application/pdf;base64,JVBERi0=",
            },
        },
        {"type": "text", "text": 'file "notes.txt" text/plain:\n\nÜber Berge\n'},
    ],
    "responses": [
        {"type": "input_text", "text": "Look:"},
        {
            "type": "input_image",
            "image_url": "data:image/png;base64,iVBORw0KGgo=",
            "detail": "high",
        },
        {
            "type": "input_file",
            "filename": "report.pdf",
            "file_data": "data:application/pdf;base64,JVBERi0=",
        },
        {"type": "input_text", "text": 'file "notes.txt" text/plain:\n\nÜber Berge\n'},
    ],
    "anthropic": [
        {"type": "text", "text": "Look:"},
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
        },
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
            "title": "report.pdf",
        },
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "Über Berge\n"},
            "title": "notes.txt",
            "cache_control": {"type": "ephemeral"},
        },
    ],
    "gemini": [
        {"text": "Look:"},
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
        {"text": 'file "notes.txt" text/plain:\n\nÜber Berge\n'},
    ],
    "envelope": """\
Look:

[image image/png 640x480 not shown: this model reads text only]

[file "report.pdf" application/pdf, 2 pages, not shown: this model reads text only]

file "notes.txt" text/plain:

Über Berge
""",
}


@pytest.mark.parametrize("name", CODECS)
def test_images_and_files_of_a_message(name: str) -> None:
    context = context_of(user("Look:", PNG, PDF, NOTE))
    assert last_content(CODECS[name].encode(context)) == SHOWN[name]


@every_codec
@pytest.mark.parametrize("block", [TIFF, ZIP], ids=["tiff", "zip"])
def test_what_the_provider_would_refuse_is_named_in_words(
    codec: Codec, block: ImageBlock | FileBlock
) -> None:
    told = canonical(codec.encode(context_of(user("Look:", block))))
    assert f"{block.media_type} not shown: this model" in told
    assert block.data not in told


@pytest.mark.parametrize("name", ["openai", "responses", "envelope"])
def test_a_message_without_media_is_a_plain_text(name: str) -> None:
    context = context_of(user("<notes/>", "hello"))
    assert last_content(CODECS[name].encode(context)) == "<notes/>\n\nhello"


@pytest.mark.parametrize("kind", ["text/plain", "text/csv; charset=utf-8", "application/ld+json"])
def test_text_files_of_many_types_are_written_out(kind: str) -> None:
    file = FileBlock(media_type=kind, data=NOTE.data)
    assert last_content(to_openai(context_of(user(file))))[0]["text"] == (
        f"file {kind}:\n\nÜber Berge\n"
    )


@pytest.mark.parametrize("data", ["no base64!", "/w==", "_w"])
def test_a_text_file_that_is_none_is_named_in_words(data: str) -> None:
    file = FileBlock(media_type="text/plain", data=data)
    (part,) = last_content(to_openai(context_of(user(file))))
    assert part["text"] == "[file text/plain not shown: this model does not read the type]"
