"""A proxy in front of a web server that, when it is told to, does what servers do that go away or are set up wrong."""

import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal[
    "",
    "refused",
    "reset",
    "half-open",
    "500",
    "502",
    "502 every other second",
    "429",
    "says that it limits",
    "leads elsewhere",
    "loop",
    "slow",
    "drip",
    "wrong clock",
    "forgets sessions",
    "no search",
    "empty search",
]
ANSWER = (
    "HTTP/1.1 {status} Trouble\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {length}\r\n"
    "{headers}\r\n{body}"
)
LIMITED = "<p>You cannot post more. Wait a while before trying again.</p>"
SLOW_S, DRIP_S = 30.0, 1.0
WRONG_DATE = b"Fri, 01 Mar 2024 12:00:00 GMT"
NONSENSE = b"xyzzyq"
SEARCH = re.compile(rb"^GET \S*(?:/search|/catalogsearch/)")
SEARCHED = re.compile(rb"(?<=[?&])(q|search|pattern|query)=[^& ]*")


class FaultProxy:
    """`fault` holds from the next connection on; the server must close each connection after its answer.

    `elsewhere` is the address that "leads elsewhere" leads to.
    """

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target).hostname, urlsplit(target).port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.fault: Fault = ""
        self.elsewhere = ""
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def fail(self, fault: Fault) -> None:
        self.fault = fault
        if fault == "refused":
            self._stop_listening()

    def close(self) -> None:
        self._closed.set()
        self._stop_listening()
        for connection in self._open:
            connection.close()

    def _stop_listening(self) -> None:
        # Closing alone does not end an accept that is under way.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            request = _request(client)
            if self.fault == "half-open":
                return
            if self.fault == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif own := self._own_answer(request):
                client.sendall(own)
            else:
                self._pass(client, request)
            client.close()

    def _own_answer(self, request: bytes) -> bytes:
        """What takes the place of the server's answer; empty for nothing."""
        match self.fault:
            case "500" | "502" | "429" as status:
                return _answer(status)
            case "502 every other second" if int(time.time()) % 2:
                return _answer("502")
            case "says that it limits":
                return _answer("200", LIMITED)
            case "leads elsewhere" | "loop":
                return _answer("302", headers=f"Location: {self.elsewhere or '/'}\r\n")
            case "no search" if SEARCH.match(request):
                return _answer("404")
        return b""

    def _pass(self, client: socket.socket, request: bytes) -> None:
        match self.fault:
            case "slow":
                self._closed.wait(SLOW_S)
            case "forgets sessions":
                request = re.sub(rb"\r\ncookie:[^\r]*", b"", request, flags=re.IGNORECASE)
            case "empty search" if SEARCH.match(request):
                request = SEARCHED.sub(rb"\1=" + NONSENSE, request, count=1)
        if self.fault == "drip":
            self._drip(client, b"".join(self._answers_to(request)))
            return
        for data in self._answers_to(request):
            if self.fault == "wrong clock":
                client.sendall(re.sub(rb"(?i)(?<=\r\ndate: )[^\r]*", WRONG_DATE, data, count=1))
            else:
                client.sendall(data)

    def _drip(self, client: socket.socket, answer: bytes) -> None:
        """Its head at once, the rest a byte at a time until nobody wants more."""
        head, _, body = answer.partition(b"\r\n\r\n")
        client.sendall(head + b"\r\n\r\n")
        for byte in body:
            client.sendall(bytes([byte]))
            if self._closed.wait(DRIP_S):
                return

    def _answers_to(self, request: bytes) -> Iterator[bytes]:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(self._target) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            while data := server.recv(65536):
                yield data


def _request(client: socket.socket) -> bytes:
    """With its body, which may come later than its head."""
    request = client.recv(65536)
    length = re.search(rb"\r\ncontent-length: (\d+)", request, re.IGNORECASE)
    while length and len(request.partition(b"\r\n\r\n")[2]) < int(length[1]) and (more := client.recv(65536)):
        request += more
    return request


def _answer(status: str, body: str = "<h1>Trouble.</h1>", headers: str = "") -> bytes:
    return ANSWER.format(status=status, body=body, length=len(body), headers=headers).encode()


@contextmanager
def in_front_of(target: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
