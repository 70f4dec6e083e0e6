"""A small web server on the loopback whose pages the tests make."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """`after_s` holds the answer back, `pause_s` the second half of its body."""

    body: str | bytes = ""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    pause_s: float = 0.0


class Site:
    """Pages by path; `asked` lists the paths in the order of the requests, `bodies` what came with each."""

    def __init__(self, host: str, port: int) -> None:
        self.url = f"http://{host}:{port}"
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        self.replies: dict[str, Callable[[], Reply]] = {}

    def page(self, path: str, body: str, **options: Any) -> str:
        """Serves the body and returns the URL."""
        reply = Reply(f"<!doctype html><html lang=en><body>{body}" if "<" in body else body, **options)
        return self.route(path, lambda: reply)

    def route(self, path: str, reply: Callable[[], Reply]) -> str:
        self.replies[path] = reply
        return self.url + path


@contextmanager
def serve(port: int = 0) -> Iterator[Site]:
    """Raises OSError when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            site.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            site.asked.append(self.path)
            make = site.replies.get(self.path)
            reply = make() if make else Reply("not here", status=404)
            time.sleep(reply.after_s)
            body = reply.body.encode() if isinstance(reply.body, str) else reply.body
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.content_type, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                half = len(body) // 2 if reply.pause_s else len(body)
                self.wfile.write(body[:half])
                time.sleep(reply.pause_s)
                self.wfile.write(body[half:])
            except ConnectionError:
                self.close_connection = True

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Browsers drop connections; that is no fault."""

    server = Server(("127.0.0.1", port), Handler)
    site = Site("127.0.0.1", server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
