"""What a server offers, turned into tools for a model. Pure; everything in it is foreign text.

A tool that is not as it must be is left out with a reason, and costs the server no other tool.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from enplace.errors import BadInput
from enplace.records.canonical import JsonObject, canonical, digest, json_object, well_formed
from enplace.records.tool import ToolSpec
from enplace.tools.mcp.checking import InputCheck
from enplace.tools.mcp.servers import ServerOptions

MOST_TOOLS = 128
"""Of one server; no provider takes more in a request."""
MOST_DESCRIPTION_CHARACTERS = 4_000
MOST_SCHEMA_CHARACTERS = 20_000
MOST_NAME_CHARACTERS = 64
"""Of a name as models see it."""
MOST_REMOTE_CHARACTERS = 256
"""Of a name as a server gives it; the protocol allows 128."""
MOST_ENTRIES = 1_000
"""Of a server's list that are looked at."""
MARK_CHARACTERS = 10

_PLAIN = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")
_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_MARKED = re.compile(rf"_[0-9a-f]{{{MARK_CHARACTERS}}}")
_TAGS = re.compile("[\U000e0000-\U000e007f]")
"""Characters that nobody sees and models read."""
_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedTool:
    """A tool of a server, fit to be shown to a model."""

    remote: str
    """The server's own name for it."""
    spec: ToolSpec
    check: InputCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All that a server offers."""

    tools: tuple[ServedTool, ...]
    unavailable: Mapping[str, str]
    """Why a tool is left out, by the server's name for it."""

    @property
    def digest(self) -> str:
        """The same as long as the server says the same."""
        seen: JsonObject = {
            tool.spec.name: [tool.remote, tool.spec.description, tool.spec.schema]
            for tool in self.tools
        }
        return digest(canonical([seen, {**self.unavailable}]))


def exposed_name(server: str, tool: str) -> str:
    """What a model calls a tool: `server__tool`, in letters, digits, `_` and `-`, at most 64.

    Where that cannot be had it is cut, odd characters become `_`, and a mark made from both names
    is put at its end. A plain name never looks like a marked one, and splits in one way only, so
    that no server can make a name that is another's.
    """
    plain = f"{server}__{tool}"
    is_split_once = "__" not in server and not server.endswith("_")
    if is_split_once and _PLAIN.fullmatch(plain) and not _MARKED.fullmatch(plain[-11:]):
        return plain
    mark = digest(canonical([well_formed(server), well_formed(tool)]))[:MARK_CHARACTERS]
    tame = _ODD.sub("_", plain)
    if not _PLAIN.match(tame):
        tame = f"_{tame}"
    return f"{tame[: MOST_NAME_CHARACTERS - MARK_CHARACTERS - 1]}_{mark}"


def sort_out(entries: Iterable[object]) -> tuple[list[JsonObject], dict[str, str]]:
    """Part the entries of a listing: those that are tools, in their order, and why others are not.

    Only what is used of an entry is left in it. In particular its output schema goes: results are
    shown as they come, and a foreign schema is not worth running a check of.
    """
    kept: list[JsonObject] = []
    refused: dict[str, str] = {}
    for number, entry in enumerate(entries):
        if number == MOST_ENTRIES:
            refused["(more)"] = f"only the first {MOST_ENTRIES} entries are looked at"
            break
        name = cast(JsonObject, entry).get("name") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(name, str) or not name:
            refused[f"#{number + 1}"] = "it has no name"
            continue
        tool = cast(JsonObject, entry)
        used = ("name", "description", "inputSchema", "annotations")
        reason = _misshape(tool)
        if len(name) > MOST_REMOTE_CHARACTERS:
            refused[f"{name[:MOST_REMOTE_CHARACTERS]}..."] = "its name is too long"
        elif reason:
            refused[name] = reason
        else:
            kept.append({key: tool[key] for key in used if tool.get(key) is not None})
    return kept, refused


def listing_of(
    server: str, tools: Sequence[JsonObject], refused: Mapping[str, str], options: ServerOptions
) -> Listing:
    """Make tools of what `sort_out` kept.

    Args:
        server: Its name.
        tools: What is kept, in the server's order.
        refused: Why others are not.
        options: What the caller chose for the server.
    """
    served: dict[str, ServedTool] = {}
    unavailable = dict(refused)
    for tool in tools:
        remote = str(tool["name"])
        name = exposed_name(server, remote)
        try:
            if name in served:
                raise BadInput("the server names two tools so; the first one stands")  # noqa: TRY301
            if len(served) == MOST_TOOLS:
                raise BadInput(f"the server has more than {MOST_TOOLS} tools")  # noqa: TRY301
            served[name] = _served(name, tool, options)
        except BadInput as error:
            unavailable[remote] = error.message
    return Listing(tools=tuple(served.values()), unavailable=MappingProxyType(unavailable))


def _served(name: str, tool: JsonObject, options: ServerOptions) -> ServedTool:
    """Raises `BadInput` where it cannot be offered."""
    text = json.dumps(tool["inputSchema"])
    if len(text) > MOST_SCHEMA_CHARACTERS:
        raise BadInput(f"its schema is longer than {MOST_SCHEMA_CHARACTERS} characters")
    schema = json_object(text)
    if schema is None:
        raise BadInput("its schema is nested too deeply")
    description = well_formed(str(tool.get("description") or ""))
    if _TAGS.search(description) or _TAGS.search(canonical(schema)):
        raise BadInput("it holds characters that people cannot see")
    check = InputCheck(schema)
    hints = cast(JsonObject, tool.get("annotations") or {})
    repeats = hints.get("readOnlyHint") is True or hints.get("idempotentHint") is True
    destroys = hints.get("destructiveHint") is True
    spec = ToolSpec(
        name=name,
        description=_shortened(description),
        schema={
            **{key: value for key, value in schema.items() if key != "$schema"},
            "properties": schema.get("properties", {}),  # some providers want it in any case
        },
        idempotent=options.trusts_hints and repeats,
        asks=options.asks == "always" or (options.asks == "destructive" and destroys),
    )
    return ServedTool(remote=str(tool["name"]), spec=spec, check=check)


def _shortened(description: str) -> str:
    if len(description) <= MOST_DESCRIPTION_CHARACTERS:
        return description
    left = len(description) - MOST_DESCRIPTION_CHARACTERS
    return f"{description[:MOST_DESCRIPTION_CHARACTERS]} [{left} characters are left out]"


def _misshape(tool: JsonObject) -> str:
    """In what an entry is not of the shape that the protocol gives; empty where it is."""
    schema, hints = tool.get("inputSchema"), tool.get("annotations")
    if not isinstance(tool.get("description") or "", str):
        return "its description is no text"
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return "its schema is not that of an object"
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not all(
        isinstance(value, dict | bool) for value in properties.values()
    ):
        return "the properties of its schema are no schemas"
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return "what its schema requires are no names"
    if hints is not None and not isinstance(hints, dict):
        return "its annotations are no object"
    if any(not isinstance(hint, bool | None) for hint in map((hints or {}).get, _HINTS)):
        return "its annotations are neither true nor false"
    return ""
