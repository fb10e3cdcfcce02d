"""MCP servers that no SDK would make, in plain Python: `mcp_raw.py BEHAVIOUR`.

They speak the protocol of 2025 over standard input and output, apart from their behaviour; one
(`deaf`) that of 2026.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

OBJECT = {"type": "object"}
CACHED = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
"""What a result of 2026 has beside it; of no meaning to older clients."""


def tool(name: Any, schema: Any = OBJECT, **more: Any) -> dict[str, Any]:
    """An entry of a list of tools."""
    return {"name": name, "inputSchema": schema, **more}


CATALOGUES: dict[str, list[Any]] = {
    "schemas": [
        tool("good", {"type": "object", "properties": {"n": {"type": "integer"}}}),
        tool("no type", {}),
        tool("unknown type", {"type": "object", "properties": {"n": {"type": "numbr"}}}),
        tool("no object", "text"),
        tool("elsewhere", {"type": "object", "$ref": "http://127.0.0.1:9/schema.json"}),
        tool("huge", {"type": "object", "description": "x" * 30_000}),
        tool("deep", json.loads('{"type":"object","not":' * 120 + "{}" + "}" * 120)),
        tool("unseen", description="Harmless.\U000e0041\U000e0042"),
        tool("hinted", annotations={"readOnlyHint": "yes"}),
        tool(7),
        "no tool",
    ],
    "names": [
        tool("twice", description="first"),
        tool("twice", description="second"),
        tool("a.b/c"),
        tool("größe"),
        tool("n" * 100),
        tool("n" * 101),
        tool("mark_0123456789"),
    ],
    "many": [tool(f"t{number}") for number in range(140)],
    "slow checks": [
        tool(
            "backtrack",
            {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a|a)*$"}}},
        ),
        tool(
            "multiply",
            {
                "type": "object",
                "allOf": [{"$ref": "#/$defs/d0"}],
                "$defs": {
                    f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)
                }
                | {"d40": {}},
            },
        ),
    ],
}


def answer(behaviour: str, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request; None where there is none."""
    match method:
        case "initialize":
            named = {"name": "raw", "version": "1"}
            able = {"tools": {"listChanged": True}}
            return {"protocolVersion": "2025-11-25", "capabilities": able, "serverInfo": named}
        case "server/discover" if behaviour == "deaf":
            able = {"tools": {"listChanged": True}}
            return {"supportedVersions": ["2026-07-28"], "capabilities": able, **CACHED}
        case "tools/list":
            return {"tools": CATALOGUES.get(behaviour, [tool("act")]), **CACHED}
        case "tools/call":
            told = [{"type": "text", "text": said(behaviour, params)}]
            return {"content": told, "resultType": "complete"}
        case _:
            return None


def said(behaviour: str, params: dict[str, Any]) -> str:
    """What a call is answered."""
    trace = params["arguments"].get("trace", "")
    match behaviour:
        case "big":
            return "x" * 5_000_000
        case "dies":
            os._exit(3)
        case "stuck" if trace:
            Path(trace).write_text("waiting", encoding="utf-8")
            time.sleep(600)
        case _:
            pass
    return f"{params['name']} {os.getpid()}"


def write(line: str) -> None:
    """To the client."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(behaviour: str) -> None:
    """Answer line by line."""
    if behaviour == "mute":
        time.sleep(600)
    if behaviour == "complains":
        sys.exit("no licence was found")
    if behaviour == "junk":
        write("Welcome to the server!\n{}\n[1, 2")
    for line in sys.stdin:
        request = json.loads(line)
        if behaviour == "only junk":
            write("what?")
        if "id" not in request or behaviour == "only junk":
            continue
        method = request["method"]
        if method == "subscriptions/listen":
            continue
        if behaviour == "older" and method == "server/discover":
            sys.exit("expected initialize")
        result = answer(behaviour, method, request.get("params") or {})
        told = (
            {"result": result}
            if result is not None
            else {"error": {"code": -32601, "message": f"no {method}"}}
        )
        write(json.dumps({"jsonrpc": "2.0", "id": request["id"], **told}))
        if behaviour == "leaves" and method == "tools/call":
            sys.exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
