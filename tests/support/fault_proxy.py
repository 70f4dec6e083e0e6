"""A proxy in front of a web server that, when it is told to, does what servers do that go away."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["", "refused", "reset", "half-open", "500", "502"]
ANSWER = (
    "HTTP/1.1 {status} Trouble\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 17\r\n\r\n"
    "<h1>Trouble.</h1>"
)


class FaultProxy:
    """`fault` holds from the next connection on; the server must close each connection after its answer."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target).hostname, urlsplit(target).port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.fault: Fault = ""
        threading.Thread(target=self._accept, daemon=True).start()

    def fail(self, fault: Fault) -> None:
        self.fault = fault
        if fault == "refused":
            self._stop_listening()

    def close(self) -> None:
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
            request = client.recv(65536)
            match self.fault:
                case "half-open":
                    return
                case "reset":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                case "500" | "502" as status:
                    client.sendall(ANSWER.format(status=status).encode())
                case _:
                    self._pass(client, request)
            client.close()

    def _pass(self, client: socket.socket, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(self._target) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            while data := server.recv(65536):
                client.sendall(data)


@contextmanager
def in_front_of(target: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
