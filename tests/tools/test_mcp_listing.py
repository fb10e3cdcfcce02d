"""What an MCP server offers and answers, made into tools and outcomes: the pure part."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

from mcp_types import CallToolResult, ImageContent, TextContent

from enplace.errors import BadInput
from enplace.records.canonical import JsonObject
from enplace.tools.mcp.checking import InputCheck
from enplace.tools.mcp.listing import Listing, exposed_name, listing_of, sort_out
from enplace.tools.mcp.results import outcome_of
from enplace.tools.mcp.servers import ServerOptions

FIT = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")
SHORT = st.text(alphabet="ab_0 ä.-", min_size=1, max_size=12)


def offered(*entries: object, **options: Any) -> Listing:
    kept, refused = sort_out(entries)
    return listing_of("s", kept, refused, ServerOptions(**options))


def entry(name: str = "t", **more: Any) -> JsonObject:
    return {"name": name, "inputSchema": {"type": "object"}, **more}


# Names


def test_a_plain_name_stands_and_another_is_marked() -> None:
    pairs = [
        ("time", "get_time"),
        ("my-server", "x"),
        ("a", "_b"),
        ("a", "b.c"),
        ("a__b", "c"),
        ("a_", "c"),
        ("3d", "c"),
        ("a", "b_0123456789"),
        ("a" * 70, "b"),
    ]
    assert [exposed_name(*pair) for pair in pairs] == snapshot(
        [
            "time__get_time",
            "my-server__x",
            "a___b",
            "a__b_c_3ea3bbb603",
            "a__b__c_528239e9b3",
            "a___c_eb5e1b1811",
            "_3d__c_a032f731eb",
            "a__b_0123456789_00264efd8f",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_4dcdc63a6a",
        ]
    )


@given(SHORT | st.text(min_size=1), SHORT | st.text(min_size=1))
def test_every_name_fits_every_provider(server: str, tool: str) -> None:
    assert FIT.fullmatch(exposed_name(server, tool))


@given(st.lists(st.tuples(SHORT, SHORT), unique=True, max_size=20))
def test_no_two_tools_of_any_servers_share_a_name(pairs: list[tuple[str, str]]) -> None:
    assert len({exposed_name(*pair) for pair in pairs}) == len(pairs)


# What is believed


@pytest.mark.parametrize(
    ("hints", "options", "asks", "idempotent"),
    [
        ({}, {}, False, False),
        ({"destructiveHint": True, "readOnlyHint": True}, {}, False, False),
        ({"destructiveHint": True}, {"asks": "destructive"}, True, False),
        ({"destructiveHint": False}, {"asks": "destructive"}, False, False),
        ({"destructiveHint": False, "readOnlyHint": True}, {"asks": "always"}, True, False),
        ({"readOnlyHint": True}, {"trusts_hints": True}, False, True),
        ({"idempotentHint": True}, {"trusts_hints": True}, False, True),
        ({"idempotentHint": False}, {"trusts_hints": True}, False, False),
        ({"destructiveHint": True}, {"trusts_hints": True}, False, False),
    ],
)
def test_hints_make_us_ask_more_and_never_less(
    hints: JsonObject, options: dict[str, Any], asks: bool, idempotent: bool
) -> None:
    (tool,) = offered(entry(annotations=hints), **options).tools
    assert (tool.spec.asks, tool.spec.idempotent) == (asks, idempotent)


def test_what_a_model_sees_of_a_tool() -> None:
    schema: JsonObject = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= {"type": "object", "required": ["a"]}
    long = "x" * 5_000
    (tool,) = offered(entry(inputSchema=schema, description=long, title="T")).tools
    assert tool.spec.schema == {"type": "object", "required": ["a"], "properties": {}}
    assert tool.spec.description == "x" * 4_000 + " [1000 characters are left out]"


def test_a_listing_is_another_one_when_anything_in_it_is() -> None:
    one = offered(entry("a", description="x"))
    assert one.digest == offered(entry("a", description="x")).digest
    others = [
        offered(),
        offered(entry("a")),
        offered(entry("b", description="x")),
        offered(entry("")),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 5


# Input


@pytest.mark.parametrize(
    ("schema", "given", "misfit"),
    [
        ({"properties": {"a": {"type": "integer"}}}, {"a": 1}, ""),
        ({"properties": {"a": {"type": "integer"}}}, {"a": "1"}, "$.a: '1' is not of type"),
        ({"required": ["a"]}, {}, "$: 'a' is a required property"),
        ({"properties": {"a": {"pattern": "^(a|a)*$"}}}, {"a": "a" * 60 + "!"}, ""),
        ({"properties": {"a": {"pattern": "^\\p{L}$"}}}, {"a": "1"}, ""),
        ({"patternProperties": {"^x": {}}, "additionalProperties": False}, {"y": 1}, ""),
        ({"properties": {}, "additionalProperties": False}, {"y": 1}, "$: Additional"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"required": ["b"]}}}, {}, "$: 'b' is a"),
        ({"properties": {"a": {"$ref": "#/$defs/no"}}}, {"a": 1}, "the tool's schema refers"),
        ({"allOf": [{"$ref": "#"}]}, {}, "checking it"),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "minProperties": 1}, {}, "$: {}"),
    ],
)
def test_input_is_held_against_the_schema(
    schema: JsonObject, given: JsonObject, misfit: str
) -> None:
    said = InputCheck({"type": "object", **schema}).misfit(given)
    assert said.startswith(misfit)
    assert bool(said) == bool(misfit)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"properties": {"a": {"type": "strin"}}}, "is not valid: \\$.properties.a.type"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "another document"),
        ({"default": {"$schema": "http://json-schema.org/draft-07/schema#"}}, "draft"),
    ],
)
def test_a_schema_that_cannot_be_checked_against_is_refused(
    schema: JsonObject, reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        InputCheck({"type": "object", **schema})


# Results


def said(*texts: str, structured: Any = None) -> list[str]:
    content = [TextContent(type="text", text=text) for text in texts]
    result = CallToolResult(content=[*content], structured_content=structured)
    return [block.text for block in outcome_of(result).blocks]


@pytest.mark.parametrize(
    ("texts", "structured", "shown"),
    [
        ((), None, ["(the tool gave no output)"]),
        (("a",), None, ["a"]),
        (("5",), {"result": 5}, ["5"]),
        (("five",), {"result": "five"}, ["five"]),
        (("a", "b"), {"result": ["a", "b"]}, ["a", "b"]),
        (('{"b": 1, "a": 2}',), {"a": 2, "b": 1}, ['{"b": 1, "a": 2}']),
        (('["a", "b"]',), {"result": ["a", "b"]}, ['["a", "b"]']),
        (("found two",), {"b": [1], "a": "ä"}, ["found two", '{"a":"ä","b":[1]}']),
        ((), {"result": []}, ['{"result":[]}']),
        ((), [1, 2], ["[1,2]"]),
    ],
)
def test_structured_content_is_told_unless_the_text_says_it(
    texts: tuple[str, ...], structured: Any, shown: list[str]
) -> None:
    assert said(*texts, structured=structured) == shown


def test_an_error_is_one() -> None:
    assert outcome_of(CallToolResult(content=[], is_error=True)).is_error


def test_a_picture_is_a_line_that_says_what_it_was() -> None:
    picture = ImageContent(type="image", data="QUJD", mime_type="image/png")
    (block,) = outcome_of(CallToolResult(content=[picture])).blocks
    assert block.text == snapshot(
        "[image of type image/png, 3 bytes: left out, since it is no text]"
    )


def test_structured_content_that_is_too_deep_is_left_out() -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    for _ in range(2_000):
        deep = [deep]
    assert said(structured=deep) == snapshot(
        ["[structured content: left out, since it is nested too deeply]"]
    )
