"""Contexts made by hand, with every kind of block, and requests taken apart."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from hypothesis import strategies as st

from enplace.records.block import (
    Block,
    FileBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from enplace.records.canonical import JsonObject, digest
from enplace.records.context import Context, ContextBlock, ContextMessage, Role
from enplace.records.event import EpochOpened
from enplace.records.message import Reply
from enplace.records.tool import ToolSpec

LOOK = ToolSpec(
    name="look",
    description="Look somewhere.",
    schema={"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
)
PNG = ImageBlock(media_type="image/png", data="iVBORw0KGgo=", width=640, height=480)
TIFF = ImageBlock(media_type="image/tiff", data="SUkqAA==")
PDF = FileBlock(media_type="application/pdf", data="JVBERi0=", name="report.pdf", pages=2)
NOTE = FileBlock(media_type="text/plain", data="w5xiZXIgQmVyZ2UK", name="notes.txt")
"""Says «Über Berge»."""
ZIP = FileBlock(media_type="application/zip", data="UEsDBA==", name='a"b.zip')

Body = dict[str, Any]


def message(role: Role, *blocks: Block) -> ContextMessage:
    standing = tuple(ContextBlock(block=b, segment="history", tokens=1) for b in blocks)
    return ContextMessage(role=role, blocks=standing, chain=digest(repr(blocks)))


def user(*blocks: Block | str) -> ContextMessage:
    return message("user", *(TextBlock(text=b) if isinstance(b, str) else b for b in blocks))


def assistant(*blocks: Block | str) -> ContextMessage:
    return message("assistant", *(TextBlock(text=b) if isinstance(b, str) else b for b in blocks))


def results(*calls: tuple[str, str]) -> ContextMessage:
    """Results of tools: (call id, text) each."""
    return message(
        "tool", *(ToolResultBlock(call_id=id_, tool="look", text=text) for id_, text in calls)
    )


def call(id_: str, arguments: str = '{"at":"sea"}') -> ToolCallBlock:
    return ToolCallBlock(id=id_, tool="look", arguments=arguments)


def context_of(
    *messages: ContextMessage, system: str = "Be brief.", tools: Sequence[ToolSpec] = (LOOK,)
) -> Context:
    head = (ContextBlock(block=TextBlock(text=system), segment="system", tokens=1),)
    return Context(
        task_id="t",
        turn_id="turn",
        model="model",
        epoch=EpochOpened(reason="task_start", model="model", system="s", tools="t"),
        tools=tuple(tools),
        system=head if system else (),
        messages=messages,
        manifest=(),
        counted_tokens=1,
        estimated_tokens=1,
        expected_hit_tokens=0,
        unbroken_tokens=0,
        break_reason=None,
        branch=0,
        head=digest("head"),
        max_output_tokens=100,
    )


def answered(context: Context, reply: Reply) -> Context:
    """The context with the reply behind it, and a result of each call."""
    spoke = replace(message("assistant", *reply.blocks), raw=reply.raw)
    after = [results(*((c.id, "calm") for c in reply.calls))] if reply.calls else [user("And?")]
    return replace(context, messages=(*context.messages, spoke, *after))


def untyped(body: JsonObject) -> Body:
    return cast(Body, body)


# Whole tasks, for properties

TEXTS = st.sampled_from(["", " ", "Hello.", "grüße 🦜"])
THOUGHTS = st.builds(
    ThinkingBlock,
    text=st.sampled_from(["", "hm", "c2VhbA=="]),
    signature=st.sampled_from(["", "c2VhbA==", "b3RoZXI="]),
    is_redacted=st.booleans(),
)
MEDIA = st.sampled_from([PNG, TIFF, PDF, NOTE, ZIP])
TEXT_BLOCKS = TEXTS.map(lambda text: TextBlock(text=text))
ANSWERS = st.lists(THOUGHTS | TEXT_BLOCKS | st.just(None), max_size=5)
"""An answer's blocks; None stands for a call."""


@st.composite
def tasks(draw: st.DrawFn) -> list[ContextMessage]:
    """Messages of a task as they come: questions, some of them unanswered, and steps."""
    messages: list[ContextMessage] = []
    for turn in range(draw(st.integers(1, 4))):
        said = draw(st.lists(TEXT_BLOCKS | MEDIA, max_size=3))
        messages.append(message("user", *said, TextBlock(text=f"message {turn}")))
        for step in range(draw(st.integers(0, 3))):
            drawn = draw(ANSWERS)
            ids = [f"c{turn}.{step}.{n}" for n in range(len(drawn))]
            blocks = [call(i) if b is None else b for i, b in zip(ids, drawn, strict=True)]
            messages.append(message("assistant", *blocks))
            calls = [block.id for block in blocks if isinstance(block, ToolCallBlock)]
            if not calls:
                break
            messages.append(results(*((id_, "calm") for id_ in calls)))
    return messages
