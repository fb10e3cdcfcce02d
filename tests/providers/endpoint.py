"""An endpoint on this machine that answers over real HTTP."""

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[Mapping[str, Any]], tuple[int, object]]
"""What becomes of a body: a status, and what is sent as JSON; bytes are sent as they are."""


class Events(bytes):
    """Server-sent events, as bytes."""


class Endpoint(ThreadingHTTPServer):
    """Answers every POST. `requests` holds the path, headers and body of each, in order."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.answer = answer
        self.requests: list[tuple[str, Mapping[str, str], Mapping[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Endpoint)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))
        status, told = self.server.answer(body)
        sent = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        kind = "text/event-stream" if isinstance(told, Events) else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing on the terminal."""


@contextmanager
def endpoint(answer: Answer) -> Generator[Endpoint]:
    """An endpoint that runs until the block ends."""
    server = Endpoint(answer)
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    running.start()
    try:
        yield server
    finally:
        server.shutdown()
        running.join()
        server.server_close()
