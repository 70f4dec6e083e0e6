"""A real HTTP server for what helpers and pages need, answering from a table of routes."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Reply = tuple[int, Any]


class Html(str):
    """A body that is sent as it is, as a page; every other body is sent as JSON."""

    __slots__ = ()


@dataclass
class Site:
    """A loopback web site: `routes` maps "METHOD /path" to status and body."""

    url: str
    routes: dict[str, Reply]
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, Reply]], Site]]:
    servers: list[ThreadingHTTPServer] = []

    def start(routes: dict[str, Reply]) -> Site:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lambda: site))
        site = Site(f"http://127.0.0.1:{server.server_address[1]}", routes)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return site

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _handler(site: Callable[[], Site]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            site().requests.append((f"{self.command} {path}", self.headers.get("Authorization", query), body))
            status, content = site().routes.get(f"{self.command} {path}", (404, {"message": "no such route"}))
            is_page = isinstance(content, Html)
            payload = content.encode() if is_page else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8" if is_page else "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None: ...

    return Handler
