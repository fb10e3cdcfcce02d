"""The JSON file that names MCP servers."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from enplace.config import Settings
from enplace.errors import ConfigError
from enplace.tools.mcp.servers import HttpServer, ServerOptions, StdioServer, parse_servers
from enplace.tools.mcp.toolbox import McpToolbox
from enplace.wiring import toolboxes_of


def parsed(**servers: Any) -> tuple[StdioServer | HttpServer, ...]:
    return parse_servers(json.dumps({"mcpServers": servers}), "mcp.json")


def test_the_usual_form_is_read() -> None:
    program = {"command": "uvx", "args": ["mcp-server-time"], "env": {"TZ": "UTC"}, "cwd": "/srv"}
    found = parsed(
        time=program,
        bare={"type": "stdio", "command": "serve"},
        far={"type": "http", "url": "https://example.org/mcp", "headers": {"X-Key": "k"}},
        off={"command": "serve", "disabled": True},
        strict={
            "command": "s",
            "asks": "always",
            "trusts_hints": True,
            "connect_s": 5,
            "call_s": 9,
        },
    )
    assert found == (
        StdioServer(
            name="time",
            command="uvx",
            args=("mcp-server-time",),
            env={"TZ": "UTC"},
            cwd=Path("/srv"),
        ),
        StdioServer(name="bare", command="serve"),
        HttpServer(name="far", url="https://example.org/mcp", headers={"X-Key": "k"}),
        StdioServer(
            name="strict",
            command="s",
            options=ServerOptions(asks="always", trusts_hints=True, connect_s=5.0, call_s=9.0),
        ),
    )


def test_a_file_may_name_no_server() -> None:
    assert parsed() == ()


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({}, "mcpServers.x: a server has either `command` or `url`"),
        ({"command": "a", "url": "http://b"}, "mcpServers.x: a server has either"),
        ({"command": ""}, "mcpServers.x.command: "),
        ({"command": 3}, "mcpServers.x.command: "),
        ({"command": "a", "args": "b c"}, "mcpServers.x.args: "),
        ({"command": "a", "args": ["b", 3]}, "mcpServers.x.args.1: "),
        ({"command": "a", "env": {"N": 3}}, "mcpServers.x.env.N: "),
        ({"command": "a", "env": {"N": "${HOME}"}}, "mcpServers.x.env.N: variables such as"),
        ({"command": "a", "autoApprove": []}, "mcpServers.x.autoApprove: "),
        ({"command": "a", "headers": {}}, "mcpServers.x.headers: "),
        ({"command": "a", "type": "http"}, "mcpServers.x.type: "),
        ({"command": "a", "call_s": 0}, "mcpServers.x.call_s: "),
        ({"command": "a", "asks": "sometimes"}, "mcpServers.x.asks: "),
        ({"command": "a", "disabled": "no"}, "mcpServers.x.disabled: "),
        ({"url": "http://b", "type": "sse"}, "mcpServers.x.type: "),
        ({"url": "ftp://b"}, "mcpServers.x.url: it must be an http or https URL"),
        ({"url": "http://[b"}, "mcpServers.x.url: it must be"),
        ({"url": "b/mcp"}, "mcpServers.x.url: it must be"),
        ({"url": "http://me:s3cret@b/"}, "mcpServers.x.url: a user or password"),
        ({"url": "http://b/${KEY}"}, "mcpServers.x.url: variables"),
        ({"url": "http://b", "headers": {"K": "Bearer ${K}"}}, "mcpServers.x.headers.K: variables"),
        ({"url": "http://b", "headers": ["s3cret"]}, "mcpServers.x.headers: "),
        ("s3cret", "mcpServers.x: "),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key_and_without_its_value(
    server: Any, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(x=server)
    assert caught.value.message.startswith(f"mcp.json: {said}")
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mcp.json is not JSON"),
        ("[" * 100_000, "mcp.json is not JSON"),
        ("[]", "mcp.json: the file: "),
        ("{}", "mcp.json: mcpServers: "),
        ('{"servers": {}}', "mcp.json: mcpServers: "),
        ('{"mcpServers": {}, "theme": "dark"}', "mcp.json: theme: "),
        ('{"mcpServers": {"a": {}, "a": {}}}', "the key 'a' stands there twice"),
        ('{"mcpServers": {" ": {"command": "a"}}}', "mcpServers. : a name has"),
        ('{"mcpServers": {"a\\nb": {"command": "a"}}}', "a name has"),
    ],
)
def test_a_file_that_is_none_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_servers(text, "mcp.json")
    assert said in caught.value.message


def test_secrets_are_not_shown_with_a_server() -> None:
    for server in parsed(
        a={"command": "a", "env": {"K": "s3cret"}},
        b={"url": "http://b/mcp?key=s3cret", "headers": {"K": "s3cret"}},
    ):
        assert "s3cret" not in server.place
    assert "s3cret" not in repr(StdioServer(name="a", command="a", env={"K": "s3cret"}))


def test_the_settings_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    settings = Settings.from_env({"MCP_SERVERS": str(path)})
    with pytest.raises(ConfigError, match="cannot be read"):
        toolboxes_of(settings)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="cannot be read"):
        toolboxes_of(settings)
    path.write_text('{"mcpServers": {"a": {"command": "a"}, "b": {"url": "http://b"}}}')
    if importlib.util.find_spec("mcp") is not None:
        assert [box.name for box in toolboxes_of(settings)] == ["a", "b"]
    assert toolboxes_of(Settings.from_env({})) == ()


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mcp", None)
    with pytest.raises(ConfigError, match=r"pip install 'enplace\[mcp\]'"):
        McpToolbox(StdioServer(name="a", command="a"))
