"""People in the loop at a terminal: a chat that asks, questions answered by commands."""

import json
import os
import re
from collections.abc import Generator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import Terminal
from tests.cli.test_chat import chat
from tests.providers.endpoint import Endpoint, Events, endpoint

import enplace
from enplace import EngineOptions, PermissionRule, TurnOptions
from enplace.providers.scripted import ScriptedModel, call
from enplace.tools.asking import AskPerson

SEAT = {"question": "Aisle or window?", "options": ["aisle", "window"]}


def sse(*deltas: Mapping[str, Any]) -> Events:
    chunks: list[dict[str, Any]] = [
        {"id": "x", "choices": [{"index": 0, **delta}]} for delta in deltas
    ]
    usage: dict[str, Any] = {
        "id": "x",
        "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3},
    }
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in (*chunks, usage)]
    return Events("".join([*lines, "data: [DONE]\n\n"]).encode())


def booking(body: Mapping[str, Any]) -> tuple[int, object]:
    """A provider whose model asks for a seat, and books what it hears."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        said = {"delta": {"content": f"Booked: {last['content']}."}, "finish_reason": None}
        return 200, sse(said, {"delta": {}, "finish_reason": "stop"})
    asked = {"name": "ask_person", "arguments": json.dumps(SEAT)}
    calls = [{"index": 0, "id": "c1", "type": "function", "function": asked}]
    wants = {"delta": {"tool_calls": calls}, "finish_reason": None}
    return 200, sse(wants, {"delta": {}, "finish_reason": "tool_calls"})


@pytest.fixture
def provider() -> Generator[Endpoint]:
    with endpoint(booking) as provider:
        yield provider


@pytest.fixture
def settings(provider: Endpoint) -> dict[str, str]:
    return {
        "LLM_PROVIDER": "openai",
        "LLM_MODEL": "some-model",
        "LLM_API_KEY": "key",
        "LLM_BASE_URL": f"{provider.url}/v1",
        "LEARNING_ENABLED": "false",
    }


def test_a_chat_asks_at_the_terminal_and_goes_on(
    tmp_path: Path, settings: dict[str, str], provider: Endpoint
) -> None:
    terminal = Terminal(home=tmp_path)
    with chat(terminal, "--task", "trip", **settings) as (screen, process):
        screen.until("> ")
        shown = screen.type_until("Book me a seat.", "\n? ")
        assert "\nAisle or window?  (aisle, window)  [/later, /cancel]\n" in shown
        answered = screen.type("window")
        assert "[answered: window]\n" in answered
        assert "Booked: window." in answered
        screen.type_until("Another one.", "\n? ")
        screen.type("/later")
        assert "HITL_REQUIRED" in screen.type_until("A third one.", "\n? ")
        assert "cancelled" in screen.type("/cancel")
        screen.type_until("A fourth one.", "\n? ")
        os.write(screen.line, b"/quit\n")
        assert process.wait(timeout=20) == 0
    offered = provider.requests[0][2]["tools"]
    assert "ask_person" in [tool["function"]["name"] for tool in offered]
    with chat(terminal, "--task", "trip", **settings) as (screen, process):
        assert "Aisle or window?" in screen.until("\n? "), "what waits since before comes first"
        assert "Booked: aisle." in screen.type("aisle")


async def a_question(home: Path, task: str = "trip") -> None:
    """A turn that asks, in a process that has ended."""
    model = ScriptedModel([call(("c1", "ask_person", SEAT))])
    async with (
        enplace.open(
            home, model=model, tools=[AskPerson()], embedder=None, environment={}
        ) as engine,
        aclosing(engine.owner().execute(task, "Book me a seat.")) as events,
    ):
        async for _ in events:
            pass


async def test_a_question_is_listed_and_answered_by_commands(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    terminal = Terminal(home=tmp_path)
    await a_question(tmp_path)
    listed = terminal.run("hitl", "list", **settings)
    pattern = r"\S+ \S+  trip: Aisle or window\?  \(aisle, window\)  \[(\w+), until .*\]\n"
    found = re.fullmatch(pattern, listed.out)
    assert found is not None, listed
    (asked,) = terminal.run("hitl", "list", "--json").json
    assert (asked["request_id"], asked["task_id"]) == (found[1], "trip")
    assert asked["options"] == ["aisle", "window"]
    answered = terminal.run(
        *("hitl", "answer", "trip", "window", "--feedback", "in front", "--request", found[1]),
        **settings,
    )
    assert (answered.code, answered.err) == (0, "")
    assert "[answered: window]" in answered.out
    assert "Booked: window\n\nin front." in answered.out
    again = terminal.run("hitl", "answer", "trip", "aisle", "--request", found[1], **settings)
    assert (again.code, again.out) == (2, "")
    assert again.err.startswith("enplace: QUESTION_CLOSED: ")
    assert terminal.run("hitl", "list").out == "nobody asks default anything\n"


async def test_a_turn_that_waits_is_cancelled_by_a_command(tmp_path: Path) -> None:
    terminal = Terminal(home=tmp_path)
    await a_question(tmp_path)
    done = terminal.run("cancel", "trip")
    assert (done.code, done.out, done.err) == (0, "cancelled\n", "")
    done = terminal.run("cancel", "trip", "--json")
    assert (done.code, done.json) == (1, {"cancelled": False})


async def test_ask_says_what_its_turn_waits_for(tmp_path: Path, settings: dict[str, str]) -> None:
    terminal = Terminal(home=tmp_path)
    asked = terminal.run("ask", "Book me a seat.", "--task", "a trip", **settings)
    assert (asked.code, asked.err) == (0, "")
    assert "it waits for an answer: Aisle or window?  (aisle, window)\n" in asked.out
    assert asked.out.endswith("\n  enplace hitl answer 'a trip' ANSWER\n")
    answered = terminal.run("hitl", "answer", "a trip", "window", **settings)
    assert "Booked: window." in answered.out


async def test_a_command_does_not_answer_for_tools_that_it_has_not(tmp_path: Path) -> None:
    terminal = Terminal(home=tmp_path)

    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    model = ScriptedModel([call(("c1", "pay", {"amount": 7}))])
    rules = (PermissionRule(tool="pay", verdict="ask"),)
    options = EngineOptions(turn=TurnOptions(permissions=rules))
    async with enplace.open(
        tmp_path, model=model, tools=[pay], options=options, embedder=None, environment={}
    ) as engine:
        _ = [event async for event in engine.owner().execute("bill", "Pay it.")]
        answered = terminal.run("hitl", "answer", "bill", "yes")
        assert (answered.code, answered.out) == (2, "")
        assert "this engine has no tool 'pay'" in answered.err
        assert len(await engine.owner().questions()) == 1
