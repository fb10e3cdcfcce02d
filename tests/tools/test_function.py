"""Python functions as tools."""

from typing import Any, Literal

import pytest
from inline_snapshot import snapshot
from pydantic import ValidationError

from enplace.errors import UsageError
from enplace.ports import Tool
from enplace.records.block import TextBlock
from enplace.records.canonical import JsonObject
from enplace.records.tool import ToolCall, ToolOutcome
from enplace.tools.function import FunctionTool


def called(tool: Tool, **given: Any) -> ToolCall:
    return ToolCall(id="c1", tool=tool.spec.name, input=given, task_id="t", turn_id="u")


def weather(city: str, unit: Literal["C", "F"] = "C", days: list[int] | None = None) -> str:
    """Tell the weather.

    Of one city, for some days.
    """
    return f"{city} {unit} {days}"


def test_a_function_describes_itself() -> None:
    tool = FunctionTool(weather)
    assert isinstance(tool, Tool)
    assert tool.spec.name == "weather"
    assert tool.spec.description == "Tell the weather.\n\nOf one city, for some days."
    assert not tool.spec.idempotent
    assert FunctionTool(weather, idempotent=True).spec.idempotent
    assert tool.spec.schema == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "city": {"title": "City", "type": "string"},
                "unit": {"default": "C", "enum": ["C", "F"], "title": "Unit", "type": "string"},
                "days": {
                    "anyOf": [{"items": {"type": "integer"}, "type": "array"}, {"type": "null"}],
                    "default": None,
                    "title": "Days",
                },
            },
            "required": ["city"],
            "title": "weather",
            "type": "object",
        }
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"city": "Oslo"}, "Oslo C None"),
        ({"city": "Oslo", "unit": "F", "days": [1, 2]}, "Oslo F [1, 2]"),
        ({"city": "Oslo", "days": ["3"]}, "Oslo C [3]"),
    ],
)
async def test_input_is_handed_over_as_the_annotations_say(given: JsonObject, told: str) -> None:
    tool = FunctionTool(weather)
    assert (await tool.run(called(tool, **given))).text == told


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"city": 3},
        {"city": None},
        {"city": "Oslo", "unit": "K"},
        {"city": "Oslo", "days": "all"},
        {"city": "Oslo", "country": "Norway"},
    ],
)
async def test_input_that_does_not_fit_is_refused(given: JsonObject) -> None:
    tool = FunctionTool(weather)
    with pytest.raises(ValidationError):
        await tool.run(called(tool, **given))


async def test_an_async_function_is_awaited() -> None:
    async def ping() -> str:
        return "pong"

    tool = FunctionTool(ping)
    assert tool.spec.description == ""
    assert (await tool.run(called(tool))).text == "pong"


async def test_the_call_is_handed_over_and_hidden_from_the_model() -> None:
    def note(text: str, call: ToolCall) -> str:
        return f"{call.id} {call.task_id} {text}"

    tool = FunctionTool(note)
    assert list(tool.spec.schema["properties"]) == ["text"]  # pyright: ignore[reportArgumentType]
    assert (await tool.run(called(tool, text="x"))).text == "c1 t x"
    with pytest.raises(ValidationError):
        await tool.run(called(tool, text="x", call={}))


@pytest.mark.parametrize(
    ("returned", "text"), [("x", "x"), (3, "3"), (None, "None"), ({"a": [1]}, "{'a': [1]}")]
)
async def test_what_a_function_returns_is_shown_as_text(returned: object, text: str) -> None:
    def give() -> object:
        return returned

    tool = FunctionTool(give)
    assert await tool.run(called(tool)) == ToolOutcome(blocks=(TextBlock(text=text),))


async def test_a_whole_outcome_is_passed_on() -> None:
    outcome = ToolOutcome(blocks=(TextBlock(text="a"), TextBlock(text="b")), is_error=True)

    def give() -> ToolOutcome:
        return outcome

    tool = FunctionTool(give)
    assert await tool.run(called(tool)) is outcome
    assert outcome.text == "a\nb"


async def test_a_method_is_a_tool_too() -> None:
    class Shelf:
        def find(self, title: str) -> str:
            """Find a book."""
            return f"found {title}"

    tool = FunctionTool(Shelf().find)
    assert tool.spec.name == "find"
    assert (await tool.run(called(tool, title="Emma"))).text == "found Emma"


def test_a_parameter_without_an_annotation_is_refused() -> None:
    space: dict[str, Any] = {}
    exec("def untyped(text): return text", space)
    with pytest.raises(UsageError, match="'text' of untyped"):
        FunctionTool(space["untyped"])


@pytest.mark.parametrize("source", ["def f(*args: int): ...", "def f(**more: int): ..."])
def test_parameters_of_any_number_are_refused(source: str) -> None:
    space: dict[str, Any] = {}
    exec(source, space)
    with pytest.raises(UsageError):
        FunctionTool(space["f"])


async def test_a_parameter_may_be_called_as_pydantic_calls_its_own() -> None:
    def copy(schema: str, model_config: str, _hidden: str = "h") -> str:
        return f"{schema} {model_config} {_hidden}"

    tool = FunctionTool(copy)
    assert (await tool.run(called(tool, schema="a", model_config="b"))).text == "a b h"
