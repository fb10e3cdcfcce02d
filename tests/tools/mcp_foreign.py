"""MCP servers over HTTP that nobody vouches for, in plain Python; the path says what they do."""

import gzip
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = {"content-type": "application/json"}


def spoken(text: str) -> dict[str, Any]:
    """The result of a call."""
    return {"content": [{"type": "text", "text": text}]}


class Foreign(BaseHTTPRequestHandler):
    """Answers as a server of 2025 would, apart from what its path says."""

    protocol_version = "HTTP/1.1"
    sessions = 0

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        kind = self.path.strip("/")
        if kind == "locked":
            self.send(401)
        elif kind == "elsewhere":
            self.send(307, {"location": "http://127.0.0.1:9/mcp"})
        elif "id" not in request:
            self.send(202)
        elif request["method"] == "tools/call" and kind == "forgets" and self.session == "1":
            self.send(404)
        else:
            self.answer(kind, request)

    def do_GET(self) -> None:
        self.send(405)

    def do_DELETE(self) -> None:
        self.send(200)

    @property
    def session(self) -> str | None:
        return self.headers["mcp-session-id"]

    def answer(self, kind: str, request: dict[str, Any]) -> None:
        headers = dict(JSON)
        match request["method"]:
            case "initialize":
                Foreign.sessions += 1
                headers["mcp-session-id"] = str(Foreign.sessions)
                named = {"name": "foreign", "version": "1"}
                able: dict[str, Any] = {"tools": {}}
                told: Any = {"protocolVersion": "2025-11-25", "capabilities": able}
                told |= {"serverInfo": named}
            case "tools/list":
                told = {"tools": [{"name": "act", "inputSchema": {"type": "object"}}]}
            case "tools/call":
                told = spoken(
                    "x" * 9_000_000 if kind in {"big", "packed"} else f"in {self.session}"
                )
            case _:
                self.send(400)
                return
        body = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": told}).encode()
        if kind == "packed":
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body, 1)
        self.send(200, headers, body)

    def send(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Quiet(ThreadingHTTPServer):
    """Clients may leave in the middle of an answer."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def foreign() -> Generator[str]:
    """Serve; the beginning of its URLs."""
    Foreign.sessions = 0
    server = Quiet(("127.0.0.1", 0), Foreign)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
