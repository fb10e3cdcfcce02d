"""Which MCP servers there are: as records, and as the JSON file that many programs share."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enplace.errors import ConfigError
from enplace.records.canonical import JsonObject

Asks = Literal["never", "destructive", "always"]
MOST_NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a server is treated. What it says of its own tools is believed only where this says so."""

    asks: Asks = "never"
    """Before which calls a person is asked. `destructive`: those of tools that call themselves
    destructive; a server that wants no questions just does not say it, so `always` is for servers
    that nobody vouches for."""
    trusts_hints: bool = False
    """Whether a tool that calls itself read-only or idempotent is run again after a crash in the
    middle of it."""
    connect_s: float = 30.0
    """Seconds for starting or reaching the server and hearing what tools it has."""
    call_s: float = 60.0
    """Seconds for one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StdioServer:
    """A program that is started, and spoken to through its standard input and output."""

    name: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Beside HOME, LOGNAME, PATH, SHELL, TERM and USER: nothing else of our own is handed on."""
    cwd: Path | None = None
    """None: our own."""
    options: ServerOptions = field(default_factory=ServerOptions)

    @property
    def place(self) -> str:
        """Where it is, for messages; without arguments, since these may hold secrets."""
        return self.command


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServer:
    """A server that is reached over streamable HTTP."""

    name: str
    url: str = field(repr=False)
    """Its query may hold a key."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    options: ServerOptions = field(default_factory=ServerOptions)

    @property
    def place(self) -> str:
        """Where it is, for messages; without the query, since it may hold a key."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


McpServer: TypeAlias = StdioServer | HttpServer


def read_servers(path: Path) -> tuple[McpServer, ...]:
    """The servers that a file names, in its order.

    Raises:
        ConfigError: It cannot be read, or is not as it must be; the error names file and key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the MCP servers in {path} cannot be read: {error}") from error
    return parse_servers(text, str(path))


def parse_servers(text: str, source: str) -> tuple[McpServer, ...]:
    """The servers in `{"mcpServers": {name: {...}}}`, in its order; pure.

    A server is `{command, args, env, cwd}` or `{url, headers}`; `type` may say which. Our own keys
    are those of `ServerOptions`. One with `"disabled": true` is left out.

    Args:
        text: JSON.
        source: Where it comes from, for messages.

    Raises:
        ConfigError: It is not as it must be; the error names source and key, and no value.
    """
    try:
        value: object = json.loads(text, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{source} is not JSON: {error}") from error
    try:
        file = _File.model_validate(value)
    except ValidationError as error:
        raise _wrong(source, (), error) from error
    entries = [_entry(name, entry, source) for name, entry in file.servers.items()]
    return tuple(server for server in entries if server is not None)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _File(_Strict):
    servers: dict[str, JsonObject] = Field(alias="mcpServers")
    schema_: str = Field(default="", alias="$schema")


Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class _Entry(_Strict):
    disabled: bool = False
    asks: Asks = "never"
    trusts_hints: bool = False
    connect_s: Seconds = 30.0
    call_s: Seconds = 60.0

    @property
    def options(self) -> ServerOptions:
        return ServerOptions(
            asks=self.asks,
            trusts_hints=self.trusts_hints,
            connect_s=self.connect_s,
            call_s=self.call_s,
        )


class _StdioEntry(_Entry):
    type: Literal["stdio"] = "stdio"
    command: str = Field(min_length=1)
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None


class _HttpEntry(_Entry):
    type: Literal["http", "streamable-http", "streamableHttp"] = "http"
    url: str
    headers: dict[str, str] = Field(default_factory=dict)


def _entry(name: str, entry: JsonObject, source: str) -> McpServer | None:
    at = ("mcpServers", name)
    if not 0 < len(name.strip()) <= MOST_NAME_CHARACTERS or not name.isprintable():
        raise _said(source, at, f"a name has 1 to {MOST_NAME_CHARACTERS} printable characters")
    if ("command" in entry) == ("url" in entry):
        raise _said(source, at, "a server has either `command` or `url`")
    try:
        parsed = (_StdioEntry if "command" in entry else _HttpEntry).model_validate(entry)
    except ValidationError as error:
        raise _wrong(source, at, error) from error
    match parsed:
        case _StdioEntry():
            _require_plain(parsed.env, source, (*at, "env"))
            server = StdioServer(
                name=name,
                command=parsed.command,
                args=tuple(parsed.args),
                env=parsed.env,
                cwd=None if parsed.cwd is None else Path(parsed.cwd).expanduser(),
                options=parsed.options,
            )
        case _HttpEntry():
            _require_plain(parsed.headers, source, (*at, "headers"))
            _require_url(parsed.url, source, (*at, "url"))
            server = HttpServer(
                name=name, url=parsed.url, headers=parsed.headers, options=parsed.options
            )
    return None if parsed.disabled else server


def _require_url(url: str, source: str, at: Sequence[str]) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url):
        raise _said(source, at, "it must be an http or https URL")
    if "@" in urlsplit(url).netloc:
        raise _said(source, at, "a user or password does not belong here; use `headers`")
    _require_plain({"": url}, source, at)


def _require_plain(values: Mapping[str, str], source: str, at: Sequence[str]) -> None:
    """Other programs put variables in; a server that got the dollar sign instead would not say."""
    for key, value in values.items():
        if "${" in value:
            where = (*at, key) if key else at
            raise _said(source, where, "variables such as ${NAME} are not put in")


def _without_twins(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twin!r} stands there twice")
    return found


def _wrong(source: str, at: Sequence[str], error: ValidationError) -> ConfigError:
    """The first of what is wrong."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = [str(step) for step in cast(tuple[object, ...], first["loc"])]
    return _said(source, (*at, *where), first["msg"])


def _said(source: str, at: Sequence[str], what: str) -> ConfigError:
    return ConfigError(f"{source}: {'.'.join(at) or 'the file'}: {what}")
