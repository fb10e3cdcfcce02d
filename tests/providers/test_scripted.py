"""The fake that ships: scripts, streaming, and the cache of an ideal provider."""

import json

import pytest
from tests.engine.house import House

from enplace.errors import ModelError, ModelUnavailable
from enplace.providers.scripted import ScriptedModel, call, say
from enplace.records.context import Context
from enplace.records.message import Reply, TextPiece


async def contexts(turns: int) -> list[Context]:
    """The requests of a task, each an extension of the one before."""
    house = House(system="Be brief.")
    for n in range(turns):
        await house.say(f"message {n} " * 10, f"answer {n} " * 10)
    return house.model.requests


async def ask(model: ScriptedModel, context: Context) -> tuple[list[str], Reply]:
    pieces: list[str] = []
    async for piece in model.stream(context):
        if isinstance(piece, TextPiece):
            pieces.append(piece.text)
        else:
            return pieces, piece
    raise AssertionError("no reply")


async def test_a_script_is_answered_in_order_and_then_ends() -> None:
    (context,) = await contexts(1)
    model = ScriptedModel(["one", say("two"), ModelUnavailable("busy")])
    assert (await ask(model, context))[1].text == "one"
    assert (await ask(model, context))[1].text == "two"
    with pytest.raises(ModelUnavailable):
        await ask(model, context)
    with pytest.raises(ModelError, match="no further answer"):
        await ask(model, context)
    assert model.requests == [context] * 4


async def test_a_function_may_answer_by_what_it_is_asked() -> None:
    (context,) = await contexts(1)
    model = ScriptedModel(lambda asked: asked.messages[-1].text.upper())
    assert (await ask(model, context))[1].text == context.messages[-1].text.upper()


@pytest.mark.parametrize("text", ["", "one", "two words", "  lead and trail \n", "a\n\n  b\tc"])
async def test_the_pieces_of_a_text_add_up_to_it(text: str) -> None:
    (context,) = await contexts(1)
    pieces, reply = await ask(ScriptedModel([text]), context)
    assert "".join(pieces) == reply.text == text


async def test_asked_calls_come_with_their_text() -> None:
    (context,) = await contexts(1)
    _, reply = await ask(ScriptedModel([call(("a", "t", {"x": 1}), text="Sure.")]), context)
    assert reply.text == "Sure."
    assert reply.stop == "tool_calls"
    assert [(c.id, c.tool, json.loads(c.arguments)) for c in reply.calls] == [("a", "t", {"x": 1})]


async def test_the_cache_holds_every_prefix_that_was_sent() -> None:
    asked = await contexts(3)
    model = ScriptedModel(["x"] * 9)
    usages = [(await ask(model, c))[1].usage for c in [*asked, asked[0], asked[2]]]
    for context, usage in zip(asked, usages, strict=False):
        assert usage.input_tokens == context.counted_tokens
        assert usage.cache_hit_tokens + usage.cache_write_tokens == usage.input_tokens
    hits = [usage.cache_hit_tokens for usage in usages]
    assert hits[0] == 0
    assert hits[1] > usages[0].input_tokens  # the answer is in the cache too
    assert hits[2] > usages[1].input_tokens
    assert hits[3:] == [usages[0].input_tokens, usages[2].input_tokens]


async def test_another_head_shares_no_prefix() -> None:
    (context,) = await contexts(1)
    house = House(system="Be long.")
    await house.say("message 0 " * 10)
    model = ScriptedModel(["x"] * 2)
    await ask(model, context)
    assert (await ask(model, house.request))[1].usage.cache_hit_tokens == 0
