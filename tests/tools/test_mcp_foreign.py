"""MCP servers that are not as they must be: each costs at most itself."""

from collections.abc import Iterator

import pytest
from inline_snapshot import snapshot
from tests.tools.mcp_boxes import opened, raw, run, texts
from tests.tools.mcp_foreign import Foreign, foreign

from enplace.errors import ToolboxUnavailable
from enplace.tools.mcp.servers import HttpServer, McpServer, StdioServer
from enplace.tools.mcp.toolbox import McpToolbox

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")


async def test_a_tool_with_a_bad_schema_is_left_out_with_a_reason_and_the_others_are_not() -> None:
    async with opened(raw("schemas")) as (box, tools):
        assert list(tools) == ["good"]
        assert (await run(tools["good"], n=1)).text.startswith("good ")
        assert dict(box.unavailable) == snapshot(
            {
                "no type": "its schema is not that of an object",
                "no object": "its schema is not that of an object",
                "hinted": "its annotations are neither true nor false",
                "#10": "it has no name",
                "#11": "it has no name",
                "unknown type": "its schema is not valid: $.properties.n.type: 'numbr' is not valid under any of the given schemas",
                "elsewhere": "its schema refers to another document",
                "huge": "its schema is longer than 20000 characters",
                "deep": "its schema is nested too deeply",
                "unseen": "it holds characters that people cannot see",
            }
        )


async def test_names_become_such_as_every_provider_takes() -> None:
    async with opened(raw("names")) as (box, _):
        tools = await box.open()
        assert [(tool.spec.name, tool.spec.description) for tool in tools] == snapshot(
            [
                ("raw__twice", "first"),
                ("raw__a_b_c_d04a681642", ""),
                ("raw__gr__e_b1644f0d1b", ""),
                ("raw__nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn_304daa69de", ""),
                ("raw__nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn_84652c1671", ""),
                ("raw__mark_0123456789_b906d61503", ""),
            ]
        )
        assert dict(box.unavailable) == snapshot(
            {"twice": "the server names two tools so; the first one stands"}
        )
        assert (await run(tools[1])).text.startswith("a.b/c ")


async def test_no_more_tools_are_taken_than_fit_into_a_request() -> None:
    async with opened(raw("many")) as (box, tools):
        assert len(tools) == 128
        assert len(box.unavailable) == 12
        assert box.unavailable["t139"] == "the server has more than 128 tools"


async def test_a_schema_cannot_make_a_check_last() -> None:
    async with opened(raw("slow checks")) as (_, tools):
        assert not (await run(tools["backtrack"], a="a" * 60 + "!")).is_error
        assert (await run(tools["multiply"])).text == snapshot(
            "The input does not fit the schema of raw__multiply: checking it against the tool's schema takes too long"
        )


async def test_a_gigantic_result_is_cut_and_says_so() -> None:
    async with opened(raw("big")) as (_, tools):
        shown, left = texts(await run(tools["act"]))
        assert len(shown) == 4_000_000
        assert left == "[1000000 characters more: left out]"


async def test_words_that_are_not_of_the_protocol_are_passed_over() -> None:
    async with opened(raw("junk")) as (_, tools):
        assert not (await run(tools["act"])).is_error


async def test_a_server_that_ends_when_it_is_not_greeted_first_is_greeted_first() -> None:
    async with opened(raw("older")) as (_, tools):
        assert not (await run(tools["act"])).is_error


async def test_a_server_that_does_not_promise_to_tell_of_changes_is_used_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("enplace.tools.mcp.connection.LISTEN_S", 0.1)
    async with opened(raw("deaf")) as (_, tools):
        assert not (await run(tools["act"])).is_error
    assert "changes of the MCP server raw are not heard" in caplog.text


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (raw("mute", connect_s=0.2), "did not answer within 0.2 s"),
        (
            raw("only junk", connect_s=0.3),
            "did not answer within 0.3 s; messages that were not of the protocol: 1",
        ),
        (raw("complains"), "ended before it answered; it complained: no licence was found"),
        (StdioServer(name="none", command="/no/such/program"), "No such file or directory"),
        (HttpServer(name="none", url="http://127.0.0.1:9/mcp?key=s3cret"), "connection"),
    ],
)
async def test_a_server_that_cannot_be_used_says_why(server: McpServer, why: str) -> None:
    with pytest.raises(ToolboxUnavailable, match=why) as caught:
        await McpToolbox(server).open()
    assert caught.value.message.startswith(f"the MCP server {server.name!r} ({server.place})")
    assert "s3cret" not in caught.value.message
    assert caught.value.details == {"server": server.name}


# Foreign answers over HTTP


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with foreign() as url:
        yield url


async def test_an_answer_over_http_is_not_taken_beyond_its_limit(url: str) -> None:
    async with opened(HttpServer(name="big", url=f"{url}big")) as (_, tools):
        outcome = await run(tools["act"])
        assert outcome.is_error
        assert outcome.text == snapshot(
            "The MCP server 'big' refused the call: Failed to parse JSON response: the answer is longer than 8388608 bytes"
        )


async def test_an_answer_that_is_packed_against_our_wish_is_not_unpacked(url: str) -> None:
    with pytest.raises(ToolboxUnavailable, match="Failed to parse JSON"):
        await McpToolbox(HttpServer(name="packed", url=f"{url}packed")).open()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("locked", "HTTP 401"),
        ("elsewhere", "not followed"),
    ],
)
async def test_a_server_over_http_that_lets_nobody_in_says_so(
    kind: str, why: str, url: str
) -> None:
    with pytest.raises(ToolboxUnavailable, match=why):
        await McpToolbox(HttpServer(name=kind, url=f"{url}{kind}")).open()


async def test_a_session_that_the_server_forgot_is_begun_anew(url: str) -> None:
    Foreign.sessions = 0
    async with opened(HttpServer(name="forgets", url=f"{url}forgets")) as (_, tools):
        assert texts(await run(tools["act"])) == snapshot(
            [
                "[The MCP server 'forgets' had ended, and was connected to anew for this call.]",
                "in 2",
            ]
        )
        assert texts(await run(tools["act"])) == ["in 2"]
