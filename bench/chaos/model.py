"""A model server with OpenAI's chat API in a process of its own, which may spoil a share of its replies.

Run it with: .venv/bin/python -m bench.chaos.model PORT [FAULT SHARE]; it listens when it reads a line
"""

import itertools
import json
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from bench.chaos.tasks import says

REPLY_AFTER_S = 0.1
DRIP_S = 0.1
STORM_S = 1.5
SPOILED = "/spoiled"


class Answers(BaseHTTPRequestHandler):
    """Says what a task's plan has next, or spoils that."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        if self.path == SPOILED:
            self.send(json.dumps(self.server.spoiled).encode())
        else:
            self.send(json.dumps({"object": "list", "data": [{"id": "scripted", "object": "model"}]}).encode())

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        length = int(self.headers["Content-Length"])
        sent = self.rfile.read(length)
        if len(sent) < length:
            # Whoever asked was killed.
            self.close_connection = True
            return
        asked = json.loads(sent)
        time.sleep(REPLY_AFTER_S)
        data = json.dumps(_completion(_said(asked))).encode()
        if self.server.draws():
            self.close_connection = True
            FAULTS[self.server.fault](self, data)
        else:
            self.send(data)

    def send(self, data: bytes, *, status: int = 200, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def handle_one_request(self) -> None:
        # Who asked may have been killed meanwhile.
        with suppress(ConnectionError):
            super().handle_one_request()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in http.server
        """Nothing."""


class Server(ThreadingHTTPServer):
    """`spoiled` counts the replies that were; the share is drawn from a seed."""

    daemon_threads = True

    def __init__(self, port: int, fault: str = "", share: float = 0.0) -> None:
        super().__init__(("127.0.0.1", port), Answers)
        self.fault = fault
        self.spoiled = 0
        self._share = share
        self._chance = random.Random(fault)
        self._storm_until = 0.0

    def draws(self) -> bool:
        """Whether this reply is spoiled. A storm goes on for a while."""
        now = time.monotonic()
        spoils = now < self._storm_until or (bool(self.fault) and self._chance.random() < self._share)
        if spoils and "storm" in self.fault and now >= self._storm_until:
            self._storm_until = now + STORM_S
        self.spoiled += spoils
        return spoils


def _half(answer: Answers, data: bytes) -> None:
    answer.send(data[: len(data) // 2], length=len(data))


def _half_of_unknown_length(answer: Answers, data: bytes) -> None:
    answer.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    answer.wfile.write(data[: len(data) // 2])


def _drip(answer: Answers, data: bytes) -> None:
    answer.send(b"", length=len(data))
    for byte in data:
        answer.wfile.write(bytes([byte]))
        time.sleep(DRIP_S)


def _reset(answer: Answers, data: bytes) -> None:
    answer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


_ODD = itertools.cycle(
    (b"\xff\x00{]", b"<html>It works!</html>", b"null", b"[]", b'{"choices": []}', b'{"choices": [{"message": null}]}')
)
_LIMITED = json.dumps({"error": {"message": "slow down", "type": "rate_limit", "code": 429}}).encode()
_ILL = json.dumps({"error": {"message": "no worker", "type": "server_error", "code": 503}}).encode()

FAULTS: Mapping[str, Callable[[Answers, bytes], None]] = {
    "garbage": lambda answer, _: answer.send(next(_ODD)),
    "half replies": _half,
    "half replies of unknown length": _half_of_unknown_length,
    "drips": _drip,
    "429 storms": lambda answer, _: answer.send(_LIMITED, status=429),
    "429 storms with Retry-After": lambda answer, _: answer.send(_LIMITED, status=429, Retry_After="1"),
    "503": lambda answer, _: answer.send(_ILL, status=503),
    "no reply": lambda answer, _: None,
    "resets": _reset,
}


def _said(asked: Mapping[str, Any]) -> str:
    lines = str(asked["messages"][-1]["content"]).rstrip().splitlines()
    task = next((line for line in reversed(lines) if line.startswith("Task: ")), "Task: Say nothing")
    return says(task.removeprefix("Task: "), lines[-1])


def _completion(said: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": f"```{said}```"}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    usage = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
    reply = {"id": "1", "object": "chat.completion", "created": 0, "model": "scripted"}
    return reply | {"choices": choices, "usage": usage}


class ModelServer:
    """Answers on one port through all its lives."""

    def __init__(self, fault: str = "", share: float = 0.0) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._fault = (fault, str(share)) if fault else ()
        self._process = self._start()

    @property
    def spoiled(self) -> int:
        return int(httpx.get(f"http://127.0.0.1:{self.port}{SPOILED}", trust_env=False).json())

    def _start(self) -> subprocess.Popen[bytes]:
        return _listening(self._loaded())

    def _loaded(self) -> subprocess.Popen[bytes]:
        """One that has been started, and listens as soon as it is told to."""
        command = [sys.executable, "-m", "bench.chaos.model", str(self.port), *self._fault]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2], **pipes)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def kill_for(self, away_s: float) -> None:
        """No longer than that: a start takes many seconds on a busy machine."""
        next_one = self._loaded()
        self.kill()
        time.sleep(away_s)
        self._process = _listening(next_one)


def _listening(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout as said:
        process.stdin.write(b"listen\n")
        process.stdin.flush()
        said.readline()
    return process


def main() -> None:
    port, fault, share = (*sys.argv[1:], "", "0")[:3]
    print("loaded", flush=True)
    if not sys.stdin.readline():
        return
    server = Server(int(port), fault, float(share))
    print("listens", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
